"""How the time of the analysis grows with a notebook: beside Python's own parser and symbol tables over the same cells.

    python benchmarks/analysis_speed.py

Two notebooks: one as people write them, and one where every cell changes a frame that everything made before shares.
Targets: linear in cells; at most 15 times parser and symbol tables for 1,000 cells.
"""

import ast
import json
import symtable
import time

from nb2prod.analysis.graph import build_graph
from nb2prod.model.notebook import Notebook
from nb2prod.notebook.read import read_notebook
from nb2prod.plan.cut import find_boundary
from nb2prod.plan.selection import select

ORDINARY = """def clean_{i}(rows):
    \"\"\"What cell {i} does to rows.\"\"\"
    rows = rows.copy()
    rows["ratio_{i}"] = rows["a"] / rows["b"].fillna(mean_{before})
    return rows

table_{i} = clean_{i}(table_{before})
mean_{i} = table_{i}["a"].mean()  # needed below
table_{i}.head()
if mean_{i} > 3:
    plt.plot(table_{i}["a"], label=f"{{mean_{i}:.2f}}")
"""
SHARED = """df["c{i}"] = df["a"] * {i}
model_{i} = Model(df).fit(df["c{i}"])
models.append(model_{i})
print(model_{i}.score(df))
"""
START = """import matplotlib.pyplot as plt
from lib import Model, load
models = []
df = table_0 = load()
mean_0 = df.mean()
"""


def notebook(pattern: str, cells: int) -> Notebook:
    sources = [("training", START)]
    sources += [("training", pattern.format(i=i, before=i - 1)) for i in range(1, cells - 2)]
    sources += [("request", "rows = load()"), ("inference", "mean_0 + len(rows)")]
    document = {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}},
        "cells": [
            {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": [role]}, "source": source, "outputs": [],
             "execution_count": None}
            for n, (role, source) in enumerate(sources)
        ],
    }  # fmt: skip
    return read_notebook(json.dumps(document).encode(), "speed.ipynb")


def seconds_of_python(read: Notebook) -> float:
    start = time.perf_counter()
    for cell in read.cells:
        ast.parse(cell.python or "")
        symtable.symtable(cell.python or "", "<cell>", "exec")
    return time.perf_counter() - start


def seconds_of_analysis(read: Notebook) -> float:
    start = time.perf_counter()
    graph = build_graph(read)
    boundary, _ = find_boundary(graph)
    assert boundary is not None
    select(graph, boundary, boundary.metrics)
    return time.perf_counter() - start


def main() -> None:
    print(f"{'notebook':10} {'cells':>6} {'python ms':>10} {'analysis ms':>12} {'ratio':>6} {'µs per cell':>12}")
    for name, pattern in (("ordinary", ORDINARY), ("shared", SHARED)):
        for cells in (100, 200, 1000, 4000):
            read = notebook(pattern, cells)
            python, analysis = seconds_of_python(read), seconds_of_analysis(read)
            line = f"{name:10} {cells:6} {python * 1e3:10.1f} {analysis * 1e3:12.1f} {analysis / python:6.1f}"
            print(f"{line} {analysis / cells * 1e6:12.0f}")


if __name__ == "__main__":
    main()
