"""What every answer tells browsers, and the line that an administrative action leaves behind."""

import json
import logging

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nb2prod.serving.access import Access
from nb2prod.serving.access.audit import admin_route
from nb2prod.serving.problem import Problem
from nb2prod.serving.settings import Settings

from .conftest import TestClient, client_of, wait_until
from .sample_service import GOLDEN, make_app
from .test_serving_process import TARGET, run_module

KEY = "correct horse"
GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


@pytest.fixture
def administered(caplog):
    caplog.set_level(logging.INFO, logger="nb2prod.serving.audit")
    access = Access(Settings(api_key_rights="admin"), {"NB2PROD_API_KEY": KEY})

    async def swap(http: Request) -> Response:
        http.state.audited = {"source": "models:/churn/3"}
        if http.query_params.get("fail") == "problem":
            raise Problem(409, "refused", "its schema is another one")
        if http.query_params.get("fail") == "bug":
            raise RuntimeError("boom")
        return Response("done")

    async def on_problem(_: Request, problem: Exception) -> Response:
        return Response(status_code=problem.status)

    app = Starlette(
        routes=[Route("/admin/model", admin_route(access, "swap the model", swap), methods=["POST"])],
        exception_handlers={Problem: on_problem},
    )
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("path", "key", "line"),
    [
        ("/admin/model", KEY, {"who": "default", "status": 200, "source": "models:/churn/3"}),
        ("/admin/model?fail=problem", KEY, {"who": "default", "status": 409, "code": "refused"}),
        ("/admin/model?fail=bug", KEY, {"who": "default", "status": 500}),
        ("/admin/model", "wrong", {"who": None, "status": 401, "code": "unauthorized"}),
    ],
)
def test_every_attempt_leaves_one_line_without_the_key(administered, caplog, path, key, line):
    response = administered.post(path, headers={"X-API-Key": key})
    assert response.status_code == line["status"]
    (record,) = [record for record in caplog.records if record.name == "nb2prod.serving.audit"]
    assert record.fields["action"] == "swap the model"
    assert line.items() <= record.fields.items()
    assert key not in json.dumps(record.fields)


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/docs", "/openapi.json", "/predict"])
def test_no_answer_lets_a_page_of_another_site_use_it(path):
    with client_of(make_app()) as client:
        answers = [
            client.get(path, headers={"Origin": "https://evil.example"}),
            client.options(path, headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}),
        ]
    for answer in answers:
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_the_audit_is_in_a_file_too(start, tmp_path):
    path = tmp_path / "audit.log"
    server = start(NB2PROD_API_KEY=KEY, NB2PROD_AUDIT_LOG=str(path))
    httpx.delete(f"{server.url}/admin/requests/r1", headers={"X-API-Key": KEY})
    line = wait_until(lambda: path.read_text())
    assert json.loads(line)["who"] == "default"
    assert json.loads(line)["status"] == 403
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY not in line


def test_an_audit_that_cannot_be_written_is_refused_at_start(tmp_path):
    told = run_module("", TARGET, NB2PROD_AUDIT_LOG=str(tmp_path / "no" / "audit.log"))
    assert (told.returncode, "NB2PROD_AUDIT_LOG" in told.stderr) == (2, True)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://localhost:8080", 200),
        ("http://127.0.0.1:3000", 200),
        ("http://[::1]:8080", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_where_no_key_is_needed_pages_of_other_sites_are_refused(origin, status, monkeypatch):
    headers = {"Origin": origin} if origin is not None else {}
    with client_of(make_app()) as client:
        assert client.post("/predict", json=GOLDEN_BODY, headers=headers).status_code == status
    monkeypatch.setenv("NB2PROD_API_KEY", KEY)  # a key is no ambient authority: who has it may be anywhere
    with client_of(make_app()) as client:
        assert client.post("/predict", json=GOLDEN_BODY, headers=headers | {"X-API-Key": KEY}).status_code == 200
