"""Who calls, what they may do, and how often."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from typing import Literal, get_args

from nb2prod.serving.problem import Problem

Right = Literal["predict", "metrics", "admin"]
RIGHTS: frozenset[str] = frozenset(get_args(Right))
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
LARGEST_RATE = 100_000
"""Requests that one window may hold: eight bytes and a float each."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in any stretch of so many seconds."""

    requests: int
    seconds: int


class Window:
    """A moving window: exact, and on the monotonic clock, so that a clock that is set changes nothing."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._clock = clock
        self._times: deque[float] = deque()

    def take(self) -> None:
        """Count one request. Raises Problem 429, which counts for nothing."""
        now = self._clock()
        times, rate = self._times, self.rate
        begins = now - rate.seconds
        while times and times[0] <= begins:
            times.popleft()
        if len(times) < rate.requests:
            times.append(now)
            return
        wait = str(max(1, ceil(times[0] + rate.seconds - now)))
        headers = {
            "Retry-After": wait,
            "RateLimit": f'"requests";r=0;t={wait}',
            "RateLimit-Policy": f'"requests";q={rate.requests};w={rate.seconds}',
        }
        raise Problem(429, "rate_limited", "too many requests with this key: try again later", headers=headers)


@dataclass(frozen=True, slots=True)
class Caller:
    """`id` stands in logs: the name of a key or the subject of a token, never the key itself."""

    id: str
    rights: frozenset[str]
    window: Window | None = None


def read_rights(names: Iterable[str]) -> frozenset[str]:
    """Raises ValueError for an empty list, and for a name that is no right."""
    rights = frozenset(names)
    if unknown := sorted(rights - RIGHTS):
        raise ValueError(f"{unknown[0]!r} is no right: choose of {', '.join(sorted(RIGHTS))}")
    if not rights:
        raise ValueError(f"no rights are given: choose of {', '.join(sorted(RIGHTS))}")
    return rights


def read_rate(text: str) -> Rate:
    """``"100/second"``, ``"6000/minute"``, ``"1000/15 minutes"``. Raises ValueError."""
    count, _, stretch = text.strip().partition("/")
    times, _, unit = stretch.strip().rpartition(" ")
    name = unit.strip().removesuffix("s")
    if not (count.strip().isdecimal() and name in SECONDS and (times.strip() or "1").isdecimal()):
        raise ValueError(f"{text!r} is no rate such as 100/second or 6000/minute")
    rate = Rate(int(count), int(times.strip() or "1") * SECONDS[name])
    if not (0 < rate.requests <= LARGEST_RATE and rate.seconds > 0):
        raise ValueError(f"{text!r}: a rate has 1 to {LARGEST_RATE} requests")
    return rate
