"""The modules of a generated package, as text. Layout is left to ruff; line breaks here only separate pieces."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nb2prod.analysis.locals import FunctionNode, bound_name
from nb2prod.model.run import RunRecord
from nb2prod.model.schema import ValueSchema
from nb2prod.plan.code import Code
from nb2prod.plan.extraction import ExtractionPlan
from nb2prod.plan.splice import indent
from nb2prod.render.annotations import Annotation, type_annotation, value_annotation
from nb2prod.render.schema import schema_module
from nb2prod.render.templates import fill


def package_modules(plan: ExtractionPlan, record: RunRecord, title: str, notebook: str) -> dict[str, str]:
    """File name within the package -> source. `artifacts.py` is made by `nb2prod.render.artifacts`."""
    modules = {
        "__init__.py": fill("package/init.py.jinja", title=_one_line(title), notebook=notebook),
        "params.py": _params(plan),
        "train.py": _train(plan, record),
        "predict.py": _predict(plan, record),
        "schema.py": schema_module(record.schema, _cells(plan.predict)),
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
    lines = []
    for parameter in plan.parameters:
        comment = f"  # {parameter.comment}" if parameter.comment else ""
        default = parameter.source
        if isinstance(parameter.default, list | dict):
            default = f"field(default_factory=lambda: {parameter.source})"
        lines.append(f"    {parameter.name}: {parameter.annotation} = {default}{comment}")
    cells = sorted({p.cell for p in plan.parameters})
    return fill(
        "package/params.py.jinja",
        where=f" (notebook {_cell_list(cells)})" if cells else "",
        summary=f"The parameters of notebook {_cell_list(cells)}." if cells else "The notebook has no parameters.",
        fields="\n".join(lines),
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
        cells=_cells(pieces),
        imports="\n".join(("from functools import partial", *_imports(plan, (p.text for p in pieces)))),
        body=_module_level(pieces),
    )


def _module_level(pieces: Sequence[Code]) -> str:
    """Definitions one below the other, with a comment where another cell begins."""
    lines: list[str] = []
    cell = pieces[0].cell if len({code.cell for code in pieces}) == 1 else None
    for code in pieces:
        is_block = code.text.startswith(("def ", "class ", "async ", "@"))
        lines += ["", ""] if is_block else [""] if code.apart else []
        if code.cell != cell:
            lines.append(f"# Notebook cell {code.cell}")
            cell = code.cell
        lines.append(code.text)
    return "\n".join(lines)


def _train(plan: ExtractionPlan, record: RunRecord) -> str:
    before = len(plan.train) if plan.made_before is None else plan.made_before
    made = f"Predictor({', '.join(f'{name}={_kept(plan, name)}' for name in plan.artifacts)})"
    lines = [f"    {name} = {_parameter(plan, name)}" for name in plan.train_locals]
    lines += _by_cell(plan.train[:before])
    if plan.made_before is not None:
        lines += ["", f"    {plan.predictor_name} = {made}  # before the names below get other values"]
        lines += _by_cell(plan.train[before:])
        made = plan.predictor_name
    metrics = ", ".join(_metric(name, record) for name in plan.metrics)
    own = [*lines[: len(plan.train_locals)], *(c.text for c in plan.train if c.keeps)]
    copies = plan.snapshots or any("deepcopy(" in line for line in own)
    return fill(
        "package/train.py.jinja",
        cells=_cells(plan.train),
        package=plan.package,
        waiting="@runs_to_end\nasync " if waits(plan.train) else "",
        waiting_import=_WAITING if waits(plan.train) else "",
        files=plan.files,
        imports="\n".join((*_imports(plan, (c.text for c in (*plan.train, *plan.training_code))),
                           *(["from copy import deepcopy"] if copies else []))),
        feature_imports=_feature_imports(plan),
        module_level=_module_level(plan.training_code),
        params_name=plan.params_name,
        and_measure=" and measure it" if plan.metrics else "",
        body="\n".join(lines),
        predictor=made,
        metrics="{" + metrics + "}",
    )  # fmt: skip


def _kept(plan: ExtractionPlan, name: str) -> str:
    """What the predictor gets of an artifact that train() may go on to change."""
    value = plan.artifact_values[name]
    return f"deepcopy({value})" if name in plan.snapshots else value


def _parameter(plan: ExtractionPlan, name: str) -> str:
    """A parameter as a local that train() may change: a list of its own."""
    default = next((p.default for p in plan.parameters if p.name == name), None)
    value = f"{plan.params_name}.{name}"
    return f"deepcopy({value})" if isinstance(default, list | dict) else value


def _imports(plan: ExtractionPlan, texts: Iterable[str]) -> list[str]:
    """The notebook's imports that a module of these texts needs, and those made for their effect."""
    words = set(re.findall(r"\w+", "\n".join(texts)))
    kept = []
    for statement in plan.imports:
        bound = {bound_name(alias) for node in ast.walk(ast.parse(statement))
                 if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
        if bound & words or statement.startswith("from __future__") or statement.endswith("# noqa: F401"):
            kept.append(statement)
    return sorted(kept, key=lambda text: not text.startswith("from __future__"))


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
        lines += _by_cell((*plan.predict[:-1], _returned(plan.predict[-1])), depth=2)
    else:
        lines += [*_by_cell(plan.predict, depth=2), f"        return {plan.returns_name}"]
    every = [*(types[n] for n in plan.artifacts), *(a for _, a in arguments), returns]
    used = [*(c.text for c in plan.predict), *(a.text for a in every)]
    imports = dict.fromkeys((*_imports(plan, used), *_typing_imports(plan, every)))
    if own or any(text.startswith("deepcopy(") for text in copied.values()):
        imports["from copy import deepcopy"] = None
    return fill(
        "package/predict.py.jinja",
        cells=_cells(plan.predict),
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
    """The names that constants bind: each is one assignment to one name."""
    statements = (s for constant in constants for s in ast.parse(constant.text).body)
    targets = (s.targets[0] if isinstance(s, ast.Assign) else getattr(s, "target", None) for s in statements)
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _by_cell(codes: Sequence[Code], depth: int = 1) -> list[str]:
    """The pieces, indented, with a comment where another cell begins."""
    lines: list[str] = []
    cell = codes[0].cell if len({code.cell for code in codes}) == 1 else None
    for code in codes:
        if code.cell != cell:
            lines += ["", "    " * depth + f"# Notebook cell {code.cell}"]
            cell = code.cell
        elif code.apart and lines:
            lines.append("")
        lines.append(indent(code.text, "    " * depth))
    return lines


def _returned(code: Code) -> Code:
    """The response expression as a ``return``, behind the comments above it."""
    lines = code.text.rstrip().rstrip(";").split("\n")
    first = next(n for n, line in enumerate(lines) if not line.startswith("#"))
    return replace(code, text="\n".join([*lines[:first], "return " + lines[first], *lines[first + 1 :]]))


def _cells(codes: Iterable[Code]) -> str:
    cells = sorted({c.cell for c in codes})
    return f"notebook {_cell_list(cells)}" if cells else "the notebook"


def _cell_list(cells: Sequence[int]) -> str:
    if len(cells) == 1:
        return f"cell {cells[0]}"
    return f"cells {', '.join(map(str, cells[:-1]))} and {cells[-1]}"


def _one_line(text: str) -> str:
    return " ".join(text.replace('"""', "").replace("\\", " ").split())
