"""`python -m nb2prod.serving.keys new NAME --right predict`: make a key, and the line that makes it known.

The key is printed once and kept nowhere. The line goes into the file that `NB2PROD_KEYS_FILE` names, which a running
service reads again within a second. Standard library alone.
"""

import argparse
import hashlib
import re
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

NAME = re.compile(r"[A-Za-z0-9._@:-]{1,64}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nb2prod.serving.keys", description="Make API keys.")
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("new", help="a new key, to stdout; the line for the file of keys below it")
    new.add_argument("name", type=_name, help="who will use it; logs show this name")
    new.add_argument("--right", action="append", choices=("predict", "metrics", "admin"), help="default: predict")
    new.add_argument("--days", type=int, help="after which it expires; default: never")
    new.add_argument("--rate", help="its own limit, e.g. 100/second")
    options = parser.parse_args(arguments)
    key = f"nb2_{secrets.token_urlsafe(32)}"
    rights = ", ".join(f'"{right}"' for right in dict.fromkeys(options.right or ["predict"]))
    entries = [
        f'sha256 = "{hashlib.sha256(key.encode()).hexdigest()}"',
        f"rights = [{rights}]",
    ]
    if options.days is not None:
        entries.append(f"expires = {datetime.now(UTC) + timedelta(days=options.days):%Y-%m-%dT%H:%M:%SZ}")
    if options.rate is not None:
        entries.append(f'rate = "{options.rate}"')
    sys.stdout.write(f'{key}\n"{options.name}" = {{ {", ".join(entries)} }}\n')
    return 0


def _name(text: str) -> str:
    if NAME.fullmatch(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is no name of up to 64 letters, digits and . _ @ : -")


if __name__ == "__main__":
    sys.exit(main())
