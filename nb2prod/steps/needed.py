"""What generated code needs: its imports on every branch, what its calls load, what its artifacts are made of."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.modules import imported_modules
from nb2prod.environment.engines import engines_called
from nb2prod.model.run import RunRecord


@dataclass(frozen=True, slots=True)
class Needed:
    """Import name -> because, for serving and for training besides; `optional`: the code does without them."""

    serving: Mapping[str, str]
    training: Mapping[str, str]
    optional: frozenset[str]

    def joined(self, serving: Mapping[str, str], training: Mapping[str, str], optional: frozenset[str]) -> "Needed":
        """With what own modules import besides."""
        served = {**serving, **self.serving}
        trained = {n: b for n, b in {**training, **self.training}.items() if n not in served}
        return replace(self, serving=served, training=trained, optional=self.optional | optional)


def needed_imports(
    sources: Mapping[str, str], package: str, record: RunRecord, cells: Mapping[str, int]
) -> Needed:  # fmt: skip
    """`sources` are the generated ones by path; `cells` says where the notebook imports a module."""
    root = f"src/{package}/"
    serving: dict[str, str] = {}
    training: dict[str, str] = {}
    optional: set[str] = set()
    for path, text in sorted(sources.items()):
        if not path.startswith(root):
            continue
        found = training if path == f"{root}train.py" else serving
        imports = imported_modules(ast.parse(text))
        optional |= imports.optional
        for name in sorted(imports.certain):
            cell = f"cell {cells[name]}, for " if name in cells else ""
            found.setdefault(name, f"imported in {cell}{path}")
        for name, because in engines_called(text, record.modules).items():
            found.setdefault(name, f"{because} in {path}")
    for artifact in record.artifacts:
        for type_name in (artifact.type_name, *artifact.trusted):
            home = type_name.rpartition(".")[0]
            module = home if home in record.sources else type_name.split(".")[0]
            if "." in type_name and module not in (package, "__main__", "builtins"):
                serving.setdefault(module, f"needed to load the artifact {artifact.name}")

    def kept(found: Mapping[str, str]) -> dict[str, str]:
        return {n: b for n, b in found.items() if n.split(".")[0] not in {"nb2prod", package}}

    return Needed(kept(serving), {n: b for n, b in kept(training).items() if n not in serving}, frozenset(optional))


def import_cells(graph: NotebookGraph) -> dict[str, int]:
    """The first cell that imports each module."""
    found: dict[str, int] = {}
    for s in graph.statements:
        for one in s.facts.imports:
            found.setdefault(one.module, s.cell)
    return found
