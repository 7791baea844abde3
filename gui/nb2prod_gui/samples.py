"""The bundled notebooks, each in one line."""

from pathlib import Path

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

import nb2prod
from nb2prod_gui.pages.start import Sample

LINES = {
    "churn": (
        QT_TRANSLATE_NOOP("samples", "Churn"),
        QT_TRANSLATE_NOOP("samples", "Customers who may leave: a scikit-learn pipeline on a table"),
    ),
    "house_prices": (
        QT_TRANSLATE_NOOP("samples", "House prices"),
        QT_TRANSLATE_NOOP("samples", "Prices of houses: own features and kept statistics"),
    ),
    "demand": (
        QT_TRANSLATE_NOOP("samples", "Demand"),
        QT_TRANSLATE_NOOP("samples", "Demand per day: LightGBM on a calendar"),
    ),
    "sentiment": (
        QT_TRANSLATE_NOOP("samples", "Sentiment"),
        QT_TRANSLATE_NOOP("samples", "Reviews: TF-IDF and a linear model on text"),
    ),
    "segments": (
        QT_TRANSLATE_NOOP("samples", "Segments"),
        QT_TRANSLATE_NOOP("samples", "Customer segments: clustering with a later predict"),
    ),
    "digits": (
        QT_TRANSLATE_NOOP("samples", "Digits"),
        QT_TRANSLATE_NOOP("samples", "Handwritten digits: a small PyTorch network"),
    ),
}


def samples() -> tuple[Sample, ...]:
    """Those that are on this machine: beside the sources, or where the wheel put them."""
    translate = QCoreApplication.translate
    folder = Path(nb2prod.__file__).parents[1] / "sample_notebooks"
    return tuple(
        Sample(folder / f"{name}.ipynb", translate("samples", str(title)), translate("samples", str(line)))
        for name, (title, line) in LINES.items()
        if (folder / f"{name}.ipynb").is_file()
    )
