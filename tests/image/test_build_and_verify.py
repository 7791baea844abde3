"""Images built and containers run by a real engine."""

import gc
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nb2prod.errors import Cancelled, GateError, Nb2ProdError, ToolError
from nb2prod.events import StepAdvanced
from nb2prod.image import build_image, stage_context, tag_image, verify_image
from nb2prod.model.report import ImageRecord

pytestmark = pytest.mark.docker

BASE = os.environ.get("NB2PROD_BASE_IMAGE", "nb2prod-base:bookworm")
TAG = "nb2prod-tests/tiny:1"
GOLDEN = {"body": {"rows": [1, 2]}, "predictions": [2, 4]}


def same(expected: Any, actual: Any) -> tuple[bool, float | None, str | None]:
    return expected == actual, None, f"{expected} became {actual}"


def build(project: Path, run: SimpleNamespace, *, base: str = BASE, **more: Any) -> ImageRecord:
    context = project.parent / "context"
    stage_context(project, [], context)
    arguments = {"tag": TAG, "base_image": base, "platform": None, "labels": {"nb2prod.tests": "1"}} | more
    return build_image(context, **arguments, emit=run.emit, cancel=run.cancel)


def images(client: Any) -> list[str]:
    return [tag for image in client.images() for tag in image["RepoTags"] or ()]


@pytest.fixture(autouse=True)
def no_tag_left(client: Any) -> Iterator[None]:
    yield
    if TAG in images(client):
        client.remove_image(TAG)


def test_a_project_becomes_an_image_that_answers_as_the_notebook_did(
    project: Path, run: SimpleNamespace, client: Any
) -> None:
    sentinel = "SENTINEL-4be1c9"
    for place in (".env", "notebook.ipynb", "src/tiny/.env", "artifacts/old.pkl"):
        (project / place).write_text(sentinel)
    record = build(project, run)

    assert TAG not in images(client)  # not before it is proven
    parity = verify_image(record.digest, GOLDEN, rows=2, compare=same, emit=run.emit, cancel=run.cancel)
    assert (parity.stage, parity.status, parity.rows, parity.reason) == ("container", "equal", 2, None)
    tag_image(record.digest, record.tag)
    assert TAG in images(client)

    wrong = verify_image(
        TAG, GOLDEN | {"predictions": [2, 5]}, rows=2, compare=same, emit=run.emit, cancel=run.cancel
    )  # fmt: skip
    assert (wrong.status, wrong.reason) == ("different", "[2, 5] became [2, 4]")

    config = client.inspect_image(TAG)["Config"]
    assert config["User"] == "65532:65532"
    assert config["Labels"] == {"nb2prod.tests": "1"}
    assert 0 < record.size_bytes - record.base_size_bytes < 5_000_000
    advanced = [event for event in run.events if isinstance(event, StepAdvanced) and event.step == "image"]
    assert [event.done for event in advanced] == sorted(event.done for event in advanced)
    assert advanced[-1].done == advanced[-1].total

    files = files_above(client, record.digest)
    assert any(name.endswith("service.py") for name, _, _ in files)
    assert not [name for name, _, data in files if sentinel.encode() in data]
    assert not [name for name, mode, _ in files if mode & 0o022]  # nobody but root may change it


