"""Where a model comes from, as MLflow tags."""

import subprocess
from pathlib import Path

import nb2prod
from nb2prod.model.project import project_digest

CELL_MAP = "lineage/cell_map.json"


def lineage_tags(folder: Path, project: Path, *, notebook_name: str, notebook_digest: str) -> dict[str, str]:
    """``nb2prod.*`` tags. `folder` is asked for its git commit; no tag where it is in no git work tree. What
    `project` is known by is also a label of its image."""
    tags = {
        "nb2prod.notebook": notebook_name,
        "nb2prod.notebook_digest": notebook_digest,
        "nb2prod.version": nb2prod.__version__,
        "nb2prod.cell_map": CELL_MAP,
    }
    manifest = project / "nb2prod.json"
    if manifest.is_file():
        tags["nb2prod.project"] = project_digest(manifest.read_bytes())
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if commit:
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
        tags |= {"nb2prod.git_commit": commit, "nb2prod.git_dirty": "true" if changed else "false"}
    return tags


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
