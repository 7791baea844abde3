"""Run a job from the command line: its progress and report to people on stderr, its answer to machines on stdout."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from nb2prod.cli.answers import json_text, print_lines, reserved_stdout
from nb2prod.cli.gui import wizard_installed
from nb2prod.cli.interrupts import cancel_at_eof
from nb2prod.cli.root import tell_error
from nb2prod.cli.session import Session
from nb2prod.console.report import Surroundings, report_lines
from nb2prod.console.text import Line, is_live, write_lines
from nb2prod.errors import ToolError
from nb2prod.events import JobFinished, Stamped, StepFinished, encode
from nb2prod.job import Job, Stamper, run_job
from nb2prod.job.interrupts import cancelling, run_apart

Answer = Literal["json", "events"] | None


def conduct(
    job: Job,
    session: Session,
    *,
    answer: Answer,
    output: Path | None = None,
    fresh: bool = False,
    stop_at_eof: bool = False,
    tell: Callable[[Mapping[str, Any]], Iterable[Line]] | None = None,
) -> int:
    """Run the job to its end and give the exit code. Raises only what stands in the way before it starts.

    `output`: the project, whose lock is held and beside which records are kept (ToolError NB960, NB961, NB965); None
    for a job without one. `tell`: the report for people, on stdout; None for that of a build, on stderr.
    """
    cancel = threading.Event()
    reports: list[dict[str, Any]] = []
    reasons: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        records = None
        if output is not None:
            from nb2prod.files import project_lock

            records = stack.enter_context(project_lock(output))
        write = stack.enter_context(reserved_stdout())
        display = stack.enter_context(_display(session)) if answer != "events" and session.verbosity >= 0 else None

        def sink(stamped: Stamped) -> None:
            if answer == "events":
                session.answered = True
                _write_event(write, stamped, cancel)
            if display is not None:
                display(stamped)
            match stamped.event:
                case StepFinished(step, "skipped", reason):
                    reasons[step] = reason
                case JobFinished(_, report):
                    reports.append(report)

        if stop_at_eof:
            cancel_at_eof(cancel)
        emit = Stamper(sink)
        with cancelling(cancel):
            result = run_apart(lambda: run_job(job, state=records, emit=emit, cancel=cancel, fresh=fresh))
        if answer == "json":
            session.answered = True
            write(json_text(reports[0]))
    if answer is None and tell is not None and session.verbosity >= 0:
        print_lines(tell(reports[0]))
    elif answer is None and session.verbosity >= 0:
        shown = {name: part for name, part in reports[0].items() if name != "error"}
        around = Surroundings(
            body=example_body(output),
            folder=working_folder(),
            programs=programs_prefix(),
            reasons=reasons,
            wizard=wizard_installed(),
            notes=session.verbosity > 0,
        )
        write_lines(report_lines(shown, around), sys.stderr)
    if result.error is not None:
        tell_error(result.error, session)
    return result.exit_code


def working_folder() -> Path | None:
    """None where it is gone, which a job of absolute paths need not mind."""
    try:
        return Path.cwd()
    except OSError:
        return None


def programs_prefix() -> str:
    """What to write before `nb2prod` and `mlflow`: nothing where the shell finds them, else the folder they are in."""
    import shlex
    import shutil

    if shutil.which("nb2prod") and shutil.which("mlflow"):
        return ""
    folder = Path(sys.executable).parent
    if not (folder / "nb2prod").exists():
        return ""
    here = working_folder()
    near = folder.relative_to(here) if here is not None and folder.is_relative_to(here) else folder
    return shlex.quote(f"{near}/")


def example_body(output: Path | None) -> str | None:
    """One golden request of the project as JSON, short enough for a shell line; None where there is none."""
    import json

    from nb2prod.render.project import example_body as shortened

    if output is None:
        return None
    try:
        golden = json.loads((output / "tests" / "golden" / "golden.json").read_text(encoding="utf-8"))
        body = shortened(golden["body"], golden["predictions"], 1)
        text = json.dumps(body, ensure_ascii=False)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return text if len(text) <= 1_500 else None


def _write_event(write: Any, stamped: Stamped, cancel: threading.Event) -> None:
    try:
        if not write(encode(stamped)):
            cancel.set()  # nobody is there to see the job through
    except ToolError:
        cancel.set()


def _display(session: Session) -> Any:
    if is_live(sys.stderr):
        from rich.console import Console

        from nb2prod.console.live import LiveDisplay

        return LiveDisplay(Console(stderr=True, highlight=False), verbosity=session.verbosity)
    from nb2prod.console.plain import PlainDisplay

    return PlainDisplay(verbosity=session.verbosity)
