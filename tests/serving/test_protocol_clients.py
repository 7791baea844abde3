"""Real clients of the field's protocols, over real sockets: each gets the golden predictions."""

import json
import urllib.request

import numpy as np
import pandas as pd
import pytest

from .sample_service import GOLDEN

ROWS = json.loads(GOLDEN.read_bytes())["body"]["rows"]
EXPECTED = [8.1, np.nan, 5.0]
FRAME = pd.DataFrame(ROWS)  # a missing length is NaN


@pytest.fixture(scope="module")
def server(module_start):
    return module_start(NB2PROD_MODEL_VERSION="7")


# tritonclient -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def triton(server):
    http = pytest.importorskip("tritonclient.http")
    with http.InferenceServerClient(server.url.removeprefix("http://")) as client:
        yield http, client


def triton_inputs(http, *, binary):
    inputs = []
    for name, datatype, kind in (
        ("sepal length", "FP64", np.float64),
        ("rooms", "INT64", np.int64),
        ("class", "BYTES", np.object_),
        ("member", "BOOL", np.bool_),
    ):
        tensor = http.InferInput(name, [len(FRAME), 1], datatype)
        tensor.set_data_from_numpy(FRAME[name].to_numpy(kind).reshape(-1, 1), binary_data=binary)
        inputs.append(tensor)
    return inputs


def test_triton_knows_the_server_and_the_model(triton):
    _, client = triton
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("sample")
    assert client.is_model_ready("sample", "7")
    assert not client.is_model_ready("sample", "8")
    assert not client.is_model_ready("other")
    assert client.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    metadata = client.get_model_metadata("sample")
    assert metadata["versions"] == ["7"]
    assert [(t["name"], t["datatype"], t["shape"]) for t in metadata["inputs"]] == [
        ("sepal length", "FP64", [-1]),
        ("rooms", "INT64", [-1]),
        ("class", "BYTES", [-1]),
        ("member", "BOOL", [-1]),
    ]
    assert metadata["outputs"] == [{"name": "predictions", "datatype": "FP64", "shape": [-1]}]


@pytest.mark.parametrize("asks", ["nothing", "binary", "JSON"])
def test_triton_in_binary_gets_the_golden_predictions(triton, asks):
    http, client = triton
    outputs = None if asks == "nothing" else [http.InferRequestedOutput("predictions", binary_data=asks == "binary")]
    result = client.infer("sample", triton_inputs(http, binary=True), outputs=outputs, request_id="17")
    assert result.get_response()["id"] == "17"
    assert result.get_response()["model_version"] == "7"
    np.testing.assert_array_equal(result.as_numpy("predictions"), EXPECTED)


def test_triton_in_json_gets_the_golden_predictions(triton):
    http, client = triton
    inputs = triton_inputs(http, binary=False)
    inputs[0]._data = [row["sepal length"] for row in ROWS]  # as JSON has it: the client would write NaN
    result = client.infer("sample", inputs, model_version="7")
    np.testing.assert_array_equal(result.as_numpy("predictions"), EXPECTED)


def test_triton_is_told_what_is_wrong(triton):
    http, client = triton
    inputs = triton_inputs(http, binary=True)
    for wrong, says in ((inputs[1:], "'sepal length' is missing"), ([*inputs, inputs[0]], "twice")):
        with pytest.raises(Exception, match=says):
            client.infer("sample", wrong)
    with pytest.raises(Exception, match="outputs are 'predictions'"):
        client.infer("sample", inputs, outputs=[http.InferRequestedOutput("scores")])


# MLflow and SageMaker -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mlflow_client(server):
    client = pytest.importorskip("mlflow.pyfunc.scoring_server.client")
    host, _, port = server.url.removeprefix("http://").partition(":")
    return client.ScoringServerClient(host, port)


def test_mlflows_client_gets_the_golden_predictions(mlflow_client):
    mlflow_client.wait_server_ready(timeout=10)
    mlflow_client.ping()
    assert mlflow_client.get_version().startswith("nb2prod ")
    answer = mlflow_client.invoke(FRAME)  # dataframe_split with NaN, as MLflow writes it
    np.testing.assert_array_equal(answer.get_predictions("ndarray").astype(float).ravel(), EXPECTED)
    answer = mlflow_client.invoke(ROWS)  # inputs
    np.testing.assert_array_equal(answer.get_predictions("ndarray").astype(float).ravel(), EXPECTED)


def test_mlflows_client_is_told_what_is_wrong(mlflow_client):
    with pytest.raises(Exception, match="'rooms' is missing"):
        mlflow_client.invoke(FRAME.drop(columns="rooms"))
    with pytest.raises(Exception, match="takes none"):
        mlflow_client.invoke(FRAME, params={"temperature": 1})


def frame_as(form):
    split = json.loads(FRAME.to_json(orient="split"))
    records = json.loads(FRAME.to_json(orient="records"))
    if form == "text/csv":
        return FRAME.to_csv(index=False)
    if form == "application/jsonlines":
        return FRAME.to_json(orient="records", lines=True)
    forms = {"dataframe_split": split, "inputs": {name: [row[name] for row in records] for name in FRAME}}
    return json.dumps({form: forms.get(form, records)})


@pytest.mark.parametrize(
    "form",
    ["dataframe_split", "dataframe_records", "instances", "inputs", "text/csv", "application/jsonlines"],
)
def test_each_form_as_pandas_writes_it_gets_the_golden_predictions(server, form):
    kind = form if "/" in form else "application/json"
    request = urllib.request.Request(f"{server.url}/invocations", frame_as(form).encode(), {"Content-Type": kind})
    with urllib.request.urlopen(request) as response:
        assert json.load(response) == {"predictions": [8.1, None, 5.0]}


def test_the_order_of_columns_does_not_matter(mlflow_client):
    answer = mlflow_client.invoke(FRAME[FRAME.columns[::-1]])
    np.testing.assert_array_equal(answer.get_predictions("ndarray").astype(float).ravel(), EXPECTED)
