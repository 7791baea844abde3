"""Size above the base image: ours beside what `mlflow models generate-dockerfile` installs for the same model.

    python benchmarks/image_size.py IMAGE MODEL_URI [--base-image NAME]

IMAGE is a built one (churn:latest), MODEL_URI the model logged by the same build (models:/churn/1; the environment's
MLFLOW_TRACKING_URI says where). The Dockerfile that MLflow writes installs mlflow, gunicorn[gevent] and the model's
requirements by pip, and copies the model (mlflow/models/docker_utils.py, mlflow/models/container/__init__.py). The same
is done here, in a virtual environment on *our* base image, so that both stand on the same ground; nginx, which MLflow's
image adds by apt, is not counted against it. Both numbers are the engine's size of the image less that of the base, in
MB of 10^6 bytes. Needs a Docker engine and a package index. Without arguments it says so and ends.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from nb2prod.image.engine import connect

DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE} AS builder
RUN python3 -m venv --without-pip /venv
COPY requirements.txt /build/
RUN if [ -s /etc/ssl/certs/ca-certificates.crt ]; then export PIP_CERT=/etc/ssl/certs/ca-certificates.crt; fi \\
 && python3 -m pip --python /venv/bin/python install --no-cache-dir --timeout 180 -r /build/requirements.txt
FROM ${BASE_IMAGE}
COPY --from=builder /venv /venv
COPY model /opt/ml/model
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("image", nargs="?")
    parser.add_argument("model_uri", nargs="?")
    parser.add_argument("--base-image", default=os.environ.get("NB2PROD_BASE_IMAGE", "nb2prod-base:bookworm"))
    options = parser.parse_args()
    if not (options.image and options.model_uri):
        print("Not measured: give an image and its model, for example churn:latest models:/churn/1")
        return 0
    client = connect(600)
    below, image = client.inspect_image(options.base_image), client.inspect_image(options.image)
    layers = below["RootFS"]["Layers"]
    if image["RootFS"]["Layers"][: len(layers)] != layers:
        sys.exit(f"error: {options.image} was not built on {options.base_image}. Name its base with --base-image.")
    base = below["Size"]
    ours = image["Size"] - base
    with tempfile.TemporaryDirectory() as folder:
        requirements = stage_mlflow(options.model_uri, Path(folder))
        theirs = build_size(client, Path(folder), options.base_image) - base
    print(f"MB above {options.base_image} ({base / 1e6:.0f} MB)")
    for name, size in ((f"nb2prod: {options.image}", ours), ("mlflow models generate-dockerfile", theirs)):
        print(f"  {name:<40}{size / 1e6:>8.0f}")
    print(f"mlflow installs: {', '.join(requirements)}")
    return 0


def stage_mlflow(model_uri: str, folder: Path) -> list[str]:
    """Write the build context of what MLflow would install; the requirements in it, pins without their hashes."""
    import mlflow

    with tempfile.TemporaryDirectory() as downloads:
        model = Path(mlflow.artifacts.download_artifacts(model_uri, dst_path=downloads))
        shutil.copytree(model, folder / "model")
    lines = (folder / "model" / "requirements.txt").read_text().splitlines()
    wanted = [line.partition(" --hash")[0].rstrip(" \\") for line in lines if line[:1].isalnum()]
    requirements = [
        *(line for line in wanted if not line.startswith("mlflow==")),
        "gunicorn[gevent]",
        f"mlflow=={mlflow.__version__}",
    ]
    (folder / "requirements.txt").write_text("\n".join(requirements) + "\n")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return requirements


def build_size(client: Any, folder: Path, base_image: str) -> int:
    """The size in bytes of the image that `folder` describes."""
    image, lines = "", []
    for message in client.build(
        path=str(folder), buildargs={"BASE_IMAGE": base_image}, network_mode="host", rm=True, forcerm=True, decode=True
    ):
        lines.append(message.get("stream", ""))
        if "error" in message:
            sys.exit("".join(lines[-20:]) + message["error"])
        image = message.get("aux", {}).get("ID", image)
    return int(client.inspect_image(image)["Size"])


if __name__ == "__main__":
    sys.exit(main())
