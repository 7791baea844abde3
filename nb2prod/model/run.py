"""What to capture from the notebook's run, and what was captured."""

from dataclasses import dataclass, field
from typing import Any, Literal

from nb2prod.model.findings import Finding
from nb2prod.model.schema import Schema

ArtifactFormat = Literal["json", "npy", "skops", "lightgbm", "xgboost", "torch", "pickle"]


@dataclass(frozen=True, slots=True)
class Probe:
    """A place in a cell where the run takes values; `cell` is a 1-based position in the notebook.

    Before or after the statement that reads `text` (the `nth` of its kind in the cell, from 0), or the value of an
    expression inside it: `path` leads there by fields and indices, empty for the whole expression. An empty `text`
    stands for the cell: its beginning, its end, its last expression. `names` are what is read there; none for the
    response. With `watches`, numbers of those of the CaptureSpec, `path` leads to a statement inside a block.
    """

    kind: Literal["before", "after", "value"]
    cell: int
    text: str = ""
    nth: int = 0
    path: tuple[tuple[str, int | None], ...] = ()
    names: tuple[str, ...] = ()
    watches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """An expression (`text`, in the notebook's names) that is evaluated where a probe says, beside the run.

    ========= ==================================================================================
    raw       the table whose rows a caller sends
    kept      a value that training keeps as `name`; with `key`, a loop's variable, one for each
    empty     `name` before such a loop
    columns   a list of columns that are read
    selection some of the rows of `operand`: part `item` of a tuple, found `by_value` where labels change
    input     what the prediction is given: its rows are the golden rows; `columns` of the raw table are sent
    ========= ==================================================================================

    Where `guard` is an expression, only while that is true: in one turn of a loop. `setup` is code that is run for it
    first, on copies.
    """

    kind: Literal["raw", "kept", "empty", "columns", "selection", "input"]
    text: str
    name: str = ""
    key: str = ""
    operand: str = ""
    item: int | None = None
    by_value: bool = False
    columns: dict[str, Any] | None = None
    guard: str = ""
    setup: str = ""


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """What the run must leave behind.

    Artifacts and request are read where a probe names them, just before the prediction needs them first; the response
    at the last probe: the value of the name `response`, or of an expression where it is None. `literals` are parts of
    the request that have no name in the notebook, with their source.
    `variables` are names the prediction code assigns, kept to name the first diverging one. `metrics` are read after
    the last cell of the notebook has run. `features` are the classes and functions defined in the notebook that move
    to the module ``<package>.features``; an artifact refers to them there. `watches` follow rows through the notebook
    (see `nb2prod.execute.kernel.rows`).
    """

    package: str
    artifacts: tuple[str, ...]
    request: tuple[str, ...]
    probes: tuple[Probe, ...]
    response: str | None
    literals: dict[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    watches: tuple[Watch, ...] = ()


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
    `modules` are the top-level modules the kernel had loaded at the end; `sources` the files of those loaded modules
    that are neither installed nor Python's own. `masked` are the ids of the cells whose outputs showed a secret, ""
    for an output of none of them.
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
    sources: dict[str, str] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
