"""The child that asks MLflow: `python -m nb2prod_gui.work.registry list URI`, `… alias URI MODEL ALIAS VERSION`.

One JSON object on stdout: {"models": […]}, {"before": "3"}, or {"error": {"code", "message", "hint"}}. MLflow takes
seconds to import and prints what it likes, hence a process of its own, with stdout kept for the answer.
"""

import os
import sys

import msgspec

from nb2prod.errors import Nb2ProdError
from nb2prod_gui.work.answers import no_answer


def main(arguments: list[str]) -> int:
    answer_to = os.dup(1)
    os.dup2(2, 1)  # whatever libraries print goes to stderr
    try:
        from nb2prod.tracking.registry import list_models, set_alias

        if arguments[0] == "list":
            answer: dict[str, object] = {"models": list_models(arguments[1])}
        else:
            answer = {"before": set_alias(*arguments[1:5])}
    except Nb2ProdError as error:
        answer = no_answer(error)
    os.write(answer_to, msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
