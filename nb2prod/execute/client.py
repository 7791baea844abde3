"""papermill with a client of our own: one event per cell of the notebook, capture at the boundary, no trust in its
metadata.

papermill marks cells that never ran as completed, writes its output in place, and stops without an error at
``sys.exit()``. So the client here runs the cells itself, raises at the first thing that is wrong, and hands back the
notebook only if every cell ran. Importing this module imports papermill: import it inside functions.
"""

import asyncio
import copy
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.execute import remove_error_markers
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from nb2prod.errors import Cancelled, RunError, Where
from nb2prod.events import Cancel, CellFinished, Emit, Log, StepAdvanced
from nb2prod.execute import failures
from nb2prod.execute.host import Host
from nb2prod.execute.manager import Manager, quiet
from nb2prod.execute.memory import kills_for_memory, ran_out
from nb2prod.execute.prepare import STAMP
from nb2prod.execute.processes import descendants, end_processes, ends_with_us, interpreter, names_of
from nb2prod.execute.streams import coalesced
from nb2prod.model.notebook import SKIP_TAG

_LOG_LINES = 200  # per cell, forwarded as events
_STREAM_LIMIT = 1_000_000  # characters per cell, kept in the executed notebook
_CANNOT_START = ("SyntaxError", "IndentationError", "TabError")
_IOPUB_TIMEOUT = 20  # seconds to wait for the output of a cell that has finished


@dataclass(slots=True)
class Run:
    """One run while it goes on: what the engine needs, and what it learns.

    `captured(stage)` is called after a capture cell; what it raises ends the run. `host` is the papermill that this
    runs inside of, `save` where that wants the copy as far as it came, `mask` what its log must not show.
    `executed` is the notebook after a complete run, else None; `reached` is the notebook as far as it came, where
    cells ran.
    """

    kernel_name: str
    working_folder: Path
    log_file: Path
    cell_timeout: int | None
    emit: Emit
    cancel: Cancel
    step: str
    captured: Callable[[str], None]
    environment: Mapping[str, str]
    host: Host | None = None
    save: Callable[[Any], None] | None = None
    mask: Callable[[str], str] = str
    executed: dict[str, Any] | None = None
    reached: dict[str, Any] | None = None
    manager: Any = None
    pid: int | None = None
    children: list[int] = field(default_factory=list)
    sources: dict[int, tuple[int, str]] = field(default_factory=dict)
    memory_kills: int = field(default_factory=kills_for_memory)

    def kernel(self) -> int | None:
        """The kernel's process id, as soon as it has one and for ever after."""
        self.pid = getattr(getattr(self.manager, "provisioner", None), "pid", None) or self.pid
        return self.pid

    def end_kernel(self) -> None:
        pid = self.kernel()
        if pid is not None:
            end_processes(pid, self.children)


def execute(document: Mapping[str, Any], parameters: Mapping[str, Any], run: Run) -> dict[str, Any]:
    """Run a document (nbformat 4.5, cells stamped) by papermill; return it executed.

    Raises RunError or Cancelled; no process of the kernel is left then or on success.
    """
    import nbformat

    copied = remove_error_markers(load_notebook_node(nbformat.from_dict(dict(document))))
    if parameters:
        copied = parameterize_notebook(copied, dict(parameters), kernel_name=run.kernel_name, language="python")
    manager = Manager(copied, run.host or Host(), run.save)
    client = _client(manager, run)
    done = threading.Event()
    watch = threading.Thread(target=_end_on_cancel, args=(run, done), name="nb2prod cancel", daemon=True)
    watch.start()
    try:
        with quiet() if run.host is None else nullcontext():
            manager.notebook_start()
            try:
                with run.log_file.open("wb") as log:
                    # The kernel's own stdout and stderr (warnings of the debugger, crash dumps) are not ours.
                    client.execute(cwd=str(run.working_folder), env=dict(run.environment), stdout=log, stderr=log)
            finally:
                manager.notebook_complete()
    finally:
        done.set()
        watch.join()
        run.end_kernel()
        if client.started:
            run.reached = copy.deepcopy(client.nb)
    if run.cancel.is_set():
        raise Cancelled
    assert manager.complete
    run.executed = run.reached
    assert run.executed is not None
    return run.executed


