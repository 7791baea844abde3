"""`nb2prod gui`: start the desktop wizard, where it is installed. It is another front end, so it is another process."""

import os
import sys
from pathlib import Path

import click

from nb2prod.cli.session import global_options


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path), required=False)
@global_options
def gui(notebook: Path | None) -> None:
    """Open the desktop wizard, with NOTEBOOK where one is given."""
    from nb2prod.errors import ToolError

    if not wizard_installed():
        raise ToolError("the wizard is not installed.", code="NB971", hint="pip install 'nb2prod[gui]'")
    import subprocess

    command = [sys.executable, "-m", "nb2prod_gui", *([str(notebook.absolute())] if notebook else [])]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - signals then reach the wizard itself
    raise SystemExit(subprocess.run(command, check=False).returncode)


def wizard_installed() -> bool:
    """Whether the wizard and its toolkit can be found. Imports neither."""
    from importlib.util import find_spec

    return find_spec("nb2prod_gui") is not None and find_spec("PySide6") is not None
