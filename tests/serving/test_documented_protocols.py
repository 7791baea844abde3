"""The bodies in docs/serving.md are sent, and answered alike."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from nb2prod.serving.settings import Settings

from .conftest import client_of
from .sample_service import make_app

PAGE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")


class Person(TypedDict):
    age: int
    plan: Literal["basic", "plus"]
    income: float | None


@dataclass(frozen=True)
class Request:
    rows: list[Person]


def answer(_: Any, request: Request) -> list[float]:
    return [row["age"] + (row["income"] or 0) + len(row["plan"]) for row in request.rows]


def test_every_body_of_the_page_gets_the_same_answer():
    examples = re.findall(r"```http\nPOST (\S+)\n(?:Content-Type: (\S+)\n)?\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 5
    with client_of(make_app(name="churn", request=Request, answer=answer, golden=None)) as client:
        for path, kind, body in examples:
            headers = {"Content-Type": kind or "application/json"}
            told = client.post(path, content=body, headers=headers).json()
            assert told.get("predictions", told.get("outputs", [{}])) in (
                [1876.5, 33],
                [{"name": "predictions", "datatype": "FP64", "shape": [2], "data": [1876.5, 33]}],
            )


def test_the_query_of_the_page_is_answered():
    query = re.search(r"```graphql\n(.*?)```", PAGE, re.DOTALL)[1]
    rows = [{"age": 41, "plan": "basic", "income": 1830.5}, {"age": 29, "plan": "plus"}]
    app = make_app(name="churn", request=Request, answer=answer, golden=None, settings=Settings(graphql=True))
    with client_of(app) as client:
        told = client.post("/graphql", json={"query": query, "variables": {"rows": rows}}).json()
        assert told["data"]["predict"]["predictions"] == [1876.5, 33]
