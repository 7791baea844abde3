"""GraphQL, an option: `NB2PROD_GRAPHQL=1` and the package graphql-core. `POST /graphql`.

    query ($rows: [Row!]!) { predict(rows: $rows) { predictions requestId model { name version } } }

Names that GraphQL cannot spell are spelled with underscores (``sepal_length``); an input's description has the real
one. Values are looked at by the rules of `/predict` and are never repeated in an error.
"""

import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nb2prod.serving.access import Access
from nb2prod.serving.body import check_headers, read_body
from nb2prod.serving.decode import Decoder
from nb2prod.serving.service import Service
from nb2prod.serving.settings import Settings
from nb2prod.serving.telemetry import Observer


def graphql_route(
    decoder: Decoder[Any], service: Service[Any, Any], access: Access, observer: Observer, settings: Settings
) -> Route:
    """Raises RuntimeError where graphql-core is not installed."""
    try:
        from nb2prod.serving.graphql.execute import GraphQL
    except ModuleNotFoundError as error:
        if error.name != "graphql":
            raise
        raise RuntimeError("NB2PROD_GRAPHQL is set, which needs the package graphql-core") from None
    asked = GraphQL(decoder)

    async def graphql(http: Request) -> Response:
        started = time.perf_counter_ns()
        http.state.caller = caller = access.admit(http.scope["headers"], "predict").id
        model = service.live_model()
        limit = settings.max_body_bytes
        check_headers(http.headers.raw, limit, frozenset({"application/json"}))
        body = await read_body(http.receive, limit=limit, seconds=settings.body_seconds)
        request_id: str = http.state.request_id

        async def predict(request: Any) -> dict[str, Any]:
            decoded = time.perf_counter_ns()
            predictions = await service.predict(model, request, request_id, lambda given: given)
            observer.prediction(
                *("graphql", request_id, caller, model, request, predictions, len(body)),
                *(started, decoded, time.perf_counter_ns(), http.scope["headers"]),
            )
            return {"predictions": predictions, "requestId": request_id, "model": model.label}

        status, content = await asked.answer(body, predict, model.label)
        return Response(content, status, media_type="application/json")

    return Route("/graphql", graphql, methods=["POST"])
