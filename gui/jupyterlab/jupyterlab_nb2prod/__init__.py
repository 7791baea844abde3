"""The part of JupyterLab's extension that runs in the Jupyter server: it asks nb2prod, in processes of their own.

``routes`` are the addresses below ``/nb2prod``; ``asking`` asks the ``analyst`` about notebooks as they stand in the
editor; ``jobs`` runs builds by the command line's own job protocol. The interface is TypeScript, in ``src`` beside this
package.
"""

from typing import Any


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "../labextension", "dest": "jupyterlab-nb2prod"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "jupyterlab_nb2prod"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from jupyterlab_nb2prod.routes import add_routes

    add_routes(server.web_app)
