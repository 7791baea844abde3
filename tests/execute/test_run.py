"""A run leaves what the spec asks for, and nothing else."""

import json
import math
import random
import threading
from pathlib import Path

import pytest

from nb2prod.errors import Cancelled, UsageError
from nb2prod.events import CellFinished, FindingFound, Log, StepAdvanced
from nb2prod.execute import load_record
from nb2prod.execute.record import write_whole
from nb2prod.model.roles import Role
from nb2prod.model.schema import Column
from tests.execute.notebooks import capture_all, notebook, run, spec

HOUSES = notebook(
    """
    import numpy as np, pandas as pd
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import FunctionTransformer
    from sklearn.pipeline import make_pipeline
    """,
    "alpha = 1.0\nseed = 0",
    """
    rng = np.random.default_rng(seed)
    n = 200
    df = pd.DataFrame({"area": rng.normal(100, 20, n), "rooms": rng.integers(1, 6, n)})
    df["city"] = rng.choice(["a", "b"], n)
    df.loc[3, "area"] = np.nan
    df["price"] = df.area.fillna(90) * 3 + df.rooms
    print("loaded", n)
    """,
    """
    MEDIAN_AREA = df.area.median()
    def lg(x):
        return np.log1p(x)
    """,
    """
    X = df[["area", "rooms"]].fillna(MEDIAN_AREA)
    model = make_pipeline(FunctionTransformer(lg), Ridge(alpha=alpha)).fit(X, df.price)
    forest = RandomForestRegressor(10, random_state=seed).fit(X, df.price)
    """,
    "r2 = model.score(X, df.price)\nscores = {'mae': np.float32(2.5), 'note': 'x', 'bad': float('nan')}\nname = 'x'",
    "houses = df[['area', 'rooms', 'city']].head(3)",
    "Z = houses[['area', 'rooms']].fillna(MEDIAN_AREA)\nbig = np.zeros(10**6)\nmodel.predict(Z);",
    "MEDIAN_AREA = 'changed later'\nprint([n for n in dir() if not n.startswith('_')])",
    roles={2: Role.PARAMETERS},
)
WANTED = spec(
    8,
    artifacts=("MEDIAN_AREA", "model", "forest"),
    request=("houses",),
    metrics=("r2", "scores", "name", "missing"),
    variables=("Z", "big", "missing"),
    features=("lg",),
)


@pytest.fixture(scope="module")
def houses(tmp_path_factory):
    folder = tmp_path_factory.mktemp("houses")
    record, events = run(HOUSES, WANTED, folder, parameters={"alpha": 2.0})
    return folder / "out", record, events


def test_the_record_holds_the_golden_rows(houses) -> None:
    _, record, _ = houses
    assert [type(value) for value in record.body["rows"][0].values()] == [float, int, str]
    assert len(record.body["rows"]) == len(record.predictions) == 3
    assert record.response_type == "numpy.ndarray"
    assert list(record.variables) == ["Z"]
    assert record.parameters == {"alpha": 2.0, "seed": 0}
    assert record.python_version.startswith("3.")
    assert math.isfinite(record.seconds)
    assert {"numpy", "pandas", "sklearn"} <= set(record.modules)
    assert not {"_nb2prod_capture", "demo", "skops"} & set(record.modules)
    assert record.annotations == {
        "MEDIAN_AREA": "numpy.float64",
        "model": "sklearn.pipeline.Pipeline",
        "forest": "sklearn.ensemble._forest.RandomForestRegressor",
        "houses": "pandas.DataFrame",
    }


def test_metrics_are_finite_numbers_and_flat_dicts_of_them(houses) -> None:
    _, record, _ = houses
    assert set(record.metrics) == {"r2", "scores.mae"}
    assert record.metrics["scores.mae"] == 2.5


def test_the_schema_tells_ranges_missing_values_and_labels_of_the_training_frame(houses) -> None:
    _, record, _ = houses
    area, rooms, city = record.schema.request[0].columns
    assert (area.dtype, area.nullable) == ("float64", True)
    assert rooms == Column("rooms", "int64", False, 1.0, 5.0)
    assert city.categories == ("a", "b")
    assert record.schema.body_is_rows


