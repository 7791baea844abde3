"""Each sample is what a reader may expect: valid, executed in order, small, and tagged well enough to be built."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "sample_notebooks"
SAMPLES = sorted(FOLDER.glob("*.ipynb"))
ROLES = {
    "parameters",
    "imports",
    "functions",
    "preprocessing",
    "training",
    "evaluation",
    "request",
    "inference",
    "test",
    "skip",
}
LIBRARIES = {"numpy", "pandas", "sklearn", "matplotlib", "lightgbm", "torch", "random", "re"}


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def notebook(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def tags(cell: Any) -> list[str]:
    return [tag.removeprefix("nb2prod:") for tag in cell["metadata"].get("tags", [])]


def source(cell: Any) -> str:
    """The cell's text; its lines of IPython magic emptied so that the rest is Python."""
    return re.sub(r"^%.*$", "", "".join(cell["source"]), flags=re.MULTILINE)


def test_there_are_six() -> None:
    expected = {"churn", "demand", "digits", "house_prices", "segments", "sentiment"}
    assert {path.stem for path in SAMPLES} == expected


def test_the_readme_lists_every_sample() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\((\w+\.ipynb)\)", readme)) == {path.name for path in SAMPLES}


def test_is_valid_nbformat_4_5(path: Path, notebook: Any) -> None:
    nbformat.validate(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"


def test_has_cell_ids_a_person_can_read(notebook: Any) -> None:
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", identifier) for identifier in ids), ids


def test_was_executed_in_order(notebook: Any) -> None:
    counts = [cell["execution_count"] for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_ran_without_errors_and_warnings(notebook: Any) -> None:
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    assert [output for output in outputs if output["output_type"] == "error" or output.get("name") == "stderr"] == []


def test_shows_at_least_one_plot_and_some_prose(notebook: Any) -> None:
    outputs = [output for cell in code_cells(notebook) for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert sum(cell["cell_type"] == "markdown" for cell in notebook["cells"]) >= 2


def test_is_small(path: Path) -> None:
    assert path.stat().st_size < 150_000


def test_names_no_place_of_a_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"(?:/(?:home|root|tmp|Users|work|opt|usr)/|[A-Z]:\\\\)[\w./\\-]*", text) == []


def test_carries_no_metadata_but_what_is_needed(notebook: Any) -> None:
    assert set(notebook["metadata"]) == {"kernelspec", "language_info", "nb2prod"}
    assert set(notebook["metadata"]["nb2prod"]) == {"title", "description"}
    assert all("\n" not in value for value in notebook["metadata"]["nb2prod"].values())
    assert {key for cell in notebook["cells"] for key in cell["metadata"]} <= {"tags"}


def test_has_the_roles_a_build_needs(notebook: Any) -> None:
    seen = [tag for cell in code_cells(notebook) for tag in tags(cell)]
    assert {"imports", "parameters", "training", "evaluation", "request", "inference"} <= set(seen) <= ROLES
    assert seen.count("parameters") == seen.count("request") == 1


def test_leaves_some_cells_untagged(notebook: Any) -> None:
    assert any(not tags(cell) for cell in code_cells(notebook))


def test_parameters_are_plain_values(notebook: Any) -> None:
    (cell,) = (cell for cell in code_cells(notebook) if "parameters" in tags(cell))
    for statement in ast.parse(source(cell)).body:
        assert isinstance(statement, ast.Assign)
        assert isinstance(ast.literal_eval(statement.value), int | float | str)


def test_imports_only_what_the_readme_says(notebook: Any) -> None:
    imported: set[str] = set()
    for cell in code_cells(notebook):
        for node in ast.walk(ast.parse(source(cell))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").split(".")[0])
    assert imported <= LIBRARIES


def test_touches_no_file_and_no_network(notebook: Any) -> None:
    code = "\n".join(source(cell) for cell in code_cells(notebook))
    assert re.findall(r"\bopen\(|read_csv|to_csv|fetch_\w+|https?://|pathlib|\burllib\b|\brequests\.", code) == []


def test_randomness_is_seeded(notebook: Any) -> None:
    code = "\n".join(source(cell) for cell in code_cells(notebook))
    assert re.findall(r"np\.random\.(?!default_rng\(seed\))\w+|random_state=(?!seed\b)\w+", code) == []
