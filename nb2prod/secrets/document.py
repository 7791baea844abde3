"""Secrets in a notebook's document: in sources, outputs, attachments and metadata, each decoded first.

In the file itself quotes are escaped and lines split, so that a search of the raw JSON misses what a reader sees.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from nb2prod.secrets.find import Mask, Secret, find_secrets

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BINARY = re.compile(r"(?!image/svg)(?:image|audio|video|font)/|application/(?:pdf|octet-stream|zip|wasm)")


_LONG = 200_000
_in_long = lru_cache(maxsize=8)(find_secrets)
"""Long outputs are searched once: an editor analyses a notebook again and again while only its tags change."""


@dataclass(frozen=True, slots=True)
class Place:
    """`cell` is the 1-based position, None for the notebook's metadata; `part` e.g. ``source``, ``output 2``."""

    cell: int | None
    part: str


@dataclass(frozen=True, slots=True)
class Planted:
    """A secret, where it was found first, and the other places that hold the same."""

    secret: Secret
    place: Place
    others: tuple[Place, ...] = ()


def find_planted(document: Mapping[str, Any]) -> tuple[Planted, ...]:
    """Each secret of an nbformat 4 document once. One that a source line allows is allowed everywhere."""
    found: dict[str, Planted] = {}
    allowed: set[str] = set()
    for place, text in _texts(document):
        for secret in (_in_long(text) if len(text) > _LONG else find_secrets(text)) if text else ():
            if secret.allowed:
                allowed.add(secret.value)
            known = found.get(secret.value)
            if known is None:
                found[secret.value] = Planted(secret, place)
            elif place != known.place and place not in known.others:
                found[secret.value] = Planted(known.secret, known.place, (*known.others, place))
    return tuple(p for value, p in found.items() if value not in allowed)


def mask_document(document: Any, mask: Mask) -> Any:
    """A copy of JSON values with every text masked, but for binary data (images)."""
    if isinstance(document, str):
        return mask(document)
    if isinstance(document, list):
        return [mask_document(one, mask) for one in document]
    if isinstance(document, dict):
        return {
            key: value if isinstance(key, str) and _BINARY.match(key) else mask_document(value, mask)
            for key, value in document.items()
        }
    return document


def _texts(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Every text of a notebook, sources first, since they say what is no secret."""
    cells = [cell for cell in document.get("cells", ()) if isinstance(cell, dict)]
    for index, cell in enumerate(cells, 1):
        yield Place(index, "source"), _joined(cell.get("source", ""))
    for index, cell in enumerate(cells, 1):
        outputs = cell.get("outputs")
        for number, output in enumerate(outputs if isinstance(outputs, list) else (), 1):
            yield from ((Place(index, f"output {number}"), text) for text in _output_texts(output))
        attachments = cell.get("attachments")
        for name, bundle in (attachments if isinstance(attachments, dict) else {}).items():
            yield from ((Place(index, f"attachment {name}"), text) for text in _attached_texts(bundle))
        yield from ((Place(index, "metadata"), text) for text in _json_texts(cell.get("metadata", {})))
    yield from ((Place(None, "metadata"), text) for text in _json_texts(document.get("metadata", {})))


def _output_texts(output: Any) -> Iterator[str]:
    if not isinstance(output, dict):
        return
    yield _ANSI.sub("", _joined(output.get("text", "")))
    if output.get("output_type") == "error":
        yield f"{output.get('ename')}: {output.get('evalue')}"
        trace = output.get("traceback")
        yield _ANSI.sub("", "\n".join(t for t in trace if isinstance(t, str)) if isinstance(trace, list) else "")
    data = output.get("data")
    for kind, value in (data if isinstance(data, dict) else {}).items():
        if not _BINARY.match(kind):
            yield from _json_texts(value)
    yield from _json_texts(output.get("metadata", {}))


def _attached_texts(bundle: Any) -> Iterator[str]:
    """Attachments are base64: of texts what they say, of images nothing."""
    for kind, value in (bundle if isinstance(bundle, dict) else {}).items():
        if _BINARY.match(kind):
            continue
        text = _joined(value)
        try:
            yield base64.b64decode(text, validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            yield text


def _json_texts(value: Any) -> Iterator[str]:
    """A text itself; of an object the texts in it, and the whole as JSON, where a value stands beside its name."""
    if isinstance(value, str) or (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        yield _joined(value)
        return
    if isinstance(value, dict | list) and value:
        yield json.dumps(value, ensure_ascii=False)
        pending: list[Any] = [value]
        while pending:
            one = pending.pop()
            if isinstance(one, str):
                if "\n" in one or '"' in one:  # escaped in the whole
                    yield one
            elif isinstance(one, dict):
                pending += [v for k, v in one.items() if not _BINARY.match(k)]
            elif isinstance(one, list):
                pending += one


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
