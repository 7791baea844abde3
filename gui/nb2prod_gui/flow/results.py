"""What the Result page shows besides the report: metrics over versions, layers with their share, answers as tables."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nb2prod.model.report import Better
from nb2prod.tracking.registry import RegisteredModel

MOST_VERSIONS = 12


@dataclass(frozen=True, slots=True)
class Trend:
    """A metric of this version (`value`), and of the versions before it that have it, the oldest first. `better` says
    which way is better, where it is watched."""

    name: str
    value: float
    before: tuple[float, ...] = ()
    better: Better | None = None

    @property
    def is_worse(self) -> bool:
        """Whether it is watched, and worse than in the version before."""
        change = self.change
        return change is not None and (change < 0 if self.better == "higher" else self.better == "lower" and change > 0)

    @property
    def change(self) -> float | None:
        """Against the version before; None for the first."""
        return self.value - self.before[-1] if self.before else None


def trends(
    metrics: Mapping[str, float], version: str, model: RegisteredModel | None, watch: Mapping[str, Better]
) -> tuple[Trend, ...]:
    """The metrics of a build that registered `version` of `model`, beside those of the versions before it."""
    older = [v for v in (model.versions if model else ()) if int(v.version) < int(version or 0)][:MOST_VERSIONS][::-1]
    return tuple(
        Trend(name, value, tuple(v.metrics[name] for v in older if name in v.metrics), watch.get(name))
        for name, value in metrics.items()
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A layer of the image, or all the small ones together; `part` of the whole is between 0 and 1."""

    name: str
    size_bytes: int
    part: float


def shares(layers: Sequence[tuple[str, int]], others: str, least: float = 0.005) -> tuple[Share, ...]:
    """Layers (instruction, bytes) in their order; those below `least` of the whole are summed up as `others`."""
    whole = sum(size for _, size in layers) or 1
    found = [Share(name, size, size / whole) for name, size in layers if size / whole >= least]
    small = sum(size for _, size in layers if size / whole < least)
    return (*found, Share(others, small, small / whole)) if small else tuple(found)


def in_bytes(size: int) -> str:
    """`324 MB`, `13.5 kB`: three digits, units of a thousand."""
    for unit, one in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= one:
            return f"{size / one:.3g} {unit}" if size < 999.5 * one else f"{size / one:.0f} {unit}"
    return f"{size} B"


def mlflow_page(mlflow: Mapping[str, Any]) -> str:
    """The page of the version on a tracking server; empty for a store that is a file."""
    uri = str(mlflow["tracking_uri"]).rstrip("/")
    return f"{uri}/#/models/{mlflow['model']}/versions/{mlflow['version']}" if uri.startswith("http") else ""


def mlflow_command(mlflow: Mapping[str, Any]) -> str:
    """What shows a store that is a file, in a terminal."""
    return shlex.join(["mlflow", "ui", "--backend-store-uri", str(mlflow["tracking_uri"])])


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def as_table(answer: Any, name: str) -> Table | None:
    """The predictions of an answer where they are rows: objects, lists of one length, or single values.

    `name` heads single values. None where it is no table.
    """
    rows = answer.get("predictions") if isinstance(answer, dict) else None
    if not isinstance(rows, list) or not rows:
        return None
    if all(isinstance(row, dict) for row in rows):
        columns = tuple(dict.fromkeys(key for row in rows for key in row))
        return Table(columns, tuple(tuple(_text(row.get(key)) for key in columns) for row in rows))
    if all(isinstance(row, list) and len(row) == len(rows[0]) for row in rows):
        columns = tuple(f"{name} {n}" for n in range(1, len(rows[0]) + 1))
        return Table(columns, tuple(tuple(map(_text, row)) for row in rows))
    if any(isinstance(row, (dict, list)) for row in rows):
        return None
    return Table((name,), tuple((_text(row),) for row in rows))


def _text(value: Any) -> str:
    return "" if value is None else str(value)
