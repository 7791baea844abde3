"""What running the generated tests tells, and what it leaves behind: nothing."""

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from nb2prod.errors import Cancelled, GateError, ToolError
from nb2prod.events import Event, FindingFound, StepAdvanced
from nb2prod.proof import explain, run_tests
from tests.proof.conftest import SOURCES, write_project

PYTHON = Path(sys.executable)


def run(project: Path, events: list[Event] | None = None, **more: float):
    heard = [] if events is None else events
    return run_tests(project, PYTHON, emit=heard.append, cancel=threading.Event(), **more)


def change(project: Path, file: str, before: str, after: str) -> None:
    path = project / "src" / "houses" / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def contents(project: Path) -> dict[str, bytes]:
    return {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*") if path.is_file()}


def test_the_suite_of_an_unchanged_project_passes_and_leaves_nothing(project: Path):
    before = contents(project)
    result = run(project)
    assert (result.failed, result.failures) == (0, ())
    assert result.passed > 40
    assert contents(project) == before


def test_a_changed_constant_is_named_by_its_first_diverging_variable_and_cell(project: Path):
    change(project, "features.py", '/ d["rooms"] + 1', '/ d["rooms"] + 1.5')
    result = run(project)
    assert result.failures[0] == (
        "tests/test_parity.py::test_golden_rows_get_the_response_of_the_notebook: first difference: "
        '`Z`, made in notebook cell 6: row 0, "per_room": 26.0 in the notebook, 26.5 here'
    )


def test_the_later_of_two_variables_is_named_where_the_first_is_right(project: Path):
    change(project, "predict.py", "3.5 *", "3.25 *")
    assert "first difference: `price`, made in notebook cell 6: row 0: " in run(project).failures[0]


def test_an_error_in_generated_code_names_the_cell_and_its_line(project: Path):
    change(project, "predict.py", 'Z["per_room"]', 'Z["per_rom"]')
    failure = run(project).failures[0]
    assert "KeyError" in failure
    assert "(at src/houses/predict.py:29 (cell 6, line 3))" in failure


def test_a_module_that_cannot_be_imported_is_a_failure_of_each_file(project: Path):
    change(project, "features.py", "import pandas as pd", "import no_such_module")
    result = run(project)
    assert result.passed == 0
    assert len(result.failures) >= 4
    assert "No module named 'no_such_module'" in result.failures[0]


def test_progress_counts_tests_and_never_falls(project: Path):
    events: list[Event] = []
    result = run(project, events)
    advanced = [event for event in events if isinstance(event, StepAdvanced)]
    assert [event.done for event in advanced] == list(range(result.passed + 1))
    assert advanced[-1].total == result.passed


def test_random_training_is_a_finding_not_a_failure(tmp_path: Path):
    source = SOURCES["train.py"].replace("import argparse", "import argparse\nimport random")
    source = source.replace("* params.weight", "* params.weight * random.random()")
    events: list[Event] = []
    result = run(write_project(tmp_path / "random", SOURCES | {"train.py": source}), events)
    findings = [event.finding for event in events if isinstance(event, FindingFound)]
    assert result.failed == 0
    assert [finding.code for finding in findings] == ["NB705"]
    assert '"predictions", item 0: ' in findings[0].message


def test_training_on_a_sample_is_not_compared_with_the_notebook(tmp_path: Path):
    project = write_project(tmp_path / "small", sample={"weight": 3.0})
    assert run(project).failed == 0


def test_a_damaged_artifact_fails_the_suite(project: Path):
    file = project / "artifacts" / "numbers.json"
    file.write_bytes(file.read_bytes().replace(b"60.0", b"61.0"))
    assert "ValueError" in run(project).failures[0]


def test_cancel_ends_it_soon(project: Path):
    change(project, "predict.py", "Z = add", "import time; time.sleep(600); Z = add")
    cancel = threading.Event()
    threading.Timer(1.0, cancel.set).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        run_tests(project, PYTHON, emit=lambda event: None, cancel=cancel)
    assert time.monotonic() - started < 10


def test_a_suite_that_never_ends_is_stopped(project: Path):
    change(project, "predict.py", "Z = add", "import time; time.sleep(600); Z = add")
    with pytest.raises(GateError) as caught:
        run(project, limit=2)
    assert caught.value.code == "NB703"


def test_a_crash_of_the_interpreter_is_told(project: Path):
    change(project, "predict.py", "Z = add", "import os; os.abort(); Z = add")
    with pytest.raises(ToolError) as caught:
        run(project)
    assert caught.value.code == "NB702"
    assert "SIGABRT" in caught.value.message


def test_without_tests_there_is_nothing_to_prove(tmp_path: Path):
    with pytest.raises(GateError) as caught:
        run(tmp_path)
    assert caught.value.code == "NB704"


def test_an_interpreter_that_is_gone_is_told(project: Path):
    with pytest.raises(ToolError) as caught:
        run_tests(project, project / "no-python", emit=lambda event: None, cancel=threading.Event())
    assert caught.value.code == "NB701"


def test_settings_of_the_caller_do_not_reach_the_tests(project: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "secret")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("HOUSES_ARTIFACTS", os.devnull)
    assert run(project).passed > 40


def test_places_are_explained_once(project: Path):
    first = run(project)
    broken = type(first)(0, 1, failures=("test_x: KeyError (at src/houses/predict.py:28)",))
    told = explain(project, broken)
    assert told.failures == ("test_x: KeyError (at src/houses/predict.py:28 (cell 6, line 2))",)
    assert explain(project, told) == told
