"""What a notebook's run reads besides the notebook: installed packages, files it names, modules beside it.

A step may only be skipped while these are as they were. Found without running anything: every string in the code and
every parameter that names an existing file, every import that names a module beside the notebook. What a notebook reads
from elsewhere (a database, an address) cannot be seen; `--fresh` runs it again.

Files count by what is in them, not by when they were written: in a fresh checkout every file is new.
"""

import ast
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.files.digest import digest_file
from nb2prod.steps.own_code import OwnCode
from nb2prod.steps.travel import data_files

_LONGEST_PATH = 260
_LARGE = 256 * 1024 * 1024
"""Bytes; a larger file counts by its time of change: to read it would take longer than it saves."""


def outside_inputs(
    graph: NotebookGraph, folder: Path, parameters: Mapping[str, Any], own: OwnCode | None
) -> list[tuple[str, int, str]]:
    """(path or package, size, what marks its content) of each, sorted; packages have neither."""
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
        try:
            found.append((name, status.st_size if stat.S_ISREG(status.st_mode) else 0, _mark(folder / name, status)))
        except OSError:
            found.append((name, status.st_size, "unreadable"))
    return sorted([*found, *((package, 0, "") for package in _installed())])


def _mark(path: Path, status: os.stat_result) -> str:
    """Of a file its digest, of a folder its files with their sizes. Raises OSError."""
    if stat.S_ISDIR(status.st_mode):
        with os.scandir(path) as entries:
            return repr(sorted((e.name, e.stat(follow_symlinks=False).st_size) for e in entries if e.is_file()))
    if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGE:
        return digest_file(path)
    return str(status.st_mtime_ns)


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
