"""What production code needs of its surroundings: files, the working folder, addresses. Errors where a service could
not have it, remarks where another machine may not."""

from collections.abc import Iterator

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.modules import STATE
from nb2prod.analysis.paths import ANY, FILE, FOLDER, is_absolute
from nb2prod.model.findings import Finding, Severity
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.selection import Selection


def find_surroundings(graph: NotebookGraph, boundary: Boundary, selection: Selection) -> list[Finding]:
    return [
        *_in_each_call(graph, boundary),
        *_changed_modules(graph, boundary),
        *_moved(graph, selection),
        *_elsewhere(graph, selection),
    ]


def _in_each_call(graph: NotebookGraph, boundary: Boundary) -> Iterator[Finding]:
    """Files that the prediction would need, or write, for every request."""
    for number in boundary.prediction:
        s = graph.statements[number]
        reads = {u.path for u in graph.files[number] if u.known and u.use in ("read", "fetch") and u.path != ANY}
        reads |= {name.removeprefix(FILE) for name, c in graph.reads[number].items()
                  if name.startswith(FILE) and not c <= set(boundary.prediction)}  # fmt: skip
        writes = {u.path for u in graph.files[number] if u.known and u.use in ("write", "overwrite")} - {FOLDER}
        if reads:
            yield _error("NB392", f"the prediction reads {_listed(reads)} in each call; a service has no such file.",
                         "Read it in a cell tagged `training`: what it gave becomes an artifact.", s)  # fmt: skip
        elif writes:
            yield _error("NB392", f"the prediction writes {_listed(writes)} in each call; a service keeps no files.",
                         "Write it in another cell.", s)  # fmt: skip


def _changed_modules(graph: NotebookGraph, boundary: Boundary) -> Iterator[Finding]:
    """Own modules that the prediction uses in a state that a service does not start with."""
    told: set[str] = set()
    for number in boundary.prediction:
        for name, contributors in graph.reads[number].items():
            if name.startswith(STATE) and name not in told:
                told.add(name)
                s = graph.statements[max(contributors)]
                module = name.removeprefix(STATE)
                yield _error("NB395", f"the state of the module `{module}` is changed here, and the prediction "
                             "uses it; a service would start without the change.",
                             "Pass the value as an argument.", s)  # fmt: skip


def _moved(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Files that are found relative to a folder which the notebook changes to."""
    told: set[int] = set()
    for number in selection.used:
        for changed in sorted(graph.reads[number].get(FOLDER, frozenset()) - told):
            told.add(changed)
            reader = graph.statements[number]
            yield _error("NB391", "the working folder is changed here, and production code uses files after it "
                         f"(cell {reader.cell}, line {reader.first_line}).",
                         "Leave the change out, and write the paths as seen from the notebook's folder.",
                         graph.statements[changed])  # fmt: skip


def _elsewhere(graph: NotebookGraph, selection: Selection) -> Iterator[Finding]:
    """Paths that only this machine has, and addresses."""
    for number in selection.training:
        s = graph.statements[number]
        for use in graph.files[number]:
            if use.known and use.use == "read" and is_absolute(use.path):
                yield Finding("NB393", Severity.WARNING, f"training reads `{use.path}`, a path of this machine.",
                              s.cell, s.first_line,
                              "Write it as seen from the notebook's folder, or make it a parameter.")  # fmt: skip
            elif use.use == "fetch":
                yield Finding("NB394", Severity.INFO, f"training reads the address {use.path}; what it answers may "
                              "change.", s.cell, s.first_line,
                              "Keep a copy beside the notebook to make training repeat.")  # fmt: skip


def _error(code: str, message: str, hint: str, s: Statement) -> Finding:
    return Finding(code, Severity.ERROR, message, s.cell, s.first_line, hint)


def _listed(paths: set[str]) -> str:
    return ", ".join("files" if path == ANY else f"`{path}`" for path in sorted(paths))
