"""Runs inside the notebook's kernel: takes what the run must leave behind, at the moment it has the right value.

The kernel may belong to an environment without nb2prod. So this folder is all the capture needs: the standard library
when it is imported, and what the values themselves are made of when it runs. Hidden cells load it from its path under
a name of its own (`nb2prod.execute.prepare`), hence relative imports only, and call `run`, one per stage:

    1 load   2 train   [before] [arm]   3 predict   [after]   4 plot   [end]

    stages       what is taken when, from the session (names, random state) as it is left
    artifacts    the safest format that gives the value back: formats, json_form, skops_form, equality
    wire         the JSON of requests and responses, with its schema

Each stage leaves ``<folder>/<stage>.json``: what it found, or ``{"error": {code, message, hint}}``. It never raises.
"""

from __future__ import annotations

import json
import pathlib
import sys
import warnings

from .errors import CaptureError
from .session import features_in_package, numpy_errors_off, random_state_kept
from .stages import OURS, STAGES

__all__ = ["run"]


def run(stage: str, order: str) -> None:
    """Do one stage. `order` is JSON: the fields of CaptureSpec and `folder`, where the results go."""
    spec = json.loads(order)
    folder = pathlib.Path(spec["folder"])
    loaded = set(sys.modules)
    try:
        with warnings.catch_warnings(), random_state_kept(), numpy_errors_off():
            warnings.simplefilter("ignore")
            with features_in_package(spec):
                result = STAGES[stage](spec, folder)
    except CaptureError as problem:
        result = {"error": {"code": problem.code, "message": problem.message, "hint": problem.hint}}
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        hint = "This is a bug in nb2prod; please report it with the notebook."
        result = {"error": {"code": "NB509", "message": f"Capturing ({stage}) failed: {told[:500]}.", "hint": hint}}
    OURS.update(set(sys.modules) - loaded)
    text = json.dumps(result, allow_nan=False)
    (folder / (stage + ".json")).write_text(text, encoding="utf-8")
