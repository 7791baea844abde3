"""The outputs of a cell as text: what was saved with the notebook, or what a run left."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from nb2prod.model.notebook import SavedOutput

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST = 50_000
"""Characters kept of one output; longer ones are logs, not results."""


def saved_outputs(cell: Mapping[str, Any]) -> tuple[SavedOutput, ...]:
    """Of an nbformat 4 code cell: printed text in one piece, results as plain text, the error it ended with.

    What goes to stderr (warnings, progress), pictures and HTML are left out. Whatever is malformed is passed over.
    """
    outputs = cell.get("outputs")
    found = tuple(_read(outputs if isinstance(outputs, list) else []))
    printed = "".join(o.text for o in found if o.kind == "stream")
    rest = tuple(o for o in found if o.kind != "stream")
    return (SavedOutput("stream", printed[:_LONGEST]), *rest) if printed else rest


def _read(outputs: list[Any]) -> Iterator[SavedOutput]:
    for output in outputs:
        if not isinstance(output, dict):
            continue
        kind, data = output.get("output_type"), output.get("data")
        if kind == "stream" and output.get("name") != "stderr":
            yield SavedOutput("stream", _text(output.get("text")))
        elif kind in ("execute_result", "display_data") and isinstance(data, dict) and "text/plain" in data:
            yield SavedOutput("result", _text(data["text/plain"])[:_LONGEST])
        elif kind == "error":
            value = str(output.get("evalue") or "").strip().split("\n")[0][:200]
            yield SavedOutput("error", f"{output.get('ename') or 'an error'}" + (f": {value}" if value else ""))


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    return _ANSI.sub("", value) if isinstance(value, str) else ""
