"""Which role a cell has: tags first, then `metadata.nb2prod.role`, then a first line ``#| nb2prod: training``.

Tags are the truth, since JupyterLab and VS Code both edit them; a prefixed tag (``nb2prod:training``) beats a plain
one, which may belong to another tool. Where two places disagree, the user is told.

Vocabularies of other tools, read as they are:

===============  ==================================================  =====================
tool             spelling                                            role
===============  ==================================================  =====================
papermill        tag `parameters`, `injected-parameters`             parameters
Kale 2           tag `imports`, `functions`, `skip`                  the same
Kale 2           tag `pipeline-parameters`, `pipeline-metrics`       parameters, evaluation
Kale 2           tag `step:…`, `block:…`, `prev:…`                   none: they order cells
Kedro            tag `node`                                          none
nb2workflow      tag `outputs`                                       none
nbdev            first line ``#| export`` (also `exporti`)           functions
===============  ==================================================  =====================
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nb2prod.model.findings import Finding, Severity
from nb2prod.model.roles import Role
from nb2prod.notebook.text import shorten

PREFIX = "nb2prod:"
_OWN = {role.value: role for role in Role}
_FOREIGN = {
    "injected-parameters": Role.PARAMETERS,
    "pipeline-parameters": Role.PARAMETERS,
    "pipeline-metrics": Role.EVALUATION,
}
_KNOWN_WITHOUT_ROLE = frozenset(
    {
        "node",
        "outputs",
        "hide",
        "hide-input",
        "hide-output",
        "hide-cell",
        "remove-input",
        "remove-output",
        "remove-cell",
    }
    | {"raises-exception", "solution", "exercise", "active-ipynb", "active-py"}
)
_DIRECTIVE = re.compile(r"#\s*\|\s*(.+)")
_CLOSE = 0.8
"""Below this likeness a plain tag is taken for somebody else's word rather than a misspelling."""
_OTHER_WORDS = {
    "params": Role.PARAMETERS, "import": Role.IMPORTS, "function": Role.FUNCTIONS, "preprocess": Role.PREPROCESSING,
    "train": Role.TRAINING, "evaluate": Role.EVALUATION, "eval": Role.EVALUATION, "metrics": Role.EVALUATION,
    "predict": Role.INFERENCE, "prediction": Role.INFERENCE, "tests": Role.TEST, "ignore": Role.SKIP,
}  # fmt: skip
"""Words that people write for a role. None is taken for the role: it is what the message proposes."""


def find_role(
    index: int, source: str, tags: Sequence[str], metadata: Mapping[str, Any]
) -> tuple[Role | None, tuple[Finding, ...]]:
    """The role of the code cell at 1-based position `index`, and what is odd about how it is spelled (NB135–NB137)."""
    findings: list[Finding] = []
    prefixed = [tag[len(PREFIX) :].strip() for tag in tags if tag.startswith(PREFIX)]
    plain = [tag for tag in tags if not tag.startswith(PREFIX)]
    by_tag = _roles_of(prefixed) or _roles_of(plain)
    findings += [_unknown(index, PREFIX + tag, tag, 0.0) for tag in prefixed if tag not in _OWN]
    findings += [finding for tag in plain if (finding := _misspelled(index, tag)) is not None]
    if len(by_tag) > 1:
        names = " and ".join(f"'{role}'" for role in by_tag)
        findings.append(
            Finding("NB137", Severity.ERROR, f"the tags give two roles, {names}.", index, hint="Keep one, or split it.")
        )
    if "injected-parameters" in tags:
        message = "an earlier papermill run added this cell; its values are the defaults now."
        findings.append(Finding("NB149", Severity.INFO, message, index, hint="Delete it to have the notebook's own."))
    by_metadata = _metadata_role(index, metadata, findings)
    by_directive, exported = _directive_role(index, source, findings)
    stated = [
        (place, role)
        for place, role in (
            ("its tag", by_tag[0] if by_tag else None),
            ("metadata.nb2prod.role", by_metadata),
            ("its first line", by_directive),
        )
        if role is not None
    ]
    if not stated:
        return (Role.FUNCTIONS if exported else None), tuple(findings)
    place, chosen = stated[0]
    findings += [
        Finding(
            "NB136",
            Severity.WARNING,
            f"{place} says '{chosen}' but {other_place} says '{other}'; '{chosen}' counts.",
            index,
            hint="Make them agree.",
        )
        for other_place, other in stated[1:]
        if other is not chosen
    ]
    return chosen, tuple(findings)


