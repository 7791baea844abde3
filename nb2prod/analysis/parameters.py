"""The parameters cell as typed settings: what is declared, and what a caller may give instead.

papermill runs a parameter's *name* as code, only warns about an unknown one, and turns what it does not know (tuples,
bytes) into strings. So names and values are judged here, before papermill sees them:

    n = 10             # rows       -> Parameter("n", "int", 10, "10", "rows", ...)
    steps = n * 2                   -> a derived value: code, not a parameter
    -p n=20                         -> {"n": 20}
    -p n=many                       -> UsageError: `n` is int, `many` is not
"""

import ast
import difflib
import io
import json
import keyword
import math
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nb2prod.analysis.nodes import walk
from nb2prod.errors import UsageError, Where
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role

_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ELEMENT = re.compile(r"list\[(?P<item>.+)\]|dict\[str, *(?P<value>.+)\]")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One name of the parameters cell that is bound to a literal.

    `annotation` is one of ``int float str bool None Any list[…] dict[str, …]``, with ``| None`` where the notebook says
    so; `source` is the text of the default as written; `comment` the text after ``#`` on its last line.
    """

    name: str
    annotation: str
    default: Any
    source: str
    comment: str
    cell: int
    line: int


@dataclass(frozen=True, slots=True)
class DerivedValue:
    """A name of the parameters cell that is computed, or no JSON value: it stays code. `reads` are names it reads."""

    name: str
    cell: int
    line: int
    reads: tuple[str, ...]


def declared_parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """Return the parameters in the order of their first binding; the last binding gives the default."""
    declared: dict[str, Parameter] = {}
    for binding in _bindings(notebook):
        if isinstance(binding, Parameter):
            declared[binding.name] = binding
    for derived in derived_values(notebook):
        declared.pop(derived.name, None)
    return tuple(declared.values())


def derived_values(notebook: Notebook) -> tuple[DerivedValue, ...]:
    """Return the names of the parameters cells that are not parameters, in order."""
    return tuple(binding for binding in _bindings(notebook) if isinstance(binding, DerivedValue))


def parse_parameters(
    declared: tuple[Parameter, ...], given: Mapping[str, Any], others: tuple[DerivedValue, ...] = ()
) -> dict[str, Any]:
    """Read `given` by the declared types; text (from ``-p name=value``) is parsed, other values must fit.

    `others` are names of the parameters cells that are no parameters, to say so.

    Raises UsageError: NB210 the name is no name, NB211 unknown name, NB212 the value is not of the declared type.
    """
    by_name = {parameter.name: parameter for parameter in declared}
    for other in others:
        if other.name in given and other.name not in by_name:
            raise UsageError(
                f"`{other.name}` is no parameter, though it stands in the parameters cell: it is computed, or several "
                "names are set at once.", code="NB211", where=Where(cell=other.cell, line=other.line),
                hint=f"Write `{other.name} = value` with a plain value on a line of its own.",
            )  # fmt: skip
    return {name: _read(by_name[name], value) for name, value in given.items() if _known(name, by_name)}


def check_parameters(declared: tuple[Parameter, ...], values: Mapping[str, Any]) -> None:
    """Raise UsageError (as `parse_parameters`) unless `values` are declared and of their types. Text is not parsed."""
    by_name = {parameter.name: parameter for parameter in declared}
    for name, value in values.items():
        if _known(name, by_name):
            _fit(by_name[name], value)


def stale_values(notebook: Notebook, given: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Find values computed inside the parameters cell from a parameter that `given` replaces.

    papermill sets parameters *after* the cell: ``n = 10; steps = n * 2`` with ``n=20`` leaves ``steps`` at 20, not 40.
    """
    changed = set(given)
    findings = []
    for derived in derived_values(notebook):
        stale = sorted(changed & set(derived.reads))
        if stale:
            changed.add(derived.name)
            findings.append(
                Finding(
                    "NB213",
                    Severity.ERROR,
                    f"`{derived.name}` is computed in the parameters cell from `{stale[0]}`, which is set after that "
                    f"cell has run, so `{derived.name}` would keep the old value.",
                    derived.cell,
                    derived.line,
                    "Move this line to a cell below the parameters cell.",
                )
            )
    return tuple(findings)


def _bindings(notebook: Notebook) -> Iterator[Parameter | DerivedValue]:
    for cell in notebook.with_role(Role.PARAMETERS):
        if cell.python is None:
            continue
        comments = _comments(cell.python)
        for statement in ast.parse(cell.python).body:
            yield from _bound(statement, cell, comments)


def _bound(statement: ast.stmt, cell: Cell, comments: Mapping[int, str]) -> Iterator[Parameter | DerivedValue]:
    name, value, written = _plain_assignment(statement)
    if name is not None and value is not None and not _refused_name(name):
        annotation = _annotation(value, written)
        if annotation:
            line = statement.end_lineno or statement.lineno
            source = ast.get_source_segment(cell.python or "", value) or ast.unparse(value)
            default = ast.literal_eval(value)
            yield Parameter(name, annotation, default, source, comments.get(line, ""), cell.index, statement.lineno)
            return
    names = [node for node in walk(statement) if isinstance(node, ast.Name)]
    reads = tuple(dict.fromkeys(node.id for node in names if isinstance(node.ctx, ast.Load)))
    for node in names:
        if isinstance(node.ctx, ast.Store):
            # An augmented assignment reads its own target too.
            own = (node.id,) if isinstance(statement, ast.AugAssign) else ()
            yield DerivedValue(node.id, cell.index, statement.lineno, reads + own)


