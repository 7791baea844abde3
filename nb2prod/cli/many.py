"""`check`, `build` and `convert` of many notebooks: options, progress, and the summary in every form asked for."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from nb2prod.cli.session import session_of

if TYPE_CHECKING:
    from nb2prod.many.wanted import Wanted
    from nb2prod.model.spec import BuildSpec
    from nb2prod.summary.outcome import Outcome, Summary

Function = TypeVar("Function", bound=Callable[..., Any])

NOTEBOOKS = click.argument("notebooks", metavar="NOTEBOOK...", type=click.Path(path_type=Path), nargs=-1, required=True)


class Asked(NamedTuple):
    """What is asked of a run over many; a None or empty value is "not given". (No dataclass: `--help` would pay.)"""

    jobs: int | None
    changed_since: str | None
    only: tuple[Path, ...]
    junit: Path | None
    sarif: Path | None
    code_quality: Path | None
    summary: Path | None

    def of_many(self, notebooks: tuple[Path, ...]) -> bool:
        """Whether the command is one over many; a single notebook without any of these options is as it always was."""
        one = notebooks[0]  # a folder that is named as a notebook is a mistake, not a folder of notebooks
        return len(notebooks) > 1 or any(self) or one.suffix == ".toml" or (one.suffix != ".ipynb" and one.is_dir())


def many_options(function: Function) -> Function:
    """The options of `Asked`, given to the function as `asked`."""
    file = click.Path(path_type=Path, dir_okay=False)
    options = (
        click.option("--summary", type=file, metavar="FILE", help="Write a summary as Markdown."),
        click.option("--code-quality", type=file, metavar="FILE", help="Write GitLab's code quality report."),
        click.option("--sarif", type=file, metavar="FILE", help="Write findings and failed gates as SARIF 2.1.0."),
        click.option("--junit", type=file, metavar="FILE", help="Write what passed and failed as JUnit XML."),
        click.option(
            "--only", type=click.Path(path_type=Path), multiple=True, help="Of these notebooks only this one."
        ),
        click.option("--changed-since", metavar="REF", help="Only notebooks that a change since this commit touches."),
        click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many at a time."),
    )

    def collect(**given: Any) -> Any:
        asked = Asked(**{name: given.pop(name) for name in Asked._fields})
        return function(asked=asked, **given)

    collect.__doc__ = function.__doc__
    collect.__name__ = function.__name__
    collect.__dict__ |= function.__dict__
    for option in options:
        collect = option(collect)
    return collect  # type: ignore[return-value]


def check_many(context: click.Context, notebooks: tuple[Path, ...], asked: Asked, *, as_json: bool) -> None:
    """Check each, and leave with the exit code of all."""
    from nb2prod.many.check_each import check_each

    session_of(context).of_many = True
    wanted = wanted_notebooks(notebooks, asked.only, asked.changed_since)
    named = [(name, one.notebook, one.found) for name, one in wanted]
    jobs = asked.jobs or min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8
    )

    def work(display: Any, cancel: threading.Event) -> "tuple[Outcome, ...]":
        return check_each(named, jobs, display, cancel)

    _conduct(context, "check", [name for name, _, _ in named], work, asked, as_json)


def build_many(
    context: click.Context,
    command: str,
    notebooks: tuple[Path, ...],
    asked: Asked,
    make: "Callable[[Wanted], BuildSpec]",
    *,
    as_json: bool,
) -> None:
    """Build each as `make` says, and leave with the exit code of all. Clashes are refused first (UsageError NB281)."""
    from nb2prod.many.build_each import build_each
    from nb2prod.many.clashes import refuse_clashes
    from nb2prod.many.wanted import without_roles
    from nb2prod.summary.outcome import Outcome

    session_of(context).of_many = True
    wanted = wanted_notebooks(notebooks, asked.only, asked.changed_since)
    plain = [name for name, one in wanted if one.found and without_roles(one.notebook)]
    named = [(name, make(one)) for name, one in wanted if name not in plain]
    refuse_clashes(named)

    def work(display: Any, cancel: threading.Event) -> "tuple[Outcome, ...]":
        skipped = (Outcome(name, "skipped", reason="no cell has a role") for name in plain)
        return (*build_each(named, asked.jobs or 1, display, cancel), *skipped)

    _conduct(context, command, [name for name, _ in named], work, asked, as_json)


def wanted_notebooks(
    notebooks: tuple[Path, ...], only: tuple[Path, ...], since: str | None
) -> "tuple[tuple[str, Wanted], ...]":
    """The notebooks to look at, each with the path to show: from the repository's root, as code hosts name files."""
    from nb2prod.errors import UsageError
    from nb2prod.many.wanted import find_wanted

    wanted = find_wanted(notebooks)
    if only:
        named = {path.absolute() for path in only}
        if missing := named - {one.notebook for one in wanted}:
            raise UsageError(
                f"--only {min(missing)}: not one of these notebooks.", code="NB282", hint="Name one of them."
            )
        wanted = tuple(one for one in wanted if one.notebook in named)
    if since is not None:
        from nb2prod.many.changed import affected
        from nb2prod.repository import changes_since

        wanted = affected(wanted, changes_since(wanted[0].notebook.parent, since))
    root = _root()
    return tuple((_shown(one.notebook, root), one) for one in wanted)


