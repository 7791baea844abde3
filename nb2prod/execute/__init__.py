"""Running the notebook for real: papermill, parameters, and the capture that happens inside the kernel."""

from nb2prod.execute.record import dump_record, load_record
from nb2prod.execute.run import run_notebook

__all__ = ["dump_record", "load_record", "run_notebook"]
