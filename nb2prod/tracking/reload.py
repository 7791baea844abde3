"""A program of its own: loads a model with plain MLflow and asks it its own input example.

Run as a script by the interpreter that trained the model, which need not have nb2prod: imports the standard library and
mlflow only. Reads ``{"model_uri": …}`` on stdin; answers ``{"result": {"predictions": <wire form>}}`` or
``{"error": {"stage": "import"|"load"|"predict", "message": …}}`` on stdout.
"""

import json
import math
import os
import sys
import traceback
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Callable  # noqa: UP035 - any Python 3


def wire(value: Any) -> Any:
    """The wire form of nb2prod.model.schema, by what the value looks like: pandas, numpy, torch or plain."""
    kind = type(value).__name__
    if kind == "DataFrame":
        columns = [wire(value[name]) for name in value.columns]
        return [dict(zip(map(str, value.columns), row)) for row in zip(*columns)]  # noqa: B905 - any Python 3
    if kind == "Series":
        return wire(value.astype(object).tolist())
    if kind == "Tensor":
        return wire(value.detach().cpu().tolist())
    if kind in ("NaTType", "NAType"):
        return None
    if hasattr(value, "tolist"):  # numpy, whose nanoseconds would become integers
        return wire(value.astype("datetime64[us]").tolist() if value.dtype.kind == "M" else value.tolist())
    if isinstance(value, (list, tuple)):
        return [wire(item) for item in value]
    if isinstance(value, dict):
        return {str(key): wire(item) for key, item in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, (date, datetime, time)) else value


def answer(request: "Callable[[], dict[str, Any]]") -> "dict[str, Any]":
    """Where this is started ahead, mlflow and the modules named as arguments are imported before `request` returns."""
    stage = "import"
    try:
        import mlflow.pyfunc

        for name in sys.argv[1:]:
            with suppress(Exception):
                import_module(name)
        stage = "load"
        model = mlflow.pyfunc.load_model(request()["model_uri"])
        example = model.input_example
        stage = "predict"
        return {"result": {"predictions": wire(model.predict(example))}}
    except BaseException as error:
        traceback.print_exc()
        first = str(error).strip().split("\n", 1)[0][:500]
        return {"error": {"stage": stage, "message": type(error).__name__ + (": " + first if first else "")}}


if __name__ == "__main__":
    # Nothing beside this file may stand in for a module of the model.
    sys.path[:] = [entry for entry in sys.path if entry != str(Path(__file__).resolve().parent)]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    text = json.dumps(answer(lambda: json.loads(sys.stdin.readline() or "null") or os._exit(0)), default=str)
    answers.write(text + "\n")
    answers.close()
    sys.stderr.flush()
    os._exit(0)
