"""Who may do what: API keys and tokens, and the rights predict, metrics, admin.

Without any of them configured the runner binds to loopback only; who is on this machine may then predict and read
metrics, and nobody may administer.
"""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nb2prod.serving.access.callers import Caller, Right, Window, read_rate, read_rights
from nb2prod.serving.access.keys import LARGEST_FILE, Key, digest_of, find_key, read_keys
from nb2prod.serving.log import logger
from nb2prod.serving.problem import Problem
from nb2prod.serving.settings import Settings
from nb2prod.serving.watched import WatchedFile

if TYPE_CHECKING:
    from nb2prod.serving.access.fetch import Fetcher
    from nb2prod.serving.access.tokens import Tokens

__all__ = ["API_KEY", "Access", "Caller", "RawHeaders", "Right"]

API_KEY = "NB2PROD_API_KEY"
LONGEST_CREDENTIAL = 8192
POLL_SECONDS = 1.0

RawHeaders = list[tuple[bytes, bytes]]
"""As ASGI has them: names in lower case."""


class Access:
    """Made once per application. `admit` is asked for each request; `watch` runs while the application does."""

    def __init__(self, settings: Settings, environment: Mapping[str, str]) -> None:
        """Raises ValueError for what is set and cannot protect: an empty key, a missing or broken file, …"""
        self._default = read_rate(settings.rate) if settings.rate is not None else None
        self._named: dict[str, Key] = {}
        self._own: tuple[Key, ...] = ()
        key = environment.get(API_KEY)
        if key is not None:
            if not key.strip():
                raise ValueError(f"{API_KEY} is set but empty: give it a key, or unset it to serve on loopback only")
            rights = read_rights(settings.api_key_rights.replace(",", " ").split())
            window = Window(self._default) if self._default is not None else None
            self._own = (Key(digest_of(key.strip().encode()), Caller("default", rights, window)),)
        self._file: WatchedFile | None = None
        if settings.keys_file is not None:
            self._file = WatchedFile(settings.keys_file)
            try:
                self._named = read_keys(self._file.read(LARGEST_FILE), self._default)
            except (OSError, ValueError) as error:
                raise ValueError(f"NB2PROD_KEYS_FILE: {error}") from None
        self._keys = (*self._own, *self._named.values())
        self._tokens: Tokens | None = None
        self._jwks: WatchedFile | None = None
        self._fetcher: Fetcher | None = None
        if settings.jwks is not None:
            self._accept_tokens(settings, settings.jwks)
        anyone = Window(self._default) if self._default is not None else None
        self._anyone = None if self.is_configured else Caller("anyone", frozenset({"predict", "metrics"}), anyone)

    @property
    def is_configured(self) -> bool:
        """Whether callers must show something."""
        return bool(self._keys) or self._tokens is not None

    def admit(self, headers: RawHeaders, right: Right) -> Caller:
        """Who calls, and counts it. Raises Problem 401 (not known), 403 (has not this right), 429 (too often)."""
        caller = self.identify(headers)
        self.allow(caller, right)
        return caller

    def identify(self, headers: RawHeaders) -> Caller:
        """Who calls. Raises Problem 401; 403 for a page of another site where no key is needed; 503 while tokens
        cannot be verified yet."""
        if self._anyone is None:
            return self._identify(headers)
        for name, value in headers:
            if name == b"origin" and not is_local_origin(value):
                raise Problem(403, "forbidden", "pages of other sites may not use a service that asks for no key")
        return self._anyone

    def allow(self, caller: Caller, right: Right) -> None:
        """Count a request of this caller. Raises Problem 403 (has not this right), 429 (too often)."""
        if right not in caller.rights:
            raise Problem(403, "forbidden", f"this needs the right '{right}'", headers={"Connection": "close"})
        if caller.window is not None:
            caller.window.take()

    def shows_examples(self, headers: RawHeaders) -> bool:
        """Whether the caller may see golden rows, which are real data. Counts nothing."""
        try:
            return "predict" in self.identify(headers).rights
        except Problem:
            return False

    async def watch(self) -> None:
        """Until cancelled: read files again when they change; what cannot be used changes nothing, and is logged."""
        async with asyncio.TaskGroup() as tasks:
            if self._file is not None or self._jwks is not None:
                tasks.create_task(self._watch_files())
            if self._fetcher is not None:
                tasks.create_task(self._fetcher.run())

    def _identify(self, headers: RawHeaders) -> Caller:
        """Exactly one credential: `Authorization: Bearer` or `X-API-Key`. Never one in the address."""
        sent: bytes | None = None
        for name, value in headers:
            if name == b"authorization":
                scheme, _, credential = value.partition(b" ")
                if sent is not None or scheme.lower() != b"bearer":
                    raise _unknown()
                sent = credential.strip()
            elif name == b"x-api-key":
                if sent is not None:
                    raise _unknown()
                sent = value.strip()
        if not sent or len(sent) > LONGEST_CREDENTIAL:
            raise _unknown()
        key = find_key(self._keys, sent)
        if key is not None:
            return key.caller
        if self._tokens is not None and sent.count(b".") == 2:
            return self._identify_token(sent)
        raise _unknown()

    def _identify_token(self, sent: bytes) -> Caller:
        from nb2prod.serving.access.tokens import UnknownKeyError

        assert self._tokens is not None
        if not self._tokens.has_keys:
            raise Problem(503, "not_ready", "tokens cannot be verified yet", headers={"Retry-After": "1"})
        try:
            caller = self._tokens.caller(sent)
        except UnknownKeyError:
            if self._fetcher is not None:
                self._fetcher.ask_again()
            caller = None
        if caller is None:
            raise _unknown()
        return caller

    def _accept_tokens(self, settings: Settings, source: str) -> None:
        if not (settings.jwt_issuer and settings.jwt_audience):
            raise ValueError("NB2PROD_JWKS needs NB2PROD_JWT_ISSUER and NB2PROD_JWT_AUDIENCE beside it")
        try:
            from nb2prod.serving.access.tokens import TokenRules, Tokens
        except ModuleNotFoundError as error:
            raise ValueError(f"NB2PROD_JWKS needs PyJWT and cryptography ({error})") from None
        self._tokens = Tokens(
            TokenRules(
                issuer=settings.jwt_issuer,
                audience=settings.jwt_audience,
                algorithms=tuple(settings.jwt_algorithms.replace(",", " ").split()),
                leeway=settings.jwt_leeway_seconds,
                rights_claim=settings.jwt_rights_claim,
                rights_prefix=settings.jwt_rights_prefix,
                rate=self._default,
            )
        )
        if "://" in source:
            from nb2prod.serving.access.fetch import Fetcher

            self._fetcher = Fetcher(source, self._tokens.use_keys)
            return
        self._jwks = WatchedFile(source)
        try:
            self._tokens.use_keys(self._jwks.read(LARGEST_FILE))
        except (OSError, ValueError) as error:
            raise ValueError(f"NB2PROD_JWKS: {error}") from None

    async def _watch_files(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            for file, use in ((self._file, self._use_keys), (self._jwks, self._use_jwks)):
                if file is None:
                    continue
                try:
                    if await asyncio.to_thread(file.changed):
                        use(await asyncio.to_thread(file.read, LARGEST_FILE))
                        logger.info("keys were read again", extra={"fields": {"file": str(file.path)}})
                except Exception as error:  # whatever is wrong with it: the next change is looked at, too
                    fields = {"file": str(file.path), "error": type(error).__name__, "message": str(error)}
                    logger.error("keys could not be read again: the old ones stay", extra={"fields": fields})

    def _use_keys(self, content: bytes) -> None:
        self._named = read_keys(content, self._default, self._named)
        self._keys = (*self._own, *self._named.values())

    def _use_jwks(self, content: bytes) -> None:
        assert self._tokens is not None
        self._tokens.use_keys(content)


def is_local_origin(origin: bytes) -> bool:
    """Whether a browser's page comes from this machine, by name or number; a name that only leads here does not."""
    try:
        host = urlsplit(origin.decode("ascii")).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # UnicodeDecodeError is one
        return False


def _unknown() -> Problem:
    return Problem(
        401,
        "unauthorized",
        "send the key as Authorization: Bearer KEY or as X-API-Key",
        headers={"WWW-Authenticate": "Bearer", "Connection": "close"},
    )
