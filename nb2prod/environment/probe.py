"""What an interpreter has installed, told as JSON. Runs inside the notebook's interpreter, which need not have nb2prod.

So it is one file, standard library only, and stays within Python 3.8. It imports nothing of what it looks at: names are
matched with the files that the installed distributions list, so a slow or broken package costs nothing.
"""

import csv
import importlib.metadata as metadata
import importlib.util
import json
import os
import platform
import sys
import sysconfig
from typing import Any, Dict, List, Optional  # noqa: UP035  (Python 3.8)

MARK = "nb2prod-probe:"
"""Opens the line of the answer: start-up files of an environment may print, too."""


def look(names: List[str]) -> Dict[str, Any]:  # noqa: UP006
    """Tell the interpreter, its marker values, its distributions, and who provides `names` (dotted names allowed).

    ``providers`` maps each name to the distributions whose files hold it; ``origins`` each name without one to the
    file or folder it would be imported from, or None. ``folders`` are where all of it was found.
    """
    providers: Dict[str, List[str]] = {name: [] for name in names}  # noqa: UP006
    distributions = []
    seen = set()
    for found in metadata.distributions():
        name = found.metadata["Name"]
        if not name or _normal(name) in seen:  # the first on the path is the one that is imported
            continue
        seen.add(_normal(name))
        distributions.append(
            {
                "name": name,
                "version": found.version,
                "requires": list(found.requires or []),
                "installer": (found.read_text("INSTALLER") or "").strip(),
                "direct_url": found.read_text("direct_url.json"),
                "licence": _licence(found.metadata),
            }
        )
        paths = _paths(found) if names else []
        tops = (found.read_text("top_level.txt") or "").split() if names else []
        for wanted in names:
            if wanted in tops or _holds(paths, wanted):
                providers[wanted].append(name)
    return {
        "version": platform.python_version(),
        "tag": _tag(),
        "platform": sysconfig.get_platform(),
        "libc": "-".join(platform.libc_ver()).strip("-"),
        "folders": sys.path[1:],
        "base": os.path.realpath(getattr(sys, "base_prefix", sys.prefix)),
        "markers": _markers(),
        "stdlib": sorted(getattr(sys, "stdlib_module_names", sys.builtin_module_names)),
        "distributions": distributions,
        "providers": providers,
        "origins": {name: _origin(name.split(".")[0]) for name in names if not providers[name]},
    }


def _licence(about: Any) -> List[str]:  # noqa: UP006
    """What the metadata say of the licence, best first; the whole text of a licence, as some have, is left out."""
    said = [str(about.get(field) or "").strip() for field in ("License-Expression", "License")]
    kinds = [str(kind).split(" :: ") for kind in about.get_all("Classifier") or []]
    named = [kind[-1].strip() for kind in kinds if kind[0] == "License" and kind[-1] != "OSI Approved"]
    return [text for text in [*said, ", ".join(named)] if text.isprintable() and 0 < len(text) <= 200]


def _normal(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _paths(found: Any) -> List[str]:  # noqa: UP006
    """The files of a distribution, relative to its site-packages folder."""
    record = found.read_text("RECORD")
    if not record:
        return []
    return [row[0].replace("\\", "/") for row in csv.reader(record.splitlines()) if row]


def _holds(paths: List[str], name: str) -> bool:  # noqa: UP006
    stem = name.replace(".", "/")
    for path in paths:
        if path.startswith(stem):
            rest = path[len(stem) :]
            if rest.startswith("/") and "/__pycache__/" not in path:
                return True
            if rest.startswith(".") and "/" not in rest and rest.endswith((".py", ".so", ".pyd", ".pyc")):
                return True
    return False


def _origin(name: str) -> Optional[str]:  # noqa: UP045
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or [])
    return places[0] if places else spec.origin


def _tag() -> str:
    """e.g. ``cp311``; ``cp313t`` is free-threaded."""
    kind = "cp" if platform.python_implementation() == "CPython" else platform.python_implementation().lower()
    free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    return "%s%d%d%s" % (kind, sys.version_info[0], sys.version_info[1], free)  # noqa: UP031


def _markers() -> Dict[str, str]:  # noqa: UP006
    """The environment of dependency markers (packaging.python.org, "Dependency specifiers")."""
    info = sys.implementation.version
    implementation = "%d.%d.%d" % (info.major, info.minor, info.micro)  # noqa: UP031
    if info.releaselevel != "final":
        implementation += info.releaselevel[0] + str(info.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": implementation,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "platform_python_implementation": platform.python_implementation(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


if __name__ == "__main__":
    sys.path[:] = [entry for entry in sys.path if entry]  # the folder we were started in is no environment
    sys.stdout.write("\n" + MARK + json.dumps(look(json.loads(sys.argv[1]))) + "\n")
