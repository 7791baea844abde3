"""Which names are the module's: Python's own compiler is the oracle, through `symtable`."""

# ruff: noqa: E501  (snippets on one line each)

import ast
import symtable
import sys
from collections.abc import Iterator

import pytest

from nb2prod.analysis.facts import statement_facts
from nb2prod.analysis.scopes import global_uses

SNIPPETS = [
    "x = y",
    "x += y",
    "x: int = y",
    "a, (b, *c) = d",
    "a.b = c[d] = e",
    "del x, y.z, w[0]",
    "x = [i for i in y if i > z]",
    "x = {i: j for i, j in y for k in i}",
    "x = (i for i in (j for j in y))",
    "x = [i for i in i]",
    "x = [(last := i) for i in y]",
    "if (n := f(x)) > 3: m = n",
    "for i, (j, k) in x:\n    y = i\nelse:\n    z = k",
    "while x:\n    x = y\n    break",
    "with a as b, c as (d, e):\n    f = b",
    "try:\n    a\nexcept b as e:\n    print(e)\nelse:\n    c\nfinally:\n    d",
    "try:\n    a\nexcept* b as e:\n    e",
    "match x:\n    case [1, *rest] if y: a\n    case {'k': v, **more}: b\n    case P(z=w) | Q(w): c\n    case str() as s: d",
    "import a.b\nimport c.d as e\nfrom f import g, h as i",
    "def f(a, b=c, *d, e: g = h, **i) -> j:\n    k = a + l\n    return k, m",
    "@dec(x)\nclass A(B, metaclass=M):\n    y = x\n    z = y\n    def f(self): return y, z, self\n    w = [y for i in z]",
    "class A:\n    for i in range(3):\n        j = i\n    import os\n    def g(self): return os, j",
    "class A:\n    x = x\n    class B:\n        y = x",
    "def f():\n    global g, h\n    g = 1\n    def inner():\n        nonlocal x\n        x = g\n    x = h",
    "def f():\n    def g():\n        return x\n    x = 1\n    return g, y",
    "def f():\n    class A:\n        x = 1\n        y = x\n        def g(self): return x\n    return A",
    "f = lambda a, b=c: a + d + (lambda e: e + a + g)(b)",
    "def f():\n    return [x for x in y if (z := x)] + [z]",
    "def f():\n    for i in a:\n        with b as c:\n            try:\n                import d\n            except e as g:\n                h = g\n    return i, c, d, h",
    "def f(x):\n    match x:\n        case [a, *b]: return a, b, c\n        case {'k': d, **e}: return d, e, g",
    "async def f(x):\n    async for i in x:\n        await y\n    async with z as w:\n        return [j async for j in w]",
    "def f():\n    del a\n    b = a",
    "def f(x=[i for i in a], *, y=(lambda: b)): return x, y",
    "x = f'{a!r:>{b}} {c + (lambda d: d + e)(1)}'",
    "def f():\n    yield a\n    x = yield from b\n    return x",
    "x = y if z else [*a, *b]; g(**c)",
    "class A:\n    a = 1\n    b = [a for _ in range(3)]\n    c = lambda self: a",
    "class A:\n    x: T = y\n    z: U",
    "def f():\n    def g(): pass\n    class h: pass\n    return g, h, f",
    "a = b = c\na += b\nassert d, e\nraise g from h",
]  # fmt: skip
if sys.version_info >= (3, 12):
    SNIPPETS += [
        "type A = B | c",
        "type A[T: (B, C), *Ts, **P] = dict[T, D]",
        "def f[T: B](x: T, y: C = d) -> T:\n    z: T = x\n    return e",
        "class A[T: B](C[T]):\n    x: T\n    Y = D\n    def f[U: Y](self, y: Y) -> U: return Y, T, g",
        "def f():\n    type A = B\n    return A",
        "x = f'{a!r} {f'{b}' + ', '.join(c for c in d)}'",
    ]
if sys.version_info >= (3, 13):
    SNIPPETS += ["def f[T = A](x: T): return x", "class A[T = B, *Ts = C, **P = [D]]: pass"]


