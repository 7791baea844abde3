"""The house rules that a machine can check: layers, what starts fast, and that every code is explained."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_imports_point_down_only() -> None:
    """The contracts are in pyproject.toml; lint and types are `make lint`, which `make test` runs first."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("nb2prod.notebook", "nbformat IPython jsonschema rich"),
        ("nb2prod.files", "filelock nbformat rich"),
        ("nb2prod.cli", "mlflow papermill docker IPython nbformat pandas numpy skops"),
    ],
)
def test_importing_stays_light(module: str, heavy: str) -> None:
    script = f"import sys, {module}; print(*({heavy.split()} & sys.modules.keys()))".replace("[", "{").replace("]", "}")
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("package", ["notebook", "files"])
def test_every_code_is_explained(package: str) -> None:
    explained = set(re.findall(r"^\| (NB\d{3}) \|", (ROOT / "docs/findings.md").read_text(), re.MULTILINE))
    used = {
        code
        for path in (ROOT / "nb2prod" / package).rglob("*.py")
        for code in re.findall(r'"(NB\d{3})"', path.read_text())
    }
    assert used - explained == set()
