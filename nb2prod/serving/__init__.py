"""The service in front of a generated package. Imports nothing else of nb2prod.

    app = create_app(name="churn", load=Predictor.load, request=Request, answer=answer, golden=GOLDEN)

    request ─ body ─► bytes ─ decode ─► Request ─ worker ─► answer(predictor, Request) ─ encode ─► response
             limits           strict              one thread, bounded queue

    churn = load_predictor("churn"); churn.predict({"rows": [...]})       the same without HTTP

Both are imported on first use, so that `nb2prod.serving.probe` and `.ask`, which need the standard library
alone, start in a few milliseconds.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb2prod.serving.app import create_app as create_app
    from nb2prod.serving.inprocess import load_predictor as load_predictor

__all__ = ["create_app", "load_predictor"]


def __getattr__(name: str) -> Any:
    if name == "create_app":
        from nb2prod.serving.app import create_app

        return create_app
    if name == "load_predictor":
        from nb2prod.serving.inprocess import load_predictor

        return load_predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
