"""Files as hidden data of the notebook, while its statements run one after the other.

    1  clean.to_csv("clean.csv")         file clean.csv -> {1}
    2  df = pd.read_csv("./clean.csv")   reads file clean.csv: depends on {1}

Only files that the notebook writes have a hidden name; all others are as they lie there.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from nb2prod.analysis.paths import (
    ANY,
    FILE,
    FOLDER,
    NOTHING,
    FileUse,
    is_absolute,
    leads_into,
    may_be_same,
    plain_path,
    resolved,
)


@dataclass(slots=True)
class Disk:
    """`parameters` are names that a caller may set, so that their paths are not known."""

    parameters: frozenset[str] = frozenset()
    texts: dict[str, str] = field(default_factory=dict)
    """The paths that names of the notebook stand for."""
    written: dict[str, None] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)
    """What was written below each folder."""
    roundabout: list[str] = field(default_factory=list)
    """Written paths that may be others in disguise: absolute, or through the folder above."""
    holders: dict[int, set[str]] = field(default_factory=dict)
    """Files that an object may write later, by its token: an open file, a callback that saves a model."""

    def settle(self, uses: Iterable[FileUse]) -> tuple[FileUse, ...]:
        """With the names of the notebook replaced by the paths they stand for now."""
        found = set()
        for use in uses:
            known = resolved(use, lambda mark: self.texts.get(mark[1:]))
            if known.path == NOTHING:
                continue
            if use.use == "fetch":
                found.add(known)
                continue
            path = plain_path(known.path)
            if FOLDER in self.written and path not in (ANY, FOLDER) and not is_absolute(path):
                path = ANY  # relative to what, nobody knows
            found.add(replace(known, path=path))
        return tuple(sorted(found, key=lambda use: (use.path, use.use, use.known)))

    def held_by(self, tokens: Iterable[int]) -> tuple[FileUse, ...]:
        """What a statement may write that uses these objects."""
        paths = {path for token in tokens for path in self.holders.get(token, ())}
        return tuple(FileUse("write", path, known=False) for path in sorted(paths))

    def needs(self, uses: Iterable[FileUse]) -> Iterator[str]:
        """The hidden names that these uses depend on."""
        for use in uses:
            if use.path != FOLDER and not is_absolute(use.path) and FOLDER in self.written:
                yield FOLDER
            for path in self._related(use.path):
                if not use.known and use.path != ANY and path == ANY:
                    continue
                if use.use == "read" and may_be_same(use.path, path):
                    yield FILE + path
                elif use.known and use.use in ("write", "overwrite") and leads_into(path, use.path):
                    yield FILE + path  # the folder must be there

    def writes(self, node: ast.stmt, uses: Iterable[FileUse]) -> Iterator[tuple[str, bool]]:
        """(hidden name, whether nothing of the file's former content is left) for what a statement writes."""
        direct = isinstance(node, ast.Expr | ast.With)
        for use in uses:
            if use.use not in ("write", "overwrite"):
                continue
            whole = use.use == "overwrite" and direct and use.path != ANY and use.known
            self._write(use.path)
            yield (FOLDER if use.path == FOLDER else FILE + use.path), whole
            if use.path != ANY:
                yield from ((FILE + path, False) for path in self._related(use.path) if path not in (use.path, ANY))

    def _write(self, path: str) -> None:
        if path in self.written:
            return
        self.written[path] = None
        if is_absolute(path) or path.startswith(".."):
            self.roundabout.append(path)
        for folder in _folders_above(path):
            self.below.setdefault(folder, []).append(path)

    def _related(self, path: str) -> list[str]:
        """Written paths that may lead to the same file as `path`, into it, or that it leads into."""
        if path == FOLDER:
            return []
        if path in (ANY, ".") or is_absolute(path) or path.startswith(".."):
            return [other for other in self.written if other != FOLDER and may_be_same(path, other)]
        found = [other for other in (path, ANY, ".", *_folders_above(path)) if other in self.written]
        found += self.below.get(path, ())
        return found + [other for other in self.roundabout if may_be_same(path, other)]

    def hold(self, token: int, node: ast.stmt, uses: Iterable[FileUse]) -> None:
        for use in uses:
            if use.use == "hold" and not isinstance(node, ast.With | ast.AsyncWith):  # those are closed by now
                self.holders.setdefault(token, set()).add(use.path)

    def bind(self, bound: Iterable[str], texts: Iterable[tuple[str, str]]) -> None:
        """These names stand for something else now, some for paths."""
        known = {n: resolved(FileUse("read", t), lambda mark: self.texts.get(mark[1:])).path for n, t in texts}
        for name in bound:
            self.texts.pop(name, None)
            if known.get(name, ANY) != ANY and name not in self.parameters:
                self.texts[name] = known[name]


def _folders_above(path: str) -> list[str]:
    """``a/b`` and ``a`` for ``a/b/c``."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]
