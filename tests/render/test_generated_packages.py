"""Generated packages as a reader and their tools see them: laid out, checked, typed, the same twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nb2prod.render.manifest import line_maps
from nb2prod.render.project import VERSION, example_body
from nb2prod.render.templates import fill
from tests.plan.equality import Converted, convert
from tests.plan.mapped_lines import wrong_lines

MANY_THINGS = """
# %% imports
import math
from dataclasses import dataclass
from statistics import mean as average
# %% parameters
alpha = 2.0  # the penalty
sizes = [1, 2]
label: str | None = None
# %% functions
STEP = 4
@dataclass
class Model:
    weights: list[float]
    def predict(self, rows):
        return [w * r for w, r in zip(self.weights, rows)]
def only_training(x):
    return math.floor(x)
def shared(x):
    # what both sides do
    return (x - centre) / STEP
# %% training
rows = [float(only_training(s)) for s in sizes] + [alpha]
centre = average(rows)

# the model itself
model = Model([shared(r) for r in rows])
# %% evaluation
error = abs(sum(model.weights))
# %% request
new = [1.0, 2.0]
# %% inference
ready = [shared(n) for n in new]
model.predict(ready)
"""

NOTHING_MUCH = """
# %% training
model = pow(3, 1)
# %% request
value = 9
# %% inference
value + model
"""

RE_BOUND = """
# %% parameters
alpha = 2
# %% training
alpha *= pow(2, 1)
model = [alpha]
# %% request
rows = [{"a": 1}]
# %% inference
for row in rows:
    row["a"] += model[0]
text = f"{model} {alpha}"
[rows, text]
# %% evaluation
score = len(rows)
# %% training
model = score + 1
# %% evaluation
late = model * 2
"""

PACKAGES = {"many things": MANY_THINGS, "nothing much": NOTHING_MUCH, "re-bound": RE_BOUND}


def converted(text: str) -> Converted:
    found = convert(text)
    assert isinstance(found, Converted), found
    return found


def module(made: Converted, name: str) -> str:
    return next((text for path, text in made.sources.items() if path.endswith(f"/{name}.py")), "")


@pytest.mark.parametrize("text", PACKAGES.values(), ids=PACKAGES)
def test_a_package_passes_ruff_and_mypy_as_its_own_settings_say(text: str, tmp_path: Path) -> None:
    made = converted(text)
    for path, source in made.sources.items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not path.endswith("service.py"):
            target.write_text(source)
    package = made.plan.package
    stub = "from pathlib import Path\nfrom typing import Any\n\n\n"
    stub += "def load_artifacts(folder: Path | None) -> dict[str, Any]:\n"
    stub += "    return {}\n\n\ndef save_artifacts(folder: Path, values: dict[str, Any]) -> None:\n    pass\n"
    (tmp_path / "src" / package / "artifacts.py").write_text(stub)
    (tmp_path / "pyproject.toml").write_text(
        fill(
            "project/pyproject.toml.jinja",
            package=package,
            own_version=VERSION,
            python="3.11",
            untyped="",
            own=(),
            parts=(),
        )
    )
    for tool in (["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]):
        done = subprocess.run([sys.executable, "-m", *tool], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_rendering_twice_gives_the_same_bytes() -> None:
    one, other = converted(MANY_THINGS), converted(MANY_THINGS)
    names = (one.plan.package, other.plan.package)
    assert [t.replace(names[0], "p") for t in one.sources.values()] == [
        t.replace(names[1], "p") for t in other.sources.values()
    ]


def test_what_only_training_uses_stays_in_train() -> None:
    made = converted(MANY_THINGS)
    assert "def only_training" in module(made, "train")
    assert "only_training" not in module(made, "features")
    assert "def shared(x, *, centre):" in module(made, "features")
    assert "class Model" in module(made, "features")


def test_a_package_without_shared_code_has_no_features() -> None:
    assert module(converted(NOTHING_MUCH), "features") == ""


def test_it_reads_as_written() -> None:
    train = module(converted(MANY_THINGS), "train")
    assert "centre = average(rows)\n\n    # the model itself\n    model = Model(" in train
    assert "shared(r, centre=centre)" in train
    assert "alpha: float = 2.0  # the penalty" in module(converted(MANY_THINGS), "params")
    predict = module(converted(MANY_THINGS), "predict")
    assert "return self.model.predict(ready)" in predict
    assert "(notebook cell 7)" in predict


@pytest.mark.parametrize("text", PACKAGES.values(), ids=PACKAGES)
def test_every_mapped_line_holds_what_the_notebook_line_holds(text: str) -> None:
    made = converted(text)
    maps = line_maps(made.graph, made.plan, made.sources)
    assert wrong_lines(made.graph.notebook, made.plan, made.sources, maps) == []
    assert all(pairs == sorted(pairs) for pairs in maps.values())
    json.dumps(maps)


TWO_FUNCTIONS_IMPORT = """
# %% functions
def first(x):
    import json
    import math
    return math.floor(x)
class Scale:
    import json
    def of(self, y):
        from math import sqrt, floor
        from math import ceil
        return ceil(sqrt(y))
def both(x):
    import json
    return Scale().of(first(x)) + json.loads("1")
# %% training
model = both(17.5)
# %% request
value = 3
# %% inference
value + model + both(4.0)
"""


def test_imports_inside_functions_are_found_though_they_are_sorted_and_taken_out() -> None:
    made = converted(TWO_FUNCTIONS_IMPORT)
    ((path, pairs),) = [(p, lines) for p, lines in line_maps(made.graph, made.plan, made.sources).items()
                        if p.endswith("features.py")]  # fmt: skip
    lines = made.sources[path].split("\n")
    imports = [
        (lines[n - 1].strip(), line) for n, _, line in pairs if lines[n - 1].strip().startswith(("import", "from"))
    ]
    both = "from math import ceil, sqrt"
    assert imports == [("import math", 3), ("import json", 6), (both, 8), (both, 9), ("import json", 12)]


def test_the_example_of_a_history_is_the_whole_history() -> None:
    history = {"rows": [1.0, 2.0, 3.0]}
    assert example_body(history, [0.5, 0.6, 0.7], 2) == {"rows": [1.0, 2.0]}
    assert example_body(history, [4.0], 2) == history
    assert example_body({"rows": list(range(1000))}, [4.0], 2) == {"rows": [0, 1]}
    assert example_body({"x": [1, 2], "y": 3}, [4.0], 1) == {"x": [1, 2], "y": 3}
