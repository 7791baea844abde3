"""Mutants: a generated module with one small fault in it, which the generated tests should notice.

    price = Z["area"] * slope      ->   price = Z["area"] / slope       operator
                                   ->   price = Z["area_"] * slope      text
                                   ->   pass                            statement

Pure: source in, mutants out, by the positions of the syntax tree. Only what came from the notebook is changed, not the
frame around it (command line, loading). Faults that no test could notice are not made: seeds, output, threads, copies.
"""

import ast
import hashlib
import itertools
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: `before` at the bytes `start` to `end` of the file's UTF-8 text becomes `after`.

    `file` is relative to the project, `line` 1-based; `scope` the function or class, empty for a constant of a module.
    """

    file: str
    line: int
    scope: str
    kind: str
    start: int
    end: int
    before: str
    after: str

    def apply(self, source: str) -> str:
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()

    def __str__(self) -> str:
        changed = "removed" if self.kind == "statement" else f"-> `{_short(self.after)}`"
        return f"{self.file}:{self.line}: `{_short(self.before)}` {changed}"


SCOPES: Mapping[str, tuple[str, ...]] = {
    "predict.py": ("Predictor.predict",),
    "features.py": ("",),
    "train.py": ("",),
    "schema.py": ("",),
}
"""Where mutants are made; an empty name stands for every function and constant but those in `FRAME`."""

FRAME = frozenset({"main", "load", "__post_init__", "Params", "Training", "Request", "Row"})

TURNS = ("predict.py", "features.py", "train.py", "predict.py", "features.py", "schema.py")
"""Whose turn it is to give a mutant: prediction code most often, as answers come from it."""

_OPERATORS: Mapping[type[ast.AST], tuple[str, str]] = {
    ast.Add: (r"\+", "-"), ast.Sub: ("-", "+"), ast.Mult: (r"\*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"), ast.Pow: (r"\*\*", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: (r"\|", "&"),
    ast.Lt: ("<", ">="), ast.LtE: ("<=", ">"), ast.Gt: (">", "<="), ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"), ast.NotIn: (r"not\s+in", "in"),
    ast.Is: ("is", "is not"), ast.IsNot: (r"is\s+not", "is"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
"""Each operator as it is written, and what stands in its place. Comparisons are negated: golden rows seldom lie exactly
on a bound, so that `<` for `<=` could not be noticed."""

_OTHER_DTYPE = {"float64": "float32", "float32": "float64", "int64": "int32", "int32": "int64", "bool": "object"}

_OUTPUT = frozenset({"print", "display", "plot", "show", "hist", "head", "info", "describe", "warn", "filterwarnings"})
_UNSEEN = re.compile(
    r"(.*_)?seed|random_state|verbos(e|ity)|n_jobs|num_threads|max_iter|tol|deterministic|force_(row|col)_wise"
    r"|copy|cache_size|memory|stacklevel|manual_seed|set_num_threads"
)
"""Settings that do not change an answer, or change it at random; a call of such a name is left alone as well."""

_NO_EFFECT_CALLS = frozenset({"copy", "train", "eval", "zero_grad", "close", "simplefilter"})
"""Removing the statement of such a call need not change anything: a network may be in that mode already."""


def make_mutants(file: str, source: str) -> tuple[Mutant, ...]:
    """Every mutant of a module, in the order of its text; none for a module that is not in `SCOPES`.

    `file` is the path in the project, e.g. ``src/houses/predict.py``. Raises SyntaxError for a text that is no Python.
    """
    scopes = SCOPES.get(PurePosixPath(file).name)
    if scopes is None:
        return ()
    found: dict[tuple[int, int, str], Mutant] = {}
    tree = ast.parse(source)
    maker = _Maker(file, source, tree)
    for scope, node in _scopes(tree):
        if scopes == ("",) or scope in scopes:
            for mutant in maker.mutate(scope, node):
                if _compiles(mutant.apply(source)):
                    found.setdefault((mutant.start, mutant.end, mutant.after), mutant)
    return tuple(found[key] for key in sorted(found))


def choose_mutants(sources: Mapping[str, str], limit: int) -> tuple[Mutant, ...]:
    """At most `limit` mutants of the modules `sources` (path in the project -> text), spread over files, functions and
    kinds of fault. The same texts give the same choice on every machine."""
    queues: dict[str, list[deque[Mutant]]] = defaultdict(list)
    for file in sorted(sources):
        queues[PurePosixPath(file).name].append(_spread(make_mutants(file, sources[file]), sources[file]))
    chosen: list[Mutant] = []
    while len(chosen) < limit and any(queue for several in queues.values() for queue in several):
        for name in TURNS:
            for queue in queues.get(name, ()):
                if queue and len(chosen) < limit:
                    chosen.append(queue.popleft())
    return tuple(sorted(chosen, key=lambda mutant: (mutant.file, mutant.start, mutant.end, mutant.after)))


def _spread(mutants: Iterable[Mutant], source: str) -> deque[Mutant]:
    """Mutants in the order they are chosen: each function in turn, in it each kind of fault in turn."""
    digest = hashlib.sha256(source.encode()).hexdigest()

    def lot(mutant: Mutant) -> str:
        return hashlib.sha256(f"{digest} {mutant.start} {mutant.end} {mutant.after}".encode()).hexdigest()

    by_scope: dict[str, dict[str, deque[Mutant]]] = defaultdict(lambda: defaultdict(deque))
    for mutant in sorted(mutants, key=lot):
        by_scope[mutant.scope][mutant.kind].append(mutant)
    return deque(_in_turn([deque(_in_turn(list(kinds.values()))) for kinds in by_scope.values()]))


def _in_turn(queues: list[deque[Mutant]]) -> Iterator[Mutant]:
    while any(queues):
        for queue in queues:
            if queue:
                yield queue.popleft()


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _scopes(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Functions, methods and constants of a module by name; a constant's name is empty."""
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name not in FRAME:
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and node.name not in FRAME:
            for part in node.body:
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name not in FRAME:
                    yield f"{node.name}.{part.name}", part
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if not names & FRAME:
                yield "", node


