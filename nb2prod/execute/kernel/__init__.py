"""Runs inside the notebook's kernel: takes what the run must leave behind, at the moment it has the right value.

The kernel may belong to an environment without nb2prod. So this folder is all the capture needs: the standard library
when it is imported, and what the values themselves are made of when it runs. Hidden cells load it from its path under
a name of its own (`nb2prod.execute.prepare`), hence relative imports only, and call `run`, one per stage:

    1 load   2 train   [arm]   3 predict   [disarm]   4 plot   [end]

    stages       what is taken when, from the session (names, random state) as it is left
    probes       calls put between the statements of a cell as it runs, and around one expression
    artifacts    the safest format that gives the value back: formats, json_form, skops_form, equality
    wire         the JSON of requests and responses, with its schema

Each stage leaves ``<folder>/<stage>.json``: what it found, or ``{"error": {code, message, hint}}``. It never raises.
"""

from __future__ import annotations

import json
import pathlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

from .errors import CaptureError
from .session import features_in_package, numpy_errors_off, random_state_kept
from .stages import ARMED, OURS, STAGES, take

__all__ = ["probe", "run"]


def run(stage: str, order: str) -> None:
    """Do one stage. `order` is JSON: the fields of CaptureSpec and `folder`, where the results go."""
    spec = json.loads(order)
    result = _done(lambda: STAGES[stage](spec), stage, spec)
    text = json.dumps(result, allow_nan=False)
    (pathlib.Path(spec["folder"]) / (stage + ".json")).write_text(text, encoding="utf-8")


def probe(number: int, *value: Any) -> Any:
    """Called from between the statements of a cell; gives the value back that it is given."""
    spec = ARMED["spec"]
    failure = _done(lambda: take(spec, number, value), "probe", spec).get("error")
    if failure:
        ARMED.setdefault("failure", failure)
    return value[0] if value else None


def _done(action: Callable[[], dict[str, Any]], stage: str, spec: dict[str, Any]) -> dict[str, Any]:
    """What the action answers, or ``{"error": …}``; the session is left as it was."""
    loaded = set(sys.modules)
    error: dict[str, Any]
    try:
        with warnings.catch_warnings(), random_state_kept(), numpy_errors_off():
            warnings.simplefilter("ignore")
            with features_in_package(spec):
                return action()
    except CaptureError as problem:
        error = {"code": problem.code, "message": problem.message, "hint": problem.hint}
    except Exception as problem:
        told = f"{type(problem).__name__}: {problem}"
        hint = "This is a bug in nb2prod; please report it with the notebook."
        error = {"code": "NB509", "message": f"Capturing ({stage}) failed: {told[:500]}.", "hint": hint}
    finally:
        OURS.update(set(sys.modules) - loaded)
    return {"error": {**error, "cell": spec.get("cell")}}
