"""The tightest settings that a service must live with, the same for every container that is made of an image: to prove
it, to try it, to keep it running."""

from typing import Any

PORT = 8080
"""Of the service inside the image."""
MEMORY = "1g"
_LOG = {"max-size": "10m", "max-file": "3"}


def create_confined(
    client: Any, image: str, *, key: str, publish: int | None, memory: str = MEMORY, **more: Any
) -> str:
    """The id of a container of `image`, not yet started: read-only, without capabilities, of few processes.

    `key` opens the service, which therefore listens on all addresses, as it does in production. `publish`: the port on
    loopback, 0 for one that the engine chooses, None for a container without any network. `more` is what the engine's
    API calls the rest (`labels`, `name`). The user is the image's own: that it is not root is for `verify_image` to
    find out. Raises what the SDK raises.
    """
    network: dict[str, Any] = {"network_mode": "none"}
    if publish is not None:
        network = {"port_bindings": {PORT: ("127.0.0.1", publish) if publish else ("127.0.0.1",)}}
    made = client.create_container(
        image,
        environment={"NB2PROD_API_KEY": key},
        ports=None if publish is None else [PORT],
        host_config=client.create_host_config(
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=256,
            tmpfs={"/tmp": ""},  # noqa: S108  a path in the container
            mem_limit=memory,
            # What stays for months must not fill the disk with its log; and it can be read, whatever the engine's own.
            log_config={"type": "json-file", "config": _LOG},
            **network,
        ),
        **more,
    )
    return str(made["Id"])
