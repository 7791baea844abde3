"""A sample is built once per file, by the real command line, into a folder and an image that go away afterwards."""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytest.register_assert_rewrite("tests.builds.claims")

from nb2prod.image import engine_status  # noqa: E402
from tests.builds.command import SAMPLES, Finished, nb2prod  # noqa: E402
from tests.builds.round_trips import Folder, convert_line  # noqa: E402

NEEDS = {"digits": "torch", "demand": "lightgbm"}


@dataclass(frozen=True, slots=True)
class Built:
    """A sample that was built: `folder` is the project, `tag` its image."""

    name: str
    folder: Path
    tag: str
    finished: Finished

    @property
    def report(self) -> dict[str, Any]:
        return self.finished.report

    @property
    def notebook(self) -> Path:
        return SAMPLES / f"{self.name}.ipynb"

    @property
    def package(self) -> Path:
        return self.folder / "src" / self.name


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each claim about `built` is made of every sample that its file lists in ``BUILT``."""
    if "built" in metafunc.fixturenames:
        metafunc.parametrize("built", metafunc.module.BUILT, indirect=True, scope="module")


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """A client of the engine. Skips without an engine, but never in CI."""
    import docker

    status = engine_status()
    if not status.available and not os.environ.get("CI"):
        pytest.skip(status.reason)
    client = docker.from_env(timeout=120)
    yield client
    client.close()


@pytest.fixture(scope="module")
def built(request: pytest.FixtureRequest, engine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The sample `request.param`, built with everything, in a folder of its own."""
    name: str = request.param
    needed = NEEDS.get(name)
    if needed is not None and importlib.util.find_spec(needed) is None and not os.environ.get("CI"):
        pytest.skip(f"{name} needs {needed}")
    folder = tmp_path_factory.mktemp(name) / name
    tag = f"nb2prod-tests-{name.replace('_', '-')}:{os.getpid()}"
    notebook = SAMPLES / f"{name}.ipynb"
    try:
        done = nb2prod("build", notebook, "-o", folder, "--image", tag, "--json", cwd=folder.parent)
        yield Built(name, folder, tag, done)
    finally:
        with contextlib.suppress(Exception):  # there is none where the build failed
            engine.images.remove(tag, force=True)


@pytest.fixture(scope="session")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("round")
    convert_line(folder)
    return folder


@pytest.fixture
def there(converted: Path, tmp_path: Path) -> Folder:
    shutil.copytree(converted, tmp_path / "copy")
    return Folder(tmp_path / "copy")
