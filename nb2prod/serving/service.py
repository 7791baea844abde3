"""The model behind the service: loaded once, warmed up, and asked in its own thread."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

from nb2prod.serving.decode import Decoder
from nb2prod.serving.golden import Golden
from nb2prod.serving.log import describe_error, logger, values_wanted
from nb2prod.serving.problem import Problem
from nb2prod.serving.wire import encode
from nb2prod.serving.worker import Worker

P = TypeVar("P")
R = TypeVar("R")

_UNREADABLE = (ValueError, TypeError, KeyError, OverflowError)

State = Literal["loading", "ready", "failed"]


@dataclass(slots=True)
class Service(Generic[P, R]):
    """`arguments(request)` are what the model takes; where it raises, the request is at fault. `answer(predictor,
    arguments)` gives JSON-able predictions. `on_failure` is called when the model cannot load."""

    name: str
    version: str | None
    load: Callable[[], P]
    arguments: Callable[[R], Any]
    answer: Callable[[P, Any], object]
    decoder: Decoder[R]
    golden: Golden | None
    worker: Worker
    on_failure: Callable[[], None] = lambda: None
    state: State = "loading"
    predictor: P | None = None

    @property
    def model(self) -> dict[str, str | None]:
        return {"name": self.name, "version": self.version}

    async def start(self) -> None:
        """Load and warm up; then `state` is ``ready``, or ``failed`` and the log says why. Raises nothing."""
        try:
            self.predictor = await self.worker.run(self._load)
        except Exception:
            self.state = "failed"
            logger.exception("the model cannot be served")
            self.on_failure()
        else:
            self.state = "ready"
            logger.info("ready", extra={"fields": {"model": self.name, "version": self.version}})

    def _load(self) -> P:
        predictor = self.load()
        if self.golden is not None:
            try:
                request = self.decoder.decode(encode(self.golden.body))
            except Problem as problem:
                raise ValueError(f"the golden body does not fit the request: {problem.message}") from None
            encode(self.answer(predictor, self._arguments(request)))
        return predictor

    async def predict(self, request: R, request_id: str) -> bytes:
        """The answer's JSON. Raises Problem 422 (a value the model cannot take), 503 (not ready, overloaded), 500 (the
        prediction raised)."""
        self.refuse_if_unable()
        predictor = self.predictor
        assert predictor is not None

        def call() -> bytes:
            predictions = self.answer(predictor, self._arguments(request))
            return encode({"predictions": predictions, "model": self.model, "request_id": request_id})

        try:
            return await self.worker.run(call)
        except Problem:
            raise
        except Exception as error:
            fields: dict[str, Any] = {"request_id": request_id}
            fields |= describe_error(error, with_message=values_wanted())
            logger.error("the prediction failed", extra={"fields": fields})
            raise Problem(500, "prediction_failed", "the model could not answer; the log has the request id") from None

    def _arguments(self, request: R) -> Any:
        try:
            return self.arguments(request)
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
            self.arguments(replace(request, rows=rows))  # type: ignore[type-var]
        except _UNREADABLE:
            return False
        return True

    def refuse_if_unable(self) -> None:
        """Raises Problem 503 while loading, after a failed load, and when the queue is full."""
        if self.state != "ready":
            headers = {"Retry-After": "1", "Connection": "close"}
            raise Problem(503, "not_ready", f"the model is not ready ({self.state})", headers=headers)
        self.worker.refuse_if_full()
