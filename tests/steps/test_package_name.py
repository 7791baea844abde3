"""The package is called as the notebook, unless that hides a module."""

import json
from pathlib import Path

import pytest

from nb2prod.errors import UsageError
from nb2prod.steps.reading import package_name


def file(folder: Path, name: str, *sources: str) -> Path:
    path = folder / name
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]}))
    return path


@pytest.mark.parametrize(
    ("name", "source", "package"),
    [
        ("churn.ipynb", "import pandas as pd", "churn"),
        ("torch.ipynb", "x = 1\nimport torch", "torch_model"),
        ("torch.ipynb", "import numpy, torch.nn as nn", "torch_model"),
        ("xgboost.ipynb", "from xgboost.sklearn import XGBClassifier", "xgboost_model"),
        ("random.ipynb", "x = 1", "random_model"),
        ("churn.ipynb", "# learned from churn data", "churn"),
        ("torch.ipynb", "import torchvision", "torch"),
    ],
)
def test_the_name_of_a_notebook(name: str, source: str, package: str, tmp_path: Path) -> None:
    assert package_name("", file(tmp_path, name, source)) == package


def test_a_wanted_name_that_hides_a_module_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a.ipynb", "import torch")
    assert package_name("torch_prices", path) == "torch_prices"
    for wanted in ("torch", "json"):
        with pytest.raises(UsageError) as refused:
            package_name(wanted, path)
        assert refused.value.code == "NB419"
        assert f"{wanted}_model" in refused.value.hint
