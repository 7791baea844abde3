"""`nb2prod check` and `nb2prod inspect`: what is known about a notebook without running it."""

from pathlib import Path
from typing import Any

import click

from nb2prod.cli.session import global_options, session_of

NOTEBOOK = click.argument("notebook", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")


@click.command()
@NOTEBOOK
@JSON
@global_options
@click.pass_context
def check(context: click.Context, notebook: Path, as_json: bool) -> None:
    """Say what in a notebook stands in the way of production. Runs nothing; exit code 1 where there are errors."""
    from nb2prod.console.notebook import check_lines

    _examine(context, notebook, as_json, check_lines)


@click.command()
@NOTEBOOK
@JSON
@global_options
@click.pass_context
def inspect(context: click.Context, notebook: Path, as_json: bool) -> None:
    """Show the cells with their roles, what depends on what, and where training ends and prediction begins."""
    from nb2prod.console.notebook import inspect_lines

    _examine(context, notebook, as_json, inspect_lines)


def _examine(context: click.Context, notebook: Path, as_json: bool, view: Any) -> None:
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.model.findings import Severity
    from nb2prod.steps.check import check_json, check_notebook

    report = check_notebook(notebook)
    if as_json:
        text = json_text(check_json(report))
        session_of(context).answered = True
        write_stdout(text)
    elif session_of(context).verbosity >= 0:
        print_lines(view(report, str(notebook)))
    context.exit(int(any(finding.severity is Severity.ERROR for finding in report.findings)))