def _root() -> Path:
    from nb2prod.repository import root_of

    here = Path.cwd()
    return root_of(here) or here


def _shown(path: Path, root: Path) -> str:
    """Relative to the root; absolute where it lies elsewhere."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _conduct(
    context: click.Context,
    command: str,
    names: Sequence[str],
    work: "Callable[[Any, threading.Event], tuple[Outcome, ...]]",
    asked: Asked,
    as_json: bool,
) -> None:
    from nb2prod.cli.answers import json_text, reserved_stdout
    from nb2prod.console.many import display_of, summary_lines
    from nb2prod.console.text import write_lines
    from nb2prod.job.interrupts import cancelling, run_apart
    from nb2prod.summary.outcome import Summary, summary_json

    session = session_of(context)
    cancel = threading.Event()
    start = time.perf_counter()
    with reserved_stdout() as write:
        with display_of(command, names, session.verbosity) as display, cancelling(cancel):
            outcomes = run_apart(lambda: work(display, cancel))
        summary = Summary(command, outcomes, time.perf_counter() - start)
        _write_files(summary, asked, _root())
        if as_json:
            session.answered = True
            write(json_text(summary_json(summary)))
    if session.verbosity >= 0 and not as_json:
        write_lines(summary_lines(summary, notes=session.verbosity > 0), sys.stderr)
    context.exit(summary.exit_code)


def _write_files(summary: "Summary", asked: Asked, root: Path) -> None:
    from nb2prod.errors import ToolError, Where
    from nb2prod.many.places import line_finder, shipped_rules
    from nb2prod.summary.code_quality import code_quality_text
    from nb2prod.summary.junit import junit_text
    from nb2prod.summary.markdown import markdown_text
    from nb2prod.summary.sarif import sarif_text

    forms: dict[Path, Callable[[], str]] = {}
    if asked.junit:
        forms[asked.junit] = lambda: junit_text(summary)
    if asked.sarif:
        forms[asked.sarif] = lambda: sarif_text(summary, shipped_rules(), line_finder(root))
    if asked.code_quality:
        forms[asked.code_quality] = lambda: code_quality_text(summary, line_finder(root))
    if asked.summary:
        forms[asked.summary] = lambda: markdown_text(summary)
    for path, text in forms.items():
        try:
            path.write_text(text(), encoding="utf-8", errors="backslashreplace")
        except OSError as fault:
            raise ToolError(
                f"the summary cannot be written: {fault.strerror or fault}.", code="NB961", where=Where(str(path))
            ) from fault
