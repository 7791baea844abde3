"""Where statements start and end, in text that need not be Python.

Python's tokenizer cannot be used: it stops at ``!ls "it's``. What must be known is less: whether a line ends inside a
bracket, a text or after a backslash. A statement is then the lines up to one that does not.
"""

import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(
    r"""(?P<comment>\#.*)
      | (?P<triple>\"{3}|'{3})
      | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
    """,
    re.VERBOSE,
)
_OWN_LINE = re.compile(r"\s*[!%?]")


def statement_spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last index of each statement's lines. Lines of IPython's own are joined by a backslash only."""
    first = 0
    while first < len(lines):
        last = first
        if _OWN_LINE.match(lines[first]):
            while lines[last].endswith("\\") and last + 1 < len(lines):
                last += 1
        else:
            depth, quote = _scan(lines[first], 0, "")
            while (depth > 0 or quote or lines[last].endswith("\\")) and last + 1 < len(lines):
                last += 1
                depth, quote = _scan(lines[last], depth, quote)
        yield first, last
        first = last + 1


def _scan(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Bracket depth and the open triple quote after `line`, given both before it."""
    position = 0
    while True:
        if quote:
            end = _end_of_text(line, position, quote)
            if end < 0:
                return depth, quote
            position, quote = end, ""
        match = _TOKEN.search(line, position)
        if match is None or match.lastgroup == "comment":
            return depth, ""
        position = match.end()
        if match.lastgroup == "triple":
            quote = match.group()
        elif match.lastgroup == "open":
            depth += 1
        elif match.lastgroup == "close":
            depth = max(0, depth - 1)


def _end_of_text(line: str, position: int, quote: str) -> int:
    """The index after `quote`, or -1; an escaped character is no end."""
    while position < len(line):
        if line[position] == "\\":
            position += 2
        elif line.startswith(quote, position):
            return position + 3
        else:
            position += 1
    return -1
