"""The generated `artifacts.py`: how the package loads and saves its artifacts, with only the formats in use.

It reads what `nb2prod.execute.kernel` writes in the kernel and writes the same when the package retrains; both know
one JSON form (``{"$type": …}``), and a record's `trusted` says which of its types occur.
"""

from nb2prod.model.run import ArtifactRecord
from nb2prod.render.templates import fill

_TEMPLATE = "package/artifacts.py.jinja"
_ITEMS = "list(value)"
_SORTED = "sorted(value, key=lambda item: (type(item).__name__, item))"
_PAIRS = "[list(item) for item in value.items()]"
_CONTAINERS = {
    "tuple": _ITEMS,
    "set": _SORTED,
    "frozenset": _SORTED,
    "dict": _PAIRS,
    "collections.OrderedDict": _PAIRS,
    "collections.Counter": _PAIRS,
}
_COLUMNS = {"pandas.Index", "pandas.Series", "pandas.DataFrame"}
_IMPLIED = {
    # What an artifact of one type can hold after another training run, though it did not in the recorded one.
    "pandas.DataFrame": ("pandas.Index", "pandas.RangeIndex"),
    "pandas.Series": ("pandas.Index", "pandas.RangeIndex"),
    "pandas.CategoricalDtype": ("pandas.Index",),
}


def artifacts_module(package: str, records: tuple[ArtifactRecord, ...], cells: str) -> str:
    """The source of ``src/<package>/artifacts.py``; `cells` says where the artifacts come from, e.g. ``cells 3 and 6``.

    Plain Python that imports no nb2prod: ``load_artifacts(folder=None) -> dict`` in the order of `records`, and
    ``save_artifacts(folder, values)``.
    """
    formats: set[str] = {record.format for record in records}
    tags = _tags(records)
    scalars = [tag for tag in tags if tag.startswith("numpy.") and tag != "numpy.ndarray"]
    restricted = {r.name: r.trusted for r in records if r.format == "pickle" or (r.trusted and r.format != "json")}
    return fill(
        _TEMPLATE,
        cells=cells,
        variable=f"{package.upper()}_ARTIFACTS",
        imports=_imports(records, formats, tags),
        artifacts="\n".join(f'    "{r.name}": ("{r.format}", "{r.file}"),' for r in records),
        restricted=bool(restricted),
        trusted="\n".join(_trusted(name, types) for name, types in restricted.items()),
        formats=formats,
        needs_buffer=bool(formats & {"npy", "torch"}),
        xgboost_models="\n".join(
            f'    "{r.name}": xgboost.{r.type_name.rpartition(".")[2]},' for r in records if r.format == "xgboost"
        ),
        tags=tags,
        scalars="\n".join(f'    "{tag}": np.{tag.removeprefix("numpy.")},' for tag in scalars),
        containers=[tag for tag in tags if tag in _CONTAINERS],
        container_items=_CONTAINERS,
        times=[tag for tag in tags if tag.startswith("datetime.")],
        has_columns=bool(_COLUMNS & set(tags)),
    )


def _tags(records: tuple[ArtifactRecord, ...]) -> list[str]:
    """The types that JSON artifacts note, sorted."""
    tags = {tag for record in records if record.format == "json" for tag in record.trusted}
    return sorted(tags | {implied for tag in tags for implied in _IMPLIED.get(tag, ())})


def _trusted(name: str, types: tuple[str, ...]) -> str:
    lines = "".join(f'        "{path}",\n' for path in types)
    return f'    "{name}": [\n{lines}    ],'


def _imports(records: tuple[ArtifactRecord, ...], formats: set[str], tags: list[str]) -> str:
    """Import lines in isort's order: the standard library, then the others."""
    standard = {"hashlib", "json", "os"}
    standard |= {module for module in ("collections", "datetime") if any(tag.startswith(f"{module}.") for tag in tags)}
    standard |= {"base64"} if "bytes" in tags else set()
    standard |= {"io"} if formats & {"npy", "torch", "pickle"} else set()
    standard |= {"pickle"} if "pickle" in formats else set()
    standard |= {"zipfile"} if "skops" in formats else set()
    standard |= {"importlib"} if any(record.format == "torch" and record.trusted for record in records) else set()
    plain = [f"import {module}" for module in sorted(standard)]
    named = ["from collections.abc import Mapping", "from pathlib import Path", "from typing import Any"]
    others = {"skops": "skops.io", "lightgbm": "lightgbm", "xgboost": "xgboost", "torch": "torch"}
    modules = [(module, "") for form, module in others.items() if form in formats]
    modules += [("numpy", " as np")] if "npy" in formats or any(tag.startswith("numpy.") for tag in tags) else []
    modules += [("pandas", " as pd")] if any(tag.startswith("pandas.") for tag in tags) else []
    third = [f"import {module}{alias}" for module, alias in sorted(modules)]
    return "\n".join([*plain, *named, *([""] if third else []), *third])
