"""What a job that did not come to its end has left: what is kept, where it stopped, what was not done."""

from dataclasses import dataclass

from nb2prod.progress import Progress


@dataclass(frozen=True, slots=True)
class Left:
    """`kept` are the steps that a resumed build does not do again, `stopped` the one it stopped in, or empty.

    `project` is the folder that was written, or empty; `logged` the version in MLflow, or empty. The image's tag moves
    in the last step only: where a job did not end well it names what it named before.
    """

    kept: tuple[str, ...]
    stopped: str
    project: str
    logged: str


def left_by(progress: Progress) -> Left:
    """Of a job that failed or was cancelled."""
    report = progress.report
    mlflow = report.get("mlflow") or {}
    kept = tuple(step.name for step in progress.steps if step.state in ("done", "unchanged"))
    stopped = next((step.name for step in progress.steps if step.state in ("failed", "cancelled", "running")), "")
    logged = f"{mlflow['model']} version {mlflow['version']}" if mlflow else ""
    return Left(kept, stopped, report.get("project") or "", logged)
