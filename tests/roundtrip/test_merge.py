"""Two changes of one text become one, or a clash that has both; no line is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nb2prod.roundtrip.merge import Clash, merge_texts

CASES = [
    ("a\nb\nc", "a\nB\nc", "a\nb\nc\nd", "a\nB\nc\nd"),
    ("a\nb\nc", "b\nc", "a\nb", "b"),
    ("a\nb", "a\nx\nb", "a\nx\nb", "a\nx\nb"),
    ("a\nb", "A\nb", "a\nB", "A\nB"),  # lines side by side, each changed by one
    ("", "x", "", "x"),
]


@pytest.mark.parametrize(("base", "ours", "theirs", "expected"), CASES)
def test_changes_of_different_lines_are_merged(base: str, ours: str, theirs: str, expected: str) -> None:
    merged = merge_texts(base, ours, theirs)
    assert (merged.clashes, merged.text()) == ((), expected)


def test_a_line_that_both_changed_is_a_clash_with_both() -> None:
    merged = merge_texts("a\nb\nc", "a\nB\nc", "a\nX\nY\nc")
    assert merged.clashes == (Clash(2, ("b",), ("B",), ("X", "Y")),)
    assert merged.text("one", "two") == "a\n<<<<<<< one\nB\n=======\nX\nY\n>>>>>>> two\nc"


TEXTS = st.lists(st.sampled_from("abcd"), max_size=8).map("\n".join)


@given(TEXTS, TEXTS)
def test_what_one_side_left_alone_is_the_others(base: str, changed: str) -> None:
    for merged in (merge_texts(base, base, changed), merge_texts(base, changed, base)):
        assert (merged.clashes, merged.text()) == ((), changed)
    assert merge_texts(base, changed, changed).text() == changed


@given(TEXTS, TEXTS, TEXTS)
def test_no_new_line_is_lost(base: str, ours: str, theirs: str) -> None:
    merged = merge_texts(base, ours, theirs).text().split("\n")
    for side in (ours, theirs):
        assert {line for line in side.split("\n") if line not in base.split("\n")} <= set(merged)
