"""Generated names read as the notebook's again."""

import pytest

from nb2prod.roundtrip.names import Names, as_in_notebook

NAMES = Names("self", frozenset({"model", "factor"}), {"scale": ("factor",), "both": ("low", "high")})
CASES = [
    ("self.model.predict(scale(rows, factor=self.factor))", "model.predict(scale(rows))"),
    ("rows.apply(partial(scale, factor=self.factor))", "rows.apply(scale)"),
    ("scale(\n    factor=self.factor,\n)", "scale()"),
    ("notebook_code.scale(x, factor=factor)", "scale(x)"),
    ("def scale(x, *, factor):\n    return x * factor", "def scale(x):\n    return x * factor"),
    ("def both(*, low, high):\n    pass", "def both():\n    pass"),
    ("def both(x=1, *a, k=3, low, high, **kw):\n    pass", "def both(x=1, *a, k=3, **kw):\n    pass"),
    ("ü = self.model  # self.model", "ü = model  # self.model"),
    ("self.other(self.model)", "self.other(model)"),
    ("other(x, factor=1)", "other(x, factor=1)"),
]


@pytest.mark.parametrize(("generated", "notebook"), CASES)
def test_names(generated: str, notebook: str) -> None:
    assert as_in_notebook(generated, NAMES) == notebook
