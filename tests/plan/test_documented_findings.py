"""docs/data-flow.md: every example gives its finding (tests/test_documented_examples.py has the rest)."""

import re
from pathlib import Path

import pytest

from nb2prod.model.findings import Severity
from tests.plan.equality import equal_or_refused, findings_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "data-flow.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"### (NB\d+):[^\n]*\n.*?```python\n(.*?)```", PAGE, flags=re.DOTALL))
CANNOT_RUN = {"NB393", "NB394"}
"""About files that lie elsewhere."""


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_gives_its_finding(code: str) -> None:
    findings = findings_of(EXAMPLES[code])
    assert code in findings
    assert findings[code].hint or findings[code].severity is Severity.INFO
    assert findings[code].cell is not None or code == "NB306"
    if code in CANNOT_RUN:
        return
    result = equal_or_refused(EXAMPLES[code])
    assert code in result if findings[code].severity is Severity.ERROR else result == "equal"
