"""An engine that is not there is told in one line, at once."""

import socket
from pathlib import Path

import pytest

from nb2prod.errors import ToolError
from nb2prod.image import build_image, engine_status, tag_image


def test_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    status = engine_status()
    assert not status.available
    assert "does not exist" in status.reason
    assert "DOCKER_HOST" in status.hint


def test_nobody_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    assert "is not running" in engine_status().reason


def test_somebody_listens_and_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mute.sock"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        assert "does not answer" in engine_status(timeout=0.3).reason


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "nonsense", "tcp://", "http://[", "ssh://"])
def test_a_host_that_is_none(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    status = engine_status(timeout=1)
    assert not status.available
    assert status.reason
    assert "\n" not in status.reason


def test_a_build_without_an_engine_is_an_error_of_its_own(
    project: Path, run: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(ToolError, match="NB901"):
        build_image(
            project, tag="tiny", base_image=None, platform=None, labels={}, emit=run.emit, cancel=run.cancel  # type: ignore[attr-defined]
        )  # fmt: skip
    with pytest.raises(ToolError, match="NB901"):
        tag_image("sha256:0", "tiny")
