"""The generated ``mlflow_model.py`` is Python a careful colleague would have written, whatever the request."""

import subprocess
import sys

import pytest

from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.render.mlflow import asked_as, mlflow_module
from tests.tracking.conftest import KINDS

ANSWER = ValueSchema("response", "array", dtype="float64", shape=(None,))
SERIES = ValueSchema("prices", "series", dtype="Int64", columns=(Column("prices", "Int64", nullable=True),))
MANY = tuple(Column(f"a rather long name, number {number}", "Int64") for number in range(9))
SCHEMAS = {
    **{name: tiny.schema for name, tiny in KINDS.items()},
    "series": Schema((SERIES,), ANSWER),
    "several": Schema((SERIES, ValueSchema("k", "json", annotation="int")), ANSWER),
    "strings": Schema((ValueSchema("names", "array", dtype="<U5", shape=(None,)),), ANSWER),
    "quotes": Schema((ValueSchema("x", "frame", columns=(Column('say "hi"\\\n', "UInt8"),)),), ANSWER),
    "many": Schema((ValueSchema("x", "frame", columns=MANY),), ANSWER),
}


def test_it_passes_ruff_as_generated(tmp_path):
    for name, schema in SCHEMAS.items():
        (tmp_path / f"{name}.py").write_text(
            mlflow_module("a_package_with_quite_a_long_name_as_notebooks_have", schema)
        )
    ruff = [sys.executable, "-m", "ruff"]
    alone = ["--isolated", "--line-length", "100", str(tmp_path)]
    check = subprocess.run([*ruff, "check", "--select", "E,F,W,I,B,UP", *alone], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout
    check = subprocess.run([*ruff, "format", "--diff", *alone], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        ("frame", "rows"),
        ("records", "rows"),
        ("array", "array"),
        ("tensor", "tensor"),
        ("strings", "column"),
        ("texts", "column"),
        ("series", "column"),
        ("json", "values"),
        ("several", "values"),
    ],
)
def test_how_mlflow_asks_follows_from_the_kind(kind, asked):
    assert asked_as(SCHEMAS[kind]) == asked


def test_only_integers_that_may_be_missing_are_made_whole_again():
    assert 'WHOLE = ("rooms",)' in mlflow_module("tiny", SCHEMAS["frame"])
    assert "WHOLE" not in mlflow_module("tiny", SCHEMAS["records"])
