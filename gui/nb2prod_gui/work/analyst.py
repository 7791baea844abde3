"""The child that reads and analyses notebooks: `python -m nb2prod_gui.work.analyst`, one JSON object per line.

    {"ask": 7, "open": "/data/churn.ipynb"}       →  {"ask": 7, "opened": {...}} or {"ask": 7, "refused": {...}}
    {"ask": 8, "roles": {"4": "training", "5": null}} →  {"ask": 8, "study": {...}} or {"ask": 8, "refused": {...}}

A process of its own: whatever a notebook does to the analysis, the window stays alive and never waits. Nothing of the
notebook runs here. It ends when its stdin does.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.errors import InputError, Nb2ProdError
from nb2prod.files.source import read_file
from nb2prod.model.notebook import Notebook
from nb2prod.model.roles import Role
from nb2prod.notebook.fields import stated_answers, stated_fields
from nb2prod.notebook.watch import watched_metrics
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.study import study
from nb2prod_gui.flow.study import Cell, Opened, Output, Refused

LONGEST_TEXT = 20_000
LARGEST_PICTURE = 4_000_000
"""Characters of base64."""
MOST_OUTPUTS = 40
"""Of one cell."""


class Question(msgspec.Struct, forbid_unknown_fields=True):
    ask: int
    open: str | None = None
    roles: dict[str, Role | None] | None = None


def main() -> int:
    path, data = Path(), b""
    notebook: Notebook | None = None
    for line in sys.stdin.buffer:
        question = msgspec.json.decode(line, type=Question)
        answer: dict[str, Any]
        try:
            if question.open is not None:
                path = Path(question.open)
                data, notebook = read_file(path), None
                notebook = notebook_from(data, path)
                answer = {"opened": opened(path, notebook, data)}
            else:
                roles = {int(cell): role for cell, role in (question.roles or {}).items()}
                answer = {"study": study(data, path, roles, notebook)}
        except Nb2ProdError as error:
            answer = {"refused": refusal(error)}
        except Exception as error:  # a bug in the analysis must not leave the window waiting
            answer = {"refused": Refused("NB999", f"the analysis failed: {type(error).__name__}: {error}")}
        sys.stdout.buffer.write(msgspec.json.encode({"ask": question.ask} | answer) + b"\n")
        sys.stdout.buffer.flush()
    return 0


def refusal(error: Nb2ProdError) -> Refused:
    where = error.where
    return Refused(
        error.code, error.message, error.hint or "", where.cell if where else None, where.line if where else None
    )


def opened(path: Path, notebook: Notebook, data: bytes) -> Opened:
    """`data` are the file's bytes, for the outputs, which a `Notebook` has not.

    Raises InputError for a notebook that is not in Python.
    """
    if notebook.language != "python":
        raise InputError(f"the notebook is in {notebook.language}, not in Python.", code="NB120")
    saved = saved_outputs(data)
    cells = tuple(
        Cell(cell.index, cell.kind, cell.source, cell.role, outputs_of(saved.get(cell.index, ())))
        for cell in notebook.cells
    )
    try:
        fields, watch = stated_fields(notebook.document), watched_metrics(notebook.document)
        answers = stated_answers(notebook.document)
    except InputError:  # a build says what is wrong with them
        fields, watch, answers = {}, {}, {}
    own = notebook.document.get("metadata", {}).get("nb2prod")
    stated = own if isinstance(own, dict) else {}
    return Opened(str(path), notebook.digest, cells, fields=fields, stated=stated, watch=watch, answers=answers)


def saved_outputs(data: bytes) -> dict[int, list[Any]]:
    """By 1-based cell; none where the file keeps them elsewhere (nbformat 3)."""
    document = json.loads(data.decode("utf-8-sig"))
    cells = document.get("cells", ()) if isinstance(document, dict) else ()
    found = {n: cell.get("outputs") for n, cell in enumerate(cells, 1) if isinstance(cell, dict)}
    return {n: [o for o in outputs if isinstance(o, dict)] for n, outputs in found.items() if isinstance(outputs, list)}


def outputs_of(saved: Sequence[Any]) -> tuple[Output, ...]:
    """The saved outputs of a cell, as text and pictures, within what a window can hold."""
    found: list[Output] = []
    for output in saved[:MOST_OUTPUTS]:
        kind = output.get("output_type")
        if kind == "stream":
            found.append(_text(output.get("text", "")))
        elif kind == "error":
            text = f"{output.get('ename', '')}: {output.get('evalue', '')}"
            found.append(Output(text=text[:LONGEST_TEXT], is_error=True))
        elif kind in ("display_data", "execute_result"):
            shown = output.get("data")
            found.append(_display(shown if isinstance(shown, dict) else {}))
    if len(saved) > MOST_OUTPUTS:
        found.append(Output(omitted=f"{len(saved) - MOST_OUTPUTS} more outputs"))
    return tuple(found)


def _display(data: Any) -> Output:
    picture = _joined(data.get("image/png", "")).replace("\n", "")
    if picture and len(picture) <= LARGEST_PICTURE:
        return Output(png=picture)
    if picture:
        return Output(omitted=f"a picture of {len(picture) * 3 // 4_000_000} MB")
    if "text/plain" in data:
        return _text(data["text/plain"])
    return Output(omitted=f"an output of type {next(iter(data), 'unknown')}")


def _text(text: Any) -> Output:
    joined = _joined(text)
    left_out = len(joined) - LONGEST_TEXT
    return Output(text=joined[:LONGEST_TEXT], omitted=f"{left_out} more characters" if left_out > 0 else "")


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


if __name__ == "__main__":
    raise SystemExit(main())
