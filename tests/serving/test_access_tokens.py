"""JSON Web Tokens: real keys, real signatures, and the forgeries that are known."""

import asyncio
import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from nb2prod.serving.access import Access, fetch
from nb2prod.serving.access.tokens import Tokens
from nb2prod.serving.problem import Problem
from nb2prod.serving.settings import Settings

ISSUER, AUDIENCE = "https://login.example", "churn"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key, kid: str) -> dict[str, object]:
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}


JWKS = json.dumps({"keys": [jwk(RSA_KEY, "r"), jwk(EC_KEY, "e"), {"kty": "oct", "k": "AAAA", "kid": "o"}]})


def token(key=RSA_KEY, kid="r", algorithm="RS256", **changes):
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "shop", "exp": now + 600, "scope": "predict metrics"} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_text(JWKS)
    return Settings(jwks=str(path), jwt_issuer=ISSUER, jwt_audience=AUDIENCE)


def admit(access, text, right="predict"):
    return access.admit([(b"authorization", b"Bearer " + text.encode())], right)


def status(access, text, right="predict"):
    with pytest.raises(Problem) as problem:
        admit(access, text, right)
    return problem.value.status


@pytest.mark.parametrize(("key", "kid", "algorithm"), [(RSA_KEY, "r", "RS256"), (EC_KEY, "e", "ES256")])
def test_a_signed_token_is_its_subject_with_its_rights(settings, key, kid, algorithm):
    access = Access(settings, {})
    for _ in range(2):  # verified, and remembered
        caller = admit(access, token(key, kid, algorithm))
        assert (caller.id, caller.rights) == ("jwt:shop", {"predict", "metrics"})
    assert status(access, token(key, kid, algorithm), "admin") == 403


def unsigned() -> str:
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    head = {"alg": "none", "typ": "JWT", "kid": "r"}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 600, "scope": "predict"}
    return f"{part(head)}.{part(claims)}."


def with_public_key_as_secret() -> str:
    import hmac

    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, claims, _ = token().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "r"}).encode()).rstrip(b"=").decode()
    signature = hmac.digest(public, f"{head}.{claims}".encode(), "sha256")
    return f"{head}.{claims}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def tampered() -> str:
    head, claims, signature = token().split(".")
    body = json.loads(base64.urlsafe_b64decode(claims + "=="))
    claims = base64.urlsafe_b64encode(json.dumps(body | {"scope": "admin"}).encode()).rstrip(b"=").decode()
    return f"{head}.{claims}.{signature}"


FORGED = {
    "not signed": unsigned,
    "public key as secret": with_public_key_as_secret,
    "another key": lambda: token(OTHER_KEY),
    "unknown key id": lambda: token(OTHER_KEY, "x"),
    "no key id": lambda: token(kid=None),
    "symmetric key of the set": lambda: jwt.encode({"exp": 1}, "a" * 32, headers={"kid": "o"}),
    "claims changed": tampered,
    "expired": lambda: token(exp=int(time.time()) - 60),
    "never expires": lambda: token(exp=None),
    "not yet": lambda: token(nbf=int(time.time()) + 600),
    "another issuer": lambda: token(iss="https://evil.example"),
    "no issuer": lambda: token(iss=None),
    "another audience": lambda: token(aud="billing"),
    "no audience": lambda: token(aud=None),
    "an algorithm that is not allowed": lambda: token(algorithm="PS256"),
    "an algorithm of another kind of key": lambda: token(EC_KEY, "r", "ES256"),
    "rubbish": lambda: "a.b.c",
    "not ASCII": lambda: "é.é.é",
    "too long": lambda: token(padding="x" * 9000),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_forged_and_stale_tokens_are_401(settings, forge):
    assert status(Access(settings, {}), forge()) == 401


def test_a_remembered_token_still_expires(settings, monkeypatch):
    access = Access(settings, {})
    shown = token()
    admit(access, shown)
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(Tokens, "_verify", lambda *_: None)  # PyJWT has a clock of its own
    assert status(access, shown) == 401


def test_leeway_is_granted_and_no_more(settings):
    access = Access(settings, {})
    assert admit(access, token(exp=int(time.time()) - 10)).id == "jwt:shop"


def test_rights_from_another_claim_with_a_prefix(settings):
    import msgspec

    other = msgspec.structs.replace(settings, jwt_rights_claim="realm_access.roles", jwt_rights_prefix="churn:")
    access = Access(other, {})
    assert admit(access, token(realm_access={"roles": ["churn:predict", "predict", "other:admin"]})).rights == {
        "predict"
    }
    assert status(access, token(realm_access="churn")) == 403
    assert status(access, token()) == 403


def test_keys_and_tokens_side_by_side(settings):
    access = Access(settings, {"NB2PROD_API_KEY": "k.e.y"})
    assert admit(access, "k.e.y").id == "default"
    assert admit(access, token()).id == "jwt:shop"


def test_a_rate_holds_for_the_subject_not_for_the_token(settings):
    import msgspec

    access = Access(msgspec.structs.replace(settings, rate="2/hour"), {})
    admit(access, token(jti="1"))
    admit(access, token(jti="2"))
    assert status(access, token(jti="3")) == 429
    assert admit(access, token(sub="other")).id == "jwt:other"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"jwt_issuer": None}, "NB2PROD_JWT_ISSUER"),
        ({"jwt_audience": None}, "NB2PROD_JWT_AUDIENCE"),
        ({"jwt_algorithms": "HS256"}, "HS256"),
        ({"jwt_algorithms": "RS256 none"}, "none"),
        ({"jwt_algorithms": " "}, "none"),
        ({"jwks": "http://login.example/jwks"}, "https only"),
        ({"jwks": "ftp://login.example/jwks"}, "https only"),
        ({"jwks": "https://user:password@login.example/jwks"}, "https only"),
        ({"jwks": "/no/such/file"}, "NB2PROD_JWKS"),
    ],
)
def test_settings_that_would_not_protect_are_refused(settings, changes, says):
    import msgspec

    with pytest.raises(ValueError, match=says):
        Access(msgspec.structs.replace(settings, **changes), {})


