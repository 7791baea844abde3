"""What a name stands for at one place: an import, a function of the notebook, a constant, a parameter, or a value."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from nb2prod.analysis import effects
from nb2prod.analysis.facts import imported_by_name
from nb2prod.analysis.nodes import walk
from nb2prod.model.roles import Role

if TYPE_CHECKING:
    from nb2prod.analysis.facts import Definition
    from nb2prod.analysis.graph import NotebookGraph, Statement
    from nb2prod.analysis.objects import Contributors

NameKind = Literal["import", "feature", "constant", "parameter", "value"]


_KEPT_BY_IPYTHON = re.compile(r"_{1,3}|In|Out|_\d+|_i{1,3}|_i\d+|_[iod]h|_exit_code")


def is_kept_by_ipython(name: str) -> bool:
    """Whether IPython gives the name a value: what cells showed (``_``, ``_3``, ``Out``), what they were (``In``)."""
    return _KEPT_BY_IPYTHON.fullmatch(name) is not None


def root_name(node: ast.expr) -> str:
    """The name an expression begins with: ``models`` in ``models["rf"].best_``; empty where it is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def import_path(imported: Mapping[str, str], function: ast.expr) -> str:
    """``sklearn.metrics.accuracy_score``; empty where it is nothing imported."""
    attributes: list[str] = []
    while isinstance(function, ast.Attribute):
        attributes.insert(0, function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or function.id not in imported:
        return ""
    return ".".join([imported[function.id], *attributes])


def kind_of(graph: "NotebookGraph", contributors: "Contributors") -> NameKind:
    """`feature` is a function or class defined in the notebook; `constant` needs no data and no parameter to compute.

    Everything else is a `value`: made as the notebook runs.
    """
    return _joined(graph.kinds, contributors)


def statement_kinds(
    statements: "Sequence[Statement]",
    reads: "Sequence[Mapping[str, Contributors]]",
    settled: frozenset[str],
    parameters: frozenset[str],
) -> tuple[NameKind, ...]:
    """For each statement, what a name stands for that it alone contributes to.

    `settled` are the names that one statement binds and none changes: only they can be constants. `parameters` are the
    names a caller may set.
    """
    kinds: list[NameKind] = []
    for s in statements:
        kinds.append(_kind(s, reads[s.number], kinds, settled, parameters))
    of_name = {n: kinds[s.number] for s in statements for n in s.facts.binds}
    definitions = {d.name: d for s in statements if (d := s.facts.definition) is not None}
    functions: set[int] = set()
    for s in statements:  # a lambda is a constant only if what it will read is; else it is a function like others
        definition = s.facts.definition
        if definition is not None and kinds[s.number] == "constant":
            late = _read_in_the_end(definition, definitions) & of_name.keys()
            if not all(of_name[n] in ("import", "feature", "constant") and n in settled for n in late):
                kinds[s.number] = "feature"
                functions.add(s.number)
        elif kinds[s.number] == "constant" and functions & frozenset().union(*reads[s.number].values()):
            kinds[s.number] = "value"
    return tuple(kinds)


def _read_in_the_end(definition: "Definition", definitions: "Mapping[str, Definition]") -> frozenset[str]:
    """The names that calling it reads, with those that the functions it calls read."""
    found: set[str] = set()
    pending = [definition]
    while pending:
        new = pending.pop().late_reads - found
        found |= new
        pending += [definitions[n] for n in new if n in definitions]
    return frozenset(found)


def _joined(kinds: "Sequence[NameKind]", contributors: "Contributors") -> NameKind:
    every = [kinds[n] for n in contributors]
    if len(every) == 1:
        return every[0]
    return "import" if every and all(k == "import" for k in every) else "value"


def _kind(
    s: "Statement",
    reads: "Mapping[str, Contributors]",
    kinds: "Sequence[NameKind]",
    settled: frozenset[str],
    parameters: frozenset[str],
) -> NameKind:
    if is_import(s.node):
        return "import"
    if isinstance(s.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return "feature"
    if s.role is Role.PARAMETERS and is_parameter(s.node) and s.facts.binds <= parameters:
        return "parameter"
    if s.role in (Role.PARAMETERS, Role.REQUEST) or not s.facts.binds <= settled:
        return "value"
    if is_type_alias(s.node):  # what it names is looked up when somebody asks for it, as in a function
        own = ("constant", "import", "feature")
        return "constant" if all(_joined(kinds, c) in own for c in reads.values()) else "value"
    if not _is_computed(s.node):
        return "value"
    return "constant" if all(_joined(kinds, c) in ("constant", "import") for c in reads.values()) else "value"


def is_type_alias(node: ast.stmt) -> bool:
    """``type Rows = list[float]``, which Python 3.11 does not have."""
    return node.__class__.__name__ == "TypeAlias"


def is_import(node: ast.stmt) -> bool:
    """``import x``, or ``try: import x / except ImportError: x = None``: nothing but imports and literals."""
    if isinstance(node, ast.Import | ast.ImportFrom) or imported_by_name(node) is not None:
        return True
    if not isinstance(node, ast.Try) or node.orelse or node.finalbody:
        return False
    body = [*node.body, *(s for handler in node.handlers for s in handler.body)]
    return any(isinstance(s, ast.Import | ast.ImportFrom) for s in node.body) and all(
        isinstance(s, ast.Import | ast.ImportFrom | ast.Pass)
        or (isinstance(s, ast.Assign) and is_plain_data(s.value) and isinstance(s.targets[0], ast.Name))
        for s in body
    )


def is_plain_data(node: ast.expr) -> bool:
    """A literal of numbers, strings and containers of these."""
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return is_plain_data(operand)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return all(is_plain_data(p) for p in parts)
        case ast.Dict(keys=keys, values=values):
            return all(k is not None and is_plain_data(k) for k in keys) and all(is_plain_data(v) for v in values)
        case _:
            return False


def is_parameter(node: ast.stmt) -> bool:
    """``alpha = 1.0`` or ``alpha: float = 1.0``: one name, a literal."""
    match node:
        case ast.Assign(targets=[ast.Name()], value=value):
            return _is_json(value)
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            return _is_json(value)
        case _:
            return False


def _is_json(node: ast.expr) -> bool:
    return is_plain_data(node) and not any(
        isinstance(n, ast.Tuple | ast.Set) or (isinstance(n, ast.Constant) and isinstance(n.value, bytes | complex))
        for n in walk(node)
    )


def _is_computed(node: ast.stmt) -> bool:
    """Whether the statement binds a name to something that is computed from what it reads alone."""
    match node:
        case (
            ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)
        ):
            return isinstance(value, ast.Lambda) or all(_is_constant_part(part) for part in walk(value))
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):  # rooms, beds = 3, 4
            plain = all(isinstance(n, ast.Name) for n in names) and len(names) == len(values)
            return plain and all(isinstance(v, ast.Constant) for v in values)
        case _:
            return False


_CLASS_MAKERS = frozenset({"namedtuple"})


def made_class(node: ast.stmt) -> tuple[str, ...]:
    """The class that a statement makes without `class`: ``Node = namedtuple("Node", "left right")``."""
    match node:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=maker) | ast.Attribute(attr=maker))
        ):
            return (name,) if maker in _CLASS_MAKERS else ()
        case _:
            return ()


def _is_constant_part(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in effects.PURE_CONSTRUCTORS | _CLASS_MAKERS
        case ast.Call(func=ast.Attribute(attr="namedtuple", value=ast.Name(id="collections"))):
            return True
        case ast.Call(func=ast.Attribute(attr=attr, value=ast.Name(id=module))):
            return (module, attr) == ("re", "compile") or attr in {"keys", "values", "items"}
        case ast.Call() | ast.Await() | ast.Yield() | ast.YieldFrom() | ast.NamedExpr():
            return False
        case ast.Attribute(attr=attr):  # ``os.environ["SCALE"]`` is another machine's, and may be set by a cell
            return attr not in {"environ", "environb", "argv"}
        case _:
            return True
