"""JSON Web Tokens: who their issuer says the caller is. Verified with public keys of a file or of one allow-listed URL.

PyJWT is imported here and nowhere else, and only where `NB2PROD_JWKS` is set. Only signatures with public keys are
accepted: no `none`, and no HS256, with which a public key would be the secret.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import msgspec

from nb2prod.serving.access.callers import RIGHTS, Caller, Rate, Window

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
MOST_VERIFIED = 4096
"""Tokens and subjects that are remembered."""
LONGEST_TOKEN = 8192


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say. `rights_claim` may lead into objects (``realm_access.roles``); a right is one of its
    words (or entries) behind `rights_prefix`."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway: float
    rights_claim: str
    rights_prefix: str
    rate: Rate | None


class UnknownKeyError(Exception):
    """The token names a key that is not among ours: perhaps a newer one."""


class Tokens:
    """Verified tokens are remembered by their digest until they expire, as verifying costs about 50 µs."""

    def __init__(self, rules: TokenRules) -> None:
        """Raises ValueError for an algorithm that is none of `ALGORITHMS`."""
        if not rules.algorithms or (wrong := sorted(set(rules.algorithms) - ALGORITHMS)):
            raise ValueError(f"{wrong[0] if rules.algorithms else 'none'!r} is no accepted algorithm of tokens")
        self._rules = rules
        self._keys: dict[str | None, Any] = {}
        self._verified: dict[bytes, tuple[Caller, float]] = {}
        self._windows: dict[str, Window] = {}

    @property
    def has_keys(self) -> bool:
        return bool(self._keys)

    def use_keys(self, document: bytes) -> None:
        """Take the public keys of a JWKS from now on. Raises ValueError where it holds none that can be used."""
        self._keys = read_jwks(document)
        self._verified.clear()

    def caller(self, token: bytes) -> Caller | None:
        """Who shows this token; None where it is not valid. Raises UnknownKeyError."""
        if len(token) > LONGEST_TOKEN:
            return None
        digest = hashlib.sha256(token).digest()
        found = self._verified.get(digest)
        if found is not None:
            caller, expires = found
            if time.time() < expires:
                return caller
            del self._verified[digest]
        verified = self._verify(token)
        if verified is None:
            return None
        if len(self._verified) >= MOST_VERIFIED:
            self._verified.clear()
        self._verified[digest] = verified
        return verified[0]

    def _verify(self, token: bytes) -> tuple[Caller, float] | None:
        rules = self._rules
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if kid is None and len(self._keys) == 1:
                key = next(iter(self._keys.values()))
            elif kid in self._keys:
                key = self._keys[kid]
            else:
                raise UnknownKeyError
            claims = jwt.decode(
                token,
                key,
                algorithms=list(rules.algorithms),
                issuer=rules.issuer,
                audience=rules.audience,
                leeway=rules.leeway,
                options={"require": ["exp", "iss", "aud"]},
            )
            expires = float(claims["exp"]) + rules.leeway
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            return None
        name = "jwt:" + _plain(claims.get("sub") or claims.get("client_id") or claims.get("azp") or "")
        return Caller(name, _rights(claims, rules), self._window(name)), expires

    def _window(self, name: str) -> Window | None:
        """One per subject, whatever token it shows."""
        if self._rules.rate is None:
            return None
        if name not in self._windows:
            while len(self._windows) >= MOST_VERIFIED:
                del self._windows[next(iter(self._windows))]
            self._windows[name] = Window(self._rules.rate)
        return self._windows[name]


def read_jwks(document: bytes) -> dict[str | None, Any]:
    """The public keys by their id. Others (symmetric, for encryption, of unknown kinds) are left out.

    Raises ValueError where none is left.
    """
    try:
        entries = msgspec.json.decode(document, type=dict[str, Any]).get("keys")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"this is no JWKS: {error}") from None
    keys: dict[str | None, Any] = {}
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or entry.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        if entry.get("use", "sig") != "sig" or "d" in entry:  # a private key has no business here
            continue
        try:
            keys[entry.get("kid")] = jwt.PyJWK(entry).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise ValueError("this JWKS holds no public key for signatures")
    return keys


def _rights(claims: Mapping[str, Any], rules: TokenRules) -> frozenset[str]:
    value: Any = claims
    for part in rules.rights_claim.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    prefix = rules.rights_prefix
    given = {word.removeprefix(prefix) for word in words if isinstance(word, str) and word.startswith(prefix)}
    return frozenset(given) & RIGHTS


def _plain(subject: object) -> str:
    return "".join(letter if letter.isalnum() or letter in "._@:|-" else "?" for letter in str(subject)[:128])
