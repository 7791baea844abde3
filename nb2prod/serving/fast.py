"""The fast path: what `predict` computes as one ONNX graph, fed with the request's columns. No DataFrame, no pandas.

    rows ─► numbers, texts ─ onnxruntime ─► outputs ─ answer ─► JSON values
    └─ a value outside what was compared at build time ─► None: the notebook's own code answers

`fast.json` beside the artifacts says what is fed, what the outputs mean and what was compared; it holds the digests of
the graph and of the artifacts that the graph was made from. Neither file is used where they do not match.
"""

import hashlib
import json
import math
import operator
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nb2prod.serving.words import Words, open_words

RECIPE = "fast.json"
GRAPH = "fast.onnx"
INLINE_SECONDS = 0.001
"""A prediction that takes no longer is made on the event loop: a thread would cost more than it gives."""

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "**": operator.pow,
    "//": operator.floordiv, "%": operator.mod, "&": operator.and_, "|": operator.or_,
}  # fmt: skip

NUMPY = frozenset(
    [
        "abs", "absolute", "ceil", "clip", "exp", "exp2", "expm1", "floor", "hypot", "invert", "isnan", "log", "log10",
        "log1p", "log2", "logical_and", "logical_not", "logical_or", "maximum", "minimum", "negative", "power", "rint",
        "round", "sign", "sqrt", "square", "tanh", "where",
    ]
)  # fmt: skip
METHODS = frozenset({"astype", "clip", "flatten", "ravel", "round", "tolist"})

Outputs = dict[str, Any]
Part = Callable[[Outputs], Any]


class FastPathError(Exception):
    """Why the fast path cannot be used; the notebook's own code can."""


@dataclass(slots=True)
class FastPath:
    """One graph in memory. `inline_rows`: how many rows are answered within `INLINE_SECONDS` here."""

    session: Any
    recipe: dict[str, Any]
    answer_of: Part
    made: Sequence[Part]
    """What each column of `numbers` is made by; empty where all are columns of the request as they are."""
    words: Sequence[Words]
    array: Callable[..., Any]
    """`numpy.array`: imported with the graph, as a service without a fast path may do without numpy."""
    quiet: Callable[..., Any]
    """`numpy.errstate`."""
    inline_rows: int = 0

    def answer(self, request: Any) -> Any:
        """The predictions as JSON values; None where the request is outside what was compared. Raises nothing."""
        try:
            rows = request.rows
            feeds = self._feeds(rows) if rows else None
            if feeds is None:
                return None
            names = self.recipe["outputs"]
            outputs = dict(zip(names, self.session.run(names, feeds), strict=True))
            for values in outputs.values():  # a sum is finite only where all of it is
                if values.dtype.kind == "f" and not math.isfinite(values.sum()):
                    return None
            outputs["rows"] = rows
            return self.answer_of(outputs)
        except Exception:  # whatever it is, the notebook's own code has the last word
            return None

    def _feeds(self, rows: Sequence[Any]) -> dict[str, Any] | None:
        """What the graph is given; None for a value it does not stand for the notebook's code with."""
        recipe, feeds = self.recipe, {}
        for name in recipe["present"]:
            for row in rows:
                if row[name] is None:
                    return None
        for name, known in recipe["known"].items():
            for row in rows:
                if row[name] not in known:
                    return None
        if columns := recipe["numbers"]:
            if self.made:
                with self.quiet(all="ignore"):  # what divides by zero here is infinite, and left to the code
                    numbers = self.array([part({"rows": rows}).astype("float64") for part in self.made]).T
            else:
                values = rows if columns == "rows" else [[row[name] for name in columns] for row in rows]
                numbers = self.array(values, dtype="float32" if recipe["single"] else "float64")
            numbers = numbers.astype("float64", copy=False)
            if numbers.ndim != 2 or (abs(numbers) > recipe["limit"]).any():
                return None
            feeds["numbers"] = numbers
        if columns := recipe["texts"]:
            feeds["texts"] = self.array([[row[name] for name in columns] for row in rows], dtype=object)
        for number, words in enumerate(self.words):
            feeds[f"places_{number}"], feeds[f"counts_{number}"] = words.of(rows)
        return feeds


