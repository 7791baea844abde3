"""What the parameters cell declares, and which given values are taken or refused."""

import textwrap

import pytest

from nb2prod.analysis.parameters import (
    check_parameters,
    declared_parameters,
    derived_values,
    parse_parameters,
    stale_values,
)
from nb2prod.errors import UsageError, Where
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.model.roles import Role


def notebook(*sources: str) -> Notebook:
    cells = tuple(
        Cell(index, f"c{index}", "code", textwrap.dedent(source), textwrap.dedent(source), role=Role.PARAMETERS)
        for index, source in enumerate(sources, 1)
    )
    return Notebook("n.ipynb", "sha256:0", cells, "python", "python3", {})


def kinds(source: str) -> dict[str, str]:
    return {p.name: p.annotation for p in declared_parameters(notebook(source))}


def test_literals_are_parameters_with_their_type_and_comment() -> None:
    parameters = declared_parameters(notebook("alpha = 1.0  # ridge penalty\ncsv_path = 'a.csv'\n"))
    alpha, csv_path = parameters
    assert (alpha.name, alpha.annotation, alpha.default, alpha.source) == ("alpha", "float", 1.0, "1.0")
    assert (alpha.comment, alpha.cell, alpha.line) == ("ridge penalty", 1, 1)
    assert (csv_path.source, csv_path.line, csv_path.comment) == ("'a.csv'", 2, "")


@pytest.mark.parametrize(
    ("source", "annotation"),
    [
        ("x = -1", "int"),
        ("x = True", "bool"),
        ("x = None", "None"),
        ("x = [1, 2]", "list[int]"),
        ("x = [1, 2.5]", "list[float]"),
        ("x = []", "list[Any]"),
        ("x = ['a', None]", "list[Any]"),
        ("x = {'a': [1]}", "dict[str, list[int]]"),
        ("x: float = 1", "float"),
        ("x: int | None = None", "int | None"),
        ("x: Optional[List[str]] = None", "list[str] | None"),
        ("x: 'float' = 2", "float"),
        ("x: Path = 'a'", "str"),
        ("x: int = 'a'", "str"),
    ],
)
def test_annotation(source: str, annotation: str) -> None:
    assert kinds(source) == {"x": annotation}


@pytest.mark.parametrize(
    "source",
    [
        "x = 1 * 2",
        "x = (1, 2)",
        "x = {1}",
        "x = b'a'",
        "x = {1: 2}",
        "x = y = 1",
        "x, y = 1, 2",
        "x = f(1)",
        "x = 1e999",
    ],
)
def test_computed_values_and_values_papermill_cannot_pass_are_not_parameters(source: str) -> None:
    assert kinds(source) == {}
    assert "x" in {derived.name for derived in derived_values(notebook(source))}


def test_derived_values_name_what_they_read() -> None:
    derived = derived_values(notebook("n = 10\nsteps = n * 2\nn2 = 1\nn2 += n\n"))
    assert [(d.name, d.line, d.reads) for d in derived] == [("steps", 2, ("n",)), ("n2", 4, ("n", "n2"))]


def test_last_binding_wins_over_cells() -> None:
    parameters = declared_parameters(notebook("n = 1\nm = 2", "n = 3"))
    assert [(p.name, p.default, p.cell) for p in parameters] == [("n", 3, 2), ("m", 2, 1)]


DECLARED = declared_parameters(
    notebook(
        """\
        n = 10
        alpha = 1.0
        name = "a"
        flag = True
        columns = ["a"]
        options = {"a": 1.5}
        seed = None
        depth: int | None = 3
        """
    )
)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n", "20", 20),
        ("n", "-3", -3),
        ("alpha", "2", 2.0),
        ("alpha", "1e-3", 1e-3),
        ("alpha", ".5", 0.5),
        ("name", "5", "5"),
        ("name", "true", "true"),
        ("name", "", ""),
        ("flag", "false", False),
        ("flag", "True", True),
        ("columns", '["x", "y"]', ["x", "y"]),
        ("options", '{"x": 2}', {"x": 2}),
        ("seed", "42", 42),
        ("seed", "null", None),
        ("seed", "abc", "abc"),
        ("seed", "[1]", [1]),
        ("depth", "null", None),
        ("depth", "7", 7),
    ],
)
def test_text_is_read_by_the_declared_type(name: str, text: str, value: object) -> None:
    got = parse_parameters(DECLARED, {name: text})
    assert got == {name: value}
    assert type(got[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", "many"),
        ("n", "1.5"),
        ("n", "1e3"),
        ("n", True),
        ("n", 2.0),
        ("n", "9" * 5000),
        ("n", 2**70),
        ("alpha", "nan"),
        ("alpha", "inf"),
        ("alpha", float("nan")),
        ("alpha", "1_0"),
        ("name", 5),
        ("flag", "yes"),
        ("flag", 1),
        ("columns", "x,y"),
        ("columns", "[1]"),
        ("columns", ("a",)),
        ("options", '{"x": "y"}'),
        ("options", {1: 2.0}),
        ("options", '{"x": NaN}'),
        ("seed", b"x"),
        ("seed", {1, 2}),
        ("depth", "x"),
    ],
)
def test_wrong_values_are_refused_with_the_place_of_the_declaration(name: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameters(DECLARED, {name: value})
    assert caught.value.code == "NB212"
    assert f"`{name}`" in caught.value.message
    assert caught.value.where is not None
    assert caught.value.where.cell == 1


@pytest.mark.parametrize("name", ["x = 1; import os", "class", "__import__", "a-b", "", "n\n", "1n", 5, "{{ 7*7 }}"])
def test_a_name_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameters(DECLARED, {name: "1"})
    assert caught.value.code == "NB210"


def test_unknown_name_tells_the_nearest_and_all() -> None:
    with pytest.raises(UsageError) as caught:
        parse_parameters(DECLARED, {"alhpa": "1"})
    assert caught.value.code == "NB211"
    assert "`alpha`" in caught.value.hint
    assert "columns, options" in caught.value.hint


def test_a_name_that_is_set_together_with_another_is_told_as_no_parameter() -> None:
    cell = notebook("low, high = 1, 2\nsteps = low * 2")
    assert declared_parameters(cell) == ()
    for name, line in (("low", 1), ("steps", 2)):
        with pytest.raises(UsageError, match=f"`{name}` is no parameter") as caught:
            parse_parameters((), {name: "1"}, derived_values(cell))
        assert (caught.value.code, caught.value.where) == ("NB211", Where(cell=1, line=line))


def test_builtin_names_are_refused_unless_declared() -> None:
    with pytest.raises(UsageError):
        parse_parameters(DECLARED, {"print": "1"})


def test_typed_values_are_checked_not_parsed() -> None:
    check_parameters(DECLARED, {"n": 3, "alpha": 1, "depth": None, "seed": "42"})
    with pytest.raises(UsageError):
        check_parameters(DECLARED, {"n": "3"})


def test_a_value_computed_from_a_replaced_parameter_is_named() -> None:
    #  n --> steps --> total
    found = stale_values(notebook("n = 10\nsteps = n * 2\ntotal = steps + 1\nm = 1\n"), {"n": 20})
    assert [(f.code, f.line) for f in found] == [("NB213", 2), ("NB213", 3)]
    assert stale_values(notebook("n = 10\nsteps = n * 2\nm = 1\n"), {"m": 20}) == ()
