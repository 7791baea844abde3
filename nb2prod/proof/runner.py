"""Runs inside the project's own environment: its tests once, or once per mutant.

That environment has pytest but not nb2prod, so this one file is all it needs. An order comes as one JSON object on
stdin; what happens goes out as JSON lines on stdout, which the tests themselves cannot reach:

    {"collected": n}
    {"test": id, "outcome": "passed|failed|skipped", "message": str, "frame": [file, line] | null}
    {"ready": true}                    the suite passed without a mutant; they wait until stdin ends
    {"mutant": number, "caught": bool | null}                  null: not tried, as training is random
    {"exit": code}                                             pytest's exit code, last

For mutants the heavy modules are imported once and every mutant is a fork. A mutant is never written to the disk: a
finder in front of all others hands its source to the import system in place of the file's.
"""

# ruff: noqa: ARG002  (hooks of the import system)
from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TextIO

CAN_FORK = sys.platform.startswith("linux")
RANDOM = "training is random"
PAUSE = 0.02  # seconds between two looks at running mutants


class Reporter:
    """A pytest plugin that tells each test as it ends; `tell` gets the objects described above."""

    def __init__(self, tell: Any, root: Path) -> None:
        self.tell = tell
        self.root = root
        self.frames: dict[str, list[Any]] = {}

    def pytest_collection_finish(self, session: Any) -> None:
        self.tell({"collected": len(session.items)})

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.tell({"test": report.nodeid, "outcome": "failed", "message": said(report), "frame": None})

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if call.excinfo is None:
            return
        inside = [entry for entry in call.excinfo.traceback if (self.root / "src") in Path(entry.path).parents]
        if inside:
            file = Path(inside[-1].path).relative_to(self.root).as_posix()
            self.frames[item.nodeid] = [file, inside[-1].lineno + 1]

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed or report.skipped or report.when == "call":
            frame = self.frames.pop(report.nodeid, None) if report.failed else None
            message = "" if report.passed else said(report)
            self.tell({"test": report.nodeid, "outcome": report.outcome, "message": message, "frame": frame})


def said(report: Any) -> str:
    """The first line of why a test failed or was skipped."""
    why = report.longrepr
    if isinstance(why, tuple):  # a skip: file, line, reason
        text = str(why[2]).removeprefix("Skipped: ")
    elif hasattr(why, "reprcrash") and why.reprcrash is not None:
        text = why.reprcrash.message
    else:
        text = str(why)
    lines = [line for line in text.splitlines() if line.strip()]
    if hasattr(why, "longrepr") or report.when == "collect":
        lines = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")] or lines[-1:]
    return lines[0].removeprefix("Failed: ") if lines else ""


class MutantFinder(importlib.abc.MetaPathFinder):
    """Finds one module, with `source` in place of what its file holds."""

    def __init__(self, module: str, file: Path, source: str) -> None:
        self.module, self.file, self.source = module, file, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        loader = MutantLoader(fullname, str(self.file))
        loader.mutated = self.source
        return importlib.util.spec_from_file_location(fullname, self.file, loader=loader)


class MutantLoader(importlib.machinery.SourceFileLoader):
    mutated: str

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.mutated, self.path, "exec", dont_inherit=True)


def untold(_: dict[str, Any]) -> None:
    """Tells nobody: of a mutant only the exit code counts."""


def run_pytest(root: Path, files: list[str], options: list[str], tell: Any) -> int:
    """pytest in this process, on the project in `root`."""
    import pytest

    arguments = ["-q", "-p", "no:cacheprovider", "--rootdir", str(root), *options]
    if (root / "pyproject.toml").exists():
        arguments += ["-c", str(root / "pyproject.toml")]
    with tempfile.TemporaryDirectory(prefix="nb2prod-tests-") as scratch:
        arguments += ["--basetemp", str(Path(scratch) / "pytest"), *files]
        return int(pytest.main(arguments, plugins=[Reporter(tell, root)]))


def run_mutant(order: dict[str, Any], mutant: dict[str, Any]) -> int:
    root = Path(order["root"])
    file = root / mutant["file"]
    module = ".".join(Path(mutant["file"]).with_suffix("").parts[1:])
    sys.meta_path.insert(0, MutantFinder(module, file, mutant["source"]))
    return run_pytest(root, mutant["tests"], ["-x", "--no-header", "--tb=no"], untold)


def silence() -> None:
    """Nothing a test prints may reach the protocol or fill a pipe."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def fork(action: Any) -> int:
    """A child that ends with the exit code of `action`; here, its process id."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        silence()
        code = action()
    except BaseException:  # a mutant may raise anything, and this process must end here
        code = 70
    finally:
        os._exit(code)


