"""What became of many notebooks, in the forms that other programs read: JSON, JUnit XML, SARIF, Markdown. Pure.

    reports of the notebooks ─► Summary ─┬─ summary_json    `--json`
                                         ├─ junit_text      `--junit FILE`
                                         ├─ sarif_text      `--sarif FILE`
                                         └─ markdown_text   `--summary FILE`

All text of a notebook's (names, messages, paths) is data in each of these: it is escaped by the form's own rules.
"""

from nb2prod.summary.code_quality import code_quality_text
from nb2prod.summary.junit import junit_text
from nb2prod.summary.markdown import markdown_text
from nb2prod.summary.outcome import Outcome, Problem, Summary, problems_of, summary_json
from nb2prod.summary.rules import Rule, read_rules
from nb2prod.summary.sarif import sarif_text

__all__ = [
    "Outcome",
    "Problem",
    "Rule",
    "Summary",
    "code_quality_text",
    "junit_text",
    "markdown_text",
    "problems_of",
    "read_rules",
    "sarif_text",
    "summary_json",
]
