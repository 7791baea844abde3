"""Which of the user's own modules a project takes along, with the data files they read next to themselves.

What the generated code imports, what an artifact's classes come from, and what these modules import in turn, on every
branch; each file as it lies there. Not the rest: tests, notebooks, hidden files and keys, files that are very big.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.modules import STATE, imported_modules
from nb2prod.errors import InputError, Where
from nb2prod.files.digest import digest_bytes
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.run import RunRecord
from nb2prod.steps.own_code import OwnCode, is_inside, is_installed, parents_of, read_tree, source_of

LARGEST = 10 * 2**20
"""Bytes of a data file that still travels."""
_NO_DATA = frozenset({".py", ".pyc", ".pyo", ".pyi", ".ipynb", ".pem", ".key", ".p12", ".pfx", ".env", ".so", ".pyd"})
_READS_BESIDE = ("__file__", "importlib.resources", "importlib_resources", "pkgutil", "pkg_resources")
_MANY = 2000
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Travelling:
    """`files`: path in the project -> bytes; `origins`: the same paths -> where they lie, seen from the repository.

    `tops` are the names they are imported by. `serving` and `training` map what they import besides to why; `optional`
    are imports whose absence they provide for.
    """

    files: Mapping[str, bytes]
    origins: Mapping[str, str]
    tops: frozenset[str]
    serving: Mapping[str, str]
    training: Mapping[str, str]
    optional: frozenset[str]
    findings: tuple[Finding, ...] = ()


def choose_own_files(serving: Iterable[str], training: Iterable[str], record: RunRecord, own: OwnCode) -> Travelling:
    """Own modules reached from the import names `serving` and, besides, `training`.

    Raises InputError NB416 where the notebook's run loaded another file, or other text, than what was analysed.
    """
    search = _Search(own, record)
    for_serving = search.closure(serving)
    for_training = search.closure(training)
    every = for_serving | for_training
    tops = frozenset(name.partition(".")[0] for name in every)
    files: dict[str, bytes] = {}
    origins: dict[str, str] = {}
    findings: list[Finding] = []
    for name, path in sorted(every.items()):
        root = _root(name, path)
        for file in (path, *data_files((path,))):
            inside = f"src/{file.relative_to(root).as_posix()}"
            if file != path and file.stat().st_size > LARGEST:
                findings.append(_too_big(file, inside))
                continue
            files[inside] = file.read_bytes()
            if file == path and digest_bytes(files[inside]) != own.digests.get(name, digest_bytes(files[inside])):
                raise InputError(
                    f"the module `{name}` was changed while the notebook ran, after it was analysed.",
                    code="NB416", where=Where(str(path)), hint="Build again.",
                )  # fmt: skip
            origins[inside] = Path(file).relative_to(own.home).as_posix() if own.home in file.parents else file.name
    return Travelling(
        files, origins, tops, search.imports(for_serving), search.imports(for_training),
        frozenset(search.optional), tuple(dict.fromkeys(findings)),
    )  # fmt: skip


def own_tops(own: OwnCode, record: RunRecord) -> frozenset[str]:
    """The names by which modules of the user's own may be imported."""
    return own.modules.tops | {name.partition(".")[0] for name in record.sources}


def check_states(graph: NotebookGraph, record: RunRecord) -> None:
    """Raise InputError NB395 where an artifact is of a module whose state the notebook changes: its methods may use
    that state, and a service would start without the change."""
    changed = {name.removeprefix(STATE): c for name, c in graph.final.items() if name.startswith(STATE)}
    for artifact in record.artifacts:
        for type_name in (artifact.type_name, *artifact.trusted):
            contributors = changed.get(type_name.partition(".")[0])
            if contributors:
                s = graph.statements[max(contributors)]
                raise InputError(
                    f"the state of the module `{type_name.partition('.')[0]}` is changed here, and the artifact "
                    f"`{artifact.name}` is of it; a service would start without the change.",
                    code="NB395", hint="Pass the value as an argument.",
                    where=Where(cell=s.cell, line=s.first_line),
                )  # fmt: skip


