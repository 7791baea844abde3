"""What `papermill --engine nb2prod` costs beside papermill alone, on the same notebook, without an image.

    python benchmarks/papermill_overhead.py [--seconds 0 20] [--repeat 3] [--mutants 30] [--json]

The notebook trains a model and waits, so that papermill alone takes about the seconds that are asked for. Each pair
runs in a folder of its own, in turn; the cache of wheels and environments is warm (a first pair is not counted).
Printed are medians, the overhead, and where it goes: the steps of the build as its report tells them, and what is left
over (the start of nb2prod, locks, the report).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CELLS = (
    ("parameters", "rows = 2000  # how many\nseconds = {seconds}  # how long training takes at least\n"),
    ("imports", "import time\n\nimport numpy as np\nfrom sklearn.linear_model import LogisticRegression\n"),
    ("training", "rng = np.random.default_rng(7)\nX = rng.normal(size=(rows, 4))\ny = (X[:, 0] > X[:, 1]).astype(int)\n"
                 "model = LogisticRegression().fit(X, y)\n"),
    ("", "time.sleep(seconds)\n"),
    ("evaluation", "accuracy = float(model.score(X, y))\n"),
    ("request", "points = X[:3]\n"),
    ("inference", "labels = model.predict(points)\nlabels\n"),
)  # fmt: skip


def write_notebook(path: Path, seconds: float) -> None:
    cells = [
        {
            "cell_type": "code", "id": f"cell-{number}", "metadata": {"tags": [tag] if tag else []}, "outputs": [],
            "execution_count": None, "source": source.replace("{seconds}", str(seconds)),
        }
        for number, (tag, source) in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})
    )


def timed(folder: Path, mutants: int, *options: str) -> float:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NB2PROD_") or k == "NB2PROD_CACHE"}
    command = [sys.executable, "-m", "papermill", *options, "n.ipynb", "out.ipynb", "--no-progress-bar"]
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env=environment | {"NB2PROD_MUTANTS": str(mutants)}
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    return time.perf_counter() - start


def steps_of(folder: Path) -> dict[str, float]:
    """Seconds by step, as papermill's report cell tells them."""
    cells = json.loads((folder / "out.ipynb").read_text())["cells"]
    report = "".join(cells[-1]["source"])
    (line,) = [line for line in report.splitlines() if line.startswith("Steps: ")]
    found = {}
    for part in line.removeprefix("Steps: ").split(" · "):
        name, _, took = part.partition(" ")
        minutes, _, seconds = took.removesuffix(" s").rpartition(" min ")
        found[name] = 60 * float(minutes or 0) + float(seconds)
    return found


def measure(seconds: float, repeat: int, mutants: int) -> dict[str, Any]:
    alone, engine, steps = [], [], []
    for number in range(repeat + 1):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            write_notebook(Path(first, "n.ipynb"), seconds)
            write_notebook(Path(second, "n.ipynb"), seconds)
            pair = timed(Path(first), mutants), timed(Path(second), mutants, "--engine", "nb2prod")
            if number:  # the first one fills the caches
                alone.append(pair[0])
                engine.append(pair[1])
                steps.append(steps_of(Path(second)))
    names = list(steps[0])
    middle = {name: statistics.median(each[name] for each in steps) for name in names}
    base, whole = statistics.median(alone), statistics.median(engine)
    rest = whole - sum(middle.values())
    return {
        "seconds": seconds, "papermill": base, "engine": whole, "overhead": whole - base,
        "percent": 100 * (whole - base) / base, "steps": middle, "rest": rest,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[0, 20, 60])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--mutants", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    results = [measure(seconds, options.repeat, options.mutants) for seconds in options.seconds]
    if options.json:
        print(json.dumps(results, indent=1))
        return
    for one in results:
        print(f"a notebook that waits {one['seconds']:g} s: {one['papermill']:.1f} s by papermill alone,")
        print(f"{one['engine']:.1f} s with nb2prod: {one['overhead']:.1f} s more, {one['percent']:.0f} %")
        for name, took in one["steps"].items():
            print(f"    {name:8} {took:6.1f} s")
        print(f"    {'rest':8} {one['rest']:6.1f} s")


if __name__ == "__main__":
    main()
