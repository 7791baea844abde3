"""What the cells of the job notebooks call (``templates/jobs``): each is one job, its report and its verdict.

result = build("churn.ipynb", image="churn:1")   # shows itself as tables and plots
result.gate()                                    # raises JobFailed where the job failed: papermill then exits with 1
"""

from nb2prod.plugins.job_notebooks.building import build, retrain
from nb2prod.plugins.job_notebooks.checking import check_folder
from nb2prod.plugins.job_notebooks.results import JobFailed, Result
from nb2prod.plugins.job_notebooks.scoring import score

__all__ = ["JobFailed", "Result", "build", "check_folder", "retrain", "score"]
