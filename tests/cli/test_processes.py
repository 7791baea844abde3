"""Real processes: signals, the end of stdin, readers that go away, and being killed."""

import io
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nb2prod.events import JobFinished, JobStarted, Log, Stamped, StepFinished, decode

Start = Callable[..., "subprocess.Popen[bytes]"]


def read_until_waiting(stream: Any) -> list[Stamped]:
    """Events up to the one that says that the job is in the middle of its step."""
    heard = []
    for row in stream:
        heard.append(decode(row.decode()))
        if isinstance(heard[-1].event, Log):
            return heard
    raise AssertionError(f"the job ended early: {heard}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_cancels_the_job_and_the_stream_ends_as_it_should(start: Start, number: signal.Signals) -> None:
    process = start("build", "demo.ipynb", "-p", "does=wait", "--events", "jsonl")
    read_until_waiting(process.stdout)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    last = decode(out.decode().splitlines()[-1]).event
    assert isinstance(last, JobFinished)
    assert last.status == "cancelled"
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_a_second_ctrl_c_ends_at_once(start: Start) -> None:
    process = start("build", "demo.ipynb", "-p", "does=stubborn", "--events", "jsonl")
    read_until_waiting(process.stdout)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert b"Ctrl-C again" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130


def test_the_end_of_stdin_cancels_the_job(start: Start, spec: Callable[..., str]) -> None:
    words = ("job", "-", "--events", "jsonl", "--stop-on-stdin-eof")
    process = start(*words, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(spec("wait").encode() + b"\nwhat follows is not read\n")
    process.stdin.flush()
    read_until_waiting(process.stdout)
    process.stdin.close()
    assert process.stdout is not None
    last = decode(process.stdout.read().decode().splitlines()[-1]).event
    assert isinstance(last, JobFinished)
    assert last.status == "cancelled"
    assert process.wait(timeout=20) == 130


def test_without_the_option_the_end_of_stdin_means_nothing(start: Start, spec: Callable[..., str]) -> None:
    process = start("job", "-", "--json", stdin=subprocess.PIPE)
    out, _ = process.communicate(spec("work").encode(), timeout=20)
    assert json.loads(out)["status"] == "ok"


def test_programs_that_a_step_starts_cannot_read_the_stdin_that_is_watched(start: Start, tmp_path: Path) -> None:
    script = (
        "import os, sys, threading; from nb2prod.cli.interrupts import cancel_at_eof\n"
        "cancel = threading.Event(); cancel_at_eof(cancel)\n"
        "import subprocess\n"
        "print(subprocess.run([sys.executable, '-c', 'import sys; print(repr(sys.stdin.read()))'],"
        " capture_output=True, text=True).stdout.strip(), cancel.is_set())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert process.stdout is not None
    assert process.stdout.read() == b"'' False\n"
    process.communicate()


def test_a_reader_of_events_that_goes_away_cancels_the_job(start: Start) -> None:
    process = start("build", "demo.ipynb", "-p", "does=chatter", "--events", "jsonl")
    read_until_waiting(process.stdout)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(timeout=20) == 130
    assert b"Traceback" not in process.stderr.read()


def test_a_reader_of_text_that_goes_away_is_no_error(start: Start) -> None:
    process = start("check", "many.ipynb")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=20) == 0


def test_a_killed_job_goes_on_where_it_stopped(start: Start, spec: Callable[..., str], tmp_path: Path) -> None:
    process = start("job", "-", "--events", "jsonl", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(spec("stubborn").encode())
    process.stdin.close()
    heard = read_until_waiting(process.stdout)
    assert StepFinished("read", "done") in [stamped.event for stamped in heard]
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)

    again = start("job", "-", "--json", stdin=subprocess.PIPE)
    out, _ = again.communicate(spec("work").encode(), timeout=20)
    steps = json.loads(out)["steps"]
    assert [(step["name"], step["status"]) for step in steps] == [("read", "unchanged"), ("run", "done")]


def test_two_builds_of_one_project_do_not_run_at_once(start: Start, spec: Callable[..., str]) -> None:
    first = start("build", "demo.ipynb", "-o", "out", "-p", "does=wait", "--events", "jsonl")
    read_until_waiting(first.stdout)
    second = start("build", "demo.ipynb", "-o", "out", "--json")
    out, _ = second.communicate(timeout=20)
    assert second.returncode == 4
    assert json.loads(out)["error"]["code"] == "NB965"


@pytest.mark.parametrize("words", [("--json",), ("--events", "jsonl")])
def test_stdout_is_for_the_answer_alone_whoever_prints(start: Start, words: tuple[str, ...]) -> None:
    out, err = start("build", "demo.ipynb", "-p", "does=noise", *words).communicate(timeout=30)
    rows = [out] if words == ("--json",) else out.splitlines()
    assert all(isinstance(json.loads(row), dict) for row in rows)
    for noise in (b"a library prints", b"a C library prints", b"a program prints"):
        assert noise not in out
        assert noise in err


def test_the_stream_is_utf_8_and_json_whatever_the_notebook_prints(start: Start) -> None:
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = start("build", "demo.ipynb", "-p", "does=surrogate", "--events", "jsonl", env=environment)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    logs = [s.event for s in map(decode, out.decode("utf-8").splitlines()) if isinstance(s.event, Log)]
    assert [log.text for log in logs] == ["lone \udc80 and \x1b[31mred"]


def test_a_full_disk_under_stdout_is_a_clear_error(start: Start) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("build", "demo.ipynb", "--json", stdout=full)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 4
    assert b"error NB962" in err
    assert b"Traceback" not in err


def test_events_end_well_even_where_the_job_never_started(start: Start) -> None:
    out, _ = start("job", "missing.json", "--events", "jsonl").communicate(timeout=20)
    events = [decode(row).event for row in out.decode().splitlines()]
    assert [type(event) for event in events] == [JobStarted, JobFinished]
    assert events[-1].report["error"]["code"] == "NB295"


@pytest.mark.parametrize(("term", "live"), [("xterm-256color", True), ("dumb", False)])
def test_on_a_terminal_progress_is_drawn_over_and_on_a_dumb_one_it_is_lines(
    start: Start, term: str, live: bool
) -> None:
    parent, child = pty.openpty()
    environment = os.environ | {"TERM": term, "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    process = start("build", "demo.ipynb", stderr=child, env=environment)
    os.close(child)
    text = read_terminal(parent)
    assert process.wait(timeout=20) == 0
    assert ("\x1b[?25l" in text) == live, "the cursor is hidden while drawing"
    assert ("\x1b[?25h" in text) == live, "and is there again afterwards"
    assert (text.count("■") >= 3) == live
    assert ("run: cell 2 ok" in text) == (not live)
    assert "NB302" in text
    if not live:
        assert "\x1b" not in text


def read_terminal(number: int) -> str:
    heard = io.BytesIO()
    try:
        while data := os.read(number, 4096):
            heard.write(data)
    except OSError:  # Linux says EIO where the other side has closed
        pass
    os.close(number)
    return heard.getvalue().decode()