class Running:
    """A mutant at work: a fork, or a whole process where there is no fork."""

    def __init__(self, order: dict[str, Any], mutant: dict[str, Any], limit: float) -> None:
        self.number = mutant["number"]
        self.deadline = time.monotonic() + limit
        self.process: subprocess.Popen[bytes] | None = None
        self.child = 0
        if CAN_FORK:
            self.child = fork(lambda: run_mutant(order, mutant))
            return
        single = json.dumps({"do": "mutant", "root": order["root"], "mutant": mutant}).encode()
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert self.process.stdin is not None
        self.process.stdin.write(single + b"\n")
        self.process.stdin.close()

    def code(self) -> int | None:
        """The exit code, None while it runs; a mutant that runs for too long is ended."""
        if self.process is not None:
            found = self.process.poll()
        else:
            done, status = os.waitpid(self.child, os.WNOHANG)
            found = os.waitstatus_to_exitcode(status) if done else None
        if found is None and time.monotonic() > self.deadline:
            self.end()
            return 124
        return found

    def end(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        else:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)


def measure(order: dict[str, Any], tell: Any) -> int:
    """The suite as it is, then every mutant, `order["parallel"]` at a time."""
    for name in order["modules"]:
        load(name)
    clean, seconds, facts = run_clean(order)
    if clean != 0:
        return clean
    for name in facts["modules"]:
        load(name)
    tell({"ready": True})
    sys.stdin.read()
    limit = max(order["least_seconds"], order["times_clean"] * seconds)
    waiting = []
    for mutant in reversed(order["mutants"]):
        if facts["random"] and mutant["training"]:
            tell({"mutant": mutant["number"], "caught": None})
        else:
            waiting.append(mutant)
    running: list[Running] = []
    while waiting or running:
        while waiting and len(running) < order["parallel"]:
            running.append(Running(order, waiting.pop(), limit))
        time.sleep(PAUSE)
        for one in list(running):
            code = one.code()
            if code is not None:
                running.remove(one)
                tell({"mutant": one.number, "caught": code != 0})
    return 0


def run_clean(order: dict[str, Any]) -> tuple[int, float, dict[str, Any]]:
    """pytest's exit code without a mutant, its seconds, the modules it imported, and whether training is random."""
    started = time.monotonic()
    if not CAN_FORK:
        source = (Path(order["root"]) / order["any_file"]).read_text(encoding="utf-8")
        same = {"number": -1, "file": order["any_file"], "source": source, "tests": order["tests"]}
        whole = Running(order, same, 3600)
        while (found := whole.code()) is None:
            time.sleep(PAUSE)
        return found, time.monotonic() - started, {"modules": [], "random": False}
    handle, name = tempfile.mkstemp(prefix="nb2prod-clean-")
    os.close(handle)
    notes = Path(name)
    skips: list[str] = []

    def action() -> int:
        def hear(what: dict[str, Any]) -> None:
            if what.get("outcome") == "skipped":
                skips.append(what["message"])

        code = run_pytest(Path(order["root"]), order["tests"], ["--no-header", "--tb=no"], hear)
        root = order["root"] + os.sep
        modules = [
            name
            for name, module in list(sys.modules.items())
            if not str(getattr(module, "__file__", None) or root).startswith(root)
        ]
        random = any(text.startswith(RANDOM) for text in skips)
        notes.write_text(json.dumps({"modules": modules, "random": random}), encoding="utf-8")
        return code

    try:
        _, status = os.waitpid(fork(action), 0)
        seconds = time.monotonic() - started
        return os.waitstatus_to_exitcode(status), seconds, json.loads(notes.read_text(encoding="utf-8") or "null")
    finally:
        notes.unlink()


def load(name: str) -> None:
    """Import what tests will import, once for all forks."""
    try:
        importlib.import_module(name)
    except BaseException:  # optional parts of a library may be missing; the tests will tell
        return


def main() -> None:
    # What this file imported for itself must not hide what the project's environment has.
    sys.path.pop(0)
    order = json.loads(sys.stdin.readline())
    protocol: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    root = Path(order["root"])
    os.chdir(root)
    sys.path[:0] = [str(root / "src")]

    def tell(what: dict[str, Any]) -> None:
        protocol.write(json.dumps(what) + "\n")
        protocol.flush()

    if order["do"] == "test":
        code = run_pytest(root, ["tests"], ["--no-header", "-rN"], tell)
    elif order["do"] == "mutants":
        code = measure(order, tell)
    else:
        code = run_mutant(order, order["mutant"])
    tell({"exit": code})
    protocol.close()
    if order["do"] == "mutant":
        os._exit(code)


if __name__ == "__main__":
    main()
