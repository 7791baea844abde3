"""Where MLflow keeps things: the default store, and whether a store can be reached.

Nothing here imports MLflow, so that a build learns within seconds, before the notebook runs, that its store is away.
"""

import os
import socket
import sqlite3
import ssl
import urllib.error
import urllib.request
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from nb2prod.errors import ToolError, UsageError

_PROBE_SECONDS = 5.0
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_FORMS = "A tracking URI reads like sqlite:///path/mlflow.db or http://host:5000."


def default_tracking_uri(output: Path) -> str:
    """``MLFLOW_TRACKING_URI`` where it is set, else an SQLite store beside the project folder `output`."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{output.absolute().parent / 'mlflow.db'}"


def absolute_uri(tracking_uri: str) -> str:
    """The same store, named so that a process in another folder finds it too (SQLite paths may be relative)."""
    path = sqlite_path(tracking_uri)
    return tracking_uri if path is None else f"sqlite:///{path}"


def sqlite_path(tracking_uri: str) -> Path | None:
    """The file of an SQLite store, absolute; None for another kind of store or a URI without a path."""
    head, found, path = tracking_uri.partition(":///")
    if not found or head.partition("+")[0] != "sqlite" or not path:
        return None
    return Path(path.partition("?")[0]).absolute()


def artifact_root(tracking_uri: str) -> str | None:
    """Where artifacts of a new experiment go: beside an SQLite store; None where the server decides."""
    path = sqlite_path(tracking_uri)
    return None if path is None else str(path.parent / "mlartifacts")


def check_store(tracking_uri: str) -> None:
    """Returns if the store answers, within about 10 seconds. Creates nothing.

    Raises UsageError (NB802) for a URI that names no store, ToolError NB801 where a server cannot be reached, NB803
    where an SQLite store cannot be written, is locked, or is no database.
    """
    scheme = urlsplit(tracking_uri).scheme.lower().partition("+")[0]
    match scheme:
        case "sqlite":
            path = sqlite_path(tracking_uri)
            if path is None:
                raise UsageError(f"{tracking_uri!r} names no database file.", code="NB802", hint=_FORMS)
            _check_sqlite(path)
        case "http" | "https":
            _check_server(tracking_uri)
        case "postgresql" | "mysql" | "mssql":
            _check_database(tracking_uri, _DATABASE_PORTS[scheme])
        case "databricks" | "databricks-uc" | "uc":
            return
        case "" | "file" if os.environ.get("MLFLOW_ALLOW_FILE_STORE", "").lower() in ("1", "true"):
            return
        case "" | "file":
            raise UsageError(
                f"{tracking_uri!r} is a folder; MLflow keeps runs in a database or on a server.",
                code="NB802",
                hint=_FORMS,
            )
        case _:
            if scheme not in {point.name for point in entry_points(group="mlflow.tracking_store")}:
                raise UsageError(f"{tracking_uri!r} is no tracking URI MLflow knows.", code="NB802", hint=_FORMS)


def unreachable(tracking_uri: str, reason: str) -> ToolError:
    return ToolError(
        f"The MLflow tracking server {_without_password(tracking_uri)} cannot be reached: {reason}.",
        code="NB801",
        hint="Start it, or leave out --tracking-uri to log to an SQLite store beside the project.",
    )


def _check_server(uri: str) -> None:
    parts = urlsplit(uri)
    try:
        named = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
    if not named:
        raise UsageError(f"{uri!r} names no server.", code="NB802", hint=_FORMS)
    # The path is kept (a server may live below one), user and password are not sent by a probe.
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    address = f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(address, timeout=_PROBE_SECONDS, context=_tls_context()):  # noqa: S310 - http(s) only
            return
    except urllib.error.HTTPError as error:
        # Whoever answers "no such page" or "who are you" is there; the log step will tell more.
        if error.code >= 500:
            raise unreachable(uri, f"it answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise unreachable(uri, getattr(reason, "strerror", None) or str(reason) or type(reason).__name__) from error


def _tls_context() -> ssl.SSLContext:
    """TLS as MLflow's own client is told to do it."""
    if os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("1", "true"):
        return ssl._create_unverified_context()  # noqa: S323 - the user's own setting
    bundle = os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or os.environ.get("REQUESTS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle if bundle and Path(bundle).is_file() else None)


def _check_database(uri: str, port: int) -> None:
    parts = urlsplit(uri)
    if not parts.hostname:
        return  # a local socket, or options only the driver understands
    try:
        socket.create_connection((parts.hostname, parts.port or port), timeout=_PROBE_SECONDS).close()
    except OSError as error:
        raise unreachable(uri, error.strerror or str(error)) from error


def _check_sqlite(path: Path) -> None:
    if not path.exists():
        folder = path.parent
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise _broken(path, f"{folder} cannot be written")
        return
    if path.is_dir():
        raise _broken(path, "it is a folder")
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise _broken(path, "it cannot be written")
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=_PROBE_SECONDS, isolation_level=None)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _broken(path, str(error)) from error


def _broken(path: Path, reason: str) -> ToolError:
    hint = (
        "Close the program that is writing to it and try again."
        if "locked" in reason
        else "Move it away, or name another store with --tracking-uri."
    )
    return ToolError(f"The MLflow store {path} cannot be used: {reason}.", code="NB803", hint=hint)


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return uri.replace(f"{parts.netloc}", parts.netloc.rpartition("@")[2], 1) if "@" in parts.netloc else uri
