"""What `diff` and `sync` say: cells and functions that changed, line by line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nb2prod.console.text import Line, Style, line

_SIGNS: dict[str, Style] = {"+": "green", "-": "red", "@": "cyan"}


def diff_lines(diff: Mapping[str, Any]) -> tuple[Line, ...]:
    """`diff` as in the machine contract (docs/json.md)."""
    return tuple(_diff(diff))


def sync_lines(report: Mapping[str, Any]) -> tuple[Line, ...]:
    """`report` as in the machine contract (docs/json.md)."""
    return tuple(_sync(report))


def _diff(diff: Mapping[str, Any]) -> Iterator[Line]:
    notebook, project = diff["notebook"], diff["project"]
    if not diff["differs"]:
        yield line("notebook and project are as they were generated")
    if notebook["cells"] or notebook["fields"] or notebook["outputs"]:
        yield line((notebook["path"], "bold"))
    if notebook["fields"]:
        yield line("  what is stated of the request's columns, in the metadata, ", ("changed", "yellow"))
    if notebook["outputs"]:
        yield line("  only outputs, counts or metadata changed: nothing of the project follows from them")
    for change in notebook["cells"]:
        yield from _cell(change)
    changed = [file for file in project["files"] if file["kind"] != "added"]
    if changed:
        yield line((project["path"], "bold"))
    for file in changed:
        if not file["hunks"]:
            said = "was deleted: the next build makes it again" if file["kind"] == "deleted" else "was edited"
            yield line(f"  {file['path']} {said}")
        for hunk in file["hunks"]:
            where = f" in {hunk['function']}" if hunk["function"] else ""
            yield line(f"  {file['path']}, line {hunk['line']}{where}", (f"  {_source(hunk, project)}", "dim"))
            yield from _coloured(hunk["lines"])
    added = [file["path"] for file in project["files"] if file["kind"] == "added"]
    if added:
        yield line((f"  your own files: {', '.join(added)}", "dim"))
    if changed:
        yield line()
        yield line("nb2prod sync takes edits that come from a cell back into the notebook")


def _cell(change: Mapping[str, Any]) -> Iterator[Line]:
    number = change["cell"] if change["cell"] is not None else change["was"]
    said = {"changed": "changed", "role": "role", "tags": "tags"}.get(change["kind"], change["kind"])
    detail = f": {change['detail']}" if change["detail"] else ""
    cosmetic = ("  (nothing of the project follows from it)", "dim") if change["cosmetic"] else ""
    yield line(f"  cell {number} ", (said, "yellow"), detail, cosmetic)  # type: ignore[arg-type]
    yield from _coloured(change["lines"])


def _source(hunk: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    if not hunk["sources"]:
        return "nb2prod's own line" if project["mapped"] else ""
    return "; ".join(
        f"cell {s['cell']}, line {s['first']}" + (f" to {s['last']}" if s["last"] != s["first"] else "")
        for s in hunk["sources"]
    )


def _sync(report: Mapping[str, Any]) -> Iterator[Line]:
    for cell in report["cells"]:
        places = ", ".join(f"{place['path']}:{place['line']}" for place in cell["from"])
        yield line((f"cell {cell['cell']}", "bold"), (f"  from {places}", "dim"))
        yield from _coloured(cell["lines"])
    for conflict in report["conflicts"]:
        yield from _conflict(conflict)
    for difference in report["differences"]:
        yield line((difference["path"], "bold"), "  converting writes it so (-: as it is now)")
        yield from _coloured(difference["lines"])
    if report["left"]:
        yield line((f"edited, but not the notebook's: {', '.join(report['left'])}; a build will not overwrite them",
                    "yellow"))  # fmt: skip
    if report["written"]:
        if report["backup"]:
            yield line(f"written: {report['notebook']['path']}", (f"  (before: {report['backup']})", "dim"))
        else:
            yield line("the notebook has all edits already")
        yield line("the next build may overwrite the edited files: their edits are in the notebook")
    elif report["status"] == "ok" and report["cells"]:
        yield line("nothing was written; without --dry-run, the notebook is run and converted first")
    elif report["status"] == "ok":
        yield line("no generated function was edited")


def _conflict(conflict: Mapping[str, Any]) -> Iterator[Line]:
    place = f"{conflict['path']}, line {conflict['project_line']}"
    cell = f" (cell {conflict['cell']})" if conflict["cell"] is not None else ""
    yield line(("conflict", "red"), f" {place}{cell}: {conflict['reason']}")
    for side in ("notebook", "project"):
        if conflict[side]:
            yield line((f"  in the {'project' if side == 'project' else _was(conflict)}:", "dim"))
            yield from (line(f"    {text}") for text in conflict[side].split("\n"))


def _was(conflict: Mapping[str, Any]) -> str:
    return "notebook" if conflict["both"] else "project as it was generated"


def _coloured(lines: Iterable[str]) -> Iterator[Line]:
    return (line("    ", (text, _SIGNS.get(text[:1], ""))) for text in lines)
