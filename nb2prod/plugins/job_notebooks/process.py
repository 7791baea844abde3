"""nb2prod in a process of its own, from inside a kernel: what a notebook breaks there does not end the report."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from nb2prod.console.report import step_summary
from nb2prod.events import JobFinished, StepFinished, decode
from nb2prod.model.spec import BuildSpec
from nb2prod.progress import Progress, advance


def run_spec(spec: BuildSpec) -> tuple[dict[str, Any], int]:
    """The report of the build and its exit code; steps are printed as they end. An interrupt cancels the build."""
    command = [sys.executable, "-m", "nb2prod", "job", "-", "--events", "jsonl", "--stop-on-stdin-eof"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8"
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        report: Mapping[str, Any] = {}
        progress = Progress()
        try:
            process.stdin.write(json.dumps(asdict(spec)) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                stamped = decode(line)
                progress = advance(progress, stamped)
                match stamped.event:
                    case StepFinished(step, status, reason):
                        seconds = next(one for one in progress.steps if one.name == step).seconds()
                        sys.stdout.write(f"{step}: {step_summary(status, seconds, reason)}\n")
                    case JobFinished(_, ended):
                        report = ended
        finally:
            with suppress(OSError):
                process.stdin.close()  # where we were interrupted, the build stops
        code = process.wait()
    if not report:
        message = f"the build ended with code {code} and without a word; perhaps it was killed."
        error = {"code": "NB276", "message": message, "hint": "The same in a terminal shows more.", "where": None}
        report = {"status": "failed", "error": error}
    return dict(report), code


def run_json(*words: str) -> tuple[dict[str, Any], int]:
    """What ``nb2prod … --json`` answers, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "nb2prod", words[0], "--json", *words[1:]],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, encoding="utf-8",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer, done.returncode
