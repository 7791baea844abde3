"""A function of the notebook that computes statistics of the table it is given, as it reads on either side.

def clean(df):
    df["age"] = df["age"].fillna(df["age"].median())
    return df

train()      def clean_keeping(df):
                 clean_kept["median"] = df["age"].median()
                 ...
predict()    def clean_with_kept(df):
                 df["age"] = df["age"].fillna(self.clean_kept["median"])
                 ...
"""

import ast
import re
from dataclasses import dataclass, field, replace

from nb2prod.analysis.deeds import Deed, is_removal
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.lineage import Lineage
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import Mark, Problem
from nb2prod.plan.keeping.kept import Definition
from nb2prod.plan.keeping.marks import snake, written
from nb2prod.plan.splice import Edit, cut


@dataclass(frozen=True, slots=True)
class Twin:
    """`keeping` and `using` are the two definitions, called `keeping_name` and `using_name`."""

    keeping_name: str
    keeping: Definition
    using_name: str
    using: Definition


def twin_of(graph: NotebookGraph, lineage: Lineage, mark: Mark, kept: str) -> Twin | Problem:
    """Both readings of the function that the mark's call is of; `kept` is the name of the dict of what it keeps."""
    assert mark.inside is not None
    return _Writer(graph, lineage, mark, kept).twin()


@dataclass(slots=True)
class _Writer:
    graph: NotebookGraph
    lineage: Lineage
    mark: Mark
    kept: str
    training: list[Edit] = field(default_factory=list)
    prediction: list[Edit] = field(default_factory=list)
    keys: dict[tuple[int, int, str], str] = field(default_factory=dict)
    problem: Problem | None = None

    def twin(self) -> Twin | Problem:
        inside = self.mark.inside
        assert inside is not None
        for deed in inside.deeds:
            self._deed(deed)
        if self.problem is not None:
            return replace(self.problem, node=self.mark.node)
        s = self.graph.statements[inside.definition]
        assert isinstance(s.node, ast.FunctionDef)
        source, name = self.graph.notebook.cells[s.cell - 1].python or "", s.node.name
        keeping_name, using_name = f"{name}_keeping", f"{name}_with_kept"
        found = []
        for edits, new in ((self.training, keeping_name), (self.prediction, using_name)):
            piece = cut(source, s.node, dict.fromkeys(edits), comments=False)
            text = re.sub(rf"def\s+{name}\b", f"def {new}", piece.text, count=1)
            found.append(Definition(text, s.cell, piece.lines))
        return Twin(keeping_name, found[0], using_name, found[1])

    def _deed(self, deed: Deed) -> None:
        if is_removal(deed) and not all(self.lineage.sent(c) for c in deed.columns or ()):
            self._lose("it takes a column away that a request does not have", deed.node)
        if deed.inner or deed.turn:
            self._lose("a function goes over tables, or has loops in loops", deed.node)
        context = written(self.graph, self.lineage, deed)
        for test in deed.tests:
            place = self._keep(deed, test, ast.unparse(test.test), "applies")
            self.prediction.append(_replaced(test.test, place))
        if deed.loop is not None and deed.over.counted:
            self._listed(deed, deed.loop)
        for mark in deed.value.marks:
            if mark.what in ("source", "selection", "function") or (mark.what == "fitted" and deed.loop is not None):
                self._lose(f"`{ast.unparse(mark.node)[:60]}` in it cannot be repeated", mark.node)
                continue
            rule = context.rule(mark)
            if isinstance(rule, str):
                self._lose(rule, mark.node)
                continue
            place = ""
            if rule.keep:
                text = rule.capture or rule.keep
                text = f"deepcopy({text})" if isinstance(mark.node, ast.Name) else text
                place = self._keep(deed, deed.node, text, context.name_of(mark, None))
            elif mark.what == "fitted" and mark.operand is not None:
                text = f"deepcopy({ast.unparse(mark.operand)})"
                place = self._keep(deed, deed.node, text, snake(ast.unparse(mark.operand)), after=True)
                self.prediction.append(_replaced(mark.operand, place))
            self.prediction += [replace(e, text=e.text.replace("{kept}", place)) for e in rule.prediction]

    def _listed(self, deed: Deed, loop: ast.For) -> None:
        """A loop over columns that depend on what training data hold."""
        place = self._keep(deed, loop, f"list({ast.unparse(loop.iter)})", "columns", in_loop=False)
        variable = ast.unparse(loop.target)
        there = f"[{variable} for {variable} in {place} if {variable} in {deed.name}]"
        keys = [n for n in walk(loop) if isinstance(n, ast.Subscript) and ast.unparse(n.slice) == variable]
        makes = all(isinstance(n.ctx, ast.Store) for n in keys)
        self.prediction.append(_replaced(loop.iter, place if makes or not isinstance(loop.target, ast.Name) else there))

    def _keep(
        self, deed: Deed, at: ast.stmt, text: str, wish: str, *, after: bool = False, in_loop: bool = True
    ) -> str:
        """Keep the value of `text` before (or after) a statement of the function; how predict() reads it."""
        key = f"[{ast.unparse(deed.loop.target)}]" if deed.loop is not None and in_loop else ""
        if key and deed.loop is not None and not isinstance(deed.loop.target, ast.Name):
            self._lose("a loop with several variables keeps values", deed.node)
        known = (at.lineno, at.col_offset, text)
        if known not in self.keys:
            taken, name, n = set(self.keys.values()), wish, 1
            while name in taken:
                n += 1
                name = f"{wish}_{n}"
            self.keys[known] = name
            target = f'{self.kept}.setdefault("{name}", {{}}){key}' if key else f'{self.kept}["{name}"]'
            indentation = " " * at.col_offset
            if after:
                end = (at.end_lineno or 0, at.end_col_offset or 0)
                self.training.append(Edit(*end, *end, f"\n{indentation}{target} = {text}"))
            else:
                start = (at.lineno, at.col_offset)
                self.training.append(Edit(*start, *start, f"{target} = {text}\n{indentation}"))
        return f'self.{self.kept}["{self.keys[known]}"]{key}'

    def _lose(self, why: str, node: ast.AST) -> None:
        self.problem = self.problem or Problem("NB351", why, node)


def setup_of(twin: Twin, call: ast.Call, kept: str) -> str:
    """What the run does beside the notebook to see the values: the function on copies of what it is given."""

    def copied(node: ast.expr) -> ast.expr:
        return ast.Call(ast.Name("deepcopy", ast.Load()), [node], [])

    again = ast.Call(ast.Name(twin.keeping_name, ast.Load()), [copied(a) for a in call.args],
                     [ast.keyword(k.arg, copied(k.value)) for k in call.keywords])  # fmt: skip
    return f"{kept} = {{}}\n{twin.keeping.text}\n{ast.unparse(again)}"


def _replaced(node: ast.expr, text: str) -> Edit:
    return Edit(node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0, text)
