"""What holds for every sample that was built. The test files list the samples (``BUILT``) and inherit these claims."""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.builds.command import ROOT, SECRET
from tests.builds.conftest import Built
from tests.builds.projects import INDEX_LIKE, SECRET_LIKE, contents_of, damaged_files, unpinned_lines

STEPS = ["read", "check", "run", "extract", "test", "log", "image", "verify"]

TEXT, NUMBER = (str,), (int, float)
CONTRACT: dict[str, Any] = {
    "status": TEXT,
    "error": (type(None),),
    "project": TEXT,
    "notebook": {"path": TEXT, "digest": TEXT},
    "findings": [
        {
            "code": TEXT,
            "severity": TEXT,
            "message": TEXT,
            "cell": (int, type(None)),
            "line": (int, type(None)),
            "hint": TEXT,
        }
    ],
    "parity": [
        {
            "stage": TEXT,
            "status": TEXT,
            "rows": (int,),
            "max_difference": (*NUMBER, type(None)),
            "reason": (type(None), str),
        }
    ],
    "tests": {"passed": (int,), "failed": (int,), "mutants": (int,), "caught": (int,)},
    "mlflow": {
        "tracking_uri": TEXT,
        "run_id": TEXT,
        "model": TEXT,
        "version": TEXT,
        "alias": (str, type(None)),
        "model_uri": TEXT,
    },
    "image": {"tag": TEXT, "digest": TEXT, "size_bytes": (int,)},
    "fast_path": {"used": (bool,), "reason": TEXT, "rows": (int,), "max_difference": (*NUMBER, type(None))},
    "steps": [{"name": TEXT, "status": TEXT, "seconds": NUMBER}],
}
"""The contract for machines, as types: every key below must be there."""

DIRECT = ("churn", "house_prices")
"""What an ONNX graph answers for; the others do more with a row than is read there."""

IN_THE_IMAGE = """
import importlib.metadata, importlib.util, json, os, sys
print(json.dumps({
    "uid": os.getuid(),
    "found": [n for n in sys.argv[1:] if importlib.util.find_spec(n) is not None],
    "distributions": sorted(d.metadata["Name"].lower().replace("_", "-") for d in importlib.metadata.distributions()),
    "secrets": [n for n, v in os.environ.items() if "PASSWORD" in n or "hunter2" in v],
}))
"""


