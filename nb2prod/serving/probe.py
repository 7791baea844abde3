"""`python -m nb2prod.serving.probe [URL]`: exit 0 if the service is ready, else 1.

For HEALTHCHECK, so it needs the standard library alone.
"""

import sys
from collections.abc import Sequence

from nb2prod.serving.local import local_url, opener_for

READY = local_url("/health/ready")


def main(arguments: Sequence[str]) -> int:
    url = arguments[0] if arguments else READY
    try:
        with opener_for(url).open(url, timeout=3) as response:
            return 0 if response.status == 200 else 1
    except (OSError, ValueError) as error:  # URLError, HTTPError, timeouts; a URL that is none
        sys.stderr.write(f"{url}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
