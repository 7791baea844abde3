"""What is counted, as a scraper reads it; and lines of log that go past the request's own path."""

import json
import os
import time
from types import SimpleNamespace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from nb2prod.serving import log
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry.features import MOST_ROWS, FeatureCounts, FeatureWatch, Seen, SeenRows

from .conftest import TestClient, client_of
from .sample_service import GOLDEN, make_app

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


def row(**changes):
    return {"sepal length": 5.0, "rooms": 3, "class": "a", "member": True} | changes


def samples(client: TestClient, **headers: str) -> dict[tuple[str, ...], float]:
    """``{(name, values of labels in the order of their names, ...): value}``, read by Prometheus' own parser."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return {
        (one.name, *(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def test_requests_predictions_rows_and_faults_are_counted():
    with client_of(make_app(version="7")) as client:
        before = client.get("/metrics")
        assert before.headers["content-type"].startswith("text/plain; version=")
        for _ in range(3):
            client.post("/predict", json=GOLDEN_BODY)
        client.post("/predict", json={"rows": 1})
        client.post("/predict", content=b"{", headers={"Content-Type": "application/json"})
        client.post("/predict", json={"rows": [row(**{"class": "raise"})]})
        client.get("/nowhere/at/all")
        seen = samples(client)
    assert seen["nb2prod_requests_total", "/predict", "2xx"] == 3
    assert seen["nb2prod_requests_total", "/predict", "4xx"] == 2
    assert seen["nb2prod_requests_total", "/predict", "5xx"] == 1
    assert seen["nb2prod_requests_total", "unknown", "4xx"] == 1
    assert seen["nb2prod_errors_total", "wrong_type", "caller"] == 1
    assert seen["nb2prod_errors_total", "malformed_json", "caller"] == 1
    assert seen["nb2prod_errors_total", "prediction_failed", "model"] == 1
    assert seen["nb2prod_predictions_total", "predict", "7"] == 3
    assert seen["nb2prod_rows_total", "predict", "7"] == 9
    assert seen["nb2prod_request_seconds_count", "/predict"] == 6
    assert seen["nb2prod_request_seconds_bucket", "+Inf", "/predict"] == 6
    assert 0 < seen["nb2prod_request_seconds_sum", "/predict"] < 60
    assert seen["nb2prod_predict_seconds_count",] == 3
    assert seen["nb2prod_model_info", "python", "sample", "7"] == 1
    assert seen["nb2prod_versions_total", "refused"] == 0
    assert seen["nb2prod_ready",] == 1
    assert (seen["nb2prod_pending",], seen["nb2prod_pending_limit",]) == (0, 128)
    assert seen["nb2prod_monitor_dropped_total", "log"] == 0
    assert seen["nb2prod_batch_rows_count",] >= 3
    assert seen["process_resident_memory_bytes",] > 1e6


def test_no_label_comes_from_a_caller():
    with client_of(make_app()) as client:
        for n in range(30):
            client.get(f"/path-{n}", headers={"X-Request-ID": f"id-{n}"})
            client.post("/predict", json={"rows": [row(**{f"column {n}": 1, "class": f"c{n}"})]})
        text = client.get("/metrics").text
    assert "path-" not in text
    assert "column" not in text
    assert "id-" not in text


def test_a_scraper_may_ask_for_openmetrics():
    with client_of(make_app()) as client:
        answer = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_metrics_need_their_own_right(monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "k")
    with client_of(make_app(settings=Settings(api_key_rights="predict"))) as client:
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={"X-API-Key": "k"}).status_code == 403
    with client_of(make_app(settings=Settings(api_key_rights="metrics"))) as client:
        assert client.get("/metrics", headers={"X-API-Key": "k"}).status_code == 200
        assert client.post("/predict", json=GOLDEN_BODY, headers={"X-API-Key": "k"}).status_code == 403


def test_values_that_training_did_not_know_are_counted_by_column():
    with client_of(make_app()) as client:
        odd = [row(), row(rooms=12), row(rooms=0), row(**{"class": "new"}), row(**{"sepal length": None})]
        assert client.post("/predict", json={"rows": odd}).status_code == 200
        seen = samples(client)
    assert seen["nb2prod_feature_rows_total",] == 5
    assert seen["nb2prod_feature_out_of_range_total", "rooms"] == 2
    assert seen["nb2prod_feature_out_of_range_total", "sepal length"] == 0
    assert seen["nb2prod_feature_unseen_category_total", "class"] == 1
    assert seen["nb2prod_feature_missing_total", "sepal length"] == 1


def test_fault_63_an_empty_window_constant_missing_and_new_values_are_counted_and_nothing_more():
    """What a later look at drift reads. None of it is an error of the service, whatever is sent and however little."""
    app = make_app()
    with client_of(app) as client:
        assert not [
            name for name, *_ in samples(client) if name.startswith("nb2prod_feature_")
        ]  # nothing was asked yet
        assert client.post("/predict", json={"rows": []}).status_code == 200
        for rows in ([row()] * 20, [row(**{"sepal length": None})] * 3, [row(**{"class": "new"})] * 2):
            assert client.post("/predict", json={"rows": rows}).status_code == 200
        seen = samples(client)
    assert seen["nb2prod_feature_rows_total",] == 25
    assert seen["nb2prod_feature_missing_total", "sepal length"] == 3
    assert seen["nb2prod_feature_unseen_category_total", "class"] == 2
    assert not [name for name, *_ in seen if name == "nb2prod_errors_total"]


def test_of_many_rows_some_are_looked_at_evenly():
    counts = FeatureCounts()
    watch = FeatureWatch(SeenRows("rows", {"x": Seen(minimum=0, maximum=1)}), counts)

    watch.look(SimpleNamespace(rows=[{"x": 0.5 if n < 5_000 else 2} for n in range(10_000)]))
    assert (counts.looked_at, counts.outside["x"]) == (100, 50)


def test_an_observer_that_fails_is_counted_and_the_answer_is_sent(monkeypatch, caplog):
    monkeypatch.setattr(FeatureWatch, "look", lambda *_: 1 / 0)
    with client_of(make_app()) as client:
        assert [client.post("/predict", json=GOLDEN_BODY).status_code for _ in range(3)] == [200] * 3
        assert samples(client)["nb2prod_monitor_dropped_total", "observer"] == 3
    assert len([record for record in caplog.records if "could not be observed" in record.getMessage()]) == 1


def test_rows_that_are_no_objects_are_left_alone():
    counts = FeatureCounts()
    watch = FeatureWatch(SeenRows("rows", {"x": Seen(minimum=0, maximum=1)}), counts)

    watch.look(SimpleNamespace(rows=[1.0, 2.0]))
    assert counts.looked_at == 0


def test_rows_are_counted_when_somebody_asks_or_there_are_many():
    counts = FeatureCounts()
    watch = FeatureWatch(SeenRows("rows", {"x": Seen(minimum=0, maximum=1)}), counts)
    for _ in range(MOST_ROWS):
        assert counts.looked_at == 0
        watch.look(SimpleNamespace(rows=[{"x": 2}]))
    assert (counts.looked_at, counts.outside["x"]) == (MOST_ROWS, MOST_ROWS)
    watch.look(SimpleNamespace(rows=[{"x": None}]))
    watch.count()
    assert (counts.looked_at, counts.missing["x"]) == (MOST_ROWS + 1, 1)


@pytest.mark.parametrize("kind", ["full pipe", "closed pipe"])
def test_fault_62_a_log_that_nobody_reads_costs_lines_and_nothing_else(kind):
    reader, writer = os.pipe()
    os.set_blocking(writer, True)
    sink = log.Lines(writer)
    if kind == "closed pipe":
        os.close(reader)
    line = b"x" * 1000 + b"\n"
    started = time.perf_counter()
    for _ in range(log.MOST_LINES + 2_000):
        sink.put(line)
    assert time.perf_counter() - started < 5
    if kind == "full pipe":
        assert sink.dropped > 0
        assert os.read(reader, 65_536)  # the writer goes on once somebody reads
        os.close(reader)
    else:
        end = time.monotonic() + 20
        while not sink.dropped and time.monotonic() < end:
            time.sleep(0.01)
        assert sink.dropped > 0


def test_a_line_of_log_names_the_caller_and_no_key(start):
    server = start(NB2PROD_API_KEY="secret-key-4711")
    for key in ("secret-key-4711", "wrong-key-4712"):
        httpx.post(f"{server.url}/predict?api_key={key}", json=GOLDEN_BODY, headers={"X-API-Key": key})
    server.process.terminate()
    assert server.finish() == 0
    lines = [json.loads(line) for line in server.lines]
    assert [(line["caller"], line["status"]) for line in lines if line.get("route") == "/predict"] == [
        ("default", 200),
        (None, 401),
    ]
    assert "471" not in "".join(server.lines)
