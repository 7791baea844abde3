"""``papermill --engine nb2prod``: papermill as its users know it, and nb2prod's verdict."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import ROOT, Finished, nb2prod
from tests.builds.notebooks import EVALUATION, INFERENCE, LINE, PARAMETERS, REQUEST, TRAINING, document, write_notebook
from tests.builds.projects import files_of

QUICK = {"NB2PROD_MUTANTS": "0", "NB2PROD_LOG": "0"}
COUNTED = ("", "import tempfile\n\ntempfile.mkdtemp(prefix='ran-', dir='.')\n")


def papermill(*words: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Finished:
    return nb2prod("--engine", "nb2prod", *words, cwd=cwd, env=QUICK | dict(env or {}), program="papermill")


def cells(path: Path) -> list[dict[str, Any]]:
    body = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell | {"source": "".join(cell["source"])} for cell in body]


def tagged(path: Path, tag: str) -> list[dict[str, Any]]:
    return [cell for cell in cells(path) if tag in cell["metadata"].get("tags", [])]


def errors(path: Path) -> list[tuple[str, str]]:
    """(source of the cell, name of the error) of each error among the outputs."""
    return [
        (cell["source"], output["ename"])
        for cell in cells(path)
        for output in cell.get("outputs", [])
        if output["output_type"] == "error"
    ]


def runs(folder: Path) -> int:
    return len([*folder.glob("ran-*")])


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which papermill built a notebook with a parameter; what it said is in ``said.txt``."""
    folder = tmp_path_factory.mktemp("engine")
    write_notebook(folder / "line.ipynb", PARAMETERS, COUNTED, TRAINING, EVALUATION, REQUEST, INFERENCE)
    done = papermill("line.ipynb", "out.ipynb", "-p", "scale", "3.0", cwd=folder)
    (folder / "said.txt").write_text(done.stderr)
    assert done.code == 0, done.stderr
    return folder


def test_the_run_of_papermill_is_the_only_one(ran: Path) -> None:
    assert runs(ran) == 1


def test_the_project_is_byte_for_byte_that_of_build(ran: Path) -> None:
    done = nb2prod("build", "line.ipynb", "-o", "other/line", "-p", "scale=3.0", cwd=ran, env=QUICK)
    assert done.code == 0, done.stderr
    assert files_of(ran / "build" / "line") == files_of(ran / "other" / "line")


def test_users_see_what_papermill_shows(ran: Path) -> None:
    said = (ran / "said.txt").read_text()
    assert "Input Notebook:  line.ipynb" in said
    assert "Executing:" in said
    assert "6/7" in said  # the user's cells and the injected one, not the cells that capture
    assert "nb2prod test: done" in said


def test_the_output_is_papermills_with_a_report_behind_it(ran: Path) -> None:
    out = ran / "out.ipynb"
    (injected,) = tagged(out, "injected-parameters")
    assert injected["source"] == "# Parameters\nscale = 3.0\n"
    assert tagged(out, "parameters")[0]["source"] == PARAMETERS[1]
    (report,) = tagged(out, "nb2prod-report")
    assert report == cells(out)[-1]
    assert "| module | equal | 3 |" in report["source"]
    assert "[README\\.md](build/line/README.md)" in report["source"]
    assert "steepness" in report["source"]
    code = [cell for cell in cells(out) if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3, 4, 5, 6, 7]
    assert all(cell["metadata"]["papermill"]["status"] == "completed" for cell in code)
    metadata = json.loads(out.read_text())["metadata"]["papermill"]
    assert (metadata["input_path"], metadata["output_path"]) == ("line.ipynb", "out.ipynb")
    assert metadata["parameters"] == {"scale": 3.0}
    assert metadata["duration"] > 0


