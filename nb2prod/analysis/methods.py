"""What a method of a table, a column or an array comes to, row by row."""

# ruff: noqa: ARG001  (rules share one signature)

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from nb2prod.analysis import rows as words
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.table_parts import column_of
from nb2prod.analysis.values import FIXED, ITEM, STATISTIC, Mark, Value, joined, marked, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.rowwise import Reader

_REMEDY_ROWS = "needs other rows than the one it is for"


def argument(node: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """An argument by its name, or by its place."""
    found = next((k.value for k in node.keywords if k.arg == name), None)
    if found is None and position is not None and position < len(node.args):
        return node.args[position]
    return found


def _literal(node: ast.expr | None) -> object:
    return node.value if isinstance(node, ast.Constant) else None


def is_by_row(node: ast.Call, position: int | None = 0) -> bool:
    """``axis=1``."""
    return _literal(argument(node, "axis", position)) in (1, "columns", -1)


def method_value(reader: "Reader", node: ast.Call, function: ast.Attribute, owner: Value) -> Value:
    name, receiver = function.attr, function.value
    given = [*node.args, *(k.value for k in node.keywords)]
    if owner.kind == "groups":
        return _of_groups(reader, node, name, owner)
    if owner.kind == "accessor":
        if name in words.TEXT_STATISTICS:
            return unknown(node, f"`.str.{name}` makes columns of the values it sees")
        return joined([(receiver, replace(owner, kind="column")), *((g, reader.value(g)) for g in given)],
                      "frame" if name == "extract" and len(node.args) < 1 else "column", node)  # fmt: skip
    if owner.kind == "indexer" or not owner.is_rows:
        return unknown(node, f"`.{name}` cannot be followed")
    if name in words.OTHER_ROWS or _literal(argument(node, "method")) in ("ffill", "bfill", "pad", "backfill"):
        return unknown(node, f"`.{name}` {_REMEDY_ROWS}", "NB352")
    if name in words.STATISTICS and not (name == "get" and given):
        by_row = name in words.BY_ROW and is_by_row(node) and owner.kind in ("frame", "array")
        return joined([(receiver, owner)], "column", node) if by_row else STATISTIC
    if name in ("apply", "map", "applymap", "transform", "pipe", "agg", "aggregate"):
        return _applied(reader, node, name, receiver, owner)
    if name in words.ROW_SELECTIONS:
        if name == "dropna" and is_by_row(node):
            return _columns_kept(node, receiver, owner)
        return marked(owner, Mark(node, "selection", receiver))
    if name in words.ROW_WISE_METHODS:
        return _row_wise(reader, node, name, receiver, owner, given)
    special = _SPECIAL.get(name)
    return special(reader, node, receiver, owner) if special else unknown(
        node, f"it is not known what `.{name}` does to a single row"
    )  # fmt: skip


def _row_wise(
    reader: "Reader", node: ast.Call, name: str, receiver: ast.expr, owner: Value, given: list[ast.expr]
) -> Value:
    parts = [(g, reader.value(g)) for g in given]
    if name in ("where", "mask", "replace", "map") and any(isinstance(g, ast.Lambda) for g in given):
        return unknown(node, f"the lambda given to `.{name}` cannot be followed")
    made = joined([(receiver, owner), *parts], owner.kind, node, made=name not in words.PASSING_METHODS)
    if made.kind == "unknown":
        return made
    kind = {"to_numpy": "array", "toarray": "array", "todense": "array", "to_frame": "frame"}.get(name, owner.kind)
    if name == "to_frame" and owner.columns and not owner.whole:
        return replace(made, kind="frame")
    return replace(made, kind=kind)  # type: ignore[arg-type]


def _applied(reader: "Reader", node: ast.Call, name: str, receiver: ast.expr, owner: Value) -> Value:
    """A function applied to each value, each row (``axis=1``), or each column."""
    function = argument(node, "func", 0)
    if function is None or name in ("agg", "aggregate"):
        return STATISTIC if name in ("agg", "aggregate") else unknown(node, f"`.{name}` cannot be followed")
    by_item = (
        (owner.kind in ("column", "list") and name in ("apply", "map", "applymap"))
        or name in ("map", "applymap")
        or (name == "apply" and is_by_row(node, 1))
    )
    others = [(k.value, reader.value(k.value)) for k in node.keywords if k.arg not in ("axis", "func")]
    others += [(a, reader.value(a)) for a in node.args[1:]]
    if by_item:
        given = FIXED if isinstance(function, ast.Lambda) else reader.value(function)
        if given.kind == "unknown":
            return given
        if given.depends:
            return joined([(receiver, owner), (function, given)], owner.kind, node) if name == "map" else unknown(
                node, "a table is applied as a function"
            )  # fmt: skip
        marks: tuple[Mark, ...] = ()
        if isinstance(function, ast.Lambda):
            body = reader.inside({a.arg: ITEM for a in function.args.args}).value(function.body)
            if body.kind == "unknown":
                return body
            marks = (Mark(function.body, "statistic"),) if body.counted else body.marks
        elif given.counted:
            marks = (Mark(function, "statistic"),)
        else:
            own = reader.call_own(ast.unparse(function), node, [ITEM])
            if own is not None and own.kind == "unknown":
                return own
        code = reader.definition(function.id) if isinstance(function, ast.Name) else function
        of_rows = name == "apply" and owner.kind == "frame" and isinstance(code, ast.FunctionDef | ast.Lambda)
        columns = _columns_of_row(code, owner) if of_rows and isinstance(code, ast.FunctionDef | ast.Lambda) else None
        made = joined([(receiver, owner), *others], "column" if name == "apply" else owner.kind, node)
        if columns is not None:
            made = replace(made, columns=made.columns | columns, whole=frozenset(), dropped=frozenset(), only=None)
        return marked(made, *marks)
    return _by_column(reader, node, name, function, receiver, owner)


def _columns_of_row(function: ast.FunctionDef | ast.Lambda, owner: Value) -> frozenset[tuple[str, str]] | None:
    """The columns that ``lambda row: row["a"] + row.b`` reads; None where it does something else with the row."""
    row = function.args.args[0].arg if function.args.args else ""
    found: set[str] = set()
    known: set[int] = set()
    nodes = list(walk(function))
    for part in nodes:
        match part:
            case ast.Subscript(value=ast.Name(id=name) as own, slice=ast.Constant(value=str(key))) if name == row:
                found.add(key)
                known.add(id(own))
            case ast.Attribute(value=ast.Name(id=name) as own, attr=key) if name == row:
                found.add(key)
                known.add(id(own))
    if any(isinstance(n, ast.Name) and n.id == row and id(n) not in known for n in nodes):
        return None
    return frozenset((n, c) for n in owner.names for c in found)


def _by_column(
    reader: "Reader", node: ast.Call, name: str, function: ast.expr, receiver: ast.expr, owner: Value
) -> Value:
    match function:
        case ast.Attribute(attr="fit_transform", value=maker) if reader.value(maker).kind == "fixed":
            return marked(joined([(receiver, owner)], "frame", node), Mark(node, "encoded", receiver))
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=only)]), body=body):
            found = reader.inside({only: replace(owner, kind="frame" if name == "pipe" else "column")}).value(body)
        case ast.Name(id=own_name):
            called = reader.call_own(own_name, node, [replace(owner, kind="frame" if name == "pipe" else "column")])
            if called is None:
                return unknown(node, f"it is not known what `{own_name}` does to a column")
            found = called
        case _:
            path = ast.unparse(function)
            if path.rpartition(".")[2] in words.ROW_WISE_NUMPY or path.rpartition(".")[2] in words.ROW_WISE_PANDAS:
                return joined([(receiver, owner)], owner.kind, node)
            return unknown(node, f"it is not known what `{path}` does to a column")
    if found.kind == "unknown":
        return found
    if not found.is_rows:
        return STATISTIC
    if any(m.what != "statistic" or _reads(m.node, function) for m in found.marks):
        return unknown(node, "the function applied to each column computes a statistic of it")
    return replace(found, kind=owner.kind, made=True)


