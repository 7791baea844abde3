"""Answers, errors and exit codes of the commands."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from nb2prod.cli.specs import parse_assignments, read_spec
from nb2prod.errors import UsageError
from nb2prod.events import JobFinished, JobStarted, decode
from nb2prod.model.spec import BuildSpec

Run = Callable[..., Result]
BUILD_KEYS = {"status", "error", "project", "findings", "steps"}


@pytest.mark.parametrize(
    ("does", "status", "code", "exit_code"),
    [
        ("work", "ok", None, 0),
        ("skip", "ok", None, 0),
        ("fail", "failed", "NB501", 3),
        ("bug", "failed", "NB070", 70),
    ],
)
def test_json_is_one_object_and_the_exit_code_says_how_it_went(
    run: Run, does: str, status: str, code: str | None, exit_code: int
) -> None:
    result = run("build", "demo.ipynb", "-p", f"does={does}", "--json")
    answer = json.loads(result.stdout)
    assert answer.keys() >= BUILD_KEYS
    assert answer["status"] == status
    assert (answer["error"] or {}).get("code") == code
    assert result.exit_code == exit_code
    assert "Traceback" not in result.output


def test_an_error_says_what_where_and_what_to_do(run: Run) -> None:
    result = run("build", "demo.ipynb", "-p", "does=fail")
    assert "error NB501 demo.ipynb, cell 7, line 3: KeyError: 'price'\n  Mend the cell.\n" in result.stderr
    assert result.stdout == ""


def test_a_bug_is_told_without_a_traceback_and_with_one_on_request(run: Run) -> None:
    quiet = run("build", "demo.ipynb", "-p", "does=bug").stderr
    assert "error NB070 driver.py" in quiet or "error NB070" in quiet
    assert "report what it prints" in quiet
    assert "Traceback" not in quiet
    for words in (("--debug", "build"), ("build", "--debug")):
        loud = run(*words, "demo.ipynb", "-p", "does=bug").stderr
        assert "Traceback" in loud
        assert "ZeroDivisionError: division by zero" in loud


def test_quiet_says_errors_only(run: Run) -> None:
    assert run("-q", "build", "demo.ipynb").output == ""
    assert run("build", "demo.ipynb", "-q", "-p", "does=fail").stderr.startswith("error NB501")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("build", "--json"), "NB290"),
        (("build", "a.ipynb", "--json", "--mutants", "-1"), "NB290"),
        (("build", "a.ipynb", "--json", "--events", "jsonl"), "NB290"),
        (("build", "a.ipynb", "--json", "-p", "alpha"), "NB294"),
        (("build", "a.ipynb", "--json", "-p", "a=1", "-p", "a=2"), "NB294"),
        (("job", "missing.json", "--json"), "NB295"),
    ],
)
def test_usage_errors_are_answers_too(run: Run, words: tuple[str, ...], code: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    answer = json.loads(result.stdout)
    assert (answer["status"], answer["error"]["code"]) == ("failed", code)
    assert answer.keys() >= BUILD_KEYS


def test_an_output_that_cannot_be_written_is_told_before_anything_runs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("build", "demo.ipynb", "-o", "file/out", "--json")
    assert result.exit_code == 4
    assert json.loads(result.stdout)["error"]["code"] == "NB961"


def test_events_are_the_laws_on_stdout(run: Run) -> None:
    result = run("build", "demo.ipynb", "--events", "jsonl")
    heard = [decode(row) for row in result.stdout.splitlines()]
    assert isinstance(heard[0].event, JobStarted)
    assert isinstance(heard[-1].event, JobFinished)
    assert [stamped.sequence for stamped in heard] == list(range(len(heard)))
    assert result.stderr == ""


def test_off_a_terminal_progress_is_one_line_per_change_without_colour(run: Run) -> None:
    lines = run("build", "demo.ipynb").stderr.splitlines()
    assert lines[0] == "build: read, run"
    assert "run: cell 2 ok (0.2 s)" in lines
    assert "run: 3/3 cell 3" in lines
    assert any(text.startswith("run: done") for text in lines)
    assert "warning NB302 cell 3: an untagged cell is pulled in." in lines
    assert not any("\x1b" in text for text in lines)


def test_the_second_build_says_unchanged(run: Run) -> None:
    run("build", "demo.ipynb", "-o", "out")
    assert "read: unchanged" in run("build", "demo.ipynb", "-o", "out").stderr.splitlines()
    assert "read: unchanged" not in run("build", "demo.ipynb", "-o", "out", "--fresh").stderr.splitlines()


def test_text_from_a_notebook_cannot_drive_the_terminal(run: Run) -> None:
    result = run("build", "demo.ipynb", "-p", "does=surrogate", env={"FORCE_COLOR": "1"})
    assert "lone" in result.stderr
    assert "\x1b[31mred" not in result.stderr


@pytest.mark.parametrize(("name", "exit_code"), [("good.ipynb", 0), ("bad.ipynb", 1)])
@pytest.mark.parametrize("command", ["check", "inspect"])
def test_check_and_inspect(run: Run, command: str, name: str, exit_code: int) -> None:
    result = run(command, name)
    assert result.exit_code == exit_code
    assert "NB310" in result.stdout
    assert "artifacts  model" in result.stdout
    assert result.stderr == ""
    if command == "inspect":
        assert "1 --> 2" in result.stdout
    answer = run(command, name, "--json")
    assert json.loads(answer.stdout).keys() == {"findings", "cells", "boundary"}
    assert answer.exit_code == exit_code


def test_options_win_over_the_environment_over_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "nb2prod.toml").write_text('mutants = 1\nbase_image = "from-file"\nalias = "file"\n')
    shown = run("config", "show", "--origin", "--json", env={"NB2PROD_MUTANTS": "2"})
    values = json.loads(shown.stdout)
    assert values["mutants"] == {"value": 2, "origin": "NB2PROD_MUTANTS"}
    assert values["base_image"]["value"] == "from-file"
    assert "base_image" in run("config", "show", "--origin").stdout
    refused = run("build", "demo.ipynb", env={"NB2PROD_MUTANT": "2"})
    assert refused.exit_code == 2
    assert "Did you mean NB2PROD_MUTANTS?" in refused.stderr


def test_values_on_the_command_line_stay_text_until_the_notebook_says_their_type() -> None:
    given = parse_assignments(("alpha=0.5", "version=1.10", "empty=", "a=b=c"), "-p")
    assert given == {"alpha": "0.5", "version": "1.10", "empty": "", "a": "b=c"}


def test_a_spec_is_read_with_its_defaults_and_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    spec = read_spec(b'{"notebook": "a.ipynb", "output": "out", "mutants": 3}', "-")
    assert spec == BuildSpec(str(tmp_path / "a.ipynb"), str(tmp_path / "out"), mutants=3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "expected a JSON object"),
        (b'{"notebook": "a", "output": "b", "mutnats": 3}', "Did you mean mutants?"),
        (b'{"output": "b"}', "notebook"),
        (b'{"notebook": "a", "output": "b", "mutants": "3"}', "mutants: expected int, got str"),
        (b'{"notebook": "", "output": "b"}', "notebook: expected a path"),
    ],
)
def test_a_spec_that_is_wrong_is_refused_with_the_reason(text: bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_spec(text, "spec.json")
    assert message in str(caught.value)


def test_serve_says_that_its_port_is_taken(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("serve", ".", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 4
    assert "NB241" in result.stderr
    assert "--port names another port" in result.stderr


def test_serve_refuses_what_is_no_project(run: Run) -> None:
    result = run("serve", ".")
    assert result.exit_code == 1
    assert "NB266" in result.stderr
    assert "Name the output folder of a build" in result.stderr
