"""Every container that we start is as tight as the others; what its limits do to it is told."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from nb2prod.errors import ToolError
from nb2prod.image import build_image, stage_context
from nb2prod.image.confined import PORT
from nb2prod.image.container import start_container
from nb2prod.image.deployments import find_deployment, start_deployment
from nb2prod.image.trial import trial_container

pytestmark = pytest.mark.docker

BASE = os.environ.get("NB2PROD_BASE_IMAGE", "nb2prod-base:bookworm")
NAME = "nb2prod-tests-confined"
SAME = ("ReadonlyRootfs", "CapDrop", "SecurityOpt", "PidsLimit", "Tmpfs", "Memory", "LogConfig", "Privileged", "Binds")


def image_of(project: Path, run: SimpleNamespace) -> str:
    context = project.parent / "context"
    stage_context(project, [], context)
    labels = {"nb2prod.tests": "1"}
    return build_image(
        context, tag=f"{NAME}:1", base_image=BASE, platform=None, labels=labels, emit=run.emit, cancel=run.cancel
    ).digest


@pytest.fixture(autouse=True)
def nothing_left(client: Any) -> Iterator[None]:
    yield
    if (found := find_deployment(NAME)) is not None:
        client.remove_container(found.container, force=True, v=True)  # its little server knows no SIGTERM


def test_row_43_proof_trial_and_deployment_have_the_same_settings(
    project: Path, run: SimpleNamespace, client: Any
) -> None:
    image = image_of(project, run)
    told = []
    with start_container(client, image) as proof:
        told.append(client.inspect_container(proof))
    with trial_container(image) as trial:
        told.append(client.inspect_container(trial.container))
    made = start_deployment(NAME, image, model="models:/double/1", key="k" * 32, port=None, memory="1g")
    told.append(client.inspect_container(made.container))
    first, *others = ({name: one["HostConfig"][name] for name in SAME} for one in told)
    assert first == {
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "PidsLimit": 256,
        "Tmpfs": {"/tmp": ""},
        "Memory": 1 << 30,
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}},
        "Privileged": False,
        "Binds": None,
    }
    assert others == [first, first]
    assert {one["Config"]["User"] for one in told} == {"65532:65532"}
    assert [one["HostConfig"]["NetworkMode"] for one in told] == ["none", "default", "default"]
    for one in told[1:]:
        assert [place["HostIp"] for place in one["NetworkSettings"]["Ports"][f"{PORT}/tcp"]] == ["127.0.0.1"]


def test_one_that_outgrows_its_memory_says_so_and_is_removed(project: Path, run: SimpleNamespace, client: Any) -> None:
    (project / "src/tiny/service.py").write_text("app = bytearray(400_000_000)\n")
    image = image_of(project, run)
    with pytest.raises(ToolError, match=r"NB906.*ran out of its 64 MiB of memory"):
        start_deployment(NAME, image, model="models:/double/1", key="k" * 32, port=None, memory="64m")
    assert find_deployment(NAME) is None
