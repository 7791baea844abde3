"""`nb2prod ci`: a pipeline for a CI system, and what its jobs ask."""

from pathlib import Path
from typing import Any

import click

from nb2prod import __version__
from nb2prod.cli.many import NOTEBOOKS
from nb2prod.cli.session import global_options


@click.group()
def ci() -> None:
    """Write a pipeline that checks and builds notebooks (docs/ci.md)."""


@ci.command()
@click.argument("system", type=click.Choice(["github", "gitlab", "jenkins"]))
@click.option("--notebooks", default=".", show_default=True, metavar="PATH", help="A folder, a notebook, or a list.")
@click.option("--image", default="", metavar="TAG", help="Build images; {name} is the notebook's. [no image]")
@click.option("--install", default=f"nb2prod=={__version__}", show_default=True, metavar="REQ", help="For pip.")
@click.option("--python", default="3.11", show_default=True, metavar="VERSION", help="The notebooks' Python.")
@click.option("--branch", default="main", show_default=True, metavar="NAME", help="The main branch.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file. [where the system looks for it]")
@click.option("--force", is_flag=True, help="Overwrite the file.")
@global_options
def init(system: Any, output: Path | None, force: bool, **values: str) -> None:
    """Write the pipeline: changed notebooks only, reports, a summary, and the exit code as gate."""
    from nb2prod.cli.answers import print_lines
    from nb2prod.console.text import line
    from nb2prod.errors import UsageError, Where
    from nb2prod.files import write_atomic
    from nb2prod.render.pipelines import FILES, Pipeline, pipeline_text

    text = pipeline_text(system, Pipeline(**values))
    path = output or Path(FILES[system])
    if not force and (path.exists() or path.is_symlink()):
        raise UsageError(
            "the file is there already.",
            code="NB284",
            where=Where(str(path)),
            hint="--output names another file, --force overwrites this one.",
        )
    write_atomic(path.absolute(), text.encode())
    print_lines([line(str(path))])


@ci.command()
@NOTEBOOKS
@click.option("--since", metavar="REF", help="Only those that a change since this commit touches.")
@global_options
def changed(notebooks: tuple[Path, ...], since: str | None) -> None:
    """List notebooks as one line of JSON: for each its path and an id that is safe in names of files."""
    import json

    from nb2prod.cli.answers import write_stdout
    from nb2prod.cli.many import wanted_notebooks
    from nb2prod.many.wanted import short_id, without_roles

    listed = wanted_notebooks(notebooks, (), since)
    meant = [(name, one) for name, one in listed if not (one.found and without_roles(one.notebook))]
    write_stdout(json.dumps([{"path": name, "id": short_id(name)} for name, _ in meant]))
