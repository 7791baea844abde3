"""`%nb2prod` in a real kernel, asked as JupyterLab and VS Code do."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

CHURN = Path(__file__).parents[2] / "sample_notebooks" / "churn.ipynb"


class Kernel:
    """A kernel in `folder`, started for the notebook `name` as jupyter-server does."""

    def __init__(self, folder: Path, name: str) -> None:
        import os

        self.folder = folder
        self.manager = KernelManager(kernel_name="python3")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NB2PROD_")}
        self.manager.start_kernel(cwd=str(folder), env=environment | {"JPY_SESSION_NAME": str(folder / name)})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, *, interrupt_at: str = "", metadata: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """The contents of what the kernel shows for `code`, in order; an error is among them. It is interrupted once
        something is shown that holds `interrupt_at`."""
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
                   "stop_on_error": True}  # fmt: skip
        request = self.client.session.msg("execute_request", content, metadata=metadata or {})
        self.client.shell_channel.send(request)
        asked = request["header"]["msg_id"]
        shown: list[dict[str, Any]] = []
        while True:
            message = self.client.get_iopub_msg(timeout=240)
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return shown
            if kind in ("display_data", "update_display_data", "execute_result", "stream", "error"):
                shown.append(content | {"type": kind})
                if interrupt_at and interrupt_at in json.dumps(content):
                    interrupt_at = ""
                    self.manager.interrupt_kernel()

    def text(self, code: str) -> str:
        shown = self.run(code)
        assert all(one["type"] == "display_data" for one in shown), shown
        assert all(one["data"].keys() == {"text/plain", "text/html"} for one in shown)
        return "\n".join(one["data"]["text/plain"] for one in shown)

    def end(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """For churn.ipynb, which has the cells that the tests run: as saved, they are in the file."""
    document = json.loads(CHURN.read_text(encoding="utf-8"))
    for code in (
        "%load_ext nb2prod",
        "%nb2prod check",
        "%nb2prod suggest --apply",
        "%nb2prod explain customers",
        "%nb2prod convert --mutants 0",
    ):
        document["cells"].append({"cell_type": "code", "id": f"m{len(document['cells'])}", "metadata": {},
                                  "outputs": [], "execution_count": None, "source": code})  # fmt: skip
    (tmp_path / "churn.ipynb").write_text(json.dumps(document), encoding="utf-8")
    started = Kernel(tmp_path, "churn.ipynb")
    assert started.run("%load_ext nb2prod") == []
    yield started
    started.end()


def test_check_suggest_and_explain_answer_as_the_command_line(kernel: Kernel) -> None:
    names = "sorted(n for n in globals() if not n.startswith('_'))"
    before = kernel.run(names)[0]["data"]
    assert "can be built" in kernel.text("%nb2prod check")
    assert "new_customers" in kernel.text("%nb2prod check")
    assert "customers is a value of the notebook" in kernel.text("%nb2prod explain customers")
    assert "tagged" in kernel.text("%nb2prod suggest").lower() or "training" in kernel.text("%nb2prod suggest")
    assert kernel.run(names)[0]["data"] == before
    assert kernel.run("_")[0]["data"] == before  # nor does an answer become `_`


def test_tags_are_written_only_on_request_and_the_editor_is_told_to_reload(kernel: Kernel) -> None:
    path = kernel.folder / "churn.ipynb"
    document = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    path.write_text(json.dumps(document), encoding="utf-8")
    before = path.read_bytes()
    kernel.text("%nb2prod suggest")
    assert path.read_bytes() == before
    assert "NB287" in kernel.text("x = 1  # not saved\n%nb2prod suggest --apply")
    assert path.read_bytes() == before
    assert "Reload Notebook from Disk" in kernel.text("%nb2prod suggest --apply")
    assert "inference" in path.read_text(encoding="utf-8")


def test_a_file_that_is_older_than_the_session_is_told(kernel: Kernel) -> None:
    assert "as saved lacks the cell" in kernel.text("x = 1\n%nb2prod check")
    assert "as saved lacks the cell" not in kernel.text("%nb2prod check")
    assert "as saved lacks the cell" not in kernel.text("%nb2prod check churn.ipynb")


def test_what_goes_wrong_is_one_message_and_no_traceback(kernel: Kernel) -> None:
    assert "NB290" in kernel.text("%nb2prod chekc")
    assert "NB290" in kernel.text("%nb2prod explain nothing_of_that_name")
    assert "NB290" in kernel.text("%nb2prod explain 'unfinished")
    assert "NB101" in kernel.text("%nb2prod check other.ipynb")
    assert "NB290" in kernel.text("%nb2prod build --json")
    assert "NB101" in json.dumps(kernel.run("%nb2prod build --image churn:1 other.ipynb"))
    assert "No such option" in kernel.text("%nb2prod convert churn.ipynb --imaeg x")
    assert "%nb2prod check [NOTEBOOK]" in kernel.text("%nb2prod")
    (kernel.folder / "churn.ipynb").rename(kernel.folder / "renamed.ipynb")
    assert "NB287" in kernel.text("%nb2prod check")


def test_vs_code_names_the_notebook_and_colab_none(kernel: Kernel) -> None:
    shutil.move(kernel.folder / "churn.ipynb", kernel.folder / "elsewhere.ipynb")
    kernel.run(f"__vsc_ipynb_file__ = {str(kernel.folder / 'elsewhere.ipynb')!r}")
    assert "elsewhere.ipynb" in kernel.text("%nb2prod check")
    kernel.run("import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')")
    assert "mount" in kernel.text("%nb2prod check")


def test_a_notebook_can_inject_nothing_and_is_not_run(kernel: Kernel) -> None:
    evil = "<script>alert(1)</script>"
    cells = [("training", f"open('ran', 'w')\nmean = undefined  # {evil}"), (f"training{evil}", f"'{evil}'")]
    document = {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": {"name": evil}},
        "cells": [{"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag, f"nb2prod:{evil}"]}, "source": source,
                   "execution_count": None, "outputs": [{"output_type": "error", "ename": evil, "evalue": "\x1b[2J",
                                                         "traceback": []}]}
                  for n, (tag, source) in enumerate(cells)],
    }  # fmt: skip
    name = "<img src=x onerror=alert(1)>.ipynb"
    (kernel.folder / name).write_text(json.dumps(document), encoding="utf-8")
    for word in ("check", "suggest", "explain mean", f"explain '{evil}'"):
        for shown in kernel.run(f'%nb2prod {word} "{name}"'):
            assert "<script" not in shown["data"]["text/html"], word
            assert "<img" not in shown["data"]["text/html"], word
            assert "\x1b" not in shown["data"]["text/plain"], word
    assert not (kernel.folder / "ran").exists()


def small_notebook(path: Path, work: str = "") -> None:
    """A notebook that converts within seconds; it asks nb2prod itself, which in its own build does nothing."""
    codes = [("", "%load_ext nb2prod\n%nb2prod build"), ("training", f"{work}\nmean = sum([1, 2, 3]) / 3"),
             ("request", "value = 3"), ("inference", "value - mean")]  # fmt: skip
    cells = [{"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [tag] if tag else []}, "source": source,
              "execution_count": None, "outputs": []} for n, (tag, source) in enumerate(codes)]  # fmt: skip
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}), encoding="utf-8")


def test_convert_runs_beside_the_kernel_with_progress_and_a_report(kernel: Kernel) -> None:
    small_notebook(kernel.folder / "small.ipynb")
    shown = kernel.run("%nb2prod convert small.ipynb --mutants 0")
    assert not [one for one in shown if one["type"] in ("error", "stream")], shown
    last = shown[-1]["data"]["text/plain"]
    assert (kernel.folder / "build" / "small" / "src" / "small" / "predict.py").is_file(), last
    assert "Parity with the notebook" in last
    steps = [one for one in shown if one["type"] == "update_display_data"][-1]
    assert "done" in steps["data"]["text/plain"]


def test_an_interrupt_cancels_the_build(kernel: Kernel) -> None:
    small_notebook(kernel.folder / "small.ipynb", "import time; time.sleep(600)")
    shown = kernel.run("%nb2prod convert small.ipynb", interrupt_at="run  ")
    assert "cancelled" in shown[-1]["data"]["text/plain"]
    assert not [one for one in shown if one["type"] == "error"]
    assert not (kernel.folder / "build" / "small").exists()
    assert kernel.run("1 + 1")[0]["data"]["text/plain"] == "2"
    deadline = time.monotonic() + 10
    while (left := _running_children(kernel)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


def _running_children(kernel: Kernel) -> list[str]:
    import psutil

    children = psutil.Process(kernel.manager.provisioner.pid).children(recursive=True)
    return [child.name() for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
