"""How much a run of nb2prod says: the global options, which are taken before and after the command's name."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class Session:
    """`verbosity`: -1 errors only, 0 as usual, 1 with info logs, 2 with debug logs. `debug`: show tracebacks.

    `answered`: the machine-readable answer is on stdout already; there must not be a second one. `of_many`: that answer
    is the summary of many notebooks.
    """

    # No dataclass: importing that would take a tenth of the time of `--help`.
    def __init__(self) -> None:
        self.verbosity = 0
        self.debug = False
        self.answered = False
        self.of_many = False


def session_of(context: click.Context) -> Session:
    return context.find_root().ensure_object(Session)


def global_options(function: Function) -> Function:
    """`-q`, `-v`, `--debug`: on the group and on each command."""

    def more(context: click.Context, _: click.Parameter, count: int) -> None:
        session_of(context).verbosity += count

    def less(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            session_of(context).verbosity = -1

    def trace(context: click.Context, _: click.Parameter, given: bool) -> None:
        if given:
            session_of(context).debug = True

    for option in (
        click.option("--debug", is_flag=True, expose_value=False, callback=trace, help="Show tracebacks."),
        click.option("-v", "--verbose", count=True, expose_value=False, callback=more, help="Say more; twice for all."),
        click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=less, help="Say errors only."),
    ):
        function = option(function)
    return function
