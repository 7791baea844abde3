"""The part in the Jupyter server: who is let in, what is studied, builds as jobs. A real server, no browser."""

import asyncio
import json
import os
import sys
from pathlib import Path

import httpx
import pytest

from nb2prod.model.spec import BuildSpec
from tests.builds.notebooks import LINE, document
from tests.lab.host import TOKEN, Lab, missing, packages

if not os.environ.get("CI") and (reason := missing()):
    pytest.skip(f"{reason} (requirements/lab.sh)", allow_module_level=True)


@pytest.fixture
def client(lab: Lab):
    with httpx.Client(base_url=lab.url, headers={"Authorization": f"token {TOKEN}"}, timeout=120) as client:
        yield client


def progress(client: httpx.Client, id: str) -> list[dict]:
    with client.stream("GET", f"nb2prod/jobs/{id}") as stream:
        return [json.loads(line) for line in stream.iter_lines()]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "study"),
        ("POST", "tags"),
        ("POST", "form"),
        ("GET", "form?notebook=x.ipynb"),
        ("POST", "jobs"),
        ("GET", "jobs?notebook=x.ipynb"),
        ("GET", "jobs/" + "0" * 32),
        ("DELETE", "jobs/" + "0" * 32),
    ],
)
def test_without_the_token_nothing_is_answered(lab, method, path):
    answer = httpx.request(method, f"{lab.url}nb2prod/{path}", json={} if method == "POST" else None)
    assert answer.status_code == 403


def test_another_site_cannot_post_with_the_users_cookie(lab):
    with httpx.Client(base_url=lab.url, follow_redirects=True) as browser:
        assert browser.get(f"lab?token={TOKEN}").status_code == 200
        question = {"cells": [[]], "roles": {"1": "training"}}
        assert browser.post("nb2prod/tags", json=question).status_code == 403
        known = {"X-XSRFToken": browser.cookies["_xsrf"]}
        assert browser.post("nb2prod/tags", json=question, headers=known).status_code == 200


def test_the_study_is_of_what_is_posted_not_of_the_file(lab, client):
    lab.write("posted.ipynb", "x = 1")
    answer = client.post("nb2prod/study", json={"path": "posted.ipynb", "notebook": document(*LINE)}).json()
    study = answer["study"]
    assert study["boundary"] == {"artifacts": ["line"], "request": ["points"], "response": "heights"}
    assert study["roles"]["2"] == "training"
    assert {lit["cell"] for lit in study["lit"]} == {1, 2, 3, 5}  # 4 is the request: callers send it
    scale = {"name": "scale", "annotation": "float", "source": "2.0", "comment": "", "cell": 1, "line": 1}
    assert study["parameters"][0] == scale


def test_what_is_no_notebook_is_refused_with_its_code(client):
    notebook = document(*LINE) | {"nbformat": "four"}
    refused = client.post("nb2prod/study", json={"path": "x.ipynb", "notebook": notebook}).json()["refused"]
    assert refused["code"] == "NB127"


@pytest.mark.parametrize("path", ["../x.ipynb", "a/../../x.ipynb", "/../../etc/x.ipynb", "x\0.ipynb"])
def test_paths_stay_below_the_servers_folder(client, path):
    study = ("study", {"path": path, "notebook": document()})
    for what, body in (study, ("jobs", {"notebook": path}), ("form", {"form": {"notebook": path, "output": "x"}})):
        answer = client.post(f"nb2prod/{what}", json=body)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in ("NB101", "NB295")


def test_the_output_stays_below_the_servers_folder(lab, client):
    name = lab.write("outside.ipynb", "x = 1")
    answer = client.post("nb2prod/jobs", json={"notebook": name, "output": "../elsewhere"})
    assert answer.json()["error"]["code"] == "NB101"
    assert not (lab.root.parent / "elsewhere").exists()


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"path": 1}', b'{"cells": [["a"]], "roles": {"1": "boss"}}', b"{" * 100_000]
)
def test_other_bodies_are_refused(client, body):
    for what in ("study", "tags", "form", "jobs"):
        assert client.post(f"nb2prod/{what}", content=body).json()["error"]["code"] == "NB295"


def test_tags_of_cells_that_are_not_there_are_refused(client):
    answer = client.post("nb2prod/tags", json={"cells": [[]], "roles": {"2": "training"}})
    assert answer.json()["error"]["code"] == "NB229"


