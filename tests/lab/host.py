"""A real JupyterLab with the extension installed from its wheel, and headless Chromium before it."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "gui" / "jupyterlab"
TOKEN = "for-the-tests"


def missing() -> str:
    """What the tests need and is not there; `requirements/lab.sh` brings it."""
    try:
        import jupyterlab  # noqa: F401
        import playwright  # noqa: F401
    except ImportError as error:
        return f"{error.name} is not installed"
    if not (EXTENSION / "labextension" / "package.json").exists():
        return "the extension is not built"
    return "" if chromium() else "there is no Chromium"


def chromium() -> str | None:
    return next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)


@dataclass(frozen=True)
class Lab:
    """A running server; `root` is the folder that it shows."""

    url: str
    root: Path

    def copy(self, sample: str, name: str = "") -> str:
        """A copy of a sample notebook in the root."""
        name = name or sample
        shutil.copy(ROOT / "sample_notebooks" / sample, self.root / name)
        return name

    def write(self, name: str, *cells: str | dict) -> str:
        """A notebook of code cells, as sources or whole cells."""
        made = [cell if isinstance(cell, dict) else {"source": cell} for cell in cells]
        empty = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
        python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        all_cells = [empty | {"id": f"cell-{n}"} | cell for n, cell in enumerate(made, 1)]
        document = {"cells": all_cells, "metadata": python, "nbformat": 4, "nbformat_minor": 5}
        (self.root / name).write_text(json.dumps(document))
        return name

    def tags(self, name: str) -> dict[int, list[str]]:
        """What the saved file says, by cell."""
        cells = json.loads((self.root / name).read_text())["cells"]
        return {n: cell["metadata"]["tags"] for n, cell in enumerate(cells, 1) if cell["metadata"].get("tags")}


def make_wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=EXTENSION, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


def install(wheel: Path, prefix: Path) -> Path:
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps", "--prefix"]
    subprocess.run([*command, str(prefix), str(wheel)], check=True)
    return prefix


def packages(prefix: Path) -> str:
    """Where Python finds what is installed there."""
    return str(next(prefix.glob("lib/python*/site-packages")))


@contextmanager
def running_lab(prefix: Path, own: Path, **settings: dict) -> Iterator[Lab]:
    """JupyterLab with what is installed at `prefix`; everything it keeps is in the folder `own`."""
    root = own / "root"
    root.mkdir()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [packages(prefix), str(ROOT), os.environ.get("PYTHONPATH")])),
        "JUPYTER_PATH": str(prefix / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(prefix / "etc" / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "NB2PROD_MUTANTS": "3",
    }
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    known = {"apputils-extension/notification": quiet, "notebook-extension/tracker": {"kernelShutdown": True}}
    for name, values in (known | settings).items():
        file = own / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(values))
    options = ["--no-browser", "--expose-app-in-browser", "--port=0", f"--ServerApp.root_dir={root}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    log = (own / "log").open("wb")
    command = [sys.executable, "-m", "jupyterlab", *options, f"--IdentityProvider.token={TOKEN}"]
    server = subprocess.Popen(command, env=environment, cwd=root, stdout=log, stderr=log)
    try:
        yield Lab(address(server, own), root)
    finally:
        server.terminate()
        server.wait(30)


def address(server: subprocess.Popen[bytes], own: Path) -> str:
    end = time.monotonic() + 60
    while time.monotonic() < end and server.poll() is None:
        for file in (own / "runtime").glob("jpserver-*.json"):
            try:
                return str(json.loads(file.read_text())["url"])
            except ValueError:  # half written
                pass
        time.sleep(0.1)
    raise RuntimeError((own / "log").read_text())


@contextmanager
def loaded_page(lab: Lab, **options: object) -> Iterator:
    """JupyterLab in Chromium. While it is open no other event loop can be had: Playwright has one."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=arguments) as browser,
    ):
        page = browser.new_page(**options)
        page.set_default_timeout(30_000)
        page.goto(f"{lab.url}lab?token={TOKEN}")
        page.wait_for_function("window.jupyterapp")
        page.evaluate("() => window.jupyterapp.restored.then(() => null)")
        yield page
