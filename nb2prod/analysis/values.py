"""What an expression is to one row of a table: the same for all, made row by row, or not known.

df["Age"] - df["Age"].mean()
`df["Age"]` is rows, `df["Age"].mean()` is fixed, the difference is rows again, with a *mark* on the fixed part:
what must be kept from training, because one row alone would have another mean.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nb2prod.analysis.deeds import Deed

Kind = Literal[
    "fixed", "frame", "column", "array", "list", "several", "bunch", "accessor", "groups", "indexer", "item", "unknown"
]  # fmt: skip
"""`fixed` is the same for every row; `item` is what belongs to one row (inside a lambda or a comprehension);
`several` is a list or tuple of other values, `bunch` what scikit-learn loads; the others are tables and columns, and
what gives access to them."""

ROWS = frozenset({"frame", "column", "array", "list"})

What = Literal[
    "source",
    "statistic",
    "selection",
    "fitted",
    "levels",
    "codes",
    "edges",
    "columns",
    "dropped",
    "grouped",
    "encoded",
    "aligned",
    "inserted",
    "function",
]


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of an expression that reads otherwise in a prediction.

    =========== =========================================== ==========================================
    `what`      the node                                    `operand`
    =========== =========================================== ==========================================
    source      gives the raw rows, ``pd.read_csv(…)``      –
    statistic   one value of all rows, ``s.mean()``         –
    selection   some of the rows, ``df.dropna()``           what they are taken from
    fitted      ``encoder.fit_transform(df[["a"]])``        the fitted object
    levels      ``pd.get_dummies(df)``, ``s.astype("category")``  what has the levels
    codes       ``pd.factorize(s)[0]``                      `s`
    edges       ``pd.qcut(s, 4)``                           `s`
    columns     a selection that a list of columns replaces what they are taken from
    dropped     ``df.drop(columns=["a"])``                  `df`
    grouped     ``df.groupby("k")["x"].transform("mean")``  the same in one piece
    encoded     ``df.apply(encoder.fit_transform)``         `df`
    aligned     ``a.align(b, axis=1)``: what b comes to     `b`
    inserted    the place in ``df.insert(2, "a", values)``  `df`
    function    a function that takes statistics, ``f(df)`` its name; what it does is `inside`
    =========== =========================================== ==========================================
    """

    node: ast.expr
    what: What
    operand: ast.expr | None = None
    is_frame: bool = False
    """Whether the levels are those of several columns."""
    inside: "Inside | None" = None


@dataclass(frozen=True, slots=True)
class Inside:
    """What a function of the notebook, defined by statement `definition`, does to a table that it is given."""

    definition: int
    deeds: tuple["Deed", ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why rows cannot be followed: `code` of the finding, the words, and the node (of this notebook's cell)."""

    code: str
    message: str
    node: ast.AST


@dataclass(frozen=True, slots=True)
class Value:
    """`sources` tell tables apart (train and test files); `names` are the variables whose rows the value is made of,
    without those that only a mark reads. `columns` are ``(name, column)`` read by name, `whole` the names of which
    every column is read, except `dropped`; with `only`, no others than these. `made`: more than a selection of rows
    and columns happened. `counted`: a fixed value that is computed from rows; `label`: one that a loop runs over, so
    the name of one column where it is used as such. `opaque`: which columns come of which others cannot be told."""

    kind: Kind = "fixed"
    sources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    marks: tuple[Mark, ...] = ()
    columns: frozenset[tuple[str, str]] = frozenset()
    whole: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    lists: tuple[ast.expr, ...] = ()
    made: bool = False
    counted: bool = False
    label: bool = False
    items: tuple["Value", ...] = ()
    owner: ast.expr | None = None
    keys: tuple[ast.expr, ...] = ()
    problem: Problem | None = None
    opaque: bool = False

    @property
    def is_rows(self) -> bool:
        return self.kind in ROWS

    @property
    def depends(self) -> bool:
        """Whether it belongs to rows, one way or another."""
        return self.kind not in ("fixed", "unknown")


FIXED = Value()
LABEL = Value(label=True)
STATISTIC = Value(counted=True)
ITEM = Value("item")


def unknown(node: ast.AST, message: str, code: str = "NB351") -> Value:
    return Value("unknown", problem=Problem(code, message, node))


def marked(value: Value, *marks: Mark, **changes: object) -> Value:
    return replace(value, marks=(*value.marks, *marks), **changes)  # type: ignore[arg-type]


def joined(parts: Iterable[tuple[ast.expr, Value]], kind: Kind, node: ast.AST, *, made: bool = True) -> Value:
    """The value made row by row of these parts; a part that is a statistic gets its mark."""
    given = list(parts)
    for _, value in given:
        if value.kind == "unknown":
            return value
    rows = [v for _, v in given if v.depends]
    sources = [v.sources for v in rows if v.sources]
    if any(not (s <= sources[0] or sources[0] <= s) for s in sources):
        return unknown(node, "rows of two tables are put together here")
    marks: list[Mark] = []
    for part, value in given:
        marks += [Mark(part, "statistic")] if value.counted else value.marks
    whole = [v for v in rows if v.whole]
    flow = whole[0] if len(whole) == 1 else Value()  # of several tables, every column is taken to be read
    return Value(
        kind,
        frozenset().union(*sources),
        frozenset().union(*(v.names for v in rows)),
        tuple(marks),
        frozenset().union(*(v.columns for v in rows)),
        frozenset().union(*(v.whole for v in whole)),
        flow.dropped,
        flow.only,
        flow.lists,
        made=made or any(v.made for v in rows),
        opaque=any(v.opaque for v in rows),
    )
