"""Recent projects, kept in the application's settings."""

import time
from pathlib import Path

import msgspec
from PySide6.QtCore import QSettings

from nb2prod_gui.flow.recent import Recent, State, remembered, seen

_KEY = "recent"


class Recents:
    """Those whose notebook is still there."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def read(self) -> tuple[Recent, ...]:
        try:
            found = msgspec.json.decode(str(self._settings.value(_KEY, "[]")), type=tuple[Recent, ...])
        except msgspec.DecodeError:  # of another version
            return ()
        return tuple(recent for recent in found if Path(recent.notebook).is_file())

    def remember(self, notebook: Path, state: State) -> None:
        """How its job stands now."""
        self._write(remembered(self.read(), Recent(str(notebook.absolute()), state, time.time())))

    def see(self, notebook: Path) -> None:
        """It was opened."""
        self._write(seen(self.read(), str(notebook.absolute()), time.time()))

    def _write(self, recents: tuple[Recent, ...]) -> None:
        self._settings.setValue(_KEY, msgspec.json.encode(recents).decode())
