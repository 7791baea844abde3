"""What was measured, kept in a file so that a page can be made of several runs."""

import contextlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.serving.models import ROOT


@dataclass
class Figures:
    """`kept`: measure -> {"model/server" or "model/server/rows/connections": figures}; `failures`: what -> why."""

    path: Path
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    def begin(self, *about: list[str]) -> None:
        """Note this run: when, where, of what."""
        self.runs.append(f"{describe_machine()}: {'; '.join(', '.join(each) for each in about)}")

    def keep(self, measure: str, *key: Any, value: Any) -> None:
        self.kept.setdefault(measure, {})["/".join(map(str, key))] = value
        self.write()

    def of(self, measure: str, *key: Any) -> Any:
        """None where it was not measured."""
        return self.kept.get(measure, {}).get("/".join(map(str, key)))

    def models(self, measure: str) -> list[str]:
        return list(dict.fromkeys(key.split("/")[0] for key in self.kept.get(measure, {})))

    @contextlib.contextmanager
    def noting(self, measure: str, kind: str, server: str) -> Iterator[None]:
        """A failure of what is measured inside is kept with its reason, and forgotten once it succeeds."""
        what = ", ".join(part for part in (measure, kind, server) if part)
        try:
            yield
        except Exception as error:
            self.failures[what] = f"{type(error).__name__}: {error}"[:200]
            sys.stderr.write(f"{what} FAILED: {error}\n")
        else:
            self.failures.pop(what, None)
        self.write()

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {"kept": self.kept, "failures": self.failures, "runs": self.runs}
        self.path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def read_figures(path: Path, *, fresh: bool) -> Figures:
    if fresh or not path.is_file():
        return Figures(path)
    return Figures(path, **json.loads(path.read_bytes()))


def describe_machine() -> str:
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    about = [
        time.strftime("%Y-%m-%d %H:%M"),
        f"commit {commit.strip()}",
        cpu[1] if cpu else platform.machine(),
        f"Python {platform.python_version()}",
        f"load average before {os.getloadavg()[0]:.1f}",
    ]
    return ", ".join(about)
