"""What the execution counts and the saved outputs tell before anything runs."""

import json

import pytest

from nb2prod.analysis.graph import build_graph
from nb2prod.analysis.history import find_history
from nb2prod.analysis.order import find_order, in_order_of, moves
from nb2prod.model.findings import Finding
from nb2prod.notebook.read import read_notebook
from nb2prod.steps.reading import analyse
from tests.notebook.documents import code, notebook
from tests.plan.equality import findings_of
from tests.plan.equality import notebook as written

TAIL = """
# %% request [{}]
value = 9
# %% inference [{}]
value * model
"""


def found(text: str) -> dict[str, Finding]:
    return {code: f for code, f in findings_of(text).items() if code == "NB309" or code.startswith("NB36")}


def test_a_session_from_top_to_bottom_has_nothing_hidden() -> None:
    assert found("# %% training [1]\nmodel = pow(3, 1)" + TAIL.format(2, 3)) == {}


def test_a_notebook_without_counts_tells_nothing() -> None:
    assert found("# %% training\nmodel = pow(3, 1)\n# %% request\nvalue = 9\n# %% inference\nvalue * model") == {}


def test_another_order_that_changes_nothing_is_said_to_change_nothing() -> None:
    (order,) = found("# %% training [2]\nmodel = pow(3, 1)\n# %% [1]\nrows = [1]" + TAIL.format(3, 4)).values()
    assert (order.code, order.severity, order.cell) == ("NB361", "warning", 2)
    assert "cell 2 ran before cell 1" in order.message
    assert "the same either way" in order.message


def test_a_rebound_name_is_told_with_the_cells_it_came_from_each_way() -> None:
    text = "# %% training [1]\nrows = [pow(3, 1)]\n# %% training [3]\nmodel = sum(rows)\n# %% [2]\nrows = [7]"
    findings = found(text + TAIL.format(4, 5))
    assert findings["NB362"].cell == 2
    assert "`rows` comes from cell 1 here; in the saved session it came from cell 3" in findings["NB362"].message
    assert "either way" not in findings["NB361"].message


def test_a_cell_that_ran_again_last_resets_what_the_next_had_changed() -> None:
    text = "# %% training [3]\nline = [pow(3, 1)]\n# %% training [2]\nline.append(1)"
    text += "\n# %% training [4]\nmodel = len(line)"
    findings = found(text + TAIL.format(5, 6))
    assert "either way" not in findings["NB361"].message
    assert "`line` comes from cells 1, 2 here; in the saved session it came from cell 1" in findings["NB362"].message


def test_nothing_is_claimed_of_a_value_whose_cell_ran_again_later() -> None:
    findings = found("# %% training [4]\nrows = [pow(3, 1)]\n# %% training [1]\nmodel = sum(rows)" + TAIL.format(2, 3))
    assert "NB362" not in findings
    assert "either way" not in findings["NB361"].message


def test_the_random_state_counts_as_read() -> None:
    text = """# %% training [1]
import random
random.seed(1)
# %% [3]
noise = random.random()
# %% training [2]
model = random.random()"""
    assert "state of random" in found(text + TAIL.format(4, 5))["NB362"].message


def test_an_imports_cell_that_ran_again_at_the_end_changes_nothing() -> None:
    text = "# %% imports [9]\nimport math\n# %% training [2]\nmodel = math.floor(3.5)"
    findings = found(text + TAIL.format(3, 4))
    assert "NB362" not in findings
    assert "cell 1 ran after all others" in findings["NB361"].message


def test_a_name_of_a_deleted_cell_is_told_with_where_that_cell_ran() -> None:
    gone = found("# %% [1]\na = 1\n# %% training [4]\nmodel = sum(rows)" + TAIL.format(5, 6))["NB309"]
    assert (gone.severity, gone.cell) == ("error", 2)
    assert "no cell defines it; by the execution counts, something ran between cells 1 and 2" in gone.message


def test_without_a_gap_nothing_is_made_up_about_deleted_cells() -> None:
    gone = found("# %% [1]\na = 1\n# %% training [2]\nmodel = sum(rows)" + TAIL.format(3, 4))["NB309"]
    assert gone.message == "`rows` is read but no earlier cell defines it."


def test_the_order_of_the_counts_is_proposed_where_it_defines_every_name() -> None:
    text = "# %% training [2]\nmodel = sum(rows)\n# %% training [1]\nrows = [pow(3, 1)]" + TAIL.format(3, 4)
    findings = found(text)
    assert "it ran first: [1], then [2]" in findings["NB309"].message
    assert "cell 2 above cell 1 (this is the order of the execution counts)" in findings["NB366"].message


def test_without_counts_an_order_is_worked_out_from_the_names() -> None:
    text = """# %% training
model = fit(rows)
# %% training
rows = [pow(base, 1)]
# %%
def fit(rows): return sum(rows)
# %% training
base = 3
# %% request
value = 9
# %% inference
value * model"""
    read = written(text)
    order = find_order(build_graph(read), find_history(read), build_graph)
    assert order == ((4, 2, 3, 1, 5, 6), False)
    assert build_graph(in_order_of(read, order[0])).undefined == ()
    assert "worked out from what each cell reads" in found(text)["NB366"].message


def test_no_order_is_proposed_where_two_cells_need_each_other() -> None:
    text = "# %% training [1]\nmodel = b + 1\na = 1\n# %% training [2]\nb = a + 1"
    assert found(text + TAIL.format(3, 4)).keys() == {"NB309"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((1, 2, 3), ()),
        ((1, 3, 2), ((3, 2),)),
        ((4, 1, 2, 3), ((4, 1),)),
        ((3, 4, 1, 2), ((3, 1), (4, 1))),
        ((2, 3, 4, 1), ((1, None),)),
    ],
)  # fmt: skip
def test_the_fewest_moves(order: tuple[int, ...], expected: tuple[tuple[int, int | None], ...]) -> None:
    assert moves(order) == expected


def test_two_sessions_have_no_order() -> None:
    assert "NB361" not in found("# %% training [2]\nmodel = pow(3, 1)\n# %% [1]\nrows = [1]" + TAIL.format(1, 2))


def test_a_saved_error_is_told_unless_it_is_meant() -> None:
    error = {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": []}
    cells = code("f()", outputs=[error]), code("g()", "raises-exception", outputs=[error])
    findings = analyse(read_notebook(notebook(*cells), "n.ipynb")).findings
    assert [(f.code, f.cell) for f in findings if f.code == "NB365"] == [("NB365", 1)]
    assert "KeyError: 'x'" in next(f for f in findings if f.code == "NB365").message


def test_two_thousand_cells_in_reverse_have_an_order() -> None:
    """No recursion, no list per cell."""
    cells = [code(f"a{n} = a{n + 1}") for n in range(2000)] + [code("a2000 = 1")]
    document = json.loads(notebook(*cells))
    read = read_notebook(json.dumps(document).encode(), "n.ipynb")
    found = find_order(build_graph(read), find_history(read), build_graph)
    assert found is not None
    assert found[0] == tuple(range(2001, 0, -1))
