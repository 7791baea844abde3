"""`python -m nb2prod.serving.probe [URL]`: exit 0 if the service is ready, else 1.

For HEALTHCHECK, so it needs the standard library alone.
"""

import sys
import urllib.request
from collections.abc import Sequence

READY = "http://127.0.0.1:8080/health/ready"


def main(arguments: Sequence[str]) -> int:
    url = arguments[0] if arguments else READY
    # Without proxies of the environment: the service is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=3) as response:
            return 0 if response.status == 200 else 1
    except (OSError, ValueError) as error:  # URLError, HTTPError, timeouts; a URL that is none
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
