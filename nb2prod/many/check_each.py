"""Checks side by side: workers that are forked once, when everything they need is imported already."""

import gc
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

from nb2prod.errors import Nb2ProdError, ToolError
from nb2prod.events import Cancel
from nb2prod.job.bug import bug_from
from nb2prod.job.runner import error_json
from nb2prod.many.telling import Telling, not_started
from nb2prod.model.findings import Severity
from nb2prod.steps.check import check_json, check_notebook
from nb2prod.summary.outcome import Outcome

_ENOUGH_FOR_WORKERS = 8
"""Fewer notebooks are checked sooner than workers are there."""

Named = tuple[str, Path, bool]
"""Name to show, path, and whether it was found in a folder, where it may be no notebook for production at all."""


def check_each(named: Sequence[Named], jobs: int, telling: Telling, cancel: Cancel) -> tuple[Outcome, ...]:
    """Check each; nothing is run. One that cannot be read does not stop the others, nor one that ends its worker."""
    outcomes: dict[int, Outcome] = {}

    def keep(number: int, outcome: Outcome) -> None:
        outcomes[number] = outcome
        telling.ended(number, outcome)

    jobs = min(jobs, max(1, len(named) // (_ENOUGH_FOR_WORKERS // 2)))
    if jobs > 1:
        _with_workers(named, jobs, keep, cancel)
        rest = [number for number in range(len(named)) if number not in outcomes]
        for number in rest:  # a worker died: each of the rest gets its own, so that it is known whose fault it was
            if cancel.is_set():
                break
            _with_workers([named[number]], 1, partial(_keep_only, keep, number), cancel)
            if number not in outcomes and not cancel.is_set():
                keep(number, _died(named[number][0]))
    else:
        for number, one in enumerate(named):
            if cancel.is_set():
                break
            telling.started(number)
            keep(number, check_one(one))
    return tuple(outcomes.get(number) or not_started(one[0]) for number, one in enumerate(named))


def _keep_only(keep: Callable[[int, Outcome], None], number: int, _: int, outcome: Outcome) -> None:
    keep(number, outcome)


def check_one(named: Named) -> Outcome:
    """What `nb2prod check` finds in one notebook, and what it would end with."""
    name, path, found = named
    start = time.perf_counter()
    try:
        report = check_notebook(path)
    except Exception as fault:
        error = fault if isinstance(fault, Nb2ProdError) else bug_from(fault)
        return _failed(name, error, time.perf_counter() - start)
    seconds = time.perf_counter() - start
    if found and all(cell.role is None for cell in report.cells):
        return Outcome(name, "skipped", seconds=seconds, reason="no cell has a role", report={})
    failed = any(finding.severity is Severity.ERROR for finding in report.findings)
    return Outcome(name, "failed" if failed else "ok", int(failed), seconds, report=check_json(report))


def _with_workers(named: Sequence[Named], jobs: int, keep: Callable[[int, Outcome], None], cancel: Cancel) -> None:
    """Check in `jobs` processes; keeps what was done where one of them dies or `cancel` is set."""
    # A fork takes over what is imported; elsewhere than on Linux system libraries do not bear it.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    with ProcessPoolExecutor(jobs, context, initializer=_begin) as pool:
        futures = {pool.submit(_check_some, named[first:last]): first for first, last in _portions(len(named), jobs)}
        try:
            for future in _until(futures, cancel):
                for offset, outcome in enumerate(future.result()):
                    keep(futures[future] + offset, outcome)
        except BrokenProcessPool:
            return
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _until(futures: dict[Future[list[Outcome]], int], cancel: Cancel) -> Iterator[Future[list[Outcome]]]:
    for future in as_completed(futures):
        if cancel.is_set():
            return
        yield future


def _portions(count: int, jobs: int) -> Iterator[tuple[int, int]]:
    """Few enough not to cost much, many enough that none has to wait for a long one."""
    size = max(1, min(16, count // (jobs * 4)))
    yield from ((first, min(first + size, count)) for first in range(0, count, size))


def _check_some(named: Sequence[Named]) -> list[Outcome]:
    return [check_one(one) for one in named]


def _begin() -> None:
    """Signals are the parent's. What is imported stays; of what a check makes little is rubbish, and a worker's life is
    short: to look for it seldom saves a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _died(name: str) -> Outcome:
    error = ToolError(
        "the process that checked it ended without a word.",
        code="NB283",
        hint="Check this notebook alone; if it happens again, it is a bug in nb2prod.",
    )
    return _failed(name, error, 0.0)


def _failed(name: str, error: Nb2ProdError, seconds: float) -> Outcome:
    report: dict[str, Any] = {"status": "failed", "error": error_json(error)}
    report |= {"findings": [], "cells": [], "boundary": None}
    return Outcome(name, "failed", error.exit_code, seconds, report=report)
