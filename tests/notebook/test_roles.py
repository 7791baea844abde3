"""The role of a cell: tags are the truth, other places are read, disagreement is told."""

from typing import Any

import pytest

from nb2prod.model.findings import Severity
from nb2prod.model.roles import Role
from nb2prod.notebook import find_role, read_notebook
from tests.notebook.documents import code, notebook


def role_of(source: str = "", *tags: str, **metadata: Any) -> tuple[Role | None, list[str]]:
    role, findings = find_role(1, source, tags, metadata)
    return role, [finding.code for finding in findings]


@pytest.mark.parametrize("role", Role)
def test_each_role_by_tag_prefix_metadata_and_directive(role: Role) -> None:
    assert role_of("", role.value) == (role, [])
    assert role_of("", f"nb2prod:{role.value}") == (role, [])
    assert role_of("", nb2prod={"role": role.value}) == (role, [])
    assert role_of(f"#| nb2prod: {role.value}\nx = 1") == (role, [])


@pytest.mark.parametrize(
    "source",
    [
        "#|nb2prod:training",
        "# | nb2prod: training",
        "\n#| label: fig\n#| nb2prod: training\n",
        "%%time\n#| nb2prod: training",
    ],
)
def test_directives_stand_among_the_first_lines(source: str) -> None:
    assert role_of(source) == (Role.TRAINING, [])


def test_a_directive_further_down_is_a_comment() -> None:
    assert role_of("x = 1\n#| nb2prod: training") == (None, [])


def test_a_prefixed_tag_beats_a_plain_one() -> None:
    assert role_of("", "skip", "nb2prod:training") == (Role.TRAINING, [])


def test_two_role_tags_are_an_error() -> None:
    role, findings = find_role(4, "", ("training", "inference"), {})
    assert role is Role.TRAINING
    assert [(finding.code, finding.severity, finding.cell) for finding in findings] == [("NB137", Severity.ERROR, 4)]
    assert role_of("", "nb2prod:training", "nb2prod:skip")[1] == ["NB137"]
    assert role_of("", "training", "nb2prod:training") == (Role.TRAINING, [])


def test_where_places_disagree_the_tag_counts_and_it_is_told() -> None:
    assert role_of("", "training", nb2prod={"role": "inference"}) == (Role.TRAINING, ["NB136"])
    assert role_of("#| nb2prod: skip", "training", nb2prod={"role": "test"}) == (Role.TRAINING, ["NB136", "NB136"])
    assert role_of("#| nb2prod: skip", nb2prod={"role": "test"}) == (Role.TEST, ["NB136"])
    assert role_of("#| nb2prod: skip", "skip", nb2prod={"role": "skip"}) == (Role.SKIP, [])


@pytest.mark.parametrize(
    ("tag", "meant"),
    [("Training", "training"), ("trainning", "training"), ("nb2prod:infer", "inference"), ("tests", "test")],
)
def test_a_misspelled_role_is_told_with_the_nearest(tag: str, meant: str) -> None:
    role, findings = find_role(1, "", (tag,), {})
    assert role is None
    assert [finding.code for finding in findings] == ["NB135"]
    assert f"'{meant}'" in findings[0].hint


@pytest.mark.parametrize(
    "metadata", [{"nb2prod": {"role": "trian"}}, {"nb2prod": {"role": 5}}, {"nb2prod": "training"}]
)
def test_metadata_that_is_no_role_is_told(metadata: dict[str, Any]) -> None:
    assert role_of("", **metadata) == (None, ["NB135"])


@pytest.mark.parametrize(
    "tag", ["hide-input", "remove-cell", "raises-exception", "figure-3", "todo", "step:2", "x" * 200]
)
def test_other_peoples_tags_are_none_of_our_business(tag: str) -> None:
    assert role_of("", tag) == (None, [])


@pytest.mark.parametrize(
    ("tag", "role", "codes"),
    [
        ("injected-parameters", Role.PARAMETERS, ["NB149"]),
        ("pipeline-parameters", Role.PARAMETERS, []),
        ("pipeline-metrics", Role.EVALUATION, []),
        ("block:train", None, []),
        ("prev:load", None, []),
        ("node", None, []),
        ("outputs", None, []),
    ],
)
def test_the_words_of_other_tools(tag: str, role: Role | None, codes: list[str]) -> None:
    assert role_of("", tag) == (role, codes)


def test_nbdev_exports_functions() -> None:
    assert role_of("#| export\ndef f(): ...") == (Role.FUNCTIONS, [])
    assert role_of("#|hide\nx") == (None, [])
    assert role_of("#| export\n", "training") == (Role.TRAINING, [])


def test_only_code_cells_have_roles() -> None:
    cell = code("text", "training", cell_type="markdown")
    assert read_notebook(notebook(cell), "n").cells[0].role is None
