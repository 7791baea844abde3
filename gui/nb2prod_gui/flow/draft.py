"""What the user has decided and not yet saved or built: one value, changed by replacing it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nb2prod.config import Settings
from nb2prod.config import Target as Asked
from nb2prod.model.report import Better
from nb2prod.model.roles import Role
from nb2prod.model.schema import Stated
from nb2prod.model.spec import BuildSpec


@dataclass(frozen=True, slots=True)
class Around:
    """What is said outside the window: settings, what the notebook's metadata asks for, and, in `output`, where a
    project of this notebook lies already."""

    settings: Settings = field(default_factory=Settings)
    asked: Asked = field(default_factory=Asked)
    output: Path | None = None


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
    """`roles` are changes against the file (None: no role), so are `fields`, what is stated of the request's columns,
    and `answers`, what callers call columns of the response (empty: as the notebook does); `parameters` are values
    other than the defaults; `watch` is None, or the watched metrics in place of the file's."""

    roles: Mapping[int, Role | None] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    target: Target = field(default_factory=Target)
    fields: Mapping[str, Stated] = field(default_factory=dict)
    watch: Mapping[str, Better] | None = None
    answers: Mapping[str, str] = field(default_factory=dict)

    def with_answer(self, column: str, name: str, saved: Mapping[str, str]) -> "Draft":
        """With this name besides those changed already; what equals the file (`saved`) is no change."""
        wanted = {**self.answers, column: name}
        return replace(self, answers={c: n for c, n in wanted.items() if n != saved.get(c, "")})

    def with_watched(self, name: str, better: Better | None, saved: Mapping[str, Better]) -> "Draft":
        """With this metric watched, or no more; what equals the file (`saved`) is no change."""
        now = {n: b for n, b in (saved if self.watch is None else self.watch).items() if n != name}
        if better is not None:
            now[name] = better
        return replace(self, watch=None if now == dict(saved) else now)

    def with_field(self, name: str, stated: Stated, saved: Mapping[str, Stated]) -> "Draft":
        """This statement besides the ones changed already; what equals the file (`saved`) is no change."""
        wanted = {**self.fields, name: stated}
        return replace(self, fields={n: f for n, f in wanted.items() if f != saved.get(n, Stated())})

    def with_roles(self, roles: Mapping[int, Role | None], saved: Mapping[int, Role]) -> "Draft":
        """These roles besides the ones changed already; what equals the file (`saved`) is no change."""
        wanted = {**self.roles, **roles}
        return replace(self, roles={cell: role for cell, role in wanted.items() if role != saved.get(cell)})


def first_target(around: Around) -> Target:
    """Where a build goes as long as its user says nothing."""
    settings, asked = around.settings, around.asked
    return Target(
        output=asked.output,
        package=asked.package,
        image=asked.image or "",
        model=asked.model,
        alias=settings.alias,
        log=asked.log,
        mutants=settings.mutants,
    )


def default_output(notebook: Path, around: Around | None = None) -> Path:
    """Where a project of the notebook lies already, else beside it: `build/<its name>`."""
    known = around.output if around is not None else None
    return known or notebook.parent / "build" / notebook.stem


def build_spec(notebook: Path, draft: Draft, around: Around | None = None) -> BuildSpec:
    """The job that the draft asks for: the same as the command line's. What is left empty is as the settings say."""
    around = around or Around()
    target, settings = draft.target, around.settings
    return BuildSpec(
        notebook=str(notebook.absolute()),
        output=str(Path(target.output or default_output(notebook, around)).absolute()),
        package=target.package,
        image=(target.image or default_image(notebook)) if target.with_image else None,
        log=target.log,
        parameters=dict(draft.parameters),
        sample=dict(around.asked.sample),
        tracking_uri=target.tracking_uri or settings.tracking_uri,
        model=target.model,
        alias=target.alias or None,
        base_image=target.base_image or settings.base_image,
        platform=target.platform or settings.platform,
        cell_timeout=settings.cell_timeout,
        mutants=target.mutants,
        service=settings.service,
        force=target.force,
    )


def steps_of(spec: BuildSpec) -> tuple[str, ...]:
    """The steps that a job with this spec has, in order."""
    after = (("log",) if spec.log else ()) + (("image", "verify") if spec.image is not None else ())
    return ("read", "check", "run", "extract", "test", *after)


def default_image(notebook: Path) -> str:
    """A tag of lower-case letters, digits and hyphens: `churn:latest`."""
    words = "".join(c if c.isascii() and c.isalnum() else "-" for c in notebook.stem.lower())
    name = "-".join(part for part in words.split("-") if part)
    return f"{name or 'notebook'}:latest"
