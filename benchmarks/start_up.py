"""How long `nb2prod --help` takes, as a ratio to `python -c pass`, and `nb2prod check` to parsing the same cells.

The limit of both is 10. Each command is run in turn, many times; the medians are compared, so that other work on the
machine falls on both alike.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
# Compiled modules are kept, as they are where nb2prod is installed.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
CELL = """frame_{n} = source.assign(
    ratio=source["a"] / source["b"].clip(lower={n}),
    total=source[["a", "b", "c"]].sum(axis=1),
)
for name in ["a", "b", "c"]:
    if name in frame_{n}:
        frame_{n}[name] = frame_{n}[name].fillna(frame_{n}[name].median())
def score_{n}(rows, weight={n}):
    return [(row * weight) ** 2 for row in rows if row is not None]
"""
PARSE = """
import ast, json, sys
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    ast.parse("".join(cell["source"]))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "notebook.ipynb"
        notebook.write_text(json.dumps(document(200)), encoding="utf-8")
        python = [sys.executable]
        empty, help_text, parse, check = medians(
            [*python, "-c", "pass"],
            [*python, "-m", "nb2prod", "--help"],
            [*python, "-c", PARSE, str(notebook)],
            [*python, "-m", "nb2prod", "check", str(notebook)],
        )
    print(f"python -c pass        {empty * 1000:6.1f} ms")
    print(f"nb2prod --help        {help_text * 1000:6.1f} ms   {help_text / empty:4.1f} x")
    print(f"ast.parse, 200 cells  {parse * 1000:6.1f} ms")
    print(f"nb2prod check         {check * 1000:6.1f} ms   {check / parse:4.1f} x")


def document(count: int) -> dict[str, object]:
    def cell(source: str, number: int, tags: list[str]) -> dict[str, object]:
        metadata = {"tags": tags}
        return {"cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source,
                "execution_count": None, "outputs": []}  # fmt: skip

    cells = [cell("import pandas as pd\nsource = pd.read_csv('rows.csv')", 0, ["imports"])]
    cells += [cell(CELL.format(n=n), n, []) for n in range(1, count - 2)]
    cells.append(cell("rows = source.head(3)", count, ["request"]))
    cells.append(cell(f"score_{count - 3}(rows['a'])", count + 1, ["inference"]))
    return {"cells": cells, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}


def medians(*commands: list[str]) -> list[float]:
    """Median wall time in seconds of each command; they take turns."""
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(RUNS):
        for command, taken in zip(commands, seconds, strict=True):
            start = time.perf_counter()
            subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in seconds]


if __name__ == "__main__":
    main()
