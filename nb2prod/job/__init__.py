"""Steps, the runner that keeps their laws, and what is kept so that unchanged work is not done twice."""

from nb2prod.job.bug import Bug, bug_from
from nb2prod.job.runner import error_json, outline, run_job
from nb2prod.job.stamp import Stamper
from nb2prod.job.step import Job, JobResult, Outputs, Step, StepRecord, StepSkipped

__all__ = [
    "Bug",
    "Job",
    "JobResult",
    "Outputs",
    "Stamper",
    "Step",
    "StepRecord",
    "StepSkipped",
    "bug_from",
    "error_json",
    "outline",
    "run_job",
]
