"""The modules of a generated package, as text. Layout is left to ruff; line breaks here only separate pieces."""

import ast
from collections.abc import Iterable

from nb2prod.analysis.locals import FunctionNode
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import ValueSchema
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.render.annotations import Annotation, type_annotation, value_annotation
from nb2prod.render.pieces import (
    by_cell,
    cell_list,
    cells_text,
    module_level,
    one_line,
    parameter_fields,
    parameters_summary,
    returned,
    train_lines,
    used_imports,
)
from nb2prod.render.schema import schema_module
from nb2prod.render.templates import fill


def package_modules(plan: ExtractionPlan, record: RunRecord, title: str, notebook: str) -> dict[str, str]:
    """File name within the package -> source. `artifacts.py` is made by `nb2prod.render.artifacts`."""
    modules = {
        "__init__.py": fill("package/init.py.jinja", title=one_line(title), notebook=notebook),
        "params.py": _params(plan),
        "train.py": _train(plan, record),
        "predict.py": _predict(plan, record),
        "schema.py": schema_module(record.schema, cells_text(plan.predict)),
        "service.py": fill("package/service.py.jinja", package=plan.package, name=plan.package),
    }
    if plan.functions or plan.constants:
        modules["features.py"] = _features(plan)
    if waits(plan.train) or waits(plan.predict):
        modules["waiting.py"] = fill("package/waiting.py.jinja")
    return modules


_WAITING = "from .waiting import runs_to_end"


def waits(codes: Iterable[Code]) -> bool:
    """Whether top-level code awaits something, as a notebook may and a function may not."""
    todo: list[ast.AST] = [ast.parse(code.text) for code in codes if "await" in code.text or "async" in code.text]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Await | ast.AsyncFor | ast.AsyncWith) or getattr(node, "is_async", False):
            return True
        if not isinstance(node, FunctionNode):
            todo += ast.iter_child_nodes(node)
    return False


def _params(plan: ExtractionPlan) -> str:
    cells = sorted({p.cell for p in plan.parameters})
    return fill(
        "package/params.py.jinja",
        where=f" (notebook {cell_list(cells)})" if cells else "",
        summary=parameters_summary(plan),
        fields="\n".join(parameter_fields(plan)),
        accepted="\n".join(f'    "{a}": {_kinds(a)},' for a in sorted({p.annotation for p in plan.parameters})),
    )


_KINDS = {"float": "(int, float)", "Any": "(object, bool)", "None": "(object, bool)"}


def _kinds(annotation: str) -> str:
    """The types a parameter of that annotation may have, as a tuple; a default of None says nothing."""
    options = [option.split("[")[0] for option in annotation.split(" | ")]
    if len(options) == 1:
        return _KINDS.get(options[0], f"({options[0]},)")
    kinds = [kind for o in options for kind in {"float": ["int", "float"], "None": ["type(None)"]}.get(o, [o])]
    return f"({', '.join(kinds)})"


def _features(plan: ExtractionPlan) -> str:
    pieces = sorted((*plan.constants, *plan.functions), key=lambda c: c.statement)
    return fill(
        "package/features.py.jinja",
        cells=cells_text(pieces),
        imports="\n".join(("from functools import partial", *used_imports(plan, (p.text for p in pieces)))),
        body=module_level(pieces),
    )


def _train(plan: ExtractionPlan, record: RunRecord) -> str:
    lines, made = train_lines(plan)
    metrics = ", ".join(_metric(name, record) for name in plan.metrics)
    own = [*lines[: len(plan.train_locals)], *(c.text for c in plan.train if c.keeps)]
    copies = plan.snapshots or any("deepcopy(" in line for line in own)
    return fill(
        "package/train.py.jinja",
        cells=cells_text(plan.train),
        package=plan.package,
        waiting="@runs_to_end\nasync " if waits(plan.train) else "",
        waiting_import=_WAITING if waits(plan.train) else "",
        files=plan.files,
        imports="\n".join((*used_imports(plan, (c.text for c in (*plan.train, *plan.training_code))),
                           *(["from copy import deepcopy"] if copies else []))),
        feature_imports=_feature_imports(plan),
        module_level=module_level(plan.training_code),
        params_name=plan.params_name,
        and_measure=" and measure it" if plan.metrics else "",
        body="\n".join(lines),
        predictor=made,
        metrics="{" + metrics + "}",
    )  # fmt: skip


