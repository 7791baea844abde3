"""The disk: reading a notebook file, writing a project whole or not at all, the lock, the state beside the project.

write_tree:  tree ─ check against hand edits ─► stage beside the folder ─ fsync ─► exchange ─► old one removed

A kill at any moment leaves the old tree or the new one; what it leaves beside them is cleared by the next
`project_lock`.
"""

from nb2prod.files.atomic import write_atomic
from nb2prod.files.digest import digest_bytes, digest_file
from nb2prod.files.handwork import find_handwork
from nb2prod.files.manifest import MANIFEST, seal
from nb2prod.files.rewrite import rewrite, undo
from nb2prod.files.source import read_file
from nb2prod.files.state import project_lock, state_folder
from nb2prod.files.tree import write_tree

__all__ = [
    "MANIFEST",
    "digest_bytes",
    "digest_file",
    "find_handwork",
    "project_lock",
    "read_file",
    "rewrite",
    "seal",
    "state_folder",
    "undo",
    "write_atomic",
    "write_tree",
]
