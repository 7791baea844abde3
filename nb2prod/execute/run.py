"""Run a notebook top to bottom in a fresh kernel; keep what it leaves: artifacts, golden rows, metrics, the record."""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nb2prod.analysis.parameters import check_parameters, declared_parameters, stale_values
from nb2prod.errors import Cancelled, RunError, ToolError, UsageError, Where
from nb2prod.events import Cancel, Emit, FindingFound
from nb2prod.execute.conceal import (
    conceal_document,
    concealed_errors,
    concealing,
    refuse_captured,
    refuse_parameters,
)
from nb2prod.execute.host import Host
from nb2prod.execute.prepare import executed_document, run_copy, with_text_of
from nb2prod.execute.processes import choose_kernel
from nb2prod.execute.record import dump_record, read_artifact, read_finding, read_schema, sync_folder, write_whole
from nb2prod.model.findings import Finding
from nb2prod.model.notebook import Notebook
from nb2prod.model.run import CaptureSpec, RunRecord
from nb2prod.model.schema import Schema
from nb2prod.secrets import mask_of, secret_values
from nb2prod.session import RUN

_STAGE = ".stage"
EXECUTED = "executed.ipynb"
FAILED = "failed.ipynb"
"""The notebook of a run that failed, with the outputs so far."""


def run_notebook(
    notebook: Notebook,
    spec: CaptureSpec,
    *,
    parameters: Mapping[str, Any],
    working_folder: Path,
    output: Path,
    cell_timeout: int | None,
    emit: Emit,
    cancel: Cancel,
    step: str = "run",
    host: Host | None = None,
) -> RunRecord:
    """Run a copy of the notebook by papermill in `working_folder`; return what `spec` asks for.

    Leaves in `output`: ``executed.ipynb`` (the user's cells only), ``artifacts/`` with ``artifacts.json``, and last
    ``run.json``; an older result stays until the new one is complete. A run that fails leaves ``failed.ipynb``, with
    the outputs so far. `parameters` are typed values (see `parse_parameters`); `cell_timeout` is in seconds. Emits
    StepAdvanced, CellFinished, Log and FindingFound. `host`: the papermill that this runs inside of.

    What looks like a secret, and the values of environment variables that are named like one, are masked in events,
    errors and the executed notebook.

    Raises UsageError for a parameter that does not fit or is a secret, InputError (NB154) where a secret would become
    part of the project, RunError where the notebook fails (NB501 to NB513, NB602,
    NB604), ToolError where `output` cannot be written, Cancelled within about a second of a cancel.
    """
    declared = declared_parameters(notebook)
    check_parameters(declared, parameters)
    for stale in stale_values(notebook, parameters):
        raise UsageError(stale.message, code=stale.code, hint=stale.hint, where=Where(cell=stale.cell, line=stale.line))
    known = secret_values(os.environ)
    refuse_parameters(parameters, known)
    mask = mask_of(known)
    emit = concealing(emit, mask)
    if cancel.is_set():
        raise Cancelled
    kernel_name, remark = choose_kernel(notebook)
    findings = [remark] if remark is not None else []
    for finding in findings:
        emit(FindingFound(step, finding))
    stage, existed = output.absolute() / _STAGE, output.exists()
    try:
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(parents=True)
        (output / FAILED).unlink(missing_ok=True)
        start = time.monotonic()
        with concealed_errors(mask):
            found, document = _execute(
                notebook, spec, parameters, kernel_name, working_folder, stage, cell_timeout, emit, cancel, step,
                partial(_keep_failed, output, known), host, known,
            )  # fmt: skip
        refuse_captured(found, stage / "artifacts", known)
        executed, shown = conceal_document(document, known)
        for finding in found.findings:
            emit(FindingFound(step, finding))
        record = replace(
            found,
            parameters={parameter.name: parameter.default for parameter in declared} | dict(parameters),
            seconds=round(time.monotonic() - start, 3),
            findings=(*findings, *found.findings),
            masked=shown,
        )
        _keep(output, stage, json.dumps(executed, indent=1, ensure_ascii=False) + "\n", record)
    except OSError as error:
        where = Where(path=error.filename if isinstance(error.filename, str) else str(output))
        hint = "Choose another output folder, or free some space."
        raise ToolError(f"Cannot write: {error.strerror or error}.", code="NB901", hint=hint, where=where) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        if not existed:
            with suppress(OSError):  # not empty: the run is complete
                output.rmdir()
    return record


