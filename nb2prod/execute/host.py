"""The papermill that nb2prod runs inside of, where it does: what it was asked to show while the notebook runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Host:
    """Papermill's own options, by its names. `save` is given the notebook as far as it came (nbformat 4, the user's
    cells only, secrets masked) before and after each cell, and every `autosave_cell_every` seconds; None: nobody asks.
    `start_timeout` in seconds."""

    save: Callable[[dict[str, Any]], None] | None = None
    progress_bar: bool | dict[str, Any] = False
    log_output: bool = False
    stdout_file: Any = None
    stderr_file: Any = None
    autosave_cell_every: int = 30
    start_timeout: int = 120