def _plain_assignment(statement: ast.stmt) -> tuple[str | None, ast.expr | None, str]:
    """``name = value`` or ``name: annotation = value`` as (name, value, annotation)."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        if isinstance(target, ast.Name):
            return target.id, statement.value, ""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        written = statement.annotation
        text = written.value if isinstance(written, ast.Constant) else ast.unparse(written)
        return statement.target.id, statement.value, str(text)
    return None, None, ""


def _annotation(value: ast.expr, written: str) -> str:
    """The type of a parameter: as written where we know the type, else that of its literal; empty if it is neither."""
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return ""
    if not _is_json(default):
        return ""
    known = _normal(written)
    return known if known and _conforms(default, known) else type_of(default)


def _normal(written: str) -> str:
    optional = re.fullmatch(r"(?:typing\.)?Optional\[(.+)\]", written.strip())
    text = optional[1] + " | None" if optional else written.strip()
    text = re.sub(r"\b(?:typing\.)?(List|Dict|Any)\b", lambda found: found[1].replace("L", "l").replace("D", "d"), text)
    base = text.removesuffix("| None").strip()
    element = _ELEMENT.fullmatch(base)
    inner = (element["item"] or element["value"]) if element else base
    base = {"list": "list[Any]", "dict": "dict[str, Any]"}.get(base, base)
    plain = {"int", "float", "str", "bool", "None", "Any", "list", "dict"}
    if inner not in plain and not (element and _normal(inner)):
        return ""
    return base + " | None" if text.endswith("| None") else base


def type_of(value: Any) -> str:
    """The annotation of a JSON value, e.g. ``list[int]``; a list of ints and floats is ``list[float]``.

    The same as `annotate` in nb2prod/execute/kernel/schema.py, which the notebook's kernel loads without nb2prod.
    """
    if value is None:
        return "None"
    if isinstance(value, list):
        return f"list[{_common(value)}]"
    if isinstance(value, dict):
        return f"dict[str, {_common(list(value.values()))}]"
    return type(value).__name__


def _common(values: list[Any]) -> str:
    kinds = {type_of(value) for value in values}
    if kinds == {"int", "float"}:
        return "float"
    return kinds.pop() if len(kinds) == 1 else "Any"


def _comments(source: str) -> dict[int, str]:
    """Line -> text of the comment on it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("#").strip() for token in tokens if token.type == tokenize.COMMENT}


def _refused_name(name: str) -> bool:
    return not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__")


def _known(name: Any, by_name: Mapping[str, Parameter]) -> bool:
    if not isinstance(name, str) or _refused_name(name):
        raise UsageError(
            f"`{str(name)[:80]}` cannot be the name of a parameter.",
            code="NB210",
            hint="A name is letters, digits and underscores, and no Python keyword.",
        )
    if name in by_name:
        return True
    nearest = difflib.get_close_matches(name, by_name, n=1)
    listed = ", ".join(by_name) if by_name else "none (no cell is tagged `parameters`)"
    hint = f"Did you mean `{nearest[0]}`? " if nearest else ""
    raise UsageError(f"Unknown parameter `{name}`.", code="NB211", hint=f"{hint}Declared: {listed}.")


def _read(parameter: Parameter, value: Any) -> Any:
    if isinstance(value, str):
        value = _parse(parameter, value)
    return _fit(parameter, value)


def _parse(parameter: Parameter, text: str) -> Any:
    """Text of the command line as a value of the declared type; what does not read stays text (and does not fit)."""
    wanted = parameter.annotation
    base = wanted.removesuffix("| None").strip()
    if base == "str" and not (wanted != base and text in ("null", "None")):
        return text
    plain = text.strip()
    if plain in ("null", "None") and (wanted != base or base in ("None", "Any")):
        return None
    if base in ("bool", "None", "Any") and plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if base in ("int", "float", "None", "Any") and _INT.fullmatch(plain) and len(plain) < 20:
        return int(plain)
    if base in ("float", "None", "Any") and _FLOAT.fullmatch(plain):
        return float(plain)
    if base.startswith(("list", "dict")) or (base in ("None", "Any") and plain[:1] in ("[", "{")):
        try:
            return json.loads(plain)
        except ValueError as error:
            raise _wrong(parameter, text, f"Write it as JSON ({error}).") from None
    return text


def _fit(parameter: Parameter, value: Any) -> Any:
    base = parameter.annotation.removesuffix("| None").strip()
    if not _is_json(value):
        raise _wrong(parameter, value, "Parameters are numbers, text, true/false, lists and dicts with text keys.")
    if base != "None" and not _conforms(value, parameter.annotation):
        raise _wrong(parameter, value, f"Its default is {parameter.source}.")
    return float(value) if base == "float" and isinstance(value, int) else value


def _wrong(parameter: Parameter, value: Any, hint: str) -> UsageError:
    return UsageError(
        f"Parameter `{parameter.name}` is {parameter.annotation}; `{str(value)[:80]}` is not.",
        code="NB212",
        hint=hint,
        where=Where(cell=parameter.cell, line=parameter.line),
    )


def _conforms(value: Any, annotation: str) -> bool:
    base = annotation.removesuffix("| None").strip()
    if value is None:
        return base in ("None", "Any") or base != annotation
    if base in ("Any", "object"):
        return True
    if base == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    element = _ELEMENT.fullmatch(base)
    if element and element["item"]:
        return isinstance(value, list) and all(_conforms(item, element["item"]) for item in value)
    if element:
        return isinstance(value, dict) and all(_conforms(item, element["value"]) for item in value.values())
    return type(value).__name__ == base


def _is_json(value: Any) -> bool:
    """Whether papermill passes the value as it is: finite numbers, text, lists, dicts with text keys."""
    if isinstance(value, bool) or value is None:
        return True
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, str):
        return not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    return False
