"""What a notebook's run reads besides the notebook: installed packages, files it names, modules beside it.

A step may only be skipped while these are as they were. Found without running anything: every string in the code and
every parameter that names an existing file, every import that names a module beside the notebook. What a notebook reads
from elsewhere (a database, an address) cannot be seen; `--fresh` runs it again.
"""

import ast
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.steps.own_code import OwnCode
from nb2prod.steps.travel import data_files

_LONGEST_PATH = 260


def outside_inputs(
    graph: NotebookGraph, folder: Path, parameters: Mapping[str, Any], own: OwnCode | None
) -> list[tuple[str, int, int]]:
    """(path or package, size, modification time in ns) of each, sorted; packages have neither."""
    named = {text for text in _texts(graph, parameters) if 0 < len(text) <= _LONGEST_PATH and "\n" not in text}
    named |= {str(path) for path in own.files.values()} if own else set()
    named |= {str(path) for path in data_files(own.files.values())} if own else set()
    listed = {use.path for uses in graph.files for use in uses if use.use == "read"}
    found = []
    for name in named - _made(graph):
        try:
            status = (folder / name).stat()
        except (OSError, ValueError):
            continue
        if stat.S_ISDIR(status.st_mode) and name not in listed:
            continue  # a folder is as old as the last file in it
        found.append((name, status.st_size, status.st_mtime_ns))
    return sorted([*found, *((package, 0, 0) for package in _installed())])


def _made(graph: NotebookGraph) -> set[str]:
    """Files that the notebook writes, and does not read before: as it leaves them, whatever was there."""
    made: set[str] = set()
    read: set[str] = set()
    for uses in graph.files:
        read |= {use.path for use in uses if use.use == "read" and use.path not in made}
        made |= {use.path for use in uses if use.use == "overwrite" and use.path not in read}
    written = {use.path for uses in graph.files for use in uses if use.use == "write"}
    return made | (written - read)


def _texts(graph: NotebookGraph, parameters: Mapping[str, Any]) -> Iterable[str]:
    yield from (v for v in parameters.values() if isinstance(v, str))
    for statement in graph.statements:
        for node in ast.walk(statement.node):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _installed() -> set[str]:
    """Names with versions of what is installed beside nb2prod, where the default kernel runs."""
    return {
        path.name
        for entry in sys.path
        if entry.endswith(("site-packages", "dist-packages"))
        for path in Path(entry).glob("*.dist-info")
    }
