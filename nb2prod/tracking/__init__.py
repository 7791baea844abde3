"""MLflow: model versions logged, proven to reload, and given their alias. The only package that imports mlflow."""

from nb2prod.tracking.ahead import MLflow
from nb2prod.tracking.log import fetch_model, log_model, set_alias, version_exists
from nb2prod.tracking.store import check_store, default_tracking_uri
from nb2prod.tracking.verify import Compare, verify_model

__all__ = [
    "Compare",
    "MLflow",
    "check_store",
    "default_tracking_uri",
    "fetch_model",
    "log_model",
    "set_alias",
    "verify_model",
    "version_exists",
]
