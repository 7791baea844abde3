"""A notebook that imports modules of its author's own: they travel, with what they read and import, and no more."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from nb2prod.steps.inputs import outside_inputs
from nb2prod.steps.merging import merge_sides
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import analyse, open_notebook
from nb2prod.steps.sides import read_sides
from tests.builds.command import Finished, nb2prod
from tests.builds.notebooks import write_notebook

HELPERS = '''
"""Kept as it is."""
from pathlib import Path
from sklearn.base import BaseEstimator, TransformerMixin

FACTOR = float((Path(__file__).parent / "factor.txt").read_text())

class Centred(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        self.mean_ = X.mean(axis=0).to_numpy()
        return self
    def transform(self, X): return X - self.mean_

def scaled(frame):
    from scipy.special import expit
    return frame.assign(a=expit(frame.a) * FACTOR)
'''
FILES = {
    "pyproject.toml": "",
    "notebooks/helpers.py": HELPERS,
    "notebooks/factor.txt": "2.5",
    "notebooks/.env": "TOKEN=abc",
    "notebooks/other.py": "",
    "notebooks/data/rows.csv": "a,b,y\n1,2,3.5\n2,1,1\n4,3,2\n5,5,8.5\n",
    "src/__init__.py": "",
    "src/features/__init__.py": "from .build import columns\n",
    "src/features/build.py": "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n"
    "from ..names import NAMES\ndef columns():\n    return list(NAMES)\n",
    "src/names.py": "NAMES = ['a', 'b']\n",
    "src/unused.py": "",
    "tests/test_names.py": "",
}
CELLS = (
    ("imports", "import sys\nsys.path.append('..')\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
     "from helpers import *\nfrom src.features import columns\nfrom sklearn.linear_model import Ridge\n"
     "from sklearn.pipeline import make_pipeline\n"),
    ("", "raw = pd.read_csv('data/rows.csv')\nraw.to_parquet('clean.parquet')\n"),
    ("training", "df = scaled(pd.read_parquet('clean.parquet'))\n"
     "model = make_pipeline(Centred(), Ridge()).fit(df[columns()], df.y)\n"),
    ("request", "rows = pd.DataFrame({'a': [1.5, 2.5], 'b': [0.5, 1.0]})\n"),
    ("inference", "model.predict(scaled(rows)[columns()])\n"),
)  # fmt: skip


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    write_notebook(folder / "notebooks/prices.ipynb", *CELLS)
    return folder


@pytest.fixture(scope="module")
def converted(repository: Path) -> Finished:
    return nb2prod("convert", repository / "notebooks/prices.ipynb", "-o", repository / "out", cwd=repository)


def test_it_is_proven_in_an_environment_of_its_own(repository: Path, converted: Finished) -> None:
    assert converted.code == 0, converted.stderr[-3000:]
    assert "module     equal" in converted.stderr + converted.stdout


def test_what_travels(repository: Path, converted: Finished) -> None:
    source = repository / "out/src"
    found = {p.relative_to(source).as_posix() for p in source.rglob("*") if p.is_file()}
    assert {n for n in found if not n.startswith("prices/")} == {
        "helpers.py", "factor.txt", "src/__init__.py", "src/features/__init__.py", "src/features/build.py",
        "src/names.py",
    }  # fmt: skip
    assert (source / "helpers.py").read_bytes() == HELPERS.encode()
    manifest = json.loads((repository / "out/nb2prod.json").read_bytes())
    assert manifest["own_modules"]["src/src/names.py"] == "src/names.py"
    assert manifest["own_modules"]["src/factor.txt"] == "notebooks/factor.txt"
    assert set(manifest["own_modules"]) <= set(manifest["files"])


def test_their_imports_are_requirements(repository: Path, converted: Finished) -> None:
    serving = (repository / "out/requirements.txt").read_text()
    assert "scipy==" in serving
    assert "# imported in src/helpers.py" in serving
    assert "matplotlib" not in serving
    assert "pyarrow" not in serving
    training = (repository / "out/requirements-train.txt").read_text()
    assert "pyarrow==" in training
    assert "`read_parquet` uses it in src/prices/train.py" in training


def test_an_edited_copy_is_told_with_the_command_that_takes_it_back(repository: Path, converted: Finished) -> None:
    notebook, project = repository / "notebooks/prices.ipynb", repository / "out"
    copy, module = project / "src/helpers.py", repository / "notebooks/helpers.py"
    try:
        copy.write_text(HELPERS + "# mine\n")
        (conflict,) = merge_sides(read_sides(notebook, project)).conflicts
        assert f"`cp {copy} {module}`" in conflict.reason
        module.write_text(HELPERS + "# other\n")
        (conflict,) = merge_sides(read_sides(notebook, project)).conflicts
        assert "has changed too" in conflict.reason
        module.write_bytes(copy.read_bytes())
        assert merge_sides(read_sides(notebook, project)).conflicts == ()
    finally:
        module.write_text(HELPERS)
        copy.write_text(HELPERS)


def inputs(repository: Path) -> list[tuple[str, int, str]]:
    """What the run of the notebook depends on, but for installed packages."""
    notebook, folder = open_notebook(repository / "notebooks/prices.ipynb"), repository / "notebooks"
    own = find_own_code(notebook, folder)
    return [one for one in outside_inputs(analyse(notebook, own).graph, folder, {}, own) if one[2]]


def test_what_the_notebook_writes_itself_is_no_reason_to_run_again(repository: Path, converted: Finished) -> None:
    before = inputs(repository)
    assert {Path(name).name for name, _, _ in before} == {
        "rows.csv", "helpers.py", "factor.txt", "__init__.py", "build.py", "names.py"
    }  # fmt: skip
    (repository / "notebooks/clean.parquet").touch()
    (repository / "new").touch()
    assert inputs(repository) == before
    (repository / "notebooks/factor.txt").write_text("2.50")
    assert inputs(repository) != before
    (repository / "notebooks/factor.txt").write_text("2.5")


def test_tests_and_mutants_leave_the_notebooks_folder_alone(repository: Path, converted: Finished) -> None:
    names = {p.name for p in (repository / "notebooks").iterdir()}
    assert names - {"__pycache__"} == {"helpers.py", "factor.txt", ".env", "other.py", "data", "prices.ipynb",
                                       "clean.parquet"}  # fmt: skip


def test_it_trains_from_another_folder(repository: Path, converted: Finished, tmp_path: Path) -> None:
    (tmp_path / "there/data").mkdir(parents=True)
    (tmp_path / "there/data/rows.csv").write_text(FILES["notebooks/data/rows.csv"])
    command = [sys.executable, "-m", "prices.train", "--output", "kept", "--data", "there"]
    path = str(repository / "out/src")
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "kept/artifacts.json").is_file()
    assert (tmp_path / "there/clean.parquet").is_file()


def test_it_tells_which_file_training_lacks(repository: Path, converted: Finished, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prices.train", "--output", "kept"]
    path = str(repository / "out/src")
    done = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "data/rows.csv" in done.stderr
    assert "--data" in done.stderr


def test_the_wheel_has_them(repository: Path, converted: Finished, tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=repository / "out", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {"helpers.py", "factor.txt", "src/features/build.py", "prices/artifacts/artifacts.json"} <= set(names)


def test_a_module_with_a_name_of_pythons_own(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("def choice(x): return x[0]\n")
    write_notebook(tmp_path / "n.ipynb", ("imports", "import random\n"), *CELLS_OF_TWO)
    done = nb2prod("check", tmp_path / "n.ipynb", cwd=tmp_path)
    assert done.code == 1
    assert "NB413" in done.stdout + done.stderr
    assert "random.py" in done.stdout + done.stderr


def test_a_module_called_as_the_package(tmp_path: Path) -> None:
    (tmp_path / "n.py").write_text("def double(x): return 2 * x\n")
    write_notebook(tmp_path / "n.ipynb", ("imports", "from n import double\n"), ("training", "model = double(2)\n"),
                   ("request", "value = 3\n"), ("inference", "double(value) * model\n"))  # fmt: skip
    done = nb2prod("convert", tmp_path / "n.ipynb", "-o", tmp_path / "out", cwd=tmp_path)
    assert done.code == 2
    assert "NB417" in done.stderr
    assert "--package" in done.stderr


CELLS_OF_TWO = (("training", "model = random.choice([1, 2])\n"), ("request", "value = 3\n"),
                ("inference", "value * model\n"))  # fmt: skip
