"""A notebook that is converted once, and copies of its folder to be edited."""

import json
from pathlib import Path

from nb2prod.steps.diff import Diff, diff_project
from nb2prod.steps.merging import Merged, merge_sides
from nb2prod.steps.sides import read_sides
from nb2prod.steps.sync import prove, write_merged
from tests.builds.command import nb2prod
from tests.builds.notebooks import Cell, document

CELLS: tuple[Cell, ...] = (
    ("imports", "import math\nfrom statistics import fmean"),
    ("parameters", "rounds = 3  # how often\nshare = 0.5\nname = 'line'"),
    ("", "prices = [12.0, 15.0,\n          30.0, 18.0]  # by week\nmiddle = fmean(prices)"),
    ("functions", "LIMIT = 100.0\n\n\ndef scaled(values):\n  # around the middle\n  return [min((v - middle) / LIMIT, 1.0) for v in values]"),  # noqa: E501
    ("preprocessing", "def rows_of(values):\n    return [{'x': value} for value in scaled(values)]"),
    ("training", "rows = rows_of(prices)\n\n# the slope\nslope = sum(row['x'] for row in rows) * share\nfor _ in range(rounds):\n    slope = slope / 2 + 0.1\nprint(slope)\nline = {'slope': slope, 'start': math.sqrt(2)}"),  # noqa: E501
    ("evaluation", "steepness = abs(line['slope']);"),
    ("request", "points = [12.0, 25.0]"),
    (
        "inference",
        "inputs = rows_of(points)\nheights = [line['slope'] * row['x'] + line['start'] for row in inputs]\nheights",
    ),
    ("test", "assert len(heights) == len(points)"),
)  # fmt: skip
TRAIN, PREDICT, FEATURES = ("src/line/train.py", "src/line/predict.py", "src/line/features.py")
PARAMS, TESTS = "src/line/params.py", "tests/test_notebook.py"


def convert_line(folder: Path) -> None:
    """The notebook, and its project in `out`."""
    body = document(*CELLS)
    for number, cell in enumerate(body["cells"]):
        cell["id"] = f"c{number}"
        cell["source"] = cell["source"].splitlines(keepends=True)
    (folder / "line.ipynb").write_text(json.dumps(body, indent=1), encoding="utf-8")
    done = nb2prod("convert", "line.ipynb", "-o", "out", "--json", "--mutants", "0", cwd=folder)
    assert done.code == 0, done.stderr


class Folder:
    """A copy of the converted folder."""

    def __init__(self, folder: Path) -> None:
        self.notebook, self.project = folder / "line.ipynb", folder / "out"

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.project / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1
        file.write_text(text.replace(old, new), encoding="utf-8")

    def change(self, cell: int, old: str, new: str) -> None:
        """Edit the notebook itself."""
        body = json.loads(self.notebook.read_bytes())
        source = "".join(body["cells"][cell - 1]["source"])
        assert source.count(old) == 1
        body["cells"][cell - 1]["source"] = source.replace(old, new)
        self.notebook.write_text(json.dumps(body, indent=1), encoding="utf-8")

    def cells(self) -> list[str]:
        return ["".join(cell["source"]) for cell in json.loads(self.notebook.read_bytes())["cells"]]

    def diff(self) -> Diff:
        return diff_project(self.notebook, self.project)

    def merge(self) -> Merged:
        return merge_sides(read_sides(self.notebook, self.project))

    def sync(self) -> dict[int, str]:
        """As `sync --no-run`; the changed cells."""
        merged = self.merge()
        assert merged.conflicts == ()
        assert not any(difference.lost for difference in prove(merged, None))
        write_merged(merged)
        return {update.cell: update.after for update in merged.updates}
