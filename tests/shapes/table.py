"""What becomes of each notebook with suggested tags alone: `python -m tests.shapes.table [NAME…]`.

A copy of the notebook beside a copy of its data gets its tags from `nb2prod suggest --apply` and is converted. Printed
for each: parity (the package answers the golden rows as the notebook did), refused (code, cell, message) or failed, and
the seconds it took. With names only those, and everything that was said.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parent
# Predicts nothing (plots, labels for the rows it has): a refusal is the right answer.
NOTHING_TO_PREDICT = {"eda_only", "dbscan_only"}
LONGEST = 300  # seconds


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nb2prod", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)


def outcome(path: Path, folder: Path) -> tuple[str, str]:
    """One of parity, refused, failed, and why."""
    shutil.copytree(FOLDER / "data", folder / "data", ignore=shutil.ignore_patterns("*.py"))
    notebook = shutil.copy(path, folder)
    try:
        suggested = run("suggest", notebook, "--apply", folder=folder)
        if suggested.returncode not in (0, 1):
            return "failed", suggested.stderr or suggested.stdout
        if suggested.returncode:
            return "refused", suggested.stdout + suggested.stderr
        converted = run("convert", notebook, "-o", str(folder / "out"), folder=folder)
    except subprocess.TimeoutExpired:
        return "failed", f"not done after {LONGEST} s"
    said = converted.stdout + converted.stderr
    if converted.returncode == 0:
        return "parity", said
    return ("refused" if converted.returncode == 1 and re.search(r"\bNB\d{3}\b", said) else "failed"), said


def main(names: list[str]) -> int:
    counts: Counter[str] = Counter()
    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            result, said = outcome(path, Path(folder))
        counts[result] += 1
        print(f"{path.stem:28} {result:8} {time.monotonic() - start:5.0f} s", flush=True)
        if names:
            print(said)
    print(json.dumps(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
