"""`/predict` and the health of the service."""

from typing import Any

from nb2prod.serving.openapi.schemas import ID_HEADER, answer, ref
from nb2prod.serving.openapi.subject import REQUEST_ID, Subject


def paths(subject: Subject) -> dict[str, Any]:
    example = {
        "predictions": subject.example.predictions,
        "model": {"name": subject.name, "version": subject.version},
        "request_id": REQUEST_ID,
    }
    predict = subject.asked(
        "/predict",
        {"application/json": {"schema": subject.request, "example": subject.example.body}},
        {"200": {**answer("The predictions, in the order of the rows", ref("Answer"), example), "headers": ID_HEADER}},
        operationId="predict",
        summary=f"Predict with {subject.name}",
    )
    return {
        "/predict": predict,
        "/health/live": {"get": _health("live", "Whether the process answers", ())},
        "/health/ready": {"get": _health("ready", "Whether the model is loaded and warmed up", ("503",))},
    }


def _health(name: str, summary: str, also: tuple[str, ...]) -> dict[str, Any]:
    responses = {status: answer(summary, ref("Health")) for status in ("200", *also)}
    return {"operationId": f"health_{name}", "summary": summary, "responses": responses}
