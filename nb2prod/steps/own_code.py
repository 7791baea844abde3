"""The user's own modules: found beside the notebook before anything runs, and chosen for the project afterwards.

    notebooks/churn.ipynb       import helpers            notebooks/helpers.py       -> src/helpers.py
    src/features/build.py       from src.features.build   src/features/build.py      -> src/src/features/build.py

They keep their names and bytes and stand beside the package, so that the notebook's own import lines, and the classes
that an artifact refers to, mean there what they mean here.
"""

import ast
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from nb2prod.analysis.facts import statement_facts
from nb2prod.analysis.graph import parse_cell
from nb2prod.analysis.modules import Imports, OwnModules, absolute, imported_modules, read_modules
from nb2prod.analysis.paths import ANY, Paths
from nb2prod.errors import RunError
from nb2prod.files.digest import digest_bytes
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Cell, Notebook
from nb2prod.secrets import file_findings

_PROJECT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
Importing = tuple[tuple[Cell, list[ast.stmt]], ...]

_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class OwnCode:
    """`files` are the sources by dotted name (a package: its ``__init__.py``), `digests` those of what was read;
    `roots` where they are searched; `home` is the notebook's repository, or its folder."""

    modules: OwnModules
    files: Mapping[str, Path]
    digests: Mapping[str, str]
    roots: tuple[Path, ...]
    home: Path
    findings: tuple[Finding, ...]


def find_own_code(notebook: Notebook, folder: Path) -> OwnCode:
    """Read the modules that the notebook in `folder` imports and that are its author's own. Runs nothing."""
    home = _home(folder)
    importing = _importing(notebook)
    imported = tuple(_imported_by(importing))
    roots = (folder, *_added_roots(notebook, folder), *_from_environment(home))
    findings: list[Finding] = []
    files: dict[str, Path] = {}
    trees: dict[str, ast.Module] = {}
    tops = {name.partition(".")[0] for _, _, name in imported}
    near = {top for top in tops if _may_be_own(top, roots, home)}
    for cell, line, name in imported:
        top = name.partition(".")[0]
        if top not in near:
            continue
        own = dict(_with_what_it_imports(name, roots, home, files, trees))
        if top in sys.stdlib_module_names and _beside(top, (folder,)):
            findings.append(_hides(top, cell, line))
        files |= own
    outside = {n: p for n, p in files.items() if not is_inside(p, (home, folder, *_relative_roots(roots, folder)))}
    findings += [_outside(name, cell, line) for cell, line, name in imported if name in outside]
    findings += _with_secrets(imported, files)
    modules = read_modules({name: trees[name] for name in files if name in trees})
    modules = replace(modules, libraries=_library_names(notebook, importing, modules))
    digests = {name: digest_bytes(path.read_bytes()) for name, path in files.items()}
    return OwnCode(modules, files, digests, tuple(dict.fromkeys(roots)), home, tuple(dict.fromkeys(findings)))


def _library_names(notebook: Notebook, importing: Importing, own: OwnModules) -> Mapping[str, tuple[str, ...]]:
    """What star imports of modules of others bind, where the notebook's environment has them."""
    every = (node for cell, nodes in importing if "*" in (cell.python or "") for node in nodes)
    stars = {module for node in every for module in statement_facts(node).star_imports} - {*own.modules}
    if not stars:
        return {}
    from nb2prod.environment.exports import star_exports
    from nb2prod.execute.processes import kernel_program

    try:
        return star_exports(kernel_program(notebook), stars)
    except RunError:  # no kernel for it: told where it would run
        return {}


def _with_secrets(imported: Sequence[tuple[int, int, str]], files: Mapping[str, Path]) -> Iterator[Finding]:
    """The files would be copied into the project as they are."""
    cells = {name.partition(".")[0]: cell for cell, _, name in reversed(imported)}
    for name, path in files.items():
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from file_findings(path.name, text, cells.get(name.partition(".")[0]))


def _may_be_own(top: str, roots: Iterable[Path], home: Path) -> bool:
    """Whether there is anything of that name beside the notebook, or installed from its repository: asked once for all
    modules of a library."""
    if any((root / top).is_dir() or (root / f"{top}.py").is_file() for root in roots):
        return True
    return bool(_editable_roots(top, home))


def source_of(name: str, roots: Iterable[Path]) -> Path | None:
    """The file of an own module, if there is one: ``a/b.py`` or ``a/b/__init__.py`` below a root."""
    relative = Path(*name.split("."))
    for root in roots:
        for path in (root / relative / "__init__.py", (root / relative).with_suffix(".py")):
            if path.is_file():
                return path
    return None


def parents_of(name: str) -> Iterator[str]:
    """``a.b.c`` needs ``a`` and ``a.b``."""
    parts = name.split(".")
    yield from (".".join(parts[:end]) for end in range(1, len(parts)))


