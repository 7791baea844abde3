"""No body causes a 5xx: arbitrary bytes, arbitrary JSON, and JSON that is nearly right, in every protocol."""

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import client_of
from .sample_service import Question, make_app

EXAMPLES = 1000 if os.environ.get("NB2PROD_FAULTS") else 60
TIMES = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
KINDS = {
    "/predict": ["application/json"],
    "/invocations": ["application/json", "text/csv", "application/jsonlines"],
    "/v2/models/sample/infer": ["application/json", "application/octet-stream"],
}
NAMES = [
    "rows", "sepal length", "rooms", "class", "member", "question", "k", "weights", "vector", "extra",
    "dataframe_split", "dataframe_records", "instances", "inputs", "params", "columns", "data", "index",
    "name", "datatype", "shape", "parameters", "id", "outputs", "content_type", "binary_data_size",
]  # fmt: skip
WORDS = ["FP64", "INT64", "BYTES", "BOOL", "FP16", "predictions", "a", "NaN", "1", "{}", *NAMES]

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=5)
)
names = st.sampled_from(NAMES) | st.text(max_size=3)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=25
)
row = st.fixed_dictionaries(
    {},
    optional={
        "sepal length": st.none() | st.floats() | leaves,
        "rooms": st.integers(0, 9) | leaves,
        "class": st.text(max_size=3) | leaves,
        "member": st.booleans() | leaves,
    },
)
tensor = st.fixed_dictionaries(
    {
        "name": st.sampled_from(NAMES[1:5]),
        "datatype": st.sampled_from(WORDS),
        "shape": st.lists(st.integers(0, 3), max_size=3),
    },
    optional={"data": st.lists(leaves | st.lists(leaves, max_size=2), max_size=3), "parameters": values},
)
nearly = st.one_of(
    st.fixed_dictionaries({"rows": st.lists(row | values, max_size=3) | row}),
    st.fixed_dictionaries({"instances": st.lists(row, max_size=3)}),
    st.fixed_dictionaries({"dataframe_records": st.lists(row, max_size=3)}, optional={"params": values}),
    st.fixed_dictionaries(
        {"inputs": st.dictionaries(names, st.lists(leaves, max_size=3)) | st.lists(tensor, max_size=5)}
    ),
    st.fixed_dictionaries(
        {
            "dataframe_split": st.fixed_dictionaries(
                {"columns": st.permutations(NAMES[1:5]), "data": st.lists(st.lists(leaves, min_size=3, max_size=4))},
                optional={"index": values},
            )
        }
    ),
    st.fixed_dictionaries({"inputs": st.lists(tensor, max_size=4)}, optional={"outputs": values, "parameters": values}),
)
texts = (values | nearly).map(json.dumps)  # with NaN and Infinity, as Python writes them
csv = st.lists(
    st.lists(st.sampled_from([*NAMES[1:5], "", "1", "true", '"', "x,", "nan"]), max_size=5).map(",".join)
).map("\n".join)
cut = texts.flatmap(lambda text: st.integers(0, len(text)).map(lambda at: text[:at]))
bodies = st.binary(max_size=200) | st.builds(str.encode, texts | csv | cut)


@pytest.fixture(scope="module", params=["table", "fields"])
def client(request):
    options: dict[str, Any] = {}
    if request.param == "fields":
        options = {"request": Question, "answer": lambda _, asked: vars(asked), "golden": None}
    with client_of(make_app(**options)) as client:
        yield client


@pytest.mark.parametrize("path", KINDS)
@TIMES
@given(data=st.data())
def test_no_body_causes_a_5xx(client, path, data):
    kind = data.draw(st.sampled_from(KINDS[path]))
    body = data.draw(bodies)
    headers = {"Content-Type": kind}
    if "infer" in path and data.draw(st.booleans()):
        headers["Inference-Header-Content-Length"] = str(data.draw(st.integers(0, len(body) + 1)))
    response = client.post(path, content=body, headers=headers)
    assert response.status_code < 500, response.text
    answer = response.content[: int(response.headers.get("Inference-Header-Content-Length", len(response.content)))]
    json.loads(answer, parse_constant=lambda name: pytest.fail(f"{name} in the answer"))
    if response.status_code != 200:
        error = response.json()
        assert (error if "infer" in path else error["error"])["code"]
