"""What the user is told of secrets in a notebook, masked: where they are, and what to do."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from nb2prod.model.findings import Finding, Severity
from nb2prod.secrets.document import Place, Planted, find_planted
from nb2prod.secrets.find import ALLOWED, Mask, find_secrets, mask_of, no_mask

_SHOWN_PLACES = 3


def secret_findings(document: Mapping[str, Any]) -> tuple[tuple[Finding, ...], Mask]:
    """NB151 and NB152 for a notebook's document, outputs included; and the mask for whatever else is said about it."""
    planted = find_planted(document)
    mask = mask_of(p.secret.value for p in planted) if planted else no_mask
    return tuple(map(_finding, planted)), mask


def file_findings(name: str, text: str, cell: int | None) -> tuple[Finding, ...]:
    """NB151 for a file that travels with the notebook, which `cell` imports."""
    return tuple(
        Finding("NB151", Severity.ERROR, f"{name}, line {s.line}: this looks like {s.kind} (`{s.shown}`).", cell,
                hint=_remedy(s.variable))
        for s in find_secrets(text)
        if not s.allowed
    )  # fmt: skip


def masked(findings: Iterable[Finding], mask: Mask) -> tuple[Finding, ...]:
    return tuple(replace(f, message=mask(f.message), hint=mask(f.hint)) for f in findings)


def _finding(planted: Planted) -> Finding:
    secret, place = planted.secret, planted.place
    also = _listed(place, planted.others)
    what = f"this looks like {secret.kind} (`{secret.shown}`)"
    if place.part == "source":
        return Finding("NB151", Severity.ERROR, f"{what}{also}.", place.cell, secret.line, _remedy(secret.variable))
    hint = "Clear the cell's output" if place.part.startswith("output") else "Delete it"
    hint += ", save, and have the secret replaced: whoever has seen the notebook has it."
    return Finding("NB152", Severity.ERROR, f"{place.part}: {what}{also}.", place.cell, None, hint)


def _remedy(variable: str) -> str:
    return (
        f'Read it from the environment: `os.environ["{variable or "SECRET"}"]`. Whoever has seen it here has it: '
        f"have it replaced. If it is none, end the line with `# {ALLOWED}`."
    )


def _listed(first: Place, others: tuple[Place, ...]) -> str:
    if not others:
        return ""
    named = [
        (f"cell {p.cell}, " if p.cell != first.cell and p.cell is not None else "") + p.part
        for p in others[:_SHOWN_PLACES]
    ]
    return "; also in " + "; ".join(named) + (f" and {len(others) - _SHOWN_PLACES} more" if len(others) > 3 else "")
