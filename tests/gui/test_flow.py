"""The state of the wizard, without a window."""

from pathlib import Path

import pytest
from nb2prod_gui.flow.draft import Draft, Target, build_spec, default_image, steps_of
from nb2prod_gui.flow.faults import default_package, target_faults
from nb2prod_gui.flow.history import History
from nb2prod_gui.flow.recent import Recent, remembered
from nb2prod_gui.flow.study import behind, lines_of, slice_of_cell, slice_of_name
from nb2prod_gui.flow.walk import Page, Standing, next_page, why_not

from nb2prod.drawing.layout import Drawing
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.steps.build import build_job
from nb2prod.steps.check import BoundarySummary
from nb2prod.steps.study import Statement, Study

BOUNDARY = BoundarySummary(("model",), ("rows",), "answer")


def study_with(*findings: Finding, boundary: BoundarySummary | None = BOUNDARY) -> Study:
    return Study("sha256:0", {}, (), findings, (), boundary, Drawing((), (), 0, 0))


def statement(number: int, *reads: int, cell: int = 1, first: int = 1, last: int = 1) -> Statement:
    return Statement(number, cell, first, last, (), reads, "")


def test_undo_and_redo_go_back_and_forth():
    history = History(0).then(1).then(2)
    assert history.undone().now == 1
    assert history.undone().undone().undone().now == 0
    assert history.undone().redone().now == 2
    assert history.undone().then(3).redone().now == 3  # what was undone is forgotten by a change


def test_a_role_as_in_the_file_is_no_change():
    saved = {2: Role.TRAINING}
    draft = Draft().with_roles({2: Role.SKIP, 3: Role.INFERENCE}, saved)
    assert draft.roles == {2: Role.SKIP, 3: Role.INFERENCE}
    assert draft.with_roles({2: Role.TRAINING}, saved).roles == {3: Role.INFERENCE}
    assert Draft().with_roles({2: None}, saved).roles == {2: None}


def test_empty_fields_mean_the_defaults_of_the_command_line():
    spec = build_spec(Path("/data/My Churn.ipynb"), Draft())
    assert spec.output == "/data/build/My Churn"
    assert spec.image == "my-churn:latest"
    assert (spec.package, spec.tracking_uri, spec.base_image) == ("", None, None)
    assert build_spec(Path("/data/a.ipynb"), Draft(target=Target(with_image=False))).image is None


@pytest.mark.parametrize("target", [Target(), Target(log=False), Target(with_image=False), Target(mutants=0)])
def test_the_steps_that_are_shown_before_a_build_are_those_of_its_job(target, tmp_path):
    spec = build_spec(tmp_path / "a.ipynb", Draft(target=target))
    assert steps_of(spec) == tuple(step.name for step in build_job(spec).steps)


def test_the_package_that_is_proposed_is_the_one_that_a_build_makes(tmp_path):
    names = {"My churn (2026)": "my_churn_2026", "json": "json_model", "é": "notebook"}
    for name, package in names.items():
        path = tmp_path / f"{name}.ipynb"
        path.write_text("{}")
        assert default_package(path, "") == package
        assert target_faults(Target(), path) == {}
    assert "package" in target_faults(Target(), tmp_path / ("x" * 70 + ".ipynb"))


@pytest.mark.parametrize(
    ("stem", "tag"), [("Übung 1", "bung-1:latest"), ("__", "notebook:latest"), ("a.b", "a-b:latest")]
)
def test_an_image_is_named_by_what_a_registry_takes(stem, tag):
    assert default_image(Path(f"{stem}.ipynb")) == tag


def test_each_page_says_why_it_cannot_be_entered():
    error = Finding("NB301", Severity.ERROR, "no prediction")
    assert why_not(Page.CELLS, Standing()) == "Open a notebook first."
    assert why_not(Page.TARGET, Standing(is_open=True)) == "The notebook is being analysed."
    assert "1 finding" in why_not(Page.TARGET, Standing(is_open=True, study=study_with(error)))
    assert "roles" in why_not(Page.TARGET, Standing(is_open=True, study=study_with(boundary=None)))
    assert why_not(Page.TARGET, Standing(is_open=True, study=study_with())) == ""
    assert "no result" in why_not(Page.RESULT, Standing(is_open=True, study=study_with()))
    assert "running" in why_not(Page.RESULT, Standing(is_open=True, study=study_with(), job_started=True))
    assert why_not(Page.RUN, Standing(is_open=True, study=study_with(error), job_started=True)) == ""


def test_a_target_that_no_build_would_take_says_so_at_its_field(tmp_path):
    notebook = tmp_path / "a.ipynb"
    assert target_faults(Target(), notebook) == {}
    wrong = Target(package="2x", image="Über:1", platform="linux", base_image="a b", output=str(tmp_path))
    assert set(target_faults(wrong, notebook)) == {"package", "image", "platform", "base_image", "output"}
    assert set(target_faults(Target(image="Über:1", with_image=False), notebook)) == set()
    told = target_faults(Target(image="Über:1"), notebook)["image"]
    standing = Standing(is_open=True, study=study_with(), faults=(told,))
    assert why_not(Page.RUN, standing) == f"Target: {told}"
    assert why_not(Page.TARGET, standing) == ""


def test_the_walk_ends_with_the_result():
    assert next_page(Page.START) is Page.CELLS
    assert next_page(Page.RESULT) is None
    assert next_page(Page.MODELS) is None


def test_what_a_statement_comes_from_is_found_through_others():
    statements = (statement(0), statement(1, 0), statement(2), statement(3, 1, cell=2, first=4, last=5))
    found = behind(statements, [3])
    assert found == {0, 1, 3}
    assert lines_of(statements, found) == {1: {1}, 2: {4, 5}}


def test_a_notebook_is_remembered_once_and_first():
    first, second = Recent("/a", "opened", 1.0), Recent("/b", "built", 2.0)
    again = Recent("/a", "failed", 3.0)
    assert remembered((second, first), again) == (again, second)


def test_a_name_is_followed_from_the_line_it_stands_in():
    statements = (
        Statement(0, 1, 1, 1, ("rows",), (), ""),
        Statement(1, 1, 2, 2, ("other",), (), ""),
        Statement(2, 2, 1, 3, ("model",), (0, 1), ""),
    )
    assert slice_of_name(statements, 2, 2, "rows") == {0}
    assert slice_of_name(statements, 2, 1, "model") == {0, 1, 2}
    assert slice_of_name(statements, 2, 1, "nothing") == set()
    assert slice_of_name(statements, 3, 1, "rows") == set()
    assert slice_of_cell(statements, 1) == {1}
    assert slice_of_cell(statements, 9) == set()
