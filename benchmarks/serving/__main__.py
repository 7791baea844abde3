"""`python -m benchmarks.serving [--quick] [--only peak,open] [--models linear,forest] [--servers nb2prod,mlflow]`

Every server in turn on core 0, the load on core 1:

    peak       closed loop (wrk): requests per second at 1, 32 and 256 connections, of 1 and of 100 rows
    open       open loop: latency from the planned time, at half of the peak
    overload   open loop at five times the peak: who is answered, who is refused, memory, recovery
    cold       containers: from `docker run` to ready, and resident memory (the first model, unless one is named)
    prepare    environments, projects and images only: what the others need, and what takes long

A run keeps what earlier ones measured (build/bench-serving/figures.json; --fresh begins anew), so the page can be made
in pieces. A server that fails leaves a gap and its reason; the others go on.
"""

import argparse
import signal
import sys
from pathlib import Path

from benchmarks.serving import cold, overload, speed, tables
from benchmarks.serving.figures import Figures, read_figures
from benchmarks.serving.models import ROOT, build, notebooks
from benchmarks.serving.servers import SERVERS, Server, make_environment

WORK = ROOT / "build" / "bench-serving"
PAGE = ROOT / "docs" / "serving-figures.md"
MEASURES = ("peak", "open", "overload", "cold")
MODELS = ("linear", "forest", "boosting", "text", "torch")
FULL = [(rows, connections) for rows in (1, 100) for connections in (1, 32, 256)]
QUICK = [(1, 1), (1, 32), (100, 32)]
OVERLOADED = "forest"
"""The model that is overloaded unless another is named: slow enough for the open-loop client to be faster."""


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server that runs is ended, too
    figures = read_figures(WORK / "figures.json", fresh=options.fresh)
    figures.begin(options.only, options.models or ["all"], options.servers or ["all"])
    chosen = [SERVERS[name] for name in options.servers or SERVERS]
    usable = [server for server in chosen if _has_environment(server, figures)]
    paths = notebooks(WORK / "notebooks")
    models = options.models or (["linear", "forest"] if options.quick else list(MODELS))
    projects = {kind: _project(kind, paths[kind], figures) for kind in models}
    built = {kind: project for kind, project in projects.items() if project is not None}
    seconds = options.seconds or (2.0 if options.quick else 2.5)
    points = QUICK if options.quick else FULL
    for kind, project in built.items():
        if {"peak", "open"} & set(options.only):
            for server in usable:
                speed.measure(server, kind, project, WORK, points if "peak" in options.only else [], seconds,
                              with_open="open" in options.only, figures=figures)  # fmt: skip
        if "overload" in options.only and (kind == OVERLOADED or options.models):
            for server in usable:
                overload.measure(server, kind, project, WORK, seconds, figures)
    if "cold" in options.only or "prepare" in options.only:
        kind = next(iter(built), None)
        if kind is not None:
            starts = 0 if options.only == ["prepare"] else 2 if options.quick else 5
            cold.measure(usable, kind, paths[kind], built[kind], WORK, starts, figures)
    text = tables.render(figures)
    sys.stdout.write(text)
    if not options.no_page and options.only != ["prepare"]:
        PAGE.write_text(text, encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    def names(known: tuple[str, ...]) -> object:
        def read(text: str) -> list[str]:
            found = text.split(",")
            if unknown := set(found) - set(known):
                raise argparse.ArgumentTypeError(f"no such name: {', '.join(sorted(unknown))}; of {', '.join(known)}")
            return found

        return read

    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__.splitlines()[2])
    parser.add_argument("--only", type=names((*MEASURES, "prepare")), default=list(MEASURES), metavar="MEASURES")
    parser.add_argument("--models", type=names(MODELS), help=f"of {', '.join(MODELS)}")
    parser.add_argument("--servers", type=names(tuple(SERVERS)), help=f"of {', '.join(SERVERS)}")
    parser.add_argument("--quick", action="store_true", help="two models, three points, two seconds each")
    parser.add_argument("--seconds", type=float, help="of each point")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs measured")
    parser.add_argument("--no-page", action="store_true", help="print only")
    return parser.parse_args()


def _has_environment(server: Server, figures: Figures) -> bool:
    with figures.noting("environment", "", server.name):
        make_environment(server)
        return True
    return False


def _project(kind: str, notebook: Path, figures: Figures) -> Path | None:
    with figures.noting("build", kind, ""):
        return build(kind, notebook, WORK / "projects")
    return None


if __name__ == "__main__":
    sys.exit(main())
