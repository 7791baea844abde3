"""What a report on many notebooks needs from the disk: the lines of their files, and the meaning of codes."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import nb2prod
from nb2prod.errors import Nb2ProdError
from nb2prod.files import read_file
from nb2prod.notebook.places import lines_in_file
from nb2prod.notebook.text_notebook import is_text_notebook
from nb2prod.summary.rules import Rule, read_rules


def line_finder(root: Path) -> Callable[[str, int | None, int | None], int]:
    """(notebook as shown, cell, line) ─► line of the file. `root` is where shown paths begin."""

    @cache
    def places(notebook: str) -> Callable[[int | None, int | None], int]:
        if is_text_notebook(notebook):  # its lines are told as they are
            return lambda _cell, line: line or 1
        try:
            return lines_in_file(read_file(root / notebook))
        except Nb2ProdError:
            return lines_in_file(b"")

    return lambda notebook, cell, line: places(notebook)(cell, line)


def shipped_rules() -> Mapping[str, Rule]:
    """The codes of docs/findings.md: inside the package in a wheel, beside it in a checkout."""
    package = Path(nb2prod.__file__).parent
    for path in (package / "findings.md", package.parent / "docs" / "findings.md"):
        if path.is_file():
            return read_rules(path.read_text(encoding="utf-8"))
    return {}
