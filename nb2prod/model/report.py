"""What a build says at its end; `nb2prod build --json` prints exactly this (see docs/json.md)."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["module", "mlflow", "container"]
ParityStatus = Literal["equal", "different", "skipped"]
Better = Literal["higher", "lower"]
"""Of a metric that is watched."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The golden rows against one stage. `reason` names the first difference, or why the stage was skipped."""

    stage: Stage
    status: ParityStatus
    rows: int
    max_difference: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FastPath:
    """Whether the image answers with an ONNX graph in place of the notebook's own code, and why, or why not.

    `rows`: golden and generated ones on which both were compared; `max_difference` the largest absolute difference.
    """

    used: bool
    reason: str
    rows: int = 0
    max_difference: float | None = None


@dataclass(frozen=True, slots=True)
class TestResult:
    """The generated suite: tests passed and failed, mutants made and caught; `failures` one line each."""

    __test__ = False  # not a pytest class

    passed: int
    failed: int
    mutants: int = 0
    caught: int = 0
    failures: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelVersion:
    tracking_uri: str
    run_id: str
    model: str
    version: str
    alias: str | None
    model_uri: str


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """`digest` is the image id (``sha256:…``); sizes in bytes; `base_size_bytes` is the base image's own size."""

    tag: str
    digest: str
    size_bytes: int
    base_size_bytes: int
