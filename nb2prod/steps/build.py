"""The build: from a notebook to a verified image, in eight steps.

    read ─ check ─ run ─ extract ─ test ─ log ─ image ─ verify

Each step reads the outputs of those before it; its key is a digest of everything it reads, so an unchanged one is not
done again (`nb2prod.steps.keys`).
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.analysis.parameters import declared_parameters, derived_values, parse_parameters
from nb2prod.environment import option_requirements
from nb2prod.errors import GateError, Nb2ProdError, RunError, UsageError, Where
from nb2prod.events import Cancel, Emit, FindingFound, Produced
from nb2prod.execute.host import Host
from nb2prod.files.digest import digest_file
from nb2prod.files.state import state_folder
from nb2prod.job.step import Job, Outputs, Step
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.report import ImageRecord, Parity
from nb2prod.model.roles import Role
from nb2prod.model.run import RunRecord
from nb2prod.model.spec import BuildSpec
from nb2prod.plan.capture import plan_capture
from nb2prod.steps.extract import Project, as_sent, extract_project, project_is_whole
from nb2prod.steps.generated import is_kept
from nb2prod.steps.image import build_step_image, image_is_there, verify_step_image
from nb2prod.steps.keys import extract_key, key_of, run_key
from nb2prod.steps.log import Logged, log_step, version_is_there
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.proof import Proof, prove_project
from nb2prod.steps.reading import Analysis, analyse, open_notebook, package_name
from nb2prod.steps.report import build_report
from nb2prod.steps.reproduced import unreproduced
from nb2prod.tracking import MLflow, check_store, default_tracking_uri


@dataclass(frozen=True, slots=True)
class Build:
    """A spec with its paths and names settled. `state` is the folder beside the project, `mlflow` what logs the model,
    `host` the papermill that this runs inside of."""

    spec: BuildSpec
    notebook: Path
    output: Path
    package: str
    model: str
    state: Path
    mlflow: MLflow | None = None
    host: Host | None = None

    @property
    def run_folder(self) -> Path:
        return self.state / "run"


def build_job(spec: BuildSpec, host: Host | None = None) -> Job:
    """The steps of a build. Raises UsageError for a spec that cannot be."""
    notebook, output = Path(spec.notebook).absolute(), Path(spec.output).absolute()
    package = package_name(spec.package, notebook)
    mlflow = MLflow(spec.tracking_uri or default_tracking_uri(output)) if spec.log else None
    build = Build(spec, notebook, output, package, spec.model or package, state_folder(output), mlflow, host)
    _check_targets(build)
    steps: list[Step[Any]] = [
        Step("read", lambda _o, _e, _c: _open(build)),
        Step("check", lambda o, e, _c: _check(build, o["read"], e)),
        Step(
            "run",
            lambda o, e, c: _run(build, o["check"], e, c),
            key=lambda o: _run_key(build, o["check"]),
            dump=_dump_run,
            load=_load_run,
            present=lambda r: _run_is_whole(build, r),
            remarks=lambda o, r: (*_masked(o["check"], r), *_shown_otherwise(build, o["check"], r)),
        ),
        Step(
            "extract",
            lambda o, e, c: extract_project(
                build.output, build.run_folder, build.package, spec, o["check"], o["run"], e, c
            ),
            key=lambda o: extract_key(o["check"], _run_key(build, o["check"]), spec, build.output),
            dump=asdict,
            load=lambda body: Project.load(body),
            present=lambda p: project_is_whole(build.output, p) and is_kept(build.output),
        ),
        Step(
            "test",
            lambda o, e, c: prove_project(
                build.output,
                o["extract"],
                as_sent(o["run"], o["read"]),
                spec.mutants,
                e,
                c,
                rows_stand_alone=not o["check"].notebook.with_role(Role.REQUEST),
            ),
            key=lambda o: key_of(o["extract"].digest, spec.mutants),
            dump=asdict,
            load=lambda body: Proof.load(body),
        ),
    ]
    if mlflow is not None:
        steps.append(
            Step(
                "log",
                lambda o, e, c: log_step(
                    build.output, build.notebook, build.run_folder, build.model, spec, o, e, c, mlflow
                ),
                key=lambda o: key_of(
                    o["extract"].manifest, build.model, spec.alias, spec.tracking_uri, str(build.output)
                ),
                dump=asdict,
                load=lambda body: Logged.load(body),
                present=version_is_there,
            )
        )
    if spec.image is not None:
        steps += [
            Step(
                "image",
                lambda o, e, c: build_step_image(build.output, o["extract"], o["run"], spec, e, c),
                key=lambda o: key_of(o["extract"].digest, spec.image, spec.base_image, spec.platform),
                dump=asdict,
                load=lambda body: ImageRecord(**body),
                present=image_is_there,
            ),
            Step(
                "verify",
                lambda o, e, c: verify_step_image(o, as_sent(o["run"], o["read"]), e, c),
                key=lambda o: key_of(o["image"].digest, o["extract"].digest) if "image" in o else None,
                dump=asdict,
                load=lambda body: Parity(**body),
            ),
        ]
    steps = [replace(step, run=_naming_the_notebook(step.run, build.notebook)) for step in steps]
    return Job(
        f"build {build.notebook.name}",
        tuple(steps),
        lambda result: build_report(spec, build.output, result),
        close=mlflow.close if mlflow is not None else lambda: None,
    )


def _naming_the_notebook(
    run: Callable[[Outputs, Emit, Cancel], Any], notebook: Path
) -> Callable[[Outputs, Emit, Cancel], Any]:
    """`run`, whose errors name the notebook where they name a cell; a gate that says no to the answers names the cell
    and line that make the notebook's own."""

    def call(outputs: Outputs, emit: Emit, cancel: Cancel) -> Any:
        try:
            return run(outputs, emit, cancel)
        except Nb2ProdError as error:
            if error.code in _ABOUT_ANSWERS and "check" in outputs:
                error.where = _place_of_answers(outputs["check"])
            if error.where is not None and error.where.cell is not None and error.where.path is None:
                error.where = replace(error.where, path=str(notebook))
            raise

    return call


