"""`nb2prod serve`: the service of a generated project, without an image."""

import os
import sys
from pathlib import Path

import click

from nb2prod.cli.session import global_options


@click.command()
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--host", help="[127.0.0.1; every interface where NB2PROD_API_KEY is set]")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@global_options
def serve(project: Path, host: str | None, port: int) -> None:
    """Run the service of a generated project on this machine, until Ctrl-C.

    It runs in the environment that its build made; where no build is known, in nb2prod's own.
    """
    from nb2prod.steps.test import package_of

    project = project.absolute()
    package = package_of(project)
    python = str(find_python(project))
    path = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": str(project / "src") + (os.pathsep + path if path else "")}
    command = [python, "-m", "nb2prod.serving", f"{package}.service:app", "--port", str(port)]
    command += ["--host", host] if host else []
    if os.name == "posix":
        sys.stdout.flush()
        os.chdir(project)
        os.execve(python, command, environment)  # noqa: S606 - signals then reach the service itself
    import subprocess

    raise SystemExit(subprocess.run(command, env=environment, cwd=project, check=False).returncode)


def find_python(project: Path) -> Path:
    """The interpreter of the project's environment (made again where it is gone), else our own."""
    import threading

    from nb2prod.errors import InputError
    from nb2prod.steps.test import project_environment

    try:
        return project_environment(project, lambda _: None, threading.Event())[0]
    except InputError:  # built elsewhere: there is no record of its environment here
        return Path(sys.executable)
