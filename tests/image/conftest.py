"""A project small enough to become an image in a second: its runtime and its model are a page of standard library."""

import base64
import hashlib
import json
import os
import platform
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nb2prod.image import engine_status
from nb2prod.image.engine import connect
from nb2prod.render.docker import docker_files

# What the image asks of its runtime, in little: a server, a probe, and `ask`, which posts its standard input.
RUNTIME = {
    "nb2prod/serving/__init__.py": "",
    "nb2prod/serving/__main__.py": """
import importlib, json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

answer = importlib.import_module(sys.argv[1].split(":")[0]).app

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply({"status": "ready"})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply({"predictions": answer(body)})
    def reply(self, value):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

HTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
""",
    "nb2prod/serving/probe.py": """
import urllib.request
urllib.request.urlopen("http://127.0.0.1:8080/health/ready", timeout=3)
""",
    "nb2prod/serving/ask.py": """
import sys, urllib.request
request = urllib.request.Request("http://127.0.0.1:8080/predict", sys.stdin.buffer.read())
sys.stdout.buffer.write(urllib.request.urlopen(request, timeout=30).read())
""",
}


def make_wheel(folder: Path, name: str, files: dict[str, str]) -> tuple[Path, str]:
    """A pure wheel `name` 1.0 of `files`, and its SHA-256."""
    info = f"{name}-1.0.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inside, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            lines.append(f"{inside},sha256={digest},{len(text.encode())}")
            wheel.writestr(inside, text)
        wheel.writestr(f"{info}/RECORD", "\n".join([*lines, f"{info}/RECORD,,"]) + "\n")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project `tiny` that doubles the rows it is sent."""
    folder = tmp_path / "tiny"
    for inside in ("src/tiny", "artifacts", "tests/golden", "wheels"):
        (folder / inside).mkdir(parents=True)
    _, digest = make_wheel(folder / "wheels", "nb2prod_serving", RUNTIME)
    (folder / "requirements.txt").write_text(f"nb2prod-serving==1.0 \\\n    --hash=sha256:{digest}\n")
    for name, data in docker_files("tiny", python=platform.python_version()).items():
        (folder / name).write_bytes(data)
    (folder / "src/tiny/__init__.py").write_text("")
    (folder / "src/tiny/service.py").write_text(
        "import json\n"
        "from pathlib import Path\n"
        "FACTOR = json.loads((Path(__file__).parents[2] / 'artifacts/factor.json').read_text())\n"
        "def app(body):\n"
        "    return [row * FACTOR for row in body['rows']]\n"
    )
    (folder / "artifacts/factor.json").write_text("2")
    (folder / "artifacts/artifacts.json").write_text(json.dumps({"factor": {"file": "factor.json", "format": "json"}}))
    (folder / "tests/golden/golden.json").write_text(json.dumps({"body": {"rows": [1, 2]}, "predictions": [2, 4]}))
    return folder


@pytest.fixture
def client() -> Iterator[Any]:
    """A client of the engine, which must leave no container behind. Skips without an engine, but never in CI."""
    status = engine_status()
    if not status.available and not os.environ.get("CI"):
        pytest.skip(status.reason)
    client = connect()
    yield client
    left = client.containers(all=True, filters={"label": "nb2prod.tests"})
    client.close()
    assert not left


@pytest.fixture
def run() -> SimpleNamespace:
    """Arguments every step takes, and the events told."""
    events: list[Any] = []
    return SimpleNamespace(events=events, emit=events.append, cancel=threading.Event())
