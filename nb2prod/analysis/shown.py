"""What is made only for someone to see, or written to a file: no value that the notebook goes on with.

print(scores)      plt.show()      labels.value_counts()      answers.to_csv("answers.csv")
"""

import ast

from nb2prod.analysis import effects
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.names import import_path, root_name


def is_display(graph: NotebookGraph, value: ast.expr) -> bool:
    """Whether an expression only shows something: ``print(…)``, ``plt.show()``."""
    if not isinstance(value, ast.Call):
        return isinstance(value, ast.Constant)
    function = value.func
    if isinstance(function, ast.Name) and function.id in {"print", "display"}:
        return True
    return graph.modules.get(root_name(function), "").split(".")[0] in effects.DISPLAY_MODULES


_SAVING_METHODS = frozenset(
    ("to_csv", "to_excel", "to_parquet", "to_json", "to_pickle", "to_feather", "to_sql", "to_hdf", "to_html",
     "to_markdown", "to_latex", "to_stata", "to_orc", "to_xml", "to_gbq", "tofile", "write")
)  # fmt: skip
_SAVING_FUNCTIONS = frozenset(("savetxt", "save", "savez", "dump", "to_csv", "writerow", "writerows"))
_TARGETS = frozenset(("path", "path_or_buf", "path_or_buffer", "excel_writer", "buf", "fname", "fid", "con"))


def is_saving(graph: NotebookGraph, value: ast.expr) -> bool:
    """Whether a call writes what it is given, or called on, to a file: ``answers.to_csv("answers.csv")``."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute | ast.Name):
        return False
    name = value.func.attr if isinstance(value.func, ast.Attribute) else value.func.id
    if (
        isinstance(value.func, ast.Attribute)
        and name in _SAVING_METHODS
        and not import_path(graph.imported, value.func)
    ):
        return bool(value.args) or any(k.arg in _TARGETS for k in value.keywords)
    return name in _SAVING_FUNCTIONS
