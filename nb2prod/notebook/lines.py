"""Where statements start and end, and where IPython's own begin, in text that need not be Python.

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
      | (?P<operator>[=!<>:+\-*/%@&|^]=|\*\*=|//=|>>=|<<=)
      | (?P<assign>=)
    """,
    re.VERBOSE,
)
_OWN_LINE = re.compile(r"\s*[!%?,;/]")
_OWN_VALUE = re.compile(r"\s*(?:!|%(?=[A-Za-z_]))")


def statement_spans(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last index of each statement's lines. Lines of IPython's own are joined by a backslash only."""
    first = 0
    while first < len(lines):
        last = first
        if _OWN_LINE.match(lines[first]) or own_value(lines[first]) is not None:
            while lines[last].endswith("\\") and last + 1 < len(lines):
                last += 1
        else:
            depth, quote, goes_on = _scan(lines[first], 0, "")
            while (depth > 0 or quote or goes_on) and last + 1 < len(lines):
                last += 1
                depth, quote, goes_on = _scan(lines[last], depth, quote)
        yield first, last
        first = last + 1


def is_open(lines: Sequence[str]) -> bool:
    """Whether a statement ends inside a bracket or a text."""
    depth, quote = 0, ""
    for line in lines:
        depth, quote, _ = _scan(line, depth, quote)
    return depth > 0 or bool(quote)


def own_value(line: str) -> int | None:
    """Where ``!command`` or ``%magic`` begins behind the first ``=`` outside brackets; None where there is none."""
    position = depth = 0
    while (match := _TOKEN.search(line, position)) is not None:
        position = match.end()
        kind = match.lastgroup
        if kind in ("comment", "triple"):
            return None
        depth += (kind == "open") - (kind == "close" and depth > 0)
        if kind == "assign" and depth == 0:
            behind = _OWN_VALUE.match(line, position)
            # a line that begins with `=` is the rest of another statement
            return behind.end() - 1 if behind and line[: match.start()].strip() else None
    return None


def ends_in_code(text: str) -> bool:
    """Whether the last character of `text` is outside comments and texts."""
    position, quote = 0, ""
    while position < len(text):
        if quote:
            end = _end_of_text(text, position, quote)
            if end < 0:
                return False
            position, quote = end, ""
        match = _TOKEN.search(text, position)
        if match is None:
            break
        if match.lastgroup == "comment" and match.end() == len(text):
            return False
        position = match.end()
        quote = match.group() if match.lastgroup == "triple" else ""
        if match.lastgroup == "text" and position == len(text):
            return False
    return True


def _scan(line: str, depth: int, quote: str) -> tuple[int, str, bool]:
    """Bracket depth, the open triple quote and whether a backslash goes on, after `line`; the first two before it."""
    position = 0
    while True:
        if quote:
            end = _end_of_text(line, position, quote)
            if end < 0:
                return depth, quote, False
            position, quote = end, ""
        match = _TOKEN.search(line, position)
        if match is None or match.lastgroup == "comment":
            return depth, "", match is None and line.endswith("\\")
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
