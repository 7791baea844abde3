"""What the hook `nb2prod-check` runs (see .pre-commit-hooks.yaml): `python -m nb2prod.plugins.pre_commit FILES`.

A notebook in which no cell has a role is not meant for production, and passes. Nothing of a notebook is run.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nb2prod.console.problems import error_lines, finding_lines
from nb2prod.console.text import Line, line, write_lines
from nb2prod.errors import Nb2ProdError
from nb2prod.job.runner import error_json
from nb2prod.model.findings import Severity


def main(words: Sequence[str] | None = None) -> int:
    """0 where nothing is wrong and nothing was changed, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="nb2prod-check", description="Check notebooks before they are committed.")
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--all", action="store_true", help="also notebooks in which no cell has a role")
    parser.add_argument("--warnings", action="store_true", help="warnings fail too")
    parser.add_argument(
        "--fix", action="append", default=[], choices=("tags", "outputs"),
        help="write suggested roles where there is no choice; take out outputs that are stale",
    )  # fmt: skip
    asked = parser.parse_args(words)
    failed = [_failed(path, asked) for path in asked.notebooks]
    return int(any(failed))


def _failed(path: Path, asked: argparse.Namespace) -> bool:
    try:
        changed = _fix(path, asked.fix)
        lines, wrong = _check(path, asked)
    except Nb2ProdError as error:
        changed, lines, wrong = [], list(error_lines(error_json(error))), True
    write_lines((*changed, *lines), sys.stdout)
    return wrong or bool(changed)


def _fix(path: Path, what: Sequence[str]) -> list[Line]:
    from nb2prod.steps.tidy import clear_stale_outputs, tag_where_unambiguous

    repairs = {
        "tags": (tag_where_unambiguous, "roles written"),
        "outputs": (clear_stale_outputs, "stale outputs removed"),
    }
    told = []
    for name, (repair, done) in repairs.items():
        if name in what and (cells := repair(path)):
            told.append(line(f"{path}: {done} in cell {', '.join(map(str, cells))}"))
    return told


def _check(path: Path, asked: argparse.Namespace) -> tuple[list[Line], bool]:
    from nb2prod.steps.check import check_notebook

    report = check_notebook(path)
    if not asked.all and not any(cell.role for cell in report.notebook.cells):
        return [], False
    told = {Severity.ERROR, Severity.WARNING} if asked.warnings else {Severity.ERROR}
    found = [finding for finding in report.findings if finding.severity in told]
    return [text for finding in found for text in finding_lines(asdict(finding), str(path))], bool(found)


if __name__ == "__main__":
    raise SystemExit(main())