def test_row_80_a_second_start_is_told_to_be_a_no_op(ran: Path) -> None:
    """RELIABILITY row 80: a job that is run twice."""
    before, times = files_of(ran / "build" / "line"), runs(ran)
    done = papermill("line.ipynb", "again.ipynb", "-p", "scale", "3.0", cwd=ran)
    assert done.code == 0, done.stderr
    assert "it was not run again" in done.stderr
    assert runs(ran) == times
    assert files_of(ran / "build" / "line") == before
    assert "run unchanged" in tagged(ran / "again.ipynb", "nb2prod-report")[0]["source"]


def test_text_beside_the_code_is_shown_as_it_is_now(ran: Path) -> None:
    body = json.loads((ran / "line.ipynb").read_text())
    body["cells"].append({"cell_type": "markdown", "id": "last", "metadata": {}, "source": "## A note"})
    (ran / "line.ipynb").write_text(json.dumps(body))
    done = papermill("line.ipynb", "noted.ipynb", "-p", "scale", "3.0", cwd=ran)
    assert done.code == 0, done.stderr
    assert "it was not run again" in done.stderr
    sources = [cell["source"] for cell in cells(ran / "noted.ipynb")]
    assert sources[:-2] == [cell["source"] for cell in cells(ran / "out.ipynb")][:-1]
    assert sources[-2] == "## A note"


def test_an_executed_notebook_is_understood(ran: Path) -> None:
    """Its injected values hold, its report and marks are not part of it, and the new output has each once."""
    shutil.copy(ran / "out.ipynb", ran / "executed.ipynb")
    done = papermill("executed.ipynb", "twice.ipynb", cwd=ran)
    assert done.code == 0, done.stderr
    assert len(tagged(ran / "twice.ipynb", "nb2prod-report")) == 1
    assert "scale: float = 3.0" in (ran / "build" / "executed" / "src" / "executed" / "params.py").read_text()
    done = papermill("executed.ipynb", "thrice.ipynb", "-p", "scale", "5.0", cwd=ran)
    assert done.code == 0, done.stderr
    assert "| steepness | 1.25 |" in tagged(ran / "thrice.ipynb", "nb2prod-report")[0]["source"]


def test_a_cell_that_raises(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, ("training", "line = {'slope': 1.0, 'start': {}['x']}"), REQUEST,
                   INFERENCE)  # fmt: skip
    done = papermill("n.ipynb", "out.ipynb", cwd=tmp_path)
    assert done.code == 3
    assert "error NB501" in done.stderr
    assert "Traceback" not in done.stderr
    assert errors(tmp_path / "out.ipynb") == [("line = {'slope': 1.0, 'start': {}['x']}", "KeyError")]
    assert len(tagged(tmp_path / "out.ipynb", "papermill-error-cell-tag")) == 2
    assert "NB501" in tagged(tmp_path / "out.ipynb", "nb2prod-report")[0]["source"]
    statuses = [cell["metadata"]["papermill"]["status"] for cell in cells(tmp_path / "out.ipynb") if "outputs" in cell]
    assert statuses == ["completed", "failed", "pending", "pending"]
    assert not (tmp_path / "build" / "n").exists()
    # The output of a failed run is a notebook again.
    again = papermill("out.ipynb", "again.ipynb", cwd=tmp_path)
    assert again.code == 3
    assert len(tagged(tmp_path / "again.ipynb", "papermill-error-cell-tag")) == 2


def test_a_finding_is_shown_at_its_cell(tmp_path: Path) -> None:
    write_notebook(tmp_path / "n.ipynb", PARAMETERS, COUNTED, TRAINING, REQUEST, ("inference", "line['slope']"))
    done = papermill("n.ipynb", "out.ipynb", "-p", "scale", "3.0", cwd=tmp_path)
    assert done.code == 1
    assert errors(tmp_path / "out.ipynb") == [(REQUEST[1], "NB304")]
    assert runs(tmp_path) == 0


