"""The report of a build: the machine contract of `nb2prod build --json`, also when it failed."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from nb2prod.job.runner import outline
from nb2prod.job.step import JobResult
from nb2prod.model.report import ImageRecord, ModelVersion, Parity
from nb2prod.model.run import RunRecord
from nb2prod.model.spec import BuildSpec


def build_report(spec: BuildSpec, output: Path, result: JobResult) -> dict[str, Any]:
    """JSON values only; documented in docs/json.md."""
    outputs = result.outputs
    notebook, proof, logged = outputs.get("read"), outputs.get("test"), outputs.get("log")
    image: ImageRecord | None = outputs.get("image")
    version: ModelVersion | None = logged.version if logged is not None else None
    body = outline(result)
    return {
        "status": body["status"],
        "error": body["error"],
        "project": str(output) if "extract" in outputs else None,
        "notebook": {"path": spec.notebook, "digest": notebook.digest if notebook is not None else None},
        "findings": body["findings"],
        "parity": [asdict(p) for p in _parity(spec, result)],
        "fast_path": asdict(outputs["extract"].fast) if "extract" in outputs else None,
        "tests": asdict(proof.tests) if proof is not None else None,
        "metrics": outputs["run"].metrics if "run" in outputs else {},
        "mlflow": asdict(version) if version is not None else None,
        "image": asdict(image) if image is not None and "verify" in outputs else None,
        "steps": body["steps"],
    }


def _parity(spec: BuildSpec, result: JobResult) -> list[Parity]:
    outputs = result.outputs
    rows = _rows(outputs.get("run"))
    reasons = {r.name: r.reason or r.status for r in result.steps}

    def skipped(stage: Any, step: str, wanted: bool) -> Parity:
        reason = reasons.get(step, "not reached") if wanted else "not asked for"
        return Parity(stage, "skipped", rows, reason=reason)

    proof, logged, container = outputs.get("test"), outputs.get("log"), outputs.get("verify")
    return [
        proof.module if proof is not None else skipped("module", "test", True),
        logged.parity if logged is not None else skipped("mlflow", "log", spec.log),
        container if container is not None else skipped("container", "verify", spec.image is not None),
    ]


def _rows(record: RunRecord | None) -> int:
    from nb2prod.steps.proof import golden_rows

    return golden_rows(record) if record is not None else 0
