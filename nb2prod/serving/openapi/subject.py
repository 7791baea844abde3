"""What the paths of every protocol are described from."""

from dataclasses import dataclass
from typing import Any

from nb2prod.serving.golden import Golden
from nb2prod.serving.layout import Layout
from nb2prod.serving.openapi.schemas import problems

REQUEST_ID = "0b6f2d9c4e1a4c58b0d3f7a2c9e81d64"


@dataclass(frozen=True, slots=True)
class Subject:
    """`request` is the schema of our own body, which refers to `components`; `example` is one of it with its answer,
    which only means something where the example `is_real`."""

    name: str
    version: str | None
    layout: Layout
    request: dict[str, Any]
    components: dict[str, Any]
    example: Golden
    is_real: bool
    needs_key: bool

    def element(self) -> dict[str, Any]:
        """The schema of one row; of the whole body where there are no rows."""
        if self.layout.kind == "fields":
            return self.request
        rows = self.components[self.request["$ref"].rpartition("/")[2]]["properties"]["rows"]
        schema: dict[str, Any] = rows["anyOf"][0]["items"] if "anyOf" in rows else rows.get("items", {})
        return schema

    def asked(self, path: str, content: dict[str, Any], answers: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The description of a POST that predicts: its body by media type, its answers and refusals by status."""
        flat = path.startswith("/v2")
        operation = {
            **more,
            "requestBody": {"required": True, "content": content},
            "responses": dict(sorted({**answers, **problems(flat=flat, needs_key=self.needs_key)}.items())),
        }
        if self.needs_key:
            operation["security"] = [{"bearer": []}, {"key": []}]
        return {"post": operation}
