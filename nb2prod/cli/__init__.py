"""The command line. Commands are loaded when they are called: `nb2prod --help` imports click and little else."""

from typing import NoReturn


def main() -> NoReturn:
    """The entry point of `nb2prod` and of `python -m nb2prod`."""
    from nb2prod.cli.root import root

    root.main(prog_name="nb2prod")
    raise SystemExit(0)
