"""The image steps: build from a staged context, verify the container, and only then move the tag."""

import tempfile
from pathlib import Path

from nb2prod.environment import cache_folder, wheels_folder
from nb2prod.errors import GateError
from nb2prod.events import Cancel, Emit, Produced
from nb2prod.image import build_image, engine_status, stage_context, tag_image, verify_image
from nb2prod.image.engine import image_exists
from nb2prod.job.step import Outputs, StepSkipped
from nb2prod.model.report import ImageRecord, Parity
from nb2prod.model.run import RunRecord
from nb2prod.model.spec import BuildSpec
from nb2prod.parity import comparison
from nb2prod.steps.extract import Project
from nb2prod.steps.proof import golden_rows


def build_step_image(
    output: Path, project: Project, record: RunRecord, spec: BuildSpec, emit: Emit, cancel: Cancel
) -> ImageRecord:
    """Build the image without its tag. Raises StepSkipped where no engine answers."""
    status = engine_status()
    if not status.available:
        raise StepSkipped(f"{status.reason} {status.hint}".strip())
    assert spec.image is not None
    folder = wheels_folder(cache_folder())
    with tempfile.TemporaryDirectory(prefix="nb2prod-context-", dir=cache_folder()) as temporary:
        context = Path(temporary) / "context"
        stage_context(output, [folder / pin.wheel for pin in project.serving], context)
        return build_image(
            context,
            tag=spec.image,
            base_image=spec.base_image,
            platform=spec.platform,
            labels={
                "org.opencontainers.image.title": project.package,
                "io.nb2prod.project.digest": project.digest,
                "io.nb2prod.python": record.python_version,
            },
            emit=emit,
            cancel=cancel,
        )


def image_is_there(image: ImageRecord) -> bool:
    return engine_status().available and image_exists(image.digest)


def verify_step_image(outputs: Outputs, record: RunRecord, emit: Emit, cancel: Cancel) -> Parity:
    """Raises GateError NB714 where the container answers otherwise; the tag then stays where it was."""
    image: ImageRecord | None = outputs.get("image")
    if image is None:
        raise StepSkipped("no image was built: no Docker engine answers")
    golden = {"body": record.body, "predictions": record.predictions}
    parity = verify_image(
        image.digest, golden, rows=golden_rows(record), compare=comparison(record.schema), emit=emit, cancel=cancel
    )
    if parity.status == "different":
        raise GateError(
            f"the container answers otherwise than the notebook: {parity.reason}", code="NB714",
            hint="The image was not tagged.",
        )  # fmt: skip
    tag_image(image.digest, image.tag)
    emit(Produced("verify", "image", image.tag))
    return parity
