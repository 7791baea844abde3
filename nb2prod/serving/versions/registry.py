"""MLflow's registry, asked over HTTP: which version an alias names, and its files.

MLflow itself is not in the image (its import takes seconds and 100 MB). Asked are the server that
`MLFLOW_TRACKING_URI` names and its artifact proxy; credentials are MLflow's own variables.
"""

import base64
import json
import os
import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self

from nb2prod.serving.versions import RefusedVersionError

_REFERENCE = re.compile(r"models:/(?P<name>[^/:@]+)(?:@(?P<alias>[\w-]{1,255})|/(?P<version>\d{1,18}))")
_TIMEOUT = 30.0  # seconds without a byte
_API = "/api/2.0/mlflow"
_PROXY = "mlflow-artifacts:"


@dataclass(frozen=True, slots=True)
class Reference:
    """``models:/churn@champion`` or ``models:/churn/3``."""

    name: str
    alias: str | None
    version: str | None

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no reference."""
        found = _REFERENCE.fullmatch(text)
        return cls(found["name"], found["alias"], found["version"]) if found else None


class Registry:
    """A tracking server. Calls wait for the network: not for the event loop. All raise RefusedVersionError."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Raises ValueError where `MLFLOW_TRACKING_URI` names no server."""
        self._base = environment.get("MLFLOW_TRACKING_URI", "").rstrip("/")
        if urllib.parse.urlsplit(self._base).scheme not in ("http", "https"):
            raise ValueError("MLFLOW_TRACKING_URI must name a tracking server (http or https) to load models from it")
        self._headers = _credentials(environment)
        self._opener = urllib.request.build_opener(_NoRedirect)

    def version_of(self, reference: Reference) -> str:
        """The version's number."""
        if reference.version is not None:
            return reference.version
        query = {"name": reference.name, "alias": reference.alias}
        found = self._ask(f"{_API}/registered-models/alias", query)
        return str(found["model_version"]["version"])

    def fetch(self, name: str, version: str, folder: Path) -> None:
        """Write the files of a version into `folder`."""
        where = self._ask(f"{_API}/model-versions/get-download-uri", {"name": name, "version": version})
        uri = str(where["artifact_uri"])
        if not uri.startswith(_PROXY):
            raise RefusedVersionError(
                "registry_failed", "its files are not behind the tracking server (--serve-artifacts)"
            )
        root = urllib.parse.urlsplit(uri).path.strip("/")
        waiting = [PurePosixPath()]
        while waiting:
            inside = waiting.pop()
            listed = self._ask(f"{_API}-artifacts/artifacts", {"path": str(root / inside)}).get("files", [])
            for file in listed:
                name_here = PurePosixPath(str(file["path"])).name
                if name_here in ("", ".", ".."):
                    raise RefusedVersionError("registry_failed", "the server names a file that cannot be")
                if file.get("is_dir"):
                    waiting.append(inside / name_here)
                else:
                    self._download(f"{root}/{inside / name_here}", folder / inside / name_here)

    def _download(self, path: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._open(f"{_API}-artifacts/artifacts/{urllib.parse.quote(path)}") as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)

    def _ask(self, path: str, query: Mapping[str, str | None]) -> dict[str, Any]:
        with self._open(f"{path}?{urllib.parse.urlencode(query)}") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def _open(self, path: str) -> Any:
        request = urllib.request.Request(self._base + path, headers=self._headers)  # noqa: S310 - http or https
        try:
            return self._opener.open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as error:
            if error.code in (400, 404):  # an alias that is not there is 400
                raise RefusedVersionError(
                    "no_such_version", "the registry has no such model, version or alias"
                ) from None
            raise RefusedVersionError("registry_failed", f"the tracking server answers {error.code}") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise RefusedVersionError("registry_failed", f"the tracking server does not answer: {reason}") from None


def check_watch(alias: str | None) -> None:
    """Raises ValueError where `NB2PROD_WATCH` is no alias, or there is no registry to ask."""
    if alias is None:
        return
    reference = Reference.parse(alias)
    if reference is None or reference.alias is None:
        raise ValueError(f"NB2PROD_WATCH={alias!r} is not of the form models:/NAME@ALIAS")
    Registry()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Credentials are for the server that was named."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _credentials(environment: Mapping[str, str]) -> dict[str, str]:
    if token := environment.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    user, password = environment.get("MLFLOW_TRACKING_USERNAME"), environment.get("MLFLOW_TRACKING_PASSWORD")
    if user and password:
        return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}
    return {}
