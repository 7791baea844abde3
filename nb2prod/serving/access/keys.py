"""API keys: known by their digests, several at once, from the environment and from a file that may change.

    # one line per key; made by `python -m nb2prod.serving.keys new`
    shop    = { sha256 = "9f86d0…", rights = ["predict"], rate = "100/second" }
    grafana = { sha256 = "60303a…", rights = ["metrics"], expires = 2027-01-31T00:00:00Z }

TOML, or the same as JSON. A digest without salt is enough for a key made of 32 random bytes, and only for such a key.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from nb2prod.serving.access.callers import Caller, Rate, Window, read_rate, read_rights

LARGEST_FILE = 1024 * 1024
MOST_KEYS = 1000
"""Each is compared for each request, so that the time tells nothing: about 0.1 µs per key."""

NAME = r"^[A-Za-z0-9._@:-]{1,64}$"


class Line(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One key of the file."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")]
    rights: list[str]
    expires: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    rate: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """`expires` is a Unix time; a key without one is good until it is taken out."""

    digest: bytes
    caller: Caller
    expires: float | None = None


def digest_of(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def find_key(keys: tuple[Key, ...], sent: bytes) -> Key | None:
    """The key that was sent, unless it has expired. Every key is compared, in constant time each."""
    digest = hashlib.sha256(sent).digest()
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    if found is not None and found.expires is not None and found.expires <= time.time():
        return None
    return found


def read_keys(content: bytes, default: Rate | None, known: Mapping[str, Key] | None = None) -> dict[str, Key]:
    """The keys of a file by name. Keys of `known` that stay as they are keep their count of requests.

    Raises ValueError that names the key and what is wrong with it; a file without any key is wrong, too.
    """
    decode = msgspec.json.decode if content.lstrip().startswith(b"{") else msgspec.toml.decode
    try:
        lines = decode(content, type=dict[Annotated[str, msgspec.Meta(pattern=NAME)], Line])
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ValueError(f"the file of keys is not as it should be: {error}".replace("`", "")) from None
    if not 0 < len(lines) <= MOST_KEYS:
        raise ValueError(f"the file of keys holds {len(lines)} keys: 1 to {MOST_KEYS} are possible")
    keys: dict[str, Key] = {}
    for name, line in lines.items():
        try:
            rate = read_rate(line.rate) if line.rate is not None else default
            rights = read_rights(line.rights)
        except ValueError as error:
            raise ValueError(f"key {name!r}: {error}") from None
        before = known.get(name) if known is not None else None
        window = before.caller.window if before is not None and before.caller.window is not None else None
        if rate is None:
            window = None
        elif window is None or window.rate != rate:
            window = Window(rate)
        expires = line.expires.timestamp() if line.expires is not None else None
        keys[name] = Key(bytes.fromhex(line.sha256), Caller(name, rights, window), expires)
    return keys
