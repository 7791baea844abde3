"""A new SQLite store, there at once and whole: what is killed while its tables are made leaves none."""

import os
from contextlib import suppress
from pathlib import Path

from nb2prod.tracking.store import sqlite_path


def make_store(tracking_uri: str) -> None:
    """Make the file of an SQLite store, with its tables, where there is none; of other stores nothing.

    Raises what MLflow and the disk raise.
    """
    path = sqlite_path(tracking_uri)
    if path is None or path.exists():
        return
    from mlflow import MlflowClient

    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        MlflowClient(f"sqlite:///{aside}").search_experiments(max_results=1)
        with suppress(FileExistsError):  # another build has made it meanwhile
            _place(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _place(made: Path, path: Path) -> None:
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if not path.exists():
            made.rename(path)
