"""The request log: what it keeps and what not, feedback, erasure, bounds, and that its failures cost no prediction."""

import csv
import json
import os
import random
import sqlite3
import subprocess
import sys

import httpx
import pytest

from nb2prod.serving import requests as requests_command
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import requests as request_log
from nb2prod.serving.telemetry.requests import RequestLog
from nb2prod.serving.telemetry.store import Store

from .conftest import HERE, client_of, wait_until
from .faults import figures, small_or_long
from .load import Load
from .sample_service import GOLDEN, Question, make_app
from .test_telemetry_metrics import row, samples

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(request_log, "GATHER_SECONDS", 0.01)
    monkeypatch.setattr(request_log, "FIRST_RETRY", 0.05)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "requests.sqlite"


def keeping(path, **more):
    return make_app(version="7", settings=Settings(request_log=str(path), **more))


def lines_of(path):
    store = Store(path)
    lines = list(requests_command.read_lines(store))
    store.close()
    return lines


def kept(path, query="SELECT count(*) FROM predictions"):
    try:
        with sqlite3.connect(path) as connection:
            return connection.execute(query).fetchone()[0]
    except sqlite3.Error:
        return 0


def test_each_row_is_kept_with_its_prediction(path):
    with client_of(keeping(path)) as client:
        client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "order-1"})
        client.post("/predict", json={"wrong": 1})
    first, second, third = lines_of(path)
    assert (first["request_id"], first["row"], first["model"], first["version"]) == ("order-1", 0, "sample", "7")
    assert (first["request.sepal length"], first["request.class"], first["prediction"]) == (5.1, "a", 8.1)
    assert (second["request.sepal length"], second["prediction"]) == (None, None)
    assert third["prediction"] == 5.0
    assert first["at"].startswith("20")
    assert first["caller"] == "anyone"


def test_every_protocol_is_kept(path):
    """Who asks by GraphQL is watched as well."""
    pytest.importorskip("graphql")
    rows = [{"sepal length": 5.1, "rooms": 3, "class": "a", "member": True}]
    query = "query ($rows: [Row!]!) { predict(rows: $rows) { predictions requestId } }"
    spelled = [{name.replace(" ", "_"): value for name, value in row.items()} for row in rows]
    with client_of(keeping(path, graphql=True)) as client:
        answered = client.post("/graphql", json={"query": query, "variables": {"rows": spelled}}).json()
        assert "errors" not in answered, answered
        client.post("/invocations", json={"dataframe_records": rows})
        client.post("/v2/models/sample/infer", json={"inputs": [
            {"name": name, "datatype": kind, "shape": [1], "data": [rows[0][name]]}
            for name, kind in (("sepal length", "FP64"), ("rooms", "INT64"), ("class", "BYTES"), ("member", "BOOL"))
        ]})  # fmt: skip
        client.post("/predict", json={"rows": rows})
    lines = lines_of(path)
    assert [line["protocol"] for line in lines] == ["graphql", "invocations", "v2", "predict"]
    assert {(line["request.sepal length"], line["prediction"]) for line in lines} == {(5.1, 8.1)}
    assert lines[0]["request_id"] == answered["data"]["predict"]["requestId"]


def test_redacted_columns_never_reach_the_file(path):
    with client_of(keeping(path, request_log_redact="class, sepal length")) as client:
        client.post("/predict", json={"rows": [row(**{"class": "very-private-4711"})]})
        wait_until(lambda: kept(path))
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"4711" not in content
    assert b"rooms" in content
    (line,) = lines_of(path)
    assert "request.class" not in line


def test_a_column_to_redact_that_does_not_exist_is_refused(path):
    with pytest.raises(ValueError, match="NB2PROD_REQUEST_LOG_REDACT: the request has no 'clas'"):
        keeping(path, request_log_redact="clas")


def test_requests_without_rows_are_kept_whole(path):
    app = make_app(request=Question, answer=lambda *_: {"a": 1}, golden=None, settings=Settings(request_log=str(path)))
    with client_of(app) as client:
        assert client.post("/predict", json={"question": "why", "k": 2}).status_code == 200
    (line,) = lines_of(path)
    assert (line["row"], line["request.question"], line["request.k"], line["prediction"]) == (None, "why", 2, {"a": 1})


def test_a_sample_is_kept(path, monkeypatch):
    draws = iter([0.1, 0.9, 0.2, 0.8])
    monkeypatch.setattr(random, "random", lambda: next(draws))
    with client_of(keeping(path, request_log_sample=0.5)) as client:
        for _ in range(4):
            client.post("/predict", json={"rows": [row()]})
    assert kept(path) == 2


