"""`nb2prod suggest` and `nb2prod tag`: roles for a notebook's cells, proposed and written as tags."""

from pathlib import Path

import click

from nb2prod.cli.check import JSON, NOTEBOOK
from nb2prod.cli.session import global_options, session_of


@click.command()
@NOTEBOOK
@click.option("--apply", is_flag=True, help="Write the roles into the notebook as cell tags.")
@click.option(
    "--undo", is_flag=True, help="Put the notebook back as it was before tags, or edits by sync, were written last."
)
@JSON
@global_options
@click.pass_context
def suggest(context: click.Context, notebook: Path, apply: bool, undo: bool, as_json: bool) -> None:
    """Propose a role for each cell, with what was seen; nothing is run.

    Roles that cells have already are kept, and taken as facts. With --apply, tags are written and nothing else in the
    file changes; a backup is kept in .nb2prod/ beside it. Exit code 1 where no prediction was found.
    """
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.console.suggest import suggest_lines, tag_lines
    from nb2prod.steps.suggest import (
        apply_suggestions,
        suggest_json,
        suggest_notebook,
        tag_json,
        undo_tags,
    )

    if apply and undo:
        raise click.UsageError("--apply and --undo are opposites; choose one.")
    if undo:
        undone = undo_tags(notebook)
        answer, lines, exit_code = tag_json(undone), tag_lines(undone, str(notebook)), 0
    else:
        report = apply_suggestions(notebook) if apply else suggest_notebook(notebook)
        answer, lines = suggest_json(report), suggest_lines(report, str(notebook), asked_to_write=apply)
        exit_code = int(not report.has_prediction)
    if as_json:
        session_of(context).answered = True
        write_stdout(json_text(answer))
    elif session_of(context).verbosity >= 0:
        print_lines(lines)
    context.exit(exit_code)


@click.command()
@NOTEBOOK
@click.argument("cells", nargs=-1, required=True, metavar="CELL...")
@click.argument("role")
@JSON
@global_options
@click.pass_context
def tag(context: click.Context, notebook: Path, cells: tuple[str, ...], role: str, as_json: bool) -> None:
    """Give cells a role, or `none`. CELL is a position, counted from 1 among all cells, or an id.

    `nb2prod tag churn.ipynb 4 5 training`. Nothing else in the file changes; `nb2prod suggest --undo` takes it back.
    """
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.console.suggest import tag_lines
    from nb2prod.steps.suggest import tag_cells, tag_json

    report = tag_cells(notebook, cells, role)
    if as_json:
        session_of(context).answered = True
        write_stdout(json_text(tag_json(report)))
    elif session_of(context).verbosity >= 0:
        print_lines(tag_lines(report, str(notebook)))
