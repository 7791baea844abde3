"""Asks a project of nb2prod for its answer to the notebook's request, from its stored artifacts and trained again."""

import json
import os
import runpy
import sys
from pathlib import Path

project = Path(sys.argv[1])
sys.path.insert(0, str(project / "src"))

from corpus_case.params import Params  # noqa: E402
from corpus_case.predict import Predictor  # noqa: E402
from corpus_case.schema import request_from_json  # noqa: E402
from corpus_case.train import train  # noqa: E402

body = json.loads((project / "tests" / "golden" / "golden.json").read_text(encoding="utf-8"))["body"]
values = runpy.run_path(os.environ["CORPUS_VALUES"])
stored = values["encoded"](Predictor.load().predict(**request_from_json(body)))
again = values["encoded"](train(Params()).predictor.predict(**request_from_json(body)))
if not values["same"](stored, again):
    raise SystemExit(f"trained again, the answer is {again}, not {stored}")
values["write"](stored)
