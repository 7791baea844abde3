"""How good the generated tests are: the share of small faults in the generated code that they notice."""

import ast
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from nb2prod.errors import GateError
from nb2prod.events import Cancel, Emit, Log, StepAdvanced
from nb2prod.model.report import TestResult
from nb2prod.proof.mutants import SCOPES, Mutant, choose_mutants
from nb2prod.proof.places import Places, read_places
from nb2prod.proof.process import data_folder, run_runner, staged

_ORDER = ("test_parity.py", "test_schema.py", "test_notebook.py", "test_training.py", "test_service.py")
_REPEATS = "def test_training_repeats_the_notebook"
_PARALLEL = 2
_LEAST_SECONDS = 20
_TIMES_CLEAN = 10
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


def measure_mutants(
    project: Path,
    python: Path,
    *,
    package: str,
    limit: int,
    emit: Emit,
    cancel: Cancel,
    step: str = "test",
    tests: Callable[[], TestResult] = lambda: TestResult(0, 0),
    data: Path | None = None,
    seconds: float = 1800,
) -> tuple[int, int, tuple[str, ...]]:
    """Mutants made (at most `limit`), mutants the project's tests caught, and the others, one line each.

    Which mutants depends on the generated sources alone. One that does not end within ten times the clean run (at
    least 20 seconds) counts as caught. Where training is random or made small by `sample`, nothing can be
    claimed of it and ``train.py`` has no mutants. `data` is the folder in which training finds its files. `seconds`
    limits the whole.

    `tests` waits for what the tests give without a mutant. They may run meanwhile: everything is prepared first. Where
    one has failed, no mutant is tried; those that passed are added to the progress, which must not fall within a step.

    Raises GateError NB707 where the tests fail without any mutant, NB703, NB704; ToolError NB701, NB702, NB706;
    Cancelled.
    """
    if limit <= 0:
        return 0, 0, ()
    sources = _sources(project, package)
    files = [name for name in _ORDER if (project / "tests" / name).is_file()]
    if not _training_is_compared(project):
        sources = {file: text for file, text in sources.items() if not file.endswith("/train.py")}
        emit(Log(step, "info", "training is tested on a sample only: no mutants of train.py"))
    mutants = choose_mutants(sources, limit)
    if not mutants or not files:
        return 0, 0, ()
    verdicts: dict[int, bool | None] = {}
    already = 0

    def ready() -> bool:
        nonlocal already
        found = tests()
        already = found.passed
        return not found.failed

    def hear(message: dict[str, Any]) -> None:
        if "mutant" in message:
            verdicts[message["mutant"]] = message["caught"]
            caught = sum(verdict is True for verdict in verdicts.values())
            tried = sum(verdict is not None for verdict in verdicts.values())
            detail = f"{caught} of {tried} mutants caught"
            emit(StepAdvanced(step, already + len(verdicts), already + len(mutants), detail))

    with staged(project) as copy:
        order = {
            "do": "mutants",
            "root": str(copy),
            "tests": [f"tests/{name}" for name in files],
            "modules": ["pytest", "starlette.testclient", "nb2prod.serving", *_imports(sources, package)],
            "any_file": mutants[0].file,
            "parallel": _PARALLEL,
            "least_seconds": _LEAST_SECONDS,
            "times_clean": _TIMES_CLEAN,
            "mutants": [_order(number, mutant, sources, files) for number, mutant in enumerate(mutants)],
        }
        # The tests are for the notebook's code: a graph that answers in its place would hide a mutant.
        extra = _ONE_THREAD | {"PYTHONHASHSEED": "0", "NB2PROD_FAST_PATH": "0"} | data_folder(data)
        code = run_runner(python, order, hear=hear, cancel=cancel, limit=seconds, extra=extra, ready=ready)
    if code is None or (code != 0 and tests().failed):
        return 0, 0, ()
    if code != 0:
        raise GateError(
            "the generated tests fail before anything is changed, so that mutants say nothing.",
            code="NB707",
            hint="Run `nb2prod test` on the project to see which.",
        )
    places = read_places(project)
    made = [number for number, verdict in verdicts.items() if verdict is not None]
    survivors = tuple(_told(mutants[number], places) for number in sorted(made) if not verdicts[number])
    return len(made), len(made) - len(survivors), survivors


def _sources(project: Path, package: str) -> dict[str, str]:
    """The modules of the package that can have mutants, by their path in the project."""
    found = {}
    for name in SCOPES:
        file = project / "src" / package / name
        if file.is_file():
            found[f"src/{package}/{name}"] = file.read_text(encoding="utf-8")
    return found


def _training_is_compared(project: Path) -> bool:
    file = project / "tests" / "test_training.py"
    return file.is_file() and _REPEATS in file.read_text(encoding="utf-8")


def _imports(sources: Mapping[str, str], package: str) -> Sequence[str]:
    """What the package imports from elsewhere; imported once, before the forks."""
    names: dict[str, None] = {}
    for text in sources.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                names |= dict.fromkeys(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names[node.module] = None
    return [name for name in names if name.partition(".")[0] != package]


def _order(number: int, mutant: Mutant, sources: Mapping[str, str], tests: Sequence[str]) -> dict[str, Any]:
    return {
        "number": number,
        "file": mutant.file,
        "source": mutant.apply(sources[mutant.file]),
        "tests": [f"tests/{name}" for name in _tests_for(mutant, tests)],
        "training": mutant.file.endswith("/train.py"),
    }


def _tests_for(mutant: Mutant, tests: Sequence[str]) -> Sequence[str]:
    """Only tests that run the changed module: train.py is not imported by the others, the service adds the schema."""
    match PurePosixPath(mutant.file).name:
        case "train.py":
            return [name for name in tests if name == "test_training.py"]
        case "schema.py":
            return tests
        case _:
            return [name for name in tests if name != "test_service.py"]


def _told(mutant: Mutant, places: Places) -> str:
    found = places.find(mutant.file, mutant.line)
    where = f"{mutant.file}:{mutant.line}"
    return str(mutant).replace(where, f"{where} (cell {found[0]})", 1) if found else str(mutant)