class _Maker:
    """Makes the mutants of one file; holds its text to turn positions of the tree into bytes."""

    def __init__(self, file: str, source: str, tree: ast.Module) -> None:
        self.file = file
        self.text = source.encode()
        self.line_starts = [0]
        for line in self.text.split(b"\n"):
            self.line_starts.append(self.line_starts[-1] + len(line) + 1)
        self.dtypes = PurePosixPath(file).name == "schema.py"
        self.data = frozenset(_data_texts(tree)) if PurePosixPath(file).name == "train.py" else frozenset[ast.AST]()

    def mutate(self, scope: str, node: ast.AST) -> Iterator[Mutant]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self._block(scope, node.body, node)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            yield from self._expression(scope, node.value)

    # statements

    def _block(
        self, scope: str, body: list[ast.stmt], function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> Iterator[Mutant]:
        for statement in body:
            yield from self._statement(scope, statement, function)

    def _statement(
        self, scope: str, node: ast.stmt, function: ast.FunctionDef | ast.AsyncFunctionDef
    ) -> Iterator[Mutant]:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Raise | ast.Assert | ast.Pass) or _is_text(node):
            return
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from self._block(f"{scope}.{node.name}", node.body, node)
            return
        if _is_output(node):
            return
        if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign) and _has_effect(node):
            yield self._made(scope, "statement", self._start(node), self._end(node), "pass")
        if isinstance(node, ast.Return) and node.value is not None:
            other = _first_argument(function)
            if ast.unparse(node.value) != other:
                yield self._made(scope, "return", self._start(node.value), self._end(node.value), other)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "type_comment"):
                continue
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, ast.stmt):
                    yield from self._statement(scope, part, function)
                elif isinstance(part, ast.ExceptHandler | ast.match_case):
                    yield from self._block(scope, part.body, function)
                elif isinstance(part, ast.withitem):
                    yield from self._expression(scope, part.context_expr)
                elif isinstance(part, ast.expr):
                    yield from self._expression(scope, part)

    # expressions

    def _expression(self, scope: str, node: ast.AST) -> Iterator[Mutant]:
        match node:
            case ast.JoinedStr() | ast.Lambda(args=ast.arguments(args=[])):
                return
            case ast.Constant():
                yield from self._constant(scope, node)
            case ast.BinOp(left=left, op=op, right=right):
                yield from self._operator(scope, left, op, right)
            case ast.Compare(left=left, ops=ops, comparators=others):
                for one, comparison, other in zip([left, *others], ops, others, strict=False):
                    yield from self._operator(scope, one, comparison, other)
            case ast.BoolOp(op=junction, values=values):
                for one, other in itertools.pairwise(values):
                    yield from self._operator(scope, one, junction, other)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
                yield self._made(scope, "operator", self._start(node), self._start(operand), "")
            case ast.Call(func=func, keywords=keywords):
                if _UNSEEN.fullmatch(_name(func)):
                    return
                if _name(func) not in FRAME:
                    yield from self._swapped(scope, keywords)
                if _name(func) == "isinstance":
                    return  # a fault in a type is an error at once, no proof of anything
        for child in _parts(node):
            yield from self._expression(scope, child)

    def _constant(self, scope: str, node: ast.Constant) -> Iterator[Mutant]:
        value, start, end = node.value, self._start(node), self._end(node)
        kind, after = "", ""
        if isinstance(value, bool):
            kind, after = "truth", str(not value)
        elif isinstance(value, int | float):
            kind, after = "number", repr(value + 1)
        elif node in self.data:
            return
        elif isinstance(value, str) and not re.search(rb"[\"']\s+[rRbBuU]?[\"']", self.text[start:end]):
            kind, after = "text", repr(_OTHER_DTYPE.get(value, f"{value}_") if self.dtypes else f"{value}_")
        if kind and after not in ("inf", "nan"):
            yield self._made(scope, kind, start, end, after)

    def _operator(self, scope: str, left: ast.AST, op: ast.AST, right: ast.AST) -> Iterator[Mutant]:
        if type(op) not in _OPERATORS:
            return
        pattern, after = _OPERATORS[type(op)]
        gap_start, gap_end = self._end(left), self._start(right)
        gap = self.text[gap_start:gap_end].decode()
        found = re.fullmatch(rf"([\s)\\]*)({pattern})([\s(\\]*)", gap)  # a comment in between: leave it alone
        if found:
            start = gap_start + len(found[1].encode())
            yield self._made(scope, "operator", start, start + len(found[2].encode()), after)

    def _swapped(self, scope: str, keywords: list[ast.keyword]) -> Iterator[Mutant]:
        """The values of two neighbouring keyword arguments, each in the other's place."""
        for one, other in itertools.pairwise(keywords):
            if any(word.arg is None or _UNSEEN.fullmatch(word.arg) for word in (one, other)):
                continue
            first = self.text[self._start(one.value) : self._end(one.value)]
            second = self.text[self._start(other.value) : self._end(other.value)]
            start, end = self._start(one.value), self._end(other.value)
            if first != second:
                between = self.text[self._end(one.value) : self._start(other.value)]
                yield self._made(scope, "swap", start, end, (second + between + first).decode())

    # positions

    def _start(self, node: ast.AST) -> int:
        return self.line_starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined, no-any-return]

    def _end(self, node: ast.AST) -> int:
        return self.line_starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined, no-any-return]

    def _made(self, scope: str, kind: str, start: int, end: int, after: str) -> Mutant:
        line = self.text[:start].count(b"\n") + 1
        return Mutant(self.file, line, scope, kind, start, end, self.text[start:end].decode(), after)


