"""What an image is made of: its layers with their sizes, the base first."""

from dataclasses import dataclass

from nb2prod.image.engine import connect, engine_error


@dataclass(frozen=True, slots=True)
class Layer:
    """`made_by` is the instruction as the engine tells it, empty for a base whose history it does not know."""

    made_by: str
    size_bytes: int


def image_layers(image: str) -> tuple[Layer, ...]:
    """The layers of a tag or id that hold something. Raises ToolError: NB901 (no engine), NB909 (no such image)."""
    from docker.errors import DockerException

    client = connect()
    try:
        history = client.history(image)
    except (DockerException, OSError) as error:
        raise engine_error(error) from error
    finally:
        client.close()
    return tuple(Layer(_short(entry["CreatedBy"]), entry["Size"]) for entry in reversed(history) if entry["Size"])


def _short(made_by: str) -> str:
    """`COPY dir:46a1… in /venv` as `COPY /venv`, without the shell of the classic builder."""
    text = " ".join(made_by.split()).removeprefix("/bin/sh -c ").removeprefix("#(nop) ").removeprefix("|").strip()
    head, _, rest = text.partition(" ")
    if head in ("COPY", "ADD") and " in " in rest:
        return f"{head} {rest.rpartition(' in ')[2]}"
    return text.removesuffix("# buildkit").strip()[:200]
