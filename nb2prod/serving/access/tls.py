"""TLS spoken by the process itself: at least 1.2, and certificates that are replaced while connections go on."""

import asyncio
import ssl

from nb2prod.serving.log import logger
from nb2prod.serving.settings import Settings
from nb2prod.serving.watched import WatchedFile

POLL_SECONDS = 1.0


def tls_files(settings: Settings) -> tuple[str, str] | None:
    """Certificate and key, checked. None where TLS is off. Raises ValueError for half of it, or what cannot be used."""
    certificate, key = settings.tls_cert, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ValueError("NB2PROD_TLS_CERT and NB2PROD_TLS_KEY are needed both")
    try:
        _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"{certificate} and {key} cannot be used for TLS: {error}") from None
    return certificate, key


def harden(context: ssl.SSLContext) -> None:
    """Nothing older than TLS 1.2, no compression, no renegotiation."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION


async def watch_certificate(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Until cancelled: new connections get the new certificate as soon as it and its key are both there."""
    files = WatchedFile(certificate), WatchedFile(key)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        if not any(file.changed() for file in files):
            continue
        try:
            # A pair that does not fit would spoil the live context: it is tried on another one first.
            _load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key)
            _load(context, certificate, key)
            logger.info("the certificate was read again", extra={"fields": {"file": certificate}})
        except Exception as error:
            fields = {"file": certificate, "error": type(error).__name__, "message": str(error)}
            logger.error("the certificate could not be read again: the old one stays", extra={"fields": fields})


def _load(context: ssl.SSLContext, certificate: str, key: str) -> None:
    # A password would be asked for at the terminal; a key that needs one is refused instead.
    context.load_cert_chain(certificate, key, password="")