@pytest.mark.parametrize("source", SNIPPETS)
def test_the_names_of_the_module_are_those_python_says(source: str) -> None:
    uses = [use for statement in ast.parse(source).body for use in global_uses(statement)]
    found_reads = {u.name for u in uses if u.context == "load"}
    found_stores = {u.name for u in uses if u.context != "load"}
    table = symtable.symtable(_with_own_scopes(source), "<cell>", "exec")
    stores = {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
    stores |= {s.get_name() for scope in _scopes(table) for s in scope.get_symbols()
               if s.is_declared_global() and s.is_assigned()}  # fmt: skip
    reads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    reads |= {s.get_name() for scope in _scopes(table) for s in scope.get_symbols() if _is_global_read(scope, s)}
    assert found_stores == stores
    assert found_reads - stores == reads - stores  # of names the module binds, order decides whether a read is global


@pytest.mark.parametrize(("source", "names"), [
    ("x: int", {"int"}),
    ("def f():\n    x: int = y\n    return x", {"f", "y"}),  # annotations of locals are never evaluated
    ("def f(x: 'list[Row]') -> 'Row': return x", {"f", "list", "Row"}),
])  # fmt: skip
def test_annotations(source: str, names: set[str]) -> None:
    (statement,) = ast.parse(source).body
    assert {u.name for u in global_uses(statement)} == names


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_a_type_alias_sees_the_names_of_its_class() -> None:
    (statement,) = ast.parse("class A:\n    Y = int\n    type B = Y | C").body
    assert {u.name for u in global_uses(statement)} == {"A", "C", "int"}


class _Generators(ast.NodeTransformer):
    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(node.elt, node.generators)

    visit_SetComp = visit_ListComp

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        self.generic_visit(node)
        return ast.GeneratorExp(ast.Tuple([node.key, node.value], ast.Load()), node.generators)


def _with_own_scopes(source: str) -> str:
    """Since Python 3.12 `symtable` has the variables of a comprehension, but for a generator's, in the scope around."""
    return ast.unparse(_Generators().visit(ast.parse(source)))


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _scopes(child)


def _is_global_read(scope: symtable.SymbolTable, symbol: symtable.Symbol) -> bool:
    return symbol.is_referenced() and symbol.is_global()


@pytest.mark.parametrize(("source", "late"), [
    ("def f(): return x", {"x"}),
    ("def f(a=y): return x", {"x"}),
    ("f = lambda: x", {"x"}),
    ("class A:\n    y = x\n    def f(self): return z", {"z"}),
    ("x = [y for _ in z]", set()),
    ("x = sorted(y, key=lambda i: i + z)", {"z"}),
])  # fmt: skip
def test_what_functions_read_is_read_late(source: str, late: set[str]) -> None:
    (statement,) = ast.parse(source).body
    assert {u.name for u in global_uses(statement) if u.late and u.context == "load"} == late


@pytest.mark.parametrize(("source", "reads", "binds", "maybe"), [
    ("x = x + 1", {"x"}, {"x"}, set()),
    ("if c:\n    x = 1\nelse:\n    x = 2", {"c"}, {"x"}, set()),
    ("if c:\n    x = 1", {"c"}, set(), {"x"}),
    ("for i in r:\n    x = i\n    y = x", {"r"}, set(), {"i", "x", "y"}),
    ("while c:\n    x = y\n    y = x", {"c", "y"}, set(), {"x", "y"}),
    ("try:\n    x = a\nexcept E:\n    x = b", {"a", "b", "E"}, {"x"}, set()),
    ("try:\n    x = a\nexcept E:\n    pass", {"a", "E"}, set(), {"x"}),
    ("try:\n    x = a\nfinally:\n    y = b", {"a", "b"}, {"x", "y"}, set()),
    ("with a as b:\n    x = b", {"a"}, {"b", "x"}, set()),
    ("with suppress(E):\n    x = a", {"suppress", "E", "a"}, set(), {"x"}),
    ("c and (x := 1)", {"c"}, set(), {"x"}),
    ("(x := 1) and c", {"c"}, {"x"}, set()),
    ("match a:\n    case [x]: y = x", {"a"}, set(), {"x", "y"}),
    ("del x", {"x"}, set(), set()),
    ("df.query('a > @limit')", {"df", "limit"}, set(), set()),
])  # fmt: skip
def test_what_a_statement_reads_and_binds(source: str, reads: set[str], binds: set[str], maybe: set[str]) -> None:
    (statement,) = ast.parse(source).body
    facts = statement_facts(statement)
    assert (facts.reads, facts.binds, facts.maybe) == (reads, binds, maybe)
