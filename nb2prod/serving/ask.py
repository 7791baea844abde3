"""`python -m nb2prod.serving.ask [URL] < body.json`: post stdin to the service here and print the answer.

For a container without a network, from `docker exec`. The key is `NB2PROD_API_KEY`. Standard library alone.
Exit 0 with the answer on stdout; 1 with the refusal, or why there was no answer, on stderr.
"""

import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence

from nb2prod.serving.local import local_url, opener_for

PREDICT = local_url("/predict")


def main(arguments: Sequence[str]) -> int:
    url = arguments[0] if arguments else PREDICT
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("NB2PROD_API_KEY", "").strip():
        headers["X-API-Key"] = key
    try:
        request = urllib.request.Request(url, sys.stdin.buffer.read(), headers, method="POST")  # noqa: S310 - our own
        with opener_for(url).open(request, timeout=60) as response:
            sys.stdout.buffer.write(response.read() + b"\n")
            return 0
    except urllib.error.HTTPError as refusal:
        sys.stderr.write(f"{refusal.code} {refusal.read().decode('utf-8', 'replace')}\n")
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{url}: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
