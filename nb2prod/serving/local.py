"""How a helper in the same container reaches the service: standard library alone."""

import os
import ssl
import urllib.parse
import urllib.request

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def local_url(path: str) -> str:
    """The service on its usual port, over TLS where the service speaks it."""
    scheme = "https" if os.environ.get("NB2PROD_TLS_CERT", "").strip() else "http"
    return f"{scheme}://127.0.0.1:8080{path}"


def opener_for(url: str) -> urllib.request.OpenerDirector:
    """Without proxies of the environment. On this machine a certificate needs neither its name nor a known issuer."""
    no_proxy = urllib.request.ProxyHandler({})
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https":
        return urllib.request.build_opener(no_proxy)
    context = ssl.create_default_context()
    if parts.hostname in LOOPBACK:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return urllib.request.build_opener(no_proxy, urllib.request.HTTPSHandler(context=context))
