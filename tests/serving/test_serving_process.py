"""The runner as a real process over real sockets: binding, the key, signals, slow clients, its helpers."""

import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from .conftest import HERE, TARGET, Server, wait_until
from .sample_service import GOLDEN

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
SLOW_BODY = {"rows": [{"sepal length": 1.0, "rooms": 1, "class": "slow", "member": True}]}


def run_module(module, *arguments, stdin="", **environment):
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NB2PROD_")}
    command = [sys.executable, "-m", f"nb2prod.serving{module}", *arguments]
    return subprocess.run(
        command, cwd=HERE, env=inherited | environment, input=stdin, capture_output=True, text=True, timeout=60
    )


def test_it_serves_and_its_log_holds_no_values(start):
    server = start(NB2PROD_MODEL_VERSION="3")
    with httpx.Client(base_url=server.url) as client:
        answer = client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "abc"})
        assert answer.json() == {
            "predictions": [8.1, None, 5.0],
            "model": {"name": "sample", "version": "3"},
            "request_id": "abc",
        }
        client.get("/secret-path?secret=1")
        client.post("/predict", json={"rows": [GOLDEN_BODY["rows"][0] | {"class": "raise"}]})
    server.process.send_signal(signal.SIGTERM)
    assert server.finish() == 0
    lines = [json.loads(line) for line in server.lines]
    served = next(line for line in lines if line.get("request_id") == "abc")
    assert (served["method"], served["route"], served["status"]) == ("POST", "/predict", 200)
    assert any(line["event"] == "the prediction failed" and line["error"] == "ValueError" for line in lines)
    assert "secret" not in "".join(server.lines)


def test_the_key_is_asked_over_http_and_the_helpers_bring_it(start):
    server = start("--host", "0.0.0.0", NB2PROD_API_KEY="k1")
    assert httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 401
    assert run_module(".probe", f"{server.url}/health/ready").returncode == 0
    body = GOLDEN.read_text()
    asked = run_module(".ask", f"{server.url}/predict", stdin=json.dumps(GOLDEN_BODY), NB2PROD_API_KEY="k1")
    assert (asked.returncode, json.loads(asked.stdout)["predictions"]) == (0, [8.1, None, 5.0])
    refused = run_module(".ask", f"{server.url}/predict", stdin=body, NB2PROD_API_KEY="k1")
    assert (refused.returncode, refused.stdout, refused.stderr[:4]) == (1, "", "422 ")


def test_the_helpers_tell_in_one_line_that_nobody_answers():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        for module in (".probe", ".ask"):
            told = run_module(module, url, http_proxy="http://192.0.2.1:1")
            assert (told.returncode, told.stdout, len(told.stderr.splitlines())) == (1, "", 1)
    assert run_module(".probe", "nonsense").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        ([TARGET, "--host", "0.0.0.0"], {}, "NB2PROD_API_KEY is not set"),
        ([TARGET, "--host", ""], {}, "NB2PROD_API_KEY is not set"),
        ([TARGET, "--host", "192.0.2.1"], {}, "NB2PROD_API_KEY is not set"),
        ([TARGET], {"NB2PROD_API_KEY": ""}, "set but empty"),
        (["sample_service"], {}, "not of the form"),
        (["no_such_package.service:app"], {}, "no module 'no_such_package'"),
        (["sample_service:nothing"], {}, "has no 'nothing'"),
        ([TARGET, "--port", "70000"], {}, "not a port"),
    ],
)
def test_wrong_usage_is_one_clear_error(arguments, environment, says):
    told = run_module("", *arguments, **environment)
    assert told.returncode == 2
    assert says in told.stderr
    assert "Traceback" not in told.stderr


def test_a_model_that_does_not_load_ends_the_process(start):
    server = start(wait=False, SAMPLE_LOAD_FAILS="1")
    assert server.finish() == 1
    assert any("artifacts/model.skops is missing" in line for line in server.lines)
    assert all(json.loads(line) for line in server.lines)


def test_sigterm_answers_what_is_in_flight(start):
    server = start()
    limits = httpx.Limits(max_connections=8)
    with httpx.Client(base_url=server.url, timeout=30, limits=limits) as client, ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(client.post, "/predict", json=SLOW_BODY) for _ in range(8)]
        wait_until(lambda: sum('"event":"request"' in line and "/predict" in line for line in server.lines))
        server.process.send_signal(signal.SIGTERM)  # one is answered, seven run or wait
        assert [answer.result().status_code for answer in answers] == [200] * 8
    assert server.finish() == 0


def test_sigterm_while_loading_ends_at_once(start):
    server = start(wait=False, SAMPLE_LOAD_SECONDS="60")
    wait_until(lambda: server.url)
    server.process.send_signal(signal.SIGTERM)
    assert server.finish() == 0


def test_health_answers_while_a_prediction_runs(start):
    server = start()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(httpx.post, f"{server.url}/predict", json=SLOW_BODY, timeout=30)
        assert httpx.get(f"{server.url}/health/live").status_code == 200
        assert slow.result().status_code == 200


def talk(url, *parts):
    """Send raw bytes; everything that comes back until the server closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HEAD + b"Content-Length: 1000000000\r\n\r\n", b"413"),
        (HEAD + b"Content-Length: -1\r\n\r\n", b"400"),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"400"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
    ids=["1 GB declared", "negative length", "length and chunked", "no HTTP"],
)
def test_a_wrong_length_is_refused_and_the_connection_closed(start, request_bytes, status):
    server = start()
    assert talk(server.url, request_bytes).split()[1] == status
    assert httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 200


def test_a_body_that_never_comes_is_408():
    code = (
        "import sys, sample_service as s; from nb2prod.serving.__main__ import serve; "
        "sys.exit(serve(s.make_app(settings=s.Settings(body_seconds=0.2)), '127.0.0.1', 0))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=HERE, stderr=subprocess.PIPE, text=True)
    server = Server(process, "127.0.0.1")
    try:
        wait_until(lambda: server.url and any('"event":"ready"' in line for line in server.lines))
        answered = talk(server.url, HEAD + b'Content-Length: 20\r\n\r\n{"rows"')
        assert answered.split()[1] == b"408"
        assert b"body_too_slow" in answered
    finally:
        process.kill()
        server.finish()


def test_the_helpers_and_the_package_import_no_web_framework():
    code = (
        "import sys, nb2prod.serving.probe, nb2prod.serving.ask; "
        "sys.exit(any(name.partition('.')[0] in ('starlette', 'uvicorn', 'msgspec') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_runtime_imports_nothing_heavy_and_nothing_else_of_nb2prod():
    code = (
        "import sys, sample_service, nb2prod.serving.__main__\n"
        "heavy = {'numpy', 'pandas', 'mlflow', 'fastapi', 'pydantic', 'papermill', 'IPython'}\n"
        "print([n for n in sys.modules if n.partition('.')[0] in heavy\n"
        "       or n.startswith('nb2prod.') and not n.startswith('nb2prod.serving')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=HERE, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]", shown.stderr
