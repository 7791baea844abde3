"""The corpus as text: `pages/*.md` hold the cases, from which `write.py` makes the notebooks.

    ## a-function-reads-late

    A function reads a global when it is called, not where it is defined.

    Expected: equal.

    ```python
    # %% training
    rate = 2
    …
    ```

`# %%` begins a code cell and is followed by its role; `# %% [markdown]` begins a markdown cell. `count=3` gives the
cell that execution count, `tags=a,b` those tags word for word, `role=x` the role in its metadata. A fence with a file
name after its language (python helpers.py) is a file beside the notebook. "Expected: NB310." means that nb2prod refuses
with that code.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_CASE = re.compile(r"^## (?P<name>[a-z0-9-]+)\n(?P<body>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_EXPECTED = re.compile(r"^Expected: (?P<outcome>equal|NB\d+(?:, NB\d+)*)(?P<why> \([^\n]*\))?\.$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Case:
    """One claim. `expected` is ``("equal",)`` or finding codes; `files` are name and text of what lies beside it."""

    name: str
    page: str
    title: str
    expected: tuple[str, ...]
    text: str
    files: tuple[tuple[str, str], ...]

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


def read_pages() -> tuple[Case, ...]:
    """Every case of every page, in the order of the pages. Raises ValueError where a case is not whole."""
    return tuple(case for page in sorted((FOLDER / "pages").glob("*.md")) for case in _cases(page))


def _cases(page: Path) -> Iterator[Case]:
    for found in _CASE.finditer(page.read_text(encoding="utf-8")):
        name, body = found["name"], found["body"]
        fences = list(_FENCE.finditer(body))
        notebooks = [f["text"] for f in fences if f["file"] is None]
        expected = _EXPECTED.search(body)
        if len(notebooks) != 1 or expected is None:
            raise ValueError(f"{page.name}: {name} needs one notebook and one line 'Expected: …'")
        title = " ".join(_EXPECTED.split(body)[0].split())
        files = tuple((f["file"], f["text"]) for f in fences if f["file"] is not None)
        yield Case(name, page.stem, title, tuple(expected["outcome"].split(", ")), notebooks[0], files)


def document_of(text: str) -> dict[str, Any]:
    """A notebook as nbformat 4.5 has it, without outputs."""
    cells: list[dict[str, Any]] = []
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("# %%"):
            cells.append(_cell(line.removeprefix("# %%").split(), len(cells) + 1))
        else:
            cells[-1]["source"].append(line + "\n")
    for cell in cells:
        cell["source"] = "".join(cell["source"]).rstrip("\n").splitlines(keepends=True)
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {
                "file_extension": ".py", "mimetype": "text/x-python", "name": "python", "nbconvert_exporter": "python",
                "pygments_lexer": "ipython3", "version": "3.11",
            },
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip


def _cell(words: list[str], number: int) -> dict[str, Any]:
    if words == ["[markdown]"]:
        return {"cell_type": "markdown", "id": f"cell-{number}", "metadata": {}, "source": []}
    options = dict(word.split("=", 1) for word in words if "=" in word)
    tags = [word for word in words if "=" not in word] + [t for t in options.get("tags", "").split(",") if t]
    metadata: dict[str, Any] = {"tags": tags} if tags else {}
    if "role" in options:
        metadata["nb2prod"] = {"role": options["role"]}
    count = int(options["count"]) if "count" in options else None
    return {
        "cell_type": "code", "execution_count": count, "id": f"cell-{number}", "metadata": metadata,
        "outputs": [], "source": [],
    }  # fmt: skip


def notebook_text(case: Case) -> str:
    return json.dumps(document_of(case.text), indent=1, ensure_ascii=False) + "\n"
