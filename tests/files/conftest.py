"""Real disks that are full or read-only: a tmpfs where we may mount one, else what an ordinary user can arrange."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


def _mount(folder: Path, options: str) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    folder = tmp_path / "small"
    if not _mount(folder, "size=512k"):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "read-only"
    if _mount(folder, "ro"):
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        if os.geteuid() == 0:
            pytest.skip("root can write everywhere, and no disk can be mounted")
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)