def read_tree(name: str, path: Path) -> ast.Module | None:
    """The module's tree with its relative imports written in full; None where Python could not read it."""
    try:
        return absolute(path.read_text(encoding="utf-8"), name, is_package=path.name == "__init__.py")
    except (SyntaxError, ValueError, OSError, RecursionError):
        return None


def _with_what_it_imports(
    name: str, roots: tuple[Path, ...], home: Path, files: Mapping[str, Path], trees: dict[str, ast.Module]
) -> Iterator[tuple[str, Path]]:
    pending, seen = [name], set(files)
    while pending:
        one = pending.pop()
        top = one.partition(".")[0]
        if one in seen or top in sys.stdlib_module_names:
            continue
        seen.add(one)
        path = source_of(one, roots) or _editable(one, home)
        if path is None:
            continue
        pending += parents_of(one)
        yield one, path
        tree = read_tree(one, path)
        if tree is not None:
            trees[one] = tree
            found = imported_modules(tree)
            pending += [*found.certain, *found.possible]


def _importing(notebook: Notebook) -> Importing:
    """The cells that may import something, with their statements; most cells need not be parsed for that."""
    return tuple((cell, parse_cell(cell)) for cell in notebook.cells if "import" in (cell.python or ""))


def _imported_by(importing: Importing) -> Iterator[tuple[int, int, str]]:
    for cell, nodes in importing:
        for node in nodes:
            found: Imports = imported_modules(ast.Module([node], []))
            for name in (*found.certain, *found.possible):
                yield cell.index, node.lineno, name


def _home(folder: Path) -> Path:
    for place in (folder, *folder.parents):
        if any((place / mark).exists() for mark in _PROJECT_MARKS):
            return place
    return folder


def _added_roots(notebook: Notebook, folder: Path) -> Iterator[Path]:
    """``sys.path.append("..")`` and ``sys.path.insert(0, os.path.abspath(".."))``, where the path is written out."""
    code = [cell for cell in notebook.cells if cell.kind == "code" and cell.python]
    if not any("sys" in (cell.python or "") and "path" in (cell.python or "") for cell in code):
        return
    texts: dict[str, str] = {}

    def library(node: ast.expr) -> str | None:
        text = ast.unparse(node)
        return {"Path": "pathlib.Path", "join": "os.path.join", "abspath": "os.path.abspath"}.get(text, text)

    at = Paths(library, texts.get, lambda _name: False)
    for cell in code:
        for node in parse_cell(cell):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    path = at.path_of(value)
                    if path is not None and path != ANY:
                        texts[name] = path
            for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
                if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "sys.path" and call.args:
                    path = at.path_of(call.args[-1])
                    if path is not None and path != ANY:
                        yield Path(os.path.normpath(folder / Path(path).expanduser()))


def _relative_roots(roots: Iterable[Path], folder: Path) -> list[Path]:
    """Roots near the notebook: the folder above it, which ``sys.path.append("..")`` means."""
    return [root for root in roots if root in folder.parents[:2]]


def _from_environment(home: Path) -> list[Path]:
    named = [Path(p) for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    return [p for p in named if is_inside(p, (home,))]


def _editable(name: str, home: Path) -> Path | None:
    """A module of the notebook's own repository that is installed from there (``pip install -e .``)."""
    return source_of(name, _editable_roots(name.partition(".")[0], home))


def _editable_roots(top: str, home: Path) -> list[Path]:
    try:
        places = _places(top)
    except (ImportError, ValueError):
        return []
    return [place.parent for place in places if is_inside(place, (home,)) and not is_installed(place)]


@cache
def _places(top: str) -> tuple[Path, ...]:
    """Where an importable module is. Raises ImportError where there is none, which is asked again the next time."""
    spec = importlib.util.find_spec(top)
    if spec is None:
        raise ImportError(top)
    places = tuple(Path(place) for place in spec.submodule_search_locations or ())
    return places or ((Path(spec.origin),) if spec.origin else ())


def is_installed(path: Path) -> bool:
    return any(part in _INSTALLED for part in path.parts)


def is_inside(path: Path, folders: Iterable[Path]) -> bool:
    return any(path == folder or folder in path.parents for folder in folders)


def _beside(name: str, roots: Iterable[Path]) -> bool:
    return source_of(name, roots) is not None


def _hides(name: str, cell: int, line: int) -> Finding:
    return Finding(
        "NB413", Severity.ERROR, f"`{name}` beside the notebook has the name of a module of Python itself: which of "
        "them is imported depends on where and when.", cell, line, f"Rename {name}.py."
    )  # fmt: skip


def _outside(name: str, cell: int, line: int) -> Finding:
    return Finding(
        "NB414", Severity.ERROR, f"the module `{name}` lies outside the notebook's folder and repository; it would be "
        "missing elsewhere.", cell, line, "Move it beside the notebook, or install it as a package."
    )  # fmt: skip
