"""`jupyter nbconvert --to nb2prod`, and *Save and Export Notebook As* in JupyterLab: the notebook as one module.

Jupyter makes an exporter only to see whether it is there, so the work is imported when there is some.
"""

import json
from pathlib import Path
from typing import Any

from nbconvert.exporters.base import Exporter
from nbconvert.utils.exceptions import ConversionException


class RefusedNotebook(ConversionException):  # type: ignore[misc, unused-ignore]
    """The notebook cannot become a module; the message says why, with cell and line, and what to do."""


class ModuleExporter(Exporter):  # type: ignore[misc, unused-ignore]
    """Training and prediction as functions of one importable module, made without running the notebook.

    Preprocessors are not asked: cells that they take out would be missing from what the notebook means.
    """

    file_extension = ".py"
    output_mimetype = "text/x-python"

    def from_notebook_node(
        self, nb: Any, resources: Any | None = None, **_: Any
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        """The module's source. Raises RefusedNotebook."""
        from nb2prod.errors import Nb2ProdError
        from nb2prod.steps.single import module_from

        found = self._init_resources(resources)
        metadata = found["metadata"]
        path = Path(metadata.get("path") or "", f"{metadata.get('name') or 'notebook'}.ipynb")
        try:
            source = module_from(json.dumps(nb).encode(), path)
        except Nb2ProdError as error:
            raise RefusedNotebook(str(error)) from None
        return source, found
