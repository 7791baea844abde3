"""What the Result page makes of a report, of versions, of layers and of answers."""

import pytest
from nb2prod_gui.flow.results import Trend, as_table, in_bytes, mlflow_command, mlflow_page, shares, trends

from nb2prod.tracking.registry import RegisteredModel, Version


def version(number: int, **metrics: float) -> Version:
    return Version(str(number), (), 0.0, "r", metrics, {}, {})


MODEL = RegisteredModel("churn", (version(11, auc=0.9), version(10, auc=0.8, f1=0.4), version(9, f1=0.5)))


def test_metrics_stand_beside_those_of_versions_before():
    auc, f1 = trends({"auc": 0.9, "f1": 0.7}, "11", MODEL, {})
    assert (auc.before, auc.change) == ((0.8,), pytest.approx(0.1))
    assert (f1.before, f1.change) == ((0.5, 0.4), pytest.approx(0.3))
    (first,) = trends({"auc": 0.9}, "9", MODEL, {})
    assert (first.before, first.change) == ((), None)
    assert trends({"auc": 0.9}, "", None, {})[0].before == ()


@pytest.mark.parametrize(
    ("better", "now", "worse"),
    [("higher", 0.8, True), ("higher", 0.9, False), ("lower", 0.9, True), ("lower", 0.8, False), (None, 0.8, False),
     ("higher", 0.85, False)],
)  # fmt: skip
def test_a_watched_metric_is_held_to_the_version_before(better, now, worse):
    assert Trend("auc", now, (0.1, 0.85), better).is_worse is worse
    assert not Trend("auc", now, (), better).is_worse


def test_layers_keep_their_order_and_small_ones_are_summed():
    found = shares([("base", 600), ("a", 1), ("/venv", 398), ("b", 1)], "others")
    assert [(s.name, s.size_bytes) for s in found] == [("base", 600), ("/venv", 398), ("others", 2)]
    assert sum(s.part for s in found) == pytest.approx(1)
    assert shares([], "others") == ()


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (13_500, "13.5 kB"), (324_000_000, "324 MB"), (999_900_000, "1000 MB")]
)
def test_sizes_have_three_digits(size, text):
    assert in_bytes(size) == text


@pytest.mark.parametrize(
    ("predictions", "columns", "rows"),
    [
        ([{"a": 1, "b": None}, {"a": 2, "b": "x"}], ("a", "b"), (("1", ""), ("2", "x"))),
        ([0.5, 1], ("p",), (("0.5",), ("1",))),
        ([[1, 2], [3, 4]], ("p 1", "p 2"), (("1", "2"), ("3", "4"))),
    ],
)
def test_rows_are_a_table(predictions, columns, rows):
    table = as_table({"predictions": predictions}, "p")
    assert (table.columns, table.rows) == (columns, rows)


@pytest.mark.parametrize("answer", [None, [], {"error": "x"}, {"predictions": 3}, {"predictions": [[1], [1, 2]]}])
def test_what_is_no_rows_is_no_table(answer):
    assert as_table(answer, "p") is None


def test_a_server_has_a_page_and_a_file_a_command():
    mlflow = {"tracking_uri": "http://h:5000/", "model": "m", "version": "3"}
    assert mlflow_page(mlflow) == "http://h:5000/#/models/m/versions/3"
    mlflow["tracking_uri"] = "sqlite:////a b/mlflow.db"
    assert mlflow_page(mlflow) == ""
    assert mlflow_command(mlflow) == "mlflow ui --backend-store-uri 'sqlite:////a b/mlflow.db'"
