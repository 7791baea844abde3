"""Plans, deed after deed, how the statements on the way of the rows read in train() and in predict()."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nb2prod.analysis.deeds import Deed, is_removal
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.lineage import Lineage
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import Problem
from nb2prod.plan.keeping.blocks import block_edits, listed_columns, removal_of, simple_parts
from nb2prod.plan.keeping.fixed_names import fixed_edits
from nb2prod.plan.keeping.kept import Definition, Keep, Keeping, Names, Step
from nb2prod.plan.keeping.kept_marks import keep_mark, keep_test
from nb2prod.plan.keeping.marks import written
from nb2prod.plan.keeping.places import Path, Place, given_part, is_part, path_to, place_of, span_of, stands_in
from nb2prod.plan.splice import Edit


def plan_keeping(graph: NotebookGraph, lineage: Lineage, at: int) -> Keeping | Problem:
    """`at` is the statement that reads the lineage's input. A problem where a step cannot be written down."""
    return Planner(graph, lineage, at).plan()


@dataclass(slots=True)
class Planner:
    graph: NotebookGraph
    lineage: Lineage
    at: int
    keeps: list[Keep] = field(default_factory=list)
    fixed: dict[str, None] = field(default_factory=dict)
    definitions: list[tuple[int, Definition]] = field(default_factory=list)
    problem: Problem | None = None

    def plan(self) -> Keeping | Problem:
        taken = {u.name for s in self.graph.statements for u in s.facts.uses} | {"params", "self", "main", "Predictor"}
        names = Names(taken)
        steps = []
        for number in self.lineage.statements:
            deeds = [d for d in self.lineage.deeds if d.number == number]
            steps.append(self._step(number, deeds, names))
        if self.problem is not None:
            return self.problem
        return Keeping(self.lineage, self.at, tuple(self.keeps), tuple(steps), tuple(self.fixed))

    def refuse(self, message: str, node: ast.AST) -> None:
        """Note why a step cannot be written down; what was noted first counts."""
        self.problem = self.problem or Problem("NB351", message, node)

    # --- one statement of the notebook

    def _step(self, number: int, deeds: list[Deed], names: Names) -> Step:
        whole = self.graph.statements[number].node
        training: list[Edit] = []
        prediction: list[Edit] = []
        gives: list[tuple[str, ast.expr, str]] = []
        live: set[Place] = set()
        for deed in deeds:
            outcome = self._deed(number, deed, names)
            if outcome is None:
                continue
            live.add(place_of(deed.node))
            training += outcome[0]
            prediction += outcome[1]
            part = given_part(deed)
            as_it_stands = deed.value.opaque and part is getattr(deed.node, "value", None)
            if part is not None and not as_it_stands:
                gives.append((deed.name, part, self._copies(deed, part)))
        turns = dict.fromkeys(d.turn for d in deeds)
        if isinstance(whole, ast.For) and deeds[0].turn is not None:
            if len(turns) > 1:
                self.problem = self.problem or Problem("NB357", "the prediction needs more than one of the tables that "
                                                       "this loop goes over", whole)  # fmt: skip
            now, then = self._turn(number, whole, live, deeds, names)
            return Step(number, tuple(dict.fromkeys([*training, *now])), tuple(dict.fromkeys([*prediction, *then])),
                        (), bool(live))  # fmt: skip
        if isinstance(whole, ast.For | ast.If | ast.With):
            prediction += block_edits(self, number, whole, live, deeds)
        if isinstance(whole, ast.For) and deeds[0].over.counted:
            now, then = listed_columns(self, number, whole, deeds[0], names)
            training += now
            prediction += then
        definitions = tuple(one for n, one in self.definitions if n == number)
        return Step(number, tuple(dict.fromkeys(training)), tuple(dict.fromkeys(prediction)), tuple(gives), bool(live),
                    definitions)  # fmt: skip

    def _turn(
        self, number: int, loop: ast.For, live: set[Place], deeds: list[Deed], names: Names
    ) -> tuple[list[Edit], list[Edit]]:
        """A loop over tables goes over the one at hand, and does what its rows need."""
        training: list[Edit] = []
        turn = deeds[0].turn
        assert turn is not None
        prediction = [Edit(*span_of(loop.iter), f"({turn.table},)")]
        for statement in loop.body:
            inside = [d for d in deeds if path_to(statement, d.node) is not None]
            if isinstance(statement, ast.For) and any(place_of(d.node) in live for d in inside):
                prediction += block_edits(self, number, statement, live, inside)
                if inside[0].over.counted:
                    now, then = listed_columns(self, number, statement, inside[0], names)
                    training += now
                    prediction += then
            elif not any(place_of(n) in live for n in simple_parts([statement])):
                prediction.append(removal_of(self, number, statement))
            elif isinstance(statement, ast.If | ast.With):
                prediction += block_edits(self, number, statement, live, inside)
        return training, prediction

    def _deed(self, number: int, deed: Deed, names: Names) -> tuple[list[Edit], list[Edit]] | None:
        """The edits for train() and predict(); None where nothing is left to do."""
        training: list[Edit] = []
        prediction: list[Edit] = []
        replaced: list[ast.expr] = []
        context = written(self.graph, self.lineage, deed)
        gone: dict[int, ast.expr] = {}
        marks = [m for m in deed.value.marks if stands_in(m.node, deed.node)]
        for mark in marks:
            if mark.what == "selection" and (deed.loop is not None or deed.turn is not None):
                self.refuse("rows are chosen inside a loop", mark.node)
            if mark.what == "source":
                prediction += [Edit(*span_of(mark.node), self.lineage.request)]
                replaced.append(mark.node)
                continue
            if mark.what == "selection" and isinstance(given_part(deed), ast.expr) and not is_part(mark, deed):
                continue
            result = keep_mark(self, number, deed, mark, context, names)
            if result is None:
                return [], []
            kept, now, then, hidden, is_gone = result
            if is_gone and mark.operand is not None:
                gone[id(mark.node)] = mark.operand
            if is_gone and mark.operand is not None:  # what rows were chosen by
                inside = {id(n) for n in walk(mark.operand)}
                replaced += [n for n in walk(mark.node) if isinstance(n, ast.Name) and id(n) not in inside]
            if kept is not None and kept not in self.keeps:
                self.keeps.append(kept)
            training += now
            prediction += then
            replaced += hidden
        call = deed.node.value if isinstance(deed.node, ast.Expr) else None
        if isinstance(call, ast.Call) and gone and len(gone) == len(marks):
            return None  # df.dropna(inplace=True)
        if _binds_itself(deed, gone):
            return None
        if is_removal(deed) and not all(self.lineage.sent(c) for c in deed.columns or ()):
            return None
        for test in deed.tests:
            now, then = keep_test(self, number, deed, test, names)
            training += now
            prediction += then
            replaced.append(test.test)
        prediction += fixed_edits(self, number, deed, replaced, names)
        return training, [*prediction, *self._without_truth(deed)]

    def _without_truth(self, deed: Deed) -> Iterator[Edit]:
        """``df[["size", "rent"]]`` without the target, which a request does not have."""
        for node in walk(given_part(deed) or deed.node):
            match node:
                case ast.Subscript(value=ast.Name(id=name), slice=ast.List(elts=parts) as listed, ctx=ast.Load()):
                    words = [p.value for p in parts if isinstance(p, ast.Constant)]
                    gone = [w for w in words if w in self.lineage.truth and not self.lineage.sent(str(w))]
                    if name in deed.value.names and gone and len(words) == len(parts):
                        yield Edit(*span_of(listed), repr([w for w in words if w not in gone]))

    def is_stable(self, number: int, name: str, *, after: bool = False) -> bool:
        """Whether what the name stands for at this statement is what it stands for when the prediction begins."""
        changed_here = name in self.graph.bound_by(number) | self.graph.direct(number)
        if isinstance(self.graph.statements[number].node, ast.For | ast.While) and changed_here and not after:
            return False
        here = self.graph.objects.contributors_before(name, number + 1 if after else number)
        later = self.graph.objects.contributors_before(name, self.at) - here
        # a change of a table, which the name merely came from
        return all(n in self.lineage.statements and name not in self.graph.direct(n) for n in later) and not (
            any(name in self.graph.bound_by(n) for n in later)
        )

    def _copies(self, deed: Deed, part: ast.expr) -> str:
        """``.copy()`` where one of two names for the same rows is changed later."""
        later = [
            d for d in self.lineage.deeds if d.number > deed.number and (not d.binds or isinstance(d.node, ast.Expr))
        ]  # fmt: skip
        root = ast.unparse(part)
        shared = any(d.name in (deed.name, root) for d in later)
        return ".copy()" if shared and root != deed.name else ""

    # --- blocks

    def path(self, number: int, deed: Deed) -> Path:
        return self.path_of(number, deed.node)

    def path_of(self, number: int, node: ast.AST) -> Path:
        return path_to(self.graph.statements[number].node, node) or ()


def _binds_itself(deed: Deed, gone: Mapping[int, ast.expr]) -> bool:
    """``df = df.dropna()`` without the selection."""
    match deed.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if gone:
            node: ast.expr = value
            while (inner := gone.get(id(node))) is not None:
                node = inner
            return isinstance(node, ast.Name) and node.id == name
        case ast.Assign(targets=[ast.Tuple() | ast.List()]):
            part = given_part(deed)
            aligned = any(m.what == "aligned" for m in deed.value.marks)
            return isinstance(part, ast.Name) and part.id == deed.name and not aligned
    return False
