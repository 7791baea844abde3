"""The job notebooks, by plain papermill and by ``nb2prod jobs run``: reports that people read, exit codes that gate."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nb2prod.plugins.job_notebooks.scoring import refused_row
from tests.builds.command import Finished, nb2prod
from tests.builds.notebooks import EVALUATION, INFERENCE, PARAMETERS, REQUEST, TRAINING, write_notebook
from tests.builds.projects import files_of

QUICK = {"NB2PROD_MUTANTS": "0"}


def run_job(name: str, cwd: Path, **parameters: Any) -> Finished:
    words = [word for pair in parameters.items() for word in ("-p", f"{pair[0]}={pair[1]}")]
    return nb2prod("jobs", "run", name, *words, "-o", "report.ipynb", "--html", "report.html", cwd=cwd, env=QUICK)


def outputs(report: Path) -> Mapping[str, str]:
    """All outputs of a kind as one text: ``text/markdown``, ``image/svg+xml``, ``error``."""
    found: dict[str, str] = {}
    for cell in json.loads(report.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                found["error"] = output["evalue"]
            for kind, text in output.get("data", {}).items():
                found[kind] = found.get(kind, "") + "".join(text)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project built by the build job, as plain papermill runs it."""
    place = tmp_path_factory.mktemp("jobs")
    write_notebook(place / "line.ipynb", PARAMETERS, TRAINING, EVALUATION, REQUEST, INFERENCE)
    path = nb2prod("jobs", "path", "build", cwd=place).stdout.strip()
    done = nb2prod(path, "built.ipynb", "-p", "notebook", "line.ipynb", "-p", "parameters", "scale=3.0", cwd=place,
                   env=QUICK, program="papermill")  # fmt: skip
    assert done.code == 0, done.stderr
    return place


def test_the_build_job_is_a_build(folder: Path) -> None:
    shown = outputs(folder / "built.ipynb")
    assert "| module | equal | 3 |" in shown["text/markdown"]
    assert "| mlflow | equal | 3 |" in shown["text/markdown"]
    assert "Time by step" in shown["image/svg+xml"]
    done = nb2prod("convert", "line.ipynb", "-o", "same/line", "-p", "scale=3.0", cwd=folder, env=QUICK)
    assert done.code == 0, done.stderr
    assert files_of(folder / "same" / "line") == files_of(folder / "build" / "line")


def test_rows_of_a_file_are_scored(folder: Path) -> None:
    (folder / "rows.csv").write_text("x\n1.0\n2.5\n-4\n")
    done = run_job("score-batch", folder, project="build/line", rows="rows.csv", output="scores.csv")
    assert done.code == 0, done.stderr
    with (folder / "scores.csv").open() as file:
        scored = list(csv.DictReader(file))
    assert [(float(row["x"]), float(row["prediction"])) for row in scored] == [(1.0, 2.25), (2.5, 3.375), (-4.0, -1.5)]
    done = run_job("score-batch", folder, project="build/line", rows="rows.csv", output="scores.parquet")
    assert done.code == 0, done.stderr
    import pyarrow.parquet

    assert pyarrow.parquet.read_table(folder / "scores.parquet").column("prediction").to_pylist() == [2.25, 3.375, -1.5]
    assert "data:image/svg" in (folder / "report.html").read_text()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("x\n1.0\nmany\n", "line 3: x: 'many' is no float64"),
        ("y\n1.0\n", "KeyError"),
        ("x,x\n1,2\n", "a column is there twice"),
        ("x\n1,2\n", "more or fewer values than columns"),
    ],
)
def test_a_row_that_the_service_would_refuse_leaves_nothing(rows: str, says: str, folder: Path) -> None:
    (folder / "bad.csv").write_text(rows)
    done = run_job("score-batch", folder, project="build/line", rows="bad.csv", output="bad-scores.csv")
    assert done.code == 1, done.stderr
    assert says.split(": ")[-1] in outputs(folder / "report.ipynb")["error"]
    assert "bad.csv" in done.stderr
    assert not (folder / "bad-scores.csv").exists()


