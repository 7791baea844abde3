"""The child that studies notebooks: `python -m jupyterlab_nb2prod.analyst`, one question after the other.

A question is a line of JSON, ``{"path": …, "size": n}``, and `n` bytes: the notebook as it stands in the editor. The
answer is one line, ``{"study": {…}}`` or ``{"refused": {…}}``. `path` is where it is saved: modules beside it are read,
nothing of it runs. A process of its own, so that whatever a notebook does to the analysis, the server goes on. It ends
with its stdin.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from jupyterlab_nb2prod import form
from nb2prod.analysis.parameters import declared_parameters
from nb2prod.errors import Nb2ProdError
from nb2prod.steps.reading import notebook_from
from nb2prod.steps.study import Study, study


class Question(msgspec.Struct):
    path: str
    size: int


def main() -> int:
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    for line in source:
        question = msgspec.json.decode(line, type=Question)
        data = source.read(question.size)
        sink.write(msgspec.json.encode(answer(data, Path(question.path))) + b"\n")
        sink.flush()
    return 0


def answer(data: bytes, path: Path) -> dict[str, Any]:
    """What the editor shows: the study, or why there is none."""
    try:
        notebook = notebook_from(data, path)
        parameters = declared_parameters(notebook)
        return {"study": shown(study(data, path, {}, notebook)) | {"parameters": form.shown(parameters)}}
    except Nb2ProdError as error:
        where = error.where
        refused = {"code": error.code, "message": error.message, "hint": error.hint or ""}
        return {"refused": refused | {"cell": where.cell if where else None, "line": where.line if where else None}}
    except Exception as error:  # a bug in the analysis must not leave the editor waiting
        message = f"the analysis failed: {type(error).__name__}: {error}"
        return {"refused": {"code": "NB999", "message": message, "hint": "", "cell": None, "line": None}}


def shown(found: Study) -> dict[str, Any]:
    """Everything but the drawing; of the statements, those that go to production."""
    return {
        "roles": found.roles,
        "proposals": found.proposals,
        "findings": found.findings,
        "remedies": found.remedies,
        "boundary": found.boundary,
        "lit": [{"cell": s.cell, "first": s.first, "last": s.last, "use": s.use} for s in found.statements if s.use],
    }


if __name__ == "__main__":
    raise SystemExit(main())