def _metric(name: str, record: RunRecord) -> str:
    if name in record.metrics:
        return f'"{name}": float({name})'
    return f'**{{f"{name}.{{key}}": float(value) for key, value in {name}.items()}}'


def _predict(plan: ExtractionPlan, record: RunRecord) -> str:
    types = {a.name: type_annotation(a.type_name, plan.package) for a in record.artifacts}
    values = {v.name: v for v in record.schema.request}
    arguments = [(name, value_annotation(values[name])) for name in plan.request]
    returns = value_annotation(record.schema.response)
    copied = {name: text for name in plan.copies if (text := _copied(values[name]))}
    lines = [f"        {name} = {text}  # the caller keeps its own" for name, text in copied.items()]
    own = {name: f"deepcopy(self.{name})  # the request's own" for name in plan.copied}
    lines += [f"        {name} = {own.get(name, f'self.{name}')}" for name in plan.predict_locals]
    if plan.returns_name is None:
        lines += by_cell((*plan.predict[:-1], returned(plan.predict[-1])), depth=2)
    else:
        lines += [*by_cell(plan.predict, depth=2), f"        return {plan.returns_name}"]
    every = [*(types[n] for n in plan.artifacts), *(a for _, a in arguments), returns]
    used = [*(c.text for c in plan.predict), *(a.text for a in every)]
    imports = dict.fromkeys((*used_imports(plan, used), *_typing_imports(plan, every)))
    if own or any(text.startswith("deepcopy(") for text in copied.values()):
        imports["from copy import deepcopy"] = None
    return fill(
        "package/predict.py.jinja",
        cells=cells_text(plan.predict),
        waiting="@runs_to_end\n    async " if waits(plan.predict) else "",
        waiting_import=_WAITING if waits(plan.predict) else "",
        imports="\n".join(imports),
        feature_imports=_feature_imports(plan),
        fields="\n".join(f"    {name}: {types[name].text}" for name in plan.artifacts),
        arguments=", ".join(f"{name}: {annotation.text}" for name, annotation in arguments),
        returns=returns.text,
        body="\n".join(lines),
    )


_UNCHANGEABLE = frozenset({"int", "float", "str", "bool", "None"})


def _copied(value: ValueSchema) -> str:
    """The expression that copies a part of the request; empty where nothing can change it."""
    if value.kind in ("frame", "series", "array"):
        return f"{value.name}.copy()"
    if value.kind == "tensor":
        return f"{value.name}.clone()"
    return "" if value.annotation in _UNCHANGEABLE else f"deepcopy({value.name})"


def _typing_imports(plan: ExtractionPlan, annotations: Iterable[Annotation]) -> list[str]:
    """Imports the annotations need and the notebook does not make itself; features come by their own line."""
    bound = {word for text in plan.imports for word in text.replace(",", " ").split()}
    return [
        statement
        for annotation in annotations
        for statement in annotation.imports
        if not statement.startswith("from .features") and statement.rsplit(" ", 1)[-1] not in bound
    ]


def _feature_imports(plan: ExtractionPlan) -> str:
    names = sorted({*(n for n in plan.needs if n not in plan.qualified), *constant_names(plan.constants)})
    lines = [f"from .features import {', '.join(names)}"] if names else []
    if plan.qualified:
        lines.append("from . import features as notebook_code")
    return "\n".join(lines)


def constant_names(constants: Iterable[Code]) -> list[str]:
    """The names that constants bind: each is one assignment to one name, or ``type Rows = …``."""
    statements = (s for constant in constants for s in ast.parse(constant.text).body)
    targets = (
        s.targets[0] if isinstance(s, ast.Assign) else getattr(s, "target", getattr(s, "name", None))
        for s in statements
    )
    return [target.id for target in targets if isinstance(target, ast.Name)]
