"""Python source as coloured runs of text, line by line: what the cell list and the code views paint."""

from functools import lru_cache
from typing import Literal

from pygments.lexer import Lexer
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Generic, Keyword, Name, Number, Operator, String, Token, _TokenType

from nb2prod_gui.look.palette import Palette

Kind = Literal["text", "keyword", "string", "comment", "number", "function", "good", "bad", "info"]
Run = tuple[str, Kind]
TAB = "    "

_KINDS: tuple[tuple[_TokenType, Kind], ...] = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Function, "function"),
    (Name.Class, "function"),
    (Name.Decorator, "function"),
    (Generic.Inserted, "good"),
    (Generic.Deleted, "bad"),
    (Generic.Subheading, "info"),
    (Generic.Heading, "comment"),
)
PYTHON = PythonLexer(stripnl=False, ensurenl=False)


@lru_cache(maxsize=512)
def coloured_lines(source: str, lexer: Lexer = PYTHON) -> tuple[tuple[Run, ...], ...]:
    """The lines of `source`, each as runs of one kind, tabs as four spaces. Any text is accepted."""
    lines: list[list[Run]] = [[]]
    for token, text in lexer.get_tokens(source):
        kind = _kind(token)
        for n, part in enumerate(text.replace("\t", TAB).split("\n")):
            if n:
                lines.append([])
            if part:
                lines[-1].append((part, kind))
    return tuple(map(tuple, lines))


@lru_cache(maxsize=64)
def _kind(token: _TokenType) -> Kind:
    return next((kind for parent, kind in _KINDS if token in parent), "text") if token is not Token else "text"


def colour(kind: Kind, palette: Palette) -> str:
    return str(getattr(palette, kind))
