"""The bundled notebooks, each in one line."""

from pathlib import Path

import nb2prod
from nb2prod_gui.pages.start import Sample

LINES = {
    "churn": "Customers who may leave: a scikit-learn pipeline on a table",
    "house_prices": "Prices of houses: own features and kept statistics",
    "demand": "Demand per day: LightGBM on a calendar",
    "sentiment": "Reviews: TF-IDF and a linear model on text",
    "segments": "Customer segments: clustering with a later predict",
    "digits": "Handwritten digits: a small PyTorch network",
}


def samples() -> tuple[Sample, ...]:
    """Those that are on this machine: beside the sources, or where the wheel put them."""
    folder = Path(nb2prod.__file__).parents[1] / "sample_notebooks"
    return tuple(
        Sample(folder / f"{name}.ipynb", name.replace("_", " ").capitalize(), line)
        for name, line in LINES.items()
        if (folder / f"{name}.ipynb").is_file()
    )
