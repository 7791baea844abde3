"""A build that papermill started: its run is papermill's run, its report the last cell, its verdict the exit code."""

import logging
import threading
from pathlib import Path
from typing import Any

import click
from papermill.exceptions import PapermillExecutionError
from papermill.execute import raise_for_execution_errors

from nb2prod.console.markdown import report_markdown
from nb2prod.console.problems import error_lines, finding_lines
from nb2prod.console.report import step_summary
from nb2prod.console.text import write_lines
from nb2prod.errors import Nb2ProdError
from nb2prod.events import FindingFound, JobFinished, Log, Produced, Stamped, StepFinished
from nb2prod.execute.host import Host
from nb2prod.files import project_lock
from nb2prod.job import Stamper, error_json, run_job
from nb2prod.job.interrupts import cancelling, run_apart
from nb2prod.model.spec import BuildSpec
from nb2prod.plugins.papermill_engine.call import asked_of_papermill, working_folder
from nb2prod.plugins.papermill_engine.output import Output, told_notebook
from nb2prod.progress import Progress, advance
from nb2prod.steps.build import build_job

logger = logging.getLogger("papermill")


class BuildFailed(PapermillExecutionError, click.ClickException):  # type: ignore[misc]  # noqa: N818
    """The gate said no, or something failed on the way to it. papermill's command line ends with `exit_code`, which is
    nb2prod's; `report` is that of `nb2prod build --json`."""

    def __init__(self, report: dict[str, Any], exit_code: int) -> None:
        error = report["error"]
        click.ClickException.__init__(self, error["message"])
        self.report = report
        self.exit_code = exit_code  # type: ignore[misc]
        self.ename, self.evalue, self.traceback = error["code"], error["message"], _told(report)
        self.cell_index, self.exec_count, self.source = (error.get("where") or {}).get("cell"), None, ""

    def __str__(self) -> str:
        return "\n".join(self.traceback)

    def show(self, file: Any = None) -> None:
        write_lines(error_lines(self.report["error"]), file)


def execute(
    nb: Any,
    kernel_name: str,
    output_path: str | None,
    *,
    input_path: Any,
    progress_bar: bool | dict[str, Any] = True,
    log_output: bool = False,
    stdout_file: Any = None,
    stderr_file: Any = None,
    autosave_cell_every: int = 30,
    start_timeout: int = 60,
    execution_timeout: int | None = None,
    **wishes: Any,
) -> Any:
    """Build as `nb` (the notebook with papermill's parameters) and its settings say; the executed notebook. Arguments
    are papermill's, `wishes` settings of nb2prod. Raises BuildFailed."""
    output = Output(nb.metadata.papermill.get("output_path"), working_folder())
    host = Host(
        output.save if output_path is not None else None,
        progress_bar,
        log_output,
        stdout_file,
        stderr_file,
        autosave_cell_every,
        start_timeout,
    )
    telling = _Telling()
    try:
        output.check()
        spec = asked_of_papermill(nb, kernel_name, input_path, wishes, execution_timeout)
        with project_lock(Path(spec.output)) as state:
            code = _run(spec, host, state, telling)
            node = told_notebook(nb, Path(spec.notebook), telling.executed, telling.report, _report(telling, output))
    except Nb2ProdError as error:
        telling.report, code = {"status": "failed", "error": error_json(error)}, error.exit_code
        if not output.is_mine(error):
            raise BuildFailed(telling.report, code) from None
        node = told_notebook(nb, None, None, telling.report, _report(telling, output))
    if code == 0:
        return node
    try:
        raise_for_execution_errors(node, None)  # marks the place as papermill does
    except PapermillExecutionError:
        output.write(node)
    raise BuildFailed(telling.report, code)


class _Telling:
    """A sink of events: what people read goes to papermill's log, what the end needs is kept."""

    def __init__(self) -> None:
        self._progress = Progress()
        self.report: dict[str, Any] = {}
        self.reasons: dict[str, str] = {}
        self.executed: Path | None = None

    def __call__(self, stamped: Stamped) -> None:
        self._progress = advance(self._progress, stamped)
        match stamped.event:
            case Produced("run", "notebook", path):
                self.executed = Path(path)
            case FindingFound(_, finding) if finding.severity in ("error", "warning"):
                for line in finding_lines({**_plain(finding)}):
                    logger.warning(str(line))
            case Log(step, "warning" | "error", text):
                logger.warning(f"nb2prod {step}: {text}")
            case StepFinished(step, status, reason):
                self.reasons[step] = reason
                seconds = next(one for one in self._progress.steps if one.name == step).seconds()
                logger.info(f"nb2prod {step}: {step_summary(status, seconds, reason)}")
                if (step, status) == ("run", "unchanged"):
                    logger.warning("nb2prod: nothing has changed since the notebook ran here, so it was not run again "
                                   "(NB2PROD_FRESH=1 runs it).")  # fmt: skip
            case JobFinished(_, report):
                self.report = report


def _run(spec: BuildSpec, host: Host, state: Path, telling: _Telling) -> int:
    """Run the job and give the exit code. Signals cancel it where this is the main thread: no other may take them."""
    job, emit, cancel = build_job(spec, host), Stamper(telling), threading.Event()

    def work() -> int:
        return run_job(job, state=state, emit=emit, cancel=cancel, fresh=spec.fresh).exit_code

    if threading.current_thread() is not threading.main_thread():
        return work()
    with cancelling(cancel):
        return run_apart(work)


def _report(telling: _Telling, output: Output) -> str:
    return report_markdown(telling.report, reasons=telling.reasons, folder=output.folder)


def _told(report: dict[str, Any]) -> list[str]:
    return [str(line) for line in error_lines(report["error"])]


def _plain(finding: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(finding)
