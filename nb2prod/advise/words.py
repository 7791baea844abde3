"""The words of the libraries that notebooks use: methods that fit, predict, measure, save and show."""

# ruff: noqa: SIM905  (sets of words read better as prose)

import ast

from nb2prod.analysis import effects
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.nodes import walk

FITTING = frozenset("fit fit_transform fit_predict fit_resample partial_fit train_on_batch fit_generator".split())
GIVING_ROWS = frozenset("fit_transform fit_predict fit_resample".split())
"""Fitting methods whose value is data, not what was fitted."""
PREDICTING = frozenset(
    "predict predict_proba predict_log_proba decision_function score_samples forecast get_forecast get_prediction "
    "predict_on_batch predict_classes predict_survival_function predict_expectation predict_median "
    "predict_partial_hazard kneighbors".split()
)
TRANSFORMING = frozenset("transform inverse_transform".split())
LOADING = frozenset("load_state_dict load_weights load_model".split())
"""Methods that put into a model what was learned elsewhere."""
STEPPING = frozenset("backward step".split())
"""Methods of a training loop written by hand."""

_TRAINERS = frozenset(
    "lightgbm.train xgboost.train catboost.train numpy.polyfit scipy.optimize.curve_fit scipy.optimize.minimize "
    "scipy.optimize.least_squares numpy.linalg.lstsq numpy.linalg.solve numpy.linalg.pinv numpy.linalg.inv "
    "numpy.linalg.svd scipy.sparse.linalg.svds pmdarima.auto_arima".split()
)
"""Functions whose value is what was learned."""

_CROSS_VALIDATING = frozenset("cross_val_score cross_validate cross_val_predict learning_curve".split())

SELECTING = frozenset(
    "drop copy head tail sample to_numpy to_list tolist reset_index set_index dropna drop_duplicates query filter "
    "sort_values sort_index reshape squeeze ravel flatten select_dtypes items keys values take get pop rename "
    "view astype numpy detach cpu to float long".split()
)
"""Methods that choose rows or columns, or give the same values in another form."""
CONVERTING = frozenset(
    "array asarray DataFrame Series concat train_test_split tensor from_numpy as_tensor FloatTensor LongTensor list "
    "tuple vstack hstack column_stack c_ Dataset TensorDataset DataLoader resample shuffle zip enumerate".split()
)
"""Functions of libraries that do the same."""
SUMMARISING = frozenset(
    "mean median mode std var min max sum count nunique unique quantile value_counts describe idxmax idxmin len "
    "shape corr cov agg aggregate info isnull isna".split()
)
"""Methods whose value is about all rows together."""


def called_name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def root_of(node: ast.AST) -> str:
    """The name that an expression like ``models["a"].best_.predict(x)`` begins with; empty where it has none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def library_path(graph: NotebookGraph, function: ast.expr) -> str:
    """The dotted path of an imported function, e.g. ``sklearn.metrics.r2_score``; empty for everything else."""
    parts: list[str] = []
    while isinstance(function, ast.Attribute):
        parts.insert(0, function.attr)
        function = function.value
    if not isinstance(function, ast.Name) or function.id not in graph.imported:
        return ""
    return ".".join([graph.imported[function.id], *parts])


def receiver(graph: NotebookGraph, call: ast.Call) -> ast.expr | None:
    """What a method is called on; None for functions, those of modules included."""
    if not isinstance(call.func, ast.Attribute) or library_path(graph, call.func):
        return None
    return call.func.value


def is_fit(graph: NotebookGraph, call: ast.Call) -> bool:
    """Whether the call is one of a library that learns from what it is given."""
    name = called_name(call)
    if isinstance(call.func, ast.Attribute) and name in FITTING and not library_path(graph, call.func):
        return True
    return is_trainer(graph, call)


def is_trainer(graph: NotebookGraph, call: ast.Call) -> bool:
    return library_path(graph, call.func) in _TRAINERS


def is_prediction(graph: NotebookGraph, call: ast.Call) -> bool:
    return called_name(call) in PREDICTING and receiver(graph, call) is not None


def is_transformation(graph: NotebookGraph, call: ast.Call) -> bool:
    return called_name(call) in TRANSFORMING and receiver(graph, call) is not None


def is_metric(graph: NotebookGraph, call: ast.Call) -> bool:
    """``accuracy_score(y, p)``, ``model.score(X, y)``, ``(p == y).mean()``, ``np.mean(p == y)``."""
    return is_metric_by_name(graph, call) or is_share(call)


def is_share(call: ast.Call) -> bool:
    """``(p == y).mean()``, ``np.abs(p - y).mean()``: a metric where one of them was predicted."""
    if called_name(call) not in ("mean", "sum"):
        return False
    nodes = list(walk(call))
    return any(isinstance(n, ast.Compare) or (isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)) for n in nodes)


def is_metric_by_name(graph: NotebookGraph, call: ast.Call) -> bool:
    path, name = library_path(graph, call.func), called_name(call)
    if "metrics" in path.split(".") or path.endswith("mean_absolute_error"):
        return True
    return name == "score" and receiver(graph, call) is not None and bool(call.args)


def is_cross_validation(graph: NotebookGraph, call: ast.Call) -> bool:
    return called_name(call) in _CROSS_VALIDATING and bool(library_path(graph, call.func))


def is_drawing(graph: NotebookGraph, call: ast.Call) -> bool:
    """``plt.plot(…)``, ``ax.scatter(…)``, ``sns.heatmap(…)``."""
    root = library_path(graph, call.func).split(".")[0]
    return root in ("matplotlib", "seaborn", "plotly", "bokeh", "altair") or (
        called_name(call) in _DRAWING and receiver(graph, call) is not None
    )


def is_display(graph: NotebookGraph, call: ast.Call) -> bool:
    """``plt.plot(…)``, ``ax.scatter(…)``, ``df.hist()``, ``print(…)``, ``df.head()``."""
    path = library_path(graph, call.func)
    if path.split(".")[0] in effects.DISPLAY_MODULES:
        return True
    name = called_name(call)
    if isinstance(call.func, ast.Name):
        return name in ("print", "display")
    return name in _DRAWING or root_of(call.func) == "display"


_DRAWING = frozenset(
    "plot scatter hist bar barh boxplot imshow contourf contour fill_between pcolormesh legend set_title set_xlabel "
    "set_ylabel tight_layout show savefig axhline axvline axline violinplot heatmap pie".split()
)
