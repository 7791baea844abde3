"""Reads an expression as what it is to one row of a table (see `values`), from what its names stand for.

Nothing is assumed of a call that is not known: its value is `unknown`, with the reason.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal

from nb2prod.analysis import rows as words
from nb2prod.analysis.locals import Comprehension
from nb2prod.analysis.names import import_path
from nb2prod.analysis.values import FIXED, ITEM, ROWS, STATISTIC, Kind, Mark, Value, joined, marked, unknown

CallOwn = Callable[[str, ast.Call, list[Value]], Value | None]
"""Reads the call of a function of the notebook; None where the name is no such function."""


def literal_names(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> frozenset[str] | None:
    """The words of a literal string or list of strings, or of a constant that holds one; else None."""
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    match node:
        case ast.Constant(value=str(word)):
            return frozenset({word})
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            found = [literal_names(p, constants) for p in parts if isinstance(p, ast.Constant)]
            if len(found) == len(parts) and all(found):
                return frozenset().union(*(f for f in found if f))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = literal_names(left, constants), literal_names(right, constants)
            return one | other if one is not None and other is not None else None
    return None


def bunch_part(node: ast.expr, owner: Value, name: str) -> Value:
    """``iris.data``: the table that scikit-learn loads."""
    if name in ("data", "frame", "images", "target"):
        kind: Kind = "column" if name == "target" else "frame" if name == "frame" else "array"
        return Value(kind, owner.sources, marks=(Mark(node, "source"),))
    return STATISTIC


def frame_of_values(node: ast.expr) -> ast.expr | None:
    """The table in ``df.values``, ``df.to_numpy()``."""
    match node:
        case ast.Attribute(value=table, attr="values"):
            return table
        case ast.Call(func=ast.Attribute(value=table, attr="to_numpy"), args=[], keywords=[]):
            return table
    return None


def _is_every(node: ast.expr) -> bool:
    return isinstance(node, ast.Slice) and node.lower is None and node.upper is None and node.step is None


Places = Literal["mask", "numbers", ""]


def places_of(node: ast.expr | None, known: Mapping[str, Places]) -> Places:
    """Whether an expression that no table is read for says which rows to take: a mask, or their numbers.

    `known` are the names that do.
    """
    match node:
        case ast.Name(id=name):
            return known.get(name, "")
        case ast.Compare() | ast.UnaryOp(op=ast.Invert()) | ast.BinOp(op=ast.BitAnd() | ast.BitOr()):
            return "mask"
        case ast.Subscript(value=inner, slice=ast.Slice()):
            return places_of(inner, known)
        case ast.Call(func=ast.Attribute(attr="permutation" | "arange" | "argsort" | "flatnonzero")):
            return "numbers"
        case ast.Call(func=ast.Attribute(attr="astype"), args=[ast.Name(id="bool")]):
            return "mask"
        case _:
            return ""


class Reader:
    """`env` says what names stand for; a name that is not there is fixed."""

    def __init__(
        self,
        env: Mapping[str, Value],
        imported: Mapping[str, str],
        constants: Mapping[str, ast.expr],
        call_own: CallOwn,
        definition: Callable[[str], ast.AST | None],
        bundles: Mapping[str, tuple[str, ...]],
        places: Mapping[str, Places] | None = None,
    ) -> None:
        self.bundles = bundles
        self.env = dict(env)
        self.imported = imported
        self.constants = constants
        self.call_own = call_own
        self.definition = definition
        self.places = places or {}

    def inside(self, local: Mapping[str, Value]) -> "Reader":
        return Reader({**self.env, **local}, self.imported, self.constants, self.call_own, self.definition,
                      self.bundles, self.places)  # fmt: skip

    def literal(self, node: ast.expr | None) -> frozenset[str] | None:
        return literal_names(node, self.constants)

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Name(id=name):
                return self.env.get(name, FIXED)
            case ast.Constant():
                return FIXED
            case ast.Lambda():
                return self._lambda(node)
            case ast.Attribute():
                return self._attribute(node)
            case ast.Subscript():
                return self._subscript(node)
            case ast.Call():
                return self._call(node)
            case ast.BinOp(left=left, right=right):
                return self._operation(node, [left, right])
            case ast.UnaryOp(operand=operand):
                return self._operation(node, [operand])
            case ast.Compare(left=left, comparators=others):
                return self._operation(node, [left, *others])
            case ast.BoolOp(values=parts):
                return self._choice(node, parts)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._choice(node, [test, body, orelse])
            case ast.JoinedStr() | ast.FormattedValue() | ast.Slice() | ast.Starred():
                return self._choice(node, [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)])
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._several(node, parts)
            case ast.Dict(keys=keys, values=values):
                return self._several(node, [*(k for k in keys if k is not None), *values])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case _:
                return self._choice(node, [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)])

    # --- plain expressions

    def _parts(self, nodes: list[ast.expr]) -> list[tuple[ast.expr, Value]]:
        return [(n, self.value(n)) for n in nodes]

    def _mixed(self, node: ast.AST, parts: list[tuple[ast.expr, Value]]) -> Value | None:
        """The value where no part is rows: fixed, an item, or unknown; None where one is."""
        for _, value in parts:
            if value.kind == "unknown":
                return value
        kinds = {v.kind for _, v in parts}
        if kinds <= {"fixed"}:
            return STATISTIC if any(v.counted for _, v in parts) else FIXED
        if kinds <= {"fixed", "item"}:
            return joined(parts, "item", node)
        return None

    def _operation(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        parts = self._parts(nodes)
        mixed = self._mixed(node, parts)
        if mixed is not None:
            return mixed
        found = next(v for _, v in parts if v.depends and v.kind != "item")
        if any(v.kind in ("item", "several", "accessor", "groups", "indexer", "list") for _, v in parts):
            return unknown(node, "rows and single values are mixed here")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and parts[1][1].depends:
            return unknown(node, "a product over rows mixes them")
        if isinstance(node, ast.Compare) and any(
            isinstance(o, ast.In | ast.NotIn | ast.Is | ast.IsNot) for o in node.ops
        ):
            return STATISTIC
        frame = next((v for _, v in parts if v.kind == "frame"), found)
        return joined(parts, frame.kind, node)

    def _choice(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        """``a and b``, ``x if y else z``: fine for single values; of rows, only where the test is the same for all."""
        parts = self._parts(nodes)
        mixed = self._mixed(node, parts)
        if mixed is not None:
            return mixed
        if isinstance(node, ast.IfExp) and not parts[0][1].depends:
            return joined(parts, next(v.kind for _, v in parts if v.depends), node)
        return unknown(node, "rows are used as one value here")

    def _several(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        parts = self._parts(nodes)
        mixed = self._mixed(node, parts)
        if mixed is not None:
            return mixed
        whole = joined(parts, "several", node, made=False)
        return whole if whole.kind == "unknown" else replace(whole, items=tuple(v for _, v in parts))

    def _lambda(self, node: ast.Lambda) -> Value:
        found = self.inside({a.arg: FIXED for a in node.args.args}).value(node.body)
        if found.kind in ("unknown", "fixed") and not found.counted:
            return FIXED if found.kind == "fixed" else found
        return unknown(node, "a lambda reads the whole table")

    def _comprehension(self, node: Comprehension) -> Value:
        first = node.generators[0]
        over = self.value(first.iter)
        if over.kind == "unknown":
            return over
        element = ast.Tuple([node.key, node.value], ast.Load()) if isinstance(node, ast.DictComp) else node.elt
        bound = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        by_row = over.kind in ("column", "list", "array", "item")
        reader = self.inside(dict.fromkeys(bound, ITEM if by_row else FIXED))
        by_data = any(reader.value(i).kind != "fixed" for g in node.generators for i in g.ifs)
        if by_data and over.kind == "fixed" and len(node.generators) == 1 and reader.value(element).kind == "fixed":
            return STATISTIC  # however these are chosen
        parts = [reader.value(element), *(reader.value(i) for g in node.generators for i in g.ifs)]
        parts += [reader.value(g.iter) for g in node.generators[1:]]
        for value in parts:
            if value.kind == "unknown":
                return value
        if by_row and all(v.kind in ("fixed", "item") for v in parts):
            if over.kind == "item":
                return joined([(first.iter, over), (element, parts[0])], "item", node)
            if isinstance(node, ast.ListComp) and not any(g.ifs for g in node.generators) and len(node.generators) == 1:
                return joined([(first.iter, over), (element, replace(parts[0], names=frozenset()))], "list", node)
            if not any(v.marks for v in parts):
                return STATISTIC
        if by_row or any(v.depends for v in parts):
            if over.kind == "fixed" and all(v.kind in ("fixed", "item") for v in parts):
                return joined([(element, parts[0])], "item", node)
            return unknown(node, "it cannot be seen how this comprehension treats rows")
        over_rows = over.depends or over.counted
        return STATISTIC if over_rows or any(v.counted for v in parts) else FIXED

    # --- parts of tables

    def _attribute(self, node: ast.Attribute) -> Value:
        owner = self.value(node.value)
        if owner.kind in ("fixed", "unknown"):
            return owner
        if owner.kind == "item":
            return owner
        if owner.kind == "accessor":
            return replace(owner, kind="column", made=True)
        if owner.kind == "bunch":
            return bunch_part(node, owner, node.attr)
        if owner.kind not in ROWS:
            return unknown(node, f"`.{node.attr}` cannot be followed")
        if node.attr in ("loc", "iloc"):
            return replace(owner, kind="indexer", owner=node.value)
        if node.attr in ("at", "iat", "T", "index"):
            what = "swaps rows and columns" if node.attr == "T" else "reads single rows by their label"
            return unknown(node, f"`.{node.attr}` {what}")
        if node.attr in ("columns", "dtypes", "dtype", "shape", "size", "ndim", "empty", "name", "nbytes", "is_unique"):
            return STATISTIC
        if node.attr == "values":
            return replace(owner, kind="array")
        if node.attr in ("str", "dt", "cat"):
            return replace(owner, kind="accessor")
        if owner.kind == "frame":
            return self.column_of(owner, frozenset({node.attr}))
        if node.attr == "codes" and owner.kind == "column":
            return replace(owner, kind="array")
        return unknown(node, f"`.{node.attr}` cannot be followed")

    def column_of(self, frame: Value, names: frozenset[str]) -> Value:
        read = frozenset((n, c) for n in frame.names for c in names)
        return replace(frame, kind="column", columns=frame.columns | read, whole=frozenset(), dropped=frozenset(),
                       only=None, lists=())  # fmt: skip

    def _subscript(self, node: ast.Subscript) -> Value:
        owner = self.value(node.value)
        if owner.kind in ("fixed", "unknown", "item"):
            if owner.kind == "unknown":
                return owner
            key = self.value(node.slice)
            mixed = self._mixed(node, [(node.value, owner), (node.slice, key)])
            return mixed if mixed is not None else unknown(node, "a table is used as a key here")
        if owner.kind == "indexer":
            return self._indexed(node)
        if owner.kind == "groups":
            whole = ast.Subscript(owner.owner or node.value, node.slice, ast.Load())
            return replace(owner, keys=(*owner.keys, node.slice), owner=ast.copy_location(whole, node))
        if owner.kind == "accessor":  # .str[0]
            return replace(owner, kind="column", made=True)
        if owner.kind == "several":
            return self._item_of(node, owner)
        if owner.kind == "bunch" and isinstance(node.slice, ast.Constant):
            return bunch_part(node, owner, str(node.slice.value))
        if not owner.is_rows:
            return unknown(node, "this part of a table cannot be followed")
        return self._keyed(node, owner, node.slice)

    def _item_of(self, node: ast.Subscript, owner: Value) -> Value:
        match node.slice:
            case ast.Constant(value=int(n)) if -len(owner.items) <= n < len(owner.items):
                return owner.items[n]
        return unknown(node, "it cannot be seen which of several tables this is")

    def _keyed(self, node: ast.Subscript, owner: Value, key: ast.expr) -> Value:
        """``df[key]``: a column, columns, or some of the rows."""
        if isinstance(key, ast.Tuple) and owner.kind in ("array", "column"):
            return self._array_part(node, owner, key)
        if isinstance(key, ast.Slice):
            return self._selected(node, owner, node.value)
        given = self.value(key)
        if given.kind == "unknown":
            return given
        if given.is_rows:
            return self._selected(node, owner, node.value)
        if given.kind != "fixed":
            return unknown(node, "this part of a table cannot be followed")
        names = self.literal(key)
        places = places_of(key, self.places) if names is None else ""
        if places == "mask" or (places and owner.kind != "frame"):
            return self._selected(node, owner, node.value)
        if owner.kind == "frame" or names is not None:
            if names is not None and not isinstance(
                self._literal_node(key), ast.List | ast.Tuple | ast.Set | ast.BinOp
            ):
                return self.column_of(owner, names)
            marks = (Mark(key, "statistic"),) if given.counted else ()
            if names is not None:
                only = names if owner.only is None else owner.only & names
                return marked(replace(owner, only=only), *marks)
            return marked(
                replace(owner, kind="frame", only=owner.only or frozenset(), lists=(*owner.lists, key)), *marks
            )
        return STATISTIC  # one row of an array, one value of a column

    def _literal_node(self, key: ast.expr) -> ast.expr:
        return self.constants.get(key.id, key) if isinstance(key, ast.Name) else key

    def _selected(self, node: ast.expr, owner: Value, operand: ast.expr) -> Value:
        return marked(owner, Mark(node, "selection", operand))

    def _array_part(self, node: ast.Subscript, owner: Value, key: ast.Tuple) -> Value:
        first, *others = key.elts
        every = isinstance(first, ast.Slice) and first.lower is None and first.upper is None and first.step is None
        if isinstance(first, ast.Constant) and first.value is Ellipsis:
            every, others = True, []
        if not every or any(self.value(o).kind != "fixed" for o in others):
            return unknown(node, "rows and columns of an array are chosen at once")
        table = frame_of_values(node.value)
        if table is None or len(others) != 1 or self.value(table).kind != "frame":
            return owner
        # ``df.values[:, :-1]``: a request may have fewer columns, so their names are kept
        chosen = ast.copy_location(ast.Subscript(ast.Attribute(table, "iloc", ast.Load()), key, ast.Load()), node)
        kept = replace(owner, only=owner.only or frozenset(), lists=(*owner.lists, chosen))
        return marked(kept, Mark(node, "columns", table))

    def _indexed(self, node: ast.Subscript) -> Value:
        """``df.loc[rows, columns]``."""
        assert isinstance(node.value, ast.Attribute)
        operand = node.value.value
        table = self.value(operand)
        by_name = node.value.attr == "loc"
        if not isinstance(node.slice, ast.Tuple) or len(node.slice.elts) != 2:
            if isinstance(node.slice, ast.Constant | ast.UnaryOp):
                return STATISTIC  # one row
            return self._selected(node, table, operand)
        rows, columns = node.slice.elts
        every = isinstance(rows, ast.Slice) and rows.lower is None and rows.upper is None and rows.step is None
        names = self.literal(columns) if by_name else None
        if self.value(columns).kind != "fixed":
            return unknown(node, "these columns are chosen in a way that cannot be followed")
        if not every:
            if by_name is False and _is_every(columns) and not isinstance(rows, ast.Constant | ast.UnaryOp):
                return self._selected(node, table, operand)
            if names is None or isinstance(rows, ast.Constant):
                return STATISTIC if isinstance(rows, ast.Constant) else unknown(
                    node, "rows and columns are chosen at once"
                )  # fmt: skip
            return unknown(node, "rows and columns are chosen at once")
        if names is not None:
            if isinstance(self._literal_node(columns), ast.Constant):
                return self.column_of(table, names)
            return replace(table, only=names if table.only is None else table.only & names)
        one = isinstance(columns, ast.Constant | ast.UnaryOp)
        kept = replace(table, kind="column" if one else "frame", only=table.only or frozenset(), lists=(node,))
        return marked(kept, Mark(node, "columns", operand))

    # --- calls

    def _call(self, node: ast.Call) -> Value:
        path = import_path(self.imported, node.func)
        arguments = [a.value if isinstance(a, ast.Starred) else a for a in node.args]
        given = [*arguments, *(k.value for k in node.keywords)]
        if path:
            return self._library(node, path, given)
        if isinstance(node.func, ast.Name):
            return self._function(node, node.func.id, given)
        if not isinstance(node.func, ast.Attribute):
            return self._plain(node, [node.func, *given])
        owner = self.value(node.func.value)
        if owner.kind == "unknown":
            return owner
        if owner.kind == "fixed":
            return self._object(node, node.func, owner, given)
        if owner.kind == "item":
            return self._plain(node, [node.func.value, *given])
        from nb2prod.analysis.methods import method_value

        return method_value(self, node, node.func, owner)

    def _plain(self, node: ast.Call, nodes: list[ast.expr]) -> Value:
        """A call of something unknown: fine while it is given no rows."""
        parts = self._parts(nodes)
        mixed = self._mixed(node, parts)
        if mixed is not None:
            return mixed
        return unknown(node, f"`{ast.unparse(node.func)}` is given rows, and it is not known what it does with them")

    def _function(self, node: ast.Call, name: str, given: list[ast.expr]) -> Value:
        values = [self.value(g) for g in given]
        own = self.call_own(name, node, values)
        if own is not None:
            return own
        if not any(v.depends for v in values):
            return self._plain(node, given)
        if name in ("len", "sum", "min", "max", "sorted", "set", "any", "all", "dict", "type", "print"):
            first = values[0] if values else FIXED
            return self._plain(node, given) if first.kind in ("item", "unknown") else STATISTIC
        if name in ("list", "tuple") and values[0].kind in ("column", "list", "array"):
            return replace(values[0], kind="list")
        if name in ("list", "tuple") and values[0].kind == "frame":
            return STATISTIC  # its columns
        if name in ("abs", "round") and values[0].is_rows:
            return joined(self._parts(given), values[0].kind, node)
        if name == "zip" and all(v.kind in ("column", "list", "array") for v in values):
            return joined(self._parts(given), "list", node)
        if name in ("map", "filter", "enumerate", "range", "iter"):
            return unknown(node, f"`{name}` over rows cannot be followed")
        return self._plain(node, given)

    def _object(self, node: ast.Call, function: ast.Attribute, owner: Value, given: list[ast.expr]) -> Value:
        """A method of something fixed: ``scaler.transform(X)``."""
        parts = self._parts(given)
        if not any(v.depends or v.kind == "unknown" for _, v in parts):
            return STATISTIC if owner.counted or any(v.counted for _, v in parts) else FIXED
        for _, value in parts:
            if value.kind == "unknown":
                return value
        rows = next((v for _, v in parts if v.is_rows), None)
        receiver = [(function.value, owner)] if owner.counted else []
        if rows is None:
            return self._plain(node, given)
        if function.attr in words.APPLYING:
            return joined([*receiver, *parts[:1]], "array", node)
        if function.attr == "fit_transform":
            maker = ast.unparse(function.value).split("(")[0].rpartition(".")[2]
            if maker in words.WITHOUT_TRANSFORM:
                return unknown(node, f"`{maker}` cannot be applied to new rows")
            first = joined(parts[:1], "array", node)
            return marked(first, Mark(node, "fitted", function.value))
        if function.attr in (*words.FITTING, "score", "evaluate"):
            return STATISTIC
        return self._plain(node, given)

    def _library(self, node: ast.Call, path: str, given: list[ast.expr]) -> Value:
        from nb2prod.analysis.functions import function_value

        return function_value(self, node, path, given)
