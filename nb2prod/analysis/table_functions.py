"""What a call of the notebook's own function gives, where it is given tables: its body is followed as the call runs it.

def clean(df):
    df["Age"] = df["Age"].fillna(0)
    return df

X = clean(raw)          X has the rows of `raw`, with something made of them
"""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from nb2prod.analysis.branches import body_run, missing_arguments
from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.names import kind_of
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import FIXED, STATISTIC, Inside, Mark, Value, unknown

if TYPE_CHECKING:
    from nb2prod.analysis.tables import Tables

_DEPTH = 6


def own_call(tables: "Tables", name: str, call: ast.Call, values: list[Value]) -> Value | None:
    """`values` are those of the arguments. None where the name is no such function, or nothing is made of rows."""
    contributors = tables.graph.reads[tables.number].get(name, frozenset())
    if len(contributors) != 1 or next(iter(contributors)) not in tables.graph.definitions:
        return None
    if kind_of(tables.graph, contributors) == "import":
        return None
    definition = tables.graph.definitions[next(iter(contributors))]
    late = [n for n in definition.late_reads if n in tables.env and tables.env[n].depends]
    if late:
        return unknown(call, f"`{name}` reads the whole table `{late[0]}`")
    if isinstance(definition.node, ast.ClassDef):
        return None
    if any(v.kind == "item" for v in values):
        return None
    if any(v.kind == "unknown" for v in values):
        return next(v for v in values if v.kind == "unknown")
    return _result(tables, name, definition.node, call, values)


def _result(
    tables: "Tables",
    name: str,
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda,
    call: ast.Call,
    values: list[Value],
) -> Value | None:
    parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    named = dict(zip(parameters, values, strict=False)) if not isinstance(call.func, ast.Attribute) or values else {}
    for keyword, value in zip(call.keywords, values[len(call.args) :], strict=False):
        if keyword.arg:
            named[keyword.arg] = value
    if tables.depth >= _DEPTH:
        return unknown(call, f"`{name}` calls itself")
    local = dict.fromkeys(parameters, FIXED) | {n: replace(v, marks=()) for n, v in named.items()}
    inner = tables.inside({n: v for n, v in local.items() if v.depends})
    if isinstance(node, ast.Lambda):
        inner.given_back.append(inner.reader.value(node.body))
    else:
        inner.block(body_run(node.body, missing_arguments(node, call)))
    results = inner.given_back
    lost = next((v for v in (*results, *inner.env.values()) if v.kind == "unknown"), None)
    if not any(v.depends for v in values):
        table = next((v for v in results if v.is_rows), None)
        if table is None or len(results) != 1:
            return None
        source = Mark(call, "source")
        return Value(table.kind, frozenset({f"{call.lineno}:{call.col_offset}"}), marks=(source,))
    if lost is not None and lost.problem is not None:
        return unknown(call, f"in `{name}`, {lost.problem.message}", lost.problem.code)
    read = {c for d in inner.deeds for _, c in d.value.columns}
    marks = [m for v in (*results, *(d.value for d in inner.deeds)) for m in v.marks
             if m.what != "dropped" or not _texts(m.node) <= read]  # fmt: skip
    only_chosen = {m.what for m in marks} == {"selection"} and not any(v.made for v in results)
    arguments = [(a, v) for a, v in zip(call.args, values, strict=False) if v.is_rows]
    if only_chosen and len(arguments) == 1 and len(results) == 1:  # a split of the notebook's own
        ((argument, table),) = arguments
        part = replace(table, marks=(*table.marks, Mark(call, "selection", argument)))
        items = tuple(part if i.is_rows else STATISTIC for i in results[0].items)
        return replace(part, kind="several", items=items, marks=()) if items else part
    parts = results[0].items if len(results) == 1 else ()
    if marks or inner.counted_loops:
        twinned = _twinned(tables, name, node, call, values, inner)
        if twinned is not None:
            return twinned
        what = "selects rows" if any(m.what == "selection" for m in marks) else "computes a statistic of the table"
        lost = unknown(call, f"`{name}` {what} inside")
        kept = tuple(lost if i.depends or i.kind == "unknown" else STATISTIC for i in parts)
        return Value("several", items=kept) if any(k is not lost for k in kept) else lost
    rows = [v for v in results if v.depends]
    if not rows:
        return STATISTIC if any(v.depends for v in values) else None
    given = [v for v in values if v.depends]
    first = rows[-1]
    return Value(
        first.kind, frozenset().union(*(v.sources for v in given)), frozenset().union(*(v.names for v in given)),
        tuple(m for v in given for m in v.marks), whole=frozenset().union(*(v.names for v in given)), made=True,
        opaque=True,
        items=tuple(_given_back(i, given) for i in first.items),
    )  # fmt: skip


def _twinned(
    tables: "Tables", name: str, node: ast.AST, call: ast.Call, values: list[Value], inner: "Tables"
) -> Value | None:
    """The value of a function that takes statistics of what it is given, which are kept for the prediction."""
    (number,) = tables.graph.reads[tables.number][name]
    late = tables.graph.definitions[number].late_reads
    reads = tables.graph.reads[tables.number]
    outside = [n for n in late if n in reads and kind_of(tables.graph, reads[n]) in ("value", "parameter")]
    leaving = ast.Return | ast.Yield | ast.YieldFrom | ast.Global | ast.Nonlocal | ast.FunctionDef | ast.ClassDef
    left = [n for n in walk(node) if isinstance(n, leaving) and n is not node]
    plain = isinstance(node, ast.FunctionDef) and not node.decorator_list and left == [node.body[-1]]
    given = [v for v in values if v.depends]
    if (
        tables.depth
        or tables.loop
        or tables.turn
        or outside
        or not plain
        or len(inner.given_back) != 1
        or len(given) != 1
    ):
        return None
    result = inner.given_back[0]
    if (
        not result.is_rows
        or any(isinstance(a, ast.Starred) for a in call.args)
        or not all(k.arg for k in call.keywords)
    ):
        return None
    ending = [Deed(tables.number, node.body[-1], "", result, binds=True)] if result.marks else []  # type: ignore[attr-defined]
    inside = Inside(number, (*inner.deeds, *ending))
    (table,) = given
    mark = Mark(call, "function", call.func, inside=inside)
    return Value(result.kind, table.sources, table.names, (*table.marks, mark), whole=table.names, made=True,
                 opaque=True)  # fmt: skip


def _given_back(item: Value, given: list[Value]) -> Value:
    """One of several values of a function, made of the rows that it is given."""
    if not item.depends:
        return item
    names = frozenset().union(*(v.names for v in given))
    return replace(item, names=names, whole=names, columns=frozenset(), dropped=frozenset(), only=None, lists=(),
                   marks=(), problem=None, made=True, opaque=True)  # fmt: skip


def _texts(node: ast.AST) -> set[str]:
    return {n.value for n in walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