def test_a_challenger_is_compared_and_promoted_only_when_asked(folder: Path) -> None:
    def retrain(scale: float, **more: Any) -> tuple[int, Mapping[str, str]]:
        done = run_job("retrain-compare", folder, notebook="line.ipynb", parameters=f"scale={scale}",
                       metric="steepness", **more)  # fmt: skip
        return done.code, outputs(folder / "report.ipynb")

    code, shown = retrain(2.0, promote=True)
    assert code == 1
    assert "NB275" in shown["error"]
    assert "| steepness | 0.75 | 0.5 | -0.25 |" in shown["text/markdown"]
    code, shown = retrain(4.0)
    assert code == 0
    assert "is where it was" in shown["text/markdown"]
    code, shown = retrain(5.0, promote=True)
    assert code == 0
    assert "moved to the challenger" in shown["text/markdown"]
    assert "| steepness | 0.75 | 1.25 | +0.5 |" in shown["text/markdown"]
    code, shown = retrain(4.5, promote=True)
    assert (code, "| steepness | 1.25 | 1.125 |" in shown["text/markdown"]) == (1, True)


def test_a_folder_is_checked(tmp_path: Path) -> None:
    write_notebook(tmp_path / "in" / "line.ipynb")
    done = run_job("check-folder", tmp_path, folder="in")
    assert done.code == 0, done.stderr
    write_notebook(tmp_path / "in" / "deep" / "bad|one.ipynb", PARAMETERS, TRAINING, REQUEST, ("inference", "line"))
    done = run_job("check-folder", tmp_path, folder="in")
    assert done.code == 1
    shown = outputs(tmp_path / "report.ipynb")
    assert "1 of 2 notebooks can be built" in shown["text/markdown"]
    assert "bad\\|one" in shown["text/markdown"]
    assert "NB304" in shown["image/svg+xml"]


def test_a_failed_run_gives_its_own_exit_code(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb", ("training", "line = {}['x']"), REQUEST, INFERENCE)
    done = run_job("build", tmp_path, notebook="n.ipynb")
    assert done.code == 3
    assert "NB501" in done.stderr
    assert "Traceback" not in done.stderr
    assert outputs(tmp_path / "report.ipynb")["error"].endswith("(exit code 3)")
    assert run_job("build", tmp_path, notebook="none.ipynb").code == 1


@pytest.mark.parametrize("name", ["build", "check-folder", "retrain-compare", "score-batch"])
def test_papermill_explains_every_parameter(name: str, tmp_path: Path) -> None:
    path = Path(nb2prod("jobs", "path", name, cwd=tmp_path).stdout.strip())
    assert name in nb2prod("jobs", "list", cwd=tmp_path).stdout
    (cell,) = [c for c in json.loads(path.read_text())["cells"] if "parameters" in c["metadata"].get("tags", ())]
    helped = nb2prod("--help-notebook", path, cwd=tmp_path, program="papermill").stdout
    for line in "".join(cell["source"]).splitlines():
        assert f"  {line.partition(':')[0]}: " in helped
    assert "Unknown type" not in helped


def test_rows_are_counted_once_and_from_one() -> None:
    said = "row 1, field 'x': expected number, got null"
    assert str(refused_row(said, 1, Path("rows.csv"))).startswith("NB279 rows.csv: row 2: field 'x': expected number")
    assert refused_row("no such package", None, Path("rows.csv")).message == "no such package"


def test_a_copy_is_ones_own(tmp_path: Path) -> None:
    done = nb2prod("jobs", "copy", "build", cwd=tmp_path)
    assert (done.code, (tmp_path / "build.ipynb").is_file()) == (0, True)
    assert nb2prod("jobs", "copy", "build", cwd=tmp_path).code == 2
    assert "Did you mean build?" in nb2prod("jobs", "path", "biuld", cwd=tmp_path).stderr
