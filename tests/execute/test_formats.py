"""From the kernel to the generated artifacts.py in a fresh process: the same values, in the safest format.

kernel: value --capture--> file      fresh process: file --artifacts.py--> value --save--> file --load--> value
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from nb2prod.render.artifacts import artifacts_module
from tests.execute.notebooks import notebook, run, spec

FEATURES = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
def lg(x):
    return np.log1p(np.abs(x))
class Clip(BaseEstimator, TransformerMixin):
    def __init__(self, top=1.0):
        self.top = top
    def fit(self, X, y=None):
        self.seen_ = len(X)
        return self
    def transform(self, X):
        return np.minimum(X, self.top)
class Vocabulary:
    def __init__(self, words):
        self.words = {word: at for at, word in enumerate(words)}
    def __call__(self, text):
        return [self.words[word] for word in text.split()]
"""

DATA = """
import datetime, collections
import numpy as np, pandas as pd
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = (X.sum(axis=1) > 0).astype(int)
frame = pd.DataFrame({"a": [1.5, None], "b": [1, 2], "c": ["x", None], "d": pd.to_datetime(["2026-01-02", None])})
frame["e"] = frame.c.astype("category")
frame["f"] = pd.array([1, None], dtype="Int64")
"""

# name -> (code that makes it, code that shows it, expected format)
JSON = {
    "number": ("7.5", "number", "json"),
    "median": ("np.float64(0.1) + np.float64(0.2)", "[repr(median), float(median).hex()]", "json"),
    "small": ("np.float32(0.1)", "repr(small)", "json"),
    "flag": ("np.bool_(True)", "repr(flag)", "json"),
    "nothing": ("float('nan')", "repr(nothing)", "json"),
    "nested": ("{'a': [1, 2.5, None, {'b': 'ü\\ud800'}]}", "repr(nested)", "json"),
    "sizes": ("(1, (2.0, 'x'))", "repr(sizes)", "json"),
    "stop": ("{'b', 'a', 'c'}", "sorted(stop) + [str(type(stop))]", "json"),
    "lookup": ("{1: 'a', (2, 'b'): 'c', None: 3}", "repr(lookup)", "json"),
    "odd": ("{'$type': 'tuple', 'x': 1}", "repr(odd)", "json"),
    "counts": ("collections.Counter('abca')", "repr(counts)", "json"),
    "ordered": ("collections.OrderedDict(b=1, a=2)", "repr(ordered)", "json"),
    "day": ("datetime.date(2026, 1, 2)", "repr(day)", "json"),
    "moment": ("datetime.datetime(2026, 1, 2, 3, 4, 5, 6)", "repr(moment)", "json"),
    "raw": ("b'\\x00\\xff'", "repr(raw)", "json"),
    "stamp": ("pd.Timestamp('2026-01-02 03:04', tz='UTC')", "repr(stamp)", "json"),
    "means": ("frame.groupby('b').a.mean()", "[repr(means), str(means.index.dtype), means.name]", "json"),
    "table": ("frame", "[repr(table), repr(table.dtypes), repr(table.e.cat.categories)]", "json"),
    "columns": ("X_columns", "repr(columns)", "json"),
    "kind": ("frame.e.dtype", "repr(kind)", "json"),
    "names": ("np.array(['a', None, 'b'], dtype=object)", "repr(names)", "json"),
    "holder": ("{'w': np.eye(2, dtype='float32'), 'n': 3}", "[repr(holder), str(holder['w'].dtype)]", "json"),
    "empty": ("np.zeros((0, 3))", "[str(empty.shape), str(empty.dtype)]", "npy"),
    "weights": ("X", "[weights.tobytes().hex(), str(weights.dtype)]", "npy"),
    "letters": ("np.array(['ab', 'c'])", "repr(letters)", "npy"),
    "dates": ("np.array(['2026-01-02', 'NaT'], dtype='datetime64[D]')", "repr(dates)", "npy"),
}
SKLEARN = {
    "forest": ("RandomForestClassifier(5, random_state=0).fit(X, y)", "forest.predict_proba(X).tolist()", "skops"),
    "boosted": ("HistGradientBoostingRegressor(max_iter=5).fit(X, y)", "boosted.predict(X).tolist()", "skops"),
    "piped": (
        "make_pipeline(FunctionTransformer(lg), Clip(2.0), StandardScaler(), LogisticRegression()).fit(X, y)",
        "piped.predict_proba(X).tolist()",
        "skops",
    ),
    "text": (
        "make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(['good film', 'bad film', 'so bad'], [1, 0, 0])",
        "text.predict_proba(['film good']).tolist()",
        "skops",
    ),
    "mixed": (
        "make_pipeline(make_column_transformer((OneHotEncoder(), ['c']), (SimpleImputer(), ['a', 'b'])), "
        "KMeans(2, random_state=0, n_init=2)).fit(people)",
        "mixed.predict(people).tolist()",
        "skops",
    ),
    "models": (
        "{'one': LinearRegression().fit(X, y), 'two': (Ridge().fit(X, y), 3)}",
        "[models['one'].predict(X).tolist(), models['two'][0].predict(X).tolist(), models['two'][1]]",
        "skops",
    ),
    "search": (
        "GridSearchCV(Ridge(), {'alpha': [0.1, 1.0]}, cv=2).fit(X, y)",
        "[search.predict(X).tolist(), search.best_params_]",
        "skops",
    ),
    "words": ("Vocabulary(['a', 'b'])", "words('b a')", "skops"),
    "spline": ("CubicSpline([0.0, 1.0, 2.0], [0.0, 1.0, 4.0])", "float(spline(1.5))", None),
    "neural": (
        "MLPRegressor(hidden_layer_sizes=(4,), random_state=0, max_iter=5).fit(X, y)",
        "neural.predict(X).tolist()",
        "skops",
    ),
    "sparse": ("csr_matrix(np.eye(3))", "sparse.toarray().tolist()", "skops"),
    "pattern": ("re.compile('a+')", "repr(pattern)", "pickle"),
}
SKLEARN_IMPORTS = """
import re
from sklearn.neural_network import MLPRegressor
from scipy.sparse import csr_matrix
from sklearn.ensemble import RandomForestClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler, OneHotEncoder
from sklearn.linear_model import LogisticRegression, LinearRegression, Ridge
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.cluster import KMeans
from sklearn.model_selection import GridSearchCV
from scipy.interpolate import CubicSpline
people = pd.DataFrame({"c": ["x", "y", "x", "y"], "a": [1.0, None, 3.0, 9.0], "b": [1, 2, 3, 4]})
"""
LIGHTGBM = {
    "booster": (
        "lgb.train({'verbose': -1, 'seed': 1}, lgb.Dataset(X, y), 5)",
        "booster.predict(X).tolist()",
        "lightgbm",
    ),
    "wrapped": ("lgb.LGBMClassifier(n_estimators=5, verbose=-1).fit(X, y)", "wrapped.predict_proba(X).tolist()", None),
}
XGBOOST = {
    "xgb_booster": (
        "xgb.train({'seed': 1}, xgb.DMatrix(X, y), 5)",
        "xgb_booster.predict(xgb.DMatrix(X)).tolist()",
        "xgboost",
    ),
    "xgb_wrapped": (
        "xgb.XGBClassifier(n_estimators=5).fit(X, y)",
        "xgb_wrapped.predict_proba(X).tolist()",
        None,
    ),
}
TORCH = {
    "tensor": ("torch.arange(6.0).reshape(2, 3) / 7", "tensor.tolist()", "torch"),
    "net": ("Net()", "net(torch.tensor(X, dtype=torch.float32)).tolist()", "torch"),
    "state": ("Net().state_dict()", "[value.tolist() for value in state.values()]", "torch"),
    "layers": (
        "torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(4, 1)).eval()",
        "layers(torch.tensor(X, dtype=torch.float32)).tolist()",
        "torch",
    ),
}
TORCH_FEATURES = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.BatchNorm1d(5), torch.nn.Tanh())
        self.head = torch.nn.LSTM(5, 2, batch_first=True)
        self.eval()
    def forward(self, x):
        return self.head(self.body(x))[0].detach()
