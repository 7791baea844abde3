"""What a cell printed becomes one text for each stream, however long its lines."""

import pytest
from nbformat.v4 import new_output

from nb2prod.execute.streams import coalesced


def out(text: str, name: str = "stdout"):
    return new_output("stream", name=name, text=text)


def texts(*outputs) -> list[tuple[str, str]]:
    return [(one["name"], one["text"]) for one in coalesced(list(outputs))]


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("a\nb\n", "a\nb\n"),
        ("10%\r50%\r100%\nok", "100%\nok"),
        ("a\r\nb\r", "a\r\nb\r"),
        ("a\rb\r\n", "b\r\n"),
        ("a\r\r\n", "\r\n"),
        ("x" * 5_000_000, "x" * 5_000_000),  # nbclient's own way would take an hour
    ],
)
def test_a_line_that_was_drawn_over_shows_its_last_state(printed: str, kept: str) -> None:
    assert texts(out(printed[:3]), out(printed[3:])) == [("stdout", kept)]


def test_streams_stand_where_they_began_and_stdout_before_stderr() -> None:
    shown = new_output("display_data", {"text/plain": "p"})
    assert texts(out("w", "stderr"), out("a"), out("v", "stderr"), out("b")) == [("stdout", "ab"), ("stderr", "wv")]
    kept = coalesced([out("a"), shown, out("w", "stderr"), out("b")])
    assert [one["output_type"] for one in kept] == ["stream", "display_data", "stream"]
    assert kept[0]["text"] == "ab"
    assert coalesced([]) == []
