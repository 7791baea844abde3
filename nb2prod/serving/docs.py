"""`/docs`: one self-contained page, which reads `openapi.json` in the browser. No network beyond this service."""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

from starlette.responses import Response


@cache
def _page() -> tuple[bytes, str]:
    """The page and the policy that allows its own style and script, by hash, and nothing else."""
    text = (Path(__file__).parent / "docs.html").read_text(encoding="utf-8")
    inline = {tag: re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[0].encode() for tag in ("style", "script")}
    hashes = {tag: base64.b64encode(hashlib.sha256(content).digest()) for tag, content in inline.items()}
    policy = (
        "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        f"style-src 'sha256-{hashes['style'].decode()}'; script-src 'sha256-{hashes['script'].decode()}'"
    )
    return text.encode(), policy


def docs_response() -> Response:
    content, policy = _page()
    return Response(content, media_type="text/html", headers={"Content-Security-Policy": policy})
