"""Secrets among the values that a run leaves, which would be written into the project, the model and the image."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nb2prod.secrets.find import find_secrets
from nb2prod.secrets.plausible import is_plausible

_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIALS", "PAT")
_SHORTEST = 8


def secret_values(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of environment variables that are named like secrets: ``OPENAI_API_KEY``, ``DB_PASSWORD``."""
    return tuple(
        value
        for name, value in environment.items()
        if name.upper().endswith(_NAMES) and len(value) >= _SHORTEST and is_plausible(value, "password")
    )


def exposed_names(values: Mapping[str, Any], known: Iterable[str]) -> tuple[str, ...]:
    """Which of these names hold a secret: one of the `known` values somewhere in it, or, where the value is one text or
    a dictionary of texts, what looks like one. In larger data only known values count: it may be about such things.
    """
    known = tuple(known)
    return tuple(name for name, value in values.items() if _is_exposed(name, value, known))


def _is_exposed(name: str, value: Any, known: tuple[str, ...]) -> bool:
    pairs = value.items() if isinstance(value, Mapping) else [(name, value)]
    for key, text in pairs:
        if isinstance(text, str) and "\n" not in text:
            found = find_secrets(f'{key} = "{text}"')
            if any(len(secret.value) * 2 > len(text) for secret in found):
                return True
    return any(secret in text for text in _texts(value) for secret in known) if known else False


def _texts(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            pending += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple):
            pending += one
