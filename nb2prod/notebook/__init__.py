"""Reading a notebook: strict, fast, and never running anything.

bytes ─ decode_text ─► text ─ parse_json ─► document ─ check shape ─► cells ─ find_role, to_python ─► Notebook

What is not a notebook is refused with the reason (`InputError`, codes NB1xx, listed in docs/findings.md); what is
merely remarkable becomes a finding of the `Notebook`. nbformat and IPython are imported only for the rare file that
needs them.
"""

from nb2prod.notebook.ipython import to_python
from nb2prod.notebook.read import read_notebook
from nb2prod.notebook.roles import find_role

__all__ = ["find_role", "read_notebook", "to_python"]
