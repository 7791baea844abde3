"""A fast path is used where it is what the build compared and agrees with the code, else the code answers."""

import hashlib
import json

import pytest

from nb2prod.serving.settings import Settings

from .conftest import client_of
from .sample_service import GOLDEN, Predictor, answer, make_app

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

GOLDEN_BODY = json.loads(GOLDEN.read_bytes())["body"]
BODY = {"rows": [row for row in GOLDEN_BODY["rows"] if row["sepal length"] is not None]}


class Counting:
    """The sample's answer, and how often it was asked: the code, not the graph."""

    def __init__(self):
        self.asked = 0

    def __call__(self, predictor, request):
        self.asked += 1
        return answer(predictor, request)


@pytest.fixture
def artifacts(tmp_path):
    """Artifacts whose graph adds length and rooms, as the sample's code does."""
    total = onnx.helper.make_node("ReduceSum", ["numbers", "axes"], ["sum"], keepdims=0)
    axes = onnx.helper.make_tensor("axes", onnx.TensorProto.INT64, [1], [1])
    numbers = onnx.helper.make_tensor_value_info("numbers", onnx.TensorProto.DOUBLE, [None, 2])
    output = onnx.helper.make_tensor_value_info("sum", onnx.TensorProto.DOUBLE, [None])
    graph = onnx.helper.make_graph([total], "predict", [numbers], [output], [axes])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 21)], ir_version=10)
    data = model.SerializeToString()
    recipe = {
        "sha256": hashlib.sha256(data).hexdigest(), "artifacts": {"model": "abc"}, "numbers": ["sepal length", "rooms"],
        "texts": [], "single": False, "present": [], "known": {}, "limit": 1e15, "outputs": ["sum"],
        "answer": ["list", ["output", "sum"]],
    }  # fmt: skip
    (tmp_path / "fast.onnx").write_bytes(data)
    (tmp_path / "fast.json").write_text(json.dumps(recipe))
    (tmp_path / "artifacts.json").write_text(json.dumps({"model": {"sha256": "abc"}}))
    golden = tmp_path / "golden.json"
    golden.write_text(json.dumps({"body": BODY, "predictions": [8.1, 5.0]}))
    return tmp_path


def served(artifacts, **settings):
    counting = Counting()
    app = make_app(
        answer=counting, artifacts=artifacts, golden=artifacts / "golden.json", settings=Settings(**settings)
    )
    return counting, app


def change(folder, **changes):
    path = folder / "fast.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | changes))


def test_the_graph_answers_and_the_code_is_not_asked(artifacts):
    counting, app = served(artifacts)
    with client_of(app) as client:
        counting.asked = 0
        assert client.post("/predict", json=BODY).json()["predictions"] == [8.1, 5.0]
        assert counting.asked == 0
        assert client.get("/health/ready").json()["path"] == {"answered_by": "onnx"}


def test_a_row_outside_what_was_compared_is_answered_by_the_code(artifacts):
    counting, app = served(artifacts)
    with client_of(app) as client:
        counting.asked = 0
        far = {"rows": [BODY["rows"][0] | {"rooms": 10**16}]}
        assert client.post("/predict", json=far).json()["predictions"] == [10**16 + 5.1]
        missing = {"rows": [BODY["rows"][0] | {"sepal length": None}]}
        assert client.post("/predict", json=missing).json()["predictions"] == [None]
        assert counting.asked == 2


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (
            lambda folder: (folder / "fast.onnx").write_bytes(b"other"),
            "fast.onnx is not the file that fast.json describes",
        ),
        (lambda folder: change(folder, artifacts={"model": "old"}), "it was made from other artifacts: build again"),
        (
            lambda folder: change(folder, answer=["list", ["numpy", "load", [], {}]]),
            "fast.json cannot be read: ValueError",
        ),
        (lambda folder: (folder / "fast.json").write_text("{"), "fast.json cannot be read: JSONDecodeError"),
        (
            lambda folder: change(folder, answer=["list", ["arithmetic", "+", ["output", "sum"], ["constant", 1e-6]]]),
            "the golden rows get other answers by it",
        ),
    ],
    ids=["graph", "artifacts", "function", "recipe", "answers"],
)
def test_where_it_is_not_what_was_compared_the_code_answers_and_says_why(artifacts, damage, why):
    damage(artifacts)
    counting, app = served(artifacts)
    with client_of(app) as client:
        assert client.get("/health/ready").json()["path"] == {"answered_by": "python", "why": why}
        counting.asked = 0
        assert client.post("/predict", json=BODY).json()["predictions"] == [8.1, 5.0]
        assert counting.asked == 1


def test_it_can_be_switched_off(artifacts):
    _, app = served(artifacts, fast_path=False)
    with client_of(app) as client:
        assert client.get("/health/ready").json()["path"] == {"answered_by": "python", "why": "switched off"}


def test_without_one_the_code_answers(artifacts):
    (artifacts / "fast.json").unlink()
    _, app = served(artifacts)
    with client_of(app) as client:
        assert client.get("/health/ready").json()["path"]["answered_by"] == "python"
        assert Predictor().predict(BODY["rows"]) == client.post("/predict", json=BODY).json()["predictions"]
