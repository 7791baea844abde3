"""The package that is served, and one loaded version of its model: what a request meets."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from nb2prod.serving.batch import nearly_equal, rows_stand_alone
from nb2prod.serving.decode import Decoder
from nb2prod.serving.fast import FastPath, FastPathError, load_fast_path, measure
from nb2prod.serving.golden import Golden
from nb2prod.serving.problem import Problem
from nb2prod.serving.wire import encode

P = TypeVar("P")
R = TypeVar("R")

_UNREADABLE = (ValueError, TypeError, KeyError, OverflowError)


@dataclass(frozen=True, slots=True)
class Package(Generic[P, R]):
    """The code, which stays the same while the process lives; `load()` reads the artifacts of the version that it was
    built with, `load(folder)` those of another one.

    `arguments(request)` are what the model takes; where it raises, the request is at fault. `answer(predictor,
    arguments)` gives JSON-able predictions.
    """

    name: str
    load: Callable[..., P]
    decoder: Decoder[R]
    arguments: Callable[[R], Any]
    answer: Callable[[P, Any], object]
    artifacts: Path | None = None
    """The folder of the artifacts that `load()` reads: where a fast path lies beside them."""
    fast_path: bool = True
    """Whether a fast path is used where there is one."""


@dataclass(frozen=True, slots=True)
class Model(Generic[P, R]):
    """One version, loaded and warmed up. A request is answered by the version that was live when it was decoded."""

    package: Package[P, R]
    version: str | None
    predictor: P
    golden: Golden | None
    batches: bool = False
    """Whether a row's answer does not depend on the rows beside it, as seen with the golden rows."""
    source: str | None = None
    """Where the version came from; None: it is the one that the process started with."""
    fast: FastPath | None = None
    why: str = "the build made no fast path"
    """Why there is no fast path."""

    @property
    def label(self) -> dict[str, str | None]:
        """What answers say about where they come from."""
        return {"name": self.package.name, "version": self.version}

    @property
    def path(self) -> dict[str, str]:
        """Which way predictions go, for whoever asks."""
        return {"answered_by": "onnx"} if self.fast is not None else {"answered_by": "python", "why": self.why}

    def answer(self, request: R) -> object:
        """The predictions as JSON values. Raises Problem 422 for a value the model cannot take, and what it raises."""
        if self.fast is not None and (predictions := self.fast.answer(request)) is not None:
            return predictions
        return self.answer_by_code(request)

    def answer_by_code(self, request: R) -> object:
        """The same by the notebook's own code, never by the fast path."""
        if getattr(request, "rows", None) == []:
            return self._answer_no_rows(request)
        predictions = self.package.answer(self.predictor, self._arguments(request))
        if self.batches and len(predictions) != len(request.rows):  # type: ignore[attr-defined, arg-type]
            raise ValueError("the model gave another number of predictions than there are rows")
        return predictions

    def golden_request(self) -> R:
        """Raises ValueError where there are no golden rows, or they do not fit the request."""
        if self.golden is None:
            raise ValueError("there are no golden rows")
        try:
            return self.package.decoder.decode(encode(self.golden.body))
        except Problem as problem:
            raise ValueError(f"the golden body does not fit the request: {problem.message}") from None

    def answer_golden(self) -> Any:
        """What is predicted for the golden rows, as a caller reads it."""
        return msgspec.json.decode(encode(self.answer(self.golden_request())))

    def _answer_no_rows(self, request: R) -> object:
        """What the notebook's own code says to no rows; where it cannot, nothing in the shape of the golden answer.

        Many estimators refuse an empty table, which is no fault of the caller's.
        """
        try:
            return self.package.answer(self.predictor, self._arguments(request))
        except Exception:
            if self.golden is not None and (nothing := self.golden.nothing()) is not None:
                return nothing
            raise Problem(422, "no_rows", "this model cannot answer without rows", field="rows") from None

    def _arguments(self, request: R) -> Any:
        try:
            return self.package.arguments(request)
        except _UNREADABLE:
            row = self._first_unreadable_row(request)
            where = f"row {row}" if row is not None else "the request"
            message = f"{where} cannot be read as what the model takes"
            raise Problem(422, "unreadable_value", message, row=row) from None

    def _first_unreadable_row(self, request: R) -> int | None:
        """By halving: the first row with which the rows up to it cannot be read. None where there are no rows."""
        rows = getattr(request, "rows", None)
        if not isinstance(rows, list) or not rows:
            return None
        good, bad = 0, len(rows)
        while bad - good > 1:
            middle = (good + bad) // 2
            if self._readable(request, rows[:middle]):
                good = middle
            else:
                bad = middle
        return bad - 1

    def _readable(self, request: R, rows: list[Any]) -> bool:
        try:
            self.package.arguments(replace(request, rows=rows))  # type: ignore[type-var]
        except _UNREADABLE:
            return False
        return True


def load_model(
    package: Package[P, R],
    version: str | None,
    golden: Golden | None,
    *,
    folder: Path | None = None,
    source: str | None = None,
) -> Model[P, R]:
    """Load a version (its artifacts are in `folder`) and answer its golden rows once. Raises what loading raises;
    ValueError for golden rows that do not fit the request."""
    predictor = package.load() if folder is None else package.load(folder)
    model = Model(package, version, predictor, golden, source=source)
    if golden is not None:
        request = model.golden_request()
        encode(model.answer(request))
        relative, absolute = golden.tolerance
        # Batches are summed in another order, hence ten times the tolerance.
        batches = rows_stand_alone(model.answer_by_code, request, 10 * relative, 10 * absolute)
        model = _with_fast_path(replace(model, batches=batches), request, golden, folder or package.artifacts)
        if batches and model.fast is not None:
            batches = rows_stand_alone(model.fast.answer, request, 10 * relative, 10 * absolute)
            model = replace(model, batches=batches)
    return model


def _with_fast_path(model: Model[P, R], request: R, golden: Golden, folder: Path | None) -> Model[P, R]:
    """The model with the fast path of its artifacts, if there is one that gives the golden rows what the code gives."""
    try:
        if not model.package.fast_path:
            raise FastPathError("switched off")
        fast = load_fast_path(folder) if folder is not None else None
        if fast is None:
            return model
        by_code, by_graph = model.answer_by_code(request), fast.answer(request)
        if not nearly_equal(by_code, by_graph, *golden.tolerance):
            raise FastPathError("the golden rows get other answers by it")
    except FastPathError as reason:
        return replace(model, why=str(reason))
    measure(fast, request)
    return replace(model, fast=fast)