def data_files(sources: Iterable[Path]) -> Iterator[Path]:
    """Files that modules read next to themselves: those in a package's folder, or named by a module that is none."""
    for path in sources:
        text = path.read_text(encoding="utf-8", errors="replace")
        if not any(word in text for word in _READS_BESIDE):
            continue
        in_package = (path.parent / "__init__.py").is_file()
        for file in sorted(islice(path.parent.rglob("*"), _MANY) if in_package else _named(text, path.parent)):
            inside = file.relative_to(path.parent)
            hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
            if not hidden and not file.is_symlink() and file.is_file() and file.suffix.lower() not in _NO_DATA:
                yield file


def _named(source: str, folder: Path) -> set[Path]:
    """Files below `folder` that texts in the source name, at once or after a folder: ``"data"``, ``"stop.txt"``."""
    texts = [t for t in dict.fromkeys(_texts(source)) if 0 < len(t) < _LONGEST and "\0" not in t and "\n" not in t]
    places = [folder, *(folder / t for t in texts if ".." not in Path(t).parts and (folder / t).is_dir())]
    found = {place / t for place in places for t in texts if not Path(t).is_absolute() and ".." not in Path(t).parts}
    return {path for path in found if path.is_file()}


def _texts(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    yield from (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str))


class _Search:
    """Finds sources by name: where the run loaded them from, else where the notebook would have."""

    def __init__(self, own: OwnCode, record: RunRecord) -> None:
        self.own = own
        self.loaded = {
            name: Path(file) for name, file in record.sources.items()
            if is_inside(Path(file), (own.home, *own.roots)) and not is_installed(Path(file))
        }  # fmt: skip
        self.roots = dict.fromkeys([*own.roots, *(_root(name, path) for name, path in self.loaded.items())])
        self.optional: set[str] = set()
        self.reached: dict[str, tuple[str, ...]] = {}

    def source(self, name: str) -> Path | None:
        known, loaded = self.own.files.get(name), self.loaded.get(name)
        if known is not None and loaded is not None and known.resolve() != loaded.resolve():
            if digest_bytes(known.read_bytes()) != digest_bytes(loaded.read_bytes()):
                raise InputError(
                    f"the notebook's run loaded another `{name}` than the one that was analysed.",
                    code="NB416", where=Where(str(known)), hint=f"There are two; leave one: {loaded}",
                )  # fmt: skip
            return known
        if known is not None or loaded is not None:
            return known or loaded
        top = name.partition(".")[0]
        belongs = top in self.own.modules.tops or any(n.partition(".")[0] == top for n in self.loaded)
        return source_of(name, self.roots) if belongs else None

    def closure(self, names: Iterable[str]) -> dict[str, Path]:
        found: dict[str, Path] = {}
        pending = sorted(names)
        while pending:
            name = pending.pop()
            if name in found:
                continue
            path = self.source(name)
            if path is None:
                pending += [p for p in parents_of(name) if p not in found and self.source(p) is not None]
                continue
            found[name] = path
            pending += parents_of(name)
            tree = read_tree(name, path)
            if tree is not None:
                imports = imported_modules(tree)
                self.optional |= imports.optional
                self.reached[name] = imports.certain
                pending += [*imports.certain, *imports.possible]
        return found

    def imports(self, modules: Mapping[str, Path]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, path in sorted(modules.items()):
            inside = f"src/{path.relative_to(_root(name, path)).as_posix()}"
            for imported in self.reached.get(name, ()):
                found.setdefault(imported, f"imported in {inside}")
        return found


def _root(name: str, path: Path) -> Path:
    """The folder that the module's top-level package lies in."""
    depth = name.count(".") + (path.name == "__init__.py")
    return path.parents[depth]


def _too_big(file: Path, inside: str) -> Finding:
    return Finding(
        "NB418", Severity.WARNING, f"{inside} ({file.stat().st_size // 2**20} MiB) is too big to travel with the code.",
        hint="Read it in the notebook and hand it to the function: then it becomes an artifact.",
    )  # fmt: skip
