"""The output notebook: papermill's, with the build's report as its last cell and an error where it belongs.

It is replaced whole: papermill itself writes in place, and one that is killed then leaves half a notebook.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nb2prod.console.problems import error_lines
from nb2prod.errors import Nb2ProdError, UsageError, Where
from nb2prod.files.atomic import write_atomic
from nb2prod.model.notebook import REPORT_TAG
from nb2prod.plugins.papermill_engine.call import cells_of, counterparts, is_added, is_injected, is_same

_OURS = ("start_time", "end_time", "duration", "exception")
"""What the run knows better than the notebook that papermill prepared."""


class Output:
    """Where the output notebook goes: a file, a place that papermill can write to (``s3://…``, ``-``), or nowhere."""

    def __init__(self, path: Any, folder: Path) -> None:
        from papermill.iorw import LocalHandler, papermill_io

        self._place = path if isinstance(path, str) else None
        self._file: Path | None = None
        if self._place is not None and isinstance(papermill_io.get_handler(self._place), LocalHandler):
            file = (folder / self._place).resolve()
            if file.is_file() or not file.exists():  # a device (/dev/null) is written to, not replaced
                self._file = file

    @property
    def folder(self) -> Path | None:
        return self._file.parent if self._file is not None else None

    def check(self) -> None:
        """Raises UsageError NB273 where the file's folder does not exist."""
        if self._file is not None and not self._file.parent.is_dir():
            raise UsageError(
                "the folder of papermill's output notebook does not exist.",
                code="NB273",
                where=Where(str(self._file)),
                hint="Make it, or name another one.",
            )

    def is_mine(self, error: Nb2ProdError) -> bool:
        """Whether a build that did not begin may write here: not while another one works on the same project."""
        return error.code not in ("NB273", "NB965")

    def save(self, document: Mapping[str, Any]) -> None:
        """Write a notebook as far as it came. Raises ToolError NB960, NB961."""
        if self._file is None:
            import nbformat

            self.write(nbformat.from_dict(dict(document)))
            return
        text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        mode = self._file if self._file.exists() else None
        kept = mode.stat().st_mode if mode is not None else None
        write_atomic(self._file, text.encode("utf-8", "backslashreplace"))
        if kept is not None:
            self._file.chmod(kept & 0o7777)

    def write(self, node: Any) -> None:
        """Write a notebook that is complete. Raises as `save`, or what papermill raises elsewhere than on a disk."""
        if self._file is not None:
            self.save(node)
        elif self._place is not None:
            from papermill.iorw import write_ipynb

            write_ipynb(node, self._place)


def told_notebook(nb: Any, notebook: Path | None, executed: Path | None, report: Mapping[str, Any], text: str) -> Any:
    """The notebook that papermill is to write. `nb` is the one it prepared from the file `notebook`, `executed` the
    file of the one that ran, None where nothing ran; `text` is the report's Markdown."""
    import nbformat

    document = json.loads(json.dumps(nb)) if executed is None else json.loads(executed.read_text(encoding="utf-8"))
    ran = document["metadata"].get("papermill", {})
    document["metadata"]["papermill"] = {
        **ran, **nb.metadata.papermill, **{key: ran[key] for key in _OURS if key in ran}
    }  # fmt: skip
    cells: list[dict[str, Any]] = [cell for cell in document["cells"] if not is_report(cell)]
    if executed is not None and notebook is not None:
        cells = _with_text_of(cells, notebook)
    else:
        for cell in cells:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
    hidden = [cell.metadata.get("jupyter", {}).get("source_hidden") for cell in nb.cells if cell.cell_type == "code"]
    if hidden and all(hidden):  # papermill --report-mode
        for cell in cells:
            if cell["cell_type"] == "code":
                cell["metadata"]["jupyter"] = cell["metadata"].get("jupyter", {}) | {"source_hidden": True}
    cells.append(_report_cell("markdown", cells, text))
    if report.get("error"):
        number = (report["error"].get("where") or {}).get("cell")
        index = counterparts(cells, notebook).get(number) if notebook is not None and number is not None else None
        _place_error(cells, index, report["error"])
    document["cells"] = cells
    # A lone surrogate, which a notebook can print, would stop papermill from writing the file.
    text = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace").decode("utf-8")
    return nbformat.from_dict(json.loads(text) | {"nbformat": 4, "nbformat_minor": 5})


def _with_text_of(ran: Sequence[dict[str, Any]], notebook: Path) -> list[dict[str, Any]]:
    """The cells that ran, with the text between them as it is in the file now: only code makes a notebook run again."""
    now = [cell for cell in cells_of(notebook) if not is_added(cell)]
    cells, place = [], 0
    for cell in ran:
        if cell["cell_type"] == "code":
            cells.append(cell)
            place += place < len(now) and (is_same(now[place], cell) or not is_injected(cell))
        elif place < len(now) and now[place]["cell_type"] != "code":
            cells.append({"metadata": {}, **now[place]})
            place += 1
    return [*cells, *({"metadata": {}, **cell} for cell in now[place:])]


def is_report(cell: Mapping[str, Any]) -> bool:
    """Whether an earlier build added the cell."""
    return REPORT_TAG in cell["metadata"].get("tags", []) and (cell["cell_type"] != "code" or not cell["source"])


def _place_error(cells: list[dict[str, Any]], index: int | None, error: Mapping[str, Any]) -> None:
    """The error as output of the cell at `index`, unless it has one; else of a cell of its own, before the report."""
    cell = cells[index] if index is not None else None
    if cell is None or cell["cell_type"] != "code":
        cell = _report_cell("code", cells, "")
        cells.insert(len(cells) - 1, cell)
    if not any(output["output_type"] == "error" for output in cell["outputs"]):
        lines = [str(line) for line in error_lines(error)]
        told = {"output_type": "error", "ename": error["code"], "evalue": error["message"], "traceback": lines}
        cell["outputs"].append(told)


def _report_cell(kind: str, cells: Sequence[Mapping[str, Any]], source: str) -> dict[str, Any]:
    taken = {cell.get("id") for cell in cells}
    name = next(name for count in range(len(cells) + 1) if (name := f"nb2prod-report-{count}") not in taken)
    cell = {"cell_type": kind, "id": name, "metadata": {"tags": [REPORT_TAG]}, "source": source}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
