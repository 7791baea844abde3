"""Public keys from the one address that was allowed at start: cached, fetched again now and then, never redirected."""

import asyncio
import ipaddress
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from nb2prod.serving.log import logger

FRESH_SECONDS = 300.0
FIRST_RETRY, LAST_RETRY = 1.0, 60.0
UNKNOWN_KEY_SECONDS = 10.0
"""How often at most a token with an unknown key makes us ask again."""
LARGEST_ANSWER = 1024 * 1024


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def check_url(url: str) -> None:
    """Raises ValueError for an address that is neither https nor on this machine."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    try:
        is_local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_local = host == "localhost"
    if not host or parts.username or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        raise ValueError(f"{parts.scheme}://{host}: public keys are fetched by https only (http from this machine)")


def fetch(url: str, seconds: float = 5.0) -> bytes:
    """Raises OSError (also for an answer that is not 200), ValueError for one that is too large."""
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=seconds) as answer:
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        content: bytes = answer.read(LARGEST_ANSWER + 1)
    if len(content) > LARGEST_ANSWER:
        raise ValueError("the answer is too large")
    return content


class Fetcher:
    """Hands each fetched document to `use`; what failed is tried again after 1, 2, 4 … 60 seconds."""

    def __init__(self, url: str, use: Callable[[bytes], None]) -> None:
        """Raises ValueError for an address that is not allowed."""
        check_url(url)
        self._url = url
        self._use = use
        self._wake = asyncio.Event()
        self._asked = -UNKNOWN_KEY_SECONDS

    def ask_again(self) -> None:
        """A key is not known: fetch soon, if that was not just done."""
        if time.monotonic() - self._asked >= UNKNOWN_KEY_SECONDS:
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        retry = FIRST_RETRY
        while True:
            self._wake.clear()
            self._asked = time.monotonic()
            try:
                self._use(await asyncio.to_thread(fetch, self._url))
                pause, retry = FRESH_SECONDS, FIRST_RETRY
            except Exception as error:  # also what is no HTTP at all: it is asked again
                fields = {"error": type(error).__name__, "message": str(error), "again_in_seconds": retry}
                logger.error("the public keys of tokens could not be fetched", extra={"fields": fields})
                pause, retry = retry, min(retry * 2, LAST_RETRY)
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pass
