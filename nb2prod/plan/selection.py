"""Which statements production needs, and what each is there for.

Training is the backward slice of the artifacts and the metrics; functions, classes, constants and imports that either
side refers to become module-level code. A function that reads a value of the notebook late gets it as an argument: its
*needs*.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.boundary import Boundary
from nb2prod.analysis.graph import Contributors, NotebookGraph
from nb2prod.analysis.names import kind_of
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role


@dataclass(frozen=True, slots=True)
class Feature:
    """A function or class of the notebook; `needs` are the values it reads late, which become its arguments.

    `training_only`: the prediction never reaches it, and no artifact can hold it, so it lives beside train().
    """

    name: str
    statement: int
    needs: tuple[str, ...]
    is_class: bool
    training_only: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Statement numbers in notebook order. `constants` go to module level beside the features."""

    training: tuple[int, ...]
    prediction: tuple[int, ...]
    features: tuple[Feature, ...]
    constants: tuple[int, ...]
    training_constants: tuple[int, ...]
    imports: tuple[int, ...]
    tests: tuple[int, ...]

    def feature(self, name: str) -> Feature | None:
        return next((f for f in self.features if f.name == name), None)


def select(graph: NotebookGraph, boundary: Boundary, metrics: Iterable[str]) -> tuple[Selection, tuple[Finding, ...]]:
    """Choose the statements. Findings of severity error name what cannot be shown equal to the notebook."""
    followed = _training(graph, boundary, tuple(metrics))
    used = {*followed, *boundary.prediction}
    values = _late_values(graph, used)
    code, findings = _code(graph, used, boundary.prediction, values)
    shared = _shared(graph, boundary, code, followed)
    features, refusals = _features(graph, code, values, shared)
    constants = tuple(n for n in sorted(code) if graph.kinds[n] == "constant" and n in shared)
    training_constants = tuple(n for n in sorted(code) if graph.kinds[n] == "constant" and n not in shared)
    training = tuple(n for n in sorted(followed) if n not in code)
    selection = Selection(
        training, boundary.prediction, features, constants, training_constants,
        imports=tuple(s.number for s in graph.statements if s.facts.imports),
        tests=tuple(s.number for s in graph.statements if s.role is Role.TEST),
    )  # fmt: skip
    return selection, (*findings, *refusals, *_pulled_in(graph, training, boundary), *_star_imports(graph))


def _training(graph: NotebookGraph, boundary: Boundary, metrics: tuple[str, ...]) -> set[int]:
    before = graph.before_cell[boundary.predict_cell]
    start = {n for name in boundary.artifacts for n in before.get(name, frozenset())}
    # a metric is a number: only what binds it can change it, not what shares an object with it
    start |= {n for name in metrics for n in graph.final.get(name, frozenset()) if name in _bound(graph, n)}
    found = _follow(graph, start)
    last = max(found, default=-1)
    return found | _follow(graph, {n for n in graph.seeds if n < last})


def _bound(graph: NotebookGraph, number: int) -> frozenset[str]:
    return graph.statements[number].facts.binds | graph.statements[number].facts.maybe


def _follow(graph: NotebookGraph, start: Iterable[int]) -> set[int]:
    found: set[int] = set()
    pending = list(start)
    while pending:
        number = pending.pop()
        if number in found or graph.kinds[number] in ("parameter", "feature", "import"):
            continue
        found.add(number)
        for contributors in graph.reads[number].values():
            pending += contributors
    return found


def _code(
    graph: NotebookGraph, used: set[int], prediction: tuple[int, ...], values: set[str]
) -> tuple[Contributors, list[Finding]]:
    """Module-level code: functions and classes that `used` refers to, constants that these or the prediction read."""
    code: set[int] = set()
    findings: list[Finding] = []
    by_name: dict[str, int] = {}
    pending = [(x, c) for n in used for x, c in graph.reads[n].items() if kind_of(graph, c) == "feature"]
    pending += [
        (x, c) for n in prediction for x, c in graph.reads[n].items()
        if kind_of(graph, c) == "constant" and not c & set(prediction)
    ]  # fmt: skip
    while pending:
        name, contributors = pending.pop()
        if kind_of(graph, contributors) not in ("feature", "constant"):
            continue
        (number,) = contributors
        if by_name.setdefault(name, number) != number:
            s = graph.statements[number]
            findings.append(
                Finding("NB313", Severity.ERROR, f"`{name}` is defined more than once and both versions are used.",
                        s.cell, s.first_line, "Give the versions different names.")
            )  # fmt: skip
        if number not in code:
            code.add(number)
            pending += list(graph.reads[number].items())
            late = graph.functions[number].late_reads if number in graph.functions else frozenset()
            pending += [(n, graph.final[n]) for n in sorted(late - values) if n in graph.final]
    return frozenset(code), findings


