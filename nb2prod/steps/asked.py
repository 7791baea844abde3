"""What is asked of a build where nobody says it all: the options, the environment, the settings file, the notebook."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nb2prod.config import find_settings_file, resolve_settings, resolve_target
from nb2prod.errors import InputError
from nb2prod.model.spec import BuildSpec
from nb2prod.steps.reading import open_notebook


def asked_build(
    notebook: Path,
    environment: Mapping[str, str],
    *,
    settings: Mapping[str, Any] | None = None,
    target: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    force: bool = False,
    folder: Path | None = None,
) -> BuildSpec:
    """The spec of a build of `notebook`. `settings` and `target` are what was said for this one, by the names of
    `Settings` and `Target`; None in them is "not said". A relative `output` starts at `folder`; None: the working
    folder. Raises UsageError NB291 to NB293."""
    stated = stated_settings(notebook)
    known = resolve_settings(find_settings_file(notebook), environment, settings, stated).settings
    wanted = resolve_target(environment, target, stated)
    output = Path(wanted.output) if wanted.output else Path("build") / notebook.stem
    return BuildSpec(
        notebook=str(notebook.absolute()),
        output=str((folder or Path()).absolute() / output),
        package=wanted.package,
        image=wanted.image,
        log=wanted.log,
        parameters=dict(parameters or {}),
        sample=dict(wanted.sample),
        tracking_uri=known.tracking_uri,
        model=wanted.model,
        alias=known.alias or None,
        base_image=known.base_image,
        platform=known.platform,
        cell_timeout=known.cell_timeout,
        mutants=known.mutants,
        service=known.service,
        force=force,
        fresh=wanted.fresh,
        kernel=wanted.kernel,
    )


def stated_settings(notebook: Path) -> Mapping[str, Any]:
    """What the notebook's metadata holds under ``nb2prod``; nothing where it cannot be read, as the build will say."""
    try:
        own = open_notebook(notebook).document.get("metadata", {}).get("nb2prod")
    except InputError:
        return {}
    return own if isinstance(own, dict) else {}
