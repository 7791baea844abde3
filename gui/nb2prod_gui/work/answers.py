"""What a child that answers once says where it has no answer."""

from nb2prod.errors import Nb2ProdError


def no_answer(error: Nb2ProdError) -> dict[str, object]:
    """``{"error": {"code", "message", "hint"}}``."""
    return {"error": {"code": error.code, "message": error.message, "hint": error.hint or ""}}