def test_feedback_ties_a_later_truth_to_rows(path, tmp_path, capsys):
    with client_of(keeping(path)) as client:
        client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "a"})
        client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "b"})
        for told in (
            {"request_id": "a", "row": 1, "truth": 4},
            {"request_id": "a", "row": 1, "truth": 5},  # corrected
            {"request_id": "b", "truth": [1, 2, 3]},
            {"request_id": "never seen", "truth": 1},
        ):
            told["request_id"] = told["request_id"].replace(" ", "-")
            assert client.post("/feedback", json=told).status_code == 202
        assert samples(client)["nb2prod_feedback_total",] == 4
    assert [line["truth"] for line in lines_of(path)] == [None, 5, None, 1, 2, 3]
    for name in ("out.csv", "out.parquet"):
        assert requests_command.main(["--log", str(path), "export", "--to", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out.startswith("6 rows written")
    with (tmp_path / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [line["truth"] for line in table] == ["", "5", "", "1", "2", "3"]
    import pandas

    frame = pandas.read_parquet(tmp_path / "out.parquet")
    assert frame["prediction"].tolist()[::3] == [8.1, 8.1]
    assert frame["truth"].tolist()[3:] == [1, 2, 3]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"request_id": "a"}, 422),
        ({"truth": 1}, 422),
        ({"request_id": "a b", "truth": 1}, 422),
        ({"request_id": "a" * 129, "truth": 1}, 422),
        ({"request_id": "a", "truth": 1, "row": -1}, 422),
        ({"request_id": "a", "truth": 1, "extra": 1}, 422),
        ('{"request_id": "a", "truth": NaN}', 422),
        ('{"request_id": "a", "truth": 1, "truth": 2}', 400),
        ('{"request_id": "a", "truth": "\\ud800"}', 400),
        ("{", 400),
        ('{"request_id": "a", "truth": ' + "[" * 20_000 + "]" * 20_000 + "}", 400),
    ],
)
def test_feedback_that_is_none_is_refused(path, body, status):
    with client_of(keeping(path)) as client:
        content = body if isinstance(body, str) else json.dumps(body)
        answer = client.post("/feedback", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == status, answer.text


def test_without_a_log_there_is_no_feedback():
    with client_of(make_app()) as client:
        answer = client.post("/feedback", json={"request_id": "a", "truth": 1})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_request_log")


def test_an_id_is_erased_from_the_file_by_an_administrator(path, monkeypatch, caplog):
    monkeypatch.setenv("NB2PROD_API_KEY", "k")
    caplog.set_level("INFO", logger="nb2prod.serving.audit")
    headers = {"X-API-Key": "k"}
    with client_of(keeping(path, api_key_rights="predict admin")) as client:
        for name in ("keep", "gone"):
            body = {"rows": [row(**{"class": f"value-of-{name}"})]}
            client.post("/predict", json=body, headers=headers | {"X-Request-ID": name})
        client.post("/feedback", json={"request_id": "gone", "truth": "value-of-gone"}, headers=headers)
        assert client.delete("/admin/requests/gone").status_code == 401
        answer = client.delete("/admin/requests/gone", headers=headers)
        assert (answer.status_code, answer.json()) == (200, {"erased": 2})
        content = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert b"value-of-keep" in content
        assert b"value-of-gone" not in content
        assert client.delete("/admin/requests/gone", headers=headers).json() == {"erased": 0}
    audited = [record.fields for record in caplog.records if record.name == "nb2prod.serving.audit"]
    assert [(line["who"], line["status"], line.get("erased")) for line in audited] == [
        (None, 401, None),
        ("default", 200, "gone"),
        ("default", 200, "gone"),
    ]


def test_the_command_erases_while_the_service_runs(path, capsys):
    with client_of(keeping(path)) as client:
        client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "a"})
        wait_until(lambda: kept(path))
        assert requests_command.main(["--log", str(path), "erase", "a", "b"]) == 0
        assert capsys.readouterr().out == "1 entries erased\n"
        client.post("/predict", json=GOLDEN_BODY, headers={"X-Request-ID": "c"})
    assert kept(path) == 1


