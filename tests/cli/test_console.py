"""What people read: the report, the live block, the findings."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from nb2prod.console.live import LiveDisplay
from nb2prod.console.problems import error_lines, finding_lines, findings_count
from nb2prod.console.report import Surroundings, report_lines
from nb2prod.console.text import columns, line, printable, seconds_text
from nb2prod.events import (
    CellFinished,
    Event,
    JobFinished,
    JobStarted,
    Log,
    Stamped,
    StepAdvanced,
    StepFinished,
    StepStarted,
)

REPORT = {
    "status": "ok",
    "error": None,
    "project": "/srv/build/my churn",
    "notebook": {"path": "churn.ipynb", "digest": "sha256:00"},
    "findings": [
        {"code": "NB302", "severity": "warning", "message": "pulled in.", "cell": 3, "line": None, "hint": "Tag it."},
        {"code": "NB101", "severity": "info", "message": "upgraded.", "cell": None, "line": None, "hint": ""},
    ],
    "parity": [
        {"stage": "module", "status": "equal", "rows": 5, "max_difference": 0.0, "reason": None},
        {"stage": "mlflow", "status": "equal", "rows": 5, "max_difference": 1e-12, "reason": None},
        {"stage": "container", "status": "skipped", "rows": 0, "max_difference": None, "reason": "no engine"},
    ],
    "tests": {
        "passed": 14,
        "failed": 0,
        "mutants": 30,
        "caught": 28,
        "failures": [],
        "survivors": ["predict.py:9 + to -"],
    },
    "metrics": {"r2": 0.8167626149843271, "rmse": 12.0},
    "mlflow": {
        "tracking_uri": "sqlite:////srv/build/mlflow.db",
        "run_id": "abc",
        "model": "churn",
        "version": "3",
        "alias": "champion",
        "model_uri": "models:/churn/3",
    },
    "image": {"tag": "churn:latest", "digest": "sha256:11", "size_bytes": 480_000_000, "base_size_bytes": 180_000_000},
    "steps": [
        {"name": "read", "status": "done", "seconds": 0.1},
        {"name": "verify", "status": "skipped", "seconds": 0},
    ],
}


def test_the_report() -> None:
    around = Surroundings(
        body='{"rows": [{"name": "O\'Hara"}]}',
        folder=Path("/srv"),
        wizard=True,
        reasons={"verify": "no image was built"},
    )
    text = "\n".join(map(str, report_lines(REPORT, around)))
    assert text == (
        """
warning NB302 cell 3: pulled in.
  Tag it.
1 note, shown with -v

Parity with the notebook
  module     equal    5 rows  largest difference 0
  mlflow     equal    5 rows  largest difference 1e-12
  container  skipped  0 rows  no engine
Tests    14 passed; 28 of 30 mutants caught
         survived: predict.py:9 + to -
Metrics  r2 0.816763, rmse 12
MLflow   churn version 3, alias champion
         run abc in sqlite:///build/mlflow.db
Image    churn:latest  480.0 MB, 300.0 MB above its base image
         sha256:11
Project  build/my churn
Skipped  verify: no image was built

Next
  docker run --rm -p 127.0.0.1:8080:8080 -e NB2PROD_API_KEY=change-me churn:latest
  curl -s http://127.0.0.1:8080/predict -H 'Content-Type: application/json' -H 'X-API-Key: change-me' """
        """-d '{"rows": [{"name": "O'"'"'Hara"}]}'
  mlflow ui --backend-store-uri sqlite:///build/mlflow.db
  nb2prod gui churn.ipynb"""
    )


def test_a_report_without_an_image_or_a_model_leaves_them_out() -> None:
    report = REPORT | {"image": None, "mlflow": None, "findings": [], "parity": [], "tests": None}
    text = "\n".join(map(str, report_lines(report, Surroundings(body='{"rows": []}'))))
    assert "Image" not in text
    assert "MLflow" not in text
    assert "nb2prod serve '/srv/build/my churn'" in text
    assert "X-API-Key" not in text
    assert "nb2prod gui" not in text


def test_programs_that_the_shell_does_not_find_are_proposed_with_their_folder() -> None:
    around = Surroundings(programs=".venv/bin/", folder=Path("/elsewhere"))
    text = "\n".join(map(str, report_lines(REPORT | {"image": None}, around)))
    assert "\n  .venv/bin/nb2prod serve '/srv/build/my churn'" in text
    assert "\n  .venv/bin/mlflow ui --backend-store-uri sqlite:////srv/build/mlflow.db" in text


def test_notes_are_counted_or_shown() -> None:
    text = "\n".join(map(str, report_lines(REPORT, Surroundings(notes=True))))
    assert "info NB101: upgraded." in text
    assert "shown with -v" not in text


def test_after_a_failure_nothing_is_proposed() -> None:
    error = {"code": "NB701", "message": "1 test failed.", "hint": "", "where": None}
    text = "\n".join(map(str, report_lines(REPORT | {"status": "failed", "error": error})))
    assert "Next" not in text
    assert text.endswith("error NB701: 1 test failed.")


