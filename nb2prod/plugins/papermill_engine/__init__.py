"""The engine of ``papermill --engine nb2prod``: papermill loads this module whenever it starts.

So nothing of nb2prod is imported before the engine is used: a fault there must not break papermill.
"""

from typing import Any

from papermill.engines import Engine


class Nb2prodEngine(Engine):  # type: ignore[misc]
    """Runs the notebook once, and builds from that run what its settings say."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        """The executed notebook with a report at its end. Raises `BuildFailed` where the build failed; the output
        notebook is then written."""
        from nb2prod.plugins.papermill_engine.build import execute

        return execute(nb, kernel_name, output_path, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """As nb2prod chooses it; papermill itself refuses a notebook that names none."""
        return str(name or nb.metadata.get("kernelspec", {}).get("name") or "python3")

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:  # noqa: ARG003 - papermill's signature
        return language or "python"
