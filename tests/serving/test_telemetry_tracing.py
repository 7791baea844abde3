"""Spans: below the caller's own, and lost without harm when nobody collects them."""

import json
import socket

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import tracing

from .conftest import client_of, wait_until
from .sample_service import GOLDEN, make_app
from .test_telemetry_metrics import samples

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


def test_a_prediction_is_three_spans_below_the_callers(monkeypatch):
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(tracing, "OTLPSpanExporter", lambda: exporter)
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with client_of(make_app(version="7", settings=Settings(tracing=True))) as client:
        headers = {"traceparent": f"00-{trace}-{parent}-01", "X-Request-ID": "r1"}
        assert client.post("/predict", json=GOLDEN_BODY, headers=headers).status_code == 200
        client.post("/predict", json=GOLDEN_BODY, headers={"traceparent": "rubbish"})
        client.post("/predict", json=GOLDEN_BODY, headers={"traceparent": f"00-{trace}-{parent}-00"})  # not sampled
    spans = {
        span.name: span for span in exporter.get_finished_spans() if format(span.context.trace_id, "032x") == trace
    }
    assert set(spans) == {"predict sample", "decode", "predict"}
    assert len(exporter.get_finished_spans()) == 6
    request = spans["predict sample"]
    assert format(request.parent.span_id, "016x") == parent
    assert spans["decode"].parent.span_id == spans["predict"].parent.span_id == request.context.span_id
    assert request.attributes["nb2prod.rows"] == 3
    assert request.attributes["nb2prod.request_id"] == "r1"
    assert request.start_time == spans["decode"].start_time <= spans["decode"].end_time == spans["predict"].start_time
    assert "5.1" not in str(dict(request.attributes))


def test_fault_62_a_collector_that_is_away_costs_spans_only(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    with client_of(make_app(settings=Settings(tracing=True))) as client:

        def lost() -> bool:
            assert client.post("/predict", json=GOLDEN_BODY).status_code == 200
            return samples(client)["nb2prod_monitor_dropped_total", "traces"] > 0

        wait_until(lost)


def test_tracing_without_its_packages_is_refused_at_start(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "nb2prod.serving.telemetry.tracing", None)
    with pytest.raises(ValueError, match="NB2PROD_TRACING"):
        make_app(settings=Settings(tracing=True))
