"""Texts, images in PyTorch, and a LightGBM forecast, from the notebook to a verified image."""

from tests.builds.claims import SampleClaims

BUILT = ["sentiment", "demand", "digits"]


class TestOtherSamples(SampleClaims):
    """All claims."""