def test_the_command_tells_what_is_wrong_in_one_line(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("NB2PROD_REQUEST_LOG", raising=False)
    (tmp_path / "no.sqlite").write_text("this is no database " * 100)
    for log in ("missing.sqlite", "no.sqlite"):
        assert requests_command.main(["--log", str(tmp_path / log), "erase", "a"]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    for arguments in (["erase", "a"], ["--log", "x", "export", "--to", "a.xls"]):
        with pytest.raises(SystemExit):
            requests_command.main(arguments)


def test_texts_of_callers_are_no_formulas_in_csv(path, tmp_path):
    with client_of(keeping(path)) as client:
        client.post("/predict", json={"rows": [row(**{"class": "=cmd|' /C calc'!A0"})]})
    requests_command.main(["--log", str(path), "export", "--to", str(tmp_path / "out.csv")])
    assert "'=cmd" in (tmp_path / "out.csv").read_text()


def test_the_old_and_the_too_much_are_forgotten(path):
    now = [1_000_000.0]
    log = RequestLog(str(path), days=1, clock=lambda: now[0])
    store = Store(path)
    entry = ("a", 0.0, "predict", "m", "1", "c", 1, json.dumps({"x": "y" * 2_000}), "[1]", 1.0)
    store.write([(*entry[:1], now[0] - age * 86_400, *entry[2:]) for age in (0, 0.5, 2, 30)], [])
    log.start()
    log.stop()
    assert kept(path) == 2

    store.write([(*entry[:1], now[0] + n, *entry[2:]) for n in range(2_000)], [])
    assert store.used_bytes() > 2_000_000
    store.shrink_to(1_000_000)
    assert 500_000 < store.used_bytes() <= 1_000_000
    assert kept(path, "SELECT max(at) FROM predictions") == now[0] + 1_999  # the newest stay
    store.close()


# faults -------------------------------------------------------------------------------------------------------------


def test_fault_62_what_waits_is_bounded_in_entries_and_bytes(path, monkeypatch):
    monkeypatch.setattr(request_log, "MOST_WAITING", 10)
    log = RequestLog(str(path))  # not started: nobody writes
    told = [log.tell("a", "c", None, b"1") for _ in range(15)]
    assert (told.count(True), log.dropped) == (10, 5)
    other = RequestLog(str(path))
    assert not other.tell("a", "c", None, b"1" * (request_log.MOST_WAITING_BYTES + 1))


def _remove(path):
    for file in path.parent.iterdir():
        file.unlink()


def _replace(path):
    _remove(path)  # with its journal, from which SQLite would mend it
    path.write_bytes(b"this is no database " * 1000)


def _folder(path):
    _remove(path)
    path.mkdir()


BREAKS = {"removed": _remove, "replaced by rubbish": _replace, "replaced by a folder": _folder}


@pytest.mark.parametrize("break_it", BREAKS.values(), ids=BREAKS.keys())
def test_fault_62_predictions_go_on_when_the_file_is(path, break_it):
    with client_of(keeping(path)) as client:
        client.post("/predict", json=GOLDEN_BODY)
        wait_until(lambda: kept(path) == 1)
        break_it(path)

        def lost_or_kept() -> bool:
            assert client.post("/predict", json=GOLDEN_BODY).status_code == 200
            lost = samples(client)["nb2prod_monitor_dropped_total", "requests"]
            return bool(lost) if break_it is not _remove else kept(path) >= 1

        wait_until(lost_or_kept)
        # and the log comes back by itself
        if break_it is not _remove:
            for file in path.parent.iterdir():
                file.rmdir() if file.is_dir() else file.unlink()

        def is_kept() -> bool:
            assert client.post("/predict", json=GOLDEN_BODY).status_code == 200
            return kept(path) >= 1

        wait_until(is_kept)


def test_fault_62_predictions_go_on_when_another_process_locks_the_file(path, monkeypatch):
    from nb2prod.serving.telemetry import store

    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    with client_of(keeping(path)) as client:
        client.post("/predict", json=GOLDEN_BODY)
        wait_until(lambda: kept(path) == 1)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")

        def lost() -> bool:
            assert client.post("/predict", json=GOLDEN_BODY).status_code == 200
            return samples(client)["nb2prod_monitor_dropped_total", "requests"] > 0

        wait_until(lost)
        assert client.delete("/admin/requests/a").status_code == 403  # nobody administers without a key
        holder.execute("ROLLBACK")
        holder.close()


def test_fault_62_a_log_that_cannot_be_made_keeps_nothing_from_starting(tmp_path):
    with client_of(keeping(tmp_path / "no" / "such" / "folder.sqlite")) as client:
        assert client.post("/predict", json=GOLDEN_BODY).status_code == 200
        wait_until(lambda: samples(client)["nb2prod_monitor_dropped_total", "requests"] == 1)


def test_fault_62_predictions_go_on_when_the_disk_is_full(tmp_path):
    """A limit on the size of files stands for the disk: writes fail half-way, as they do there."""
    port_code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)); "
        "from nb2prod.serving.__main__ import main; sys.exit(main(['sample_service:app', '--port', '0']))"
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NB2PROD_")}
    environment = {"NB2PROD_REQUEST_LOG": str(tmp_path / "log.sqlite"), "NB2PROD_DRAIN_DELAY_SECONDS": "0"}
    process = subprocess.Popen(
        [sys.executable, "-c", port_code], cwd=HERE, env=inherited | environment, stderr=subprocess.PIPE, text=True
    )
    from .conftest import Server, is_ready

    server = Server(process, "127.0.0.1")
    try:
        wait_until(lambda: server.url and is_ready(server.url))
        body = {"rows": [row()] * 20}
        with Load(server.url, body, rate=small_or_long(200, 500)) as load:

            def dropped() -> float:
                text = httpx.get(f"{server.url}/metrics").text
                found = [
                    line
                    for line in text.splitlines()
                    if line.startswith('nb2prod_monitor_dropped_total{sink="requests"}')
                ]
                return float(found[0].split()[1])

            wait_until(lambda: dropped() > small_or_long(0, 2_000), 60)
        assert set(load.statuses) == {200}
        assert not load.errors
        figures("62", answered=len(load.answers), p99_ms=load.percentile(99) * 1000, dropped=dropped())
    finally:
        process.kill()
        server.finish()
