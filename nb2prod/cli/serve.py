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

    It runs in the environment that was made for the project's tests; where that is gone, in nb2prod's own.
    """
    project = project.absolute()
    package = find_package(project)
    python = find_python(project)
    source = str(project / "src")
    path = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": source + (os.pathsep + path if path else "")}
    command = [python, "-m", "nb2prod.serving", f"{package}.service:app", "--port", str(port)]
    command += ["--host", host] if host else []
    if os.name == "posix":
        sys.stdout.flush()
        os.chdir(project)
        os.execve(python, command, environment)  # noqa: S606 - signals then reach the service itself
    import subprocess

    raise SystemExit(subprocess.run(command, env=environment, cwd=project, check=False).returncode)


def find_package(project: Path) -> str:
    """The package with a service in ``src``. Raises UsageError NB296."""
    from nb2prod.errors import UsageError, Where

    found = sorted(path.parent.name for path in project.glob("src/*/service.py"))
    if len(found) == 1 and (project / "nb2prod.json").is_file():
        return found[0]
    raise UsageError(
        "this is no project that nb2prod generated.",
        code="NB296",
        where=Where(str(project)),
        hint="Make one with `nb2prod convert NOTEBOOK -o FOLDER`.",
    )


def find_python(project: Path) -> str:
    """The interpreter named in ``environment.json`` of the project's state folder, else our own."""
    import json

    from nb2prod.files import state_folder

    try:
        python = json.loads((state_folder(project) / "environment.json").read_text(encoding="utf-8"))["python"]
        return python if Path(python).exists() else sys.executable
    except (OSError, ValueError, KeyError, TypeError):
        return sys.executable
