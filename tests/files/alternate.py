"""A child that writes two trees in turn, for ever; `test_kills.py` kills it.

Arguments: folder, swap (exchange|renames).
"""

import sys
from pathlib import Path

from nb2prod.files import project_lock, write_tree
from nb2prod.model.project import ProjectTree

TREES = tuple(
    ProjectTree({f"src/part{i % 7}/module{i}.py": f"# {name} {i}\n".encode() * (i + 1) for i in range(60)})
    for name in ("one", "two")
)


def alternate(folder: Path) -> None:
    with project_lock(folder, wait=10):
        print("ready", flush=True)
        while True:
            for tree in TREES:
                write_tree(tree, folder)


if __name__ == "__main__":
    if sys.argv[2] == "renames":
        import nb2prod.files.tree

        nb2prod.files.tree.exchange = lambda one, other: False  # type: ignore[assignment]
    alternate(Path(sys.argv[1]))
