"""What a function of pandas, numpy or scikit-learn comes to, row by row."""

# ruff: noqa: ARG001  (rules share one signature)

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from nb2prod.analysis import rows as words
from nb2prod.analysis.methods import argument, has_columns, is_by_row, looked_up, method_value
from nb2prod.analysis.values import FIXED, STATISTIC, Mark, Value, joined, marked, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.rowwise import Reader


def function_value(reader: "Reader", node: ast.Call, path: str, given: list[ast.expr]) -> Value:
    package, _, name = path.rpartition(".")
    parts = [(g, reader.value(g)) for g in given]
    tables = node.args[0] if path == "pandas.concat" and node.args and not is_by_row(node, 1) else None
    if isinstance(tables, ast.List | ast.Tuple):
        return _concat(reader, node, [(e, reader.value(e)) for e in tables.elts])
    if isinstance(tables, ast.Name) and tables.id in reader.bundles:
        named = [ast.copy_location(ast.Name(n, ast.Load()), tables) for n in reader.bundles[tables.id]]
        return _concat(reader, node, [(n, reader.value(n)) for n in named])
    wrapped = _wrapped(reader, node, name) if path in ("pandas.DataFrame", "pandas.Series") else None
    if wrapped is not None:
        return wrapped
    for _, value in parts:
        if value.kind == "unknown":
            return value
    if not any(v.depends for _, v in parts):
        if path.startswith("sklearn.datasets."):
            return _loaded(node, name)
        if is_table(path):
            source = f"{node.lineno}:{node.col_offset}"
            return Value("frame" if name != "Series" else "column", frozenset({source}), marks=(Mark(node, "source"),))
        return STATISTIC if any(v.counted for _, v in parts) else FIXED
    if not any(v.is_rows or v.kind == "several" for _, v in parts):
        return joined(parts, "item", node) if all(v.kind in ("fixed", "item") for _, v in parts) else unknown(
            node, f"`{path}` cannot be followed"
        )  # fmt: skip
    top = path.split(".")[0]
    rule = _RULES.get(path) or _RULES.get(f"{top}.{name}")
    if rule is not None:
        return rule(reader, node, parts)
    first = parts[0][1]
    if path in words.SIDE_BY_SIDE or (name == "concatenate" and is_by_row(node, 1)):
        return replace(joined(parts[:1], "array", node), items=())
    if top == "numpy":
        return _numpy(reader, node, name, parts)
    if top == "pandas" and name in words.ROW_WISE_PANDAS:
        return joined(parts, first.kind, node)
    if path in ("sklearn.preprocessing.normalize", "sklearn.preprocessing.binarize"):
        return unknown(node, f"`{name}` along columns mixes rows") if is_by_column(node) else joined(
            parts, "array", node
        )  # fmt: skip
    if package == "pandas.api.types" and name.startswith("is_"):
        return STATISTIC
    if package == "scipy.stats" and name in ("skew", "kurtosis", "iqr", "pearsonr", "spearmanr", "mode", "gmean"):
        return STATISTIC
    if path in ("torch.tensor", "torch.from_numpy", "torch.as_tensor", "torch.FloatTensor", "torch.Tensor"):
        return replace(joined(parts, "array", node, made=False), kind="array")
    if package.startswith(("sklearn.metrics", "matplotlib", "seaborn")):
        return STATISTIC
    return unknown(node, f"it is not known what `{path}` does to a single row")


_MORE_PARTS = frozenset(("coef", "return_centers", "return_distributions"))


def _loaded(node: ast.Call, name: str) -> Value:
    """``load_iris()``, ``load_iris(return_X_y=True)``, ``make_moons()``."""
    sources = frozenset({f"{node.lineno}:{node.col_offset}"})
    both = argument(node, "return_X_y")
    made = name.startswith("make_") and not any(k.arg in _MORE_PARTS for k in node.keywords)
    if made or (isinstance(both, ast.Constant) and both.value is True):
        data = Value("array", sources, marks=(Mark(node, "source"),))
        return Value("several", sources, items=(data, replace(data, kind="column")))
    return Value("bunch", sources)


def _wrapped(reader: "Reader", node: ast.Call, name: str) -> Value | None:
    """``pd.DataFrame(scaler.transform(X), columns=X.columns, index=X.index)``: the same rows under names."""
    data = node.args[0] if node.args else argument(node, "data")
    value = FIXED if data is None else reader.value(data)
    if data is None or not value.is_rows:
        return None if value.kind != "unknown" else value
    parts, labelled = [(data, value)], frozenset[str]()
    for keyword in node.keywords:
        labels = isinstance(keyword.value, ast.Attribute) and keyword.value.attr == "index"
        if keyword.arg == "index" and labels and reader.value(keyword.value.value).is_rows:  # type: ignore[attr-defined]
            labelled = reader.value(keyword.value.value).names  # type: ignore[attr-defined]
            continue
        if keyword.arg != "data":
            parts.append((keyword.value, reader.value(keyword.value)))
    made = joined(parts, "frame" if name == "DataFrame" else "column", node, made=False)
    read = frozenset((table, "") for table in labelled)  # its labels and none of its columns
    return made if made.kind == "unknown" else replace(made, names=made.names | labelled, columns=made.columns | read)


