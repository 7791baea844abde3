"""The page of figures: ratios first, requests per second below."""

from typing import Any

from benchmarks.serving.servers import SERVERS

Results = dict[str, Any]
"""`points`: (rows, connections); `figures`: (model, server, rows, connections) -> requests/s; `open`: (model, server)
-> (rate, p50, p99); `failures`: what -> why; `memory`: (model, server) -> bytes; `machine`."""

HEAD = """# How fast the service is

Made by `make bench-serving`; all servers in one run, one after the other, each on one core, the load on another.
Models and their libraries are the same everywhere. nb2prod runs as it is delivered: key, validation, metrics and
logging on; the peers run without any of these. Absolute figures depend on the machine and on what else it does;
ratios less so.

"""


def render(results: Results) -> str:
    parts = [HEAD, f"*{results['machine']}.*\n"]
    for kind in dict.fromkeys(key[0] for key in results["figures"]):
        parts += [f"\n## {kind}\n", _ratios(results, kind), "\n", _figures(results, kind), "\n", _open(results, kind)]
    if results["failures"]:
        parts.append("\n## What did not run\n\n")
        parts += [f"- {what}: {why}\n" for what, why in results["failures"].items()]
    return "".join(parts)


def _ratios(results: Results, kind: str) -> str:
    """How many times as fast nb2prod is, point by point."""
    figures, points = results["figures"], results["points"]
    batching = [name for name, server in SERVERS.items() if server.batches]
    peers = [*batching, "fastapi", "mlflow"]
    lines = [_line(["nb2prod is … times as fast as", *map(_point, points)]), _line(["---"] * (1 + len(points)))]

    def row(label: str, ours: str, theirs: list[str]) -> None:
        cells = []
        for rows, connections in points:
            mine = figures.get((kind, ours, rows, connections))
            best = max((figures.get((kind, name, rows, connections), 0.0) for name in theirs), default=0.0)
            cells.append(f"{mine / best:.2f}" if mine and best else "–")
        if any(cell != "–" for cell in cells):
            lines.append(_line([label, *cells]))

    row("the JSON echo", "nb2prod", ["echo"])
    row("mlflow models serve", "nb2prod", ["mlflow"])
    row("the best batching peer", "nb2prod", batching)
    row("the best of all peers", "nb2prod", peers)
    row("the best batching peer, fast path off", "nb2prod-code", batching)
    row("the best of all peers, fast path off", "nb2prod-code", peers)
    return "\n".join(lines) + "\n"


def _figures(results: Results, kind: str) -> str:
    points = results["points"]
    lines = [_line(["requests per second", *map(_point, points), "MB resident"]), _line(["---"] * (2 + len(points)))]
    for name, server in SERVERS.items():
        found = [results["figures"].get((kind, name, *point)) for point in points]
        if any(found):
            memory = results.get("memory", {}).get((kind, name))
            lines.append(
                _line([server.label, *(f"{each:,.0f}" if each else "–" for each in found),
                       f"{memory / 1e6:.0f}" if memory else "–"])
            )  # fmt: skip
    return "\n".join(lines) + "\n"


def _open(results: Results, kind: str) -> str:
    lines = []
    for name, server in SERVERS.items():
        found = results["open"].get((kind, name))
        if found:
            rate, middle, high = found
            lines.append(_line([server.label, f"{rate:,.0f}", f"{middle * 1e3:.2f}", f"{high * 1e3:.2f}"]))
    if not lines:
        return ""
    head = [_line(["open loop, 1 row, half of its peak", "requests/s", "p50 ms", "p99 ms"]), _line(["---"] * 4)]
    return "\n".join([*head, *lines]) + "\n"


def _point(point: tuple[int, int]) -> str:
    rows, connections = point
    return f"{rows} row{'s' * (rows > 1)}, {connections} conn."


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def plain(results: Results) -> dict[str, Any]:
    """The same with texts as keys, for JSON."""
    return {
        name: {" ".join(map(str, key)) if isinstance(key, tuple) else key: value for key, value in part.items()}
        if isinstance(part, dict) else part
        for name, part in results.items()
    }  # fmt: skip
