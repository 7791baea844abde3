"""The envelope: sequence and time are put on events here, and nowhere else."""

import threading
import time
from collections.abc import Callable

from nb2prod.events import Event, Stamped


class Stamper:
    """An `Emit` that numbers events from 0 and hands them, one at a time, to `sink`. Safe to call from any thread.

    `clock` gives seconds since the epoch; a clock that is set back does not make time run backwards here.
    """

    def __init__(self, sink: Callable[[Stamped], None], clock: Callable[[], float] = time.time) -> None:
        self._sink = sink
        self._clock = clock
        self._lock = threading.RLock()
        self._sequence = 0
        self._latest = 0.0

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._latest = max(self._latest, self._clock())
            stamped = Stamped(self._sequence, self._latest, event)
            self._sequence += 1
            self._sink(stamped)
