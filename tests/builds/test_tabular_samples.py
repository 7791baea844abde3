"""Churn and customer segments, from the notebook to a verified image."""

import pytest

from tests.builds.claims import SampleClaims
from tests.builds.conftest import Built

BUILT = ["churn", "segments"]


class TestTabularSamples(SampleClaims):
    def test_the_image_is_small(self, built: Built) -> None:
        if built.name != "churn":
            pytest.skip("the limit is churn's")
        image = built.report["image"]
        assert image["size_bytes"] - image["base_size_bytes"] <= 350_000_000
