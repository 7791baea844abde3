"""`%load_ext nb2prod`: the magic `%nb2prod` in JupyterLab, VS Code, Colab and IPython.

Nothing of it enters the user's namespace, its answers are shown and not returned, and what goes wrong is one clear
message.
"""

from typing import Any


def register(shell: Any) -> None:
    """Give the shell the magic; the rest is imported when it is used."""

    def nb2prod(line: str) -> None:
        """check, suggest, explain, convert or build this notebook; `%nb2prod` alone lists what there is."""
        from nb2prod.plugins.ipython_magics.commands import perform

        perform(shell, line)

    shell.register_magic_function(nb2prod, "line", "nb2prod")
