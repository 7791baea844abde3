"""Whether a run shows what the notebook shows: outputs compared as text, told apart only where they plainly differ.

    saved                     run
    accuracy 0.83             accuracy 0.79             different
    0.8312345678901           0.8312345678902           the same: numbers within one millionth
    <Figure at 0x7f…>         <Figure at 0x7a…>         not compared: objects, addresses, times, progress bars

Lines are matched by their words; a line that only one side has (a warning, another version's greeting) says nothing.
"""

import ast
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from nb2prod.model.notebook import SavedOutput

_MOST_LINES = 1000
_LONGEST_LINE = 2000
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w])")
_PASSING = re.compile(
    r"0x[0-9a-fA-F]+"  # addresses
    r"|\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?|\b\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?\b"  # times of day
    r"|\b\d+(?:\.\d+)?(?:e-?\d+)?\s?(?:ns|µs|μs|us|ms|s|sec|secs|seconds?|min|mins|minutes?|hours?)\b"  # durations
    r"|\b\d+(?:\.\d+)?\s?(?:it/s|s/it|[kKMG]i?B(?:/s)?)"  # rates, sizes
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{32,64}\b|/tmp/\S+"  # ids, digests, temporary files
)
_NOT_COMPARED = re.compile(
    r"^[\[(]?<.*>[\])]?$|[━█▏▎▍▌▋▊▉]|\d+%\||\bit/s\b|Wall time|CPU times|^\[?Text\(|^Requirement "
)
_ARRAY = re.compile(r"^array\((.*?)(?:,\s*dtype=[^)]*)?\)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Difference:
    """One line as it was saved, and as the run has it."""

    saved: str
    run: str


def first_difference(saved: Sequence[SavedOutput], run: Sequence[SavedOutput]) -> Difference | None:
    """The first plain difference between the outputs of one cell, or None."""
    for kind in ("result", "stream"):
        before, after = _lines(saved, kind), _lines(run, kind)
        for old, new in _matched(before, after):
            if _differ(old, new):
                return Difference(old, new)
    return None


def _lines(outputs: Sequence[SavedOutput], kind: str) -> list[str]:
    lines: list[str] = []
    for output in outputs:
        if output.kind != kind:
            continue
        text = output.text
        whole = _ARRAY.match(text.strip())
        if kind == "result" and len(text) <= _LONGEST_LINE and (whole or text.lstrip()[:1] in "[({'\""):
            lines.append(" ".join(text.split()))  # a value that is broken into lines
            continue
        lines += [line.strip() for line in text.split("\n") if "\r" not in line]
    kept = [line for line in lines if line and len(line) <= _LONGEST_LINE and not _NOT_COMPARED.search(line)]
    return kept[:_MOST_LINES]


def _matched(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Lines of the same words; and lines that stand in for each other, one for one."""
    matcher = SequenceMatcher(None, [_words(b) for b in before], [_words(a) for a in after], autojunk=False)
    for what, i, i_end, j, j_end in matcher.get_opcodes():
        if what == "equal" or (what == "replace" and i_end - i == j_end - j):
            yield from zip(before[i:i_end], after[j:j_end], strict=True)


def _words(line: str) -> str:
    return " ".join(_NUMBER.sub("#", _PASSING.sub("~", line)).split())


def _differ(old: str, new: str) -> bool:
    numbers, others = (_NUMBER.findall(_PASSING.sub("~", line)) for line in (old, new))
    if _words(old) == _words(new):
        return not all(map(_close, numbers, others))
    value, other = _value(old), _value(new)
    if value is not None and other is not None:
        return type(value) is type(other) and str(value) != str(other) and len(numbers) == len(others)
    words, theirs = _words(old).split(), _words(new).split()
    same = sum(a == b for a, b in zip(words, theirs, strict=False))
    return len(words) == len(theirs) > 1 and same * 2 >= len(words)


def _value(line: str) -> object:
    """What a line says, where it is a literal: a list of labels, a name in quotes."""
    array = _ARRAY.match(line)
    try:
        return ast.literal_eval(array[1] if array else line)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _close(a: str, b: str) -> bool:
    x, y = (float(text.replace(",", "").replace("_", "")) for text in (a, b))
    return math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-9)
