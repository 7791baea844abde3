"""What a build would write, written elsewhere: the project that is there stays as it is.

    read ─ check ─ run ─ extract into another folder

The first three steps are those of the build, kept in its records: a notebook that was run is not run again, and the
build that follows takes over a run made here.
"""

from dataclasses import replace
from pathlib import Path

from nb2prod.files.state import state_folder
from nb2prod.job.step import Job, Step
from nb2prod.model.spec import BuildSpec
from nb2prod.steps.build import build_job
from nb2prod.steps.extract import extract_project
from nb2prod.steps.reading import package_name


def preview_job(spec: BuildSpec, folder: Path) -> Job:
    """Writes the project to `folder`, which is empty or not there. Raises UsageError for a spec that cannot be."""
    lean = replace(spec, image=None, log=False, force=True)
    before = build_job(lean)
    package = package_name(spec.package, Path(spec.notebook).absolute())
    run_folder = state_folder(Path(spec.output)) / "run"
    extract = Step(
        "extract",
        lambda o, e, c: extract_project(folder, run_folder, package, lean, o["check"], o["run"], e, c),
    )
    return Job("preview", (*before.steps[:3], extract), lambda _: {})
