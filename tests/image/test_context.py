"""What reaches the engine: an allow-list."""

import io
import json
import tarfile
import threading
from pathlib import Path

import pytest

from nb2prod.errors import Cancelled, ToolError
from nb2prod.image import stage_context
from nb2prod.image.context import stream_context


def staged(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_only_what_the_image_is_made_of_is_staged(project: Path, tmp_path: Path) -> None:
    for secret in (
        ".env",
        "notebook.ipynb",
        "src/tiny/.env",
        "src/tiny/key.pem",
        "artifacts/backup.pkl",
        "tests/test_x.py",
    ):
        (project / secret).write_text("SENTINEL")
    stage_context(project, [], tmp_path / "context")
    assert staged(tmp_path / "context") == [
        "Dockerfile",
        "artifacts/artifacts.json",
        "artifacts/factor.json",
        "requirements.txt",
        "src/tiny/__init__.py",
        "src/tiny/service.py",
        "tests/golden/golden.json",
        "wheels/nb2prod_serving-1.0-py3-none-any.whl",
    ]


def test_wheels_are_hard_links(project: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "big-1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    stage_context(project, [wheel], tmp_path / "context")
    assert (tmp_path / "context/wheels" / wheel.name).stat().st_ino == wheel.stat().st_ino


@pytest.mark.parametrize("name", ["src/tiny/linked.py", "requirements.txt", "artifacts/factor.json", "src/linked"])
def test_symbolic_links_are_refused(project: Path, tmp_path: Path, name: str) -> None:
    (project / name).unlink(missing_ok=True)
    (project / name).symlink_to("/etc")
    with pytest.raises(ToolError, match=r"NB907.*symbolic link"):
        stage_context(project, [], tmp_path / "context")
    assert not (tmp_path / "context").exists()


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "a/../../b", ""])
def test_an_artifact_outside_its_folder_is_refused(project: Path, tmp_path: Path, file: str) -> None:
    (project / "artifacts/artifacts.json").write_text(json.dumps({"x": {"file": file}}))
    with pytest.raises(ToolError, match="NB907"):
        stage_context(project, [], tmp_path / "context")


def test_the_tar_is_the_same_whoever_made_the_files(project: Path, tmp_path: Path) -> None:
    never = threading.Event()
    stage_context(project, [], tmp_path / "one")
    stage_context(project, [], tmp_path / "two")
    (tmp_path / "two/requirements.txt").chmod(0o600)
    one = b"".join(stream_context(tmp_path / "one", never))
    assert one == b"".join(stream_context(tmp_path / "two", never))
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        assert {(member.mode, member.uid) for member in tar if member.isfile()} == {(0o644, 0)}
        assert tar.extractfile("artifacts/factor.json").read() == b"2"  # type: ignore[union-attr]


def test_cancel_stops_the_upload(project: Path, tmp_path: Path) -> None:
    stage_context(project, [], tmp_path / "context")
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        list(stream_context(tmp_path / "context", cancel))
