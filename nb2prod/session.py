"""The kernel that this code runs in: which notebook it belongs to, as far as the program that started it tells.

    VS Code                 __vsc_ipynb_file__ in the user's namespace
    JupyterLab, Notebook    JPY_SESSION_NAME in the environment
    nb2prod's own run       NB2PROD_NOTEBOOK in the environment
    Colab                   nothing: the notebook is no file there

Standard library only, and quick: it is asked whenever MLflow starts a run.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RUN = "NB2PROD_NOTEBOOK"
"""What nb2prod sets for the kernel in which it runs a notebook."""


@dataclass(frozen=True, slots=True)
class Session:
    """`notebook` is the file the host names, which need not be there; None where it names none. `cell_id` and `source`
    are those of the cell that runs now, empty where they are not known. `inside_run`: nb2prod itself runs it."""

    host: str
    notebook: Path | None = None
    cell_id: str = ""
    source: str = ""
    inside_run: bool = False


def find_session(shell: Any = None) -> Session | None:
    """The session of `shell` (this process's, where None); None outside of IPython."""
    if shell is None:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return None
    cell, source = _cell_id(shell), _source(shell)
    named = os.environ.get(RUN)
    if named:
        return Session("nb2prod", Path(named), cell, source, True)
    if "google.colab" in sys.modules:
        return Session("Colab", None, cell, source)
    told = getattr(shell, "user_ns", {}).get("__vsc_ipynb_file__")
    if isinstance(told, str) and told:
        return Session("VS Code", Path(told), cell, source)
    told = os.environ.get("JPY_SESSION_NAME")
    return Session("Jupyter", Path(told) if told else None, cell, source)


def _cell_id(shell: Any) -> str:
    """JupyterLab and VS Code send it along with the code."""
    try:
        metadata = shell.get_parent()["metadata"]
        return str(metadata.get("cellId") or metadata.get("cell_id") or "")
    except Exception:  # another shell than a kernel's, or a host that sends no such thing
        return ""


def _source(shell: Any) -> str:
    try:
        return str(shell.history_manager.input_hist_raw[-1])
    except Exception:  # a shell without history
        return ""
