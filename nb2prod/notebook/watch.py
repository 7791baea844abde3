"""Which metrics a version is held to, and which way is better, in the notebook's own metadata:

{"nb2prod": {"watch": {"accuracy": "higher", "rmse": "lower"}}}
"""

from collections.abc import Iterable, Mapping
from typing import Any

from nb2prod.errors import InputError
from nb2prod.model.report import Better


def watched_metrics(document: Mapping[str, Any]) -> dict[str, Better]:
    """By metric. Raises InputError NB231 for what does not say which way is better."""
    own = document.get("metadata", {}).get("nb2prod")
    watch = own.get("watch", {}) if isinstance(own, dict) else {}
    hint = 'Write {"accuracy": "higher", "rmse": "lower"}: the metric, and which way is better.'
    if not isinstance(watch, dict):
        raise InputError("`nb2prod.watch` in the notebook's metadata is no object.", code="NB231", hint=hint)
    for name, better in watch.items():
        if better not in ("higher", "lower"):
            raise InputError(
                f"`nb2prod.watch` in the notebook's metadata does not say which way `{name}` is better.",
                code="NB231", hint=hint,
            )  # fmt: skip
    return watch


def refuse_unknown(watch: Mapping[str, Better], metrics: Iterable[str]) -> None:
    """Raises InputError NB232 for a watched metric that is not among `metrics`: watching it would watch nothing."""
    known = sorted(metrics)
    for name in watch:
        if name not in known:
            there = f"There are: {', '.join(known)}." if known else "No cell tagged evaluation computes a number."
            raise InputError(
                f"the notebook's metadata watches `{name}`, which is no metric of the notebook.",
                code="NB232", hint=f"{there} Change it under `nb2prod.watch` in the metadata.",
            )  # fmt: skip
