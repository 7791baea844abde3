"""What is counted while requests are answered: plain numbers, a few hundred nanoseconds per request.

All are written on the event loop alone: no locks.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0)


class Histogram:
    """Counts per bucket, the last one without end, and the sum."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True)
class Route:
    """`statuses[n]` counts answers with a status of n hundred and something."""

    statuses: list[int] = field(default_factory=lambda: [0] * 6)
    seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))


@dataclass(slots=True)
class Predictions:
    """Of one protocol and one version of the model."""

    requests: int = 0
    rows: int = 0


@dataclass(slots=True)
class Batches:
    """What was predicted together, in one call of the model."""

    requests: Histogram = field(default_factory=lambda: Histogram(SIZES))
    rows: Histogram = field(default_factory=lambda: Histogram(SIZES))


def fault_class(status: int) -> str:
    """Whose fault an error is: ``caller``, ``limit`` (too often), ``overload`` (or not ready), ``model``."""
    if status < 500:
        return "limit" if status == 429 else "caller"
    return "overload" if status == 503 else "model"


@dataclass(slots=True)
class Counts:
    """Everything that a process counts."""

    routes: dict[str | None, Route] = field(default_factory=dict)
    errors: dict[tuple[int, str], int] = field(default_factory=dict)
    predictions: dict[tuple[str, str | None], Predictions] = field(default_factory=dict)
    predict_seconds: Histogram = field(default_factory=lambda: Histogram(SECONDS))
    batches: Batches = field(default_factory=Batches)
    feedback: int = 0