@pytest.mark.parametrize(
    ("words", "env", "code", "says"),
    [
        (("line.ipynb", "out.ipynb", "-p", "sclae", "3"), {}, 2, "NB211"),
        (("line.ipynb", "out.ipynb", "-p", "x = 1; import os; y", "3"), {}, 2, "NB210"),
        (("line.ipynb", "out.ipynb"), {"NB2PROD_IMGAE": "x"}, 2, "NB291"),
        (("line.ipynb", "out.ipynb"), {"NB2PROD_IMAGE": "No Tag"}, 2, "No Tag"),
        (("line.ipynb", "no/such/out.ipynb"), {}, 2, "NB273"),
        (("line.ipynb", "out.ipynb", "--cwd", "/"), {}, 2, "NB272"),
        (("broken.ipynb", "out.ipynb"), {}, 1, "NB137"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_anything_runs(
    words: tuple[str, ...], env: dict[str, str], code: int, says: str, tmp_path: Path
) -> None:
    write_notebook(tmp_path / "line.ipynb", COUNTED, *LINE)
    body = document(*LINE)
    body["cells"][0]["metadata"]["tags"] = ["training", "inference"]
    (tmp_path / "broken.ipynb").write_text(json.dumps(body))
    done = papermill(*words, cwd=tmp_path, env=env)
    assert (done.code, says in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert runs(tmp_path) == 0
    assert not (tmp_path / "build" / "line").exists()


def test_from_python_with_settings_as_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from papermill import execute_notebook
    from papermill.exceptions import PapermillExecutionError

    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "line.ipynb")
    wishes = {"output": "here/it", "log": False, "mutants": 0, "package": "stroke"}
    node = execute_notebook("line.ipynb", None, engine_name="nb2prod", progress_bar=False, parameters={"scale": 4.0},
                            **wishes)  # fmt: skip
    assert node.cells[-1].metadata.tags == ["nb2prod-report"]
    assert (tmp_path / "here" / "it" / "src" / "stroke").is_dir()
    with pytest.raises(PapermillExecutionError) as caught:
        execute_notebook("line.ipynb", None, engine_name="nb2prod", progress_bar=False, imgae="x", **wishes)
    assert (caught.value.exit_code, caught.value.ename) == (2, "NB270")
    assert "Did you mean image?" in str(caught.value)
    with pytest.raises(PapermillExecutionError) as caught:
        execute_notebook(node, None, engine_name="nb2prod", progress_bar=False)
    assert caught.value.ename == "NB271"


def test_a_device_is_written_to_and_stays_one(tmp_path: Path) -> None:
    write_notebook(tmp_path / "line.ipynb", PARAMETERS, ("training", "line = {}['x']"), REQUEST, INFERENCE)
    before = Path("/dev/null").stat()
    assert papermill("line.ipynb", "/dev/null", cwd=tmp_path).code == 3
    after = Path("/dev/null").stat()
    assert (before.st_mode, before.st_rdev) == (after.st_mode, after.st_rdev)


def test_papermill_starts_whatever_is_wrong_with_nb2prod(tmp_path: Path) -> None:
    """Each module but those that papermill itself loads raises on import: `import papermill` must not notice."""
    kept = ("__init__.py", "plugins/__init__.py", "plugins/papermill_engine/__init__.py")
    for path in (ROOT / "nb2prod").rglob("*.py"):
        name = path.relative_to(ROOT / "nb2prod").as_posix()
        broken = tmp_path / "nb2prod" / name
        broken.parent.mkdir(parents=True, exist_ok=True)
        broken.write_text(path.read_text() if name in kept else "raise RuntimeError('broken')\n")
    info = tmp_path / "nb2prod-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: nb2prod\nVersion: 0\n")
    engine = "nb2prod = nb2prod.plugins.papermill_engine:Nb2prodEngine"
    (info / "entry_points.txt").write_text(f"[papermill.engine]\n{engine}\n")
    script = (
        "import sys; from papermill.engines import papermill_engines; print(papermill_engines.get_engine('nb2prod'));"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in ('nb2prod', 'mlflow', 'docker')))"
    )
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Nb2prodEngine" in done.stdout
    assert done.stdout.splitlines()[1].split() == ["nb2prod", "nb2prod.plugins", "nb2prod.plugins.papermill_engine"]
