"""The description: it is valid, its examples are true, and a program that believes it finds nothing wrong."""

import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import HERE, client_of
from .sample_service import Question, Request, make_app
from .test_protocol_shapes import Arrays, Records, Table, Texts

EXAMPLES = 1000 if os.environ.get("NB2PROD_FAULTS") else 10
"""Per operation, beside those of the coverage phase."""


def operations(spec: dict[str, Any]) -> Any:
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            if method in ("get", "post"):
                yield path, method, operation


def examples(spec: dict[str, Any]) -> Any:
    """Path, media type, example of the body, example of the answer."""
    for path, method, operation in operations(spec):
        if "predict" not in operation["summary"].lower() or method != "post" or path == "/feedback":
            continue
        answered = operation["responses"]["200"]["content"]["application/json"].get("example")
        for kind, content in operation["requestBody"]["content"].items():
            for named in content.get("examples", {"": {"value": content.get("example")}}).values():
                if named["value"] is not None:
                    yield path.replace("{version}", "7"), kind, named["value"], answered


def test_every_example_gets_the_answer_that_is_promised():
    with client_of(make_app(version="7")) as client:
        spec = client.get("/openapi.json").json()
        found = list(examples(spec))
        assert len(found) == 9  # /predict, six forms of /invocations, infer with and without a version
        for path, kind, body, answered in found:
            content = body if isinstance(body, str) else json.dumps(body)
            response = client.post(path, content=content, headers={"Content-Type": kind})
            assert response.status_code == 200, (path, kind, response.text)
            got = response.json()
            got["request_id"] = answered.get("request_id")
            assert got == answered | {"request_id": got["request_id"]}


def test_where_rows_depend_on_each_other_the_example_is_whole(tmp_path):
    rows = [[1.0], [2.0], [6.0]]

    def answer(_: Any, asked: Arrays) -> list[float]:
        mean = sum(row[0] for row in asked.rows) / len(asked.rows)
        return [row[0] - mean for row in asked.rows]

    path = tmp_path / "golden.json"
    path.write_text(json.dumps({"body": {"rows": rows}, "predictions": [-2.0, -1.0, 3.0]}))
    with client_of(make_app(request=Arrays, answer=answer, golden=path)) as client:
        for path, kind, body, answered in examples(client.get("/openapi.json").json()):
            content = body if isinstance(body, str) else json.dumps(body)
            got = client.post(path, content=content, headers={"Content-Type": kind}).json()
            assert got.get("predictions", got.get("outputs")) == answered.get("predictions", answered.get("outputs"))


@pytest.mark.parametrize("request_type", [Request, Question, Arrays, Texts, Records, Table])
def test_examples_made_up_from_the_types_are_accepted(request_type):
    with client_of(make_app(request=request_type, answer=lambda *_: [1], golden=None)) as client:
        spec = client.get("/openapi.json").json()
        for path, kind, body, _ in examples(spec):
            content = body if isinstance(body, str) else json.dumps(body)
            response = client.post(path, content=content, headers={"Content-Type": kind})
            assert response.status_code == 200, (path, kind, body, response.text)


def test_each_route_is_described_or_known_not_to_be():
    app = make_app(version="7")
    with client_of(app) as client:
        described = set(client.get("/openapi.json").json()["paths"])
    routes = {route.path.replace("{model}", "sample") for route in app.routes}
    assert routes - described == {"/openapi.json", "/docs"}
    assert described - routes == set()


def test_schemathesis_finds_nothing(module_start, tmp_path):
    """All its checks in all its phases. What it cannot know is in schemathesis.toml and schemathesis_hooks.py."""
    server = module_start(NB2PROD_MODEL_VERSION="7")
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "--config-file", str(HERE / "schemathesis.toml"), "run", f"{server.url}/openapi.json"]
    command += ["--max-examples", str(EXAMPLES), "--no-color", "--generation-database", "none"]
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
        "PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}",
    }
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-8000:] + told.stderr[-2000:]
    generated = int(re.search(r"(\d+) generated", told.stdout)[1])
    print(f"{generated} cases")
    assert generated >= 200
    assert httpx.get(f"{server.url}/health/ready").status_code == 200
    statuses = Counter(json.loads(line).get("status") for line in server.lines if '"request"' in line)
    assert not [status for status in statuses if status is not None and status >= 500], statuses
