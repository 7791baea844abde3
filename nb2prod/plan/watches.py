"""What the run watches to follow rows: the raw table, what is kept, each selection of rows, what the model is given."""

import ast
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.values import Mark
from nb2prod.model.run import Probe, Watch
from nb2prod.plan.keeping import Keep, Keeping, Path

MakeProbe = Callable[[NotebookGraph, Statement, Literal["before", "after"]], Probe]


def plan_watches(
    graph: NotebookGraph, keeping: Keeping, make_probe: MakeProbe
) -> tuple[tuple[Watch, ...], tuple[Probe, ...]]:
    """The watches and the probes that call for them, in the order in which they are to be seen."""
    lineage = keeping.lineage
    watches: list[Watch] = []
    probes: list[Probe] = []

    def add(watch: Watch, number: int, when: Literal["before", "after"] = "before", path: Path = ()) -> None:
        probe = make_probe(graph, graph.statements[number], when)
        probes.append(replace(probe, path=path, watches=(len(watches),)))
        watches.append(watch)

    raw = ast.unparse(lineage.source.node) if lineage.source is not None else lineage.request
    add(Watch("raw", raw), lineage.start)
    for number, node in lineage.columns.lists:
        one = isinstance(node, ast.Subscript) and ".iloc" in ast.unparse(node) and not _is_range(node)
        add(Watch("columns", ast.unparse(node), key="one" if one else ""), number)
    for number in lineage.statements:
        for deed in (d for d in lineage.deeds if d.number == number):
            for mark in deed.value.marks:
                if mark.what == "selection" and mark.operand is not None and hasattr(mark.operand, "lineno"):
                    add(_selection(deed, mark, mark.operand), number)
        for keep in (k for k in keeping.keeps if k.number == number):
            if keep.key is not None:
                add(Watch("empty", "None", keep.name), number)
            add(_kept(keep), number, "after" if keep.when == "after" else "before", keep.path)
    columns = {"every": lineage.columns.every, "names": sorted(lineage.columns.names)}
    given = next((s.node for s in graph.statements if s.literal and lineage.input in s.facts.binds), None)
    text = ast.unparse(given.value) if isinstance(given, ast.Assign) else lineage.input  # no name in the notebook
    add(Watch("input", text, columns=columns), keeping.at)
    return tuple(watches), tuple(probes)


def _kept(keep: Keep) -> Watch:
    return Watch("kept", keep.text, keep.name, keep.key or "", guard=keep.guard, setup=keep.setup)


def _selection(deed: Deed, mark: Mark, operand: ast.expr) -> Watch:
    text = ast.unparse(mark.node)
    item = None
    match deed.node:
        case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)], value=value) if value is mark.node:
            item = next(n for n, p in enumerate(parts) if isinstance(p, ast.Name) and p.id == deed.name)
    return Watch("selection", text, operand=ast.unparse(operand), item=item, by_value="ignore_index" in text)


def _is_range(node: ast.Subscript) -> bool:
    part = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
    return isinstance(part, ast.Slice | ast.List)