def _roles_of(tags: Sequence[str]) -> tuple[Role, ...]:
    found = (_OWN.get(tag) or _FOREIGN.get(tag) for tag in tags)
    return tuple(dict.fromkeys(role for role in found if role is not None))


def _metadata_role(index: int, metadata: Mapping[str, Any], findings: list[Finding]) -> Role | None:
    own = metadata.get("nb2prod")
    if own is None:
        return None
    word = own.get("role") if isinstance(own, dict) else own
    if word is None:
        return None
    if isinstance(own, dict) and isinstance(word, str) and word in _OWN:
        return _OWN[word]
    findings.append(_unknown(index, "metadata.nb2prod.role", word if isinstance(word, str) else "", 0.0, value=word))
    return None


def _directive_role(index: int, source: str, findings: list[Finding]) -> tuple[Role | None, bool]:
    """The role that the directives on the cell's first lines spell, and whether nbdev would export the cell."""
    role, exported = None, False
    for line, text in enumerate(source.split("\n"), 1):
        text = text.strip()
        if not text or (line == 1 and text.startswith("%%")):
            continue
        match = _DIRECTIVE.match(text)
        if match is None:
            break
        directive = match.group(1).strip()
        if directive.startswith(PREFIX):
            word = directive[len(PREFIX) :].strip()
            role = role or _OWN.get(word)
            if word not in _OWN:
                findings.append(_unknown(index, f"#| {PREFIX}", word, 0.0, line=line, value=word))
        elif directive.split()[0] in ("export", "exporti"):
            exported = True
    return role, exported


def role_of_foreign_tag(tag: str) -> Role | None:
    """The role that another tool's tag gives."""
    return _FOREIGN.get(tag)


def nearest_role(tag: str) -> Role | None:
    """The role that was probably meant by a tag that is none."""
    if tag.startswith(PREFIX):
        word = tag[len(PREFIX) :].strip()
        nearest = None if word in _OWN else _nearest(word, 0.0)
    elif tag in _OWN or tag in _FOREIGN or tag in _KNOWN_WITHOUT_ROLE or ":" in tag:
        return None
    else:
        nearest = _nearest(tag, _CLOSE)
    return _OWN[nearest] if nearest else None


def is_role_tag(tag: str) -> bool:
    """Whether the tag is ours: it spells a role, or is meant to."""
    return tag in _OWN or tag.startswith(PREFIX) or nearest_role(tag) is not None


def _misspelled(index: int, tag: str) -> Finding | None:
    return _unknown(index, tag, tag, _CLOSE) if nearest_role(tag) is not None else None


def _unknown(
    index: int, where: str, word: str, likeness: float, *, line: int | None = None, value: object = None
) -> Finding:
    nearest = _nearest(word, likeness)
    found = f"the tag {shorten(where)} gives no role" if value is None else f"{where} {shorten(value)} is no role"
    hint = f"Did you mean '{nearest}'?" if nearest else "Roles are: " + ", ".join(_OWN) + "."
    return Finding("NB135", Severity.WARNING, f"{found}.", index, line, hint)


def _nearest(word: str, likeness: float) -> str | None:
    from difflib import get_close_matches  # only a tag that is no role pays for it

    word = word.strip().lower()
    if word in _OTHER_WORDS:
        return _OTHER_WORDS[word].value
    close = get_close_matches(word, list(_OWN), n=1, cutoff=max(likeness, 0.5))
    return close[0] if close else None