def test_a_person_builds_the_project_folder_alone(project: Path, client: Any) -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("no docker on the command line")
    for place in (".env", "notebook.ipynb", "src/tiny/.env", "src/tiny/key.pem"):
        (project / place).write_text("SENTINEL")
    (project / "src/tiny/service.py").chmod(0o600)
    options = ["--network", "host", "--build-arg", f"BASE_IMAGE={BASE}", "--label", "nb2prod.tests=1", "-t", TAG]
    subprocess.run([docker, "build", "-q", *options, "."], cwd=project, check=True, capture_output=True)
    # Any user may run it, in a folder that nobody may write to.
    arguments = ["--rm", "--user", "12345:0", "--read-only", "--network", "none", TAG]
    code = "import tiny.service, pathlib; print(*sorted(p.name for p in pathlib.Path('/app').rglob('*.*')))"
    told = subprocess.run([docker, "run", *arguments, "python", "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["__init__.py", "artifacts.json", "factor.json", "golden.json", "service.py"]


def test_a_process_that_runs_as_root_is_refused(project: Path, run: SimpleNamespace, client: Any) -> None:
    dockerfile = project / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("USER 65532:65532\n", ""))
    with pytest.raises(GateError, match=r"NB908.*root"):
        verify_image(build(project, run).digest, GOLDEN, rows=2, compare=same, emit=run.emit, cancel=run.cancel)


def test_a_container_that_stops_is_an_error_with_its_last_lines(
    project: Path, run: SimpleNamespace, client: Any
) -> None:
    (project / "src/tiny/service.py").write_text("raise RuntimeError('no model here')\n")
    with pytest.raises(ToolError, match=r"(?s)NB906.*no model here"):
        verify_image(build(project, run).digest, GOLDEN, rows=2, compare=same, emit=run.emit, cancel=run.cancel)


def test_a_body_that_is_refused_is_a_difference(project: Path, run: SimpleNamespace, client: Any) -> None:
    record = build(project, run)
    parity = verify_image(
        record.digest, {"body": {}, "predictions": []}, rows=2, compare=same, emit=run.emit, cancel=run.cancel
    )
    assert parity.status == "different"
    assert (parity.reason or "").startswith("no predictions")


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_large_body_goes_through(project: Path, run: SimpleNamespace, client: Any) -> None:
    rows = list(range(300_000))
    golden = {"body": {"rows": rows}, "predictions": [2 * row for row in rows]}
    record = build(project, run)
    parity = verify_image(record.digest, golden, rows=len(rows), compare=same, emit=run.emit, cancel=run.cancel)
    assert parity.status == "equal"
    gc.collect()  # since Python 3.13 what is closed in the wrong order says so


def test_a_base_image_that_does_not_exist(project: Path, run: SimpleNamespace, client: Any) -> None:
    with pytest.raises(ToolError, match="NB903") as caught:
        build(project, run, base="localhost:1/nb2prod-no-such-base:1")
    assert "--base-image" in caught.value.hint


def test_a_base_image_with_another_python_is_named(project: Path, run: SimpleNamespace, client: Any) -> None:
    dockerfile = project / "Dockerfile"
    own = "{}.{}".format(*sys.version_info[:2])
    dockerfile.write_text(dockerfile.read_text().replace(f'"{own}"', '"3.9"').replace(f"Python {own}", "Python 3.9"))
    with pytest.raises(ToolError, match=r"NB904 The base image .* has Python 3\.\d+; this project needs 3\.9"):
        build(project, run)


def test_a_wheel_that_is_not_the_pinned_one_stops_the_build(project: Path, run: SimpleNamespace, client: Any) -> None:
    requirements = project / "requirements.txt"
    requirements.write_text(requirements.read_text()[:-5] + "0000\n")
    with pytest.raises(ToolError, match=r"(?s)NB904.*DO NOT MATCH THE HASHES"):
        build(project, run)


def test_cancel_in_the_middle_of_a_step_leaves_nothing(project: Path, run: SimpleNamespace, client: Any) -> None:
    marker = uuid.uuid4().hex
    dockerfile = project / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace("WORKDIR /build\n", f"RUN echo {marker} && sleep 300\n"))
    begun = threading.Event()

    def emit(event: Any) -> None:
        run.events.append(event)
        if getattr(event, "text", "") == marker:
            begun.set()
            run.cancel.set()

    with pytest.raises(Cancelled):
        build(project, SimpleNamespace(emit=emit, cancel=run.cancel))
    assert begun.is_set()
    assert not [container for container in client.containers(all=True) if marker in container["Command"]]
    assert TAG not in images(client)


def test_cancel_while_the_container_starts_removes_it(project: Path, run: SimpleNamespace, client: Any) -> None:
    record = build(project, run)
    run.cancel.set()
    with pytest.raises(Nb2ProdError) as caught:
        verify_image(record.digest, GOLDEN, rows=2, compare=same, emit=run.emit, cancel=run.cancel)
    assert isinstance(caught.value, Cancelled)
    assert not client.containers(all=True, filters={"ancestor": record.digest})


def files_above(client: Any, image: str) -> list[tuple[str, int, bytes]]:
    """Name, mode and bytes of every file that `docker save` writes beyond the base image's layers; the config too."""
    base = set(client.inspect_image(BASE)["RootFS"]["Layers"])
    with tarfile.open(fileobj=io.BytesIO(b"".join(client.get_image(image)))) as saved:
        manifest = json.load(saved.extractfile("manifest.json"))[0]  # type: ignore[arg-type]
        config = saved.extractfile(manifest["Config"]).read()  # type: ignore[union-attr]
        found = [(manifest["Config"], 0o644, config)]
        for name, digest in zip(manifest["Layers"], json.loads(config)["rootfs"]["diff_ids"], strict=True):
            if digest not in base:
                with tarfile.open(fileobj=saved.extractfile(name)) as layer:
                    found += [(m.name, m.mode, layer.extractfile(m).read()) for m in layer if m.isfile()]  # type: ignore[union-attr]
    return found
