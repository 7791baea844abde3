"""`sbom.cdx.json`: the bill of materials of what a project serves with, as CycloneDX 1.6 (ECMA-424).

The package itself, the pins of requirements.txt and every file of ``artifacts/``, each with its SHA-256. The same
project makes the same bytes: there is no time in it, and its serial number is made of its content.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

import nb2prod
from nb2prod.model.notebook import Notebook
from nb2prod.model.project import Pin
from nb2prod.model.run import ArtifactRecord, RunRecord
from nb2prod.render.project import VERSION

BILL = "sbom.cdx.json"
"""Its name in the project, as CycloneDX recommends (``*.cdx.json``)."""

_FITTED = frozenset({"skops", "lightgbm", "xgboost", "torch"})
"""Formats that hold nothing but what a machine-learning library has made."""

Component = dict[str, Any]


def bill_of_materials(
    package: str, notebook: Notebook, record: RunRecord, pins: Sequence[Pin], files: Mapping[str, bytes]
) -> bytes:
    """`pins` are those of requirements.txt, `files` the project's by path, the artifacts and own wheels among them."""
    libraries = [_library(pin, is_own=f"wheels/{pin.wheel}" in files) for pin in sorted(pins, key=lambda p: p.name)]
    records = {f"artifacts/{artifact.file}": artifact for artifact in record.artifacts}
    stored = [
        _artifact(path, data, records.get(path))
        for path, data in sorted(files.items())
        if path.startswith("artifacts/")
    ]
    whole = _whole(package, notebook)
    content: dict[str, Any] = {
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [{"type": "application", "name": "nb2prod", "version": nb2prod.__version__}]},
            "component": whole,
        },
        "components": [*libraries, *stored],
        "dependencies": _dependencies(whole["bom-ref"], pins, [one["bom-ref"] for one in stored]),
        # Python and the system's packages are the base image's; a scanner of images lists them.
        "compositions": [{"aggregate": "incomplete", "assemblies": [whole["bom-ref"]]}],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_OID, digest).urn,
        "version": 1,
    }
    return json.dumps(head | content, indent=1, ensure_ascii=False).encode() + b"\n"


def _whole(package: str, notebook: Notebook) -> Component:
    """The generated package. It has no purl: no index has it."""
    return {
        "type": "application",
        "bom-ref": f"{package}@{VERSION}",
        "name": package,
        "version": VERSION,
        "properties": [
            {"name": "nb2prod:notebook", "value": notebook.name},
            {"name": "nb2prod:notebook:code_digest", "value": notebook.code_digest},
        ],
    }


def _library(pin: Pin, *, is_own: bool) -> Component:
    """One pin. The project's `is_own` wheel has no purl, so that nobody looks it up, or takes it, elsewhere."""
    component: Component = {"type": "library", "bom-ref": _reference(pin), "name": pin.name, "version": pin.version}
    if not is_own:
        component["purl"] = f"pkg:pypi/{pin.name}@{quote(pin.version, safe='')}"
    if pin.licence:
        component["licenses"] = [_licence(pin.licence)]
    return component | {
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in sorted(pin.sha256)],
        "properties": [{"name": "nb2prod:wheel", "value": pin.wheel}],
    }


def _licence(said: str) -> dict[str, Any]:
    """As the metadata declare it: an SPDX expression where it is one, else a name as it stands."""
    try:
        return {"expression": canonicalize_license_expression(said), "acknowledgement": "declared"}
    except InvalidLicenseExpression:
        return {"license": {"name": said, "acknowledgement": "declared"}}


def _artifact(path: str, data: bytes, record: ArtifactRecord | None) -> Component:
    """A file that the service loads; `record` is None for the list of artifacts and the fast path."""
    is_model = record.format in _FITTED if record else path.endswith(".onnx")
    component: Component = {
        "type": "machine-learning-model" if is_model else "file",
        "bom-ref": path,
        "name": path,
    }
    if record:
        component["description"] = f"{record.name}: {record.type_name}, stored as {record.format}"
    return component | {"hashes": [{"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}]}


def _dependencies(whole: str, pins: Sequence[Pin], stored: Iterable[str]) -> list[dict[str, Any]]:
    """What requires what. Artifacts are no keys of it: what a file needs is not recorded, which is not "nothing"."""
    references = {pin.name: _reference(pin) for pin in pins}
    needs = {pin.name: [references[name] for name in pin.needs if name in references] for pin in pins}
    needed = {reference for found in needs.values() for reference in found}
    direct = [
        references[pin.name]
        for pin in pins
        if references[pin.name] not in needed or not pin.because.startswith("needed by ")
    ]
    edges = {whole: [*direct, *stored]} | {references[name]: found for name, found in needs.items()}
    return [{"ref": reference, "dependsOn": sorted(found)} for reference, found in sorted(edges.items())]


def _reference(pin: Pin) -> str:
    return f"{pin.name}=={pin.version}"
