"""The generated artifacts.py, for each set of formats: plain Python that tools have nothing to say about."""

import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.model.run import ArtifactRecord
from nb2prod.render.artifacts import artifacts_module

TAGS = (
    "bytes", "collections.Counter", "collections.OrderedDict", "datetime.date", "datetime.datetime", "dict",
    "frozenset", "numpy.float64", "numpy.int64", "numpy.ndarray", "pandas.CategoricalDtype", "pandas.DataFrame",
    "pandas.Series", "pandas.Timestamp", "set", "tuple",
)  # fmt: skip


def record(name: str, form, file: str, kind: str = "x.Y", *trusted: str) -> ArtifactRecord:
    return ArtifactRecord(name, form, file, "0" * 64, kind, trusted)


PLAIN = record("a", "json", "a.json", "dict")
MODEL = record("m", "skops", "m.skops", "sklearn.linear_model._ridge.Ridge")
PICKLE = record("p", "pickle", "p.pkl", "re.Pattern", "re._compile")
SETS = {
    "none": (),
    "plain": (PLAIN,),
    "skops": (MODEL,),
    "skops_trusted": (record("m", "skops", "m.skops", "x.Y", "demo.features.lg"), PLAIN),
    "median": (record("MEDIAN_AREA", "json", "MEDIAN_AREA.json", "numpy.float64", "numpy.float64"), MODEL),
    "series": (record("s", "json", "s.json", "pandas.Series", "pandas.Series"),),
    "tensor": (record("t", "torch", "t.pt", "torch.Tensor"),),
    "pickle": (PICKLE,),
    "boosters": (record("g", "lightgbm", "g.txt"), record("x", "xgboost", "x.ubj", "xgboost.sklearn.XGBClassifier")),
    "all": (
        record("a", "json", "a.json", "dict", *TAGS),
        record("b", "npy", "b.npy"),
        record("m", "skops", "m.skops", "x.Y", "demo.features.lg"),
        record("g", "lightgbm", "g.txt"),
        record("x", "xgboost", "x.ubj", "xgboost.core.Booster"),
        record("t", "torch", "t.pt", "demo.features.Net", "demo.features.Net"),
        PICKLE,
    ),
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    for name, records in SETS.items():
        (folder / f"artifacts_{name}.py").write_text(artifacts_module("demo", records, "notebook cells 3 and 6"))
    return folder


@pytest.mark.parametrize(
    "command",
    [
        [
            "ruff",
            "check",
            "--isolated",
            "--select",
            "E,F,W,I,B,UP",
            "--line-length",
            "100",
            "--target-version",
            "py311",
        ],
        ["ruff", "format", "--isolated", "--check", "--line-length", "100"],
        ["mypy", "--strict", "--ignore-missing-imports", "--config-file=", "--follow-imports=skip", "--no-incremental"],
    ],
    ids=["ruff", "format", "mypy"],
)
def test_tools_have_nothing_to_say(command, modules) -> None:
    files = sorted(map(str, modules.glob("*.py")))
    done = subprocess.run([sys.executable, "-m", *command, *files], capture_output=True, text=True, cwd=modules)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_what_is_in_use_is_there(modules) -> None:
    text = {name: (modules / f"artifacts_{name}.py").read_text() for name in SETS}
    assert not any("nb2prod" in source for source in text.values())
    for word in ("pickle", "torch", "numpy", "pandas", "_decode", "TRUSTED", "skops"):
        assert word not in text["plain"]
    assert "import pickle" not in text["median"]
    assert "SCALARS" in text["median"]


def place(tmp_path: Path, records: tuple[ArtifactRecord, ...], files: dict[str, bytes]) -> Path:
    package = tmp_path / "src/demo"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "artifacts.py").write_text(artifacts_module("demo", records, "cell 1"))
    folder = tmp_path / "artifacts"
    folder.mkdir()
    index = {r.name: {"file": r.file, "sha256": hashlib.sha256(files[r.file]).hexdigest()} for r in records}
    (folder / "artifacts.json").write_text(json.dumps(index))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return package.parent


def python(source: Path, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from demo.artifacts import *\n" + code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(source)} | environment,
    )


def test_a_pickle_makes_only_the_types_in_the_code(tmp_path) -> None:
    #  the digest in artifacts.json is right, but the file asks for os.system
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/owned",)

    source = place(tmp_path, (PICKLE,), {"p.pkl": pickle.dumps(Evil())})
    done = python(source, "load_artifacts()")
    assert "p holds posix.system, which is not in TRUSTED" in done.stderr
    assert not (tmp_path / "owned").exists()


def test_the_index_cannot_choose_file_or_format(tmp_path) -> None:
    source = place(tmp_path, (PLAIN,), {"a.json": b'{"x": 1}'})
    index = tmp_path / "artifacts/artifacts.json"
    entry = json.loads(index.read_text())["a"] | {"file": "../../etc/passwd", "format": "pickle"}
    index.write_text(json.dumps({"a": entry}))
    assert python(source, "print(load_artifacts())").stdout == "{'a': {'x': 1}}\n"


def test_the_folder_is_the_environments_or_inside_the_package_or_the_projects(tmp_path) -> None:
    source = place(tmp_path, (PLAIN,), {"a.json": b"1"})
    assert python(source, "print(load_artifacts())").stdout == "{'a': 1}\n"
    saved = python(source, "import demo\nsave_artifacts(Path(demo.__path__[0]) / 'artifacts', {'a': 2})")
    assert saved.returncode == 0, saved.stderr
    assert python(source, "print(load_artifacts())").stdout == "{'a': 2}\n"
    assert python(source, "print(load_artifacts())", DEMO_ARTIFACTS=str(tmp_path / "artifacts")).stdout == "{'a': 1}\n"


def test_nothing_is_written_for_a_value_that_does_not_fit(tmp_path) -> None:
    source = place(tmp_path, (PLAIN, record("b", "json", "b.json")), {"a.json": b"1", "b.json": b"1"})
    before = {path: path.read_bytes() for path in (tmp_path / "artifacts").iterdir()}
    done = python(source, "save_artifacts(default_folder(), {'a': 2, 'b': object()})")
    assert "TypeError" in done.stderr
    assert {path: path.read_bytes() for path in (tmp_path / "artifacts").iterdir()} == before


def test_a_file_that_is_missing_from_the_index_is_refused(tmp_path) -> None:
    source = place(tmp_path, (PLAIN,), {"a.json": b"1"})
    (tmp_path / "artifacts/artifacts.json").write_text("{}")
    assert "a.json is not the file that artifacts.json describes" in python(source, "load_artifacts()").stderr
