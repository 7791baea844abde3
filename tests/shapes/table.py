"""What becomes of each notebook with suggested tags alone: `python -m tests.shapes.table [NAME…]`.

A copy of the notebook beside a copy of its data gets its tags from `nb2prod suggest --apply` and is converted. Printed
for each: `parity` (the package answers the golden rows as the notebook did), `refused` (code, cell and message) or
`failed`, and the seconds it took. With names only those, and everything that was said.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SHAPES = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
LONGEST = 300  # seconds for one command
_ERROR = re.compile(r"^error (NB(\d)\d\d [^\n]*)", re.MULTILINE)
_PLACE = re.compile(r" \S*\.ipynb(?=[,:])")


@dataclass(frozen=True, slots=True)
class Outcome:
    """`kind` is parity, refused or failed; `why` the first error; `said` all that was printed."""

    kind: str
    why: str
    said: str
    seconds: float


def convert(name: str, folder: Path, *, mutants: int = 0) -> Outcome:
    """Tags suggested and a package made in `folder`, which must be empty."""
    start = time.monotonic()
    shutil.copytree(FOLDER / "data", folder / "data", ignore=shutil.ignore_patterns("*.py"))
    notebook = shutil.copy(SHAPES[name], folder)
    said = ""
    commands = [["suggest", notebook, "--apply"],
                ["convert", notebook, "-o", str(folder / "out"), "--mutants", str(mutants)]]  # fmt: skip
    for command in commands:
        try:
            done = subprocess.run([sys.executable, "-m", "nb2prod", *command], cwd=folder, capture_output=True,
                                  text=True, timeout=LONGEST, check=False)  # fmt: skip
        except subprocess.TimeoutExpired:
            return Outcome("failed", f"`nb2prod {command[0]}` was not done after {LONGEST} s", said, LONGEST)
        said += done.stdout + done.stderr
        if done.returncode:
            error = _ERROR.search(done.stdout + done.stderr)
            # NB1 to NB4 look at the notebook, and say what to do about it; the others happen on the way.
            kind = "refused" if error and error[2] in "1234" else "failed"
            why = _PLACE.sub("", error[1]) if error else f"exit code {done.returncode}"
            return Outcome(kind, why, said, time.monotonic() - start)
    return Outcome("parity", "", said, time.monotonic() - start)


def main(names: list[str]) -> int:
    counts: Counter[str] = Counter()
    for name in names or SHAPES:
        with tempfile.TemporaryDirectory() as folder:
            outcome = convert(name, Path(folder))
        counts[outcome.kind] += 1
        print(f"{name:26} {outcome.kind:8} {outcome.seconds:4.0f} s  {outcome.why}".rstrip(), flush=True)
        if names:
            print(outcome.said)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())), "of", counts.total())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
