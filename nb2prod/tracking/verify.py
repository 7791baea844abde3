"""No model becomes champion unless it reloads and reproduces its recorded predictions."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from nb2prod.events import Cancel, Emit, Log
from nb2prod.model.report import ModelVersion, Parity
from nb2prod.tracking.child import Child
from nb2prod.tracking.store import absolute_uri, check_store

Compare = Callable[[Any, Any], tuple[bool, float | None, str | None]]
"""(golden, got), both in wire form -> (equal, greatest difference, the first difference in words)."""


def verify_model(
    version: ModelVersion,
    golden: Mapping[str, Any],
    *,
    python: str,
    rows: int,
    compare: Compare,
    emit: Emit,
    cancel: Cancel,
    step: str = "verify",
    child: Child | None = None,
) -> Parity:
    """Plain ``mlflow.pyfunc.load_model`` in a fresh process of `python`, asked the model's own input example.

    `python` is an interpreter with mlflow and what the model requires, without nb2prod if need be. `golden` holds
    ``"predictions"``. Without mlflow the stage is skipped, with the reason; a model that fails to load or to answer is
    different, with the reason. `child` is a `reload_child` that is started already.

    Raises ToolError (NB801, NB803, NB805) where the store or the process is at fault.
    """
    check_store(version.tracking_uri)
    with nullcontext(child) if child is not None else reload_child(python, version.tracking_uri) as reloading:
        answer = reloading.ask(
            {"model_uri": version.model_uri},
            emit=emit,
            cancel=cancel,
            step=step,
            progress=lambda _done, _total, _detail: None,
        )
    if "error" in answer:
        stage, message = answer["error"]["stage"], answer["error"]["message"]
        emit(Log(step, "warning", f"{version.model_uri} in {python}: {message}"))
        if stage == "import":
            return Parity("mlflow", "skipped", rows, reason=f"{python} cannot import mlflow ({message})")
        verb = "load" if stage == "load" else "answer its own input example"
        return Parity("mlflow", "different", rows, reason=f"the model does not {verb}: {message}")
    equal, difference, reason = compare(golden["predictions"], answer["result"]["predictions"])
    return Parity("mlflow", "equal" if equal else "different", rows, difference, None if equal else reason)


def reload_child(python: str, tracking_uri: str, modules: Sequence[str] = ()) -> Child:
    """The program that loads a model with `python`, not started; it answers once. `modules` are imported first."""
    uri = absolute_uri(tracking_uri)
    script = Path(__file__).resolve().with_name("reload.py")
    # -E: a PYTHONPATH of ours must not help a model that should stand by itself. -B: the store keeps what was logged,
    # without bytecode beside it.
    return Child([python, "-E", "-B", str(script), *modules], {"MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri})
