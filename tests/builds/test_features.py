"""Notebooks that make features of the whole table, converted with a real kernel: a caller sends raw rows."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builds.command import Finished, nb2prod

DATA = """
import numpy as np
import pandas as pd
rng = np.random.default_rng(5)
n = 120
pd.DataFrame({
    "PassengerId": range(n), "Survived": rng.integers(0, 2, n), "Pclass": rng.integers(1, 4, n),
    "Name": [f"Lee, {t}. Kim {i}" for i, t in enumerate(rng.choice(["Mr", "Mrs", "Miss"], n))],
    "Sex": rng.choice(["male", "female"], n), "Age": np.where(rng.random(n) < 0.2, np.nan, rng.integers(1, 80, n)),
    "SibSp": rng.integers(0, 4, n), "Parch": rng.integers(0, 3, n), "Fare": rng.gamma(2, 15, n).round(2),
    "Embarked": rng.choice(["S", "C", "Q", None], n, p=[0.6, 0.2, 0.15, 0.05]),
}).to_csv("people.csv", index=False)
"""
IMPORTS = """import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, StandardScaler"""
READ = 'df = pd.read_csv("people.csv")\ndf.head()'

TITANIC = [
    ("imports", IMPORTS), ("training", READ),
    ("preprocessing", """df["Age"] = df["Age"].fillna(df["Age"].median())
df["FamilySize"] = df["SibSp"] + df["Parch"] + 1
df["Title"] = df["Name"].str.extract(r", (\\w+)\\.", expand=False)
df = df.drop(columns=["PassengerId", "Name"])
df = pd.get_dummies(df, columns=["Sex", "Embarked", "Title"], drop_first=True)"""),
    ("training", """X = df.drop(columns=["Survived"]); y = df["Survived"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = LogisticRegression(max_iter=2000)
model.fit(X_train, y_train)"""),
    ("inference", "pred = model.predict(X_test)\nprint(accuracy_score(y_test, pred))"),
    ("evaluation", "accuracy = accuracy_score(y_test, pred)"),
]  # fmt: skip
ARRAYS = [
    ("imports", IMPORTS), ("training", READ),
    ("preprocessing", """y = df.pop("Survived").values
df = df.drop(["PassengerId", "Name"], axis=1)
df["Fare"] = np.log1p(df["Fare"])
df = pd.get_dummies(df).fillna(0)
X = df.values.astype(float)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)"""),
    ("training", "model = LogisticRegression().fit(X_train, y_train)"),
    ("inference", "model.predict_proba(X_test)"),
]  # fmt: skip
ENCODERS = [
    ("imports", IMPORTS), ("training", READ),
    ("preprocessing", """df = df.fillna({"Embarked": "S"})
le = LabelEncoder()
for col in ["Sex", "Embarked"]:
    df[col] = le.fit_transform(df[col])
    print(col, list(le.classes_))
df["Band"] = pd.qcut(df["Fare"], 4, labels=False)
for col in ["Age", "Fare"]:
    df[col] = df[col].fillna(df[col].median())"""),
    ("training", """features = ["Pclass", "Sex", "Age", "Band", "Embarked"]
X_train, X_test, y_train, y_test = train_test_split(df[features], df["Survived"], random_state=2)
model = LogisticRegression(max_iter=2000).fit(X_train, y_train)"""),
    ("inference", "model.predict_proba(X_test)[:, 1]"),
]  # fmt: skip
TOGETHER = [
    ("imports", IMPORTS), ("training", READ),
    ("training", """X = df[["Pclass", "Fare"]]
X_train, X_test, y_train, y_test = train_test_split(X, df["Survived"], random_state=2)
model = LogisticRegression().fit((X_train - X_train.mean()) / X_train.std(), y_train)"""),
    ("inference", "model.predict_proba((X_test - X_test.mean()) / X_test.std())"),
]  # fmt: skip


def converted(cells: list[tuple[str, str]], folder: Path) -> Finished:
    exec(DATA.replace('"people.csv"', f'"{folder}/people.csv"'), {})
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    document: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role]}, "execution_count": None, "outputs": [],
         "source": source} for n, (role, source) in enumerate(cells)]}  # fmt: skip
    (folder / "people.ipynb").write_text(json.dumps(document))
    return nb2prod("convert", "people.ipynb", "-o", "out/people", "--mutants", "0", "--json", cwd=folder)


def sent(folder: Path) -> list[str]:
    golden = json.loads((folder / "out/people/tests/golden/golden.json").read_text())
    return list(golden["body"]["rows"][0])


@pytest.mark.parametrize(("cells", "columns"), [
    (TITANIC, ["Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked"]),
    (ARRAYS, ["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked"]),
    (ENCODERS, ["Pclass", "Sex", "Age", "Fare", "Embarked"]),
], ids=["titanic", "arrays", "encoders"])  # fmt: skip
def test_raw_rows_give_the_notebooks_answer(cells: list[tuple[str, str]], columns: list[str], tmp_path: Path) -> None:
    done = converted(cells, tmp_path)
    assert done.code == 0, done.stderr
    assert {p["stage"]: p["status"] for p in done.report["parity"]}["module"] == "equal"
    assert sent(tmp_path) == columns


def test_a_prediction_that_looks_at_all_rows_is_refused(tmp_path: Path) -> None:
    done = converted(TOGETHER, tmp_path)
    assert done.code == 1
    assert "NB356" in done.stdout + done.stderr
