"""Which faults are made, which are not, and how many of them the generated tests catch."""

import sys
import threading
from pathlib import Path

import pytest

from nb2prod.errors import Cancelled, GateError
from nb2prod.events import Event, StepAdvanced
from nb2prod.model.report import TestResult
from nb2prod.proof import choose_mutants, make_mutants, measure_mutants
from nb2prod.proof.mutants import SCOPES
from tests.proof.conftest import SOURCES, write_project

PYTHON = Path(sys.executable)


def faults(body: str, file: str = "src/houses/features.py") -> set[str]:
    """``before -> after`` of every mutant of a function with this body."""
    source = "def f(d, k):\n" + "".join(f"    {line}\n" for line in body.splitlines())
    return {f"{mutant.before} -> {mutant.after}" for mutant in make_mutants(file, source)}


def measure(project: Path, limit: int = 30, events: list[Event] | None = None, cancel: threading.Event | None = None):
    heard = [] if events is None else events
    stop = cancel or threading.Event()
    return measure_mutants(project, PYTHON, package="houses", limit=limit, emit=heard.append, cancel=stop)


def only(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Mutants of one module, for a short run."""
    monkeypatch.setattr("nb2prod.proof.measure.SCOPES", {name: SCOPES[name]})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return d + 1", {"d + 1 -> d", "+ -> -", "1 -> 2"}),
        ("return d[k] if not k else -d", {"d[k] if not k else -d -> d", "not  -> ", "- -> "}),
        ("return a < b <= c", {"a < b <= c -> d", "< -> >=", "<= -> >"}),
        ("return a is not b", {"a is not b -> d", "is not -> is"}),
        ("return a not  in b", {"a not  in b -> d", "not  in -> in"}),
        ("return (a) and (b)", {"(a) and (b) -> d", "and -> or"}),
        ("return d[\"ä\"] * 0.5  # ö", {'d["ä"] * 0.5 -> d', "\"ä\" -> 'ä_'", "* -> /", "0.5 -> 1.5"}),
        ("return g(a=d, b=k)", {"g(a=d, b=k) -> d", "d, b=k -> k, b=d"}),
        ("d += 1\nreturn d", {"d += 1 -> pass", "1 -> 2"}),
        ("return True", {"True -> d", "True -> False"}),
        ("x: int = 3\nreturn d", {"3 -> 4"}),
    ],
)  # fmt: skip
def test_each_kind_of_fault(body: str, expected: set[str]):
    assert faults(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        '"""What it does."""\nreturn d',
        "import numpy as np\nreturn d",
        "d = d.copy()\nreturn d",
        'raise ValueError("no")',
        'assert k, "no"',
        'print("done", 3)\nreturn d',
        'd.info("deep")\nreturn d',
        'x = f"{k + 1}"',
        "torch.manual_seed(3)\nreturn d",
        "np.random.seed(3)\nreturn d",
    ],
)
def test_what_no_test_could_notice_is_left_alone(body: str):
    assert {fault for fault in faults(body) if not fault.startswith("x = ")} == set()


def test_settings_that_only_change_speed_or_chance_are_left_alone():
    call = "m = fit(d, random_state=3, n_jobs=2, max_iter=500, verbose=True)"
    table = 'm = fit(d, {"seed": 7, "verbosity": -1, "num_threads": 1})'
    assert faults(call) == {f"{call} -> pass"}
    assert faults(table) == {f"{table} -> pass"}


def test_only_code_of_the_notebook_is_changed():
    for name, scopes in (
        ("predict.py", {"Predictor.predict"}),
        ("train.py", {"train"}),
        ("schema.py", {"", "request_from_json", "response_to_json", "frame_from_rows", "json_value"}),
    ):
        assert {mutant.scope for mutant in make_mutants(f"src/houses/{name}", SOURCES[name])} == scopes
    assert make_mutants("src/houses/artifacts.py", SOURCES["artifacts.py"]) == ()


def test_a_mutant_differs_in_its_own_place_only():
    source = SOURCES["features.py"]
    for mutant in make_mutants("src/houses/features.py", source):
        changed = mutant.apply(source)
        assert changed != source
        start, end = mutant.start, len(source.encode()) - mutant.end
        assert changed.encode()[:start] == source.encode()[:start]
        assert changed.encode()[len(changed.encode()) - end :] == source.encode()[mutant.end :]
        assert source.splitlines()[mutant.line - 1].find(mutant.before.splitlines()[0]) >= 0


def test_the_choice_is_the_same_each_time_and_spread_over_the_files():
    sources = {f"src/houses/{name}": text for name, text in SOURCES.items()}
    chosen = choose_mutants(sources, 24)
    assert choose_mutants(dict(reversed(sources.items())), 24) == chosen
    assert len(chosen) == 24
    share = {name: sum(mutant.file.endswith(name) for mutant in chosen) for name in ("predict.py", "train.py")}
    assert share["predict.py"] >= 6
    assert share["train.py"] >= 4
    assert len({mutant.kind for mutant in chosen}) >= 5


def test_a_good_suite_catches_at_least_four_of_five(project: Path):
    before = sorted(project.rglob("*"))
    events: list[Event] = []
    made, caught, survivors = measure(project, 30, events)
    assert made == 30
    assert caught >= 24
    assert len(survivors) == made - caught
    done = [event.done for event in events if isinstance(event, StepAdvanced)]
    assert done == list(range(1, 31))
    assert sorted(project.rglob("*")) == before


def test_a_fault_that_no_test_sees_is_reported_with_its_place_and_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    # The request has no house with more than a thousand rooms.
    source = SOURCES["predict.py"].replace(
        "        return price\n", '        price[houses["rooms"] > 1000] = 0\n        return price\n'
    )
    only(monkeypatch, "predict.py")
    made, caught, survivors = measure(write_project(tmp_path / "gap", SOURCES | {"predict.py": source}), 200)
    assert made - caught == len(survivors)
    assert "src/houses/predict.py:31 (cell 6): `1000` -> `1001`" in survivors
    assert all(line.startswith("src/houses/predict.py:31 (cell 6)") for line in survivors)


def test_a_suite_without_comparisons_catches_little(project: Path):
    for name in ("test_parity.py", "test_training.py", "test_schema.py", "test_service.py"):
        (project / "tests" / name).unlink()
    made, caught, _ = measure(project, 20)
    assert caught < made


def test_an_endless_mutant_counts_as_caught(project: Path, monkeypatch: pytest.MonkeyPatch):
    only(monkeypatch, "features.py")
    monkeypatch.setattr("nb2prod.proof.measure._LEAST_SECONDS", 2)
    monkeypatch.setattr("nb2prod.proof.measure._TIMES_CLEAN", 1)
    file = project / "src" / "houses" / "features.py"
    loop = "    n = 3\n    while n != 0:\n        n = n - 1\n    d = d.copy()\n"
    file.write_text(file.read_text().replace("    d = d.copy()\n", loop))
    made, _, survivors = measure(project, 100)
    assert made > 15
    # that it turns once more, or not at all, nobody can see; that it never ends must be noticed
    assert {line.rpartition(": ")[2] for line in survivors} <= {"`3` -> `4`", "`0` -> `1`", "`!=` -> `==`"}


def test_a_suite_that_fails_already_measures_nothing(project: Path):
    file = project / "src" / "houses" / "predict.py"
    file.write_text(file.read_text().replace("3.5", "3.6"))
    with pytest.raises(GateError) as caught:
        measure(project, 5)
    assert caught.value.code == "NB707"


def test_mutants_wait_for_the_tests_and_follow_them_in_the_progress(project: Path) -> None:
    events: list[Event] = []
    asked: list[int] = []

    def tests() -> TestResult:
        asked.append(len(events))
        return TestResult(7, 0)

    made, _, _ = measure_mutants(
        project, PYTHON, package="houses", limit=3, emit=events.append, cancel=threading.Event(), tests=tests
    )
    assert asked[0] == 0
    assert [event.done for event in events if isinstance(event, StepAdvanced)] == [8, 9, 10]
    assert made == 3


@pytest.mark.parametrize("source", ["3.5", "3.6"], ids=["elsewhere", "without a mutant too"])
def test_no_mutant_is_tried_where_a_test_failed(project: Path, source: str) -> None:
    file = project / "src" / "houses" / "predict.py"
    file.write_text(file.read_text().replace("3.5", source))
    events: list[Event] = []
    measured = measure_mutants(
        project, PYTHON, package="houses", limit=3, emit=events.append, cancel=threading.Event(),
        tests=lambda: TestResult(6, 1, failures=("tests/test_parity.py: no",)),
    )  # fmt: skip
    assert measured == (0, 0, ())
    assert not events


def test_training_on_a_sample_has_no_mutants(tmp_path: Path):
    project = write_project(tmp_path / "small", sample={"weight": 3.0})
    file = project / "src" / "houses" / "train.py"
    file.write_text(file.read_text().replace("(prices - areas * slope)", "(prices + areas * slope)"))
    made, caught, survivors = measure(project, 40)
    assert made > 20
    assert not any("train.py" in line for line in survivors)
    assert caught >= 0.8 * made


def test_cancel_ends_every_mutant(project: Path):
    cancel = threading.Event()
    events: list[Event] = []

    def emit(event: Event) -> None:
        events.append(event)
        cancel.set()

    with pytest.raises(Cancelled):
        measure_mutants(project, PYTHON, package="houses", limit=100, emit=emit, cancel=cancel)
    assert len(events) < 10
