"""The live model behind the application: loaded in the background, asked in its own thread."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from nb2prod.serving.batch import Asked, count_rows
from nb2prod.serving.log import describe_error, logger
from nb2prod.serving.model import Model
from nb2prod.serving.problem import Problem, overloaded
from nb2prod.serving.reading import Reader
from nb2prod.serving.turn import Turn
from nb2prod.serving.worker import Worker

P = TypeVar("P")
R = TypeVar("R")
W = TypeVar("W")

State = Literal["loading", "ready", "failed"]
Status = Literal["loading", "ready", "failed", "stuck", "draining"]


@dataclass(slots=True)
class Service(Generic[P, R]):
    """`load()` gives the first model; `on_ready` is called when it has, `on_failure` when it cannot, and when every
    prediction hangs."""

    load: Callable[[], Model[P, R]]
    worker: Worker
    turn: Turn
    reader: Reader = field(init=False)
    log_values: bool = False
    on_ready: Callable[[], None] = lambda: None
    on_failure: Callable[[], None] = lambda: None
    state: State = "loading"
    model: Model[P, R] | None = None
    swaps: int = 0
    refused_versions: int = 0
    draining: bool = False
    """The process is about to end: not ready for new callers, though whoever still asks is answered."""

    def __post_init__(self) -> None:
        self.reader = Reader(self.worker)

    @property
    def status(self) -> Status:
        """What readiness says."""
        if self.draining:
            return "draining"
        return "stuck" if self.worker.is_stuck else self.state

    async def start(self) -> None:
        """Load and warm up; then `state` is ``ready``, or ``failed`` and the log says why. Raises nothing."""
        try:
            self.model = await run_aside(self.load)
        except Exception:
            self.state = "failed"
            logger.exception("the model cannot be served")
            self.on_failure()
        else:
            self.on_ready()
            self.state = "ready"
            name, version = self.model.package.name, self.model.version
            logger.info("ready", extra={"fields": {"model": name, "version": version, **self.model.path}})

    def live_model(self) -> Model[P, R]:
        """Raises Problem 503 while loading, after a failed load, and when too much waits."""
        if self.state != "ready" or self.model is None:
            headers = {"Retry-After": "1", "Connection": "close"}
            raise Problem(503, "not_ready", f"the model is not ready ({self.state})", headers=headers)
        self.worker.refuse_if_full(self.reader.expected)
        if self.model.fast is not None and self.turn.is_full(self.model.fast):
            raise overloaded()
        return self.model

    async def predict(self, model: Model[P, R], request: R, request_id: str, write: Callable[[Any], W]) -> W:
        """`write(predictions)`, made in the thread of the model, or here and now where the fast path is quick enough.

        Raises Problem: 422 (a value the model cannot take), 503 (overloaded), 504 (too slow), 500 (it raised).
        """
        fast, rows = model.fast, count_rows(request)
        try:
            if fast is not None and 0 < rows <= fast.inline_rows:
                given = await self.turn.ask(fast, request, rows) if model.batches else fast.answer(request)
                if given is not None:
                    return write(given)
            asked = Asked(request, write, rows if model.batches else 0, max(1, rows))
            reply: W = await self.worker.ask(model.answer, asked)
            return reply
        except Problem:
            raise
        except Exception as error:
            fields: dict[str, Any] = {"request_id": request_id}
            fields |= describe_error(error, with_message=self.log_values)
            logger.error("the prediction failed", extra={"fields": fields})
            raise Problem(500, "prediction_failed", "the model could not answer; the log has the request id") from None


async def run_aside(call: Callable[[], W]) -> W:
    """What `call()` returns or raises, in a thread of its own that does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[W] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if future.done():  # cancelled meanwhile
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = call()
        except Exception as raised:
            error = raised
        except BaseException as raised:  # e.g. SystemExit in a package's code: no reason for us to end
            error = RuntimeError(f"{type(raised).__name__}: {raised}")
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="load", daemon=True).start()
    return await future
