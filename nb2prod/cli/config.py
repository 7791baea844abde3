"""`nb2prod config show`: the settings that hold here, and why."""

import os
from dataclasses import asdict
from pathlib import Path

import click

from nb2prod.cli.session import global_options, session_of


@click.group()
def config() -> None:
    """Show the settings and where they come from.

    Settings are read from nb2prod.toml, or [tool.nb2prod] in pyproject.toml, in the notebook's folder or the nearest
    one above; environment variables NB2PROD_* win over the file, options over both.
    """


@config.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
@global_options
@click.pass_context
def show(context: click.Context, folder: Path, origin: bool, as_json: bool) -> None:
    """Show the settings that hold for notebooks in FOLDER (or for the notebook FOLDER)."""
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.config import find_settings_file, resolve_settings, without_password
    from nb2prod.console.text import columns, line
    from nb2prod.steps.asked import stated_settings

    stated = stated_settings(folder) if folder.suffix == ".ipynb" else None
    resolved = resolve_settings(find_settings_file(folder), os.environ, notebook=stated)
    values = asdict(resolved.settings)
    if values["tracking_uri"]:
        values["tracking_uri"] = without_password(values["tracking_uri"])
    if as_json:
        answer = {name: {"value": value, "origin": resolved.origins[name]} for name, value in values.items()}
        session_of(context).answered = True
        write_stdout(json_text(answer if origin else values))
        return
    rows = [
        (name, "=", "" if value is None else repr(value), *([f"# {resolved.origins[name]}"] if origin else []))
        for name, value in values.items()
    ]
    print_lines(line(text) for text in columns(rows, gap=" "))
