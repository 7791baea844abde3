"""The runtime wheel: the serving code that runs here, byte for byte the same every time."""

import base64
import csv
import hashlib
import subprocess
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

import nb2prod
from nb2prod.environment import build_runtime_wheel, requirements_text
from nb2prod.environment.runtime import RUNTIME
from nb2prod.environment.virtual import TEST_TOOLS
from nb2prod.environment.wheels import digest

from .conftest import Kernel


def test_two_builds_are_the_same_bytes(tmp_path: Path) -> None:
    first, second = build_runtime_wheel(tmp_path / "a"), build_runtime_wheel(tmp_path / "b")
    assert first == second
    assert (tmp_path / "a" / first.wheel).read_bytes() == (tmp_path / "b" / first.wheel).read_bytes()
    assert first.sha256 == (digest(tmp_path / "a" / first.wheel),)
    assert [path.name for path in (tmp_path / "a").iterdir()] == [first.wheel]


def test_it_holds_serving_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / build_runtime_wheel(tmp_path).wheel) as wheel:
        names = wheel.namelist()
        code = {name for name in names if ".dist-info/" not in name}
        root = Path(nb2prod.__file__).parent
        assert {"nb2prod/__init__.py", "nb2prod/serving/__init__.py"} <= code
        assert all(name.startswith("nb2prod/serving/") or name.count("/") == 1 for name in code)
        assert not [name for name in names if "__pycache__" in name]
        for name in code:
            assert wheel.read(name) == (root.parent / name).read_bytes()
        info = f"nb2prod_serving-{nb2prod.__version__}.dist-info"
        assert b"Requires-Dist: starlette>=" in wheel.read(f"{info}/METADATA")
        for path, recorded, size in csv.reader(wheel.read(f"{info}/RECORD").decode().splitlines()):
            if path.endswith("/RECORD"):
                assert (recorded, size) == ("", "")
                continue
            found = base64.urlsafe_b64encode(hashlib.sha256(wheel.read(path)).digest()).rstrip(b"=").decode()
            assert (recorded, int(size)) == (f"sha256={found}", len(wheel.read(path)))


def test_pip_and_uv_install_it_by_hash(kernel: Kernel, tmp_path: Path) -> None:
    import sys

    import uv

    pin = build_runtime_wheel(tmp_path / "built")
    (tmp_path / "r.txt").write_text(requirements_text([pin], "The runtime."))
    common = ["--no-index", "--no-deps", "--require-hashes", "-r", str(tmp_path / "r.txt"), "-q"]
    common += ["--find-links", str(tmp_path / "built")]
    for installer in (
        [uv.find_uv_bin(), "pip", "install", "--no-config", "--python", kernel.python],
        [sys.executable, "-m", "pip", "--python", kernel.python, "install", "--force-reinstall"],
    ):
        subprocess.run([*installer, *common], check=True)
        code = "import nb2prod.serving, importlib.util as u; assert u.find_spec('nb2prod.model') is None"
        subprocess.run([kernel.python, "-I", "-c", code], check=True)


def test_an_installed_nb2prod_has_what_a_project_pins():
    """Else a build by a plain installation would find that they are missing."""
    stated = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]["dependencies"]
    assert {one.name for one in (*RUNTIME, *TEST_TOOLS)} <= {Requirement(text).name for text in stated}