def test_artifacts_have_the_value_they_had_before_the_prediction(houses) -> None:
    output, _, _ = houses
    assert json.loads((output / "artifacts/MEDIAN_AREA.json").read_text())["$type"] == "numpy.float64"
    index = json.loads((output / "artifacts/artifacts.json").read_text())
    assert index["model"]["trusted"] == ["demo.features.lg"]
    assert list(index) == ["MEDIAN_AREA", "model", "forest"]


def test_only_the_result_is_left(houses) -> None:
    output, _, _ = houses
    artifacts = ("artifacts.json", "MEDIAN_AREA.json", "model.skops", "forest.skops")
    wanted = {"artifacts", "executed.ipynb", "run.json", *(f"artifacts/{name}" for name in artifacts)}
    assert {path.relative_to(output).as_posix() for path in output.rglob("*")} == wanted


def test_the_record_reads_back_equal(houses) -> None:
    output, record, _ = houses
    assert load_record(output / "run.json") == record


def test_the_executed_notebook_is_the_users_with_papermills_parameters(houses) -> None:
    output, _, _ = houses
    cells = json.loads((output / "executed.ipynb").read_text())["cells"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, 11))
    assert "alpha = 2.0" in cells[2]["source"]
    assert cells[2]["metadata"]["tags"] == ["injected-parameters"]
    assert not any("nb2prod" in json.dumps(cell) for cell in cells)


def test_capturing_leaves_no_names(houses) -> None:
    output, _, _ = houses
    last = json.loads((output / "executed.ipynb").read_text())["cells"][-1]
    names = set(eval(last["outputs"][0]["text"]))
    assert names == {
        *(
            "FunctionTransformer",
            "RandomForestRegressor",
            "forest",
            "In",
            "MEDIAN_AREA",
            "Out",
            "Ridge",
            "X",
            "Z",
            "alpha",
            "big",
            "df",
            "exit",
        ),
        *("get_ipython", "houses", "lg", "make_pipeline", "model", "n", "name", "np", "open", "pd", "quit", "r2"),
        *("rng", "scores", "seed"),
    }


def test_each_cell_of_the_notebook_is_told_once_in_order(houses) -> None:
    _, _, events = houses
    assert [event.cell for event in events if isinstance(event, CellFinished)] == list(range(1, 10))
    steps = [event for event in events if isinstance(event, StepAdvanced)]
    assert [step.done for step in steps] == list(range(10))
    assert {step.total for step in steps} == {9}
    assert Log("run", "info", "[3] loaded 200") in events
    assert {event.finding.code for event in events if isinstance(event, FindingFound)} == {"NB603"}


def test_the_same_notebook_gives_the_same_bytes(houses, tmp_path) -> None:
    _, record, _ = houses
    again, _ = run(HOUSES, WANTED, tmp_path, parameters={"alpha": 2.0})
    assert again.artifacts == record.artifacts
    assert (again.body, again.predictions, again.schema) == (record.body, record.predictions, record.schema)


