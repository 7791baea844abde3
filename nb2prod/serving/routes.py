"""Where each protocol is found, and its questions that are no predictions: is the model there, what does it take."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import nb2prod
from nb2prod.serving.decode import Decoder
from nb2prod.serving.problem import Problem
from nb2prod.serving.protocols import PredictionProtocol
from nb2prod.serving.protocols.invocations import Invocations
from nb2prod.serving.protocols.outputs import known_outputs
from nb2prod.serving.protocols.own import Own
from nb2prod.serving.protocols.v2 import OpenInference
from nb2prod.serving.protocols.v2_metadata import describe_model
from nb2prod.serving.service import Service
from nb2prod.serving.wire import encode


def prediction_paths(decoder: Decoder[Any], name: str) -> dict[str, PredictionProtocol]:
    """Where the model called `name` is asked, and in which protocol."""
    return {
        "/predict": Own(decoder),
        "/invocations": Invocations(decoder),
        f"/v2/models/{name}/infer": OpenInference(decoder),
    }


def without_version(path: str, service: Service[Any, Any]) -> str:
    """``/v2/models/churn/versions/7/infer`` is ``/v2/models/churn/infer`` while version 7 is live."""
    before, found, version = path.partition("/versions/")
    if not found or service.model is None or version != f"{service.model.version}/infer":
        return path
    return f"{before}/infer"


def question_routes(decoder: Decoder[Any], service: Service[Any, Any], name: str) -> list[Route]:
    """The routes of MLflow's and the Open Inference Protocol that are no predictions."""
    return [*_mlflow(service), *_open_inference(decoder, service, name)]


def _mlflow(service: Service[Any, Any]) -> list[Route]:
    async def ping(_: Request) -> Response:
        return Response(b"\n", 200 if service.status == "ready" else 503, media_type="application/json")

    async def version(_: Request) -> Response:
        return Response(f"nb2prod {nb2prod.__version__}", media_type="text/plain")

    return [Route("/ping", ping), Route("/health", ping), Route("/version", version)]


def _open_inference(decoder: Decoder[Any], service: Service[Any, Any], name: str) -> list[Route]:
    def check(http: Request) -> None:
        """Raises Problem 404 where the path names another model, or a version that is not the live one."""
        if http.path_params["model"] != name:
            raise Problem(404, "no_such_model", f"the model here is '{name}'")
        asked = http.path_params.get("version")
        if asked is not None and (service.model is None or asked != service.model.version):
            raise Problem(404, "no_such_version", "that version of the model is not live")

    async def infer(http: Request) -> Response:
        """Of a model that is not here: the others have been answered before."""
        check(http)
        raise Problem(404, "no_such_version", "that version of the model is not live")

    async def server(_: Request) -> Response:
        return _json({"name": "nb2prod", "version": nb2prod.__version__, "extensions": ["binary_tensor_data"]})

    async def live(_: Request) -> Response:
        return _json({"live": True})

    async def ready(_: Request) -> Response:
        is_ready = service.status == "ready"
        return _json({"ready": is_ready}, 200 if is_ready else 503)

    async def model_ready(http: Request) -> Response:
        check(http)
        is_ready = service.status == "ready"
        return _json({"name": name, "ready": is_ready}, 200 if is_ready else 503)

    async def describe(http: Request) -> Response:
        check(http)
        model = service.live_model()
        return _json(describe_model(decoder, model, known_outputs(model.golden)))

    routes = [Route("/v2", server), Route("/v2/health/live", live), Route("/v2/health/ready", ready)]
    for path in ("/v2/models/{model}", "/v2/models/{model}/versions/{version}"):
        routes += [
            Route(path, describe),
            Route(f"{path}/ready", model_ready),
            Route(f"{path}/infer", infer, methods=["POST"]),
        ]
    return routes


def _json(content: object, status: int = 200) -> Response:
    return Response(encode(content), status, media_type="application/json")
