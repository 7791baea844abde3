"""Versions exchanged under load: no request fails, each is answered by one version, and memory stays where it is."""

import json
import subprocess
import sys
import threading
import time

import httpx
import psutil
import pytest

from .faults import LONG, figures, small_or_long
from .load import Load
from .versions import BODY, write_code, write_version


@pytest.fixture
def admin(start, tmp_path):
    """A client with the right to swap, of a server with the good versions v0 to v9 and some bad ones; the versions."""
    for number in range(10):
        write_version(tmp_path / "models" / f"v{number}", float(number))
    write_version(tmp_path / "models" / "damaged", 1.0)
    (tmp_path / "models" / "damaged" / "artifacts" / "offset.json").write_text("{}")
    write_version(tmp_path / "models" / "other", 1.0)
    write_code(tmp_path / "models" / "other" / "src", schema="other")
    write_version(tmp_path / "models" / "slow", 1.0, slow=small_or_long(1, 30))
    server = start(
        NB2PROD_API_KEY="boss",
        NB2PROD_API_KEY_RIGHTS="predict admin",
        NB2PROD_MODELS=str(tmp_path / "models"),
        SAMPLE_CODE=str(write_code(tmp_path / "src")),
    )
    with httpx.Client(base_url=server.url, headers={"X-API-Key": "boss"}, timeout=60) as client:
        client.server = server
        yield client


def swap(admin, source):
    return admin.post("/admin/model", json={"source": source}).status_code


def load_of(admin, rate=200):
    return Load(str(admin.base_url), BODY, rate=rate, headers="X-API-Key: boss\r\n")


def assert_one_version_each(load):
    """The label and the predictions of each answer are of the same version."""
    assert load.errors == []
    assert set(load.statuses) == {200}
    for answer in load.answers:
        body = json.loads(answer.body)
        version = body["model"]["version"]
        offset = 0.0 if version is None else float(version[1:])
        assert body["predictions"] == pytest.approx([8.1 + offset, None, 5.0 + offset])


def test_fault_48_swaps_with_bad_versions_among_them_fail_no_request(admin):
    swaps = small_or_long(40, 1000)
    memory = psutil.Process(admin.server.process.pid).memory_info
    with load_of(admin) as quiet:
        time.sleep(small_or_long(1, 10))
    assert swap(admin, "v9") == 200
    before = memory().rss
    with load_of(admin) as load:
        for number in range(swaps):
            if number % 10 == 9:
                assert swap(admin, ("damaged", "other")[number // 10 % 2]) in (409, 422)
            else:
                assert swap(admin, f"v{number % 10}") == 200
            time.sleep(0.01)
    grown = (memory().rss - before) / 2**20
    assert_one_version_each(load)
    figures(
        "48",
        swaps=swaps,
        bad=swaps // 10,
        answered=len(load.answers),
        failed=0,
        p99_ms=1000 * load.percentile(99),
        p99_quiet_ms=1000 * quiet.percentile(99),
        rss_growth_mb=grown,
    )
    assert grown < 50


def test_fault_49_a_version_that_loads_slowly_disturbs_nobody(admin):
    answers = []
    with load_of(admin) as load:
        loading = threading.Thread(target=lambda: answers.append(swap(admin, "slow")))
        loading.start()
        loading.join()
    assert_one_version_each_is_old(load)
    figures("49", answered=len(load.answers), p99_ms=1000 * load.percentile(99))


def assert_one_version_each_is_old(load):
    assert load.errors == []
    assert set(load.statuses) == {200}
    assert load.percentile(100) < 5 or not LONG


def test_fault_51_rollback_under_load_is_instant(admin):
    assert swap(admin, "v1") == 200
    assert swap(admin, "v2") == 200
    with load_of(admin) as load:
        time.sleep(0.3)
        before = time.monotonic()
        assert admin.post("/admin/rollback").status_code == 200
        seconds = time.monotonic() - before
        time.sleep(0.3)
    assert_one_version_each(load)
    assert json.loads(load.answers[-1].body)["model"]["version"] == "v1"
    figures("51", rollback_ms=1000 * seconds)
    assert seconds < 1 or not LONG


def test_fault_52_beyond_capacity_the_rest_is_told_so_and_it_recovers(start):
    """A model that takes 20 ms a row, one row a prediction: 50 a second at most, and 32 wait 640 ms at most.

    So slow that this client, on the same machine, can really send twenty times as much.
    """
    server = start(NB2PROD_MAX_BATCH_ROWS="1", NB2PROD_MAX_PENDING="32")
    body = {"rows": [BODY["rows"][0] | {"class": "doze"}]}
    memory = psutil.Process(server.process.pid).memory_info
    seconds = small_or_long(1.5, 20)
    with Load(server.url, body, rate=25) as easy:
        time.sleep(seconds)
    before = memory().rss
    for times in small_or_long((5,), (2, 5, 20)):
        with Load(server.url, body, rate=50 * times, keep_bodies=False) as load:
            time.sleep(seconds)
        ended = time.monotonic()
        while httpx.post(f"{server.url}/predict", json=body).status_code != 200:
            assert time.monotonic() - ended < small_or_long(60, 1)
        recovered = time.monotonic() - ended
        grown = (memory().rss - before) / 2**20
        figures(
            "52",
            times=times,
            sent=len(load.answers),
            answered=load.statuses,
            p99_accepted_ms=1000 * load.percentile(99, served=True),
            p99_easy_ms=1000 * easy.percentile(99, served=True),
            rss_growth_mb=grown,
            recovery_s=recovered,
        )
        assert set(load.statuses) <= {200, 503}
        assert all(b"retry-after" in answer.headers.lower() for answer in load.answers if answer.status == 503)
        assert load.errors == []
        assert grown < 50


@pytest.mark.skipif(not LONG, reason="make test-faults")
def test_fault_61_stolen_cpu_takes_no_liveness(start):
    server = start()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(8)]
    try:
        slowest = 0.0
        with Load(server.url, BODY, rate=50) as load:
            for _ in range(100):
                before = time.monotonic()
                assert httpx.get(f"{server.url}/health/live").status_code == 200
                slowest = max(slowest, time.monotonic() - before)
                time.sleep(0.1)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    figures("61", slowest_liveness_s=slowest, answered=load.statuses, p99_ms=1000 * load.percentile(99, served=True))
    assert slowest < 5 or not LONG  # as the image's health check waits
    assert set(load.statuses) == {200}
