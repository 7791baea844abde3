"""Small notebooks, written as files: a model of two numbers that is built in seconds."""

import json
from pathlib import Path
from typing import Any

Cell = tuple[str, str]
"""A tag (or nothing) and a source."""

PARAMETERS: Cell = ("parameters", "scale = 2.0\nname = 'line'\n")
TRAINING: Cell = ("training", "line = {'slope': scale / 4, 'start': 1.5}\n")
EVALUATION: Cell = ("evaluation", "steepness = abs(line['slope'])\n")
REQUEST: Cell = ("request", "points = [{'x': 1.0}, {'x': 2.5}, {'x': -4.0}]\n")
INFERENCE: Cell = (
    "inference",
    "heights = [line['slope'] * point['x'] + line['start'] for point in points]\nheights\n",
)
LINE = (PARAMETERS, TRAINING, EVALUATION, REQUEST, INFERENCE)


def document(*cells: Cell, language: str = "python", kernel: str = "python3") -> dict[str, Any]:
    """A notebook as nbformat 4.5 has it."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": [tag] if tag else []},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for number, (tag, source) in enumerate(cells, 1)
        ],
        "metadata": {
            "kernelspec": {"name": kernel, "display_name": kernel, "language": language},
            "language_info": {"name": language},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def write_notebook(path: Path, *cells: Cell, **options: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document(*(cells or LINE), **options), indent=1), encoding="utf-8")
    return path
