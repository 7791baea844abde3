"""A model version in MLflow: logged, found again, given its alias. The work is done by `nb2prod.tracking.worker`."""

import re
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from nb2prod.errors import ToolError, UsageError
from nb2prod.events import Cancel, Emit, Produced, StepAdvanced
from nb2prod.model.report import ModelVersion
from nb2prod.model.run import RunRecord
from nb2prod.tracking.child import Child
from nb2prod.tracking.lineage import lineage_tags
from nb2prod.tracking.store import absolute_uri, artifact_root, check_store, sqlite_path, unreachable


def log_model(
    project: Path,
    record: RunRecord,
    *,
    executed_notebook: Path,
    notebook_name: str,
    notebook_digest: str,
    model: str,
    alias: str | None,
    tracking_uri: str,
    pip_requirements: Sequence[str],
    cell_map: Mapping[str, Any],
    emit: Emit,
    cancel: Cancel,
    step: str = "log",
    source: Path | None = None,
    child: Child | None = None,
) -> ModelVersion:
    """One run in the experiment `model`, and a registered version of `model`; the version is registered last.

    Logged are parameters, metrics, the executed notebook (ipynb and HTML), the generated sources, the cell map, and the
    pyfunc model with its signature, input example (the golden body) and `pip_requirements` (MLflow adds itself).
    `alias` is only checked here: `set_alias` sets it once the version is verified, so the result's alias is None.
    `source` is the notebook's folder, asked for its git commit; default: where the project lies. `child` is a
    `store_child` of this store that is started already.

    Raises UsageError (NB802) for a bad URI, name or alias; ToolError NB801 (unreachable), NB803 (the store is locked or
    broken), NB804 (not registered), NB805 (anything else MLflow refuses); Cancelled, the run then marked as killed.
    """
    _check_names(model, alias)
    check_store(tracking_uri)
    project, uri = project.absolute(), absolute_uri(tracking_uri)
    packages = sorted(
        p.parent.name for p in (project / "src").glob("*/predict.py") if (p.parent / "service.py").is_file()
    )
    if len(packages) != 1:
        raise ToolError(
            f"{project / 'src'} holds {len(packages)} packages with a predict.py; one is expected.",
            code="NB805",
            hint="Build the project again.",
        )
    request = {
        "do": "log",
        "tracking_uri": uri,
        "artifact_root": artifact_root(uri),
        "project": str(project),
        "package": packages[0],
        "record": asdict(record),
        "executed_notebook": str(executed_notebook.absolute()),
        "notebook_name": notebook_name,
        "model": model,
        "pip_requirements": list(pip_requirements),
        "cell_map": dict(cell_map),
        "tags": lineage_tags(
            source or project.parent, project, notebook_name=notebook_name, notebook_digest=notebook_digest
        ),
    }
    result = _ask(request, emit, cancel, step, child)
    version = ModelVersion(
        tracking_uri=uri,
        run_id=result["run_id"],
        model=model,
        version=result["version"],
        alias=None,
        model_uri=f"models:/{model}/{result['version']}",
    )
    emit(Produced(step, "model", version.model_uri))
    return version


def set_alias(
    version: ModelVersion, alias: str, *, emit: Emit, cancel: Cancel, step: str = "log", child: Child | None = None
) -> ModelVersion:
    """The version with `alias` set in the registry; whoever held it before loses it. To be called after verification.

    `child` and what is raised are those of `log_model`.
    """
    _check_names(version.model, alias)
    check_store(version.tracking_uri)
    request = {"do": "alias", "tracking_uri": version.tracking_uri, "model": version.model, "version": version.version}
    _ask(request | {"alias": alias}, emit, cancel, step, child)
    return replace(version, alias=alias)


def version_exists(version: ModelVersion, *, emit: Emit, cancel: Cancel, step: str = "log") -> bool:
    """Whether the registry still has this version, made by the same run, with its files. Raises as `log_model` does."""
    path = sqlite_path(version.tracking_uri)
    if path is not None and not path.exists():
        return False
    check_store(version.tracking_uri)
    request = {"do": "exists", "tracking_uri": version.tracking_uri, "model": version.model, "version": version.version}
    return bool(_ask(request | {"run_id": version.run_id}, emit, cancel, step)["exists"])


def fetch_model(model_uri: str, folder: Path, *, tracking_uri: str, emit: Emit, cancel: Cancel) -> str:
    """Write the files of ``models:/name@alias`` or ``models:/name/3`` into `folder`; the version's number.

    Raises UsageError (NB802) for another URI; else as `log_model` does.
    """
    found = re.fullmatch(r"models:/([^/:@]+)(?:@([\w-]+)|/(\d+))", model_uri)
    if found is None:
        hint = "models:/NAME@ALIAS or models:/NAME/VERSION"
        raise UsageError(f"{model_uri!r} names no version of a registered model.", code="NB802", hint=hint)
    check_store(tracking_uri)
    name, alias, version = found.groups()
    uri = absolute_uri(tracking_uri)
    request = {"do": "fetch", "tracking_uri": uri, "model": name, "alias": alias, "version": version}
    return str(_ask(request | {"folder": str(folder.absolute())}, emit, cancel, "fetch")["version"])


def store_child(tracking_uri: str) -> Child:
    """The program that speaks to the store at `tracking_uri`, not started."""
    uri = absolute_uri(tracking_uri)
    return Child([sys.executable, "-P", "-m", "nb2prod.tracking.worker"], {"MLFLOW_TRACKING_URI": uri})


def _ask(
    request: dict[str, Any], emit: Emit, cancel: Cancel, step: str, started: Child | None = None
) -> dict[str, Any]:
    def progress(done: int, total: int, detail: str) -> None:
        emit(StepAdvanced(step, done, total, detail))

    uri = request["tracking_uri"]
    with nullcontext(started) if started is not None else store_child(uri) as child:
        answer = child.ask(request, emit=emit, cancel=cancel, step=step, progress=progress)
    if "error" not in answer:
        result: dict[str, Any] = answer["result"]
        return result
    error = answer["error"]
    if error["code"] == "NB801":
        raise unreachable(uri, error["message"])
    raise ToolError(error["message"], code=error["code"], hint=error["hint"])


def _check_names(model: str, alias: str | None) -> None:
    if not model.strip() or re.search(r"[/:]", model) or model in (".", ".."):
        raise UsageError(
            f"{model!r} cannot be the name of a registered model.", code="NB802", hint="Leave out '/' and ':'."
        )
    if alias is None:
        return
    if not re.fullmatch(r"[\w\-]{1,255}", alias) or re.fullmatch(r"(?i:latest)|v\d+", alias):
        raise UsageError(
            f"{alias!r} cannot be an alias.",
            code="NB802",
            hint="Letters, digits, '_' and '-'; not 'latest', not a version like v1.",
        )
