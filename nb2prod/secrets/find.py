"""Secrets in one text, and the mask that takes them out of others.

password = "…"                          what `Secret.shown` makes of it: nothing of a short one
openai.api_key = "sk-…3f"               of a key, how it begins and ends
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from nb2prod.secrets.plausible import is_plausible
from nb2prod.secrets.rules import ANCHORS, RULES, Rule

Mask = Callable[[str], str]
ALLOWED = "nb2prod: not a secret"
"""In a comment on the same line: a person has looked at it."""

_PIECE = 1_000_000
_OVERLAP = 8_000
_LONG = 16


@dataclass(frozen=True, slots=True)
class Secret:
    """`start` is an offset into the text, `line` counts from 1. `variable`: the environment variable to keep it in.

    `allowed`: the line says that it is none.
    """

    kind: str
    value: str
    start: int
    line: int
    variable: str
    allowed: bool

    @property
    def shown(self) -> str:
        return shown(self.value)


def shown(value: str) -> str:
    """What may be told of a secret: ``sk-…3f``. Of a short one, a password rather than a key, nothing."""
    if value.startswith("-----BEGIN"):
        return value[: value.index("-----", 5) + 5] + "…"
    return f"{value[:3]}…{value[-2:]}" if len(value) >= _LONG else "…"


def find_secrets(text: str) -> tuple[Secret, ...]:
    """What looks like secrets in `text`, in its order; of overlapping ones the first rule's."""
    found: dict[tuple[int, int], Secret] = {}
    for offset, piece in _pieces(text):
        lower = piece.lower()
        for number in sorted({n for anchor in ANCHORS if anchor in lower for n in ANCHORS[anchor]}):
            for start, secret in _matches(RULES[number], text, piece, offset):
                end = start + len(secret.value)
                if not any(start < e and s < end for s, e in found):
                    found[start, end] = secret
    return tuple(found[span] for span in sorted(found))


def mask_of(values: Iterable[str], *, search: bool = True) -> Mask:
    """A function that takes these values out of a text, and with `search` whatever else in it looks like a secret."""
    known = sorted(set(values), key=len, reverse=True)

    def mask(text: str) -> str:
        for value in known:
            if value in text:
                text = text.replace(value, shown(value))
        for secret in find_secrets(text) if search else ():
            if not secret.allowed:
                text = text.replace(secret.value, secret.shown)
        return text

    return mask


def no_mask(text: str) -> str:
    return text


def _matches(rule: Rule, text: str, piece: str, offset: int) -> Iterator[tuple[int, Secret]]:
    for match in rule.pattern.finditer(piece):
        group = "secret" if match["secret"] is not None else "other"
        value, start = match[group], match.start(group) + offset
        if not is_plausible(value, rule.filter):
            continue
        name = _name_before(text, match.end("name") + offset) if "name" in rule.pattern.groupindex else ""
        before, after = text.rfind("\n", 0, start) + 1, text.find("\n", start)
        row = text[before : after if after >= 0 else len(text)]
        variable = rule.variable or "".join(c if c.isalnum() else "_" for c in name).upper().strip("_")
        yield start, Secret(rule.kind, value, start, text.count("\n", 0, start) + 1, variable, ALLOWED in row)


def _name_before(text: str, end: int) -> str:
    start = end
    while start and end - start < 60 and (text[start - 1].isalnum() or text[start - 1] in "_-"):
        start -= 1
    return text[start:end]


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text in parts that overlap, so that a long one is not copied whole."""
    for offset in range(0, max(1, len(text) - _OVERLAP), _PIECE):
        yield offset, text[offset : offset + _PIECE + _OVERLAP]
