"""Which statements production needs, and what each is there for.

Training is the backward slice of the artifacts and the metrics; functions, classes, constants and imports that either
side refers to become module-level code. A function that reads a value of the notebook late gets it as an argument: its
*needs*.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph, Statement
from nb2prod.analysis.names import kind_of, made_class
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.objects import Contributors
from nb2prod.model.findings import Finding
from nb2prod.model.roles import Role
from nb2prod.plan.boundary import Boundary

_MEANT = re.compile(r"#\s*noqa\b(?!:)|#\s*noqa:.*\bF401\b", re.I)
"""How linters are told that an unused import is meant."""


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

    @property
    def code(self) -> tuple[int, ...]:
        """Module-level code: functions, classes and constants."""
        return tuple(sorted((*(f.statement for f in self.features), *self.constants, *self.training_constants)))

    @property
    def used(self) -> tuple[int, ...]:
        """Everything that is not module-level code."""
        return tuple(sorted({*self.training, *self.prediction}))


def select(graph: NotebookGraph, boundary: Boundary, metrics: Iterable[str]) -> tuple[Selection, tuple[Finding, ...]]:
    """Choose the statements. Findings of severity error name what cannot be shown equal to the notebook."""
    from nb2prod.plan.collisions import RESERVED, find_collisions, stored_names
    from nb2prod.plan.notebook_only import find_notebook_only
    from nb2prod.plan.refusals import find_refusals
    from nb2prod.plan.remarks import find_remarks
    from nb2prod.plan.surroundings import find_surroundings

    followed = _training(graph, boundary, tuple(metrics))
    used = {*followed, *boundary.prediction}
    values = _late_values(graph, used)
    code = _code(graph, used, boundary.prediction, values)
    taken = stored_names(graph, (*followed - code, *boundary.prediction)) | {*boundary.request} | RESERVED
    shared = _shared(graph, boundary, code, followed, taken)
    constants = tuple(n for n in sorted(code) if graph.kinds[n] == "constant" and n in shared)
    training_constants = tuple(n for n in sorted(code) if graph.kinds[n] == "constant" and n not in shared)
    selection = Selection(
        training=tuple(n for n in sorted(followed) if n not in code and not graph.statements[n].is_mention),
        prediction=boundary.prediction,
        features=_features(graph, code, values, shared),
        constants=constants,
        training_constants=training_constants,
        imports=_imports(graph, used | code),
        tests=tuple(s.number for s in graph.statements if s.role is Role.TEST),
    )
    findings = [
        find(graph, boundary, selection)
        for find in (find_notebook_only, find_refusals, find_collisions, find_surroundings, find_remarks)
    ]
    return selection, tuple(dict.fromkeys(f for found in findings for f in found))


def _training(graph: NotebookGraph, boundary: Boundary, metrics: tuple[str, ...]) -> set[int]:
    start = {n for name in boundary.artifacts for n in graph.before(boundary.starts[name], name)}
    start |= {keep.number for keep in boundary.keeping.keeps} if boundary.keeping else set()
    # a metric is a number: what merely shares an object with it does not change it
    start |= {n for name in metrics for n in graph.final.get(name, frozenset())
              if name in graph.bound_by(n) | graph.direct(n)}  # fmt: skip
    found = _follow(graph, start)
    last = max(found, default=-1)
    return found | _follow(graph, {n for n in graph.setup if n < last})


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
        if any(kind_of(graph, c) in ("value", "parameter") for c in every)
        or (len(every) > 1 and not all(kind_of(graph, c) in ("import", "feature") for c in every))
    }


def _code(graph: NotebookGraph, used: set[int], prediction: tuple[int, ...], values: set[str]) -> set[int]:
    """Module-level code: functions and classes that `used` refers to, constants that these or the prediction read."""
    own = set(prediction)
    pending: list[Contributors] = []
    for n in used:
        for name, c in graph.reads[n].items():
            kind = kind_of(graph, c)
            outside = n in own and not c & own
            if kind == "feature" or (kind == "constant" and (outside or name in graph.late[n])):
                pending.append(c)
    code: set[int] = set()
    resolved = {name for n in used for name in graph.reads[n]}
    while pending:
        contributors = pending.pop()
        if kind_of(graph, contributors) not in ("feature", "constant"):
            continue
        (number,) = contributors
        if number in code:
            continue
        code.add(number)
        pending += graph.reads[number].values()
        late = graph.definitions[number].late_reads if number in graph.definitions else frozenset()
        pending += [graph.final[n] for n in sorted(late - values - resolved) if n in graph.final]
    return code


def _features(graph: NotebookGraph, code: set[int], values: set[str], shared: set[int]) -> tuple[Feature, ...]:
    numbers = [n for n in sorted(code) if graph.kinds[n] == "feature"]
    reads = {n: graph.definitions[n].late_reads for n in numbers}
    names = {graph.definitions[n].name: n for n in numbers}
    needs = {n: {r for r in reads[n] if r in values and r not in names} for n in numbers}
    changed = True
    while changed:  # what a called function needs, its caller needs
        changed = False
        for n in numbers:
            wider = needs[n].union(*(needs[names[r]] for r in reads[n] if r in names))
            changed |= wider != needs[n]
            needs[n] = wider
    return tuple(
        Feature(
            graph.definitions[n].name, n, tuple(sorted(needs[n])), graph.definitions[n].is_class, n not in shared
        )
        for n in numbers
    )  # fmt: skip


def _shared(
    graph: NotebookGraph, boundary: Boundary, code: set[int], training: set[int], taken: frozenset[str]
) -> set[int]:
    """Code that the prediction may reach: by name, or inside an artifact that training put it into.

    A function that training only calls cannot be inside an artifact; a class, or a function handed over, can. `taken`
    are names that a function of the package uses itself: what is called so is reached through the module.
    """
    shared: set[int] = set()
    pending = [c for n in boundary.prediction for c in graph.reads[n].values()]
    for n in training:
        s = graph.statements[n]
        called = {id(c.func) for c in walk(s.node) if isinstance(c, ast.Call)}
        pending += [
            graph.reads[n][u.name] for u in s.facts.uses
            if u.context == "load" and id(u.node) not in called and u.name in graph.reads[n]
        ]  # fmt: skip
    pending += [frozenset({n}) for n in code if n in graph.definitions
                and (graph.definitions[n].is_class or graph.definitions[n].name in taken)]  # fmt: skip
    pending += [frozenset({n}) for n in code if made_class(graph.statements[n].node)]
    by_name = {name: n for n in code for name in graph.bound_by(n)}
    while pending:
        for number in pending.pop() & code - shared:
            shared.add(number)
            late = graph.definitions[number].late_reads if number in graph.definitions else frozenset()
            pending += [*graph.reads[number].values(), *(frozenset({by_name[x]}) for x in late if x in by_name)]
    return shared


def _imports(graph: NotebookGraph, used: set[int]) -> tuple[int, ...]:
    """The import statements behind the names in use, and those made for their effect."""
    tests = {s.number for s in graph.statements if s.role is Role.TEST}
    found = {n for u in used | tests for c in graph.reads[u].values() for n in c if graph.kinds[n] == "import"}
    late = {name for u in used if u in graph.definitions for name in graph.definitions[u].late_reads}
    seen = {name for u in used for name in graph.reads[u]}
    found |= {n for name in late - seen for n in graph.final.get(name, ()) if graph.kinds[n] == "import"}
    found |= {s.number for s in graph.statements if is_made_for_effect(graph, s)}
    found |= {s.number for s in graph.statements if any(i.module == "__future__" for i in s.facts.imports)}
    return tuple(sorted(found))


def is_made_for_effect(graph: NotebookGraph, s: Statement) -> bool:
    """``from sklearn.experimental import enable_iterative_imputer``, ``import pyarrow  # noqa: F401``: nobody reads
    the name, and yet the import is meant."""
    if not isinstance(s.node, ast.Import | ast.ImportFrom):
        return False
    line = graph.notebook.cells[s.cell - 1].source.split("\n")[s.last_line - 1]
    return any(i.member.startswith("enable_") for i in s.facts.imports) or bool(_MEANT.search(line))
