"""The project's own environment: exactly the pins and the test tools, made once, never half."""

import json
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from nb2prod.environment import build_runtime_wheel, create_environment, wheels_folder
from nb2prod.errors import Cancelled, InputError, ToolError
from nb2prod.model.project import Pin

from .conftest import Kernel

LIST = """
import importlib.metadata, json
found = importlib.metadata.distributions()
print(json.dumps({one.metadata["Name"].lower().replace("_", "-"): one.version for one in found}))
"""


def make(kernel: Kernel, pins: tuple[Pin, ...], *folders: Path, cancel: object = None) -> Path:
    settings = {"cache": kernel.cache, "emit": kernel.told.append, "step": "test"}
    return create_environment(kernel.python, pins, folders, cancel=cancel or threading.Event(), **settings)


def leftovers(kernel: Kernel) -> list[Path]:
    return list((kernel.cache / "environments").glob(".[0-9a-f]*"))


def test_it_holds_exactly_the_pins_and_the_test_tools(kernel: Kernel, tmp_path: Path, monkeypatch) -> None:
    kernel.add("inside_a")
    kernel.add("outside_a")
    runtime = build_runtime_wheel(tmp_path / "built")
    pins = (*kernel.resolve({"inside_a": "imported in cell 1"}).serving, runtime)
    python = make(kernel, pins, tmp_path / "built")
    told = subprocess.run([python, "-I", "-c", LIST], check=True, capture_output=True, text=True).stdout
    held = json.loads(told)
    assert {pin.name: pin.version for pin in pins}.items() <= held.items()
    assert held.keys() - {pin.name for pin in pins} == {
        *("pytest", "iniconfig", "packaging", "pluggy", "pygments"),
        *("httpx", "httpcore", "certifi"),
    }
    (tmp_path / "test_it.py").write_text(
        "import httpx, inside_a, nb2prod.serving\n\n\ndef test_it():\n    assert inside_a.version == '1.0'\n"
    )
    subprocess.run([python, "-I", "-m", "pytest", "-q", str(tmp_path / "test_it.py")], check=True)


def test_its_modules_are_compiled_once_and_those_of_others_leave_no_trace(kernel: Kernel, tmp_path: Path) -> None:
    kernel.add("compiled_a")
    python = make(kernel, kernel.resolve({"compiled_a": "imported in cell 1"}).serving)
    (tmp_path / "elsewhere.py").write_text("import compiled_a\n")
    subprocess.run([python, "-B", "-c", "import elsewhere"], check=True, cwd=tmp_path)
    (package,) = python.parent.parent.glob("lib/*/site-packages/compiled_a")
    assert list(package.rglob("*.pyc"))
    assert not list(tmp_path.rglob("*.pyc"))


def test_the_second_time_it_is_ready_without_an_index(kernel: Kernel, no_index: Callable[[], None]) -> None:
    kernel.add("ready_a")
    pins = kernel.resolve({"ready_a": "imported in cell 1"}).serving
    first = make(kernel, pins)
    made = first.parent.parent.stat().st_ctime_ns
    no_index()
    assert make(kernel, pins) == first
    assert first.parent.parent.stat().st_ctime_ns == made


def test_other_pins_make_another_environment(kernel: Kernel) -> None:
    kernel.add("other_a")
    assert make(kernel, kernel.resolve({}).serving) != make(kernel, kernel.resolve({"other_a": "cell 1"}).serving)


def test_cancelled_or_killed_it_leaves_nothing_half(kernel: Kernel) -> None:
    class WhenHalfBuilt:
        """Cancel as soon as something is there aside."""

        def is_set(self) -> bool:
            return bool(leftovers(kernel))

        def wait(self, timeout: float | None = None) -> bool:
            return self.is_set()

    kernel.add("half_a")
    pins = kernel.resolve({"half_a": "imported in cell 1"}).serving
    before = {path for path in (kernel.cache / "environments").glob("*") if path.is_dir()}
    with pytest.raises(Cancelled):
        make(kernel, pins, cancel=WhenHalfBuilt())
    assert leftovers(kernel) == []
    assert {path for path in (kernel.cache / "environments").glob("*") if path.is_dir()} == before
    python = make(kernel, pins)
    home = python.parent.parent
    # what a kill leaves: only the folder aside
    home.rename(home.parent / f".{home.name}")
    (home.parent / f".{home.name}" / "bin" / "python").unlink()
    assert make(kernel, pins) == python
    subprocess.run([python, "-I", "-c", "import half_a"], check=True)
    assert leftovers(kernel) == []


def test_two_at_once_get_the_same_whole_environment(kernel: Kernel) -> None:
    kernel.add("twice_a")
    pins = kernel.resolve({"twice_a": "imported in cell 1"}).serving
    got: list[Path] = []
    threads = [threading.Thread(target=lambda: got.append(make(kernel, pins))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2
    assert got[0] == got[1]
    subprocess.run([got[0], "-I", "-c", "import twice_a, pytest"], check=True)


def test_a_changed_wheel_is_named_dropped_and_fetched_anew(kernel: Kernel) -> None:
    kernel.add("tampered_a")
    pins = kernel.resolve({"tampered_a": "imported in cell 1"}).serving
    wheel = wheels_folder(kernel.cache) / "tampered_a-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes().replace(b"version = '1.0'", b"version = '6.6'"))
    with pytest.raises(ToolError, match="tampered-a") as caught:
        make(kernel, pins)
    assert caught.value.code == "NB411"
    python = make(kernel, pins)
    told = subprocess.run(
        [python, "-I", "-c", "import tampered_a as t; print(t.version)"], capture_output=True, text=True
    )
    assert told.stdout == "1.0\n"


def test_pins_that_the_test_tools_cannot_work_with_are_refused(kernel: Kernel) -> None:
    kernel.add("pluggy", "0.1")
    pins = kernel.resolve({"pluggy": "imported in cell 1"}).serving
    with pytest.raises(InputError, match="pluggy"):
        make(kernel, pins)


def test_pins_for_another_machine_get_this_machines_wheels(kernel: Kernel) -> None:
    here = kernel.resolve({}).serving
    aarch64 = any("aarch64" in pin.wheel for pin in here)
    there = kernel.resolve({}, platform="linux/amd64" if aarch64 else "linux/arm64").serving
    assert there != here
    assert make(kernel, there) == make(kernel, here)
