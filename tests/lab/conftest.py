from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.host import Lab, install, loaded_page, make_wheel, running_lab


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def prefix(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed."""
    return install(wheel, tmp_path_factory.mktemp("prefix"))


@pytest.fixture(scope="session")
def lab(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with running_lab(prefix, tmp_path_factory.mktemp("jupyter")) as lab:
        yield lab


@pytest.fixture(scope="module")
def page(lab: Lab):
    """JupyterLab, loaded once for a module."""
    with loaded_page(lab, viewport={"width": 1500, "height": 950}) as page:
        yield page


@pytest.fixture
def notebook(page, lab: Lab):
    """Opens a notebook of the root, and waits until it has been studied; closes it after the test."""
    from tests.lab.driver import Notebook

    opened: list[Notebook] = []

    def open_(name: str) -> Notebook:
        opened.append(Notebook(page, lab, name).open())
        return opened[-1]

    yield open_
    for one in opened:
        one.close()
