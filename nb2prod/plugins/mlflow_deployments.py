"""`mlflow deployments … -t nb2prod`: our image on the local engine, one container for each name.

The image is the one that was built of the same project as the model version. It answers on loopback only, with a key
that is made here and kept in a file that only its owner can read.
"""

import json
import os
import re
import secrets
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import click
import mlflow
from mlflow.deployments import BaseDeploymentClient, PredictionsResponse
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST

FLAVOR = "nb2prod"
PROJECT_TAG = "nb2prod.project"
_TIMEOUT_SECONDS = 60
_ENVELOPES = frozenset({"dataframe_split", "dataframe_records", "instances", "inputs"})


def target_help() -> str:
    return """\
nb2prod runs the image of a build as a container on this machine's Docker engine.

    mlflow deployments create  -t nb2prod --name churn -m models:/churn@champion -C port=8081
    mlflow deployments predict -t nb2prod --name churn -I rows.json        rows as records, or column by column
    mlflow deployments update  -t nb2prod --name churn -m models:/churn/7
    mlflow deployments get|delete -t nb2prod --name churn
    mlflow deployments list    -t nb2prod

Options (-C NAME=VALUE):
    port      on 127.0.0.1; the engine chooses one where it is not given
    image     the image (a tag or an id); else the one that was built of the model version's project
    memory    the most that the container may take, e.g. 2g [1g]

The service asks for a key (X-API-Key). It is made when the deployment is created and kept in a file that `create` and
`get` name, readable by its owner only.
"""


def run_local(name: str, model_uri: str, flavor: str | None = None, config: Any = None) -> None:
    """Run the container until Ctrl-C, with what it prints; nothing of it stays.

    MLflow calls it without the target, which its documentation names as the first argument.
    """
    from nb2prod.errors import Nb2ProdError
    from nb2prod.image.trial import trial_container

    _only(flavor, None)
    options = _options(config, {"image", "memory"})
    try:
        with trial_container(_image(model_uri, options), options.get("memory", "1g")) as trial:
            click.echo(f"{name}: {trial.url}, X-API-Key: {trial.key}; Ctrl-C ends it", err=True)
            for row in trial.lines():
                click.echo(row.decode(errors="replace"), err=True)
    except KeyboardInterrupt:
        return
    except Nb2ProdError as error:
        _refuse(str(error))


