"""Columns that callers know by another name than the notebook: one build, asked in every way there is."""

import csv
import json
import os
import subprocess
import sys

import pytest

from nb2prod.plugins.job_notebooks.scoring import score
from nb2prod.steps.diff import diff_project

pytest.importorskip("skl2onnx")
pytest.importorskip("mlflow")

CELLS = (
    ("imports", "import pandas as pd\nfrom sklearn.compose import ColumnTransformer\n"
                "from sklearn.linear_model import LogisticRegression\nfrom sklearn.pipeline import make_pipeline\n"
                "from sklearn.preprocessing import OneHotEncoder, StandardScaler"),
    ("training", "people = pd.DataFrame({'ten_m': [1, 40, 7, 60, 3, 30] * 6,\n"
                 "                       'chg': [90.0, 20.5, 70.0, 15.0, 95.0, 33.0] * 6,\n"
                 "                       'ctr': ['m', 'y', 'm', 'y', 'm', 'y'] * 6})\n"
                 "people['each'] = people['chg'] / (people['ten_m'] + 1)\n"
                 "numbers = ('numbers', StandardScaler(), ['ten_m', 'chg', 'each'])\n"
                 "columns = ColumnTransformer([('kinds', OneHotEncoder(), ['ctr']), numbers])\n"
                 "model = make_pipeline(columns, LogisticRegression()).fit(people, [1, 0, 1, 0, 1, 0] * 6)"),
    ("request", "new = pd.DataFrame({'ten_m': [2, 50, 11], 'chg': [80.0, 18.0, 40.0], 'ctr': ['m', 'y', 'y']})"),
    ("inference", "new['each'] = new['chg'] / (new['ten_m'] + 1)\n"
                  "answer = pd.DataFrame({'of': new['ten_m'], 'p': model.predict_proba(new)[:, 1]})\nanswer"),
)  # fmt: skip
FIELDS = {
    "ten_m": {"name": "tenure in months", "least": 0},
    "chg": {"name": "charge", "description": "a month"},
    "ctr": {"name": "contract", "personal": True},
}
ANSWERS = {"p": {"name": "probability"}, "of": {"name": "tenure"}}
SENT = ["tenure in months", "charge", "contract"]
ASK = """
import csv, io, json, time
from starlette.testclient import TestClient
from people.service import app

rows = json.loads(open("tests/golden/golden.json").read())["body"]["rows"]
names = list(rows[0])
split = {"columns": names[::-1], "data": [[row[name] for name in names[::-1]] for row in rows]}
text = io.StringIO()
csv.writer(text).writerows([names, *([row[name] for name in names] for row in rows)])
kinds = {int: "INT64", float: "FP64", str: "BYTES"}
tensors = [{"name": name, "datatype": kinds[type(rows[0][name])], "shape": [len(rows)],
            "data": [row[name] for row in rows]} for name in names]
query = "query ($rows: [Row!]!) { predict(rows: $rows) { predictions } }"
spelled = [{name.replace(" ", "_"): value for name, value in row.items()} for row in rows]
with TestClient(app) as client:
    while client.get("/health/ready").status_code != 200:
        time.sleep(0.05)
    def answers(path, **body):
        answer = client.post(path, **body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()
    def refusal(row):
        answer = client.post("/predict", json={"rows": [row]})
        assert answer.status_code == 422, answer.text
        return answer.json()["error"]
    v2 = answers("/v2/models/people/infer", json={"inputs": tensors})["outputs"]
    told = {
        "path": client.get("/health/ready").json()["path"],
        "predict": answers("/predict", json={"rows": rows})["predictions"],
        "records": answers("/invocations", json={"dataframe_records": rows})["predictions"],
        "split": answers("/invocations", json={"dataframe_split": split})["predictions"],
        "inputs": answers("/invocations", json={"inputs": {n: [r[n] for r in rows] for n in names}})["predictions"],
        "csv": answers("/invocations", content=text.getvalue(), headers={"Content-Type": "text/csv"})["predictions"],
        "v2": [dict(zip([o["name"] for o in v2], values)) for values in zip(*[o["data"] for o in v2])],
        "graphql": answers("/graphql", json={"query": query, "variables": {"rows": spelled}})["data"]["predict"][
            "predictions"],
        "metadata": [each["name"] for each in client.get("/v2/models/people").json()["inputs"]],
        "openapi": client.get("/openapi.json").json()["components"]["schemas"]["Row"],
        "by the notebook's name": refusal({"ten_m": 2, "charge": 80.0, "contract": "m"}),
        "of the wrong type": refusal(rows[0] | {"tenure in months": "two"}),
        "below the limit": refusal(rows[0] | {"tenure in months": -1}),
    }
print(json.dumps(told))
"""
LOADED = """
import json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pd.DataFrame(json.loads(sys.argv[2]))
try:
    model.predict(rows.rename(columns={"charge": "chg"}))
    refused = ""
except Exception as error:
    refused = str(error)
inputs = [column.name for column in model.metadata.signature.inputs]
answer = model.predict(rows[rows.columns[::-1]]).to_dict("records")
example = model.predict(model.input_example).to_dict("records")
outputs = [column.name for column in model.metadata.signature.outputs]
print(json.dumps([inputs, outputs, answer, example, refused]))
"""
DIRECT = """
import json
import pandas as pd
from people.predict import Predictor
new = pd.DataFrame({"ten_m": [2, 50, 11], "chg": [80.0, 18.0, 40.0], "ctr": ["m", "y", "y"]})
print(json.dumps(Predictor.load().predict(new).to_dict("records")))
"""


