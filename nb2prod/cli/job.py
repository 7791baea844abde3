"""`nb2prod job`: what the wizard and CI run. The stream of events on stdout, and cancel by closing stdin."""

from pathlib import Path

import click

from nb2prod.cli.build import answer_options, run_build
from nb2prod.cli.session import global_options


@click.command()
@click.argument("spec", metavar="SPEC|-")
@answer_options
@click.option("--stop-on-stdin-eof", is_flag=True, help="Cancel when stdin is closed.")
@global_options
@click.pass_context
def job(context: click.Context, spec: str, as_json: bool, events: str | None, stop_on_stdin_eof: bool) -> None:
    """Run the build that the file SPEC describes as JSON; `-` reads it from stdin (one line).

    The keys are those of the options of `build`; unknown ones are refused.
    """
    from nb2prod.cli.interrupts import read_stdin_line
    from nb2prod.cli.specs import read_spec
    from nb2prod.errors import UsageError, Where

    if spec == "-":
        import sys

        # With the watch on stdin, the spec is its first line and what follows is not ours to read.
        text = read_stdin_line() if stop_on_stdin_eof else sys.stdin.buffer.read()
    else:
        try:
            text = Path(spec).read_bytes()
        except (OSError, ValueError) as fault:
            reason = getattr(fault, "strerror", None) or fault
            raise UsageError(f"cannot be read: {reason}.", code="NB295", where=Where(spec)) from fault
    run_build(context, read_spec(text, spec), as_json=as_json, events=events, stop_at_eof=stop_on_stdin_eof)