def _execute(
    notebook: Notebook,
    spec: CaptureSpec,
    parameters: Mapping[str, Any],
    kernel_name: str,
    working_folder: Path,
    stage: Path,
    cell_timeout: int | None,
    emit: Emit,
    cancel: Cancel,
    step: str,
    keep_failed: Callable[[dict[str, Any]], None],
    host: Host | None,
    known: tuple[str, ...],
) -> tuple[RunRecord, dict[str, Any]]:
    from nb2prod.execute.client import Run, execute

    facts: dict[str, Any] = {"findings": [], "annotations": {}}

    def captured(name: str) -> None:
        result = read_stage(stage, name)
        facts["findings"] += result.pop("findings", [])
        facts["annotations"] |= result.pop("annotations", {})
        facts.update(result)

    run = Run(
        kernel_name=kernel_name,
        working_folder=working_folder.absolute(),
        log_file=stage / "kernel.log",
        cell_timeout=cell_timeout,
        emit=emit,
        cancel=cancel,
        step=step,
        captured=captured,
        # Sets of strings iterate in the same order each time, so that the same notebook gives the same project.
        environment={"PYTHONHASHSEED": "0"} | os.environ | {RUN: str(working_folder.absolute() / notebook.name)},
        host=host,
        save=partial(_show, host.save, notebook, known) if host is not None and host.save is not None else None,
        mask=mask_of(known),
    )
    try:
        document = execute(run_copy(notebook, spec, parameters, stage), parameters, run)
    except RunError:
        if run.reached is not None:
            keep_failed(executed_document(run.reached, notebook))
        raise
    record = RunRecord(
        parameters={},
        artifacts=tuple(read_artifact(artifact) for artifact in facts["artifacts"]),
        schema=Schema(tuple(read_schema(value) for value in facts["request"]), read_schema(facts["response"])),
        body=facts["body"],
        predictions=facts["predictions"],
        response_type=facts["response_type"],
        variables=facts["variables"],
        metrics=facts["metrics"],
        python=facts["python"],
        python_version=facts["python_version"],
        modules=tuple(facts["modules"]),
        seconds=0.0,
        findings=tuple(_finding(finding) for finding in facts["findings"]),
        annotations=facts["annotations"],
        sources=facts["sources"],
    )
    return record, executed_document(document, notebook)


def read_stage(stage: Path, name: str) -> dict[str, Any]:
    """What a capture cell found. Raises RunError as the kernel side says, or NB509 where it left nothing."""
    path = stage / f"{name}.json"
    if not path.exists():
        raise RunError(f"Capturing ({name}) left no result.", code="NB509", hint="This is a bug in nb2prod.")
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "error" in result:
        cell = result["error"].pop("cell")
        raise RunError(**result["error"], where=Where(cell=cell))
    return result


def _finding(body: dict[str, str]) -> Finding:
    return read_finding({"cell": None, "line": None, **body})


def _show(save: Callable[[dict[str, Any]], None], notebook: Notebook, known: tuple[str, ...], reached: Any) -> None:
    """The copy as far as it came, as it may be shown."""
    save(conceal_document(executed_document(reached, notebook), known)[0])


def renew_text(output: Path, notebook: Notebook) -> None:
    """Give the executed notebook of a run that is kept the text cells that the notebook has by now, masked likewise."""
    path = output / EXECUTED
    executed = json.loads(path.read_text(encoding="utf-8"))
    renewed, _ = conceal_document(with_text_of(notebook, executed), secret_values(os.environ))
    if renewed != executed:
        write_whole(path, json.dumps(renewed, indent=1, ensure_ascii=False) + "\n")


def _keep_failed(output: Path, known: tuple[str, ...], document: dict[str, Any]) -> None:
    """The notebook as far as it came, beside an older result, which stays."""
    shown, _ = conceal_document(document, known)
    write_whole(output / FAILED, json.dumps(shown, indent=1, ensure_ascii=False) + "\n")


def _keep(output: Path, stage: Path, executed: str, record: RunRecord) -> None:
    """Replace the older result. The record is what makes a result valid: gone first, written last."""
    index = {
        artifact.name: {
            "file": artifact.file,
            "format": artifact.format,
            "sha256": artifact.sha256,
            "type_name": artifact.type_name,
            "trusted": list(artifact.trusted),
        }
        for artifact in record.artifacts
    }
    artifacts = stage / "artifacts"
    for path in artifacts.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    write_whole(artifacts / "artifacts.json", json.dumps(index, indent=2) + "\n")
    (output / "run.json").unlink(missing_ok=True)
    shutil.rmtree(output / "artifacts", ignore_errors=True)
    artifacts.replace(output / "artifacts")
    sync_folder(output)
    write_whole(output / EXECUTED, executed)
    (output / FAILED).unlink(missing_ok=True)
    write_whole(output / "run.json", json.dumps(dump_record(record), indent=1, ensure_ascii=False) + "\n")
