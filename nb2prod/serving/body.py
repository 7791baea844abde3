"""Reading a body: counted while it streams, within a deadline, and only what this service speaks."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from nb2prod.serving.access import RawHeaders
from nb2prod.serving.problem import Problem

CLOSE = {"Connection": "close"}
"""The rest of a refused body is not read: the connection ends with the answer."""


def check_headers(headers: RawHeaders, limit: int, media_types: frozenset[str]) -> None:
    """Raises Problem 415 for all but uncompressed `media_types` in UTF-8, 413 for a declared length above `limit`."""
    content_type, encoding, declared = b"", b"", b"0"
    for name, value in headers:
        if name == b"content-type":
            content_type = content_type or value
        elif name == b"content-encoding":
            encoding = encoding or value
        elif name == b"content-length":
            declared = value
    if content_type != b"application/json" or "application/json" not in media_types:
        _check_type(content_type.decode("latin-1"), media_types)
    if encoding.strip().lower() not in (b"", b"identity"):
        raise Problem(415, "wrong_content_encoding", "send the body uncompressed", headers=CLOSE)
    if declared.isdigit() and (len(declared) > 18 or int(declared) > limit):
        raise too_large(limit)


def _check_type(content_type: str, media_types: frozenset[str]) -> None:
    kind, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() not in media_types or charset not in ("", "charset=utf-8"):
        accepted = " or ".join(sorted(media_types - {""}))
        raise Problem(415, "wrong_content_type", f"send Content-Type: {accepted} in UTF-8", headers=CLOSE)


async def read_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The whole body. Raises Problem 413 after `limit` bytes, 408 after `seconds`; ClientDisconnect."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise too_large(limit)
                chunks.append(chunk)
                if not message.get("more_body", False):
                    return b"".join(chunks)
    except TimeoutError:
        raise Problem(408, "body_too_slow", f"the body took longer than {seconds:g} s", headers=CLOSE) from None


def too_large(limit: int) -> Problem:
    return Problem(413, "body_too_large", f"the body is larger than {limit} bytes", headers=CLOSE)
