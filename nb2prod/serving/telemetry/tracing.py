"""Spans over OTLP: request, with decode and predict in it, below the caller's own span (W3C `traceparent`).

Needs opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http, imported here and nowhere else, and only where
`NB2PROD_TRACING=1` is set. Their own `OTEL_*` variables say where spans go, which ones, and what they cost.
Spans are made once an answer is there, from times that were taken anyway.
"""

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from nb2prod.serving.access import RawHeaders

if TYPE_CHECKING:
    from nb2prod.serving.model import Model


class _Counting(SpanExporter):
    """Counts the spans that did not arrive."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.failed = 0

    def export(self, spans: Any) -> SpanExportResult:
        result = SpanExportResult.FAILURE
        try:
            result = self._exporter.export(spans)
        finally:
            if result is not SpanExportResult.SUCCESS:
                self.failed += len(spans)
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class Tracing:
    """One per application. A collector that is away costs spans, which are counted, and nothing else."""

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        """`exporter`: OTLP over HTTP unless given."""
        self._counting = _Counting(exporter if exporter is not None else OTLPSpanExporter())
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._counting))
        self._tracer = self._provider.get_tracer("nb2prod.serving")
        self._parents = TraceContextTextMapPropagator()

    @property
    def dropped(self) -> int:
        return self._counting.failed

    def prediction(
        self,
        protocol: str,
        request_id: str,
        model: "Model[Any, Any]",
        rows: int | None,
        started_ns: int,
        decoded_ns: int,
        ended_ns: int,
        headers: RawHeaders,
    ) -> None:
        """The spans of one answered prediction; times are of `perf_counter_ns`."""
        sent = {
            name.decode(): value.decode("latin-1") for name, value in headers if name in (b"traceparent", b"tracestate")
        }
        context = self._parents.extract(sent) if sent else Context()
        to_unix = time.time_ns() - time.perf_counter_ns()
        request = self._tracer.start_span(
            f"predict {model.package.name}",
            context=context,
            kind=SpanKind.SERVER,
            start_time=started_ns + to_unix,
        )
        if request.is_recording():
            request.set_attributes(
                {
                    "nb2prod.protocol": protocol,
                    "nb2prod.request_id": request_id,
                    "nb2prod.model": model.package.name,
                    "nb2prod.version": model.version or "",
                    "nb2prod.rows": rows if rows is not None else 1,
                }
            )
            inside = set_span_in_context(request)
            for name, begin, end in (("decode", started_ns, decoded_ns), ("predict", decoded_ns, ended_ns)):
                self._tracer.start_span(name, context=inside, start_time=begin + to_unix).end(end + to_unix)
        request.end(ended_ns + to_unix)

    def stop(self) -> None:
        """Send what waits, for a moment at most."""
        self._provider.force_flush(2_000)
        self._provider.shutdown()


__all__ = ["ReadableSpan", "Tracing"]
