"""Churn and customer segments, from the notebook to a verified image."""

import shutil
from pathlib import Path

import pytest

from tests.builds.claims import SampleClaims
from tests.builds.command import nb2prod
from tests.builds.conftest import Built

BUILT = ["churn", "segments"]


class TestTabularSamples(SampleClaims):
    def test_the_image_is_small(self, built: Built) -> None:
        if built.name != "churn":
            pytest.skip("the limit is churn's")
        image = built.report["image"]
        # 350 MB, and 70 of onnxruntime: a graph answers for this one
        assert image["size_bytes"] - image["base_size_bytes"] <= 420_000_000

    def test_a_changed_constant_in_predict_is_named_with_its_cell(self, built: Built, tmp_path: Path) -> None:
        if built.name != "churn":
            pytest.skip("the prediction of segments holds no constant")
        shutil.copytree(built.folder.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("mlartifacts"))
        predict = tmp_path / "copy" / "churn" / "src" / "churn" / "predict.py"
        text = predict.read_text()
        assert text.count("[:, 1]") == 1
        predict.write_text(text.replace("[:, 1]", "[:, 0]"))
        done = nb2prod("test", tmp_path / "copy" / "churn", "--mutants", "0", cwd=tmp_path)
        assert done.code == 1
        first = next(line for line in done.stderr.splitlines() if "first difference" in line)
        assert "`churn_probability`, made in notebook cell 16" in first
