"""`nb2prod check` and `nb2prod inspect`: what is known about a notebook without running it."""

from pathlib import Path
from typing import Any

import click

from nb2prod.cli.many import NOTEBOOKS, Asked, check_many, many_options
from nb2prod.cli.session import global_options, session_of

NOTEBOOK = click.argument("notebook", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")


@click.command()
@NOTEBOOKS
@many_options
@JSON
@global_options
@click.pass_context
def check(context: click.Context, /, notebooks: tuple[Path, ...], asked: Asked, as_json: bool) -> None:
    """Say what in notebooks stands in the way of production. Runs nothing; exit code 1 where there are errors.

    A folder means the notebooks in it and below that have a role, a .toml file those that it lists.
    """
    if asked.of_many(notebooks):
        check_many(context, notebooks, asked, as_json=as_json)
        return
    from nb2prod.console.notebook import check_lines

    _examine(context, notebooks[0], as_json, check_lines)


@click.command()
@NOTEBOOK
@click.option(
    "--graph",
    is_flag=False,
    flag_value="-",
    metavar="[FILE.svg]",
    help="Draw the graph of the cells, or write it as SVG.",
)
@JSON
@global_options
@click.pass_context
def inspect(context: click.Context, notebook: Path, graph: str | None, as_json: bool) -> None:
    """Show the cells with their roles, what depends on what, and where training ends and prediction begins."""
    from nb2prod.console.notebook import graph_lines, inspect_lines

    if graph is not None and graph != "-" and not graph.lower().endswith(".svg"):
        raise click.BadParameter(
            f"{graph!r} does not end in .svg. The notebook goes before --graph.", param_hint="--graph"
        )
    view = inspect_lines if graph is None else graph_lines
    _examine(context, notebook, as_json, view, None if graph in (None, "-") else Path(graph))


def _examine(context: click.Context, notebook: Path, as_json: bool, view: Any, svg: Path | None = None) -> None:
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.model.findings import Severity
    from nb2prod.steps.check import check_json, check_notebook

    report = check_notebook(notebook)
    if svg is not None:
        _write_svg(report, notebook, svg)
    if as_json:
        text = json_text(check_json(report))
        session_of(context).answered = True
        write_stdout(text)
    elif session_of(context).verbosity >= 0:
        print_lines(view(report, str(notebook)))
    context.exit(int(any(finding.severity is Severity.ERROR for finding in report.findings)))


def _write_svg(report: Any, notebook: Path, path: Path) -> None:
    from nb2prod.drawing import lay_out, svg_text
    from nb2prod.errors import ToolError, Where

    try:
        path.write_text(svg_text(lay_out(report.graph), notebook.name), encoding="utf-8")
    except OSError as fault:
        raise ToolError(
            f"the drawing cannot be written: {fault.strerror or fault}.", code="NB961", where=Where(str(path))
        ) from fault