def is_by_column(node: ast.Call) -> bool:
    axis = argument(node, "axis")
    return isinstance(axis, ast.Constant) and axis.value == 0


def is_table(path: str) -> bool:
    top, _, name = path.rpartition(".")
    return (top == "pandas" and name in words.TABLE_READERS) or path in words.TABLE_FUNCTIONS


def _numpy(reader: "Reader", node: ast.Call, name: str, parts: list[tuple[ast.expr, Value]]) -> Value:
    rows = next((v for _, v in parts if v.is_rows), None)
    if rows is None:
        if name == "select":
            return joined(parts, "array", node)
        return unknown(node, f"`numpy.{name}` is given several tables")
    if name in words.NUMPY_STATISTICS:
        by_row = is_by_row(node, 1) and rows.kind in ("frame", "array")
        return joined(parts, "array", node) if by_row else STATISTIC
    if name in words.ROW_WISE_NUMPY:
        return joined(parts, rows.kind if rows.kind != "list" else "array", node)
    if name in words.PASSING_NUMPY:
        return replace(joined(parts, "array", node, made=False), kind="array")
    if name == "reshape" and len(node.args) == 2:
        call = ast.Call(ast.Attribute(node.args[0], "reshape", ast.Load()), node.args[1:], [])
        return method_value(reader, ast.copy_location(call, node), call.func, rows)  # type: ignore[arg-type]
    return unknown(node, f"it is not known what `numpy.{name}` does to a single row")


def _get_dummies(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    data, value = parts[0]
    if not value.is_rows or value.kind == "list":
        return unknown(node, "the levels of this cannot be kept")
    made = joined(parts, "frame", node)
    if made.kind == "unknown":
        return made
    made = replace(made, dropped=value.dropped, only=value.only, lists=value.lists, whole=value.whole)
    return marked(made, Mark(node, "levels", data, is_frame=has_columns(reader, data, value)))


def _cut(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    bins = argument(node, "bins", 1)
    if bins is None:
        return unknown(node, "it cannot be seen where this cuts")
    if argument(node, "retbins") is not None:
        return unknown(node, "the edges are given back here; leave `retbins` out")
    made = joined(parts, "column", node)
    if reader.literal(bins) is None and not _is_list(reader, bins):
        made = joined([p for p in parts if p[0] is not bins], "column", node)
        return made if made.kind == "unknown" else marked(made, Mark(node, "edges", parts[0][0]))
    return made


def _is_list(reader: "Reader", node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        node = reader.constants.get(node.id, node)
    return isinstance(node, ast.List | ast.Tuple)


def _qcut(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    if argument(node, "retbins") is not None:
        return unknown(node, "the edges are given back here; leave `retbins` out")
    made = joined(parts, "column", node)
    return made if made.kind == "unknown" else marked(made, Mark(node, "edges", parts[0][0]))


def _factorize(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    if len(parts) > 1:
        return unknown(node, "the options of `factorize` cannot be followed")
    codes = joined(parts, "array", node)
    if codes.kind == "unknown":
        return codes
    codes = marked(codes, Mark(node, "codes", parts[0][0]))
    return replace(codes, kind="several", items=(codes, STATISTIC))


def _categorical(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    made = joined(parts, "column", node)
    if made.kind == "unknown" or argument(node, "categories", 1) is not None or argument(node, "dtype") is not None:
        return made
    return marked(made, Mark(node, "levels", parts[0][0]))


def _concat(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    objects = parts[0][1]
    if is_by_row(node, 1):
        if not objects.items:
            return unknown(node, "it cannot be seen which tables are put together")
        return joined(parts[:1], "frame", node)
    if not all(v.is_rows for _, v in parts):
        return next((v for _, v in parts if v.kind == "unknown"), None) or unknown(
            node, "it cannot be seen which tables are put together"
        )
    # where the rows begin: nothing before is repeated (see `lineage`)
    source = f"{node.lineno}:{node.col_offset}"
    return Value("frame", frozenset({source}), marks=(Mark(node, "source"),))


def _merge(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    left, how = argument(node, "left", 0), argument(node, "how", 2)
    if left is None or not (isinstance(how, ast.Constant) and how.value == "left") or len(node.args) > 3:
        return unknown(node, 'this merge leaves out rows without a partner; write `how="left"`')
    return looked_up(reader, node, reader.value(left), argument(node, "right", 1))


def _split(reader: "Reader", node: ast.Call, parts: list[tuple[ast.expr, Value]]) -> Value:
    """``train_test_split``: two selections of the rows of each positional argument."""
    items: list[Value] = []
    for argument_node in node.args:
        value = reader.value(argument_node)
        if isinstance(argument_node, ast.Starred):
            return unknown(node, "it cannot be seen what is split")
        chosen = marked(value, Mark(node, "selection", argument_node)) if value.is_rows else STATISTIC
        items += [chosen, chosen]
    return replace(joined(parts, "several", node, made=False), items=tuple(items), marks=())


_RULES = {
    "pandas.get_dummies": _get_dummies, "pandas.cut": _cut, "pandas.qcut": _qcut, "pandas.factorize": _factorize,
    "pandas.Categorical": _categorical, "pandas.concat": _concat, "sklearn.train_test_split": _split,
    "pandas.merge": _merge,
}  # fmt: skip