class Issuer:
    """Publishes keys on loopback; `documents` are answered in turn, the last one again and again."""

    def __init__(self, *documents: str | int) -> None:
        self.documents = list(documents)
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = issuer.documents[min(issuer.asked, len(issuer.documents) - 1)]
                issuer.asked += 1
                if answer == "no HTTP":
                    self.wfile.write(b"rubbish\r\n\r\n")
                    return
                if isinstance(answer, int):
                    self.send_response(answer)
                    self.send_header("Location", "/elsewhere")
                    self.end_headers()
                    return
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def publish():
    issuers = []

    def publish(*documents):
        issuers.append(Issuer(*documents))
        return issuers[-1]

    yield publish
    for issuer in issuers:
        issuer.server.shutdown()
        issuer.server.server_close()


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


def test_keys_of_an_address_are_fetched_and_again_for_an_unknown_key_but_not_for_each(publish, monkeypatch):
    issuer = publish(json.dumps({"keys": [jwk(RSA_KEY, "r")]}), JWKS)

    async def scenario() -> None:
        access = Access(Settings(jwks=issuer.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE), {})
        assert status(access, token()) == 503  # not fetched yet
        watching = asyncio.create_task(access.watch())
        await until(lambda: access._tokens.has_keys)
        assert admit(access, token()).id == "jwt:shop"
        for _ in range(50):  # an unknown key, right after fetching: throttled
            assert status(access, token(EC_KEY, "e", "ES256")) == 401
        await asyncio.sleep(0.1)
        assert issuer.asked == 1
        monkeypatch.setattr(fetch, "UNKNOWN_KEY_SECONDS", 0.0)
        assert status(access, token(EC_KEY, "e", "ES256")) == 401
        await until(lambda: len(access._tokens._keys) == 2)
        assert admit(access, token(EC_KEY, "e", "ES256")).id == "jwt:shop"
        watching.cancel()

    asyncio.run(scenario())


def test_an_issuer_in_trouble_is_asked_again_and_its_old_keys_stay(publish, monkeypatch, caplog):
    monkeypatch.setattr(fetch, "FIRST_RETRY", 0.01)
    monkeypatch.setattr(fetch, "FRESH_SECONDS", 0.01)
    issuer = publish(500, 302, "no HTTP", "no JSON", '{"keys": []}', JWKS, 500)

    async def scenario() -> None:
        access = Access(Settings(jwks=issuer.url, jwt_issuer=ISSUER, jwt_audience=AUDIENCE), {})
        watching = asyncio.create_task(access.watch())
        await until(lambda: issuer.asked >= 7)
        assert admit(access, token()).id == "jwt:shop"
        watching.cancel()

    asyncio.run(scenario())
    failures = [record for record in caplog.records if "could not be fetched" in record.getMessage()]
    assert len(failures) >= 5