def _data_texts(tree: ast.Module) -> Iterator[ast.AST]:
    """Texts that are no key, no argument and not compared with: data that training makes up, such as labels. A model
    need not be another one for them, so that a prediction need not show it."""
    used: set[ast.AST] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(slice=ast.Constant() | ast.List() | ast.Tuple() as key):
                used.update(ast.walk(key))
            case ast.Dict(keys=keys):
                used.update(key for key in keys if key is not None)
            case ast.Call(args=args, keywords=keywords):
                used.update((*args, *(word.value for word in keywords)))
            case ast.Compare(left=left, comparators=others):
                used.update((left, *others))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in used:
            yield node


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions inside an expression that may be changed."""
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(key, ast.Constant) and _UNSEEN.fullmatch(str(key.value)):
                continue
            yield from (part for part in (key, value) if part is not None)
        return
    if isinstance(node, ast.keyword):
        if node.arg is None or not _UNSEEN.fullmatch(node.arg):
            yield node.value
        return
    if isinstance(node, ast.Lambda):
        yield node.body
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr | ast.keyword | ast.comprehension):
            yield child


def _name(node: ast.AST) -> str:
    """The last word of what is called: ``manual_seed`` of ``torch.manual_seed``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_output(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and _name(node.value.func) in _OUTPUT


def _has_effect(node: ast.Expr | ast.Assign | ast.AugAssign) -> bool:
    """Whether a statement is likely to be missed when it is gone."""
    if isinstance(node, ast.AugAssign):
        return True
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
        return False
    name = _name(node.value.func) if isinstance(node.value, ast.Call) else ""
    return name not in _NO_EFFECT_CALLS and not _UNSEEN.fullmatch(name)


def _first_argument(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
    return names[0] if names else "None"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 50 else line[:47] + "..."
