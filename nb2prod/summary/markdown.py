"""A summary for a pull request, as Markdown: a table of the notebooks, then what is wrong with each.

Text that comes from notebooks is escaped character by character: it cannot be a link, a picture, HTML, a mention or the
end of a table's row.
"""

import re
from collections.abc import Iterator

from nb2prod.summary.outcome import Outcome, Problem, Summary, problems_of, steps_of

_MARKS = {"ok": "✅", "failed": "❌", "cancelled": "⏹", "not started": "⏹", "skipped": "➖"}
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_NEVER = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+")
LISTED = 50
"""Problems of one notebook that are listed; code hosts cut long summaries off without a word."""
_LONGEST = 1_000


def markdown_text(summary: Summary) -> str:
    return "\n".join(_lines(summary)) + "\n"


def _lines(summary: Summary) -> Iterator[str]:
    yield f"### nb2prod {summary.command}: {_verdict(summary)}"
    yield ""
    if not summary.outcomes:
        yield "No notebook to look at."
        return
    builds = any(steps_of(one) for one in summary.outcomes)
    yield "| | notebook | " + ("parity | tests | not done again | image | " if builds else "findings | ") + "time |"
    yield "|---|---|" + ("---|---|---|---|" if builds else "---|") + "---:|"
    for one in summary.outcomes:
        middle = _build_columns(one) if builds else [_counts(problems_of(one)) or plain(one.reason or one.status)]
        yield f"| {_MARKS[one.status]} | {code(one.notebook)} | {' | '.join(middle)} | {one.seconds:.1f} s |"
    for one in summary.outcomes:
        problems = [p for p in problems_of(one) if p.severity != "info"]
        if problems:
            yield ""
            yield f"#### {code(one.notebook)}"
            yield ""
            yield from (_item(problem) for problem in problems[:LISTED])
            if len(problems) > LISTED:
                yield f"- and {len(problems) - LISTED} more"


def _verdict(summary: Summary) -> str:
    if summary.status == "cancelled":
        left = summary.count("cancelled") + summary.count("not started")
        return f"cancelled, {left} of {len(summary.outcomes)} not finished"
    words = [f"{summary.count(status)} {status}" for status in ("ok", "failed", "skipped") if summary.count(status)]
    return ", ".join(words) or "nothing to do"


def _build_columns(one: Outcome) -> list[str]:
    parity = ", ".join(
        f"{stage['stage']} {stage['status']}"
        for stage in one.report.get("parity") or ()
        if stage["status"] != "skipped"
    )
    tests = one.report.get("tests")
    counted = ""
    if tests:
        counted = f"{tests['passed']} passed" + (f", **{tests['failed']} failed**" if tests["failed"] else "")
        counted += f"; {tests['caught']}/{tests['mutants']} mutants" if tests.get("mutants") else ""
    steps = steps_of(one)
    kept = [name for name, status, _ in steps if status == "unchanged"]
    again = f"all from {kept[0]}" if len(kept) > 1 and steps[-len(kept) :][0][0] == kept[0] else ", ".join(kept)
    image = one.report.get("image")
    shown = f"{code(image['tag'])} {code(image['digest'][:19])}" if image else ""
    return [parity or plain(one.reason or ("" if one.status == "ok" else one.status)), counted, again, shown]


def _counts(problems: tuple[Problem, ...]) -> str:
    words = []
    for severity, many in (("error", "errors"), ("warning", "warnings"), ("info", "notes")):
        number = sum(problem.severity == severity for problem in problems)
        if number:
            words.append(f"{number} {many[:-1] if number == 1 else many}")
    return ", ".join(words)


def _item(problem: Problem) -> str:
    place = "".join(
        f", {word} {number}" for word, number in (("cell", problem.cell), ("line", problem.line)) if number is not None
    )
    word = "**error**" if problem.severity == "error" else problem.severity
    hint = f" {plain(problem.hint)}" if problem.hint else ""
    return f"- {word} {problem.code}{place}: {plain(problem.message)}{hint}"


def plain(text: str) -> str:
    """Text that stays text: on one line, of bounded length, without anything that Markdown or HTML reads."""
    clean = _NEVER.sub(" ", text)
    clean = clean if len(clean) <= _LONGEST else clean[:_LONGEST] + "…"
    # Hosts look for @people and #1 in the text that is left when the escapes are gone: a word joiner keeps them apart.
    clean = re.sub(r"[@#](?=\w)", lambda found: f"{found[0]}\u2060", clean)
    return re.sub(_PUNCTUATION, r"\\\1", clean)


def code(text: str) -> str:
    """The same in the type of code, where hosts look for nothing."""
    clean = _NEVER.sub(" ", text)
    return f"<code>{_PUNCTUATION.sub(lambda found: f'&#{ord(found[0])};', clean)}</code>"
