"""TLS of the process itself: certificates that are replaced, half-replaced and broken, and the helpers that ask it."""

import datetime
import json
import os
import socket
import ssl
import subprocess
import sys

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nb2prod.serving.access.tls import tls_files
from nb2prod.serving.settings import Settings

from .conftest import HERE, wait_until
from .sample_service import GOLDEN
from .test_serving_process import TARGET, run_module

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]


def write_pair(folder, serial, password=None):
    """A key and a certificate for 127.0.0.1 with this serial number."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    today = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(today)
        .not_valid_after(today + datetime.timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    protection = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(pem, pkcs8, protection))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    return {"NB2PROD_TLS_CERT": str(folder / "cert.pem"), "NB2PROD_TLS_KEY": str(folder / "key.pem")}


def connect(url, **versions):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in versions.items():
        setattr(context, name, version)
    host, _, port = url.removeprefix("https://").partition(":")
    return context.wrap_socket(socket.create_connection((host, int(port)), timeout=20))


def serial_of(url):
    with connect(url) as connection:
        return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True)).serial_number


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_certificates_are_replaced_while_connections_go_on(start, tmp_path):
    server = start(**write_pair(tmp_path, 1))
    with httpx.Client(base_url=server.url, verify=False) as client:
        answer = client.post("/predict", json=GOLDEN_BODY)
        assert answer.json()["predictions"] == [8.1, None, 5.0]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert serial_of(server.url) == 1
        open_connection = connect(server.url)
        write_pair(tmp_path, 2)
        wait_until(lambda: serial_of(server.url) == 2)
        open_connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert open_connection.recv(100).startswith(b"HTTP/1.1 200")
        open_connection.close()

        (tmp_path / "key.pem").write_text("half written")
        wait_until(lambda: any("the old one stays" in line for line in server.lines))
        assert serial_of(server.url) == 2
        assert client.get("/health/live").status_code == 200

    with pytest.raises((ssl.SSLError, OSError)):
        connect(server.url, minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_the_helpers_in_the_container_speak_tls_too(start, tmp_path):
    pair = write_pair(tmp_path, 1)
    server = start(**pair, NB2PROD_API_KEY="k1")
    assert run_module(".probe", f"{server.url}/health/ready", **pair).returncode == 0
    asked = run_module(".ask", f"{server.url}/predict", stdin=json.dumps(GOLDEN_BODY), NB2PROD_API_KEY="k1", **pair)
    assert asked.returncode == 0, asked.stderr
    code = "from nb2prod.serving.probe import READY; from nb2prod.serving.ask import PREDICT; print(READY, PREDICT)"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=HERE, env=os.environ | pair, capture_output=True, text=True
    )
    assert shown.stdout.split() == ["https://127.0.0.1:8080/health/ready", "https://127.0.0.1:8080/predict"]


@pytest.mark.parametrize("missing", ["NB2PROD_TLS_CERT", "NB2PROD_TLS_KEY"])
def test_half_of_a_pair_is_refused(tmp_path, missing):
    pair = write_pair(tmp_path, 1)
    del pair[missing]
    told = run_module("", TARGET, **pair)
    assert (told.returncode, "are needed both" in told.stderr) == (2, True)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked(tmp_path):
    pair = write_pair(tmp_path, 1, password=b"secret")
    with pytest.raises(ValueError, match="cannot be used"):
        tls_files(Settings(tls_cert=pair["NB2PROD_TLS_CERT"], tls_key=pair["NB2PROD_TLS_KEY"]))
