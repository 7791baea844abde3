"""Docker: whether an engine answers, building an image from a project, proving the container. The only part that speaks
to Docker.

    stage_context(project, wheels, folder)      an allow-list of files
    record = build_image(folder, tag=…)         an image without a name yet
    parity = verify_image(record.digest, …)     its container answers the golden rows
    tag_image(record.digest, record.tag)        now it has the name
"""

from nb2prod.image.build import build_image, tag_image
from nb2prod.image.context import stage_context
from nb2prod.image.engine import EngineStatus, engine_status
from nb2prod.image.names import check_base_image, check_platform, check_tag
from nb2prod.image.verify import verify_image

__all__ = [
    "EngineStatus",
    "build_image",
    "check_base_image",
    "check_platform",
    "check_tag",
    "engine_status",
    "stage_context",
    "tag_image",
    "verify_image",
]