def test_the_working_folder_is_the_kernels_folder(tmp_path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/data.txt").write_text("3")
    before = Path.cwd()
    record, _ = run(notebook("x = int(open('data.txt').read())", "x * 2"), spec(2), tmp_path)
    assert record.predictions == 6
    assert Path.cwd() == before


SHOWN = ["x + 1", "x + 1;", "%time x + 1", "_ = 5\nx + 1", "%%time\nx + 1"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    cases = {code: (notebook("x = 1", code, "'later'"), spec(2)) for code in SHOWN}
    return capture_all(cases, tmp_path_factory.mktemp("shown"))


@pytest.mark.parametrize("code", SHOWN)
def test_the_response_is_the_last_expression_however_it_is_shown(code, shown) -> None:
    record = shown[code]
    assert record.predictions == 2
    assert record.schema.response.annotation == "int"


def test_a_named_response_is_read_after_its_cell(tmp_path) -> None:
    book = notebook("x = [1.0]", "y = {'a': x}", "y = None")
    record, _ = run(book, spec(2, response="y"), tmp_path)
    assert (record.predictions, record.response_type) == ({"a": [1.0]}, "dict")
    assert record.annotations == {"y": "dict"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """A notebook that minds what it draws, warns and computes, around an artifact that skops stores and one of NaN."""
    book = notebook(
        "import random, warnings, numpy as np\nfrom sklearn.ensemble import RandomForestClassifier\n"
        "model = RandomForestClassifier(3, random_state=0).fit([[0], [1]], [0, 1])\nx = np.array([1.0, np.nan])\n"
        "warnings.simplefilter('error')\nnp.seterr(all='raise')\nrandom.seed(1); np.random.seed(1)",
        "answer = model.predict([[0]])",
        "[x, [random.random(), float(np.random.rand())]]",
        "ok = float(np.geterr()['over'] == 'raise')\nerror = float(warnings.filters[0][0] == 'error')",
    )
    wanted = spec(2, artifacts=("model", "x"), response_cell=3, metrics=("ok", "error"))
    return run(book, wanted, tmp_path_factory.mktemp("strict"))[0]


def test_capturing_draws_no_random_numbers(strict) -> None:
    import numpy

    random.seed(1)
    numpy.random.seed(1)
    expected = [random.random(), float(numpy.random.rand())]
    assert strict.predictions[1] == expected


def test_warnings_as_errors_and_numpy_errors_do_not_reach_the_capture(strict) -> None:
    assert {artifact.name: artifact.format for artifact in strict.artifacts} == {"model": "skops", "x": "npy"}
    assert strict.predictions[0] == [1.0, None]
    assert strict.metrics == {"ok": 1.0, "error": 1.0}


def test_a_later_parameters_cell_does_not_take_a_parameter_back(tmp_path) -> None:
    book = notebook("a = 1\nb = 1", "b = 2\nc = 3", "[a, b, c]", roles={1: Role.PARAMETERS, 2: Role.PARAMETERS})
    record, _ = run(book, spec(3), tmp_path, parameters={"a": 10, "b": 20, "c": 30})
    assert record.predictions == [10, 20, 30]


def test_parameters_by_any_spelling_of_the_role(tmp_path) -> None:
    book = notebook("import os", "#| nb2prod: parameters\nname = 'a'", "name", roles={2: Role.PARAMETERS})
    text = 'quote " and \\ and \n and {x} and é'
    record, _ = run(book, spec(3), tmp_path, parameters={"name": text})
    assert record.predictions == text


@pytest.mark.parametrize(
    ("parameters", "code"),
    [({"n = 1; import os": 1}, "NB210"), ({"m": 1}, "NB211"), ({"n": "x"}, "NB212"), ({"n": 2}, "NB213")],
)
def test_parameters_are_refused_before_a_kernel_starts(parameters, code, tmp_path) -> None:
    book = notebook("n = 1\nsteps = n * 2", "steps", roles={1: Role.PARAMETERS})
    with pytest.raises(UsageError) as caught:
        run(book, spec(2), tmp_path, parameters=parameters)
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_a_cancel_before_the_start_starts_nothing(tmp_path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run(notebook("1"), spec(1), tmp_path, cancel=cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_a_kernel_that_is_not_installed_falls_back_to_python3_and_says_so(tmp_path) -> None:
    record, _ = run(notebook("1", kernel="conda-env-ml-py"), spec(1), tmp_path)
    assert [finding.code for finding in record.findings] == ["NB510"]
    record, _ = run(notebook("1", kernel=None), spec(1), tmp_path)
    assert record.findings == ()


def test_much_output_is_cut_in_the_events_and_in_the_notebook(tmp_path) -> None:
    book = notebook("for i in range(40_000): print('line', i, 'x' * 50)", "1")
    _, events = run(book, spec(2), tmp_path)
    assert len([event for event in events if isinstance(event, Log)]) == 201
    assert (tmp_path / "out/executed.ipynb").stat().st_size < 1_500_000


def test_text_that_is_not_unicode_is_kept_as_valid_json(tmp_path) -> None:
    write_whole(tmp_path / "a.json", json.dumps(["\ud800 ü"], ensure_ascii=False))
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == ["\ud800 ü"]
