"""Answers as Jupyter shows them: text for every host, HTML where there is a page.

What comes from a notebook is made printable and escaped here, in one place: outputs of a cell that the user runs are
trusted, so a `<script>` in a name would run.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from nb2prod.console.text import Line, Style, printable

_MIXED = "color:color-mix(in srgb,{} 65%,currentColor)".format
_COLOURS: dict[Style, str] = {
    "green": _MIXED("#2e9d38"), "yellow": _MIXED("#c77700"), "red": _MIXED("#d93030"), "cyan": _MIXED("#0090b3"),
    "bold": "font-weight:bold", "dim": "opacity:.65",
}  # fmt: skip
"""Colours are mixed with that of the text, which the page's theme chooses: they can be read on white and on black."""
_SEVERITIES: dict[str, Style] = {"error": "red", "warning": "yellow", "info": "cyan"}


def show(lines: Sequence[Line], html: str | None = None, *, failed: bool = False, into: Any = None) -> Any:
    """Show lines; `html` is what a page shows in their place. `into` is what an earlier call with `into=True` gave,
    which is then replaced."""
    from IPython.display import display

    if not lines:
        return None
    bundle = {"text/plain": "\n".join(map(str, lines)), "text/html": html if html is not None else pre(lines)}
    if failed:
        bundle["text/html"] = f'<div role="alert">{bundle["text/html"]}</div>'
    if into is not None and into is not True:
        into.update(bundle, raw=True)
        return into
    return display(bundle, raw=True, display_id=True if into else None)


def pre(lines: Iterable[Line]) -> str:
    """Lines as they stand in a terminal."""
    rows = ["".join(_span(text, style) for text, style in one.spans) for one in lines]
    return f'<pre style="white-space:pre-wrap;margin:0">{chr(10).join(rows)}</pre>' if rows else ""


def findings_table(findings: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for one in findings:
        place = ", ".join(f"{word} {one[word]}" for word in ("cell", "line") if one.get(word) is not None)
        hint = f"<br>{_span(one['hint'], 'dim')}" if one.get("hint") else ""
        rows.append((_span(one["severity"], _SEVERITIES[one["severity"]]), _text(one["code"]), _text(place),
                     _text(one["message"]) + hint))  # fmt: skip
    return table(("", "code", "where", "what, and what to do"), rows) if rows else ""


def suggestions_table(report: Any) -> str:
    """See `nb2prod.steps.suggest.SuggestReport`."""
    from nb2prod.console.notebook import first_line

    cells = {cell.index: cell for cell in report.notebook.cells}
    rows = []
    for one in report.advice.suggestions:
        sure = "" if one.tagged or one.role is None else f"{one.confidence:.0%}"
        role = _span(str(one.role), "bold") if one.role else "–"
        code = f"<code>{_text(first_line(cells[one.cell].source))}</code>"
        rows.append((str(one.cell), code, role, sure, _text(one.reason)))
    return table(("cell", "first line", "role", "sure", "why"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """`head` is text, the cells of `rows` are HTML."""
    style = ' style="text-align:left;vertical-align:top"'
    top = "".join(f"<th{style}>{_text(word)}</th>" for word in head)
    body = "".join("<tr>" + "".join(f"<td{style}>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _span(text: str, style: Style) -> str:
    return f'<span style="{_COLOURS[style]}">{_text(text)}</span>' if style else _text(text)


def _text(text: str) -> str:
    return escape(printable(str(text)))
