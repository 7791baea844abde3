"""A notebook with a secret anywhere in it is refused, and nothing that is said shows the secret."""

import base64
import json
from typing import Any

import pytest

from nb2prod.notebook.read import read_notebook
from nb2prod.secrets import exposed_names, find_planted, mask_document, mask_of, secret_values
from nb2prod.steps.reading import analyse
from tests.notebook.documents import code, notebook

TOKEN = "ghp_" + "aB3dE6gH9" * 4
PASSWORD = "correct-horse-" + "7"


def stream(text: Any) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def result(**data: Any) -> dict[str, Any]:
    return {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}


MARKDOWN = {"cell_type": "markdown", "id": "m", "metadata": {}}
PLACES: dict[str, tuple[Any, str]] = {
    "source": (code(f'x = 1\nclient = Client("{TOKEN}")'), "NB151"),
    "markdown": (MARKDOWN | {"source": f"use `{TOKEN}`"}, "NB151"),
    "raw cell": (MARKDOWN | {"cell_type": "raw", "source": TOKEN}, "NB151"),
    "quoted assignment, which the file escapes": (code(f'password = "{PASSWORD}"'), "NB151"),
    "stream in lines": (code("f()", outputs=[stream(["a\n", f"{TOKEN}\n"])]), "NB152"),
    "coloured traceback": (
        code("f()", outputs=[{"output_type": "error", "ename": "E", "evalue": "no",
                              "traceback": ["\x1b[31mE\x1b[0m", f"----> f(\x1b[33m'{TOKEN}'\x1b[39m)"]}]),
        "NB152",
    ),
    "result as HTML": (code("f()", outputs=[result(**{"text/html": f"<td>{TOKEN}</td>"})]), "NB152"),
    "result as JSON": (code("f()", outputs=[result(**{"application/json": {"password": PASSWORD}})]), "NB152"),
    "attachment": (
        MARKDOWN | {"source": "", "attachments": {"a.txt": {"text/plain": base64.b64encode(TOKEN.encode()).decode()}}},
        "NB152",
    ),
    "cell metadata": (code("f()", metadata={"tags": [], "note": {"token": TOKEN}}), "NB152"),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found_in_every_part_of_a_notebook(place: str) -> None:
    cell, expected = PLACES[place]
    read = read_notebook(notebook("pass", cell), "n.ipynb")
    (found,) = [f for f in read.findings if f.code in ("NB151", "NB152")]
    assert (found.code, found.severity, found.cell) == (expected, "error", 2)
    assert TOKEN not in str(found)
    assert PASSWORD not in str(found)


def test_it_is_found_in_the_notebooks_metadata() -> None:
    widgets = {"widgets": {"state": {"1": {"value": TOKEN}}}}
    (found,) = read_notebook(notebook("pass", metadata=widgets), "n.ipynb").findings
    assert (found.code, found.cell) == ("NB152", None)


def test_one_secret_is_told_once_with_its_line_its_remedy_and_the_other_places() -> None:
    cells = code(f'\ntoken = "{TOKEN}"', outputs=[stream(TOKEN)]), code(f"f('{TOKEN}')")
    (found,) = read_notebook(notebook(*cells), "n.ipynb").findings
    assert (found.cell, found.line) == (1, 2)
    assert "(`ghp…H9`); also in cell 2, source; output 1" in found.message
    assert 'os.environ["GITHUB_TOKEN"]' in found.hint


def test_what_a_line_calls_no_secret_is_none_anywhere() -> None:
    cell = code(f'token = "{TOKEN}"  # nb2prod: not a secret', outputs=[stream(TOKEN)])
    assert read_notebook(notebook(cell), "n.ipynb").findings == ()


def test_images_are_not_searched() -> None:
    assert find_planted({"cells": [code("f()", outputs=[result(**{"image/png": TOKEN})])]}) == ()


def test_no_finding_quotes_the_line() -> None:
    """This one is a syntax error, whose message has the text."""
    cell = code(f'!curl -H "Authorization: Bearer {TOKEN}" https://x.host\nx = !echo {TOKEN}', "training")
    findings = analyse(read_notebook(notebook(cell), "n.ipynb")).findings
    assert len(findings) > 1
    assert TOKEN not in " ".join(map(str, findings))


def test_a_document_is_masked_but_for_its_images() -> None:
    document = {"a": [f"x {TOKEN}", 3, None], "data": {"image/png": TOKEN, "text/plain": TOKEN}}
    masked = mask_document(document, mask_of(()))
    assert TOKEN not in json.dumps(masked | {"data": {"text/plain": masked["data"]["text/plain"]}})
    assert masked["data"]["image/png"] == TOKEN
    assert masked["a"][1:] == [3, None]


def test_variables_named_like_secrets_give_the_values_to_hide() -> None:
    environment = {
        "WEATHER_TOKEN": "a-b-c-d-9",
        "DB_PASSWORD": "short",
        "HOME": "/home/me-42",
        "MY_KEY": "/etc/key.pem",
    }
    assert secret_values(environment) == ("a-b-c-d-9",)


def test_a_captured_value_is_a_secret_by_what_it_is_or_by_what_is_known() -> None:
    values = {
        "model": [1.0],
        "api_key": "aB3dE6gH9kL2",
        "rows": [{"text": f"my token is {TOKEN}"}],
        "config": ["a-b-9!"],
    }
    assert exposed_names(values, ()) == ("api_key",)
    assert exposed_names(values, ("a-b-9!",)) == ("api_key", "config")
