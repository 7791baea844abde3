"""Each row has an answer: by itself, among others, and two times over."""

from collections.abc import Callable
from typing import Any

import pytest

from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.proof.module import Answered
from nb2prod.proof.single_rows import RowsDiffer, rows_differ

SCHEMA = Schema((ValueSchema("rows", "json"),), ValueSchema("", "json"))


def asked(answer: Callable[[list[int]], Any], rows: list[int]) -> RowsDiffer | None:
    """What is found of a prediction, asked as the proof asks it."""
    alone = tuple((place, answer([row]), "") for place, row in enumerate(rows))
    return rows_differ(Answered(answer(rows), alone=alone, twice=(answer(2 * rows), "")), len(rows), SCHEMA)


@pytest.mark.parametrize(
    "answer",
    [
        lambda rows: [row * 2 for row in rows],
        sum,
        lambda rows: sorted(rows, reverse=True)[:2],
        lambda rows: {"rows": len(rows)},
    ],
    ids=["each", "a sum", "the best two", "a description"],
)
def test_an_answer_for_each_row_or_something_else_altogether(answer: Callable[[list[int]], Any]) -> None:
    assert asked(answer, [3, 1, 4, 7]) is None


@pytest.mark.parametrize(
    ("answer", "lost", "said"),
    [
        (lambda rows: [row * 2 for row in rows][:3], True, "4 rows give 3 answers, those of the first rows"),
        (lambda rows: rows[-2:], True, "4 rows give 2 answers, those of the last rows"),
        (lambda rows: rows[0], True, "4 rows give one answer, that of the first row"),
        (lambda rows: rows[:4], False, "4 rows give 4 answers, and 8 rows give 4"),
        (lambda rows: [row - min(rows) for row in rows], False, "a row by itself gives another answer than among"),
    ],
)
def test_rows_without_an_answer_of_their_own(answer: Callable[[list[int]], Any], lost: bool, said: str) -> None:
    found = asked(answer, [3, 1, 4, 7])
    assert found is not None
    assert found.said.startswith(said)
    assert found.is_lost == lost
