"""What to capture from the notebook's run, and what was captured."""

from dataclasses import dataclass, field
from typing import Any, Literal

from nb2prod.model.findings import Finding
from nb2prod.model.schema import Schema

ArtifactFormat = Literal["json", "npy", "skops", "lightgbm", "xgboost", "torch", "pickle"]


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """What the run must leave behind. Cells are 1-based positions in the notebook.

    Artifacts and request are read just before `predict_cell` runs (the first cell of the prediction code), the response
    just after `response_cell`: the value of the name `response`, or of the cell's last expression where it is None.
    `variables` are names the prediction code assigns, kept to name the first diverging one. `metrics` are read after
    the last cell of the notebook has run. `features` are the classes and functions defined in the notebook that move
    to the module ``<package>.features``; an artifact refers to them there.
    """

    package: str
    artifacts: tuple[str, ...]
    request: tuple[str, ...]
    predict_cell: int
    response_cell: int
    response: str | None
    metrics: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArtifactRecord:
    """A value that training makes and inference needs, as stored in ``artifacts/<file>``.

    `type_name` is qualified, e.g. ``sklearn.linear_model._ridge.Ridge``; a built-in is ``float``.
    `trusted` are the further types the file's loader must allow (skops, torch), as they read in the package.
    """

    name: str
    format: ArtifactFormat
    file: str
    sha256: str
    type_name: str
    trusted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The facts of one complete run of the notebook. Written last and atomically; folded from our own events.

    `body` and `predictions` are the golden rows in wire form; `variables` maps a name of the prediction code to its
    wire form; `parameters` the values the run used. `annotations` maps names seen at the boundary (artifacts, request,
    response) to the qualified type name seen. `python` is the kernel's interpreter, `python_version` e.g. ``3.11.7``.
    `modules` are the top-level modules the kernel had loaded at the end.
    """

    parameters: dict[str, Any]
    artifacts: tuple[ArtifactRecord, ...]
    schema: Schema
    body: dict[str, Any]
    predictions: Any
    response_type: str
    variables: dict[str, Any]
    metrics: dict[str, float]
    python: str
    python_version: str
    modules: tuple[str, ...]
    seconds: float
    findings: tuple[Finding, ...] = ()
    annotations: dict[str, str] = field(default_factory=dict)
