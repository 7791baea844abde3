"""Which raw rows the golden rows are, and what training kept: watched while the notebook itself runs.

    df = pd.read_csv("titanic.csv")                raw rows: `df` here
    X = df.drop(columns=["Survived"])
    X_train, X_test = train_test_split(X)          rows of X_test: their places in X, by label or by value
    model.predict(X_test)                          so the golden rows are those rows of the raw `df`

Nothing here looks at generated code. Expressions are evaluated just before the statements that hold them, with random
state kept, so that the notebook goes on as if nobody had looked.
"""

# ruff: noqa: ARG002  (what a watch is for shares one signature)
from __future__ import annotations

import contextlib
import copy
import io
import pickle
import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from .errors import CaptureError

_HINT = "Tag an example of the raw input `request`, and let the inference cell begin with it."


class Watcher:
    """What was seen so far of one lineage. `spec` has the fields of `nb2prod.model.run.Watch` for each watch."""

    def __init__(self) -> None:
        self.raw: Any = None
        self.places: list[int] | None = None
        self.kept: dict[str, Any] = {}
        self.listed: list[str] = []
        self.request: Any = None

    def see(self, watch: Mapping[str, Any], namespace: Mapping[str, Any]) -> None:
        """Do what a watch is for, in the notebook's namespace."""
        names = {**namespace, "deepcopy": copy.deepcopy}
        try:
            if watch["guard"] and not eval(watch["guard"], names):  # noqa: S307
                return
            if watch["setup"]:
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(watch["setup"], names)  # noqa: S102  (a function of the notebook, on copies)
            value = eval(watch["text"], names)  # noqa: S307  (an expression of the notebook itself)
            getattr(self, "_" + watch["kind"])(watch, value, names)
        except CaptureError:
            raise
        except Exception as error:
            message = f"`{watch['text'][:80]}` could not be kept: {type(error).__name__}: {error}."
            raise CaptureError("NB355", message, _HINT) from None

    def _raw(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        self.raw = copy.deepcopy(value)
        self.places = list(range(_length(value)))

    def _kept(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        value = copy.deepcopy(value)
        rows = _length(self.raw), len(self.places or ())
        as_long = type(value).__name__ in ("ndarray", "range") and len(value) in rows
        if as_long and len(value) > 1:
            message = f"`{watch['text'][:60]}` has a value for each row of the training data."
            raise CaptureError(
                "NB355", message, "Make it of the row alone, or tag an example of the raw input `request`."
            )
        if watch["key"]:
            self.kept.setdefault(watch["name"], {})[names[watch["key"]]] = value
        else:
            self.kept[watch["name"]] = value

    def _empty(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        self.kept[watch["name"]] = {}

    def _columns(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        listed = getattr(value, "columns", value)
        if hasattr(value, "name") and not hasattr(value, "columns") and watch["key"]:
            listed = [value.name]
        self.listed += [listed] if isinstance(listed, str) else list(listed)

    def _selection(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        before = eval(watch["operand"], dict(names))  # noqa: S307
        chosen = value if watch["item"] is None else value[watch["item"]]
        if self.places is None or _length(before) != len(self.places):
            raise _lost(f"`{watch['operand'][:60]}` has not the rows of the raw data")
        self.places = [self.places[n] for n in positions(before, chosen, by_value=watch["by_value"])]

    def _input(self, watch: Mapping[str, Any], value: Any, names: Mapping[str, Any]) -> None:
        if self.places is None or _length(value) != len(self.places):
            raise _lost(f"`{watch['text'][:60]}` has {_length(value)} rows, and not all were found in the raw data")
        self.request = chosen_rows(self.raw, self.places, watch["columns"], self.listed)


def _lost(what: str) -> CaptureError:
    return CaptureError("NB355", f"It cannot be shown which raw rows the prediction is made of: {what}.", _HINT)


def chosen_rows(raw: Any, places: Any, columns: Mapping[str, Any] | None, listed: list[str]) -> Any:
    """The raw rows at these places; of a table, the columns that are read."""
    if hasattr(raw, "iloc"):
        rows = raw.iloc[places]
        if columns is not None and hasattr(raw, "columns"):
            wanted, named = [], {*columns["names"], *listed}
            for name in raw.columns:
                if (name not in columns["names"]) if columns["every"] else (name in named):
                    wanted.append(name)
            rows = rows[wanted]
        return rows.reset_index(drop=True)
    if isinstance(raw, list):
        return [raw[n] for n in places]
    return raw[places]


def positions(before: Any, after: Any, *, by_value: bool) -> list[int]:
    """For each row of `after` its place in `before`: by row label where these tell rows apart, else by value."""
    labels: Any = getattr(before, "index", None)
    chosen: Any = getattr(after, "index", None)
    if not by_value and hasattr(labels, "get_indexer") and chosen is not None and labels.is_unique:
        found = labels.get_indexer(chosen)
        if (found >= 0).all():
            return [int(n) for n in found]
    places: dict[bytes, list[int]] = defaultdict(list)
    for n, row in enumerate(_rows(before)):
        places[row].append(n)
    result, seen = [], dict[bytes, int]()
    for row in _rows(after):
        if row not in places:
            raise _lost("a row of it is not among the rows it was chosen from")
        turn = seen.get(row, 0)
        result.append(places[row][min(turn, len(places[row]) - 1)])
        seen[row] = turn + 1
    return result


def _rows(table: Any) -> list[bytes]:
    """A key for each row: equal for equal values."""
    numpy = sys.modules.get("numpy")
    if hasattr(table, "tocsr"):
        rows = table.tocsr()
        return [pickle.dumps((rows[n].indices.tolist(), rows[n].data.tolist())) for n in range(rows.shape[0])]
    if hasattr(table, "to_numpy"):
        table = table.to_numpy()
    if numpy is not None and isinstance(table, numpy.ndarray) and table.dtype != object:
        flat = numpy.ascontiguousarray(table.reshape(len(table), -1))
        return [row.tobytes() for row in flat]
    return [repr(row.tolist() if hasattr(row, "tolist") else row).encode() for row in table]


def _length(table: Any) -> int:
    return int(table.shape[0]) if hasattr(table, "shape") else len(table)
