"""Another version put live while the process runs: verified first, refused with the reason, and taken back."""

import gc
import json
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from nb2prod.serving.settings import Settings

from .conftest import client_of, wait_until
from .sample_service import Predictor, make_app
from .versions import BODY, write_code, write_version

KEY = {"X-API-Key": "boss"}


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    write_version(folder / "v2", 2.0)
    write_version(folder / "v3", 3.0)
    return folder


@pytest.fixture
def client(models, tmp_path, monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "boss")
    settings = Settings(models=str(models), api_key_rights="predict admin", swap_seconds=0.5)
    with client_of(make_app(code=write_code(tmp_path / "src"), settings=settings)) as client:
        client.headers.update(KEY)
        yield client


def swap(client, source):
    return client.post("/admin/model", json={"source": source})


def predicted(client):
    answer = client.post("/predict", json=BODY).json()
    return answer["predictions"][0], answer["model"]["version"]


def test_a_version_is_put_live_and_taken_back(client):
    assert predicted(client) == (8.1, None)
    answer = swap(client, "v2")
    assert (answer.status_code, answer.json()["live"]) == (200, {"name": "sample", "version": "v2", "source": "v2"})
    assert predicted(client) == (10.1, "v2")
    assert client.get("/health/ready").json()["model"]["version"] == "v2"
    assert swap(client, "v3").status_code == 200
    assert client.post("/admin/rollback").json()["live"]["version"] == "v2"
    assert predicted(client) == (10.1, "v2")
    shown = client.get("/admin/model").json()
    assert (shown["live"]["version"], shown["previous"]["version"], shown["refused"]) == ("v2", "v3", [])


def test_without_another_version_there_is_no_way_back(client):
    assert client.post("/admin/rollback").status_code == 409


def damage_file(version):
    (version / "artifacts" / "offset.json").write_text('{"offset": 9.0}')


def damage_schema(version):
    (version / "src" / "sample" / "schema.py").write_text("class Request: other = 1\n")


def leave_code_out(version):
    (version / "src" / "sample" / "predict.py").unlink()


def add_own_module(version):
    (version / "src" / "helpers.py").write_text("def scale(x): return x\n")


def damage_golden(version):
    path = version / "tests" / "golden" / "golden.json"
    content = json.loads(path.read_text())
    content["predictions"][2] = 4711.5
    path.write_text(json.dumps(content))


def ask_other_rows(version):
    path = version / "tests" / "golden" / "golden.json"
    path.write_text(json.dumps({"body": {"rows": [{"other": 1}]}, "predictions": [1]}))


def leave_golden_out(version):
    (version / "tests" / "golden" / "golden.json").unlink()


def leave_artifacts_out(version):
    (version / "artifacts" / "artifacts.json").unlink()


def load_slowly(version):
    write_version(version, 2.0, slow=30)


def take_all_memory(version):
    write_version(version, 2.0, huge=True)


@pytest.mark.parametrize(
    ("harm", "status", "code", "says"),
    [
        (damage_file, 422, "bad_version", "not the file that artifacts.json describes"),
        (damage_schema, 409, "other_code", "sample/schema.py is not the one that runs here: start its own image"),
        (leave_code_out, 409, "other_code", "sample/predict.py"),
        (add_own_module, 409, "other_code", "helpers.py"),
        (damage_golden, 422, "golden_differs", "row 2"),
        (ask_other_rows, 422, "bad_version", "does not fit the request"),
        (leave_golden_out, 422, "bad_version", "no tests/golden/golden.json"),
        (leave_artifacts_out, 422, "bad_version", "neither a generated project nor an MLflow model"),
        (load_slowly, 422, "bad_version", "not loaded within 0.5 s"),
        (take_all_memory, 422, "bad_version", "MemoryError"),
    ],
)
def test_fault_49_a_bad_version_is_refused_and_the_live_one_goes_on(client, models, harm, status, code, says):
    assert swap(client, "v3").status_code == 200
    harm(models / "v2")
    answer = swap(client, "v2")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert says in answer.json()["error"]["message"]
    assert "4711" not in answer.text
    assert predicted(client) == (11.1, "v3")
    shown = client.get("/admin/model").json()
    assert [(each["source"], each["code"]) for each in shown["refused"]] == [("v2", code)]
    assert shown["previous"]["version"] is None  # what the process started with: still the one to go back to


def test_fault_49_what_does_not_fit_into_memory_is_not_loaded(client, monkeypatch):
    monkeypatch.setattr("nb2prod.serving.versions.swap.free_memory", lambda: 10)
    answer = swap(client, "v2")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "too_large")


@pytest.mark.parametrize(
    "source", ["../outside", "/etc", "", "link", "v2/artifacts/artifacts.json", "nowhere", "a\0b", "~", "file:///etc"]
)
def test_a_source_stays_below_its_root(client, models, source):
    write_version(models.parent / "outside", 1.0)
    (models / "link").symlink_to(models.parent / "outside")
    answer = swap(client, source)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] in ("no_such_version", "bad_version")
    assert predicted(client) == (8.1, None)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"source": 1}', b'{"source": "v2", "more": 1}', b"[]", b"{" * 9000])
def test_an_order_that_is_none_is_422(client, body):
    assert client.post("/admin/model", content=body).status_code == 422


def test_only_administrators_may(models, tmp_path, monkeypatch):
    monkeypatch.setenv("NB2PROD_API_KEY", "caller")
    app = make_app(code=write_code(tmp_path / "src"), settings=Settings(models=str(models)))
    with client_of(app) as client:
        assert client.post("/admin/model", json={"source": "v2"}).status_code == 401
        client.headers["X-API-Key"] = "caller"
        assert client.post("/admin/model", json={"source": "v2"}).status_code == 403
        assert client.post("/admin/rollback").status_code == 403
        assert client.get("/admin/model").status_code == 403


def test_models_of_a_registry_need_one(client):
    answer = swap(client, "models:/churn@champion")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "registry_failed")
    assert "MLFLOW_TRACKING_URI" in answer.json()["error"]["message"]


@pytest.mark.parametrize("watch", ["models:/churn/3", "churn", "models:/churn@champion"])
def test_what_cannot_be_watched_is_said_at_the_start(watch):
    with pytest.raises(ValueError, match=r"NB2PROD_WATCH|MLFLOW_TRACKING_URI"):
        make_app(settings=Settings(watch=watch))


def test_fault_50_concurrent_swaps_are_serialised_and_two_models_remain(client, models, monkeypatch):
    loaded, at_once, most = [], [0], []
    lock = threading.Lock()
    load = Predictor.load.__func__

    def counting(cls, folder=None):
        with lock:
            at_once[0] += 1
            most.append(at_once[0])
        predictor = load(cls, folder)
        loaded.append(weakref.ref(predictor))
        with lock:
            at_once[0] -= 1
        return predictor

    package = client.app.state.package
    object.__setattr__(package, "load", lambda folder=None: counting(Predictor, folder))
    for number in range(10, 30):
        write_version(models / f"v{number}", float(number))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda number: swap(client, f"v{number}"), range(10, 30)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert max(most) == 1
    value, version = predicted(client)
    assert value == pytest.approx(8.1 + int(version[1:]))
    wait_until(lambda: gc.collect() >= 0 and sum(each() is not None for each in loaded) == 2)