_ABOUT_ANSWERS = ("NB356", "NB711", "NB712", "NB713", "NB714")


def _place_of_answers(analysis: Analysis) -> Where | None:
    """Where the notebook makes its response."""
    if analysis.boundary is None:
        return None
    statement = analysis.graph.statements[analysis.boundary.response_statement]
    cell, line, _ = analysis.notebook.place(statement.cell, statement.first_line)
    return Where(cell=cell, line=line)


def _check_targets(build: Build) -> None:
    """Refuse names that later steps could not use, before anything is done."""
    option_requirements(build.spec.service)
    if build.spec.image is not None:
        from nb2prod.image.names import check_base_image, check_platform, check_tag

        check_tag(build.spec.image)
        if build.spec.base_image is not None:
            check_base_image(build.spec.base_image)
        if build.spec.platform is not None:
            check_platform(build.spec.platform)
    if build.output == build.notebook or build.output in build.notebook.parents:
        raise UsageError(
            "the output folder holds the notebook itself.",
            code="NB221",
            hint="Choose a folder of its own, e.g. build/x.",
        )


def _open(build: Build) -> Notebook:
    notebook = open_notebook(build.notebook)
    if build.spec.kernel is None:
        return notebook
    from nb2prod.execute.processes import check_kernel

    check_kernel(build.spec.kernel)
    return replace(notebook, kernel_name=build.spec.kernel)


