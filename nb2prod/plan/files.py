"""The files that training reads and writes, for whoever runs it elsewhere."""

import posixpath
from dataclasses import dataclass

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.paths import ANY, FOLDER, is_absolute

_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """Paths as the notebook has them, sorted. `reads` are not those that training has written before; `folders` are
    where it writes. `others`: it also reads files whose paths are not known before it runs."""

    reads: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    writes: bool = False
    others: bool = False

    @property
    def any(self) -> bool:
        return bool(self.reads) or self.writes or self.others


def training_files(graph: NotebookGraph, training: tuple[int, ...]) -> TrainingFiles:
    reads: set[str] = set()
    made: set[str] = set()
    folders: set[str] = set()
    writes = others = False
    for number in training:
        for use in graph.files[number]:
            known = use.path not in (ANY, FOLDER) and not is_absolute(use.path)
            if use.use == "read" and (use.path == ANY or _PATTERN & set(use.path)):
                others = True
            elif use.use == "read" and known and use.path not in made:
                reads.add(use.path)
        for use in graph.files[number]:
            if use.use in ("write", "overwrite") and use.path != FOLDER:
                writes = True
                made |= {use.path} if use.use == "overwrite" else set()
                folders |= {posixpath.dirname(use.path)} if use.path != ANY and not is_absolute(use.path) else set()
    return TrainingFiles(tuple(sorted(reads)), tuple(sorted(folders - {""})), writes, others)
