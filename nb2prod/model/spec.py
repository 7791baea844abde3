"""What a job is asked to do. `nb2prod job SPEC` reads it as JSON; the command line and the wizard write it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class BuildSpec:
    """Paths are absolute strings. `package` and `model` default to the notebook's file name made a valid name.

    `image` None: no image is built (`nb2prod convert`). `log` False: nothing is logged to MLflow (`convert` again).
    `tracking_uri` None: the environment's, or an SQLite store beside the project. `base_image` None: as the settings
    say. `platform` None: the engine's own. `sample` are parameters that make training small for the generated tests.
    `service` names options of the service whose packages go into the image: graphql, tokens, tracing.
    `force`: overwrite hand-edited generated files.
    """

    notebook: str
    output: str
    package: str = ""
    image: str | None = None
    log: bool = True
    parameters: dict[str, Any] = field(default_factory=dict)
    sample: dict[str, Any] = field(default_factory=dict)
    tracking_uri: str | None = None
    model: str = ""
    alias: str | None = "champion"
    base_image: str | None = None
    platform: str | None = None
    cell_timeout: int | None = None
    mutants: int = 30
    service: str = ""
    force: bool = False
    fresh: bool = False
    """Run every step again, even where its inputs are unchanged."""
    kernel: str | None = None
    """The kernel to run with; None: the one that the notebook names."""
