"""JUnit, SARIF, code quality and Markdown: what they say, and that nothing of a notebook's gets out of its place."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nb2prod.console.many import summary_lines
from nb2prod.summary.code_quality import code_quality_text
from nb2prod.summary.junit import junit_text
from nb2prod.summary.markdown import code, markdown_text, plain
from nb2prod.summary.outcome import Outcome, problems_of, summary_json
from nb2prod.summary.rules import Rule, read_rules
from nb2prod.summary.sarif import sarif_text
from tests.summary.samples import HOSTILE, PARITY, built, checked, finding, hostile, summary

RULES = {"NB310": Rule("NB310", "error", "what it means", "what to do")}


def line_of(_notebook: str, cell: int | None, line: int | None) -> int:
    return 100 * (cell or 0) + (line or 1)


def results(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)["runs"][0]["results"]
    return found


def test_the_exit_code_of_many_is_the_gravest() -> None:
    assert summary(checked()).exit_code == 0
    assert summary(checked(), checked(finding())).exit_code == 1
    assert summary(checked(finding()), built(PARITY, ("run", "failed"), exit_code=3)).exit_code == 3
    assert summary(checked(finding()), Outcome("x", "not started", 130)).exit_code == 130
    assert summary(Outcome("x", "skipped")).exit_code == 0


def test_an_error_that_repeats_a_finding_is_told_once() -> None:
    error = {"code": "NB310", "message": "wrong. (and 1 more)", "hint": "", "where": {"cell": 2, "line": 3}}
    outcome = Outcome("a", "failed", 1, report={"findings": [finding()], "error": error})
    assert [p.message for p in problems_of(outcome)] == ["wrong."]


def test_sarif_names_the_line_of_the_file_and_the_cell() -> None:
    (result,) = results(sarif_text(summary(checked(finding())), RULES, line_of))
    place = result["locations"][0]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "nb/a%20b.ipynb", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 203},
    }
    assert place["logicalLocations"][0]["name"] == "cell 2, line 3"
    assert result["message"]["text"] == "cell 2, line 3: wrong. Do."
    assert (result["ruleId"], result["level"]) == ("NB310", "error")


def test_a_gate_that_says_no_is_a_result_of_sarif() -> None:
    text = sarif_text(summary(built(PARITY, ("run", "done"), ("test", "failed")), command="build"), RULES, line_of)
    first = results(text)[0]
    assert (first["ruleId"], first["level"]) == ("NB711", "error")
    assert first["locations"][0]["physicalLocation"]["region"]["startLine"] == 502


def test_fingerprints_are_distinct_and_stay_when_cells_are_put_in_before() -> None:
    def prints(cell: int) -> list[str]:
        text = sarif_text(summary(checked(finding(cell=cell), finding(cell=cell + 1))), RULES, line_of)
        return [result["partialFingerprints"]["nb2prod/v1"] for result in results(text)]

    assert prints(2) == prints(7)
    assert len(set(prints(2))) == 2


@pytest.mark.parametrize("of", [hostile(), summary(built(PARITY, ("run", "done"))), summary(checked())])
def test_sarif_is_valid(of: Any) -> None:
    import jsonschema

    log = json.loads(sarif_text(of, RULES, line_of))
    schema = json.loads((Path(__file__).parent / "sarif.schema.json").read_text())
    jsonschema.validate(log, schema, format_checker=jsonschema.FormatChecker())


def test_junit_counts_failures_errors_and_what_was_skipped() -> None:
    text = junit_text(
        summary(
            built(PARITY, ("run", "done"), ("test", "failed")),
            built(PARITY | {"code": "NB501"}, ("run", "failed"), exit_code=3),
            built(None, ("run", "unchanged"), ("image", "skipped")),
            Outcome("late.ipynb", "not started", 130),
            command="build",
        )
    )
    root = ElementTree.fromstring(text)
    counts = {name: root.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "1", "errors": "1", "skipped": "2"}
    case = root.find("testsuite/testcase[@name='test']/failure")
    assert case is not None
    assert "cell 5, line 2" in (case.get("message") or "")


def test_markdown_lists_the_steps_that_were_not_done_again() -> None:
    text = markdown_text(summary(built(None, ("run", "unchanged"), ("test", "done")), command="build"))
    assert "| module equal | 12 passed; 9/9 mutants | run |" in text


def test_code_quality_has_distinct_fingerprints() -> None:
    rows = json.loads(code_quality_text(summary(checked(finding(), finding(cell=4))), line_of))
    assert [row["location"]["lines"]["begin"] for row in rows] == [203, 403]
    assert len({row["fingerprint"] for row in rows}) == 2


def test_hostile_text_stays_text_in_junit() -> None:
    root = ElementTree.fromstring(junit_text(hostile()).encode("utf-8"))
    assert [child.tag for child in root] == ["testsuite", "testsuite"]
    assert {child.tag for child in root.iter()} == {"testsuites", "testsuite", "testcase", "failure", "skipped"}


def test_hostile_text_stays_text_in_sarif() -> None:
    text = sarif_text(hostile(), RULES, line_of)
    assert text.isascii()
    (result,) = results(text)
    assert "](" not in result["message"]["text"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert re.fullmatch(r"[A-Za-z0-9%/._~-]+", uri)


def test_hostile_text_stays_text_in_markdown() -> None:
    text = markdown_text(hostile())
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)
    for raw in ("@everyone", "https://", "\x1b", "\x00", "\u202e", "::set-output", "${{"):
        assert raw not in text
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inside = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in (*tokens, *inside)} <= {
        "inline", "text", "text_special", "softbreak", "strong_open", "strong_close", "html_inline", "list_item_close",
        "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close",
        "list_item_open", *(f"{part}_{end}" for part in ("table", "thead", "tbody", "tr", "th", "td")
                            for end in ("open", "close")),
    }  # fmt: skip
    assert {token.content for token in inside if token.type == "html_inline"} <= {"<code>", "</code>"}


@given(st.text())
def test_any_text_is_one_line_without_markup(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert not re.search(r"(?<!\\)[<>\[\]`|*_~]", shown.replace("\\\\", ""))
    tokens = MarkdownIt("commonmark").parse(f"- x {shown}")
    assert {child.type for token in tokens for child in token.children or ()} <= {"text", "text_special"}
    inner = code(text).removeprefix("<code>").removesuffix("</code>")
    assert not re.search(r"[<>`|\[\]*_]", inner)


def test_json_and_lines_of_a_summary() -> None:
    body = summary_json(hostile())
    assert json.loads(json.dumps(body)) == body
    shown = [str(line) for line in summary_lines(summary(checked(finding()), built(None, ("run", "unchanged"))))]
    assert shown[0] == "error NB310 nb/a b.ipynb, cell 2, line 3: wrong."
    assert any("not done again: run" in line for line in shown)
    assert all("\x1b" not in str(line) and "\n" not in str(line) for line in summary_lines(hostile()))
    assert HOSTILE not in "".join(shown)


def test_rules_are_read_from_the_tables() -> None:
    rules = read_rules("| NB101 | refused | no `a \\| b` file |\n| NB290 | refused | usage | read --help |\n")
    assert rules["NB101"] == Rule("NB101", "refused", "no `a | b` file")
    assert rules["NB290"].remedy == "read --help"
