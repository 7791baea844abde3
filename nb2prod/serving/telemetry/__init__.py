"""What operators see of the service: counts, log lines, traces, and a record of requests. None of it can fail one.

exchange ─► Observer ─► counts ─► /metrics            always
                    ├─► log line                      always
                    ├─► spans ─► OTLP                 NB2PROD_TRACING=1
                    └─► request log (SQLite)          NB2PROD_REQUEST_LOG=FILE
"""

import random
from typing import TYPE_CHECKING, Any

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.log import access_lines, describe_error, lines, logger
from nb2prod.serving.telemetry.counts import Counts, Predictions, Route
from nb2prod.serving.telemetry.features import FeatureCounts, FeatureWatch

if TYPE_CHECKING:
    from nb2prod.serving.model import Model
    from nb2prod.serving.telemetry.requests import RequestLog
    from nb2prod.serving.telemetry.tracing import Tracing


class Observer:
    """One per application. All is called on the event loop."""

    def __init__(
        self, *, requests: "RequestLog | None" = None, sample: float = 1.0, tracing: "Tracing | None" = None
    ) -> None:
        self.counts = Counts()
        self.requests = requests
        self.tracing = tracing
        self._features = FeatureCounts()
        self._watch: FeatureWatch | None = None
        self._sample = sample
        self._failed = 0
        self._model: Model[Any, Any] | None = None
        self._answered: Predictions | None = None
        self._answered_by: tuple[str, str | None] | None = None

    def request(
        self,
        method: str,
        route: str | None,
        status: int,
        seconds: float,
        request_id: str,
        caller: str | None = None,
        code: str | None = None,
    ) -> None:
        """Once for each HTTP request. `route` is a path of ours, None for one that is not; `code` that of a Problem."""
        counted = self.counts.routes.get(route)
        if counted is None:
            counted = self.counts.routes[route] = Route()
        counted.statuses[status // 100] += 1
        counted.seconds.add(seconds)
        if status >= 400:
            error = status, code or str(status)
            self.counts.errors[error] = self.counts.errors.get(error, 0) + 1
        access_lines.write(request_id, method, route, status, seconds, caller)

    def prediction(
        self,
        protocol: str,
        request_id: str,
        caller: str,
        model: "Model[Any, Any]",
        request: object,
        predictions: object,
        size: int,
        started_ns: int,
        decoded_ns: int,
        ended_ns: int,
        headers: RawHeaders,
    ) -> None:
        """Once for each answered prediction. `size` is that of the body in bytes; times are of `perf_counter_ns`."""
        try:
            if model is not self._model:
                self._adopt(model)
            if self._answered_by != (protocol, model.version):
                self._answered_by = (protocol, model.version)
                self._answered = self.counts.predictions.setdefault(self._answered_by, Predictions())
            assert self._answered is not None
            given = getattr(request, "rows", None)
            rows = len(given) if isinstance(given, list) else None
            self._answered.requests += 1
            self._answered.rows += rows if rows is not None else 1
            self.counts.predict_seconds.add((ended_ns - decoded_ns) / 1e9)
            if self._watch is not None:
                self._watch.look(request)
            if self.requests is not None and (self._sample >= 1.0 or random.random() < self._sample):  # noqa: S311
                milliseconds = (ended_ns - started_ns) / 1e6
                self.requests.put(
                    request_id, protocol, caller, model, request, predictions, rows=rows, size=size, ms=milliseconds
                )
            if self.tracing is not None:
                self.tracing.prediction(protocol, request_id, model, rows, started_ns, decoded_ns, ended_ns, headers)
        except Exception as error:  # the answer is there: whatever is wrong here must not take it back
            self._count_failure(error)

    def features(self) -> FeatureCounts:
        """What was counted until now."""
        try:
            if self._watch is not None:
                self._watch.count()
        except Exception as error:
            self._count_failure(error)
        return self._features

    def batch(self, requests: int, rows: int) -> None:
        """One call of the model, for so many requests at once."""
        self.counts.batches.requests.add(requests)
        self.counts.batches.rows.add(rows)

    def start(self) -> None:
        if self.requests is not None:
            self.requests.start()

    def stop(self) -> None:
        """Write and send what waits, for a few seconds at most."""
        if self.requests is not None:
            self.requests.stop()
        if self.tracing is not None:
            self.tracing.stop()

    def dropped(self) -> dict[str, int]:
        """What was lost, by sink."""
        lost = {"log": lines.dropped, "observer": self._failed}
        if self.requests is not None:
            lost["requests"] = self.requests.dropped
        if self.tracing is not None:
            lost["traces"] = self.tracing.dropped
        return lost

    def _count_failure(self, error: Exception) -> None:
        self._failed += 1
        if self._failed == 1:
            fields = describe_error(error, with_message=False)
            logger.error("a prediction could not be observed: told once, counted from now on", extra={"fields": fields})

    def _adopt(self, model: "Model[Any, Any]") -> None:
        """Another version answers: its training saw other ranges."""
        self._model = model
        seen = model.golden.seen if model.golden is not None else None
        self.features()
        self._watch = FeatureWatch(seen, self._features) if seen is not None else None
