"""Golden rows: a body and its predictions, recorded from the notebook's own run. Warm-up and examples use them."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.serving.batch import nearly_equal
from nb2prod.serving.telemetry.features import SeenRows

EXAMPLE_ROWS = 2


@dataclass(frozen=True, slots=True)
class Golden:
    """`body` and `predictions` in wire form (JSON values)."""

    body: dict[str, Any]
    predictions: Any
    tolerance: tuple[float, float] = (1e-9, 1e-12)
    """Relative and absolute: how near a float must be to the notebook's to be the same."""
    seen: SeenRows | None = None
    """What training saw of the request's columns."""

    def nothing(self) -> Any:
        """The answer to no rows, where the predictions are one per row: a list, or lists by name. Else None."""
        rows = self.body.get("rows")
        if not isinstance(rows, list) or not rows:
            return None
        if isinstance(self.predictions, list):
            return [] if len(self.predictions) == len(rows) else None
        if isinstance(self.predictions, dict) and self.predictions:
            parts = self.predictions.values()
            if all(isinstance(part, list) and len(part) == len(rows) for part in parts):
                return {name: [] for name in self.predictions}
        return None

    def example(self) -> "Golden":
        """The first rows with their predictions, for a page that a person reads. Only true where each row is answered
        by itself (`Model.batches`)."""
        rows = self.body.get("rows")
        if not isinstance(rows, list) or not isinstance(self.predictions, list) or len(self.predictions) != len(rows):
            return self
        return replace(
            self, body={**self.body, "rows": rows[:EXAMPLE_ROWS]}, predictions=self.predictions[:EXAMPLE_ROWS]
        )


def read_golden(path: str | Path) -> Golden:
    """Raises OSError, or ValueError where the file is not ``{"body": {...}, "predictions": ...}``."""
    content = json.loads(Path(path).read_bytes())
    if not isinstance(content, dict) or not isinstance(content.get("body"), dict):
        raise ValueError(f'{path}: not golden rows ({{"body": {{...}}, "predictions": ...}})')
    given = content.get("tolerance", {})
    tolerance = (float(given.get("relative", 1e-9)), float(given.get("absolute", 1e-12)))
    seen = content.get("seen")
    try:
        ranges = msgspec.convert(seen, SeenRows) if seen is not None else None
    except msgspec.ValidationError as error:
        raise ValueError(f"{path}: what training saw cannot be read: {error}") from None
    return Golden(content["body"], content.get("predictions"), tolerance, ranges)


def differing_place(golden: Golden, predictions: Any) -> str | None:
    """Where `predictions` (JSON values) are not the golden ones, without the values; None where they are the same."""
    expected = golden.predictions
    if nearly_equal(expected, predictions, *golden.tolerance):
        return None
    if isinstance(expected, list) and isinstance(predictions, list) and len(expected) == len(predictions):
        pairs = enumerate(zip(expected, predictions, strict=True))
        return next(f"row {row}" for row, (one, other) in pairs if not nearly_equal(one, other, *golden.tolerance))
    return "the predictions as a whole"
