"""The statements that make features, as they read in train() and in predict()."""

import ast
from collections.abc import Sequence
from dataclasses import replace

from nb2prod.analysis.graph import Statement
from nb2prod.analysis.nodes import walk
from nb2prod.plan.code import Code, Splicer, cell_source
from nb2prod.plan.keeping import Definition, Keep, Keeping
from nb2prod.plan.splice import Cut, Edit, cut


def training_code(splicer: Splicer, number: int, keeping: Keeping) -> Code:
    """The statement with what it keeps: before it, behind it, or inside its block."""
    code = splicer.statement(number)
    keeps = [k for k in keeping.keeps if k.number == number]
    if not keeps:
        return code
    s = splicer.graph.statements[number]
    source = cell_source(splicer.graph, s.cell)
    step = keeping.step(number)
    edits = list(step.training) if step else []
    names = [e for e in splicer.edits(s, source) if not _inside(e, edits)]
    nested = [_insertion(_at(s.node, k), k, _line(splicer, s, k)) for k in keeps if k.path]
    above, own = _split(cut(source, s.node, [*edits, *names, *nested]), s.cell)
    here = (s.cell, code.first_line)
    before = [(_line(splicer, s, k), here) for k in keeps if not k.path and k.when == "before"]
    before += [(f"{k.name} = {{}}", here) for k in keeps if k.key is not None]
    before += [line for k in keeps if k.definition for line in (("", here), *_defined(k.definition))]
    after = [(_line(splicer, s, k), here) for k in keeps if not k.path and k.when == "after"]
    return replace(_with(code, [*above, *before, *own, *after]), keeps=True)


def prediction_code(splicer: Splicer, number: int, keeping: Keeping) -> Code | None:
    """The statement with kept values; None where a prediction has nothing of it to do."""
    step = keeping.step(number)
    assert step is not None
    if not step.is_repeated:
        return None
    s = splicer.graph.statements[number]
    source = cell_source(splicer.graph, s.cell)
    own = [e for e in step.prediction if not _inside(e, [o for o in step.prediction if o != e])]
    names = [e for e in splicer.edits(s, source) if not _inside(e, own)]
    edits = [*own, *names]
    piece = cut(source, s.node, edits)
    above, body = _split(piece, s.cell)
    if step.gives:
        texts = [(part, f"{name} = {_expression(source, part, edits)}{copied}") for name, part, copied in step.gives]
        body = [(line, (s.cell, part.lineno)) for part, text in texts for line in text.split("\n")]
    elif s.literal:
        body[0] = (f"{next(iter(s.facts.binds))} = {body[0][0]}", body[0][1])
    before = [line for definition in step.definitions for line in _defined(definition)]
    return _with(Code(number, s.cell, "", (), piece.first_line, piece.apart), [*above, *before, *body])


_Line = tuple[str, tuple[int, int]]
"""A line of text; the cell and its line that it comes from. What is nb2prod's own comes from the statement's first."""


def _split(piece: Cut, cell: int) -> tuple[list[_Line], list[_Line]]:
    """(comment lines above the code, the code)."""
    lines = [(text, (cell, line)) for text, line in zip(piece.text.split("\n"), piece.lines, strict=True)]
    first = next((n for n, (text, _) in enumerate(lines) if not text.startswith("#")), 0)
    return lines[:first], lines[first:]


def _defined(definition: Definition) -> list[_Line]:
    lines = [(definition.cell, line) for line in definition.lines]
    return [*zip(definition.text.split("\n"), lines, strict=True), ("", lines[-1])]


def _with(code: Code, lines: Sequence[_Line]) -> Code:
    return replace(code, text="\n".join(text for text, _ in lines), lines=tuple(origin for _, origin in lines))


def _expression(source: str, part: ast.expr, edits: list[Edit]) -> str:
    """The text of one expression of a statement, with the edits inside it made."""
    statement = ast.copy_location(ast.Expr(part), part)
    start, end = (part.lineno, part.col_offset), (part.end_lineno or 0, part.end_col_offset or 0)
    inside = [e for e in edits if start <= (e.line, e.column) and (e.end_line, e.end_column) <= end]
    text = cut(source, statement, inside, comments=False).text
    behind = source.split("\n")[end[0] - 1].encode()[end[1] :].decode().strip()
    text = text.removesuffix(behind).strip() if behind.startswith("#") else text.strip()
    return f"({text})" if "\n" in text else text


def _inside(edit: Edit, others: list[Edit]) -> bool:
    """Whether another edit replaces the text that this one is about."""
    start, end = (edit.line, edit.column), (edit.end_line, edit.end_column)
    for other in others:
        first, last = (other.line, other.column), (other.end_line, other.end_column)
        if first == last:
            continue
        if (start, end) == (first, last):
            return True
        if first <= start and end <= last and not (start == end and start in (first, last)):
            return True
    return False


def _at(node: ast.AST, keep: Keep) -> ast.stmt:
    for name, index in keep.path:
        node = getattr(node, name)[index]
    assert isinstance(node, ast.stmt)
    return node


def _insertion(statement: ast.stmt, keep: Keep, line: str) -> Edit:
    indentation = " " * statement.col_offset
    if keep.when == "before":
        return Edit(statement.lineno, statement.col_offset, statement.lineno, statement.col_offset,
                    f"{line}\n{indentation}")  # fmt: skip
    end = (statement.end_lineno or 0, statement.end_col_offset or 0)
    return Edit(*end, *end, f"\n{indentation}{line}")


def _line(splicer: Splicer, s: Statement, keep: Keep) -> str:
    name = keep.name if keep.key is None else f"{keep.name}[{keep.key}]"
    line = f"{name} = {_named(splicer, s, keep.training)}"
    return f"if {_named(splicer, s, keep.guard)}: {line}" if keep.guard else line


def _named(splicer: Splicer, s: Statement, text: str) -> str:
    """An expression of the notebook with its names as they read here."""
    tree = ast.parse(text, mode="eval")
    data = text.encode()
    found = [n for n in walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    for node in sorted(found, key=lambda n: n.col_offset, reverse=True):
        other = splicer.value_of(s, node.id)
        if other is not None and node.end_col_offset is not None:
            data = data[: node.col_offset] + other.encode() + data[node.end_col_offset :]
    return data.decode()