def told(program, project, *arguments, **environment):
    paths = os.pathsep.join([str(project / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False,
                          cwd=project, env=os.environ | {"PYTHONPATH": paths} | environment)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def shares(rows):
    return [float(row["probability"]) for row in rows]


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """The project, its report, and its golden rows."""
    folder = tmp_path_factory.mktemp("people")
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role]}, "source": source, "outputs": [],
         "execution_count": None}
        for n, (role, source) in enumerate(CELLS)
    ]  # fmt: skip
    metadata = {"nb2prod": {"fields": FIELDS, "answers": ANSWERS}}
    (folder / "people.ipynb").write_text(
        json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    )
    done = subprocess.run(
        [sys.executable, "-m", "nb2prod", "build", "people.ipynb", "-o", "out", "--mutants", "0", "--json"],
        capture_output=True, text=True, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    golden = json.loads((folder / "out" / "tests" / "golden" / "golden.json").read_text())
    return folder / "out", json.loads(done.stdout), golden


@pytest.mark.parametrize("fast", ["1", "0"])
def test_every_protocol_takes_the_callers_names_with_the_graph_and_without(people, fast, tmp_path):
    project, report, golden = people
    assert report["fast_path"]["used"], report["fast_path"]["reason"]
    log = tmp_path / "requests.db"
    found = told(ASK, project, NB2PROD_FAST_PATH=fast, NB2PROD_GRAPHQL="1", NB2PROD_REQUEST_LOG=str(log))
    assert found["path"]["answered_by"] == ("onnx" if fast == "1" else "python")
    expected = golden["predictions"]
    for way in ("predict", "records", "split", "inputs", "csv", "v2", "graphql"):
        assert [row["tenure"] for row in found[way]] == [2, 50, 11], way
        assert shares(found[way]) == pytest.approx(shares(expected), rel=1e-9), way
        assert {*found[way][0]} == {"tenure", "probability"}, way
    assert found["metadata"] == SENT
    assert list(found["openapi"]["properties"]) == SENT
    assert found["openapi"]["properties"]["charge"]["description"] == "a month"
    old = found["by the notebook's name"]
    assert "tenure in months" in old["message"]
    assert "ten_m" in old["message"]
    for refused in ("of the wrong type", "below the limit"):
        assert (found[refused]["field"], found[refused]["row"]) == ("tenure in months", 0)
    written = b"".join(path.read_bytes() for path in tmp_path.glob("requests.db*"))
    assert b"tenure in months" in written
    assert b"contract" not in written  # it is personal


def test_the_model_in_mlflow_takes_the_callers_names(people):
    project, _, golden = people
    uri = f"sqlite:///{project.parent / 'mlflow.db'}"
    rows = json.dumps(golden["body"]["rows"])
    inputs, outputs, answer, example, refused = told(LOADED, project, "models:/people/1", rows, MLFLOW_TRACKING_URI=uri)
    assert inputs == SENT
    assert shares(answer) == pytest.approx(shares(golden["predictions"]), rel=1e-9)
    assert outputs == ["tenure", "probability"]
    assert example == answer
    assert "charge" in refused


def test_the_package_itself_keeps_the_notebooks_names_and_a_clone_shows_no_difference(people, tmp_path):
    project, _, golden = people
    assert list(golden["body"]["rows"][0]) == SENT
    answer = told(DIRECT, project)
    assert [row["p"] for row in answer] == pytest.approx(shares(golden["predictions"]), rel=1e-9)
    (project.parent / ".nb2prod" / "out").rename(tmp_path / "out")  # as in a clone
    try:
        assert not diff_project(project.parent / "people.ipynb", project).differs
    finally:
        (tmp_path / "out").rename(project.parent / ".nb2prod" / "out")


def test_a_file_is_scored_by_the_callers_names(people, tmp_path):
    project, _, golden = people
    rows, answers = tmp_path / "rows.csv", tmp_path / "answers.csv"
    with rows.open("w", newline="") as file:
        writer = csv.DictWriter(file, SENT)
        writer.writeheader()
        writer.writerows(golden["body"]["rows"])
    result = score(str(project), str(rows), str(answers))
    assert result.values["status"] == "ok", result
    with answers.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert found[0]["tenure in months"] == "2"
    assert shares(found) == pytest.approx(shares(golden["predictions"]), rel=1e-9)
