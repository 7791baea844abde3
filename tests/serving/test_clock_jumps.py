"""The wall clock of a running service is set a day back and forth: what counts time does not notice."""

import json
import shutil
import subprocess
import time
from types import SimpleNamespace

import httpx
import pytest

from .conftest import HERE, wait_until
from .faults import figures, small_or_long
from .load import Load
from .test_serving_process import GOLDEN_BODY, HEAD, talk

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
DAY = 86_400


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    path = tmp_path_factory.mktemp("shim") / "wall_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path, HERE / "wall_clock.c", "-ldl"], check=True)
    return path


@pytest.fixture
def clock(shim, tmp_path):
    """`environment` for a process whose wall clock `set` moves, by the seconds in `file`."""

    def set_clock(seconds: int) -> None:
        aside = tmp_path / "shift.new"
        aside.write_text(str(seconds))
        aside.replace(tmp_path / "shift")

    set_clock(0)
    file = tmp_path / "shift"
    return SimpleNamespace(
        file=file, set=set_clock, environment={"LD_PRELOAD": str(shim), "WALL_CLOCK_FILE": str(file)}
    )


def test_fault_65_requests_rates_and_deadlines_go_on_while_the_clock_jumps(start, clock):
    server = start(
        NB2PROD_API_KEY="k",
        NB2PROD_RATE="100000/second",
        NB2PROD_BODY_SECONDS="2",
        NB2PROD_REQUEST_LOG=str(clock.file.with_name("log.sqlite")),
        **clock.environment,
    )
    with Load(server.url, GOLDEN_BODY, rate=100, headers="X-API-Key: k\r\n") as load:
        for shift in small_or_long([DAY, -DAY, 0], [DAY, -DAY, 0, 365 * DAY, -365 * DAY, 0] * 5):
            clock.set(shift)
            before = len(load.answers)
            wait_until(lambda before=before: len(load.answers) > before + 30)
        clock.set(-DAY)
        began = time.monotonic()
        head = HEAD + b"X-API-Key: k\r\nContent-Length: 20\r\n\r\n"
        assert talk(server.url, head).split()[1] == b"408"  # the deadline of a body that never comes
        assert 1 < time.monotonic() - began < 20
    assert set(load.statuses) == {200}
    assert not load.errors
    figures("65", answered=len(load.answers), p99_ms=load.percentile(99) * 1000)
    # the shim works: lines of log are dated as the clock says
    days = {json.loads(line)["time"][:10] for line in server.lines if '"event":"request"' in line}
    assert len(days) >= 3


def test_fault_65_a_rate_is_neither_forgotten_nor_kept_for_a_day(start, clock):
    server = start(NB2PROD_API_KEY="k", NB2PROD_RATE="1/5 seconds", **clock.environment)

    def status() -> int:
        return httpx.post(f"{server.url}/predict", json=GOLDEN_BODY, headers={"X-API-Key": "k"}).status_code

    wait_until(lambda: status() == 429)
    clock.set(DAY)
    assert status() == 429  # it is not a day later
    clock.set(-DAY)
    wait_until(lambda: status() == 200)  # and the window moves on all the same
