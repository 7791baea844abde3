"""Versions of a model side by side: their metrics, then the parameters in which they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from nb2prod.tracking.registry import Version


@dataclass(frozen=True, slots=True)
class Row:
    """A metric or a parameter; `values` in the order of the versions, empty where one has none."""

    name: str
    values: tuple[str, ...]


def compared(versions: Sequence[Version]) -> tuple[Row, ...]:
    """Metrics with six digits, and how much the second differs from the first; of one version every parameter."""
    metrics = sorted({name for version in versions for name in version.metrics})
    found = [Row(name, _metric([version.metrics.get(name) for version in versions])) for name in metrics]
    parameters = sorted({name for version in versions for name in version.parameters})
    rows = [Row(name, tuple(version.parameters.get(name, "") for version in versions)) for name in parameters]
    return (*found, *(row for row in rows if len(versions) == 1 or len(set(row.values)) > 1))


def _metric(values: list[float | None]) -> tuple[str, ...]:
    texts = ["" if value is None else f"{value:.6g}" for value in values]
    if len(values) == 2 and values[0] is not None and values[1] is not None:
        texts[1] += f"   ({values[1] - values[0]:+.3g})"
    return tuple(texts)
