"""What a notebook itself computes: the value of `result` after a run from top to bottom in a fresh kernel."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).parent
_ASK = f"""
import json as _json, runpy as _runpy
print(_json.dumps(_runpy.run_path({str(HERE / "values.py")!r})["encoded"](result)))
"""


def compute(folder: Path) -> dict[str, Any]:
    """``{"result": …}``, or ``{"raises": name of the exception}`` where the notebook does not run through."""
    with tempfile.TemporaryDirectory(prefix="nb2prod-corpus-") as room:
        shutil.copytree(folder, room, dirs_exist_ok=True)
        document = nbformat.read(Path(room) / "notebook.ipynb", as_version=4)
        document.cells.append(nbformat.v4.new_code_cell(_ASK))
        client = NotebookClient(document, timeout=120, kernel_name="python3", resources={"metadata": {"path": room}})
        try:
            client.execute()
        except CellExecutionError as error:
            return {"raises": error.ename}
        shown = "".join(o["text"] for o in document.cells[-1].outputs if o.get("name") == "stdout")
    return {"result": json.loads(shown)}
