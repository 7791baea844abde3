"""What the user has decided and not yet saved or built: one value, changed by replacing it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nb2prod.config import Settings
from nb2prod.model.roles import Role
from nb2prod.model.schema import Stated
from nb2prod.model.spec import BuildSpec


@dataclass(frozen=True, slots=True)
class Target:
    """Where the build goes. Empty texts mean the default, which the page shows."""

    output: str = ""
    package: str = ""
    image: str = ""
    with_image: bool = True
    model: str = ""
    alias: str = "champion"
    log: bool = True
    tracking_uri: str = ""
    base_image: str = ""
    platform: str = ""
    mutants: int = 30
    force: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """`roles` are changes against the file (None: no role), so are `fields`, what is stated of the request's columns;
    `parameters` are values other than the defaults."""

    roles: Mapping[int, Role | None] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    target: Target = field(default_factory=Target)
    fields: Mapping[str, Stated] = field(default_factory=dict)

    def with_field(self, name: str, stated: Stated, saved: Mapping[str, Stated]) -> "Draft":
        """This statement besides the ones changed already; what equals the file (`saved`) is no change."""
        wanted = {**self.fields, name: stated}
        return replace(self, fields={n: f for n, f in wanted.items() if f != saved.get(n, Stated())})

    def with_roles(self, roles: Mapping[int, Role | None], saved: Mapping[int, Role]) -> "Draft":
        """These roles besides the ones changed already; what equals the file (`saved`) is no change."""
        wanted = {**self.roles, **roles}
        return replace(self, roles={cell: role for cell, role in wanted.items() if role != saved.get(cell)})


def default_output(notebook: Path) -> Path:
    """Beside the notebook: `build/<its name>`."""
    return notebook.parent / "build" / notebook.stem


def build_spec(notebook: Path, draft: Draft, settings: Settings | None = None) -> BuildSpec:
    """The job that the draft asks for: the same as the command line's. What is left empty is as the settings say."""
    target, settings = draft.target, settings or Settings()
    return BuildSpec(
        notebook=str(notebook.absolute()),
        output=str(Path(target.output or default_output(notebook)).absolute()),
        package=target.package,
        image=(target.image or default_image(notebook)) if target.with_image else None,
        log=target.log,
        parameters=dict(draft.parameters),
        tracking_uri=target.tracking_uri or settings.tracking_uri,
        model=target.model,
        alias=target.alias or None,
        base_image=target.base_image or settings.base_image,
        platform=target.platform or settings.platform,
        cell_timeout=settings.cell_timeout,
        mutants=target.mutants,
        force=target.force,
    )


def default_image(notebook: Path) -> str:
    """A tag of lower-case letters, digits and hyphens: `churn:latest`."""
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in notebook.stem.lower())
    name = "-".join(part for part in words.split("-") if part)
    return f"{name or 'notebook'}:latest"
