"""Random notebooks: each is equal or refused. `python -m tests.plan.random_notebooks 20000` tries more."""

import pytest

from tests.plan.random_notebooks import run


@pytest.mark.parametrize("seed", range(0, 400, 50))
def test_no_random_notebook_is_silently_different(seed: int) -> None:
    ended = run(50, seed)
    assert ended["equal"] > 15, ended