def test_the_form_is_checked_by_field_and_told_what_holds(lab, client):
    made = document(*LINE)
    made["metadata"]["nb2prod"] = {"model": "heights", "log": False}
    (lab.root / "form.ipynb").write_text(json.dumps(made))
    stands = client.get("nb2prod/form?notebook=form.ipynb").json()
    assert (stands["model"], stands["log"], stands["output"]) == ("heights", False, "build/form")
    declared = client.post("nb2prod/study", json={"path": "form.ipynb", "notebook": made}).json()["study"]["parameters"]

    def faults(**form: object) -> dict:
        question = {"form": {"notebook": "form.ipynb"} | form, "declared": declared}
        return client.post("nb2prod/form", json=question).json()["faults"]

    assert faults(parameters={"scale": "3", "name": "4"}, image="line:1", output="made") == {}
    wrong = faults(parameters={"scale": "much"}, sample={"scal": "1"}, image="Line 1", output="../x")
    assert wrong.keys() == {"parameters.scale", "sample.scal", "image", "output"}
    assert "is float; `much` is not" in wrong["parameters.scale"]
    assert "Did you mean `scale`?" in wrong["sample.scal"]
    assert "holds the notebook itself" in faults(output="/")["output"]
    assert "a file of that name" in faults(output="form.ipynb")["output"]


def test_a_build_runs_as_a_job(lab, client):
    (lab.root / "line.ipynb").write_text(json.dumps(document(*LINE)))
    asked = {"notebook": "line.ipynb", "log": False, "parameters": {"scale": "4.0"}, "output": "build/steep"}
    started = client.post("nb2prod/jobs", json=asked)
    assert started.status_code == 201
    id = started.json()["id"]
    assert client.post("nb2prod/jobs", json={"notebook": "line.ipynb"}).json()["error"]["code"] == "NB295"
    lines = progress(client, id)
    assert [line["finished"] for line in lines][-1] is True
    last = lines[-1]
    assert last["progress"]["status"] == "ok", last["progress"]["report"]
    assert last["project"] == "build/steep"
    assert last["progress"]["report"]["metrics"] == {"steepness": 1.0}
    assert last["progress"]["report"]["parity"][0]["status"] == "equal"
    latest = client.get("nb2prod/jobs?notebook=line.ipynb").json()
    assert latest["id"] == id
    assert asked.items() <= latest["asked"].items()
    assert progress(client, id) == [last]


def test_a_cancelled_job_ends_as_cancelled(lab, client):
    slow = ("training", "import time\ntime.sleep(600)\nline = {'slope': 1.0, 'start': 1.5}\n")
    (lab.root / "slow.ipynb").write_text(json.dumps(document(LINE[0], slow, *LINE[2:])))
    id = client.post("nb2prod/jobs", json={"notebook": "slow.ipynb", "log": False}).json()["id"]
    with client.stream("GET", f"nb2prod/jobs/{id}") as stream:
        for text in stream.iter_lines():
            line = json.loads(text)
            at_work = [step["name"] for step in line["progress"]["steps"] if step["state"] == "running"]
            if at_work == ["run"]:
                client.delete(f"nb2prod/jobs/{id}")
    assert line["progress"]["status"] == "cancelled"
    assert not (lab.root / "build" / "slow").exists()


def test_jobs_that_are_not_there(client):
    assert client.get("nb2prod/jobs/" + "0" * 32).status_code == 404
    assert client.delete("nb2prod/jobs/" + "0" * 32).status_code == 404
    assert client.get("nb2prod/jobs?notebook=none.ipynb").json() == {"id": None, "asked": None}
    answer = client.post("nb2prod/jobs", json={"notebook": "none.ipynb"})
    assert answer.json()["error"]["code"] == "NB101"


def test_an_analyst_that_dies_or_hangs_is_replaced(monkeypatch, prefix):
    monkeypatch.syspath_prepend(packages(prefix))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    from jupyterlab_nb2prod.asking import Analyst

    data = json.dumps(document(*LINE)).encode()

    async def scenario() -> list[dict]:
        analyst = Analyst(patience=60)
        answers = [await analyst.study(data, Path("x.ipynb"))]
        analyst._child.kill()
        answers += [await analyst.study(data, Path("x.ipynb")) for _ in range(2)]
        analyst._patience = 0.001
        answers.append(await analyst.study(data, Path("x.ipynb")))
        analyst._patience = 60
        answers.append(await analyst.study(data, Path("x.ipynb")))
        await analyst.close()
        return [json.loads(answer) for answer in answers]

    answers = asyncio.run(scenario())
    assert "study" in answers[0]
    assert "study" in answers[2]
    assert "took longer" in answers[3]["refused"]["message"]
    assert "study" in answers[4]


def test_a_build_that_dies_is_said_to_have_failed(monkeypatch, prefix, tmp_path):
    monkeypatch.syspath_prepend(packages(prefix))
    from jupyterlab_nb2prod.jobs import Jobs

    (tmp_path / "slow.ipynb").write_text(json.dumps(document(("training", "import time\ntime.sleep(600)"))))
    spec = BuildSpec(str(tmp_path / "slow.ipynb"), str(tmp_path / "build"), log=False)

    async def scenario():
        job = await Jobs().start(spec)
        await job.change(0)
        job.child.kill()
        while not job.finished:
            await job.change(job.version)
        await asyncio.sleep(0.1)  # the pipes are closed
        return job.progress

    progress = asyncio.run(scenario())
    assert progress.status == "failed"
    assert "signal 9" in progress.report["error"]["message"]
