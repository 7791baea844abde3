"""`nb2prod serve`: the service of a generated project, or of a version in the registry, without an image."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from nb2prod.cli.session import global_options

_REGISTERED = "models:"


@click.command()
@click.argument("source", metavar="PROJECT|models:/NAME@ALIAS")
@click.option("--host", help="[127.0.0.1; every interface where callers need a key]")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option("--reload", is_flag=True, help="Follow changes: of the artifacts or the alias while it serves.")
@click.option("--tracking-uri", metavar="URI", help="The MLflow store. [MLFLOW_TRACKING_URI]")
@global_options
def serve(source: str, host: str | None, port: int, reload: bool, tracking_uri: str | None) -> None:
    """Run the service of a generated project on this machine, until Ctrl-C.

    It runs in the environment that its build made; where no build is known, and for a version of the registry, in
    nb2prod's own.

    With --reload, new artifacts are put live without a pause, and changed code starts the service again; of an alias,
    the version that it names is followed.
    """
    from nb2prod.steps.test import package_of

    options = ["--port", str(port), *(["--host", host] if host else [])]
    _check_port(host or "127.0.0.1", port)
    if source.startswith(_REGISTERED):
        with _fetched(source, tracking_uri, follow=reload) as (project, environment):
            command = _command(Path(sys.executable), next(iter(_packages(project))), options)
            raise SystemExit(_run(command, _on_path(project, environment), project))
    project = Path(source).absolute()
    command = _command(find_python(project), package_of(project), options)
    environment = _on_path(project, dict(os.environ))
    if reload:
        from nb2prod.cli.reloading import run_reloading

        raise SystemExit(run_reloading(command, environment, project))
    if os.name == "posix":
        sys.stdout.flush()
        os.chdir(project)
        os.execve(command[0], command, environment)  # noqa: S606 - signals then reach the service itself
    raise SystemExit(_run(command, environment, project))


def _check_port(host: str, port: int) -> None:
    """Raises ToolError NB241 where the service could not listen there: it would say so in its log and end."""
    import socket

    from nb2prod.errors import ToolError

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the service does
            probe.bind(address)
    except OSError as fault:
        raise ToolError(
            f"the service cannot listen at {host}:{port}: {fault.strerror or fault}.", code="NB241",
            hint="--port names another port, 0 any that is free; --host an address of this machine.",
        ) from fault  # fmt: skip


def find_python(project: Path) -> Path:
    """The interpreter of the project's environment (made again where it is gone), else our own."""
    import threading

    from nb2prod.errors import InputError
    from nb2prod.steps.test import project_environment

    try:
        return project_environment(project, lambda _: None, threading.Event())[0]
    except InputError:  # built elsewhere: there is no record of its environment here
        return Path(sys.executable)


@contextmanager
def _fetched(uri: str, tracking_uri: str | None, *, follow: bool) -> Iterator[tuple[Path, dict[str, str]]]:
    """A version of the registry laid out as a project, and the environment to serve it in. Removed afterwards."""
    import tempfile
    import threading

    from nb2prod.errors import UsageError
    from nb2prod.tracking import fetch_model

    store = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    if store is None:
        raise UsageError(
            f"{uri} is in a registry, and none is named.", code="NB802", hint="--tracking-uri or MLFLOW_TRACKING_URI"
        )
    with tempfile.TemporaryDirectory(prefix="nb2prod-serve-") as folder:
        model, project = Path(folder, "model"), Path(folder, "project")
        model.mkdir()
        version = fetch_model(uri, model, tracking_uri=store, emit=lambda _: None, cancel=threading.Event())
        (project / "tests").mkdir(parents=True)
        (model / "code").rename(project / "src")
        (model / "artifacts" / "artifacts").rename(project / "artifacts")
        if (model / "artifacts" / "golden.json").exists():
            (project / "tests" / "golden").mkdir()
            (model / "artifacts" / "golden.json").rename(project / "tests" / "golden" / "golden.json")
        environment = {"NB2PROD_MODEL_VERSION": version, **os.environ, "MLFLOW_TRACKING_URI": store}
        if follow:
            environment["NB2PROD_WATCH"] = uri
        yield project, environment


def _packages(project: Path) -> list[str]:
    """Raises InputError NB266 where nb2prod did not make the model."""
    from nb2prod.errors import InputError

    found = sorted(path.parent.name for path in (project / "src").glob("*/service.py"))
    if not found:
        raise InputError("this model holds no service: nb2prod did not make it.", code="NB266")
    return found


def _command(python: Path, package: str, options: list[str]) -> list[str]:
    return [str(python), "-m", "nb2prod.serving", f"{package}.service:app", *options]


def _on_path(project: Path, environment: dict[str, str]) -> dict[str, str]:
    path = environment.get("PYTHONPATH")
    return environment | {"PYTHONPATH": str(project / "src") + (os.pathsep + path if path else "")}


def _run(command: list[str], environment: dict[str, str], folder: Path) -> int:
    from nb2prod.cli.reloading import Child

    with Child(command, environment, folder) as child:
        return child.wait()
