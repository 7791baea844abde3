"""The registered models of a store: their versions, aliases, metrics and origin; moving an alias."""

from dataclasses import dataclass
from typing import Any

from nb2prod.errors import InputError
from nb2prod.tracking.store import check_store, unreachable

MOST_MODELS = 200
MOST_VERSIONS = 100


@dataclass(frozen=True, slots=True)
class Version:
    """`created` is seconds since the epoch; `tags` and `parameters` are those of its run, as texts."""

    version: str
    aliases: tuple[str, ...]
    created: float
    run_id: str
    metrics: dict[str, float]
    parameters: dict[str, str]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """`versions` are the newest first."""

    name: str
    versions: tuple[Version, ...]


def list_models(tracking_uri: str) -> tuple[RegisteredModel, ...]:
    """Raises ToolError, UsageError where the store does not answer (see `check_store`)."""
    client = _client(tracking_uri)
    from mlflow.exceptions import MlflowException

    try:
        found = client.search_registered_models(max_results=MOST_MODELS, order_by=["name ASC"])
        return tuple(RegisteredModel(model.name, _versions(client, model)) for model in found)
    except MlflowException as error:
        raise unreachable(tracking_uri, str(error)) from error


def set_alias(tracking_uri: str, model: str, alias: str, version: str) -> str:
    """Let `alias` name `version`; the version that it named before, or empty.

    Raises InputError NB805 for a model or version that there is not, and what `list_models` raises.
    """
    client = _client(tracking_uri)
    from mlflow.exceptions import MlflowException

    try:
        client.get_model_version(model, version)
        before = dict(client.get_registered_model(model).aliases).get(alias, "")
        client.set_registered_model_alias(model, alias, version)
    except MlflowException as error:
        raise InputError(f"{model} version {version}: {error}", code="NB805", hint="Read the list again.") from error
    return str(before)


def _client(tracking_uri: str) -> Any:
    check_store(tracking_uri)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri, tracking_uri)


def _versions(client: Any, model: Any) -> tuple[Version, ...]:
    aliases: dict[str, list[str]] = {}
    for alias, number in dict(model.aliases).items():
        aliases.setdefault(str(number), []).append(alias)
    found = client.search_model_versions(
        f"name = '{model.name}'", max_results=MOST_VERSIONS, order_by=["version_number DESC"]
    )
    return tuple(_version(client, entry, aliases.get(str(entry.version), [])) for entry in found)


def _version(client: Any, entry: Any, aliases: list[str]) -> Version:
    from mlflow.exceptions import MlflowException

    metrics: dict[str, float] = {}
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    try:
        data = client.get_run(entry.run_id).data
        metrics, parameters = dict(data.metrics), dict(data.params)
        tags = {key: value for key, value in data.tags.items() if not key.startswith("mlflow.")}
    except MlflowException:  # the run was deleted; the version is still there
        pass
    created = entry.creation_timestamp / 1000
    return Version(str(entry.version), tuple(sorted(aliases)), created, entry.run_id, metrics, parameters, tags)
