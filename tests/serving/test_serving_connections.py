"""Clients that hold connections and never ask, ask slowly, ask too much, or do not read; and files run out."""

import contextlib
import json
import socket
import threading
import time
from contextlib import ExitStack

import httpx
import psutil
import pytest

from .conftest import wait_until
from .faults import LONG, figures, small_or_long
from .load import Load
from .sample_service import GOLDEN

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


def connect(url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


def read_all(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(65_536):
        received += chunk
    return received


def connections_of(server) -> int:
    return len(psutil.Process(server.process.pid).net_connections("tcp")) - 1  # it listens, too


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"POST /pre", HEAD], ids=["silent", "empty line", "line", "headers"])
def test_a_connection_that_does_not_ask_is_closed(start, sent):
    server = start(NB2PROD_HEADER_SECONDS="0.3")
    with connect(server.url) as connection:
        connection.sendall(sent)
        answered = read_all(connection)  # ends when the server closes
    assert answered.split()[1] == b"408"


ASK = HEAD + b"Content-Length: %d\r\n%b\r\n%b"


@pytest.mark.parametrize(
    ("extra", "says"), [(b"", False), (b"Connection: close\r\n", True)], ids=["kept", "to be closed"]
)
def test_a_connection_ends_after_its_silence_or_when_the_caller_says_so(start, extra, says):
    server = start(NB2PROD_KEEP_ALIVE_SECONDS="0.5")
    body = json.dumps(GOLDEN_BODY).encode()
    with connect(server.url) as connection:
        connection.sendall(ASK % (len(body), extra, body) * 2)  # the second is sent before the first is answered
        answers = read_all(connection)  # ends when the server closes
    assert answers.count(b"HTTP/1.1 200 OK") == (1 if says else 2)
    assert (b"connection: close\r\n" in answers) == says
    assert answers.count(b"x-content-type-options: nosniff") == answers.count(b"HTTP/1.1 200 OK")
    assert not [line for line in server.lines if "slow connections" in line]


def test_a_body_in_parts_is_answered_like_one_in_a_piece(start):
    server = start()
    body = json.dumps(GOLDEN_BODY).encode()
    whole = ASK % (len(body), b"Connection: close\r\nX-Request-ID: one\r\n", body)
    answers = []
    for parts in ([whole], [whole[:-20], whole[-20:]], [whole[:40], whole[40 : -len(body)], body]):
        with connect(server.url) as connection:
            for part in parts:
                connection.sendall(part)
                time.sleep(0.1)
            head, _, content = read_all(connection).partition(b"\r\n\r\n")
            answers.append((sorted(line for line in head.lower().split(b"\r\n") if line[:5] != b"date:"), content))
    assert answers[0] == answers[1] == answers[2]
    assert b"x-request-id: one" in answers[0][0]


def test_fault_53_slow_clients_are_cut_and_a_good_one_is_answered(start):
    """The long one with the limits as they are delivered: cut within 10 seconds."""
    each, limits = small_or_long((30, {"NB2PROD_HEADER_SECONDS": "1", "NB2PROD_BODY_SECONDS": "1"}), (500, {}))
    server = start(**limits)
    before = time.monotonic()
    with ExitStack() as stack:
        load = stack.enter_context(Load(server.url, GOLDEN_BODY, rate=50, keep_alive=False))
        slow = []
        for start_of_request in (b"POST /predict HTTP/1.1\r\nX-A: ", HEAD + b"Content-Length: 99999\r\n\r\n", b""):
            for _ in range(each):
                slow.append(stack.enter_context(connect(server.url)))
                slow[-1].sendall(start_of_request)
        opened = time.monotonic() - before
        trickling = threading.Event()

        def trickle() -> None:
            while not trickling.wait(0.2):
                for connection in slow[: 2 * each]:
                    with contextlib.suppress(OSError):  # it is cut already
                        connection.send(b"a")

        thread = threading.Thread(target=trickle)
        thread.start()
        wait_until(lambda: connections_of(server) < each // 2, seconds=60)
        cut = time.monotonic() - before - opened
        trickling.set()
        thread.join()
    figures("53", slow=3 * each, opened_s=opened, all_cut_s=cut, good=load.statuses, lost=len(load.errors))
    assert load.errors == []
    assert set(load.statuses) == {200}
    # What a good request waited at most is what this machine is late by.
    assert cut < 10 + load.percentile(100) or not LONG


def test_fault_54_a_client_that_never_reads_is_cut_and_nobody_waits_for_it(start):
    server = start(NB2PROD_WRITE_SECONDS="0.5", NB2PROD_MAX_ROWS="1000000")
    rows = GOLDEN_BODY["rows"] * 30_000
    body = json.dumps({"rows": rows}).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        host, _, port = server.url.removeprefix("http://").partition(":")
        connection.connect((host, int(port)))
        for _ in range(8):  # answers of about 500 kB each, more than sockets hold
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 200)
        wait_until(lambda: any("slow connections cut" in line for line in server.lines))
        wait_until(lambda: connections_of(server) == 0)


