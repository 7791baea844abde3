"""What a caller sends and gets: the request and the response, known by name and type.

Wire form, the JSON in which golden rows are kept and callers speak, by kind:

========  ==============================================  =========================
kind      in Python                                       as JSON
========  ==============================================  =========================
frame     pandas.DataFrame                                list of {column: value}
series    pandas.Series                                   list of values
array     numpy.ndarray                                   (nested) list of values
tensor    torch.Tensor                                    (nested) list of values
texts     list[str]                                       list of strings
records   list[dict]                                      list of objects
json      int, float, str, bool, None, list, dict         itself
========  ==============================================  =========================

NaN, NaT and None are `null`; timestamps are ISO 8601 strings. An index that has a name or
holds times is data: in the frame of a request it is one column more. Other indexes are no part of the wire form.
A body is ``{"rows": [...]}`` where the request is a single value of a kind other than `json`, and
``{name: value, ...}`` otherwise. An answer holds ``"predictions"``: the response in wire form.
"""

from dataclasses import dataclass
from typing import Literal

ValueKind = Literal["frame", "series", "array", "tensor", "texts", "records", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame, or the values of a series; `dtype` is the pandas/numpy dtype as a string.

    `description`, `personal`, `least` and `most` are what the author states (see `Stated`). `name` is what callers
    know; `renamed_from` what the notebook's code reads, where the author states another name for callers, else empty.

    `nullable`: missing values were seen, or the dtype holds them (floats). `minimum`/`maximum` are the range seen in
    training or in the request (numbers only); `categories` the distinct labels seen (at most 50, else empty).
    """

    name: str
    dtype: str
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    description: str = ""
    personal: bool = False
    least: float | None = None
    most: float | None = None
    renamed_from: str = ""

    @property
    def notebook_name(self) -> str:
        """The column's name in the notebook's own code."""
        return self.renamed_from or self.name


@dataclass(frozen=True, slots=True)
class Stated:
    """What the notebook's author states of a column that a caller sends, beyond what its run shows.

    Values below `least` or above `most` are refused (inclusive; numbers only); `personal` ones are never written into
    the request log; `name` is what callers call it, empty where that is the notebook's own name.
    """

    description: str = ""
    personal: bool = False
    least: float | None = None
    most: float | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class ValueSchema:
    """One value. `dtype` for array, tensor and series; `shape` with None for the row axis, e.g. ``(None, 64)``;
    `annotation` is the Python annotation for kind `json`, e.g. ``float`` or ``dict[str, float]``; `index` is the one
    of the `columns` that is the frame's index, by its name in the notebook, or empty; `learned` is how many rows of
    training are behind ranges and categories, 0 where they are those of the request alone."""

    name: str
    kind: ValueKind
    columns: tuple[Column, ...] = ()
    dtype: str = ""
    shape: tuple[int | None, ...] = ()
    annotation: str = ""
    index: str = ""
    learned: int = 0

    @property
    def sent_as(self) -> dict[str, str]:
        """What callers call the columns that have another name in the notebook, by that name."""
        return {column.renamed_from: column.name for column in self.columns if column.renamed_from}


@dataclass(frozen=True, slots=True)
class Schema:
    request: tuple[ValueSchema, ...]
    response: ValueSchema

    @property
    def body_is_rows(self) -> bool:
        """Whether the body is ``{"rows": [...]}`` rather than one key per request name."""
        return len(self.request) == 1 and self.request[0].kind != "json"
