"""The run record as JSON, and files that are there whole or not at all."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.run import ArtifactRecord, RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema


def dump_record(record: RunRecord) -> dict[str, Any]:
    """The record as JSON values; `read_record` is the inverse."""
    body: dict[str, Any] = json.loads(json.dumps(asdict(record), allow_nan=False))
    return body


def read_record(body: dict[str, Any]) -> RunRecord:
    """The inverse of `dump_record`. Raises KeyError or TypeError on JSON that is no record."""
    return RunRecord(
        **body
        | {
            "artifacts": tuple(read_artifact(artifact) for artifact in body["artifacts"]),
            "schema": Schema(
                tuple(read_schema(value) for value in body["schema"]["request"]),
                read_schema(body["schema"]["response"]),
            ),
            "modules": tuple(body["modules"]),
            "findings": tuple(read_finding(finding) for finding in body["findings"]),
            "masked": tuple(body["masked"]),
        }
    )


def load_record(path: Path) -> RunRecord:
    """Read ``run.json``. Raises OSError where there is none, ValueError where it is not a record."""
    try:
        return read_record(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not a run record: {error}") from error


def read_artifact(body: dict[str, Any]) -> ArtifactRecord:
    return ArtifactRecord(**body | {"trusted": tuple(body["trusted"])})


def read_schema(body: dict[str, Any]) -> ValueSchema:
    columns = tuple(Column(**column | {"categories": tuple(column["categories"])}) for column in body["columns"])
    return ValueSchema(**body | {"columns": columns, "shape": tuple(body["shape"])})


def read_finding(body: dict[str, Any]) -> Finding:
    return Finding(**body | {"severity": Severity(body["severity"])})


def write_whole(path: Path, text: str) -> None:
    """Write JSON so that a reader finds the old text or the new one, also after a crash.

    A lone surrogate, which a notebook can print but UTF-8 cannot hold, becomes its JSON escape.
    """
    stage = path.with_name(f".{path.name}.new")
    with stage.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    stage.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let renames in a folder reach the disk (where the system knows how)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
