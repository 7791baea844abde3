"""`nb2prod diff` and `nb2prod sync`: notebook and project beside what was generated."""

from pathlib import Path

import click

from nb2prod.cli.build import answer_options
from nb2prod.cli.check import JSON, NOTEBOOK
from nb2prod.cli.session import global_options, session_of

PROJECT = click.argument("project", type=click.Path(path_type=Path))


@click.command()
@NOTEBOOK
@PROJECT
@JSON
@global_options
@click.pass_context
def diff(context: click.Context, notebook: Path, project: Path, as_json: bool) -> None:
    """Show what changed in NOTEBOOK and in PROJECT since the project was generated. Runs and writes nothing.

    Exit code 1 where something did, as of `git diff --exit-code`; files that you added to the project do not count.
    """
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.console.roundtrip import diff_lines
    from nb2prod.steps.diff import diff_json, diff_project

    body = diff_json(diff_project(notebook, project))
    if as_json:
        session_of(context).answered = True
        write_stdout(json_text(body))
    elif session_of(context).verbosity >= 0:
        print_lines(diff_lines(body))
    context.exit(int(body["differs"]))


@click.command()
@NOTEBOOK
@PROJECT
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--no-run", is_flag=True, help="Prove it without running the notebook, as far as that goes.")
@click.option("--write-conflicts", is_flag=True, help="Write lines that both sides changed into the cell, with marks.")
@click.option("--cell-timeout", type=click.IntRange(min=1), metavar="SECONDS", help="Longest time for one cell.")
@answer_options
@global_options
@click.pass_context
def sync(
    context: click.Context,
    notebook: Path,
    project: Path,
    dry_run: bool,
    no_run: bool,
    write_conflicts: bool,
    cell_timeout: int | None,
    as_json: bool,
    events: str | None,
) -> None:
    """Take edits of the generated functions in PROJECT back into the cells of NOTEBOOK that they came from.

    The merged notebook is run and converted first; it is written only where that gives the project as it was edited.
    Nothing else in the file changes; a backup is kept in .nb2prod/ beside it, and `nb2prod suggest --undo` takes the
    last change back. Exit code 1 where an edit cannot go back: nothing is written then.
    """
    import os

    from nb2prod.cli.conduct import conduct
    from nb2prod.config import find_settings_file, resolve_settings
    from nb2prod.console.roundtrip import sync_lines
    from nb2prod.steps.sync import sync_job

    if as_json and events:
        raise click.UsageError("--json and --events both claim stdout; choose one.")
    if dry_run and write_conflicts:
        raise click.UsageError("--dry-run writes nothing, --write-conflicts does; choose one.")
    given = {"cell_timeout": cell_timeout}
    settings = resolve_settings(find_settings_file(notebook), os.environ, given).settings
    job = sync_job(
        notebook, project, run=not (no_run or dry_run), write=not dry_run, write_conflicts=write_conflicts,
        cell_timeout=settings.cell_timeout,
    )  # fmt: skip
    code = conduct(
        job, session_of(context), answer="json" if as_json else "events" if events else None, output=project,
        tell=sync_lines,
    )  # fmt: skip
    context.exit(code)
