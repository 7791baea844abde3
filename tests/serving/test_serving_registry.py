"""Versions from an MLflow tracking server, without MLflow in the service: an alias loaded, and followed.

By default the server is a stand-in that answers the few questions as MLflow does, because MLflow's takes half a minute
to start; `make test-faults` asks a real one.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from nb2prod.serving.versions import RefusedVersionError
from nb2prod.serving.versions.registry import Reference, Registry

from .conftest import wait_until
from .faults import LONG
from .versions import BODY, write_code, write_version

KEY = {"X-API-Key": "boss"}

REGISTER = """
import sys, mlflow
client = mlflow.MlflowClient()
experiment = client.create_experiment("churn")
client.create_registered_model("churn")
for folder in sys.argv[1:]:
    run = client.create_run(experiment)
    client.log_artifacts(run.info.run_id, folder, "model")
    client.create_model_version("churn", f"{run.info.artifact_uri}/model", run.info.run_id)
"""


@pytest.fixture(scope="module")
def tracking(tmp_path_factory):
    """The address of a tracking server that holds the versions 1 (offset 1), 2 (offset 2) and 3 (damaged) of churn."""
    folder = tmp_path_factory.mktemp("tracking")
    versions = [write_version(folder / f"v{number}", float(number), mlflow=True) for number in (1, 2, 3)]
    (versions[2] / "artifacts" / "artifacts" / "offset.json").write_text("{}")
    yield from real_server(folder, versions) if LONG else stand_in(folder)


def real_server(folder, versions):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_TRACKING_URI": url}
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", f"{folder}/files", "--host", "127.0.0.1", "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([*command, "--workers", "1"], env=environment, start_new_session=True, **quiet)

    def answers() -> bool:
        try:
            return urllib.request.urlopen(f"{url}/health", timeout=5).status == 200
        except OSError:
            return False

    try:
        wait_until(answers, seconds=120)
        subprocess.run([sys.executable, "-c", REGISTER, *map(str, versions)], env=environment, check=True, timeout=120)
        yield url
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def stand_in(folder):
    aliases = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            path = parts.path.removeprefix("/api/2.0/")
            if path == "mlflow/registered-models/alias" and query["alias"] in aliases:
                return self.answer(200, {"model_version": {"version": aliases[query["alias"]]}})
            if path == "mlflow/model-versions/get-download-uri" and (folder / f"v{query['version']}").exists():
                return self.answer(200, {"artifact_uri": f"mlflow-artifacts:/v{query['version']}"})
            if path == "mlflow-artifacts/artifacts":
                found = sorted((folder / query["path"]).iterdir())
                return self.answer(200, {"files": [{"path": each.name, "is_dir": each.is_dir()} for each in found]})
            if path.startswith("mlflow-artifacts/artifacts/"):
                return self.answer(200, (folder / unquote(path).split("/", 2)[2]).read_bytes())
            return self.answer(400, {"error_code": "INVALID_PARAMETER_VALUE"})

        def do_POST(self):
            order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            aliases[order["alias"]] = order["version"]
            self.answer(200, {})

        def answer(self, status, content):
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def set_alias(url, version):
    data = {"name": "churn", "alias": "champion", "version": version}
    assert httpx.post(f"{url}/api/2.0/mlflow/registered-models/alias", json=data).status_code == 200


def test_versions_of_a_tracking_server_are_put_live_and_an_alias_is_followed(tracking, start, tmp_path):
    registry = Registry({"MLFLOW_TRACKING_URI": tracking})
    with pytest.raises(RefusedVersionError, match="no such model, version or alias"):
        registry.version_of(Reference("churn", "champion", None))
    set_alias(tracking, "1")
    assert registry.version_of(Reference("churn", "champion", None)) == "1"
    server = start(
        NB2PROD_API_KEY="boss",
        NB2PROD_API_KEY_RIGHTS="predict admin",
        NB2PROD_WATCH="models:/churn@champion",
        NB2PROD_WATCH_SECONDS="0.2",
        MLFLOW_TRACKING_URI=tracking,
        SAMPLE_CODE=str(write_code(tmp_path / "src")),
    )
    with httpx.Client(base_url=server.url, headers=KEY, timeout=60) as client:

        def live():
            answer = client.post("/predict", json=BODY).json()
            return answer["model"]["version"], answer["predictions"][0]

        wait_until(lambda: live() == ("1", 9.1))
        set_alias(tracking, "2")
        wait_until(lambda: live() == ("2", 10.1))
        set_alias(tracking, "3")
        wait_until(lambda: client.get("/admin/model").json()["refused"])
        time.sleep(1)  # it is not tried again and again
        (refused,) = client.get("/admin/model").json()["refused"]
        assert (refused["source"], refused["code"]) == ("models:/churn/3", "bad_version")
        assert live() == ("2", 10.1)
        assert client.post("/admin/model", json={"source": "models:/churn/9"}).status_code == 422
        set_alias(tracking, "1")
        wait_until(lambda: live() == ("1", 9.1))


@pytest.mark.parametrize(
    "text", ["models:/", "models:/a/b", "models:/a/../b", "models:/a@", "runs:/a/1", "models:/a@b/c"]
)
def test_what_is_no_reference(text):
    assert Reference.parse(text) is None


def test_a_registry_that_is_gone_is_said_in_one_sentence():
    registry = Registry({"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"})
    with pytest.raises(RefusedVersionError, match=r"does not answer: .*refused") as error:
        registry.version_of(Reference("churn", "champion", None))
    assert error.value.code == "registry_failed"
