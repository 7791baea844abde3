"""Who may predict: the holder of the key in `NB2PROD_API_KEY`. Without a key the runner binds to loopback only."""

import hashlib
import hmac

from starlette.datastructures import Headers

from nb2prod.serving.problem import Problem

API_KEY = "NB2PROD_API_KEY"


class Access:
    """Knows the key's digest only, so that a dump of the service does not hold the key."""

    def __init__(self, key: str | None) -> None:
        """`key` None: everyone. Raises ValueError for an empty key, which would look like protection and be none."""
        if key is not None and not key.strip():
            raise ValueError(f"{API_KEY} is set but empty: give it a key, or unset it to serve on loopback only")
        self._digest = hashlib.sha256(key.strip().encode()).digest() if key is not None else None

    @property
    def needs_key(self) -> bool:
        return self._digest is not None

    def allows(self, headers: Headers) -> bool:
        """Whether exactly one key was sent (`Authorization: Bearer` or `X-API-Key`) and it is the right one."""
        if self._digest is None:
            return True
        sent = [*headers.getlist("authorization"), *(f"Bearer {key}" for key in headers.getlist("x-api-key"))]
        if len(sent) != 1:
            return False
        scheme, _, key = sent[0].partition(" ")
        digest = hashlib.sha256(key.strip().encode("latin-1")).digest()
        return hmac.compare_digest(digest, self._digest) and scheme.lower() == "bearer"

    def check(self, headers: Headers) -> None:
        """Raises Problem 401."""
        if not self.allows(headers):
            raise Problem(
                401,
                "unauthorized",
                "send the key as Authorization: Bearer KEY or as X-API-Key",
                headers={"WWW-Authenticate": "Bearer", "Connection": "close"},
            )
