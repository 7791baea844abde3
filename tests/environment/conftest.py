"""Real interpreters with real metadata: a virtual environment of uv, and small wheels made here and installed by it."""

import base64
import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uv

from nb2prod.environment import resolve
from nb2prod.events import Event
from nb2prod.model.project import Requirements


def make_wheel(folder: Path, name: str, version: str, *, requires: tuple[str, ...] = (), module: str = "") -> Path:
    """A pure wheel with one module (`module` may be dotted: then its parents are namespace packages)."""
    module = module or name
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members = {
        f"{module.replace('.', '/')}/__init__.py": f"version = {version!r}\n",
        f"{info}/METADATA": metadata + "".join(f"Requires-Dist: {one}\n" for one in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text)}\n"
        for path, text in members.items()
    )
    members[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    folder.mkdir(exist_ok=True, parents=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in members.items():
            wheel.writestr(member, text)
    return path


@dataclass
class Kernel:
    """An interpreter to resolve for. `links` is a folder of wheels that pip's configuration names."""

    home: Path
    links: Path
    cache: Path
    told: list[Event] = field(default_factory=list)

    @property
    def python(self) -> str:
        return str(self.home / "bin" / "python")

    def install(self, *wheels: Path | str) -> None:
        command = [uv.find_uv_bin(), "pip", "install", "-q", "--no-config", "--offline", "--no-index", "--no-deps"]
        subprocess.run([*command, "--python", self.python, *map(str, wheels)], check=True)

    def add(self, name: str, version: str = "1.0", **about: Any) -> None:
        """Make a wheel, and install it by name as from an index."""
        make_wheel(self.links, name, version, **about)
        self.install("--find-links", str(self.links), f"{name}=={version}")

    def rewrite(self, dist_info: str, file: str, content: object) -> None:
        place = next(self.home.glob(f"lib/*/site-packages/{dist_info}.dist-info"))
        (place / file).write_text(content if isinstance(content, str) else json.dumps(content))

    def resolve(self, serving: dict[str, str], training: dict[str, str] | None = None, **more: Any) -> Requirements:
        settings = {"cache": self.cache, "emit": self.told.append, "cancel": threading.Event(), "step": "extract"}
        return resolve(self.python, serving=serving, training=training or {}, **settings | more)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests, as one user has; names in it are never reused with other contents."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def kernel(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A fresh interpreter with nothing installed; pip also looks in its `links`."""
    home, links = tmp_path / "kernel", tmp_path / "links"
    links.mkdir()
    command = [uv.find_uv_bin(), "venv", "-q", "--no-config", "--no-project", "--offline"]
    subprocess.run([*command, "--python", sys.executable, str(home)], check=True)
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    return Kernel(home, links, cache)


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Call it, and pip finds nothing any more."""

    def block() -> None:
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)

    return block
