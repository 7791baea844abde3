"""`tests/test_notebook.py`: the notebook's own test cells, one function for each cell."""

import ast
from itertools import groupby

from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.plan.splice import indent
from nb2prod.render.package import constant_names
from nb2prod.render.templates import fill


def notebook_tests(plan: ExtractionPlan) -> str:
    """The source, or an empty string where there is no test cell that can stand alone."""
    functions = []
    for cell, codes in groupby(plan.tests, key=lambda c: c.cell):
        texts = [code.text for code in codes]
        used = {n.id for text in texts for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Name)}
        lines = [f"def test_cell_{cell}() -> None:", f'    """Notebook cell {cell}."""']
        lines += ["    predictor = Predictor.load()"] if used & {*plan.artifacts, *_response(plan)} else []
        lines += ['    request = request_from_json(GOLDEN["body"])'] if used & {*plan.request, *_response(plan)} else []
        lines += [f"    {name} = predictor.predict(**request)" for name in _response(plan) if name in used]
        lines += [f'    {name} = request["{name}"]' for name in plan.request if name in used]
        lines += [f"    {name} = predictor.{name}" for name in plan.artifacts if name in used]
        lines += [indent(text) for text in texts]
        functions.append("\n".join(lines))
    if not functions:
        return ""
    names = sorted({*plan.needs, *constant_names(plan.constants)})
    return fill(
        "project/test_notebook.py.jinja",
        package=plan.package,
        imports="\n".join(plan.imports),
        features=f"from {plan.package}.features import {', '.join(names)}" if names else "",
        functions="\n\n\n".join(functions),
    )


def _response(plan: ExtractionPlan) -> tuple[str, ...]:
    return (plan.returns_name,) if plan.returns_name else ()
