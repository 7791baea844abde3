"""What the author states of the request's columns, and how callers call those of the response, in the notebook's own
metadata:

{"nb2prod": {"fields": {"age": {"name": "years", "description": "of life", "personal": true, "least": 0}},
             "answers": {"p": {"name": "probability"}}}}
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from nb2prod.errors import InputError
from nb2prod.model.schema import Stated
from nb2prod.notebook.positions import members, skip_space, space_before

_BOM = "\ufeff"
_HINT = (
    'Write {"name": "text", "description": "text", "personal": true, "least": 0, "most": 10}, or some of these keys.'
)
_PLACE = "It stands under `nb2prod.fields` or `nb2prod.answers` in the notebook's metadata."
_LONGEST_NAME = 100


def stated_fields(document: Mapping[str, Any]) -> dict[str, Stated]:
    """By column. Raises InputError NB230 for what states nothing, NB236 for a name that cannot be one, NB237 for one
    that two columns would have."""
    own = document.get("metadata", {}).get("nb2prod")
    fields = own.get("fields", {}) if isinstance(own, dict) else {}
    if not isinstance(fields, dict):
        raise InputError("`nb2prod.fields` in the notebook's metadata is no object.", code="NB230", hint=_HINT)
    found = {name: _stated(name, body) for name, body in fields.items()}
    refuse_same_names({name: stated.name or name for name, stated in found.items()})
    return found


def stated_answers(document: Mapping[str, Any]) -> dict[str, str]:
    """What callers call columns of the response, by column. Raises InputError NB238 for what states no name, NB236 and
    NB237 as `stated_fields`."""
    own = document.get("metadata", {}).get("nb2prod")
    answers = own.get("answers", {}) if isinstance(own, dict) else {}
    bodies = answers.values() if isinstance(answers, dict) else (None,)
    if not all(isinstance(b, dict) and b.keys() <= {"name"} and isinstance(b.get("name", ""), str) for b in bodies):
        raise InputError(
            "`nb2prod.answers` in the notebook's metadata does not give names to columns.", code="NB238",
            hint='Write {"p": {"name": "probability"}}: the column of the response, and what callers call it.',
        )  # fmt: skip
    names = {column: body.get("name", "") or column for column, body in answers.items()}
    for column, name in names.items():
        refuse_bad_name(column, name)
    refuse_same_names(names)
    return {column: name for column, name in names.items() if name != column}


def _stated(name: str, body: Any) -> Stated:
    if not isinstance(body, dict) or not body.keys() <= {"description", "personal", "least", "most", "name"}:
        raise _wrong(name, "is no object of the keys that there are")
    found = Stated(**body)
    if not isinstance(found.description, str) or not isinstance(found.personal, bool):
        raise _wrong(name, "has a description that is no text, or a `personal` that is not true or false")
    for limit in (found.least, found.most):
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int | float)):
            raise _wrong(name, "has a limit that is no number")
        if limit is not None and not math.isfinite(limit):
            raise _wrong(name, "has a limit that is no finite number")
    if found.least is not None and found.most is not None and found.least > found.most:
        raise _wrong(name, "has a least value above its most")
    if not isinstance(found.name, str):
        raise _wrong(name, "has a name that is no text")
    refuse_bad_name(name, found.name)
    return replace(found, name="") if found.name == name else found


def refuse_bad_name(column: str, name: str) -> None:
    """Raises InputError NB236 where callers cannot send a column by this name. Empty: it keeps its own."""
    if name and (name.strip() != name or not name.isprintable() or len(name) > _LONGEST_NAME):
        raise InputError(
            f"`{column}` cannot be called {name[:_LONGEST_NAME]!r}.", code="NB236",
            hint=f"Letters, digits, signs and spaces between them, {_LONGEST_NAME} at most. {_PLACE}",
        )  # fmt: skip


def refuse_same_names(names: Mapping[str, str]) -> None:
    """`names` says what callers call each column. Raises InputError NB237 where two would be called the same, also
    where one would be called what the notebook calls another: who sends that would be answered otherwise, unnoticed."""
    known = {column: column for column in names}
    for column, name in names.items():
        other = known.setdefault(name, column)
        if other != column:
            raise InputError(
                f"`{column}` is to be called `{name}`, which is a name of the column `{other}`.", code="NB237",
                hint=f"Choose a name that no column has in the notebook. {_PLACE}",
            )  # fmt: skip


def _wrong(name: str, what: str) -> InputError:
    return InputError(f"the field `{name}` in the notebook's metadata {what}.", code="NB230", hint=_HINT)


def write_fields(
    data: bytes,
    fields: Mapping[str, Stated],
    watch: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
) -> bytes:
    """The notebook's bytes with these fields stated in place of those there, and, where they are given, with these
    watched metrics (see `nb2prod.notebook.watch`) and names of answers; every other byte stays.

    `data` are bytes that `read_notebook` has accepted, of nbformat 4.
    """
    text = data.decode("utf-8")
    before = json.loads(text.removeprefix(_BOM))
    stated = {name: _body(field) for name, field in fields.items() if field != Stated()}
    metadata = before.get("metadata", {})
    written: dict[str, dict[str, Any]] = {"fields": stated}
    if watch is not None:
        written["watch"] = dict(watch)
    if answers is not None:
        written["answers"] = {column: {"name": name} for column, name in answers.items()}
    own = {key: value for key, value in metadata.get("nb2prod", {}).items() if key not in written}
    wanted = {"nb2prod": own | {key: value for key, value in written.items() if value}}
    if metadata.get("nb2prod", {}) == wanted["nb2prod"]:
        return data
    top = members(text, skip_space(text, text.startswith(_BOM)))
    gap = space_before(text, top[0].start)
    whole = next((member for member in top if member.key == "metadata"), None)
    inside = members(text, whole.value) if whole is not None else ()
    held = next((member for member in inside if member.key == "nb2prod"), None)
    value = _written(wanted["nb2prod"], gap, 2)
    if held is not None:
        edit = held.value, held.end, value
    elif whole is None:
        edit = top[-1].end, top[-1].end, f',{gap}"metadata": {_written(wanted, gap, 1)}'
    elif not inside:
        edit = whole.value, whole.end, _written(wanted, gap, 1)
    else:
        edit = inside[-1].end, inside[-1].end, f',{space_before(text, inside[-1].start)}"nb2prod": {value}'
    result = text[: edit[0]] + edit[2] + text[edit[1] :]
    if json.loads(result.removeprefix(_BOM)) != before | {"metadata": metadata | wanted}:
        raise AssertionError("writing fields would have changed something else")
    return result.encode("utf-8")


def _body(field: Stated) -> dict[str, Any]:
    default = asdict(Stated())
    return {key: value for key, value in asdict(field).items() if value is not default[key] and value != ""}


def _written(value: Any, gap: str, depth: int) -> str:
    """JSON as a member at this depth is laid out; `gap` is what stands before a member at depth 1."""
    if "\n" not in gap:
        return json.dumps(value, ensure_ascii=False)
    unit = gap.rpartition("\n")[2]
    return json.dumps(value, indent=unit, ensure_ascii=False).replace("\n", gap[: gap.index("\n") + 1] + unit * depth)
