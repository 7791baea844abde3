"""nb2prod with hand-made jobs in place of real builds. Run as a program: `python driver.py build NB …`.

What the job's second step does is the parameter `does`: see `BEHAVIOURS`.
"""

import os
import subprocess
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nb2prod.errors import Cancelled, RunError, ToolError, Where
from nb2prod.events import Cancel, CellFinished, Emit, FindingFound, Log, Produced, StepAdvanced
from nb2prod.job import Job, JobResult, Outputs, Step, StepSkipped, outline
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.spec import BuildSpec

WARNING = Finding("NB302", Severity.WARNING, "an untagged cell is pulled in.", 3, hint="Tag it.")


def work(emit: Emit, cancel: Cancel) -> None:
    emit(FindingFound("run", WARNING))
    for cell in (1, 2, 3):
        emit(StepAdvanced("run", cell, 3, f"cell {cell}"))
        emit(CellFinished("run", cell, True, 0.25))
    emit(Produced("run", "run", "run.json"))


def wait(emit: Emit, cancel: Cancel) -> None:
    emit(Log("run", "warning", "waiting"))
    cancel.wait(60)
    raise ToolError("killed by signal 2", code="NB999")


def stubborn(emit: Emit, cancel: Cancel) -> None:
    emit(Log("run", "warning", "waiting"))
    time.sleep(60)


def noise(emit: Emit, cancel: Cancel) -> None:
    print("a library prints")
    os.write(1, b"a C library prints\n")
    subprocess.run([sys.executable, "-c", "print('a program prints')"], check=True)


def chatter(emit: Emit, cancel: Cancel) -> None:
    while not cancel.wait(0.001):
        emit(Log("run", "debug", "x" * 1000))
    raise Cancelled


def fail(emit: Emit, cancel: Cancel) -> None:
    raise RunError("KeyError: 'price'", code="NB501", where=Where("demo.ipynb", 7, 3), hint="Mend the cell.")


def bug(emit: Emit, cancel: Cancel) -> None:
    raise ZeroDivisionError("division by zero")


def skip(emit: Emit, cancel: Cancel) -> None:
    raise StepSkipped("no engine")


def surrogate(emit: Emit, cancel: Cancel) -> None:
    emit(Log("run", "warning", "lone \udc80 and \x1b[31mred"))


BEHAVIOURS: dict[str, Callable[[Emit, Cancel], None]] = {
    one.__name__: one for one in (work, wait, stubborn, noise, chatter, fail, bug, skip, surrogate)
}


def build_job(spec: BuildSpec) -> Job:
    """Steps ``read`` (kept), ``run`` (does what it is told)."""

    def run(_: Outputs, emit: Emit, cancel: Cancel) -> None:
        BEHAVIOURS[spec.parameters.get("does", "work")](emit, cancel)

    def report(result: JobResult) -> dict[str, Any]:
        return {"project": spec.output, "image": None, "parity": []} | outline(result)

    steps = (Step("read", lambda *_: spec.notebook, key=lambda _: spec.notebook), Step("run", run))
    return Job("build", steps, report)


def check_notebook(path: Path) -> Any:
    cells = [types.SimpleNamespace(index=n, source=f"x{n} = {n}") for n in range(1, 3)]
    views = [
        types.SimpleNamespace(
            index=n,
            role="training",
            reason="fits",
            defines=("x",),
            reads=("y",),
            mutates=(),
            depends_on=(1,),
            in_production="",
        )
        for n in range(1, 3)
    ]
    severity = Severity.ERROR if "bad" in path.name else Severity.INFO
    many = 20_000 if "many" in path.name else 1
    return types.SimpleNamespace(
        notebook=types.SimpleNamespace(cells=cells, digest="sha256:0123456789abcdef"),
        findings=tuple(Finding("NB310", severity, f"number {n}", 1, 1, "Do.") for n in range(many)),
        cells=views,
        boundary=types.SimpleNamespace(artifacts=("model",), request=("rows",), response="answer"),
    )


def check_json(report: Any) -> dict[str, Any]:
    return {"findings": [], "cells": [], "boundary": {}}


def install(modules: Any = sys.modules) -> None:
    for name, members in (
        ("build", {"build_job": build_job}),
        ("check", {"check_notebook": check_notebook, "check_json": check_json}),
    ):
        module = types.ModuleType(f"nb2prod.steps.{name}")
        module.__dict__.update(members)
        modules[module.__name__] = module


if __name__ == "__main__":
    install()
    from nb2prod.cli import main

    main()
