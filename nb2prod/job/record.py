"""What a job keeps of each step, in the state folder: ``<step>.json``, written whole or not at all."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nb2prod import __version__
from nb2prod.events import FindingFound, Produced
from nb2prod.model.findings import Finding, Severity

Told = FindingFound | Produced
"""What an unchanged step says again."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished step: the key it ran with, its output as a JSON value, and what it told."""

    key: str
    output: Any
    told: tuple[Told, ...]


def record_path(state: Path, step: str) -> Path:
    return state / f"{step}.json"


def read_record(state: Path, step: str) -> Kept | None:
    """What was kept of the step; None where there is nothing, or nothing this version of nb2prod can use."""
    try:
        body = json.loads(record_path(state, step).read_text(encoding="utf-8"))
        if body["nb2prod"] != __version__:
            return None
        return Kept(body["key"], body["output"], tuple(_event(step, told) for told in body["told"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_record(state: Path, step: str, kept: Kept) -> None:
    """Write beside, sync, exchange. Raises OSError where the folder cannot be written; TypeError or ValueError where
    the output is no JSON value (a bug of the step)."""
    body = {
        "nb2prod": __version__,
        "key": kept.key,
        "output": kept.output,
        "told": [{"event": type(told).__name__} | asdict(told) for told in kept.told],
    }
    text = json.dumps(body, allow_nan=False)
    state.mkdir(parents=True, exist_ok=True)
    path = record_path(state, step)
    # One name, not a random one: only one job works on a state folder, and a killed one leaves nothing to collect.
    beside = path.with_suffix(".json.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def remove_record(state: Path, step: str) -> None:
    """Raises OSError where the record is there and cannot be removed."""
    record_path(state, step).unlink(missing_ok=True)


def _event(step: str, body: dict[str, Any]) -> Told:
    if body["event"] == "Produced":
        return Produced(step, body["kind"], body["value"])
    finding = body["finding"]
    return FindingFound(step, Finding(**finding | {"severity": Severity(finding["severity"])}))
