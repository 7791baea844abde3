"""The bill of materials: valid by the published schema, the same bytes twice, no more certain than what is known."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from nb2prod.model.project import Pin
from nb2prod.model.run import ArtifactRecord, RunRecord
from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.notebook.read import read_notebook
from nb2prod.render.bill import bill_of_materials
from tests.notebook.documents import notebook

NOTEBOOK = read_notebook(notebook("a = 1"), "größe.ipynb")
VALUE = ValueSchema("a", "json")
MODEL = ArtifactRecord("größe", "skops", "model.skops", "00", "sklearn.linear_model._base.LinearRegression")
LEVELS = ArtifactRecord("levels", "json", "levels.json", "00", "list")
RECORD = RunRecord({}, (MODEL, LEVELS), Schema((VALUE,), VALUE), {}, [], "list", {}, {}, "", "3.11.7", (), 0.0)
PINS = (
    Pin("torch", "2.13.0+cpu", ("ab" * 32,), "imported in cell 1", "t.whl", "BSD-3-Clause", ("numpy", "not-pinned")),
    Pin("numpy", "1!2.4.6", ("cd" * 32,), "needed by torch; installed in cell 2", "n.whl", "mit or Apache-2.0"),
    Pin("starlette", "1.10.0", ("ef" * 32,), "needed by nb2prod.serving", "s.whl", "BSD License"),
    Pin("graphql-core", "3.2.7", ("12" * 32,), "needed by nb2prod.serving", "g.whl"),
    Pin("nb2prod-serving", "0.1.0", ("34" * 32,), "serves the model", "own.whl", "Apache-2.0", ("starlette",)),
)
FILES = {
    "wheels/own.whl": b"",
    "artifacts/model.skops": b"model",
    "artifacts/levels.json": b"[]",
    "artifacts/artifacts.json": b"{}",
    "artifacts/fast.onnx": b"graph",
    "src/line/train.py": b"",
}


def bill(*pins: Pin) -> dict[str, Any]:
    text = bill_of_materials("line", NOTEBOOK, RECORD, pins or PINS, FILES).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    told: dict[str, Any] = json.loads(text)
    return told


def by_name(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component["name"]: component for component in told["components"]}


def test_every_pin_is_there_with_its_hash_and_is_found_by_its_address() -> None:
    found = by_name(bill())
    for pin in PINS:
        component = found[pin.name]
        assert (component["type"], component["version"]) == ("library", pin.version)
        assert component["hashes"] == [{"alg": "SHA-256", "content": pin.sha256[0]}]
        if pin.name == "nb2prod-serving":
            assert "purl" not in component  # it is in the project; another of that name elsewhere is not it
            continue
        purl = PackageURL.from_string(component["purl"])
        assert (purl.type, purl.name, purl.version) == ("pypi", pin.name, pin.version)
        assert purl.to_string() == component["purl"]


def test_licences_are_what_the_metadata_say_and_nothing_is_made_up() -> None:
    said = {name: one.get("licenses") for name, one in by_name(bill()).items() if one["type"] == "library"}
    declared = {"acknowledgement": "declared"}
    assert said == {
        "torch": [{"expression": "BSD-3-Clause", **declared}],
        "numpy": [{"expression": "MIT OR Apache-2.0", **declared}],
        "starlette": [{"license": {"name": "BSD License", **declared}}],
        "graphql-core": None,
        "nb2prod-serving": [{"expression": "Apache-2.0", **declared}],
    }


def test_files_that_are_loaded_are_there_with_their_digests_and_others_are_not() -> None:
    stored = {name: one for name, one in by_name(bill()).items() if "/" in name}
    assert {name: one["type"] for name, one in stored.items()} == {
        "artifacts/model.skops": "machine-learning-model",
        "artifacts/fast.onnx": "machine-learning-model",
        "artifacts/levels.json": "file",
        "artifacts/artifacts.json": "file",
    }
    for name, component in stored.items():
        assert component["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(FILES[name]).hexdigest()}]


def test_what_requires_what() -> None:
    edges = {each["ref"]: each["dependsOn"] for each in bill()["dependencies"]}
    artifacts = sorted(name for name in FILES if name.startswith("artifacts/"))
    assert edges == {
        "line@0.1.0": [*artifacts, "graphql-core==3.2.7", "nb2prod-serving==0.1.0", "torch==2.13.0+cpu"],
        "torch==2.13.0+cpu": ["numpy==1!2.4.6"],
        "nb2prod-serving==0.1.0": ["starlette==1.10.0"],
        "numpy==1!2.4.6": [],
        "starlette==1.10.0": [],
        "graphql-core==3.2.7": [],
    }


def test_the_same_project_has_the_same_bill_and_another_one_another_number() -> None:
    first = bill()
    assert "timestamp" not in first["metadata"]
    assert bill(*reversed(PINS)) == first
    other = bill(*PINS[:-1], replace(PINS[-1], version="0.2.0"))
    assert other["serialNumber"] != first["serialNumber"]


@pytest.mark.parametrize("licence", ['"}, "x": [', "GPL-2.0+ OR", "LicenseRef-Own", "x" * 200])
def test_odd_words_in_metadata_stay_words(licence: str) -> None:
    (said,) = by_name(bill(replace(PINS[0], licence=licence)))["torch"]["licenses"]
    assert licence in (said.get("expression"), said.get("license", {}).get("name"))