"""

CHECK = """
import json, sys
from pathlib import Path
from demo.artifacts import load_artifacts, save_artifacts
{imports}
values = load_artifacts()
first = {shown}
save_artifacts(Path(sys.argv[1]), values)
values = load_artifacts(Path(sys.argv[1]))
print(json.dumps([first, {shown}]))
"""


class Family(NamedTuple):
    """Values that one generated project has: what makes them, and the code of the notebook that they need."""

    table: dict[str, tuple[str, str, str | None]]
    features: str = ""
    imports: str = ""
    feature_names: tuple[str, ...] = ()
    needs: str = "numpy"


FAMILIES = {
    "plain": Family(JSON),
    "sklearn": Family(SKLEARN, FEATURES, SKLEARN_IMPORTS, ("lg", "Clip", "Vocabulary")),
    "lightgbm": Family(LIGHTGBM, imports="import lightgbm as lgb\n", needs="lightgbm"),
    "xgboost": Family(XGBOOST, imports="import xgboost as xgb\n", needs="xgboost"),
    "torch": Family(TORCH, TORCH_FEATURES, "import torch\n", ("Net",), needs="torch"),
}


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """One run makes the values of all families whose library is installed; each family is then a project of its own."""
    folder = tmp_path_factory.mktemp("formats")
    families = [family for family in FAMILIES.values() if importlib.util.find_spec(family.needs)]
    table = {name: row for family in families for name, row in family.table.items()}
    assert len(table) == sum(len(family.table) for family in families)
    book = notebook(
        DATA + "X_columns = frame.columns\n" + "".join(family.imports for family in families),
        "".join(family.features for family in families),
        "\n".join(f"{name} = {code}" for name, (code, _, _) in table.items()),
        "\n".join(f"show_{name} = {shown}" for name, (_, shown, _) in table.items())
        + "\n[" + ", ".join(f"show_{name}" for name in table) + "]",
    )  # fmt: skip
    features = tuple(name for family in families for name in family.feature_names)
    record, _ = run(book, spec(4, artifacts=tuple(table), features=features), folder)
    return record, dict(zip(table, record.predictions, strict=True)), folder / "out/artifacts"


def round_trip(folder: Path, family: Family, captured):
    """Load and save the values by the generated module in a fresh process; return their records and findings."""
    pytest.importorskip(family.needs)
    record, golden, files = captured
    table = family.table
    records = tuple(artifact for artifact in record.artifacts if artifact.name in table)
    findings = [finding for finding in record.findings if finding.message.split("`")[1] in table]
    package = folder / "project/src/demo"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "features.py").write_text(family.features)
    (package / "artifacts.py").write_text(artifacts_module("demo", records, "notebook cell 3"))
    (folder / "project/artifacts").mkdir()
    index = json.loads((files / "artifacts.json").read_text())
    own = {name: entry for name, entry in index.items() if name in table}
    (folder / "project/artifacts/artifacts.json").write_text(json.dumps(own))
    for artifact in records:
        shutil.copy(files / artifact.file, folder / "project/artifacts")
    locals_ = "\n".join(f"    {name} = values[{name!r}]" for name in table)
    shown = "[" + ", ".join(text for _, text, _ in table.values()) + "]"
    script = f"def show(values):\n{locals_}\n    return {shown}\n"
    code = CHECK.format(imports=DATA + family.imports + script, shown="show(values)")
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder / "again")],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(package.parent)},
    )
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    for name, got, again in zip(table, first, second, strict=True):
        assert got == golden[name], name
        assert again == golden[name], f"{name}, saved again"
    wanted = {name: form for name, (_, _, form) in table.items() if form}
    assert {r.name: r.format for r in records if r.name in wanted} == wanted
    return records, findings, package


def test_plain_values_arrays_and_frames(captured, tmp_path) -> None:
    _, findings, _ = round_trip(tmp_path, FAMILIES["plain"], captured)
    assert findings == []


def test_estimators_and_objects_with_code_of_the_notebook(captured, tmp_path) -> None:
    records, findings, package = round_trip(tmp_path, FAMILIES["sklearn"], captured)
    trusted = {artifact.name: artifact.trusted for artifact in records}
    assert trusted["piped"] == ("demo.features.Clip", "demo.features.lg")
    assert trusted["words"] == ("demo.features.Vocabulary",)
    codes = {(finding.code, finding.message.split("`")[1]) for finding in findings}
    assert {("NB601", "pattern"), ("NB603", "piped")} <= codes
    assert ("NB601", "forest") not in codes
    # A byte that changed on disk is found before anything is made of the file.
    file = package.parents[1] / "artifacts/forest.skops"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    done = subprocess.run(
        [sys.executable, "-c", "from demo.artifacts import load_artifacts; load_artifacts()"],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(package.parent)},
    )
    assert "forest.skops is not the file that artifacts.json describes" in done.stderr


def test_lightgbm(captured, tmp_path) -> None:
    records, _, _ = round_trip(tmp_path, FAMILIES["lightgbm"], captured)
    assert "pickle" not in {artifact.format for artifact in records}


def test_xgboost(captured, tmp_path) -> None:
    records, _, _ = round_trip(tmp_path, FAMILIES["xgboost"], captured)
    assert "pickle" not in {artifact.format for artifact in records}


def test_torch(captured, tmp_path) -> None:
    records, _, _ = round_trip(tmp_path, FAMILIES["torch"], captured)
    trusted = {artifact.name: artifact.trusted for artifact in records}
    assert "demo.features.Net" in trusted["net"]
    assert trusted["tensor"] == trusted["state"] == ()
