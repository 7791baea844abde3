"""How long 200 small notebooks take `nb2prod check` in one call, beside reading and parsing them.

    python benchmarks/many_notebooks.py [COUNT]

Three programs, each one process from start to end, in turn, several times; the medians are compared:

    json.loads and ast.parse      what no checker can do without
    nbformat.read and ast.parse   the straightforward script: read, validate, parse
    nb2prod check                 all that `check` finds, with as many workers as there are cores

The limit is 3 times the straightforward script. The notebooks are of the kind people have: load, look, clean, fit,
score, plot, predict, with saved outputs; no two are the same.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 5
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
CELLS = (
    ("", "markdown", "# Model {n}\n\nWhat we try, and why."),
    ("parameters", "code", "seed = {n}\nalpha = 0.{n}"),
    ("imports", "code", """import numpy as np
import pandas as pd
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split"""),
    ("training", "code", """rng = np.random.default_rng(seed)
rows = pd.DataFrame({{
    'size': rng.normal(90, {n} + 5, 400),
    'rooms': rng.integers(1, 7, 400),
    'age': rng.uniform(0, 80, 400),
}})
rows['price'] = 2.5 * rows['size'] + 11 * rows['rooms'] - 0.3 * rows['age'] + rng.normal(0, 9, 400)"""),
    ("", "code", "rows.describe().round({n} % 3)"),
    ("preprocessing", "code", """def features_{n}(table):
    table = table.copy()
    table['per_room'] = table['size'] / table['rooms'].clip(lower=1)
    table['old'] = (table['age'] > {n}).astype(int)
    return table[['size', 'rooms', 'age', 'per_room', 'old']]"""),
    ("", "markdown", "## Fit\n\nNothing special."),
    ("training", "code", """X_train, X_test, y_train, y_test = train_test_split(
    features_{n}(rows), rows['price'], random_state=seed
)
model = Ridge(alpha=alpha).fit(X_train, y_train)"""),
    ("evaluation", "code", """error = float(np.abs(model.predict(X_test) - y_test).mean())
print(f'error {{error:.2f}}')"""),
    ("", "code", """import matplotlib.pyplot as plt

plt.scatter(y_test, model.predict(X_test), s={n} % 9 + 1)
plt.xlabel('price')
plt.show()"""),
    ("request", "code", "ask = pd.DataFrame({{'size': [55.0, 120.0], 'rooms': [2, {n} % 5 + 1], 'age': [30.0, 5.0]}})"),
    ("inference", "code", "answer = model.predict(features_{n}(ask)).round(1)\nanswer"),
)  # fmt: skip
OUTPUT = {"output_type": "stream", "name": "stdout", "text": ["error 7.25\n", "a few lines\n", "of what was printed\n"]}

PLAIN = """
import ast, json, pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ipynb")):
    for cell in json.loads(path.read_bytes())["cells"]:
        if cell["cell_type"] == "code":
            ast.parse("".join(cell["source"]))
"""
SCRIPT = """
import ast, pathlib, sys
import nbformat
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ipynb")):
    notebook = nbformat.read(path, as_version=4)  # validates as well
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
"""


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            Path(folder, f"n{number:04}.ipynb").write_text(json.dumps(document(number), indent=1), encoding="utf-8")
        python = sys.executable
        commands = {
            "json.loads and ast.parse": [python, "-c", PLAIN, folder],
            "nbformat.read and ast.parse": [python, "-c", SCRIPT, folder],
            "nb2prod check": [python, "-m", "nb2prod", "check", folder, "--json"],
            "nb2prod check --jobs 1": [python, "-m", "nb2prod", "check", folder, "--json", "--jobs", "1"],
        }
        took = medians(commands)
    script = took["nbformat.read and ast.parse"]
    print(f"{count} notebooks of {len(CELLS)} cells, {os.cpu_count()} cores, median of {RUNS}")
    for name, (wall, cpu) in took.items():
        times = f"{wall:6.2f} s  {wall / count * 1000:6.2f} ms each  {wall / script[0]:5.2f} x"
        print(f"{name:30} {times}    CPU {cpu:5.2f} s {cpu / script[1]:5.2f} x")


def document(number: int) -> dict[str, object]:
    cells = []
    for index, (tag, kind, source) in enumerate(CELLS):
        text = source.format(n=number).splitlines(keepends=True)
        metadata = {"tags": [tag]} if tag else {}
        cell = {"cell_type": kind, "id": f"c{index}", "metadata": metadata, "source": text}
        if kind == "code":
            cell |= {"execution_count": index, "outputs": [OUTPUT] if tag == "evaluation" else []}
        cells.append(cell)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def medians(commands: dict[str, list[str]]) -> dict[str, tuple[float, float]]:
    """Of each command's wall time and of its processor time, after one run that does not count."""
    walls: dict[str, list[float]] = {name: [] for name in commands}
    cpus: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, command in commands.items():
            start, before = time.perf_counter(), cpu_of_children()
            done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
            if done.returncode:
                raise SystemExit(f"{name}: {done.stdout.decode()[-1000:]}{done.stderr.decode()[-1000:]}")
            if turn:
                walls[name].append(time.perf_counter() - start)
                cpus[name].append(cpu_of_children() - before)
    return {name: (statistics.median(walls[name]), statistics.median(cpus[name])) for name in commands}


def cpu_of_children() -> float:
    """Seconds, of all that ended and of theirs; other work on the machine hardly counts in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
