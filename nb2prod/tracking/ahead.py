"""MLflow's programs of one build, started while the notebook runs: each takes seconds to import MLflow."""

from collections.abc import Sequence
from contextlib import suppress

from nb2prod.tracking.child import Child
from nb2prod.tracking.log import store_child
from nb2prod.tracking.store import absolute_uri
from nb2prod.tracking.verify import reload_child


class MLflow:
    """The store at `uri`, and the program that reloads a model from it. To be closed."""

    def __init__(self, uri: str) -> None:
        self.uri = absolute_uri(uri)
        self.store = store_child(uri)
        self._reload: Child | None = None

    def start(self, python: str, modules: Sequence[str]) -> None:
        """Start both; a new SQLite store is made. `python` is the interpreter that is going to reload the model, and
        `modules` are what that will import anyway: the tests before it have shown that the code stands by itself."""
        with suppress(OSError):  # whoever asks later is told
            self.store.start({"do": "prepare", "tracking_uri": self.uri})
            self._reload = reload_child(python, self.uri, modules)
            self._reload.start()

    def reload(self, python: str) -> Child:
        """The program of this interpreter."""
        if self._reload is None or self._reload.argv[0] != python:
            self._end_reload()
            self._reload = reload_child(python, self.uri)
        return self._reload

    def close(self) -> None:
        self.store.end()
        self._end_reload()

    def _end_reload(self) -> None:
        if self._reload is not None:
            self._reload.end()
