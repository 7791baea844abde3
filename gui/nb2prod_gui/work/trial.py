"""The child that runs a container to try: `python -m nb2prod_gui.work.trial IMAGE`, until its stdin ends.

First line on stdout: {"url", "key"} or {"error": {"code", "message", "hint"}}; after it what the container prints.
"""

import os
import signal
import sys
import threading

import msgspec

from nb2prod.errors import Nb2ProdError
from nb2prod.image.trial import Trial, trial_container
from nb2prod_gui.work.answers import no_answer


def main(image: str) -> int:
    # The end of stdin is what ends it: a signal amid the removal would leave the container behind.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with trial_container(image) as trial:
            _say(msgspec.json.encode({"url": trial.url, "key": trial.key}))
            threading.Thread(target=_follow, args=(trial,), daemon=True).start()
            while os.read(0, 4096):
                pass
    except Nb2ProdError as error:
        _say(msgspec.json.encode(no_answer(error)))
        return 1
    return 0


def _follow(trial: Trial) -> None:
    for line in trial.lines():
        _say(line)


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