def _reads(node: ast.AST, function: ast.expr) -> bool:
    own = {a.arg for a in function.args.args} if isinstance(function, ast.Lambda) else set()
    return any(isinstance(n, ast.Name) and n.id in own for n in walk(node))


def _of_groups(reader: "Reader", node: ast.Call, name: str, owner: Value) -> Value:
    """``df.groupby("k")["x"].transform("mean")`` is kept as one value for each group."""
    if name != "transform":
        return STATISTIC if name in words.STATISTICS or name in ("agg", "aggregate", "apply", "size", "first", "last") \
            else unknown(node, f"`.{name}` of groups {_REMEDY_ROWS}", "NB352")  # fmt: skip
    from nb2prod.analysis.grouped import group_parts

    whole = (
        ast.Call(ast.Attribute(owner.owner, "transform", ast.Load()), node.args, node.keywords) if owner.owner else node
    )
    parts = group_parts(whole)
    if parts is None:
        return unknown(node, "it cannot be seen how these groups are made")
    columns = frozenset((n, c) for n in owner.names for c in (parts.key, *([parts.column] if parts.fills else [])))
    made = replace(owner, kind="column", keys=(), whole=frozenset(), columns=columns, made=True)
    return marked(made, Mark(node, "grouped", whole))


def _columns_kept(node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    """Columns chosen by what the data holds: their list is kept."""
    chosen = replace(owner, kind="frame", only=owner.only or frozenset(), lists=(*owner.lists, node))
    return marked(chosen, Mark(node, "columns", receiver))


# --- methods with a rule of their own


def has_columns(reader: "Reader", node: ast.expr, value: Value) -> bool:
    """Whether the rows have several columns: ``df[c]`` for a `c` that a loop runs over has one."""
    return value.kind == "frame" and not (isinstance(node, ast.Subscript) and reader.value(node.slice).label)


def _astype(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    kind = argument(node, "dtype", 0)
    if _literal(kind) == "category":
        made = joined([(receiver, owner)], owner.kind, node)
        return marked(made, Mark(node, "levels", receiver, is_frame=has_columns(reader, receiver, owner)))
    if isinstance(kind, ast.Dict) and any(_literal(v) == "category" for v in kind.values):
        return unknown(node, "levels of several columns are made here")
    parts = [(kind, reader.value(kind))] if kind is not None else []
    return joined([(receiver, owner), *parts], owner.kind, node)


def _drop(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    given = argument(node, "columns")
    if given is None and is_by_row(node, 1):
        given = argument(node, "labels", 0)
    if given is None:
        return marked(owner, Mark(node, "selection", receiver))
    value = reader.value(given)
    if value.kind != "fixed":
        return unknown(node, "it cannot be seen which columns are dropped")
    marks = (Mark(given, "statistic"),) if value.counted else ()
    names = reader.literal(given) or frozenset()
    return marked(replace(owner, dropped=owner.dropped | names), Mark(node, "dropped", receiver), *marks)


def _select(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    return _columns_kept(node, receiver, owner)


def _reset_index(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    if _literal(argument(node, "drop", 1)) is True:
        return owner
    return unknown(node, "`.reset_index` makes a column of the row labels, which a request does not have")


def _set_index(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    names = reader.literal(argument(node, "keys", 0))
    if names is None:
        return unknown(node, "it cannot be seen which column becomes the row labels")
    return replace(owner, columns=owner.columns | {(n, c) for n in owner.names for c in names})


def _reindex(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    columns = argument(node, "columns")
    if columns is None or reader.value(columns).kind != "fixed":
        return unknown(node, "`.reindex` changes the row labels")
    marks = (Mark(columns, "statistic"),) if reader.value(columns).counted else ()
    return marked(replace(owner, only=owner.only or frozenset(), lists=(*owner.lists, columns), made=True), *marks)


def _assign(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    parts = [(receiver, owner)]
    for keyword in node.keywords:
        value = keyword.value
        if keyword.arg is None:
            return unknown(node, "it cannot be seen which columns are assigned")
        if isinstance(value, ast.Lambda) and len(value.args.args) == 1:
            found = reader.inside({value.args.args[0].arg: replace(owner, marks=())}).value(value.body)
            if any(_reads(m.node, value) for m in found.marks) or found.counted:
                return unknown(node, "a lambda in `assign` computes a statistic")
            parts.append((value.body, found))
        else:
            parts.append((value, reader.value(value)))
    made = joined(parts, "frame", node)
    return made if made.kind == "unknown" else replace(made, dropped=owner.dropped, only=owner.only, lists=owner.lists)


def _reshape(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    shape = node.args[0] if len(node.args) == 1 else ast.Tuple(list(node.args), ast.Load())
    parts = shape.elts if isinstance(shape, ast.Tuple | ast.List) else [shape]
    first = parts[0] if parts else None
    automatic = isinstance(first, ast.UnaryOp) and ast.unparse(first) == "-1"
    if not automatic and first is not None and not _counts_rows(reader, first):
        return unknown(node, "the shape fixes the number of rows; write -1 for it")
    marks = [] if automatic or first is None else [Mark(first, "selection", ast.UnaryOp(ast.USub(), ast.Constant(1)))]
    marks += [Mark(p, "statistic") for p in parts[1:] if reader.value(p).counted]
    return marked(replace(owner, kind="array"), *marks)


def _counts_rows(reader: "Reader", node: ast.expr) -> bool:
    """``len(X)``, ``X.shape[0]``."""
    return ast.unparse(node).startswith("len(") or ast.unparse(node).endswith(".shape[0]")


def _pop(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    names = reader.literal(argument(node, "item", 0))
    return unknown(node, "it cannot be seen which column is taken") if names is None else column_of(owner, names)


def looked_up(reader: "Reader", node: ast.Call, owner: Value, other: ast.expr | None) -> Value:
    """``df.merge(prices, on="kind", how="left")``: to each row what another table, which is kept, has for it."""
    given = reader.value(other) if other is not None else FIXED
    if given.kind == "unknown":
        return given
    if other is None or owner.kind != "frame" or not (given.kind == "frame" or given.kind == "fixed"):
        return unknown(node, "it cannot be seen what is looked up here")
    if given.is_rows and (
        given.sources & owner.sources or given.names & owner.names or not isinstance(other, ast.Name)
    ):
        return unknown(node, "rows are looked up in their own table")
    options = [k for k in node.keywords if k.arg not in ("on", "left_on", "right_on", "right_index", "suffixes", "how",
                                                         "right", "left", "other", "lsuffix", "rsuffix")]  # fmt: skip
    keys = argument(node, "on") or argument(node, "left_on")
    if options or any(k.arg is None or reader.value(k.value).kind != "fixed" for k in node.keywords
                      if k.arg not in ("right", "left", "other")):  # fmt: skip
        return unknown(node, "rows are looked up with options that cannot be followed")
    names = reader.literal(keys)
    made = replace(owner, made=True, columns=owner.columns | {(n, c) for n in owner.names for c in names or ()})
    if names is None:
        made = replace(made, whole=owner.whole, dropped=frozenset(), only=None, lists=())
    if given.is_rows or (given.counted and not isinstance(other, ast.Name)):
        return marked(made, Mark(other, "statistic"))
    return made


def _merge(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    if _literal(argument(node, "how", 1)) != "left":
        return unknown(node, 'this merge leaves out rows without a partner; write `how="left"`')
    if len(node.args) > 2:
        return unknown(node, "the options of this merge stand without their names")
    return looked_up(reader, node, owner, argument(node, "right", 0))


def _joined_tables(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    other = argument(node, "other", 0)
    if argument(node, "on", 1) is not None:
        if _literal(argument(node, "how", 2)) not in (None, "left") or len(node.args) > 2:
            return unknown(node, "the rows of another table are looked up here")
        return looked_up(reader, node, owner, other)
    if other is None or not reader.value(other).is_rows:
        return unknown(node, "the rows of another table are looked up here")
    return joined([(receiver, owner), (other, reader.value(other))], "frame", node)


def _align(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    """``train.align(test, join="left", axis=1)``: both tables with the same columns, each with its own rows."""
    other = argument(node, "other", 0)
    fill = argument(node, "fill_value")
    given = reader.value(other) if other is not None else FIXED
    if given.kind == "unknown":
        return given
    known = {k.arg for k in node.keywords} <= {"other", "join", "axis", "fill_value", "copy"} and len(node.args) < 4
    plain = fill is None or isinstance(fill, ast.Constant | ast.UnaryOp)
    if other is None or given.kind != "frame" or owner.kind != "frame" or not (known and plain and is_by_row(node, 2)):
        return unknown(node, "`.align` with these options cannot be followed")
    parts = [(receiver, owner), (other, given)]
    aligned = [marked(replace(v, made=True), Mark(node, "aligned", part)) for part, v in parts]
    if _literal(argument(node, "join", 1)) == "left":
        aligned[0] = owner
    return Value("several", items=tuple(aligned))


def _fold(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    """``ravel()``, ``squeeze()``: of one column the same rows; of more they would be mixed."""
    one = owner.only is not None and len(owner.only) == 1 and not owner.lists
    if owner.kind == "column" or (owner.kind == "array" and (one or not owner.whole)):
        return replace(owner, kind="array")
    return unknown(node, "rows of several columns are laid end to end here")


def _factorized(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    codes = marked(joined([(receiver, owner)], "column", node), Mark(node, "codes", receiver))
    return replace(codes, kind="several", items=(codes, STATISTIC))


def _groups(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    return replace(owner, kind="groups", keys=tuple(node.args[:1]), owner=node)


def _eval(reader: "Reader", node: ast.Call, receiver: ast.expr, owner: Value) -> Value:
    """``df.eval("a * b / 2")``: arithmetic of columns."""
    text = _literal(argument(node, "expr", 0))
    try:
        tree = ast.parse(text, mode="eval") if isinstance(text, str) else None
    except SyntaxError:
        tree = None
    operators = ast.operator | ast.unaryop | ast.cmpop | ast.expr_context
    plain = ast.Expression | ast.BinOp | ast.UnaryOp | ast.Compare | ast.Name | ast.Constant | operators
    if tree is None or len(node.args) + len(node.keywords) != 1 or not all(isinstance(n, plain) for n in walk(tree)):
        return unknown(node, "an expression in a string cannot be followed")
    names = {n.id for n in walk(tree) if isinstance(n, ast.Name)}
    return replace(column_of(owner, frozenset(names)), made=True)


_SPECIAL = {
    "astype": _astype, "drop": _drop, "select_dtypes": _select, "filter": _select, "reset_index": _reset_index,
    "set_index": _set_index, "reindex": _reindex, "assign": _assign, "reshape": _reshape, "view": _reshape, "pop": _pop,
    "join": _joined_tables, "ravel": _fold, "flatten": _fold, "squeeze": _fold, "factorize": _factorized,
    "groupby": _groups, "eval": _eval, "align": _align, "merge": _merge,
}  # fmt: skip

__all__ = ["FIXED", "argument", "is_by_row", "method_value"]
