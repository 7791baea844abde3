"""The two sides of a round trip, notebook and project as they are now, and what was generated between them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import Nb2ProdError
from nb2prod.files.handwork import find_handwork
from nb2prod.files.manifest import MANIFEST, read_manifest
from nb2prod.files.source import read_file
from nb2prod.model.notebook import Notebook
from nb2prod.render.project import Ingredients
from nb2prod.roundtrip.places import TESTS
from nb2prod.steps.extract import render_package
from nb2prod.steps.generated import Generated, read_generated
from nb2prod.steps.own_code import find_own_code
from nb2prod.steps.reading import analyse, notebook_from
from nb2prod.steps.regenerated import not_reproducible, regenerate


@dataclass(frozen=True, slots=True)
class Sides:
    """`data` and `notebook` are the notebook now, `base` what was generated.

    Of the project, by path: `edited` are generated texts as they are now (None: no text any more), `deleted` and
    `added` the files that were.
    """

    path: Path
    project: Path
    data: bytes
    notebook: Notebook
    base: Generated
    edited: Mapping[str, str | None]
    deleted: tuple[str, ...]
    added: tuple[str, ...]
    own: Mapping[str, str]
    """Copies of modules beside the notebook: path in the project -> where it lies."""

    @property
    def copies(self) -> dict[str, str]:
        """Those of them that were edited."""
        return {path: origin for path, origin in self.own.items() if path in self.edited}

    @property
    def code(self) -> dict[str, str]:
        """The edited files that may hold code of the notebook."""
        package = f"src/{self.base.package}/"
        kept = {path: text for path, text in self.edited.items() if text is not None and path.endswith(".py")}
        return {path: text for path, text in kept.items() if path.startswith(package) or path == TESTS}


def read_sides(path: Path, project: Path) -> Sides:
    """Raises InputError where the notebook or the project cannot be read, NB298 among it."""
    data = read_file(path)
    kept = read_generated(project, path)
    handwork = find_handwork(project)
    base = kept or regenerate(project, path, handwork.edited)
    return Sides(
        path, project, data, notebook_from(data, path), base,
        {name: _text(project / name) for name in handwork.edited},
        tuple(sorted(name for name in read_manifest(project) if not (project / name).exists())),
        handwork.added,
        _own_modules(project),
    )  # fmt: skip


def _own_modules(project: Path) -> dict[str, str]:
    """As the manifest has them; it lists files already, so it is an object."""
    own = json.loads(read_file(project / MANIFEST)).get("own_modules")
    return {str(path): str(origin) for path, origin in own.items()} if isinstance(own, dict) else {}


def _text(path: Path) -> str | None:
    try:
        return read_file(path).decode("utf-8") if not path.is_symlink() else None
    except (UnicodeDecodeError, Nb2ProdError):
        return None


def render_base(sides: Sides) -> tuple[Ingredients, dict[str, str]]:
    """What the project was rendered from, and its sources, made again from what is kept.

    Raises InputError NB298 where they are not the bytes that were written: another nb2prod, or a changed module.
    """
    base = sides.base
    try:
        analysis = analyse(base.notebook, find_own_code(base.notebook, sides.path.absolute().parent))
        if analysis.boundary is not None:
            given, sources = render_package(analysis, base.record, base.package, base.sample)
            if all(base.files.get(path) == text for path, text in sources.items()):
                return given, sources
    except Nb2ProdError:
        pass
    raise not_reproducible(sides.project, base.version)
