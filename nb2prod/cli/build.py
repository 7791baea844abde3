"""`nb2prod build` and `nb2prod convert`."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from nb2prod.cli.session import global_options, session_of
from nb2prod.model.spec import BuildSpec

Function = TypeVar("Function", bound=Callable[..., Any])

EVENTS = click.Choice(["jsonl"])


def answer_options(function: Function) -> Function:
    """`--json` and `--events jsonl`: what a machine reads on stdout."""
    function = click.option("--events", type=EVENTS, help="Write every event to stdout, as one JSON object per line.")(
        function
    )
    return click.option("--json", "as_json", is_flag=True, help="Write the report to stdout, as one JSON object.")(
        function
    )


def project_options(function: Function) -> Function:
    """What `build` and `convert` have in common."""
    for option in (
        click.option("--force", is_flag=True, help="Overwrite generated files that were edited by hand."),
        click.option("--fresh", is_flag=True, help="Run every step, even where nothing changed."),
        click.option("--mutants", type=click.IntRange(min=0), help="How many mutants the tests must face. [30]"),
        click.option(
            "--cell-timeout", type=click.IntRange(min=1), metavar="SECONDS", help="Longest time for one cell."
        ),
        click.option("--service", metavar="OPTIONS", help="Packages for the service: graphql, tokens, tracing."),
        click.option("--package", default="", metavar="NAME", help="The package's name. [the notebook's]"),
        click.option("--sample", multiple=True, metavar="NAME=VALUE", help="A parameter for the quick training test."),
        click.option("-p", "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the notebook."),
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), help="The project's folder. [build/<notebook>]"
        ),
        click.argument("notebook", type=click.Path(path_type=Path)),
    ):
        function = option(function)
    return function


@click.command()
@project_options
@click.option("--image", metavar="TAG", help="The image to build. [no image]")
@click.option("--tracking-uri", metavar="URI", help="The MLflow store. [an SQLite file beside the project]")
@click.option("--model", default="", metavar="NAME", help="The registered model. [the notebook's name]")
@click.option("--alias", metavar="NAME", help="The alias of the new version, '' for none. [champion]")
@click.option("--no-log", is_flag=True, help="Log nothing to MLflow.")
@click.option("--base-image", metavar="IMAGE", help="What the image is built on.")
@click.option("--platform", metavar="OS/ARCH", help="For example linux/arm64. [the engine's]")
@answer_options
@global_options
@click.pass_context
def build(
    context: click.Context,
    /,
    notebook: Path,
    output: Path | None,
    parameter: tuple[str, ...],
    sample: tuple[str, ...],
    image: str | None,
    no_log: bool,
    package: str,
    model: str,
    force: bool,
    fresh: bool,
    as_json: bool,
    events: str | None,
    **given: Any,
) -> None:
    """Turn a notebook into a package, an MLflow model and an image, and prove each against the notebook."""
    spec = _spec(
        notebook,
        output,
        given,
        image=image,
        log=False if no_log else None,
        parameter=parameter,
        sample=sample,
        package=package or None,
        model=model or None,
        force=force,
        fresh=fresh or None,
    )
    run_build(context, spec, as_json=as_json, events=events)


@click.command()
@project_options
@answer_options
@global_options
@click.pass_context
def convert(
    context: click.Context,
    /,
    notebook: Path,
    output: Path | None,
    parameter: tuple[str, ...],
    sample: tuple[str, ...],
    package: str,
    force: bool,
    fresh: bool,
    as_json: bool,
    events: str | None,
    **given: Any,
) -> None:
    """Turn a notebook into a tested package; log nothing, build no image."""
    spec = _spec(
        notebook,
        output,
        given,
        parameter=parameter,
        sample=sample,
        package=package or None,
        force=force,
        fresh=fresh or None,
    )
    spec = replace(spec, image=None, log=False)
    run_build(context, spec, as_json=as_json, events=events)


def run_build(
    context: click.Context, spec: BuildSpec, *, as_json: bool, events: str | None, stop_at_eof: bool = False
) -> None:
    """Run the build of `spec` and leave with its exit code."""
    from nb2prod.cli.conduct import conduct
    from nb2prod.steps.build import build_job

    if as_json and events:
        raise click.UsageError("--json and --events both claim stdout; choose one.")
    code = conduct(
        build_job(spec),
        session_of(context),
        answer="json" if as_json else "events" if events else None,
        output=Path(spec.output),
        fresh=spec.fresh,
        stop_at_eof=stop_at_eof,
    )
    context.exit(code)


def _spec(
    notebook: Path,
    output: Path | None,
    given: dict[str, Any],
    *,
    parameter: tuple[str, ...],
    sample: tuple[str, ...],
    force: bool,
    **rest: Any,
) -> BuildSpec:
    import os

    from nb2prod.cli.specs import parse_assignments
    from nb2prod.steps.asked import asked_build

    parameters, samples = parse_assignments(parameter, "-p"), parse_assignments(sample, "--sample")
    target = {"output": str(output) if output is not None else None, "sample": samples or None, **rest}
    return asked_build(notebook, os.environ, settings=given, target=target, parameters=parameters, force=force)
