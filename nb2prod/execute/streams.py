"""The text that a cell printed, as one output for each stream: what nbclient would make of it, in linear time.

nbclient's own pattern for carriage returns takes time with the square of a line: minutes for a line of a megabyte.
"""

from itertools import pairwise
from typing import Any


def coalesced(outputs: list[Any]) -> list[Any]:
    """The outputs with stdout and stderr joined where each began, in this order where they stand together; a progress
    bar that drew over itself shows its last state. Streams are changed in place."""
    kept: list[Any] = []
    streams: dict[str, list[str]] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            kept.append(output)
        elif output["name"] in streams:
            streams[output["name"]].append(output["text"])
        else:
            streams[output["name"]] = [output["text"]]
            kept.append(output)
    for output in kept:
        if output["output_type"] == "stream":
            output["text"] = "\n".join(map(_last_state, "".join(streams[output["name"]]).split("\n")))
    names = [output.get("name") for output in kept]
    if ("stderr", "stdout") in pairwise(names):
        place = names.index("stderr")
        kept[place], kept[place + 1] = kept[place + 1], kept[place]
    return kept


def _last_state(line: str) -> str:
    """The line without what a carriage return lets the next text draw over; one at its end has nothing after it."""
    end = "\r" if line.endswith("\r") else ""
    body = line[: len(line) - len(end)]
    return body[body.rfind("\r") + 1 :] + end
