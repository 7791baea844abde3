"""The requirements file: pip's format, digests, reasons; nothing about where wheels come from."""

import subprocess
import sys
from pathlib import Path

from nb2prod.environment import requirements_text, wheels_folder
from nb2prod.model.project import Pin

from .conftest import Kernel


def test_pins_are_sorted_with_digests_and_reasons() -> None:
    pins = [
        Pin("pandas", "3.1.1", ("ff" * 32, "00" * 32), "imported in cell 1", "pandas-3.1.1-py3-none-any.whl"),
        Pin("numpy", "2.4.6", ("ab" * 32,), "needed by\n--index-url pandas", "numpy-2.4.6-py3-none-any.whl"),
    ]
    assert requirements_text(pins, "Two lines\nof header") == (
        "# Two lines\n# of header\n"
        f"numpy==2.4.6 \\\n    --hash=sha256:{'ab' * 32}\n    # needed by --index-url pandas\n"
        f"pandas==3.1.1 \\\n    --hash=sha256:{'00' * 32} \\\n    --hash=sha256:{'ff' * 32}\n    # imported in cell 1\n"
    )
    assert requirements_text(pins, "h") == requirements_text(reversed(pins), "h")


def test_pip_installs_from_it_requiring_hashes(kernel: Kernel, tmp_path: Path) -> None:
    pins = kernel.resolve({}).serving
    text = requirements_text(pins, "For the image.")
    assert "://" not in text
    assert str(kernel.cache) not in text
    (tmp_path / "requirements.txt").write_text(text)
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        kernel.python,
        "install",
        "--no-index",
        "--require-hashes",
        "-q",
    ]
    command += ["--only-binary", ":all:", "--find-links", str(wheels_folder(kernel.cache))]
    subprocess.run([*command, "-r", str(tmp_path / "requirements.txt")], check=True)
    subprocess.run([kernel.python, "-I", "-c", "import starlette, uvicorn, msgspec, uvloop, httptools"], check=True)
