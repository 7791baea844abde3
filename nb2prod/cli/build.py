"""`nb2prod build` and `nb2prod convert`."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nb2prod.cli.many import NOTEBOOKS, Asked, build_many, many_options
from nb2prod.cli.session import global_options, session_of
from nb2prod.model.spec import BuildSpec

if TYPE_CHECKING:
    from nb2prod.many.wanted import Wanted

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
        click.option("--kernel", metavar="NAME", help="The kernel to run with. [the notebook's]"),
        click.option("--package", default="", metavar="NAME", help="The package's name. [the notebook's]"),
        click.option("--sample", multiple=True, metavar="NAME=VALUE", help="A parameter for the quick training test."),
        click.option("-p", "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the notebook."),
        click.option(
            "-o", "--output", type=click.Path(path_type=Path), help="The project's folder. [build/<notebook>]"
        ),
        NOTEBOOKS,
    ):
        function = option(function)
    return function


@click.command()
@project_options
@click.option("--image", metavar="TAG", help="The image to build; {name} is the notebook's. [no image]")
@click.option("--tracking-uri", metavar="URI", help="The MLflow store. [an SQLite file beside the project]")
@click.option("--model", default="", metavar="NAME", help="The registered model. [the notebook's name]")
@click.option("--alias", metavar="NAME", help="The alias of the new version, '' for none. [champion]")
@click.option("--no-log", is_flag=True, help="Log nothing to MLflow.")
@click.option("--base-image", metavar="IMAGE", help="What the image is built on.")
@click.option("--platform", metavar="OS/ARCH", help="For example linux/arm64. [the engine's]")
@many_options
@answer_options
@global_options
@click.pass_context
def build(context: click.Context, /, notebooks: tuple[Path, ...], no_log: bool, **given: Any) -> None:
    """Turn a notebook into a package, an MLflow model and an image, and prove each against the notebook.

    Of many notebooks (several, a folder, a .toml file that lists them) each is built in a process of its own; -o is
    then the folder of the projects.
    """
    _run(context, "build", notebooks, {"log": False if no_log else None, **given})


@click.command()
@project_options
@many_options
@answer_options
@global_options
@click.pass_context
def convert(context: click.Context, /, notebooks: tuple[Path, ...], **given: Any) -> None:
    """Turn a notebook into a tested package; log nothing, build no image. Many notebooks as with `build`."""
    _run(context, "convert", notebooks, given)


def _run(context: click.Context, command: str, notebooks: tuple[Path, ...], given: dict[str, Any]) -> None:
    asked: Asked = given.pop("asked")
    as_json, events = given.pop("as_json"), given.pop("events")

    def spec_of(notebook: Path, target: Mapping[str, Any], options: Mapping[str, Any]) -> BuildSpec:
        spec = _spec(notebook, target, options)
        return replace(spec, image=None, log=False) if command == "convert" else spec

    if not asked.of_many(notebooks):
        run_build(context, spec_of(notebooks[0], {}, given), as_json=as_json, events=events)
        return
    if events:
        raise click.UsageError("--events tells of one notebook; use --json.")
    if given["package"] or given.get("model"):
        raise click.UsageError("--package and --model name one project; name those of many in a list of notebooks.")
    folder = given.pop("output") or Path(os.environ.get("NB2PROD_OUTPUT") or "build")

    def make(wanted: "Wanted") -> BuildSpec:
        return spec_of(wanted.notebook, {"output": str(folder / wanted.notebook.stem), **wanted.entry}, given)

    build_many(context, command, notebooks, asked, make, as_json=as_json)


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


def _spec(notebook: Path, target: Mapping[str, Any], given: Mapping[str, Any]) -> BuildSpec:
    """The spec of one build: what the options say (`given`; None or empty is "not given"), else what `target` says."""
    from nb2prod.cli.specs import named_image, parse_assignments
    from nb2prod.config import NAMES, TARGET_NAMES
    from nb2prod.steps.asked import asked_build

    parameters = parse_assignments(given["parameter"], "-p")
    sample = parse_assignments(given["sample"], "--sample")
    empty: dict[str, Any] = {"package": "", "model": "", "fresh": False}
    options = {name: value for name, value in given.items() if value is not None and value != empty.get(name)}
    options["sample"] = {**target.get("sample", {}), **sample} or None
    if given.get("output") is not None:
        options["output"] = str(given["output"])
    said = {**target, **options}
    return named_image(
        asked_build(
            notebook,
            os.environ,
            settings={name: said.get(name) for name in NAMES},
            target={name: said.get(name) for name in TARGET_NAMES},
            parameters={**target.get("parameters", {}), **parameters},
            force=given["force"],
        )
    )