def misfits(value: Any, contract: Any, place: str = "report") -> list[str]:
    """Where `value` is not as `contract` says."""
    if isinstance(contract, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        missing = [f"{place}.{key} is missing" for key in contract if key not in value]
        return missing + [
            found for key in contract if key in value for found in misfits(value[key], contract[key], f"{place}.{key}")
        ]
    if isinstance(contract, list):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [found for n, one in enumerate(value) for found in misfits(one, contract[0], f"{place}[{n}]")]
    fits = isinstance(value, contract) and not (isinstance(value, bool) and bool not in contract)
    return [] if fits else [f"{place} is {value!r}"]


@pytest.mark.samples
@pytest.mark.docker
class SampleClaims:
    """Inherit, and set ``BUILT`` in the module."""

    def test_it_ends_well(self, built: Built) -> None:
        assert built.finished.code == 0, built.finished.stderr[-3000:]
        assert built.report["status"] == "ok"
        assert "Traceback" not in built.finished.stderr

    def test_every_step_is_done_and_told_on_stderr(self, built: Built) -> None:
        assert [(step["name"], step["status"]) for step in built.report["steps"]] == [(name, "done") for name in STEPS]
        for name in STEPS:
            assert f"{name}: done" in built.finished.stderr

    def test_stdout_is_one_object_as_the_contract_says(self, built: Built) -> None:
        assert misfits(built.report, CONTRACT) == []
        assert built.report["project"] == str(built.folder)
        assert built.report["notebook"]["path"] == str(built.notebook)
        assert built.report["mlflow"]["alias"] == "champion"
        assert built.report["image"]["tag"] == built.tag

    def test_no_finding_is_a_warning(self, built: Built) -> None:
        assert [found for found in built.report["findings"] if found["severity"] != "info"] == []

    def test_parity_is_equal_in_module_mlflow_and_container(self, built: Built) -> None:
        stages = [(parity["stage"], parity["status"]) for parity in built.report["parity"]]
        assert stages == [("module", "equal"), ("mlflow", "equal"), ("container", "equal")]
        golden = json.loads((built.folder / "tests/golden/golden.json").read_bytes())
        for parity in built.report["parity"]:
            assert parity["rows"] == len(golden["predictions"]) > 5

    def test_the_fast_path_is_used_or_the_reason_told(self, built: Built) -> None:
        told = built.report["fast_path"]
        assert told["reason"]
        assert told["used"] == (built.name in DIRECT), told["reason"]
        assert told["used"] == (built.folder / "artifacts" / "fast.onnx").is_file()
        if told["used"]:
            assert told["rows"] > 200
        assert told["reason"] in (built.folder / "MODEL_CARD.md").read_text()

    def test_mutants_are_caught(self, built: Built) -> None:
        tests = built.report["tests"]
        assert tests["failed"] == 0
        assert tests["passed"] > 10
        assert tests["mutants"] > 10
        assert tests["caught"] >= 0.8 * tests["mutants"], tests["survivors"]

    def test_the_project_is_whole(self, built: Built) -> None:
        assert damaged_files(built.folder) == []

    def test_the_project_passes_ruff_and_mypy_with_its_own_settings(self, built: Built) -> None:
        with tempfile.TemporaryDirectory() as cache:
            for words in (
                ["ruff", "check", "--no-cache", "--select", "E4,E7,E9,F,I", "--line-length", "100"],
                ["ruff", "format", "--no-cache", "--check", "--line-length", "100"],
                ["mypy", "--cache-dir", cache],
            ):
                done = subprocess.run(
                    [sys.executable, "-m", *words], cwd=built.folder, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stdout + done.stderr

    def test_nothing_of_this_machine_is_in_the_project(self, built: Built) -> None:
        places = [built.folder.parent, ROOT, Path(sys.prefix), Path(sys.base_prefix) / "lib", Path.home() / "."]
        words = [str(place).encode() for place in places if len(str(place)) > 5] + [SECRET.encode()]
        for name, data in contents_of(built.folder):
            assert [word for word in words if word in data] == [], name

    def test_no_index_address_and_no_secret_is_in_the_project(self, built: Built) -> None:
        for name, data in contents_of(built.folder):
            assert INDEX_LIKE.search(data) is None, name
            assert SECRET_LIKE.search(data) is None, name

    def test_every_requirement_is_pinned_by_hash(self, built: Built) -> None:
        for name in ("requirements.txt", "requirements-train.txt"):
            assert unpinned_lines((built.folder / name).read_text()) == []
        assert "nb2prod-serving==" in (built.folder / "requirements.txt").read_text()

    def test_the_bill_of_materials_lists_what_is_served_and_nothing_else(self, built: Built) -> None:
        text = (built.folder / "sbom.cdx.json").read_text()
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
        listed = {
            (one["name"], one.get("version"), one["hashes"][0]["content"]) for one in json.loads(text)["components"]
        }
        pinned = re.findall(
            r"^(\S+)==(\S+) \\\s+--hash=sha256:(\w+)", (built.folder / "requirements.txt").read_text(), re.M
        )
        files = json.loads((built.folder / "nb2prod.json").read_bytes())["files"]
        stored = {
            (name, None, digest.removeprefix("sha256:"))
            for name, digest in files.items()
            if name.startswith("artifacts/")
        }
        assert pinned
        assert listed == set(pinned) | stored
        logged = list((built.folder.parent / "mlartifacts").glob("*/*/artifacts/sources/sbom.cdx.json"))
        assert text in [path.read_text() for path in logged]

    def test_the_package_does_not_know_nb2prod(self, built: Built) -> None:
        for path in built.package.rglob("*.py"):
            names = re.findall(r"^\s*(?:from|import)\s+nb2prod\S*", path.read_text(), re.M)
            assert path.name == "service.py" or names == [], path

    def test_the_container_was_verified_as_an_ordinary_user(self, built: Built) -> None:
        assert "ready, as user 65532" in built.finished.stderr

    def test_the_image_holds_what_it_needs_and_no_more(self, built: Built, engine: Any) -> None:
        unwanted = ["mlflow", "papermill", "nbformat", "pip", "IPython", "pytest"]
        said = engine.containers.run(
            built.tag,
            ["/venv/bin/python", "-c", IN_THE_IMAGE, *unwanted],
            remove=True,
            network_mode="none",
        )
        inside = json.loads(said)
        assert inside["uid"] == 65532
        assert inside["found"] == []
        assert inside["secrets"] == []
        pinned = re.findall(r"^([\w.-]+)==", (built.folder / "requirements.txt").read_text(), re.M)
        assert inside["distributions"] == sorted(name.lower().replace("_", "-") for name in pinned)

    def test_no_secret_is_in_the_image(self, built: Built, engine: Any) -> None:
        image = engine.images.get(built.tag)
        assert image.id == built.report["image"]["digest"]
        told = json.dumps([image.attrs, image.history()])
        assert SECRET not in told
        assert INDEX_LIKE.search(told.encode()) is None
        assert SECRET_LIKE.search(told.encode()) is None

    def test_no_secret_is_in_the_store(self, built: Built) -> None:
        for path in built.folder.parent.rglob("*"):
            if path.is_file():
                assert SECRET.encode() not in path.read_bytes(), path
