"""What of the target a build would refuse, by field: the engine's own checks, before anything starts."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from nb2prod.errors import Nb2ProdError
from nb2prod.image.names import check_base_image, check_platform, check_tag
from nb2prod.steps.reading import package_name
from nb2prod_gui.flow.draft import Target, default_output


@lru_cache(maxsize=16)
def target_faults(target: Target, notebook: Path, default: Path | None = None, digest: str = "") -> dict[str, str]:
    """A sentence for each field with which no build can start. Empty fields are as the settings say, the folder is
    `default`; `digest` is that of the notebook's file."""
    checks: list[tuple[str, str, Callable[[str], object]]] = [
        ("package", target.package, lambda name: package_name(name, notebook)),
    ]
    if target.with_image:
        checks += [
            ("image", target.image, check_tag),
            ("base_image", target.base_image, check_base_image),
            ("platform", target.platform, check_platform),
        ]
    found = {name: fault for name, value, check in checks if value and (fault := _fault(check, value))}
    if not target.package and not default_package(notebook, digest):
        found["package"] = "The notebook's name is no name of a package: choose one."
    output = Path(target.output or default or default_output(notebook)).absolute()
    if output == notebook or output in notebook.parents:
        found["output"] = "The folder holds the notebook itself: choose a folder of its own."
    elif output.exists() and not output.is_dir():
        found["output"] = "There is a file of that name: choose a folder."
    return found


@lru_cache(maxsize=2)
def default_package(notebook: Path, digest: str) -> str:  # noqa: ARG001  of a file that changed, the name may be another
    """What the package is called where nobody says; empty where its notebook's name makes none."""
    try:
        return package_name("", notebook)
    except Nb2ProdError:
        return ""


def _fault(check: Callable[[str], object], value: str) -> str:
    try:
        check(value)
    except Nb2ProdError as error:
        return f"{error.message} {error.hint or ''}".strip()
    return ""
