"""`nb2prod explain`: why a line is in production, or is not."""

from pathlib import Path

import click

from nb2prod.cli.check import JSON, NOTEBOOK
from nb2prod.cli.session import global_options, session_of


@click.command()
@NOTEBOOK
@click.argument("subject", metavar="NAME|CELL[:LINE]")
@JSON
@global_options
@click.pass_context
def explain(context: click.Context, notebook: Path, subject: str, as_json: bool) -> None:
    """Show why a name or a line is in the training or the prediction code, or is not. Runs nothing.

    The way goes from the response or a metric back to the line, each step with its cell, its line and the name that is
    read: `nb2prod explain churn.ipynb tenure`, or `nb2prod explain churn.ipynb 7:2`.
    """
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.console.explain import explanation_lines
    from nb2prod.steps.explain import explain_notebook, explanation_json

    explanation = explain_notebook(notebook, subject)
    if as_json:
        text = json_text(explanation_json(explanation))
        session_of(context).answered = True
        write_stdout(text)
    elif session_of(context).verbosity >= 0:
        print_lines(explanation_lines(explanation))
