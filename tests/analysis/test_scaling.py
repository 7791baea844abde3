"""What the graph keeps grows with the notebook and not with its square: counted, not timed."""

import pytest

from nb2prod.analysis.graph import build_graph
from tests.plan.equality import notebook

EVERY_CELL_CHANGES_ONE_FRAME = 'df["c{i}"] = df["a"] * {i}\nmodels.append(Model(df).fit(df["c{i}"]))\nmodels'
EVERY_CELL_HAS_ITS_OWN = "table_{i} = clean(table_{before})\nmean_{i} = table_{i}.mean()"


@pytest.mark.parametrize("pattern", [EVERY_CELL_CHANGES_ONE_FRAME, EVERY_CELL_HAS_ITS_OWN])
def test_twice_the_cells_are_twice_the_contributors(pattern: str) -> None:
    def contributors(cells: int) -> int:
        start = "from lib import Model, clean, load\nmodels = []\ndf = table_0 = load()"
        texts = [start, *(pattern.format(i=i, before=i - 1) for i in range(1, cells))]
        graph = build_graph(notebook("\n".join(f"# %% training\n{text}" for text in texts)))
        return sum(len(c) for reads in graph.reads for c in reads.values())

    assert contributors(400) <= 2.1 * contributors(200)
