"""What work on many notebooks says while it goes on; the displays of the console listen."""

from typing import Protocol

from nb2prod.events import Stamped
from nb2prod.summary.outcome import Outcome


class Telling(Protocol):
    """Called from several threads. `number` is the notebook's position, from 0."""

    def started(self, number: int) -> None: ...

    def heard(self, number: int, stamped: Stamped) -> None:
        """An event of the notebook's job."""

    def ended(self, number: int, outcome: Outcome) -> None: ...


def not_started(name: str) -> Outcome:
    return Outcome(name, "not started", exit_code=130, reason="cancelled before it was started")
