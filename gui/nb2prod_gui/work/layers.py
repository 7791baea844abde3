"""The child that asks the engine of what an image is made: `python -m nb2prod_gui.work.layers IMAGE`.

One JSON object on stdout: {"layers": [{"made_by", "size_bytes"}]} or {"error": {"code", "message", "hint"}}.
"""

import sys

import msgspec

from nb2prod.errors import Nb2ProdError
from nb2prod.image.layers import image_layers
from nb2prod_gui.work.answers import no_answer


def main(image: str) -> int:
    try:
        answer: dict[str, object] = {"layers": image_layers(image)}
    except Nb2ProdError as error:
        answer = no_answer(error)
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
