"""Which outputs count as another result, and which only look different."""

import pytest

from nb2prod.model.notebook import SavedOutput
from nb2prod.notebook.reproduced import first_difference
from nb2prod.notebook.saved import saved_outputs


def compare(saved: str, run: str, kind: str = "stream") -> tuple[str, str] | None:
    found = first_difference([SavedOutput(kind, saved)], [SavedOutput(kind, run)])  # type: ignore[arg-type]
    return None if found is None else (found.saved, found.run)


@pytest.mark.parametrize(
    ("saved", "run"),
    [
        ("accuracy 0.83", "accuracy 0.79"),
        ("done\nMSE: 12.5\n", "a warning\ndone\nMSE: 12.6\n"),
        ("rows 1,200", "rows 1,201"),
        ("0  1.5  a\n1  2.5  b", "0  1.5  a\n1  2.75  b"),
        ("label: cat", "label: dog"),
        ("loss 1.0 after 3 s", "loss 2.0 after 4 s"),
        ("1e-3", "2e-3"),
    ],
)
def test_plain_differences_are_told(saved: str, run: str) -> None:
    assert compare(saved, run) is not None
    assert compare(saved, saved) is None


@pytest.mark.parametrize(
    ("saved", "run"),
    [
        ("0.8312345678901234", "0.8312345678901299"),
        ("residual 1.1e-16", "residual -3.0e-17"),
        ("<Figure size 640x480 with 1 Axes>", "<Figure size 432x288 with 1 Axes>"),
        ("[<matplotlib.lines.Line2D at 0x7f01>]", "[<matplotlib.lines.Line2D at 0x7f99>]"),
        ("object at 0x7f01", "object at 0x7f99"),
        ("took 3.2 s", "took 4.9 s"),
        ("100%|#####| 10/10 [00:01<00:00, 8.1it/s]", "100%|#####| 10/10 [00:02<00:00, 4.0it/s]"),
        ("2026-01-01 10:00:00 start", "2026-02-02 11:00:00 start"),
        ("Wall time: 3 ms", "Wall time: 5 ms"),
        ("saved to /tmp/a1b2/x", "saved to /tmp/c3d4/x"),
        ("LinearRegression(normalize=False)", "LinearRegression()"),
        ("a greeting of version 1.2", ""),
        ("only here 1", "something else, and more 2"),
    ],
)
def test_what_may_differ_is_passed_over(saved: str, run: str) -> None:
    assert compare(saved, run) is None


@pytest.mark.parametrize(
    ("saved", "run", "expected"),
    [
        ("array([0.25, 0.5 ,\n       1.  ])", "array([0.25, 0.75,\n       1.  ])", True),
        ("array(['cat', 'dog'], dtype=object)", "array(['cat', 'cat'], dtype=object)", True),
        ("['a', 'b']", "['a', 'c']", True),
        ("{'a': 1, 'b': 2}", "{'a': 1, 'b': 2}", False),
        ("'yes'", "'no'", True),
    ],
)
def test_values_are_compared_however_their_lines_break(saved: str, run: str, expected: bool) -> None:
    assert (compare(saved, run, "result") is not None) is expected


def test_a_cell_gives_its_texts_and_no_pictures_html_or_warnings() -> None:
    cell = {
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]},
            {"output_type": "stream", "name": "stderr", "text": "warning"},
            {"output_type": "execute_result", "data": {"text/plain": ["x"], "text/html": "<b>x</b>", "image/png": "y"}},
            {"output_type": "error", "ename": "E", "evalue": "no\nmore", "traceback": []},
            {"output_type": "stream", "name": "stdout", "text": "\x1b[31mc\x1b[0m"},
            "malformed",
        ]
    }
    assert saved_outputs(cell) == (
        SavedOutput("stream", "a\nb\nc"),
        SavedOutput("result", "x"),
        SavedOutput("error", "E: no"),
    )
