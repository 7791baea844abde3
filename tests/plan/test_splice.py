"""Cutting a statement out of a cell and changing it in place."""

import ast

import pytest

from nb2prod.plan.splice import add_arguments, add_parameters, cut, indent, replace_node


def cut_of(source: str, number: int = 0) -> str:
    return cut(source, ast.parse(source).body[number], ()).text


@pytest.mark.parametrize(("source", "number", "text"), [
    ("a = 1; b = 2  # both", 0, "a = 1"),
    ("a = 1; b = 2  # both", 1, "b = 2  # both"),
    ("# about a\na = 1", 0, "# about a\na = 1"),
    ("# not about a\n\na = 1", 0, "a = 1"),
    ("#| echo: false\na = 1", 0, "a = 1"),
    ("x = 0\n@dec\n# inside\ndef f(): pass", 1, "@dec\n# inside\ndef f(): pass"),
    ("é = 'ü'; b = é", 1, "b = é"),
    ("a = (1,\n  # why\n  2)  # end", 0, "a = (1,\n  # why\n  2)  # end"),
    ("f(x);", 0, "f(x)"),
    ("if a:\n    b = 1\n\n    c = 2\nd = 3", 0, "if a:\n    b = 1\n\n    c = 2"),
])  # fmt: skip
def test_a_cut(source: str, number: int, text: str) -> None:
    assert cut_of(source, number) == text


def test_a_cut_knows_its_line_and_whether_it_stands_apart() -> None:
    source = "a = 1\n\n# about b\nb = 2\nc = 3"
    cuts = [cut(source, node, ()) for node in ast.parse(source).body]
    assert [(c.first_line, c.apart) for c in cuts] == [(1, False), (4, True), (5, False)]


def test_names_are_replaced_by_bytes_not_characters() -> None:
    source = "é = 'ü' + größe + größe"
    statement = ast.parse(source).body[0]
    names = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == "größe"]
    edits = [replace_node(n, "params.größe") for n in names]
    assert cut(source, statement, edits).text == "é = 'ü' + params.größe + params.größe"


@pytest.mark.parametrize(("source", "indented"), [
    ("a = 1\nb = 2", "    a = 1\n    b = 2"),
    ("a = '''x\ny'''", "    a = '''x\ny'''"),
    ("a = f'''x\n{b}\ny'''\nc = 1", "    a = f'''x\n{b}\ny'''\n    c = 1"),
    ("a = (b'''x\ny''',\n  1)", "    a = (b'''x\ny''',\n      1)"),
    ("if a:\n    b\n\n    c", "    if a:\n        b\n\n        c"),
])  # fmt: skip
def test_indenting_leaves_texts_alone(source: str, indented: str) -> None:
    assert indent(source) == indented


@pytest.mark.parametrize(("call", "text"), [
    ("f()", "f(k=1)"),
    ("f(a)", "f(a, k=1)"),
    ("f(a, )", "f(a, k=1)"),
    ("f(a for a in b)", "f((a for a in b), k=1)"),
    ("f((a, b))", "f((a, b), k=1)"),
    ("f(\n  a,  # one\n)", "f(\n  a,  # one\nk=1)"),
    ("é(')', 'ü,')", "é(')', 'ü,', k=1)"),
])  # fmt: skip
def test_a_call_gets_an_argument(call: str, text: str) -> None:
    statement = ast.parse(call).body[0]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Call)
    assert cut(call, statement, add_arguments(statement.value, call, "k=1")).text == text


@pytest.mark.parametrize(("signature", "text"), [
    ("()", "(*, k)"),
    ("(a)", "(a, *, k)"),
    ("(a, b=(1))", "(a, b=(1), *, k)"),
    ("(a, /)", "(a, /, *, k)"),
    ("(a, *, b)", "(a, *, b, k)"),
    ("(*args)", "(*args, k)"),
    ("(**kw)", "(*, k, **kw)"),
    ("(a, *, b=2 ** 3, **kw,)", "(a, *, b=2 ** 3, k, **kw,)"),
    ("(a: 'é(' = ')',\n)", "(a: 'é(' = ')',\n*, k)"),
])  # fmt: skip
def test_a_signature_gets_a_parameter(signature: str, text: str) -> None:
    source = f"def f{signature}: pass"
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    changed = cut(source, function, [add_parameters(function, source, ("k",))]).text
    assert changed == f"def f{text}: pass"
    ast.parse(changed)