def _check(build: Build, notebook: Notebook, emit: Emit) -> Analysis:
    """The analysis, with its findings told. Parameters and the store are tried now, before anything takes long."""
    analysis = analyse(notebook, find_own_code(notebook, build.notebook.parent))
    for finding in analysis.findings:
        emit(FindingFound("check", finding))
    errors = [f for f in analysis.findings if f.severity is Severity.ERROR]
    if errors:
        raise _refused(build.notebook, errors)
    if analysis.own is not None and build.package in analysis.own.modules.tops:
        raise UsageError(
            f"the notebook imports a module of its own called `{build.package}`, as the generated package would be.",
            code="NB417",
            hint=f"Choose another name, e.g. --package {build.package}_service.",
        )
    declared = declared_parameters(notebook)
    for given in (build.spec.parameters, build.spec.sample):
        parse_parameters(declared, given, derived_values(notebook))
    _check_folder(build)
    if build.mlflow is not None:
        check_store(build.mlflow.uri)
    return analysis


def _refused(path: Path, errors: list[Finding]) -> GateError:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return GateError(
        f"{first.message}{more}", code=first.code, hint=first.hint, where=Where(str(path), first.cell, first.line)
    )


def _check_folder(build: Build) -> None:
    """The output must be writable now, not after minutes of work."""
    from nb2prod.files.tree import check_folder

    check_folder(build.output)


def _run(build: Build, analysis: Analysis, emit: Emit, cancel: Cancel) -> RunRecord:
    from nb2prod.execute.processes import kernel_program
    from nb2prod.execute.run import FAILED, run_notebook

    assert analysis.boundary is not None
    assert analysis.selection is not None
    if build.mlflow is not None:
        build.mlflow.start(kernel_program(analysis.notebook), _imported_by_artifacts(analysis))
    try:
        record = run_notebook(
            analysis.notebook,
            plan_capture(analysis.graph, analysis.boundary, analysis.selection, build.package),
            parameters=parse_parameters(declared_parameters(analysis.notebook), build.spec.parameters),
            working_folder=build.notebook.parent,
            output=build.run_folder,
            cell_timeout=build.spec.cell_timeout,
            emit=emit,
            cancel=cancel,
            host=build.host,
        )
    except RunError as error:
        where = error.where
        if where is not None and where.cell is not None and where.line is not None:
            error.where = replace(where, line=analysis.notebook.line_as_run(where.cell, where.line))
        if (build.run_folder / FAILED).is_file():
            emit(Produced("run", "notebook", str(build.run_folder / FAILED)))
        raise
    executed = build.run_folder / "executed.ipynb"
    emit(Produced("run", "notebook", str(executed)))
    return record


def _masked(analysis: Analysis, record: RunRecord) -> Iterable[Finding]:
    """Where the run showed secrets; cells have the numbers of now, which need not be those of the run."""
    if not record.masked:
        return ()
    from nb2prod.execute.conceal import told_of_masked

    return told_of_masked(record.masked, analysis.notebook)


def _imported_by_artifacts(analysis: Analysis) -> tuple[str, ...]:
    """What a project with artifacts of scikit-learn imports besides the notebook's own imports; it takes a second."""
    return ("skops.io",) if any(m.partition(".")[0] == "sklearn" for m in analysis.graph.modules.values()) else ()


def _shown_otherwise(build: Build, analysis: Analysis, record: RunRecord) -> Iterable[Finding]:
    """Where the notebook, as it is saved now, shows something else than the run; with its own parameters only."""
    if record.parameters != {p.name: p.default for p in declared_parameters(analysis.notebook)}:
        return ()
    return unreproduced(analysis, build.run_folder / "executed.ipynb")


def _run_key(build: Build, analysis: Analysis) -> str:
    declared = declared_parameters(analysis.notebook)
    parameters = {p.name: p.default for p in declared} | parse_parameters(declared, build.spec.parameters)
    return run_key(analysis, build.notebook, build.package, parameters)


def _run_is_whole(build: Build, record: RunRecord) -> bool:
    folder = build.run_folder / "artifacts"
    return (build.run_folder / "executed.ipynb").is_file() and all(
        (folder / a.file).is_file() and digest_file(folder / a.file).endswith(a.sha256) for a in record.artifacts
    )


def _dump_run(record: RunRecord) -> Any:
    from nb2prod.execute.record import dump_record

    return dump_record(record)


def _load_run(body: Any) -> RunRecord:
    from nb2prod.execute.record import read_record

    return read_record(body)
