"""Notebooks that are answered by a graph, from the cells to the running service."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("skl2onnx")

ASK = """
import json, os, time
from starlette.testclient import TestClient
from {package}.service import app

golden = json.loads(open("tests/golden/golden.json").read())
with TestClient(app) as client:
    while client.get("/health/ready").status_code != 200:
        time.sleep(0.05)
    answer = client.post("/predict", json=golden["body"]).json()["predictions"]
    print(json.dumps([client.get("/health/ready").json()["path"], answer, golden["predictions"]]))
"""

HOMES = (
    ("imports", "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import Ridge"),
    ("functions", "FLOOR = 10.0\n\ndef prepare(homes, usual):\n    homes = homes.copy()\n"
                  "    homes['rooms'] = homes['rooms'].fillna(usual)\n"
                  "    homes['each'] = homes['area'].clip(lower=FLOOR) / homes['rooms']\n"
                  "    homes['log_area'] = np.log1p(homes['area'])\n    homes['new'] = homes['year'] >= 2000\n"
                  "    homes['heating'] = homes['heating'].map({'gas': 0, 'oil': 1, 'wood': 2})\n"
                  "    return homes.drop(columns='year')"),
    ("training", "chance = np.random.default_rng(4)\nhomes = pd.DataFrame({\n"
                 "    'area': chance.uniform(20, 200, 300).round(1),\n"
                 "    'rooms': chance.integers(1, 7, 300).astype(float),\n"
                 "    'year': chance.integers(1900, 2020, 300),\n"
                 "    'heating': chance.choice(['gas', 'oil', 'wood'], 300)})\n"
                 "homes.loc[::9, 'rooms'] = np.nan\nusual = homes['rooms'].median()\n"
                 "price = homes['area'] * 9 + homes['year'] + chance.normal(0, 5, 300)\n"
                 "model = Ridge().fit(prepare(homes, usual), price)"),
    ("request", "offers = homes.head(8)"),
    ("inference", "answer = pd.DataFrame({'year': offers['year'],\n"
                  "                       'price': model.predict(prepare(offers, usual)).round(2)})\nanswer"),
)  # fmt: skip
REVIEWS = (
    ("imports", "import pandas as pd\nfrom sklearn.feature_extraction.text import TfidfVectorizer\n"
                "from sklearn.linear_model import LogisticRegression"),
    ("training", "seen = pd.DataFrame({'text': ['good room', 'bad food', 'great view', 'awful bed', 'good bed',\n"
                 "                              'bad noise'] * 5, 'liked': [1, 0, 1, 0, 1, 0] * 5})\n"
                 "tfidf = TfidfVectorizer()\n"
                 "model = LogisticRegression().fit(tfidf.fit_transform(seen['text']), seen['liked'])"),
    ("request", "new = pd.DataFrame({'text': ['Good food, good view', 'awful noise', 'nothing known']})"),
    ("inference", "answer = model.predict_proba(tfidf.transform(new['text']))[:, 1]\nanswer"),
)  # fmt: skip


def converted(cells, name, folder):
    """The project and the report."""
    made = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role]}, "source": source, "outputs": [],
         "execution_count": None}
        for n, (role, source) in enumerate(cells)
    ]  # fmt: skip
    notebook = folder / f"{name}.ipynb"
    notebook.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    command = [sys.executable, "-m", "nb2prod", "convert", str(notebook), "-o", str(folder / name), "--mutants", "0"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / name, json.loads(done.stdout)


@pytest.mark.parametrize(("name", "cells"), [("homes", HOMES), ("reviews", REVIEWS)])
def test_a_graph_answers_and_the_service_says_so(name, cells, tmp_path):
    project, report = converted(cells, name, tmp_path)
    assert report["fast_path"]["used"], report["fast_path"]["reason"]
    assert report["fast_path"]["rows"] > 200
    paths = os.pathsep.join([str(project / "src"), os.environ.get("PYTHONPATH", "")])
    asked = subprocess.run(
        [sys.executable, "-c", ASK.format(package=name)], capture_output=True, text=True, check=False, cwd=project,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    path, answer, golden = json.loads(asked.stdout.splitlines()[-1])
    assert path == {"answered_by": "onnx"}
    assert json.dumps(answer) == json.dumps(golden) or answer == pytest.approx(golden, rel=1e-9)
