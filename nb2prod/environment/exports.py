"""Which names `from library import *` binds, told by the library itself in the notebook's interpreter.

No file says it for certain: `__all__` is often computed, and extension modules have no source. So the library is
imported there, in a process of its own that sees neither the notebook nor its folder.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache

_MARK = "nb2prod-exports:"
_TELL = f"""
import importlib, json, sys
found = {{}}
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
    except BaseException:
        continue
    names = getattr(module, "__all__", None)
    names = [n for n in vars(module) if not n.startswith("_")] if names is None else list(names)
    found[name] = sorted(map(str, names))
print("\\n{_MARK}" + json.dumps(found))
"""
_SECONDS = 60


def star_exports(python: str, modules: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The names per module; a module that cannot be imported there, or not within a minute, is left out."""
    return dict(_asked(python, tuple(sorted(set(modules)))))


@cache
def _asked(python: str, modules: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not modules:
        return ()
    try:
        done = subprocess.run(
            [python, "-I", "-c", _TELL, *modules],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=os.environ | {"MPLBACKEND": "Agg"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    line = next((line for line in reversed(done.stdout.splitlines()) if line.startswith(_MARK)), "")
    told: dict[str, list[str]] = json.loads(line[len(_MARK) :]) if line else {}
    return tuple((name, tuple(names)) for name, names in told.items())
