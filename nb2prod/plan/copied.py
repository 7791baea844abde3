"""Artifacts that a prediction changes.

seen.append(value)          a second request would find the first one's value in `seen`
"""

import ast

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.model.findings import Finding, Severity
from nb2prod.plan.boundary import Boundary


def copied_artifacts(graph: NotebookGraph, boundary: Boundary) -> tuple[tuple[str, ...], list[Finding]]:
    """Artifacts that the prediction changes: each request works on a copy, where one copy cannot miss another."""
    copied: dict[str, None] = {}
    findings: dict[str, Finding] = {}
    for number in boundary.prediction:
        s = graph.statements[number]
        # a bare last expression is shown: its value is not thrown away
        shown = number == boundary.response_statement and isinstance(s.node, ast.Expr)
        change = graph.surely[number] if shown else graph.doubtful[number]
        for name in boundary.artifacts:
            if " " in name or name in findings or not graph.changes_any(change, boundary.starts[name], name):
                continue
            if _can_be_copied(graph, boundary, name):
                copied[name] = None
                findings[name] = Finding(
                    "NB341", Severity.INFO, f"the prediction changes the artifact `{name}`; each request works on a "
                    "copy, so that it gets the answer that the notebook got.", s.cell, s.first_line,
                    "Change a copy in the notebook too, and it shows.",
                )  # fmt: skip
            else:
                findings[name] = Finding(
                    "NB323", Severity.ERROR, f"the prediction changes the artifact `{name}`, so a second request would "
                    "get another answer.", s.cell, s.first_line, "Change a copy instead.",
                )  # fmt: skip
    return tuple(sorted(copied)), list(findings.values())


def _can_be_copied(graph: NotebookGraph, boundary: Boundary, name: str) -> bool:
    """Whether its objects are nobody else's, and all of its state is inside it."""
    start = boundary.starts[name]
    others = (n for n in (*boundary.artifacts, *boundary.request) if n != name and " " not in n)
    if any(graph.share((name, start), (other, boundary.starts[other])) for other in others):
        return False
    return all(_is_plain_class(graph, n) for n in graph.definitions_inside(start, name))


def _is_plain_class(graph: NotebookGraph, number: int) -> bool:
    """A class of the notebook that keeps nothing in itself."""
    node = graph.definitions[number].node
    if not isinstance(node, ast.ClassDef):
        return False
    values = [s.value for s in node.body if isinstance(s, ast.Assign | ast.AnnAssign)]
    special = {"__deepcopy__", "__copy__", "__reduce__", "__reduce_ex__", "__getstate__"}
    return all(v is None or isinstance(v, ast.Constant | ast.UnaryOp) for v in values) and not any(
        isinstance(s, ast.FunctionDef) and s.name in special for s in node.body
    )
