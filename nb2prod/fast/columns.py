"""Columns of rows before a model sees them, as expressions: what pandas makes of each row by itself.

    customers["rate"] = customers["amount"] / customers["months"].clip(lower=1)
        ─►  Frame.columns["rate"] = ["arithmetic", "/", ["request", "amount"], ["numpy", "clip", […], {}]]

Only what computes one row from that row is here: no mean of a column, no order, no choice of rows. A frame may be
changed in place, and two names may stand for one frame, so it is an object that is changed, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Expression = list[Any]


class NotDirectError(Exception):
    """The message is the piece of code that is something else than a call on an artifact."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A list, a dict or a text that is written out in the code, or kept as JSON."""

    value: Any


@dataclass(frozen=True, slots=True)
class Labels:
    """A column with the levels that training saw: ``x.astype(pd.CategoricalDtype(levels))``."""

    column: Expression
    levels: tuple[Any, ...]


@dataclass(slots=True)
class Frame:
    columns: dict[str, "Expression | Labels"]

    def copy(self) -> "Frame":
        return Frame(dict(self.columns))

    def column(self, name: str) -> Expression:
        """Raises NotDirectError."""
        found = self.columns.get(name)
        if not isinstance(found, list):
            raise NotDirectError(name)
        return found

    def select(self, names: Sequence[str]) -> "Frame":
        """Raises NotDirectError where there is no such column."""
        if any(name not in self.columns for name in names):
            raise NotDirectError(str(list(names)))
        return Frame({name: self.columns[name] for name in names})

    def without(self, names: Sequence[str]) -> "Frame":
        return self.select([name for name in self.columns if name not in set(names)])

    def renamed(self, names: Mapping[str, str]) -> "Frame":
        return Frame({names.get(name, name): column for name, column in self.columns.items()})


def series_method(name: str, of: Expression, given: Sequence[Any], named: Mapping[str, Any]) -> Expression | None:
    """``column.<name>(…)``; None where it is not known to stay within a row. Arguments are expressions or Plain."""
    match name, list(given), dict(named):
        case "fillna", [list() as value], {**rest} if not rest:
            return ["numpy", "where", [["isna", of], value, of], {}]
        case "fillna", [], {"value": list() as value, **rest} if not rest:
            return ["numpy", "where", [["isna", of], value, of], {}]
        case "isna" | "isnull", [], {**rest} if not rest:
            return ["isna", of]
        case "notna" | "notnull", [], {**rest} if not rest:
            return ["numpy", "logical_not", [["isna", of]], {}]
        case "map", [Plain(value=dict() as values)], {**rest} if not rest and is_table(values.keys(), values.values()):
            return ["map", of, [list(pair) for pair in values.items()]]
        case "isin", [Plain(value=list() as values)], {**rest} if not rest and is_table(values, ()):
            return ["isin", of, values]
        case "between", [list() as low, list() as high], {**rest} if not rest:
            inside = ["compare", ">=", of, low], ["compare", "<=", of, high]
            return ["numpy", "logical_and", list(inside), {}]
        case "clip", [*limits], {**bounds} if bounds.keys() <= {"lower", "upper"} and len(limits) <= 2:
            none = ["constant", None]
            least = bounds.get("lower", limits[0] if limits else none)
            most = bounds.get("upper", limits[1] if len(limits) > 1 else none)
            return ["numpy", "clip", [of, least, most], {}]
        case "abs", [], {**rest} if not rest:
            return ["numpy", "abs", [of], {}]
        case "copy", [], {**rest} if not rest:
            return of
    return None


def is_table(keys: Any, values: Any) -> bool:
    """Whether labels of one type stand for numbers, as a look-up by JSON values can have them."""
    kinds = {type(key) for key in keys}
    return kinds in ({str}, {int}) and all(type(value) in (int, float, bool) for value in values)


def with_levels(frame: Frame, levels: Mapping[str, Sequence[Any]]) -> Frame:
    """``frame.astype({column: CategoricalDtype(levels)})``. Raises NotDirectError."""
    made = frame.copy()
    for name, known in levels.items():
        made.columns[name] = Labels(frame.column(name), tuple(known))
    return made


def dummies(of: "Frame | Labels", texts: Sequence[str], options: Mapping[str, Any]) -> Frame:
    """``pd.get_dummies(of, …)``: a column for each level that training saw. `texts` are the request's text columns.

    Raises NotDirectError where the levels of a column are not known, or for an option that is not obeyed here.
    """
    first = 1 if options.get("drop_first", False) else 0
    if not options.keys() <= {"columns", "drop_first", "dtype", "prefix", "prefix_sep"}:
        raise NotDirectError("get_dummies")
    if isinstance(of, Labels):
        return Frame({str(level): _is(of.column, level) for level in of.levels[first:]})
    unknown = [name for name, each in of.columns.items() if isinstance(each, list) and _is_text(each, texts)]
    chosen = options.get("columns")
    chosen = [name for name, each in of.columns.items() if isinstance(each, Labels)] if chosen is None else chosen
    if set(unknown) - set(chosen) and options.get("columns") is None:
        raise NotDirectError("get_dummies")
    made = of.without(chosen)
    for name in chosen:
        labels = of.columns.get(name)
        if not isinstance(labels, Labels):
            raise NotDirectError("get_dummies")
        prefix = options.get("prefix", name)
        for level in labels.levels[first:]:
            made.columns[f"{prefix}{options.get('prefix_sep', '_')}{level}"] = _is(labels.column, level)
    return made


def _is(column: Expression, level: Any) -> Expression:
    return ["compare", "==", column, ["constant", level]]


def _is_text(column: Expression, texts: Sequence[str]) -> bool:
    return column[0] == "request" and column[1] in texts
