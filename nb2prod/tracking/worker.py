"""The process that speaks to MLflow: ``python -m nb2prod.tracking.worker`` reads requests, answers with JSON lines.

Its stdin stays open; the end of stdin means stop, and a run that is being logged is then marked as killed.
"""

import json
import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from nb2prod.tracking.new_store import make_store

Say = Callable[[Mapping[str, Any]], None]

_STAGES = 7
_NOT_SOURCES = ("artifacts", "__pycache__", ".*_cache", ".venv", "*.egg-info", "*.whl", "*.pyc")
_PARAM_LENGTH = 6000  # mlflow.utils.validation.MAX_PARAM_VAL_LENGTH


class Stopped(BaseException):
    """Whoever asked has gone or cancelled."""


class RegistryError(Exception):
    """Everything was logged, but the registry refused the version."""


def main() -> None:
    # stdout is ours alone: whatever MLflow prints goes to stderr, which is logged.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: Mapping[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        signal.signal(signal.SIGTERM, _stop)
        requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(requests,), daemon=True).start()
        while True:
            _answer(requests.get(), say)
    except Stopped:
        pass
    # MLflow leaves threads behind; what was asked is answered.
    sys.stderr.flush()
    os._exit(0)


def _answer(request: dict[str, Any], say: Say) -> None:
    if request["do"] == "prepare":
        with suppress(Exception):  # whoever asks for something later is told what is wrong
            _prepare(request)
        return
    try:
        make_store(request["tracking_uri"])
        answer = {"result": _DO[request["do"]](request, say)}
    except Exception as error:
        import traceback

        traceback.print_exc()
        answer = {"error": _described(error)}
    sys.stderr.flush()
    say(answer)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise Stopped


def _listen(requests: "queue.SimpleQueue[dict[str, Any]]") -> None:
    for line in sys.stdin:
        requests.put(json.loads(line))
    os.kill(os.getpid(), signal.SIGTERM)


def _prepare(request: dict[str, Any]) -> None:
    """What takes seconds before anything can be logged."""
    import mlflow.pyfunc  # noqa: F401
    from nbconvert import HTMLExporter

    HTMLExporter()
    make_store(request["tracking_uri"])


def _log(request: dict[str, Any], say: Say) -> dict[str, Any]:
    def stage(done: int, detail: str) -> None:
        say({"done": done, "total": _STAGES, "detail": detail})

    stage(0, "starting MLflow")
    import mlflow
    import mlflow.models.utils
    import mlflow.pyfunc
    import mlflow.utils.environment
    import msgspec

    from nb2prod.model.run import RunRecord
    from nb2prod.tracking.lineage import CELL_MAP
    from nb2prod.tracking.signature import input_example, model_signature

    record = msgspec.convert(request["record"], RunRecord)
    project, name = Path(request["project"]), request["model"]
    # The versions written beside the model are those of the kernel that trained it, not of this process; and this
    # process need not have what the model imports, so the model is not run here: `verify_model` does, and must.
    for module in (mlflow.utils.environment, mlflow.pyfunc):
        module.PYTHON_VERSION = record.python_version
    mlflow.models.utils._validate_serving_input = lambda *_, **__: None

    stage(1, "experiment")
    experiment_id = _experiment(name, request["artifact_root"])
    with _run(experiment_id, request) as run_id:
        stage(2, "parameters and metrics")
        mlflow.log_params({key: _param(value) for key, value in record.parameters.items()})
        mlflow.log_metrics({key: float(value) for key, value in record.metrics.items()})
        mlflow.log_dict(record.parameters, "parameters.json")
        mlflow.log_dict(request["cell_map"], CELL_MAP)
        with tempfile.TemporaryDirectory(prefix="nb2prod-log-") as folder:
            stage(3, "notebook")
            _stage_notebook(Path(request["executed_notebook"]), request["notebook_name"], Path(folder, "notebook"), say)
            stage(4, "sources")
            shutil.copytree(project, Path(folder, "sources"), ignore=shutil.ignore_patterns(*_NOT_SOURCES))
            mlflow.log_artifacts(folder)
        stage(5, "model")
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(project / "mlflow_model.py"),
            # The golden rows go with it: a service that is to put this version live asks them first.
            artifacts={
                "artifacts": str(project / "artifacts"),
                "golden": str(project / "tests" / "golden" / "golden.json"),
            },
            code_paths=[str(path) for path in sorted((project / "src").iterdir()) if path.name != "__pycache__"],
            signature=model_signature(record.schema, record.body, record.predictions),
            input_example=input_example(record.schema, record.body),
            pip_requirements=request["pip_requirements"],
        )
        stage(6, "registered version")
        try:
            version = mlflow.register_model(logged.model_uri, name, tags=request["tags"])
        except Exception as error:
            raise RegistryError(str(error)) from error
    stage(7, f"version {version.version}")
    return {"run_id": run_id, "version": str(version.version)}


