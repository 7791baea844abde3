"""The notebook's own layout kept where a statement was laid out another way in the package.

cell       f(a,  'x')        generated  f(a, "x")        edited  f(b, "x")        ->   f(b,  'x')
"""

import ast
import io
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

_LAYOUT = frozenset({tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT})


@dataclass(frozen=True, slots=True)
class _Token:
    key: str
    """Equal for tokens that mean the same: texts whatever their quotes."""
    begin: int
    end: int


def with_edit(written: str, generated: str, edited: str) -> str | None:
    """`written` with what was changed from `generated` to `edited`; None where that cannot be told token by token.

    `written` and `generated` mean the same. What comes out need not mean what `edited` does: compare.
    """
    try:
        own, old, new = _tokens(written), _tokens(generated), _tokens(edited)
    except (tokenize.TokenError, SyntaxError):
        return None
    place: dict[int, int] = {}
    for block in SequenceMatcher(None, _keys(old), _keys(own), autojunk=False).get_matching_blocks():
        place |= {block.a + n: block.b + n for n in range(block.size)}
    edits: list[tuple[int, int, str]] = []
    for tag, i, j, k, m in SequenceMatcher(None, _keys(old), _keys(new), autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        first, last = (i, j - 1) if i < j else (i - 1, i - 1)
        if first not in place or last not in place or place[last] - place[first] != last - first:
            return None
        if tag == "insert":
            edits.append(_insertion(written, own, place[first], edited, new[k - 1 : m + 1]))
        elif tag == "delete":
            gap = edited[new[k - 1].end : new[k].begin] if 0 < k < len(new) else ""
            edits.append(_deletion(written, own, place[first], place[last], gap))
        else:
            edits.append((own[place[first]].begin, own[place[last]].end, edited[new[k].begin : new[m - 1].end]))
    for begin, end, text in reversed(edits):
        written = written[:begin] + text + written[end:]
    return written.lstrip("\n")  # a comment above it may be gone


def _insertion(
    written: str, own: Sequence[_Token], before: int, edited: str, new: Sequence[_Token]
) -> tuple[int, int, str]:
    """New tokens, between the one before them and the one behind: with the space on the side where there was none."""
    at = own[before].end
    behind = own[before + 1].begin if before + 1 < len(own) else at
    if edited[new[0].end : new[1].begin] == written[at:behind]:
        return behind, behind, edited[new[1].begin : new[-1].begin]
    return at, at, edited[new[0].end : new[-2].end]


def _deletion(written: str, own: Sequence[_Token], first: int, last: int, gap: str) -> tuple[int, int, str]:
    """Tokens taken out, with the space before them; on one line, what is left keeps the `gap` that it was edited to."""
    start = own[first - 1].end if first else own[first].begin
    end = own[last + 1].begin if last + 1 < len(own) else own[last].end
    if first and "\n" not in gap and "\n" not in written[start:end]:
        return start, end, gap
    return start, own[last].end, ""


def comments(text: str) -> tuple[str, ...]:
    """Raises TokenError, SyntaxError."""
    return tuple(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT)


def _tokens(text: str) -> list[_Token]:
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    found = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in _LAYOUT]
    return [
        _Token(_key(token), starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1])
        for token, behind in zip_longest(found, found[1:])
        if not (token.string == "," and behind is not None and behind.string in (")", "]", "}"))  # that is layout too
    ]


def _keys(tokens: Sequence[_Token]) -> list[str]:
    return [token.key for token in tokens]


_F_BEGINS = getattr(tokenize, "FSTRING_START", -1)  # from Python 3.12 on, an f-string is many tokens
_F_ENDS = getattr(tokenize, "FSTRING_END", -1)


def _key(token: tokenize.TokenInfo) -> str:
    if token.type == tokenize.NEWLINE:
        return "\n"
    if token.type in (_F_BEGINS, _F_ENDS):
        return token.string.rstrip("'\"")
    if token.type == tokenize.STRING:
        try:
            return ast.dump(ast.parse(token.string, mode="eval").body)
        except (ValueError, SyntaxError):
            return token.string
    return token.string