def _features(
    graph: NotebookGraph, code: Contributors, values: set[str], shared: set[int]
) -> tuple[tuple[Feature, ...], list[Finding]]:
    numbers = [n for n in sorted(code) if kind_of(graph, frozenset({n})) == "feature"]
    names = {graph.functions[n].name: n for n in numbers}
    needs = {n: {r for r in graph.functions[n].late_reads if r in values} for n in numbers}
    changed = True
    while changed:  # what a called function needs, its caller needs
        changed = False
        for n in numbers:
            wider = needs[n].union(*(needs[names[r]] for r in graph.functions[n].late_reads if r in names))
            changed |= wider != needs[n]
            needs[n] = wider
    findings: list[Finding] = []
    for n in numbers:
        findings += _refusals(graph, n, needs[n])
    features = tuple(
        Feature(graph.functions[n].name, n, tuple(sorted(needs[n])), graph.functions[n].is_class, n not in shared)
        for n in numbers
    )
    return features, findings


def _shared(graph: NotebookGraph, boundary: Boundary, code: Contributors, training: set[int]) -> set[int]:
    """Code that the prediction may reach: by name, or inside an artifact that training put it into.

    A function that training only calls cannot be inside an artifact; a class, or a function handed over, can.
    """
    shared: set[int] = set()
    pending = [c for n in boundary.prediction for c in graph.reads[n].values()]
    for n in training:
        s = graph.statements[n]
        called = {id(c.func) for c in ast.walk(s.node) if isinstance(c, ast.Call)}
        pending += [
            graph.reads[n][u.name] for u in s.facts.uses
            if u.context == "load" and id(u.node) not in called and u.name in graph.reads[n]
        ]  # fmt: skip
    pending += [frozenset({n}) for n in code if n in graph.functions and graph.functions[n].is_class]
    while pending:
        for number in pending.pop() & code - shared:
            shared.add(number)
            late = graph.functions[number].late_reads if number in graph.functions else frozenset()
            pending += [*graph.reads[number].values(), *(graph.final[x] for x in late if x in graph.final)]
    return shared


def _late_values(graph: NotebookGraph, used: set[int]) -> set[str]:
    """Names that functions read late and that are values (or parameters, or re-bound) at some call."""
    seen: dict[str, set[Contributors]] = {}
    for n in used:
        for name in graph.late[n]:
            if name in graph.reads[n]:
                seen.setdefault(name, set()).add(graph.reads[n][name])
    return {
        name
        for name, every in seen.items()
        if len(every) > 1 or any(kind_of(graph, c) in ("value", "parameter") for c in every)
        if not all(kind_of(graph, c) in ("import", "feature") for c in every)
    }


def _refusals(graph: NotebookGraph, number: int, needs: set[str]) -> list[Finding]:
    s, function = graph.statements[number], graph.functions[number]
    kind = "class" if function.is_class else "function"
    findings = []

    def refuse(code: str, message: str, hint: str) -> None:
        findings.append(Finding(code, Severity.ERROR, message, s.cell, s.first_line, hint))

    if function.late_binds:
        names = ", ".join(f"`{n}`" for n in sorted(function.late_binds))
        refuse("NB310", f"the {kind} `{function.name}` re-binds the global {names}.", "Return the value instead.")
    if function.is_class and needs:
        names = ", ".join(f"`{n}`" for n in sorted(needs))
        refuse("NB311", f"the class `{function.name}` reads {names} of the notebook.", "Pass it to the constructor.")
    for name, contributors in graph.reads[number].items():
        if kind_of(graph, contributors) in ("value", "parameter"):
            refuse(
                "NB312",
                f"`{name}` is read where the {kind} `{function.name}` is defined (a default, decorator or base).",
                "Pass it as an argument where the function is called.",
            )
    return findings


def _pulled_in(graph: NotebookGraph, training: tuple[int, ...], boundary: Boundary) -> list[Finding]:
    findings = []
    cells = sorted({graph.statements[n].cell for n in training if graph.statements[n].role is None})
    for cell in cells:
        numbers = [n for n in training if graph.statements[n].cell == cell]
        names = sorted({x for n in numbers for x in _bound(graph, n) | graph.statements[n].facts.mutates})
        listed = ", ".join(f"`{x}`" for x in names) or "a random seed"
        findings.append(
            Finding("NB308", Severity.INFO, f"this cell has no role but training needs it for {listed}.", cell,
                    graph.statements[numbers[0]].first_line)
        )  # fmt: skip
    for number, name in graph.undefined:
        s = graph.statements[number]
        needed = number in training or number in boundary.prediction
        findings.append(
            Finding("NB309", Severity.ERROR if needed else Severity.WARNING,
                    f"`{name}` is read but no earlier cell defines it.", s.cell, s.first_line,
                    "Add the cell that defines it, or move it up.")
        )  # fmt: skip
    return findings


def _star_imports(graph: NotebookGraph) -> list[Finding]:
    return [
        Finding("NB314", Severity.ERROR, f"`from {module} import *` hides which names it defines.", s.cell,
                s.first_line, "Import the names that the notebook uses.")
        for s in graph.statements
        for module in s.facts.star_imports
    ]  # fmt: skip