def _experiment(name: str, artifact_root: str | None) -> str:
    """The experiment's id. A new one beside an SQLite store keeps its artifacts beside that store."""
    import mlflow

    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)  # a deleted one is refused by start_run, with the reason
    location = None if artifact_root is None else Path(artifact_root, name).as_uri()
    try:
        return str(mlflow.create_experiment(name, artifact_location=location))
    except mlflow.MlflowException:
        found = mlflow.get_experiment_by_name(name)  # another build may have made it meanwhile
        if found is None:
            raise
        return str(found.experiment_id)


@contextmanager
def _run(experiment_id: str, request: dict[str, Any]) -> Iterator[str]:
    """A run that ends as finished, failed, or killed where the job was cancelled."""
    import mlflow

    source = {"mlflow.source.name": request["notebook_name"], "mlflow.source.type": "NOTEBOOK"}
    run = mlflow.start_run(experiment_id=experiment_id, tags=request["tags"] | source)
    try:
        yield str(run.info.run_id)
    except Stopped:
        mlflow.end_run("KILLED")
        raise
    except BaseException:
        mlflow.end_run("FAILED")
        raise
    mlflow.end_run("FINISHED")


def _param(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _PARAM_LENGTH else text[: _PARAM_LENGTH - 1] + "…"


def _stage_notebook(executed: Path, name: str, folder: Path, say: Say) -> None:
    folder.mkdir()
    stem = Path(name).stem or "notebook"
    shutil.copyfile(executed, folder / f"{stem}.ipynb")
    try:
        import nbformat
        from nbconvert import HTMLExporter

        html, _ = HTMLExporter().from_notebook_node(nbformat.read(executed, as_version=4))
        (folder / f"{stem}.html").write_text(html, encoding="utf-8", errors="replace")
    except Exception as error:
        say({"warning": f"The executed notebook could not be shown as HTML: {error}"})


def _alias(request: dict[str, Any], _say: Say) -> dict[str, Any]:
    from mlflow import MlflowClient

    MlflowClient().set_registered_model_alias(request["model"], request["alias"], request["version"])
    return {}


def _exists(request: dict[str, Any], _say: Say) -> dict[str, Any]:
    from mlflow import MlflowClient, MlflowException
    from mlflow.artifacts import list_artifacts

    try:
        found = MlflowClient().get_model_version(request["model"], request["version"])
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return {"exists": False}
        raise
    if found.run_id != request["run_id"]:
        return {"exists": False}
    uri = f"models:/{request['model']}/{request['version']}"
    return {"exists": any(Path(item.path).name == "MLmodel" for item in list_artifacts(artifact_uri=uri))}


def _fetch(request: dict[str, Any], _say: Say) -> dict[str, Any]:
    """The files of a version, and its number."""
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts

    name, version = request["model"], request["version"]
    if request["alias"] is not None:
        version = MlflowClient().get_model_version_by_alias(name, request["alias"]).version
    download_artifacts(artifact_uri=f"models:/{name}/{version}", dst_path=request["folder"])
    return {"version": str(version)}


def _described(error: BaseException) -> dict[str, str]:
    """What a user is told of an exception of MLflow or below it."""
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < 10:
        chain.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    text = "\n".join(chain).lower()
    message = str(error).strip().split("\n", 1)[0][:500] or type(error).__name__
    if any(
        sign in text for sign in ("max retries exceeded", "connection refused", "connecttimeout", "newconnectionerror")
    ):
        return {"code": "NB801", "message": "it stopped answering", "hint": ""}
    if any(sign in text for sign in ("is locked", "malformed", "not a database", "readonly database", "disk i/o")):
        hint = "Close the program that is writing to it and try again, or name another store with --tracking-uri."
        return {"code": "NB803", "message": f"The MLflow store cannot be used: {message}", "hint": hint}
    if "can't locate revision" in text or "out-of-date database schema" in text:
        hint = "Run `mlflow db upgrade <uri>` with the newer MLflow, or name another store with --tracking-uri."
        return {"code": "NB803", "message": "The MLflow store was made by another version of MLflow.", "hint": hint}
    if isinstance(error, RegistryError):
        hint = "The run is kept. Check the name and your rights in the model registry."
        return {"code": "NB804", "message": f"The model could not be registered: {message}", "hint": hint}
    return {
        "code": "NB805",
        "message": f"MLflow refused: {message}",
        "hint": "Run again with --debug to see all it said.",
    }


_DO: dict[str, Callable[[dict[str, Any], Say], dict[str, Any]]] = {
    "log": _log,
    "alias": _alias,
    "exists": _exists,
    "fetch": _fetch,
}

if __name__ == "__main__":
    main()