def _client(manager: Manager, run: Run) -> "CapturingClient":
    host = run.host or Host()
    return CapturingClient(
        manager,
        run=run,
        kernel_name=run.kernel_name,
        startup_timeout=host.start_timeout,
        timeout_func=lambda cell: run.cell_timeout if "cell" in cell.metadata.get(STAMP, {}) else None,
        iopub_timeout=_IOPUB_TIMEOUT,
        raise_on_iopub_timeout=False,  # lost output (ipykernel drops what is not Unicode) is not a lost result
        coalesce_streams=False,  # see `coalesced`
        skip_cells_with_tag=SKIP_TAG,  # any other cell is part of the notebook's truth
        shell_timeout_interval=1,
        log=logging.getLogger("papermill"),
        log_output=host.log_output,
        stdout_file=host.stdout_file,
        stderr_file=host.stderr_file,
    )


class CapturingClient(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells of a stamped copy in order and tells of each."""

    def __init__(self, nb_man: Any, run: Run, **options: Any) -> None:
        super().__init__(nb_man, **options)
        self.run_state = run
        self.streamed = 0
        self.logged = 0
        self.asked_exit = False
        self.started = False
        self.hidden = False
        self.on_cell_executed = self._note_exit

    def execute(self, **options: Any) -> None:
        try:
            self.reset_execution_trackers()
            self.run_state.manager = self.km = self.create_kernel_manager()
            with self.setup_kernel(cleanup_kc=True, **options):
                self.started = True
                pid = self.run_state.kernel()
                try:
                    with ends_with_us(pid):
                        self.papermill_execute_cells()
                    self._tell_left_behind(pid)
                finally:
                    self.run_state.children = descendants(pid) if pid is not None else []
                    if self.run_state.cancel.is_set() or not self.nb_man.complete:
                        # A busy kernel that is asked to shut down would be waited for.
                        self.run_state.end_kernel()
        except (Cancelled, RunError):
            raise
        except Exception as error:
            if self.run_state.cancel.is_set():
                raise Cancelled from error
            if self.started:
                raise
            log = _text(self.run_state.log_file)
            raise failures.kernel_did_not_start(self.run_state.kernel_name, str(error), log) from error

    def _tell_left_behind(self, pid: int | None) -> None:
        run, left = self.run_state, names_of(descendants(pid) if pid is not None else [])
        if left:
            run.emit(Log(run.step, "info", f"the notebook's processes that still ran end with it: {', '.join(left)}"))

    def papermill_execute_cells(self) -> None:
        run = self.run_state
        user_cells = [cell for cell in self.nb.cells if cell.cell_type == "code" and "cell" in _stamp(cell)]
        total, finished = len(user_cells), 0
        for index, cell in enumerate(self.nb.cells):
            if run.cancel.is_set():
                raise Cancelled
            if cell.cell_type != "code":
                continue
            stage, number = _stamp(cell).get("stage"), _stamp(cell).get("cell")
            if stage is not None:
                self._run_cell(cell, index, number, is_last=False)
                run.captured(stage)
                continue
            self.streamed, self.logged = 0, 0
            start = time.monotonic()
            ok = False
            if number is not None:
                run.emit(StepAdvanced(run.step, finished, total, f"cell {number}"))
            self.nb_man.cell_start(cell, index)
            try:
                self._run_cell(cell, index, number, is_last=number is not None and finished + 1 == total)
                ok = True
            finally:
                if not ok:
                    self.nb_man.cell_exception(cell, cell_index=index)
                self.nb_man.cell_complete(cell, cell_index=index)
                if number is not None:
                    run.emit(CellFinished(run.step, number, ok, time.monotonic() - start))
            if number is not None:
                finished += 1
                if finished == total:
                    run.emit(StepAdvanced(run.step, finished, total, f"cell {number}"))
        info = self.wait_for_reply(self.kc.kernel_info())
        self.nb.metadata["language_info"] = info["content"]["language_info"]
        self.set_widgets_metadata()
        self.nb_man.complete = True

    def _run_cell(self, cell: Any, index: int, number: int | None, *, is_last: bool) -> None:
        """Run one cell; raise RunError or Cancelled in the notebook's words where it does not end well."""
        run = self.run_state
        self.hidden = "stage" in _stamp(cell)
        try:
            try:
                self.execute_cell(cell, index, store_history=not self.hidden)
            finally:
                cell.outputs = coalesced(cell.outputs)
        except CellExecutionError as error:
            if is_last and error.ename == "SystemExit" and error.evalue in ("", "0", "None"):
                return  # nothing is left to run
            if _stamp(cell).get("broken") and error.ename in _CANNOT_START:
                return  # nothing of it ran
            self._remember(cell, number)
            raise self._raised(cell, number, error) from error
        except CellTimeoutError as error:
            raise failures.timed_out(number, run.cell_timeout or 0) from error
        except DeadKernelError as error:
            if run.cancel.is_set():
                raise Cancelled from error
            memory = ran_out(run.memory_kills)
            raise failures.kernel_died(number, self._exit_status(), _text(run.log_file), memory) from error
        if _stamp(cell).get("broken") and not _could_not_start(cell):
            raise failures.not_read(number)
        self._remember(cell, number)
        if self.asked_exit and number is not None:
            raise failures.exited(number)

    def _raised(self, cell: Any, number: int | None, error: CellExecutionError) -> RunError:
        if number is None:
            told = f"{error.ename}: {error.evalue}"
            return RunError(f"A cell added for the run failed: {told[:300]}", code="NB509", where=Where())
        trace = next((out.traceback for out in cell.outputs if out.output_type == "error"), [error.traceback])
        return failures.cell_raised(
            error.ename,
            error.evalue,
            trace,
            cell=number,
            count=cell.get("execution_count"),
            sources=self.run_state.sources,
            working_folder=self.run_state.working_folder,
            memory=ran_out(self.run_state.memory_kills),
            python=interpreter(self.km.kernel_spec.argv[0]),
        )

    def _remember(self, cell: Any, number: int | None) -> None:
        count = cell.get("execution_count")
        if number is not None and count is not None:
            self.run_state.sources[count] = (number, cell.source)

    def _note_exit(self, **told: Any) -> None:
        payload = told["execute_reply"]["content"].get("payload") or []
        self.asked_exit = any(entry.get("source") == "ask_exit" for entry in payload)

    async def _async_poll_kernel_alive(self) -> None:
        """As nbclient's own, but often enough that a cancel feels immediate."""
        while True:
            await asyncio.sleep(0.1)
            try:
                await self._async_check_alive()
            except DeadKernelError:
                self.task_poll_for_reply.cancel()
                return

    def process_message(self, msg: Mapping[str, Any], cell: Any, cell_index: int) -> Any:
        output = super().process_message(msg, cell, cell_index)
        run, number = self.run_state, _stamp(cell).get("cell")
        if output is not None and output.output_type == "stream" and number is not None:
            for line in output.text.splitlines():
                # A progress bar draws over itself; its last state is enough.
                text = line.rpartition("\r")[2].rstrip()
                if text and self.logged < _LOG_LINES:
                    run.emit(Log(run.step, "info", f"[{number}] {text[:500]}"))
                    self.logged += 1
                    if self.logged == _LOG_LINES:
                        run.emit(Log(run.step, "info", f"[{number}] … further output is in the executed notebook"))
        return output

    def log_output_message(self, output: Any) -> None:
        if not self.hidden:
            super().log_output_message(_masked(output, self.run_state.mask))

    def output(self, outs: list[Any], msg: Mapping[str, Any], display_id: str | None, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            left = _STREAM_LIMIT - self.streamed
            if left <= 0:
                return None
            text = msg["content"]["text"]
            self.streamed += len(text)
            if len(text) >= left:
                msg["content"]["text"] = text[:left] + "\n… further output was dropped\n"
        return super().output(outs, msg, display_id, cell_index)

    def _exit_status(self) -> int | None:
        process = getattr(getattr(self.km, "provisioner", None), "process", None)
        status: int | None = process.poll() if process is not None else None
        return status


def _end_on_cancel(run: Run, done: threading.Event) -> None:
    while not done.wait(0.1):
        if run.cancel.is_set():
            run.end_kernel()


def _stamp(cell: Any) -> dict[str, Any]:
    stamp: dict[str, Any] = cell.metadata.get(STAMP, {})
    return stamp


def _masked(output: Any, mask: Callable[[str], str]) -> Any:
    """What is logged of an output: its text."""
    shown = copy.deepcopy(output)
    if shown.output_type == "stream":
        shown.text = mask(shown.text)
    elif "text/plain" in shown.get("data", {}):
        shown.data["text/plain"] = mask(shown.data["text/plain"])
    return shown


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _could_not_start(cell: Any) -> bool:
    """Whether a cell that may raise (its tag says so) ended before its first statement."""
    return any(out.output_type == "error" and out.ename in _CANNOT_START for out in cell.outputs)
