"""The end of the process: SIGTERM loses no request, and no connection is reset while callers may still come."""

import contextlib
import json
import random
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from nb2prod.serving.server.drain import refuse_handshakes

from .conftest import wait_until
from .faults import figures, small_or_long
from .load import Load
from .sample_service import GOLDEN

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
PAUSING = {"rows": [GOLDEN_BODY["rows"][0] | {"class": "pause"}]}
LIVE = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def read_answer(connection: socket.socket) -> bytes:
    """Head and body of the answer to LIVE."""
    received = b""
    while not received.endswith(b"}"):
        chunk = connection.recv(65_536)
        assert chunk, received
        received += chunk
    return received.lower()


def test_fault_45_sigterm_with_50_in_flight_answers_50(start):
    server = start(NB2PROD_DRAIN_DELAY_SECONDS="1")
    limits = httpx.Limits(max_connections=60)
    with httpx.Client(base_url=server.url, timeout=30, limits=limits) as client, ThreadPoolExecutor(50) as pool:
        slow = {"rows": [GOLDEN_BODY["rows"][0] | {"class": "pause"}] * 25}
        answers = [pool.submit(client.post, "/predict", json=slow) for _ in range(50)]
        wait_until(lambda: any('"event":"request"' in line and "/predict" in line for line in server.lines))
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(f"{server.url}/health/ready").json()["status"] == "draining")
        assert httpx.get(f"{server.url}/health/ready").status_code == 503
        assert httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 200  # new work, in the delay
        assert [answer.result().status_code for answer in answers] == [200] * 50
    assert server.finish() == 0


def test_fault_46_idle_and_just_accepted_connections_are_answered_or_closed_in_words(start):
    server = start(NB2PROD_DRAIN_DELAY_SECONDS="1")
    idle = [connect(server.url) for _ in range(10)]
    for connection in idle:
        connection.sendall(LIVE)
        assert b"connection: close" not in read_answer(connection)
    new = [connect(server.url) for _ in range(10)]
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(f"{server.url}/health/ready").json()["status"] == "draining")
    late = [connect(server.url) for _ in range(10)]
    for connection in [*idle, *new, *late]:
        connection.sendall(LIVE)
        answered = read_answer(connection)
        assert answered.startswith(b"http/1.1 200")
        assert b"connection: close" in answered
        assert connection.recv(65_536) == b""  # closed, not reset
    assert server.finish() == 0


def test_stops_under_load_lose_no_request(start):
    """Callers leave when readiness fails or a connection is refused, as a load balancer makes them."""
    stops = small_or_long(2, 100)
    asked = refused = late = 0
    slowest = 0.0
    for _ in range(stops):
        server = start(NB2PROD_DRAIN_DELAY_SECONDS="0.5")
        loads = [
            Load(server.url, GOLDEN_BODY, rate=100),
            Load(server.url, PAUSING, rate=50, keep_alive=False),
        ]
        with contextlib.ExitStack() as stack:
            for load in loads:
                stack.enter_context(load)
            wait_until(lambda loads=loads: all(len(load.answers) > 10 for load in loads))
            time.sleep(random.uniform(0, 0.1))  # at any moment
            told = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            assert server.finish() == 0
            slowest = max(slowest, time.monotonic() - told)
        for load in loads:
            assert load.errors == []
            assert set(load.statuses) == {200}
        asked += sum(len(load.answers) for load in loads)
        refused += sum(load.refused for load in loads)
        late += sum(load.late for load in loads)
    figures(
        "45, 46",
        stops=stops,
        answered=asked,
        lost=0,
        refused_after_the_end=refused,
        sent_too_late=late,
        slowest_stop_s=slowest,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
def test_no_handshake_is_answered_any_more_and_the_ones_that_were_are_kept():
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as late:
        before = socket.create_connection(listener.getsockname())
        refuse_handshakes(listener.fileno())
        late.settimeout(0.2)
        with pytest.raises(TimeoutError):
            late.connect(listener.getsockname())
        accepted, _ = listener.accept()
        accepted.sendall(b"hello")
        assert before.recv(5) == b"hello"


def test_a_connection_that_stays_silent_does_not_hold_the_end_up(start):
    server = start()
    with connect(server.url), connect(server.url) as half:
        half.sendall(b"POST /predict HTTP/1.1\r\nHost")
        server.process.send_signal(signal.SIGTERM)
        assert server.finish() == 0


def test_fault_47_after_sigkill_it_is_ready_again(start):
    server = start()
    server.process.kill()
    server.finish()
    before = time.monotonic()
    assert httpx.post(f"{start().url}/predict", json=GOLDEN_BODY).status_code == 200
    figures("47", ready_again_s=time.monotonic() - before)


def test_fault_59_a_crash_below_python_names_its_line(start):
    server = start()
    with contextlib.suppress(httpx.TransportError):
        httpx.post(f"{server.url}/predict", json={"rows": [GOLDEN_BODY["rows"][0] | {"class": "crash"}]})
    assert server.finish() == -signal.SIGSEGV
    assert any("sample_service.py" in line for line in server.lines)
    assert httpx.post(f"{start().url}/predict", json=GOLDEN_BODY).status_code == 200
