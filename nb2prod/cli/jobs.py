"""`nb2prod jobs`: the job notebooks that come with nb2prod, for whatever runs notebooks."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from nb2prod.cli.session import global_options

_EXIT_CODE = re.compile(r"\(exit code (\d+)\)$")
_PAPERMILL = """
import sys
from papermill.__main__ import papermill
from papermill.exceptions import PapermillExecutionError
try:
    papermill()
except PapermillExecutionError as error:
    sys.exit("\\n".join(error.traceback))
"""
"""papermill's command line; of a cell that failed only what the cell says, without the way through papermill."""


@click.group()
def jobs() -> None:
    """List, copy and run the job notebooks: build, check-folder, score-batch, retrain-compare.

    They are ordinary notebooks with a parameters cell: papermill $(nb2prod jobs path build) report.ipynb -p notebook X.
    """


@jobs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object to stdout.")
@global_options
def list_jobs(as_json: bool) -> None:
    """Show the job notebooks."""
    from nb2prod.cli.answers import json_text, print_lines, write_stdout
    from nb2prod.console.text import columns, line

    titles = {path.stem: _title(path) for path in sorted(job_folder().glob("*.ipynb"))}
    if as_json:
        write_stdout(json_text(titles))
        return
    print_lines(line(text) for text in columns(titles.items()))


@jobs.command()
@click.argument("name")
@global_options
def path(name: str) -> None:
    """Print where a job notebook is."""
    click.echo(str(job_notebook(name)))


@jobs.command()
@click.argument("name")
@click.argument("target", type=click.Path(path_type=Path), default=Path())
@click.option("--force", is_flag=True, help="Overwrite a file that is there.")
@global_options
def copy(name: str, target: Path, force: bool) -> None:
    """Copy a job notebook to a folder or file, to be changed there."""
    from nb2prod.errors import UsageError, Where
    from nb2prod.files.atomic import write_atomic

    source = job_notebook(name)
    place = target / source.name if target.is_dir() else target
    if place.exists() and not force:
        raise UsageError("the file is there already.", code="NB274", where=Where(str(place)), hint="--force")
    write_atomic(place, source.read_bytes())
    click.echo(str(place))


@jobs.command()
@click.argument("name")
@click.option("-p", "--parameter", multiple=True, metavar="NAME=VALUE", help="A parameter of the job.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The executed notebook. [<job>-report.ipynb]")
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as HTML too.")
@global_options
@click.pass_context
def run(context: click.Context, name: str, parameter: tuple[str, ...], output: Path | None, html: Path | None) -> None:
    """Run a job notebook with papermill; end with the exit code of what it did."""
    from nb2prod.cli.specs import parse_assignments

    source, report = job_notebook(name), output or Path(f"{name}-report.ipynb")
    words = [word for pair in parse_assignments(parameter, "-p").items() for word in ("-p", *pair)]
    with tempfile.TemporaryDirectory(prefix="nb2prod-jobs-") as folder:
        executed = Path(folder, "report.ipynb")  # papermill writes in place
        command = [sys.executable, "-P", "-c", _PAPERMILL, str(source), str(executed), *words]
        code = subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode
        if executed.exists():
            shutil.copyfile(executed, report)
            code = exit_code(report) if code == 1 else code
            if html is not None:
                html.write_text(_html(report), encoding="utf-8")
    context.exit(code if 0 <= code <= 130 else 70)


def job_folder() -> Path:
    import nb2prod

    package = Path(nb2prod.__file__).parent  # in the wheel the templates are inside, in a checkout beside it
    inside = package / "templates" / "jobs"
    return inside if inside.is_dir() else package.parent / "templates" / "jobs"


def job_notebook(name: str) -> Path:
    """Raises UsageError NB274 where there is no such job."""
    from nb2prod.config import nearest_name
    from nb2prod.errors import UsageError

    known = {each.stem: each for each in job_folder().glob("*.ipynb")}
    if name not in known:
        raise UsageError(f"there is no job {name!r}.", code="NB274", hint=nearest_name(name, tuple(known)))
    return known[name]


def exit_code(report: Path) -> int:
    """That of the job that failed in an executed job notebook; 1 where a cell failed otherwise."""
    for cell in json.loads(report.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error" and output["ename"] == "JobFailed":
                found = _EXIT_CODE.search(output["evalue"])
                return int(found[1]) if found else 1
    return 1


def _title(notebook: Path) -> str:
    first: str = json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"][0]
    return first.strip("# \n")


def _html(report: Path) -> str:
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    from nbconvert import HTMLExporter

    text: str = HTMLExporter(sanitize_html=True).from_filename(str(report))[0]
    return text