def test_fault_55_large_headers_are_431_and_flat(start):
    server = start()
    for parts in ([b"X-A: " + b"a" * 65_536 + b"\r\n\r\n"], [b"X-%d: 1\r\n" % n * 100 for n in range(200)]):
        with connect(server.url) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n")
            for part in parts:
                connection.sendall(part)
            assert read_all(connection).split()[1] == b"431"
    assert httpx.get(f"{server.url}/health/live", headers={"X-A": "a" * 16_000}).status_code == 200


def test_fault_55_a_body_without_an_end_is_413_however_it_is_cut(start):
    megabytes, chunks = small_or_long((30, 20_000), (1000, 1_000_000))
    server = start()
    memory = psutil.Process(server.process.pid).memory_info
    before = memory().rss
    with connect(server.url) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        piece = b"100000\r\n" + b" " * 2**20 + b"\r\n"
        with contextlib.suppress(OSError):  # it has heard enough
            for _ in range(megabytes):
                connection.sendall(piece)
        assert connection.recv(65_536).split()[1] == b"413"
    with connect(server.url) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(chunks // 1000):
            connection.sendall(b"1\r\n \r\n" * 1000)
        connection.sendall(b"0\r\n\r\n")
        answered = connection.recv(65_536)
    grown = (memory().rss - before) / 2**20
    figures("55", megabytes=megabytes, chunks=chunks, answered=answered[:12].decode(), rss_growth_mb=grown)
    assert answered.split()[1] == b"400"
    assert grown < 50


def test_trailers_have_a_limit(start):
    server = start(NB2PROD_MAX_BODY_BYTES="10000")
    with connect(server.url) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n")
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"X-Trailer: a\r\n" * 10)
        assert connection.recv(65_536).split()[1] == b"413"


def test_a_refused_upload_is_told_so_although_it_goes_on_sending(start):
    server = start()
    answer = httpx.post(
        f"{server.url}/predict", content=iter([b" " * 2**20] * 64), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_connections_beyond_the_limit_are_503_and_the_others_unaffected(start):
    server = start(NB2PROD_MAX_CONNECTIONS="4")
    with ExitStack() as stack:
        kept = [stack.enter_context(httpx.Client(base_url=server.url)) for _ in range(4)]
        wait_until(lambda: [client.get("/health/live").status_code for client in kept] == [200] * 4)
        refused = httpx.get(f"{server.url}/health/live")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"]["code"] == "too_many_connections"
        assert [client.get("/health/live").status_code for client in kept] == [200] * 4
    wait_until(lambda: httpx.get(f"{server.url}/health/live").status_code == 200)


def test_fault_56_callers_that_hang_up_while_it_predicts_leave_nothing_behind(start):
    count = small_or_long(50, 1000)
    server = start()
    process = psutil.Process(server.process.pid)
    body = json.dumps({"rows": [GOLDEN_BODY["rows"][0] | {"class": "pause"}]}).encode()

    def hang_up(times: int) -> tuple[int, int]:
        for _ in range(times):
            with connect(server.url) as connection:
                connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        wait_until(lambda: connections_of(server) == 0)
        # What they asked for still waits to be predicted, and may fill the queue.
        wait_until(lambda: httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 200)
        wait_until(lambda: connections_of(server) == 0)
        return process.num_fds(), process.memory_info().rss

    files, memory = hang_up(count)
    files_after, memory_after = hang_up(count)
    grown = (memory_after - memory) / 2**20
    figures("56", hung_up=2 * count, files=files_after - files, rss_growth_mb=grown)
    assert files_after <= files
    assert grown < 10


def test_fault_60_where_files_run_out_it_goes_on(start):
    server = start(files=64)
    with ExitStack() as stack:
        for _ in range(100):
            connection = stack.enter_context(socket.socket())
            connection.setblocking(False)
            host, _, port = server.url.removeprefix("http://").partition(":")
            connection.connect_ex((host, int(port)))
        time.sleep(1)
        assert server.process.poll() is None
    wait_until(lambda: httpx.get(f"{server.url}/health/live").status_code == 200)
    assert httpx.post(f"{server.url}/predict", json=GOLDEN_BODY).status_code == 200
    assert len(server.lines) < 40 or LONG
