"""papermill's book-keeping of a run, over the copy that runs: what it counts, logs and saves are the user's cells.

Importing this module imports papermill: import it inside functions.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from papermill.engines import NotebookExecutionManager

from nb2prod.execute.host import Host
from nb2prod.execute.prepare import STAMP


class Manager(NotebookExecutionManager):  # type: ignore[misc]
    """`save` is given the copy as it is now; None: nothing is saved while the notebook runs."""

    def __init__(self, nb: Any, host: Host, save: Callable[[Any], None] | None) -> None:
        super().__init__(
            nb,
            progress_bar=False,
            log_output=host.log_output,
            autosave_cell_every=host.autosave_cell_every if save is not None else 0,
        )
        self._save = save
        self.complete = False
        shown = ["stage" not in cell.metadata.get(STAMP, {}) for cell in nb.cells]
        self._position = [sum(shown[:index]) for index in range(len(shown))]
        self._total = sum(shown)
        if host.progress_bar:
            from tqdm.auto import tqdm  # type: ignore[import-untyped]

            options = host.progress_bar if isinstance(host.progress_bar, dict) else {}
            self.pbar = tqdm(total=self._total, **{"unit": "cell", "desc": "Executing"} | options)

    def save(self, **_: Any) -> None:
        if self._save is not None:
            self._save(self.nb)
        self.last_save_time = self.now()

    def cell_start(self, cell: Any, cell_index: int, **told: Any) -> None:
        super().cell_start(cell, self._position[cell_index], **told)

    def cell_complete(self, cell: Any, cell_index: int, **told: Any) -> None:
        super().cell_complete(cell, self._position[cell_index], **told)
        if self.pbar:
            self.pbar.n = self._position[cell_index] + 1
            self.pbar.refresh()

    def notebook_complete(self, **told: Any) -> None:
        """As papermill's, which says of cells that never ran that they did: only where all of them have."""
        if self.complete:
            super().notebook_complete(**told)
            return
        end = self.now()
        self.nb.metadata.papermill["end_time"] = end.isoformat()
        self.nb.metadata.papermill["duration"] = (end - self.start_time).total_seconds()
        self.nb.metadata.papermill["exception"] = True
        self.cleanup_pbar()
        self.save()

    def complete_pbar(self) -> None:
        if self.pbar:
            self.pbar.n = self._total
            self.pbar.refresh()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep papermill's and nbclient's log lines off stderr; what matters is told as events and errors."""
    loggers = [logging.getLogger(name) for name in ("papermill", "traitlets", "asyncio")]
    before = [(logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate, logger.handlers = propagate, handlers