def load_fast_path(folder: Path) -> FastPath | None:
    """The fast path of the artifacts in `folder`; None where the build made none. Raises FastPathError."""
    if not (folder / RECIPE).is_file():
        return None
    try:
        recipe = json.loads((folder / RECIPE).read_bytes())
        graph = (folder / GRAPH).read_bytes()
        if hashlib.sha256(graph).hexdigest() != recipe["sha256"]:
            raise FastPathError(f"{GRAPH} is not the file that {RECIPE} describes")
        index = json.loads((folder / "artifacts.json").read_bytes())
        if {name: each["sha256"] for name, each in index.items()} != recipe["artifacts"]:
            raise FastPathError("it was made from other artifacts: build again")
        return open_fast_path(recipe, graph)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FastPathError(f"{RECIPE} cannot be read: {type(error).__name__}") from None


def open_fast_path(recipe: dict[str, Any], graph: bytes) -> FastPath:
    """Raises FastPathError where onnxruntime is missing or cannot run the graph."""
    try:
        import numpy
        import onnxruntime
    except ImportError:
        raise FastPathError("onnxruntime is not installed") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise FastPathError(f"onnxruntime cannot run it: {type(error).__name__}") from None
    recipe = recipe | {"known": {name: frozenset(values) for name, values in recipe["known"].items()}}
    made: list[Part] = []
    if any(isinstance(each, list) for each in recipe["numbers"]):
        as_it_is = (["request", each, "float64"] if isinstance(each, str) else each for each in recipe["numbers"])
        made = [_part(each) for each in as_it_is]
    words = [open_words(each) for each in recipe.get("words", ())]
    return FastPath(session, recipe, _answer(recipe["answer"]), made, words, numpy.array, numpy.errstate)


def measure(path: FastPath, request: Any) -> None:
    """Set `inline_rows` from how long the rows of `request` take."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        path.answer(request)
        seconds.append(time.perf_counter() - started)
    path.inline_rows = int(INLINE_SECONDS / (min(seconds) / len(request.rows)))


def _answer(expression: list[Any]) -> Part:
    """``["records", {name: part}]`` or ``["list", part]`` as a function of the outputs."""
    kind, content = expression
    if kind == "list":
        whole = _part(content)
        return lambda outputs: _listed(whole(outputs))
    parts = [(name, _part(part)) for name, part in content.items()]
    names = [name for name, _ in parts]

    def records(outputs: Outputs) -> list[dict[str, Any]]:
        columns = [_listed(part(outputs)) for _, part in parts]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    return records


def _listed(values: Any) -> Any:
    return values if isinstance(values, list) else values.tolist()


def _part(expression: list[Any]) -> Part:
    """A part of the answer as a function of the outputs: numpy as in the notebook. Raises ValueError."""
    import numpy as np

    match expression:
        case ["output", name]:
            return operator.itemgetter(name)
        case ["constant", value]:
            return lambda _: value
        case ["request", name, dtype]:
            return lambda given: np.array([row[name] for row in given["rows"]], dtype=dtype)
        case ["filled", value]:
            return lambda given: np.full(len(given["rows"]), value)
        case ["rows"]:
            return lambda given: np.array(given["rows"], dtype=object)
        case ["isna", of]:
            looked_at = _part(of)
            return lambda given: np.isnan(looked_at(given))
        case ["isin", of, values]:
            looked_at, known = _part(of), frozenset(values)
            return lambda given: np.array([each in known for each in looked_at(given).tolist()])
        case ["map", of, pairs]:
            looked_at, table = _part(of), dict(pairs)
            return lambda given: np.array([table.get(each, np.nan) for each in looked_at(given).tolist()])
        case ["labels", of, values]:
            places, labels = _part(of), np.array(values)
            return lambda outputs: labels.take(places(outputs))
        case ["column", of, int(number)]:
            matrix = _part(of)
            return lambda outputs: matrix(outputs)[:, number]
        case ["method", name, of, arguments, keywords] if name in METHODS:
            value = _part(of)
            given, named = [_part(each) for each in arguments], {key: _part(each) for key, each in keywords.items()}
            return lambda outputs: getattr(value(outputs), name)(
                *(each(outputs) for each in given), **{key: each(outputs) for key, each in named.items()}
            )
        case ["numpy", name, arguments, keywords] if name in NUMPY:
            function = getattr(np, name)
            given, named = [_part(each) for each in arguments], {key: _part(each) for key, each in keywords.items()}
            return lambda outputs: function(
                *(each(outputs) for each in given), **{key: each(outputs) for key, each in named.items()}
            )
        case ["compare" | "arithmetic", sign, a, b]:
            apply, left, right = OPERATORS[sign], _part(a), _part(b)
            return lambda outputs: apply(left(outputs), right(outputs))
    raise ValueError(f"no such part: {expression[0]}")
