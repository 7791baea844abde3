"""The group `nb2prod`: loads a command when it is called, and turns every failure into one clear error.

| what is raised          | exit code          | on stderr                     |
|-------------------------|--------------------|-------------------------------|
| an `Nb2ProdError`       | its own            | the error and its hint        |
| a usage error of click  | 2                  | the usage and what is wrong   |
| Ctrl-C                  | 130                | "cancelled"                   |
| anything else           | 70                 | that it is a bug, and where   |

With `--json` or `--events jsonl` the same is told on stdout as one object, or as the two events a job cannot lack.
"""

import sys
from typing import TYPE_CHECKING, Any

import click

from nb2prod import __version__
from nb2prod.cli.session import Session, global_options, session_of

if TYPE_CHECKING:
    from nb2prod.errors import Nb2ProdError

COMMANDS: dict[str, tuple[str, str]] = {
    "check": ("nb2prod.cli.check:check", "Say what in a notebook stands in the way of production."),
    "inspect": ("nb2prod.cli.check:inspect", "Show the cells, their roles, the graph and the boundary."),
    "suggest": ("nb2prod.cli.suggest:suggest", "Propose a role for each cell, and write them as tags."),
    "tag": ("nb2prod.cli.suggest:tag", "Give cells a role."),
    "explain": ("nb2prod.cli.explain:explain", "Show why a name or a line is in production, or is not."),
    "convert": ("nb2prod.cli.build:convert", "Turn a notebook into a tested package, without MLflow and image."),
    "diff": ("nb2prod.cli.sync:diff", "Show what changed in notebook and project since the build."),
    "sync": ("nb2prod.cli.sync:sync", "Take edits of the project back into the notebook."),
    "test": ("nb2prod.cli.test:test", "Run the tests of a generated project, and mutants of its code."),
    "build": ("nb2prod.cli.build:build", "Turn a notebook into a package, an MLflow model and an image."),
    "serve": ("nb2prod.cli.serve:serve", "Run the service of a generated project on this machine."),
    "jobs": ("nb2prod.cli.jobs:jobs", "List, copy and run the job notebooks."),
    "job": ("nb2prod.cli.job:job", "Run a build that is described as JSON."),
    "ci": ("nb2prod.cli.ci:ci", "Write a pipeline for GitHub, GitLab or Jenkins."),
    "doctor": ("nb2prod.cli.doctor:doctor", "Say what is installed, what is missing, and how to get it."),
    "gui": ("nb2prod.cli.gui:gui", "Open the desktop wizard."),
    "config": ("nb2prod.cli.config:config", "Show the settings and where they come from."),
    "completion": ("nb2prod.cli.completion:completion", "Print the completion script of a shell."),
}
"""Command -> where it is, and its line in `--help` (so that nothing is imported to show it)."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = str(args[0])
        if name not in COMMANDS and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["nb2prod.arguments"] = list(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: RET503 - ctx.exit does not return
        arguments = ctx.meta["nb2prod.arguments"]
        session = session_of(ctx)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except click.ClickException as fault:
            if answer_kind(arguments) is not None and not session.answered:
                from nb2prod.errors import UsageError

                answer_failure(arguments, UsageError(fault.format_message(), code="NB290"), session)
            raise
        except Exception as fault:
            error = _error_from(fault)
        except KeyboardInterrupt as fault:
            error = _error_from(fault)
        if answer_kind(arguments) is not None and not session.answered:
            answer_failure(arguments, error, session)
        tell_error(error, session)
        ctx.exit(error.exit_code)


def answer_kind(arguments: list[str]) -> str | None:
    """``json`` or ``events`` where the command line asks for an answer on stdout that a machine reads."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    if "--json" in options:
        return "json"
    return "events" if any(option.partition("=")[0] == "--events" for option in options) else None


def answer_failure(arguments: list[str], error: "Nb2ProdError", session: Session) -> None:
    """The answer on stdout of a command that failed before it had one of its own."""
    import time

    from nb2prod.cli.answers import failure, json_text, write_stdout
    from nb2prod.events import JobFinished, JobStarted, Stamped, encode

    command = next((word for word in arguments if word in COMMANDS), "build")
    report = failure(command, error, of_many=session.of_many)
    if answer_kind(arguments) == "json":
        write_stdout(json_text(report))
        return
    now = time.time()
    write_stdout(encode(Stamped(0, now, JobStarted(command, ()))))
    write_stdout(encode(Stamped(1, now, JobFinished("cancelled" if error.exit_code == 130 else "failed", report))))


def tell_error(error: "Nb2ProdError", session: Session) -> None:
    """The error on stderr; with `--debug` the traceback above it."""
    from nb2prod.console.problems import error_lines
    from nb2prod.console.text import write_lines
    from nb2prod.job.runner import error_json

    if session.debug:
        import traceback

        traceback.print_exception(error)
    write_lines(error_lines(error_json(error)), sys.stderr)


def _error_from(fault: BaseException) -> "Nb2ProdError":
    from nb2prod.errors import Cancelled, Nb2ProdError
    from nb2prod.job.bug import bug_from

    if isinstance(fault, Nb2ProdError):
        return fault
    return Cancelled() if isinstance(fault, KeyboardInterrupt) else bug_from(fault)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="nb2prod")
@global_options
def root() -> None:
    """From a Jupyter notebook to a verified, running container.

    nb2prod build NOTEBOOK.ipynb -o FOLDER --image TAG does the whole way.
    """
