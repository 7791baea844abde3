"""The result of `nb2prod doctor` as lines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nb2prod.console.text import Line, Style, line


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a build needs (`needed`) or can use. `detail` says what was found, `remedy` how to get it."""

    name: str
    ok: bool
    detail: str
    remedy: str
    needed: bool = True


def doctor_lines(checks: Sequence[Check]) -> tuple[Line, ...]:
    return tuple(_doctor_lines(checks))


def _doctor_lines(checks: Sequence[Check]) -> Iterator[Line]:
    width = max(len(check.name) for check in checks)
    for check in checks:
        verdict: tuple[str, Style] = ("ok     ", "green")
        if not check.ok:
            verdict = ("missing", "red" if check.needed else "yellow")
        yield line(verdict, f"  {check.name.ljust(width)}  {check.detail}")
        if not check.ok and check.remedy:
            yield line(" " * (width + 11), (check.remedy, "dim"))