class DeploymentClient(BaseDeploymentClient):  # type: ignore[misc, unused-ignore]
    """Containers on the local engine; `name` is the deployment's. There are no endpoints."""

    def create_deployment(
        self, name: str, model_uri: str, flavor: str | None = None, config: Any = None, endpoint: Any = None
    ) -> dict[str, Any]:
        """Returns name, flavor, url and key_file once the service answers. Raises MlflowException."""
        _only(flavor, endpoint)
        options = _options(config, {"port", "image", "memory"})
        from nb2prod.image.deployments import find_deployment

        if _asking(find_deployment, name) is not None:
            _refuse(f"There is a deployment {name!r} already; update or delete it.", RESOURCE_ALREADY_EXISTS)
        key = secrets.token_urlsafe(32)
        made = _start(name, model_uri, options, key)
        return self._told(made, _keep_key(name, key))

    def update_deployment(
        self, name: str, model_uri: str | None = None, flavor: str | None = None, config: Any = None,
        endpoint: Any = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Put another image in its place, on the same port and with the same key. The new one has to answer first, on a
        port of its own; then there is a gap of some seconds, and where the new one fails after all, the old is back."""
        _only(flavor, endpoint)
        options = _options(config, {"port", "image", "memory"})
        from nb2prod.image.deployments import remove_deployment

        before = self._found(name)
        key = _key(name)
        image = _image(model_uri or before.model, options)
        port = options.get("port") or str(before.port or "")
        trial = f"{name[:56]}-trial"
        _asking(remove_deployment, trial)  # of an update that was killed
        _start(trial, model_uri or before.model, options | {"image": image, "port": ""}, key)
        _asking(remove_deployment, trial)
        _asking(remove_deployment, name)
        try:
            made = _start(name, model_uri or before.model, options | {"image": image, "port": port}, key)
        except MlflowException:
            _start(name, before.model, {"image": before.image, "port": str(before.port or "")}, key)
            raise
        return self._told(made, _key_file(name))

    def delete_deployment(self, name: str, config: Any = None, endpoint: Any = None) -> None:
        """Remove the container and its key; nothing happens where there is none."""
        _only(None, endpoint)
        _options(config, set())
        from nb2prod.image.deployments import remove_deployment

        _asking(remove_deployment, name)
        _key_file(name).unlink(missing_ok=True)

    def list_deployments(self, endpoint: Any = None) -> list[dict[str, Any]]:
        _only(None, endpoint)
        from nb2prod.image.deployments import list_deployments

        return [{"name": one.name, "url": one.url, "status": one.status} for one in _asking(list_deployments)]

    def get_deployment(self, name: str, endpoint: Any = None) -> dict[str, Any]:
        _only(None, endpoint)
        found = self._found(name)
        return asdict(found) | {"flavor": FLAVOR, "url": found.url, "key_file": str(_key_file(name))}

    def predict(self, deployment_name: str | None = None, inputs: Any = None, endpoint: Any = None) -> Any:
        """`inputs` is a DataFrame, or a body: one of MLflow's, or what /predict takes. Raises MlflowException."""
        _only(None, endpoint)
        found = self._found(deployment_name or "")
        if hasattr(inputs, "to_json"):
            inputs = {"dataframe_split": json.loads(inputs.to_json(orient="split", index=False, date_format="iso"))}
        path = "/invocations" if isinstance(inputs, dict) and _ENVELOPES & inputs.keys() else "/predict"
        request = urllib.request.Request(  # noqa: S310 - loopback
            found.url + path,
            json.dumps(inputs).encode(),
            {"Content-Type": "application/json", "X-API-Key": _key(found.name)},
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return PredictionsResponse(json.load(answer))
        except urllib.error.HTTPError as error:
            _refuse(f"{found.name} refused ({error.code}): {error.read(10_000).decode(errors='replace')}")
        except OSError as error:
            _refuse(f"{found.name} does not answer at {found.url}: {error}. It is {found.status}.")

    def _found(self, name: str) -> Any:
        from nb2prod.image.deployments import find_deployment

        found = _asking(find_deployment, name)
        if found is None:
            _refuse(f"There is no deployment {name!r}.", RESOURCE_DOES_NOT_EXIST)
        return found

    def _told(self, made: Any, key_file: Path) -> dict[str, Any]:
        click.echo(f"{made.name} answers at {made.url}; the key it asks for (X-API-Key) is in {key_file}", err=True)
        return {"name": made.name, "flavor": FLAVOR, "url": made.url, "key_file": str(key_file)}


def _start(name: str, model_uri: str, options: Mapping[str, str], key: str) -> Any:
    from nb2prod.image.deployments import start_deployment

    port = options.get("port") or None
    if port is not None and not (port.isdecimal() and 0 < int(port) < 65536):
        _refuse(f"port={port} is no port.", INVALID_PARAMETER_VALUE)
    return _asking(
        start_deployment, name, _image(model_uri, options), model=model_uri, key=key, port=int(port) if port else None,
        memory=options.get("memory", "1g"),
    )  # fmt: skip


def _image(model_uri: str, options: Mapping[str, str]) -> str:
    """The image that is named, else that of the model version's project."""
    from nb2prod.errors import Nb2ProdError
    from nb2prod.image.deployments import image_of_project
    from nb2prod.image.names import check_base_image

    if "image" in options:
        try:
            return check_base_image(options["image"])
        except Nb2ProdError as error:
            _refuse(str(error), INVALID_PARAMETER_VALUE)
    digest = _tags(model_uri).get(PROJECT_TAG)
    if not digest:
        _refuse(f"{model_uri} was not logged by nb2prod, or by an older one. Name its image: -C image=churn:latest.")
    image: str | None = _asking(image_of_project, digest)
    if image is None:
        _refuse(f"There is no image of {model_uri} on this engine. Build it: nb2prod build NOTEBOOK --image TAG.",
                RESOURCE_DOES_NOT_EXIST)  # fmt: skip
    return image


def _tags(model_uri: str) -> Mapping[str, str]:
    """The tags of the model version, or of the run, that a URI names."""
    client = mlflow.MlflowClient()
    if found := re.fullmatch(r"models:/([^/@]+)@([^/@]+)", model_uri):
        return dict(client.get_model_version_by_alias(found[1], found[2]).tags)
    if found := re.fullmatch(r"models:/([^/@]+)/(\d+)", model_uri):
        return dict(client.get_model_version(found[1], found[2]).tags)
    found = re.fullmatch(r"runs:/([^/]+)/.+", model_uri)
    if found is None:
        _refuse(f"{model_uri!r}: write models:/NAME@ALIAS, models:/NAME/VERSION or runs:/RUN/model.",
                INVALID_PARAMETER_VALUE)  # fmt: skip
    return dict(client.get_run(found[1]).data.tags)


def _options(config: Any, known: set[str]) -> dict[str, str]:
    given = {str(name): str(value) for name, value in dict(config or {}).items()}
    if unknown := sorted(given.keys() - known):
        _refuse(f"{unknown[0]!r} is no option here; known are: {', '.join(sorted(known)) or 'none'}.",
                INVALID_PARAMETER_VALUE)  # fmt: skip
    return given


def _only(flavor: str | None, endpoint: Any) -> None:
    if flavor not in (None, FLAVOR, "python_function"):
        _refuse(f"{flavor!r} is no flavor of nb2prod's.", INVALID_PARAMETER_VALUE)
    if endpoint is not None:
        _refuse("nb2prod has no endpoints; name the deployment.", INVALID_PARAMETER_VALUE)


def _key_file(name: str) -> Path:
    from platformdirs import user_state_path

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", name):
        _refuse(f"{name!r} cannot be the name of a deployment.", INVALID_PARAMETER_VALUE)
    return user_state_path("nb2prod") / "deployments" / f"{name}.key"


def _keep_key(name: str, key: str) -> Path:
    path = _key_file(name)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(key + "\n")
    return path


def _key(name: str) -> str:
    try:
        return _key_file(name).read_text(encoding="utf-8").strip()
    except OSError as error:
        _refuse(f"The key of {name} cannot be read ({error}). Delete the deployment and create it again.")


def _asking(function: Any, *given: Any, **named: Any) -> Any:
    """Ask the engine; what it refuses is said as MLflow says things."""
    from nb2prod.errors import Nb2ProdError

    try:
        return function(*given, **named)
    except Nb2ProdError as error:
        _refuse(str(error))


def _refuse(message: str, code: Any = None) -> NoReturn:
    raise MlflowException(message, error_code=code) if code is not None else MlflowException(message)
