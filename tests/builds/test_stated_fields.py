"""Fields that the notebook's metadata describes, from the file to the running service."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from nb2prod.errors import InputError
from nb2prod.steps.diff import diff_project

CELLS = (
    ("training", "import pandas as pd\nfrom sklearn.linear_model import LinearRegression"),
    ("training", "people = pd.DataFrame({'age': [20, 30, 40], 'pay': [1.0, None, 3.0], 'name': ['a', 'b', 'c']})"),
    ("training", "model = LinearRegression().fit(people[['age']], [1.0, 2.0, 3.0])"),
    ("request", "new = pd.DataFrame({'age': [25, 35], 'pay': [2.0, None], 'name': ['x', 'y']})"),
    ("inference", "answer = model.predict(new[['age']])\nanswer"),
)
FIELDS = {
    "age": {"description": "in years", "least": 18, "most": 99},
    "pay": {"least": 0},
    "name": {"personal": True},
}
ASK = """
import json, time
from starlette.testclient import TestClient
from people.service import app

with TestClient(app) as client:
    while client.get("/health/ready").status_code != 200:
        time.sleep(0.05)
    def status(**row):
        whole = {"age": 25, "pay": 2.0, "name": "Grace"} | row
        return client.post("/predict", json={"rows": [whole]})
    wrong = status(age=17)
    row = client.get("/openapi.json").json()["components"]["schemas"]["Row"]["properties"]
    print(json.dumps({
        "statuses": [status().status_code, wrong.status_code, status(age=100).status_code,
                     status(pay=-0.5).status_code, status(pay=None).status_code],
        "wrong": wrong.json(), "row": row,
    }))
"""


def test_limits_hold_descriptions_are_published_and_personal_fields_stay_out_of_the_log(tmp_path):
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role]}, "source": source, "outputs": [],
         "execution_count": None}
        for n, (role, source) in enumerate(CELLS)
    ]  # fmt: skip
    notebook = tmp_path / "people.ipynb"
    metadata = {"nb2prod": {"fields": FIELDS}}
    notebook.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    project = tmp_path / "out"
    made = subprocess.run([sys.executable, "-m", "nb2prod", "convert", str(notebook), "-o", str(project)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert made.returncode == 0, made.stderr
    log = tmp_path / "requests.db"
    paths = os.pathsep.join([str(project / "src"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"NB2PROD_REQUEST_LOG": str(log), "PYTHONPATH": paths}
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False, cwd=project,
                           env=environment)  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    found = json.loads(asked.stdout.splitlines()[-1])
    assert found["statuses"] == [200, 422, 422, 422, 200]
    assert "age" in json.dumps(found["wrong"])
    assert found["row"]["age"]["description"] == "in years"
    assert (found["row"]["age"]["minimum"], found["row"]["age"]["maximum"]) == (18, 99)
    assert found["row"]["name"]["x-personal"] is True
    written = b"".join(path.read_bytes() for path in tmp_path.glob("requests.db*"))
    assert b"25" in written
    assert b"Grace" not in written
    metadata["nb2prod"]["fields"]["age"]["description"] = "in whole years"
    notebook.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    again = subprocess.run([sys.executable, "-m", "nb2prod", "convert", str(notebook), "-o", str(project), "--json"],
                           capture_output=True, text=True, check=True)  # fmt: skip
    done = {step["name"]: step["status"] for step in json.loads(again.stdout)["steps"]}
    assert (done["run"], done["extract"]) == ("unchanged", "done")
    assert "in whole years" in (project / "src" / "people" / "schema.py").read_text()

    shutil.rmtree(tmp_path / ".nb2prod" / "out")  # as in a clone
    assert not diff_project(notebook, project).differs
    notebook.write_text(notebook.read_text().replace("in whole years", "in years"))
    with pytest.raises(InputError, match="NB298"):
        diff_project(notebook, project)
