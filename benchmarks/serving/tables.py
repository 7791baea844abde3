"""The page of figures: ratios first, requests per second below."""

from collections.abc import Callable
from typing import Any

from benchmarks.serving.figures import Figures
from benchmarks.serving.servers import SERVERS

HEAD = """# How fast the service is

Made by `make bench-serving`: one server after the other, each on one core, the load on another. Models and their
libraries are the same everywhere. nb2prod runs as it is delivered, with key, validation, metrics and logging, but for
a queue of 512 requests and 60 s in place of 128 and 1 s in the closed loop; the peers run without any of these.
Absolute figures depend on the machine and on what else it does; ratios less so. The open loop sends 1,500 requests a
second at most, which is what its client can. nb2prod runs in the developers' environment, where libraries load torch
when they find it (some 200 MB that no container has): compare its memory in the table of containers.

"""
BATCHING = [name for name, server in SERVERS.items() if server.batches]
PEERS = [*BATCHING, "fastapi", "mlflow"]


def render(figures: Figures) -> str:
    parts = [HEAD, *(f"- {run}\n" for run in figures.runs)]
    tables = (_ratios, _peaks, _open, _overload)
    for kind in dict.fromkeys(kind for measure in ("peak", "open", "overload") for kind in figures.models(measure)):
        parts.append(f"\n## {kind}\n")
        parts += ["\n" + made for table in tables if (made := table(figures, kind))]
    for kind in figures.models("cold"):
        parts.append(f"\n## Containers: {kind}\n\n{_cold(figures, kind)}")
    if figures.failures:
        parts.append("\n## What did not run\n\n")
        parts += [f"- {what}: {why}\n" for what, why in figures.failures.items()]
    return "".join(parts)


def _ratios(figures: Figures, kind: str) -> str:
    """How many times as fast nb2prod is, point by point."""
    points = _points(figures, kind)

    def row(ours: str, theirs: list[str]) -> list[str]:
        cells = []
        for point in points:
            mine = figures.of("peak", kind, ours, *point)
            best = max((figures.of("peak", kind, name, *point) or 0.0 for name in theirs), default=0.0)
            cells.append(f"{mine / best:.2f}" if mine and best else "–")
        return cells

    rows = [
        ("the JSON echo", "nb2prod", ["echo"]),
        ("mlflow models serve", "nb2prod", ["mlflow"]),
        ("the best batching peer", "nb2prod", BATCHING),
        ("the best of all peers", "nb2prod", PEERS),
        ("the best batching peer, fast path off", "nb2prod-code", BATCHING),
        ("the best of all peers, fast path off", "nb2prod-code", PEERS),
    ]
    made = [(label, row(ours, theirs)) for label, ours, theirs in rows]
    return _table(
        ["nb2prod is … times as fast as", *map(_point, points)],
        [[label, *cells] for label, cells in made if any(cell != "–" for cell in cells)],
    )


def _peaks(figures: Figures, kind: str) -> str:
    points = _points(figures, kind)

    def row(name: str) -> list[str] | None:
        found = [figures.of("peak", kind, name, *point) for point in points]
        memory, start = figures.of("memory", kind, name), figures.of("start", kind, name)
        rates = [f"{each:,.0f}" if each else "–" for each in found]
        return [*rates, _megabytes(memory), f"{start:.1f}" if start else "–"] if any(found) else None

    head = ["requests per second", *map(_point, points), "MB resident", "s to ready"]
    return _table(head, _by_server(row))


def _open(figures: Figures, kind: str) -> str:
    def row(name: str) -> list[str] | None:
        found = figures.of("open", kind, name)
        return [f"{found[0]:,.0f}", *(f"{1e3 * each:.2f}" for each in found[1:])] if found else None

    return _table(["open loop, 1 row, half of its peak", "requests/s", "p50 ms", "p99 ms"], _by_server(row))


def _overload(figures: Figures, kind: str) -> str:
    def row(name: str) -> list[str] | None:
        found = figures.of("overload", kind, name)
        if not found:
            return None
        p99, recovery = found["p99"], found["recovery"]
        shares = [f"{100 * found[part]:.0f} %" for part in ("answered", "refused", "lost")]
        return [
            f"{5 * found['capacity']:,.0f} of {found['rows']}", *shares, f"{p99:.2f}" if p99 is not None else "–",
            f"{found['grown'] / 1e6:.0f}", f"{recovery:.2f}" if recovery is not None else "> 60",
        ]  # fmt: skip

    head = ["five times its capacity", "requests/s of rows", "answered", "429 or 503", "failed or lost",
            "p99 s of the answered", "MB grown", "s until it answers as before"]  # fmt: skip
    return _table(head, _by_server(row))


def _cold(figures: Figures, kind: str) -> str:
    def row(name: str) -> list[str] | None:
        found = figures.of("cold", kind, name)
        return [f"{found['seconds']:.2f}", _megabytes(found["memory"]), f"{found['starts']}"] if found else None

    return _table(["container", "s from docker run to ready (median)", "MB resident", "starts"], _by_server(row))


def _by_server(row: Callable[[str], list[str] | None]) -> list[list[str]]:
    return [[server.label, *cells] for name, server in SERVERS.items() if (cells := row(name)) is not None]


def _points(figures: Figures, kind: str) -> list[tuple[int, int]]:
    keys = [key.split("/") for key in figures.kept.get("peak", {})]
    return sorted({(int(rows), int(connections)) for model, _, rows, connections in keys if model == kind})


def _point(point: tuple[int, int]) -> str:
    rows, connections = point
    return f"{rows} row{'s' * (rows > 1)}, {connections} conn."


def _megabytes(value: Any) -> str:
    return f"{value / 1e6:.0f}" if value else "–"


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Empty without rows."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines) if rows else ""
