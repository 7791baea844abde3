"""Keys of the environment and of a file: rights, rates, expiry, and what happens when the file changes."""

import asyncio
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from nb2prod.serving import access as access_package
from nb2prod.serving.access import Access
from nb2prod.serving.access.callers import Rate, Window, read_rate
from nb2prod.serving.access.keys import read_keys
from nb2prod.serving.keys import main as keys_command
from nb2prod.serving.problem import Problem
from nb2prod.serving.settings import Settings

from .conftest import client_of, wait_until
from .sample_service import GOLDEN, make_app

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


def line(name: str, key: str, rights: str = "predict", **more: str) -> str:
    entries = [f'sha256 = "{hashlib.sha256(key.encode()).hexdigest()}"', f"rights = {json.dumps(rights.split())}"]
    entries += [f"{field} = {value}" for field, value in more.items()]
    return f"{name} = {{ {', '.join(entries)} }}\n"


def send(key: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), (b"x-api-key", key.encode())]


def refused(access: Access, key: str, right: str = "predict") -> int:
    with pytest.raises(Problem) as problem:
        access.admit(send(key), right)
    return problem.value.status


@pytest.fixture
def keys_file(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text(line("shop", "s1") + line("grafana", "g1", "metrics") + line("ops", "o1", "predict metrics admin"))
    return path


@pytest.fixture
def quick_polls(monkeypatch):
    monkeypatch.setattr(access_package, "POLL_SECONDS", 0.02)


@pytest.mark.parametrize(
    ("key", "may", "may_not"),
    [
        ("s1", ["predict"], ["metrics", "admin"]),
        ("g1", ["metrics"], ["predict", "admin"]),
        ("o1", ["predict", "metrics", "admin"], []),
    ],
)
def test_each_key_has_its_rights_and_no_others(keys_file, key, may, may_not):
    access = Access(Settings(keys_file=str(keys_file)), {})
    assert len({access.admit(send(key), right).id for right in may}) == 1
    assert [refused(access, key, right) for right in may_not] == [403] * len(may_not)
    assert refused(access, key + "x") == 401


def test_the_key_of_the_environment_predicts_and_reads_metrics_but_administers_only_if_told_so():
    access = Access(Settings(), {"NB2PROD_API_KEY": "k"})
    assert access.admit(send("k"), "predict").rights == {"predict", "metrics"}
    assert refused(access, "k", "admin") == 403
    trusted = Access(Settings(api_key_rights="predict, admin"), {"NB2PROD_API_KEY": "k"})
    assert trusted.admit(send("k"), "admin").id == "default"


def test_without_keys_everyone_here_predicts_and_nobody_administers():
    access = Access(Settings(), {})
    assert not access.is_configured
    assert access.admit([], "predict") is access.admit([], "metrics")
    assert refused(access, "anything", "admin") == 403


def test_an_expired_key_is_unknown(tmp_path):
    path = tmp_path / "keys"
    past, coming = (f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 1))
    path.write_text(line("old", "k1", expires=past) + line("new", "k2", expires=coming))
    access = Access(Settings(keys_file=str(path)), {})
    assert refused(access, "k1") == 401
    assert access.admit(send("k2"), "predict").id == "new"


def test_the_file_may_be_json():
    digest = hashlib.sha256(b"k").hexdigest()
    keys = read_keys(json.dumps({"shop": {"sha256": digest, "rights": ["predict"]}}).encode(), None)
    assert keys["shop"].caller.rights == {"predict"}


BROKEN = {
    "empty": "",
    "comment only": "# nothing\n",
    "no TOML": "shop = {",
    "short digest": 'shop = { sha256 = "abc", rights = ["predict"] }',
    "unknown right": line("shop", "k", "root"),
    "no right": line("shop", "k", ""),
    "unknown field": line("shop", "k", secret='"k"'),
    "no rate": line("shop", "k", rate='"often"'),
    "twice the same name": line("shop", "k") + line("shop", "j"),
    "a key instead of its digest": 'shop = "nb2_secret"',
    "nested without end": "a = " + "[" * 50_000,
    "no UTF-8": "a = \udcff",
    "expires without a zone": line("shop", "k", expires="2027-01-01T00:00:00"),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_fault_64_a_broken_or_empty_file_is_refused_at_start(tmp_path, content):
    path = tmp_path / "keys.toml"
    path.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match="NB2PROD_KEYS_FILE"):
        Access(Settings(keys_file=str(path)), {})


def test_fault_64_a_missing_file_is_refused_at_start(tmp_path):
    with pytest.raises(ValueError, match="NB2PROD_KEYS_FILE"):
        Access(Settings(keys_file=str(tmp_path / "none")), {})


@pytest.mark.parametrize("content", [*BROKEN.values(), None], ids=[*BROKEN, "removed"])
def test_fault_64_the_old_keys_stay_when_the_file_breaks_or_goes(keys_file, quick_polls, caplog, content):
    access = Access(Settings(keys_file=str(keys_file)), {})

    async def break_it() -> None:
        watching = asyncio.create_task(access.watch())
        if content is None:
            keys_file.unlink()
        else:
            keys_file.write_bytes(content.encode(errors="surrogateescape"))
        async with asyncio.timeout(20):
            while not caplog.records:
                await asyncio.sleep(0.01)
        watching.cancel()

    asyncio.run(break_it())
    assert caplog.records[0].getMessage() == "keys could not be read again: the old ones stay"
    assert access.admit(send("s1"), "predict").id == "shop"


