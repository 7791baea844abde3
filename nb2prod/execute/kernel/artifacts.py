"""Storing an artifact: the first format that takes the value and reads it back equal, safest first."""

from __future__ import annotations

import hashlib
import pathlib
from typing import Any

from .equality import is_same
from .errors import CaptureError, UnfitError
from .formats import DUMP, LOAD, SUFFIX
from .kinds import holds_torch, is_a, type_name


def save_artifact(name: str, value: Any, folder: pathlib.Path) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Store a value in the first format that takes it and reads it back equal."""
    if type_name(type(value)) == "IPython.utils.text.SList":
        value = list(value)  # the lines of ``x = !command``: in the package a plain list
    kind, findings, reasons = type_name(type(value)), [], {}
    for form in _candidates(value):
        try:
            data, trusted = DUMP[form](value)
            if form != "pickle" and not is_same(value, LOAD[form](value, data, trusted), {}):
                raise UnfitError("it reads back differently")
        except Exception as error:
            reasons[form] = str(error) if isinstance(error, UnfitError) else f"{type(error).__name__}: {error}"
            continue
        break
    else:
        message = f"The artifact `{name}` ({kind}) cannot be saved: {reasons['pickle'][:300]}."
        hint = "Build it from values that can be (a named function instead of a lambda, a list instead of a generator)."
        raise CaptureError("NB602", message, hint)
    local = [path.rpartition(".")[2] for path in trusted if path.startswith("__main__.")]
    if local:
        message = f"The artifact `{name}` ({kind}) refers to `{local[0]}`, which only exists in the notebook."
        hint = f"Tag the cell that defines `{local[0]}` as `functions`, or import it from a module."
        raise CaptureError("NB604", message, hint)
    if form == "pickle":
        why = next((reason for tried, reason in reasons.items() if tried != "json"), "")
        advice = "Where you can, keep its fitted parts (arrays, estimators) rather than the object."
        if why.startswith("skops is not installed"):
            advice = "Install skops where the kernel runs, and it is stored without pickle."
        findings.append(
            {
                "code": "NB601",
                "severity": "warning",
                "message": f"The artifact `{name}` ({kind}) is stored as a pickle; no safer format takes it"
                + (f" ({why.splitlines()[0][:200]})." if why else "."),
                "hint": "Its digest is checked and only the types it needs are loaded. " + advice,
            }
        )
    elif form in ("skops", "torch") and trusted:
        findings.append(
            {
                "code": "NB603",
                "severity": "info",
                "message": f"To load the artifact `{name}` ({kind}), these types are allowed: {', '.join(trusted)}.",
                "hint": "They are listed in the generated artifacts.py; look through them once.",
            }
        )
    file = name + SUFFIX[form]
    (folder / file).write_bytes(data)
    record = {
        "name": name,
        "format": form,
        "file": file,
        "sha256": hashlib.sha256(data).hexdigest(),
        "type_name": kind,
        "trusted": trusted,
    }
    return record, findings


def _candidates(value: Any) -> list[str]:
    """Formats to try, safest first."""
    forms = []
    if is_a(value, "numpy", "ndarray") and not value.dtype.hasobject and type(value).__name__ == "ndarray":
        forms.append("npy")
    forms.append("json")
    if is_a(value, "lightgbm", "Booster"):
        forms.append("lightgbm")
    elif is_a(value, "xgboost", "Booster"):
        forms.append("xgboost")
    elif holds_torch(value, 0):
        forms.append("torch")
    else:
        forms.append("skops")
    if is_a(value, "xgboost", "XGBModel"):
        forms.append("xgboost")
    return [*forms, "pickle"]