def test_what_no_stage_was_asked_is_no_table() -> None:
    error = {"code": "NB211", "message": "Unknown parameter `D`.", "hint": "", "where": None}
    never = [{"stage": "module", "status": "skipped", "rows": 0, "max_difference": None, "reason": "not reached"}]
    failed = REPORT | {"status": "failed", "error": error}
    assert "Parity" not in "\n".join(map(str, report_lines(failed | {"parity": never})))
    assert "Parity" in "\n".join(map(str, report_lines(failed)))


def test_errors_and_findings_name_their_place() -> None:
    where = {"path": "a.ipynb", "cell": 7, "line": 3}
    error = {"code": "NB501", "message": "KeyError:\n'price'", "hint": "Mend it.", "where": where}
    assert [str(one) for one in error_lines(error)] == [
        "error NB501 a.ipynb, cell 7, line 3: KeyError:",
        "    'price'",
        "  Mend it.",
    ]
    finding = {"code": "NB101", "severity": "info", "message": "upgraded.", "cell": None, "line": None, "hint": ""}
    assert [str(one) for one in finding_lines(finding)] == ["info NB101: upgraded."]
    assert findings_count([finding, finding, finding | {"severity": "error"}]) == "1 error, 2 notes"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain – ünïcode ✔ 漢字", "plain – ünïcode ✔ 漢字"),
        ("\x1b[2Jgone", "\N{REPLACEMENT CHARACTER}[2Jgone"),
        ("two\nlines\ttab", "two lines tab"),
        ("\u202egnp.exe", "\N{REPLACEMENT CHARACTER}gnp.exe"),
        ("\udc80", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_text_is_made_printable(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert str(line((text, "bold"))) == shown


def test_columns_align() -> None:
    assert columns([("a", 1), ("bbb", 22), ("c", None)]) == ("a     1", "bbb  22", "c")
    assert columns([]) == ()


def test_seconds() -> None:
    assert [seconds_text(s) for s in (None, 0.04, 9.94, 59.4, 125.0)] == ["", "0.0 s", "9.9 s", "59 s", "2 min 05 s"]


def draw(*events: Event, encoding: str = "utf-8") -> str:
    """The block as it stands after the events, on a terminal 80 wide."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=stream, force_terminal=True, width=80, color_system=None, highlight=False)
    display = LiveDisplay(console, clock=lambda: 20.0)
    for n, event in enumerate(events):
        display(Stamped(n, float(n), event))
    with console.capture() as captured:
        console.print(display._draw())
    return captured.get()


EVENTS: tuple[Event, ...] = (
    JobStarted("build", ("read", "check", "run", "image")),
    StepStarted("read"),
    StepFinished("read", "unchanged"),
    StepStarted("check"),
    StepFinished("check", "done"),
    StepStarted("run"),
    StepAdvanced("run", 3, 5, "cell 4: model.fit(X, y)"),
    CellFinished("run", 1, True, 0.5),
    CellFinished("run", 2, True, 0.5),
    CellFinished("run", 3, False, 0.5),
)


def test_the_live_block_has_a_row_for_each_step_and_a_tick_for_each_cell() -> None:
    rows = draw(*EVENTS).splitlines()
    assert rows[0].split() == ["=", "read", "unchanged", "1.0", "s"]
    assert rows[1].split() == ["✔", "check", "1.0", "s"]
    assert "run   ■■■□□ 3/5 cell 4: model.fit(X, y)" in rows[2]
    assert rows[3].split() == ["·", "image"]


def test_many_cells_share_a_bar() -> None:
    assert "■" * 12 + "□" * 12 + " 50/100" in draw(*EVENTS[:6], StepAdvanced("run", 50, 100))


def test_where_the_terminal_has_no_unicode_the_block_has_none() -> None:
    assert draw(*EVENTS, encoding="ascii").isascii()


def test_a_long_detail_is_cut_and_keeps_the_row_a_row() -> None:
    rows = draw(*EVENTS[:6], StepAdvanced("run", 1, 5, "x" * 500 + "\x1b[2J")).splitlines()
    assert len(rows) == 4
    assert all(len(row) <= 80 for row in rows)
    assert [row.split()[1] for row in rows] == ["read", "check", "run", "image"]
    assert "□ 1/5 xxx" in rows[2]
    assert rows[2].endswith(" 15 s")


def test_markup_in_text_from_outside_is_text() -> None:
    finished = StepFinished("run", "failed", "[bold]no[/bold] [x]y")
    assert "[bold]no[/bold] [x]y" in draw(*EVENTS, finished)


def test_warnings_scroll_by_above_the_block() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    console = Console(file=stream, force_terminal=True, width=80, color_system=None)
    with LiveDisplay(console) as display:
        for n, event in enumerate((*EVENTS, Log("run", "warning", "careful"), Log("run", "info", "unheard"))):
            display(Stamped(n, float(n), event))
        display(Stamped(99, 99.0, JobFinished("ok")))
    stream.seek(0)
    text = stream.read()
    assert "run: careful" in text
    assert "unheard" not in text