def test_fault_64_during_a_rotation_both_keys_are_valid(keys_file, quick_polls, monkeypatch):
    monkeypatch.setenv("NB2PROD_KEYS_FILE", str(keys_file))
    with client_of(make_app(settings=Settings(keys_file=str(keys_file)))) as client:

        def status(key: str) -> int:
            return client.post("/predict", json=GOLDEN_BODY, headers={"X-API-Key": key}).status_code

        assert (status("s1"), status("s2")) == (200, 401)
        aside = keys_file.with_name("aside")
        aside.write_text(keys_file.read_text() + line("shop-next", "s2"))
        aside.replace(keys_file)
        wait_until(lambda: status("s2") == 200)
        assert status("s1") == 200
        keys_file.write_text(line("shop-next", "s2"))
        wait_until(lambda: status("s1") == 401)
        assert status("s2") == 200


def test_a_rate_is_a_moving_window_and_a_refused_request_counts_for_nothing():
    now = [100.0]
    window = Window(Rate(3, 10), clock=lambda: now[0])
    for now[0] in (100.0, 101.0, 105.0):
        window.take()
    now[0] = 106.0
    for _ in range(5):
        with pytest.raises(Problem) as problem:
            window.take()
    assert (problem.value.status, problem.value.headers["Retry-After"]) == (429, "4")
    assert problem.value.headers["RateLimit-Policy"] == '"requests";q=3;w=10'
    now[0] = 110.0
    window.take()
    with pytest.raises(Problem):
        window.take()


def test_fault_65_a_clock_that_is_set_changes_no_rate(monkeypatch):
    import time

    window = Window(Rate(1, 3600))
    window.take()
    for days in (1, -1, 365):
        monkeypatch.setattr(time, "time", lambda days=days: 1_800_000_000.0 + 86_400 * days)
        with pytest.raises(Problem):
            window.take()


def test_fault_65_the_service_reads_the_wall_clock_only_for_dates():
    """Deadlines, rates and pauses are monotonic. Dates are for expiry of keys and tokens, and for records."""
    from pathlib import Path

    import nb2prod.serving

    folder = Path(nb2prod.serving.__file__).parent
    readers = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if any(word in path.read_text() for word in ("time.time(", "time.time_ns(", "datetime.now("))
    }
    assert readers <= {
        "access/keys.py",
        "access/tokens.py",
        "keys.py",
        "log.py",
        "telemetry/tracing.py",
    }


@pytest.mark.parametrize(
    ("text", "rate"),
    [("100/second", (100, 1)), ("6000/minute", (6000, 60)), ("5 / 15 minutes", (5, 900)), ("1/day", (1, 86_400))],
)
def test_rates_are_written_as_people_do(text, rate):
    assert read_rate(text) == Rate(*rate)


@pytest.mark.parametrize("text", ["", "100", "0/second", "-1/second", "1/fortnight", "1e9/second", "200000/second"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="rate"):
        read_rate(text)


def test_each_key_has_its_own_count(tmp_path):
    path = tmp_path / "keys"
    path.write_text(line("a", "k1") + line("b", "k2", rate='"2/hour"'))
    with client_of(make_app(settings=Settings(keys_file=str(path), rate="1/hour"))) as client:

        def statuses(key: str, times: int) -> list[int]:
            headers = {"X-API-Key": key}
            return [client.post("/predict", json=GOLDEN_BODY, headers=headers).status_code for _ in range(times)]

        assert statuses("k1", 2) == [200, 429]
        assert statuses("k2", 3) == [200, 200, 429]
        answer = client.post("/predict", json=GOLDEN_BODY, headers={"X-API-Key": "k1"})
        assert 3500 < int(answer.headers["retry-after"]) <= 3600
        assert answer.json()["error"]["code"] == "rate_limited"


def test_a_rotated_file_does_not_forget_who_asked_too_often():
    first = read_keys(line("a", "k1").encode(), Rate(1, 3600))
    first["a"].caller.window.take()
    again = read_keys((line("a", "k1") + line("b", "k2")).encode(), Rate(1, 3600), first)
    with pytest.raises(Problem):
        again["a"].caller.window.take()


def test_the_command_makes_a_key_and_its_line(capsys, tmp_path):
    assert keys_command(["new", "shop", "--right", "predict", "--right", "metrics", "--days", "30"]) == 0
    key, entry = capsys.readouterr().out.splitlines()
    assert key not in entry
    path = tmp_path / "keys.toml"
    path.write_text(entry)
    access = Access(Settings(keys_file=str(path)), {})
    assert access.admit(send(key), "metrics").id == "shop"


def test_the_command_needs_the_standard_library_alone():
    code = "import sys, nb2prod.serving.keys; sys.exit(any(n in sys.modules for n in ('starlette', 'msgspec')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_process_with_a_file_of_keys_may_listen_everywhere(start, keys_file):
    server = start("--host", "0.0.0.0", NB2PROD_KEYS_FILE=str(keys_file))
    answers = [
        httpx.post(f"{server.url}/predict", json=GOLDEN_BODY, headers={"X-API-Key": k}).status_code
        for k in ("s1", "g1", "nothing")
    ]
    assert answers == [200, 403, 401]
    assert "s1" not in "".join(server.lines)
