"""Writes the notebooks of the corpus, and what is expected of them, from the pages.

    python -m tests.corpus.write            notebooks and expected.json; runs the notebooks that are new or changed
    python -m tests.corpus.write --all      runs every notebook again (minutes)

The value in expected.json is the notebook's own, found by running it in a kernel; nb2prod has no part in it. The
outcome is the page's. The boundary is what nb2prod finds: a change shows in the diff and is to be judged there.
"""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from nb2prod.analysis.graph import build_graph
from nb2prod.notebook.read import read_notebook
from nb2prod.plan.cut import find_boundary
from tests.corpus.pages import FOLDER, Case, notebook_text, read_pages
from tests.corpus.truth import compute


def main(everything: bool) -> None:
    cases = read_pages()
    names = [case.name for case in cases]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise SystemExit(f"two cases have one name: {', '.join(sorted(repeated))}")
    for stale in {p.parent for p in FOLDER.glob("*/notebook.ipynb")} - {case.folder for case in cases}:
        shutil.rmtree(stale)
    for case in cases:
        changed = _write_files(case)
        expected = case.folder / "expected.json"
        before = json.loads(expected.read_text(encoding="utf-8")) if expected.exists() else {}
        known = {key: before[key] for key in ("result", "raises") if key in before}
        if everything or changed or not known:
            known = compute(case.folder)
            print(f"{case.name}: {known}")
        _write(expected, json.dumps(described(case) | known, indent=1, ensure_ascii=False) + "\n")


def described(case: Case) -> dict[str, Any]:
    """What is expected of nb2prod."""
    outcome: Any = "equal" if case.expected == ("equal",) else list(case.expected)
    return {"title": case.title, "page": case.page, "outcome": outcome, "boundary": boundary_of(case)}


def boundary_of(case: Case) -> dict[str, Any] | None:
    graph = build_graph(read_notebook(notebook_text(case).encode(), "notebook.ipynb", dict(case.files).get))
    boundary, _ = find_boundary(graph)
    if boundary is None:
        return None
    return {"artifacts": list(boundary.artifacts), "request": list(boundary.request), "response": boundary.response}


def _write_files(case: Case) -> bool:
    """Whether a cell or a file beside the notebook is new or other than before."""
    notebook = case.folder / "notebook.ipynb"
    text = notebook_text(case)
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"] if notebook.exists() else None
    _write(notebook, text)
    changed = [_write(case.folder / name, text) for name, text in case.files]
    return any(changed) or cells != json.loads(text)["cells"]


def _write(path: Path, text: str) -> bool:
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


if __name__ == "__main__":
    main("--all" in sys.argv[1:])
