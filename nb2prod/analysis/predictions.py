"""What is a prediction, and what only measures one: read off calls and data flow, not off names of variables.

    model.predict(X_test)                            a prediction call: the usual protocol, on a value of the notebook
    accuracy_score(y_test, model.predict(X_test))    an evaluation: it sets a prediction against the truth

The *truth* is what training fits its model to, and what was cut off or taken from the data the same way.
"""

import ast
from collections.abc import Iterator, Mapping

from nb2prod.analysis.graph import NotebookGraph, Path, Statement
from nb2prod.analysis.locals import Comprehension, FunctionNode
from nb2prod.analysis.names import import_path, kind_of, root_name
from nb2prod.analysis.nodes import children, walk
from nb2prod.analysis.shown import is_display

PREDICTING = frozenset(
    "predict predict_proba predict_log_proba decision_function score_samples forecast get_forecast predict_classes "  # noqa: SIM905
    "predict_on_batch kneighbors predict_survival_function predict_cumulative_hazard_function".split()
)
TRANSFORMING = frozenset({"transform", "inverse_transform"})
FITTING_TO_ROWS = frozenset({"fit_predict", "fit_transform"})
SCORING = frozenset({"score", "evaluate"})
CROSS_VALIDATING = frozenset({"cross_val_score", "cross_validate", "cross_val_predict"})
METRICS = ("sklearn.metrics", "imblearn.metrics", "torchmetrics", "keras.metrics", "tensorflow.keras.metrics",
            "statsmodels.tools.eval_measures", "seqeval", "evaluate", "sksurv.metrics")  # fmt: skip
_NOMETRICS = ("_similarity", "_distances", "_kernel", "pairwise")


def receiver_of(call: ast.Call) -> ast.expr:
    """What the call is made on: ``model`` in ``model.predict(X)`` and in ``model(X)``."""
    return call.func.value if isinstance(call.func, ast.Attribute) else call.func


def is_prediction_call(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    """``model.predict(X)``, ``net(x)``, a function of the notebook that makes such a call, or one written by hand."""
    return id(call) in graph.own_calls or is_protocol_call(graph, s, call)


def is_protocol_call(graph: NotebookGraph, s: Statement, call: ast.Call) -> bool:
    function, reads = call.func, graph.reads[s.number]
    root = root_name(function)
    if isinstance(function, ast.Attribute) and function.attr in PREDICTING:
        return bool(call.args or call.keywords or function.attr == "forecast") and root not in graph.imported
    if not (call.args or call.keywords):
        return False
    if not isinstance(function, ast.Name | ast.Subscript):
        return False
    contributors = reads.get(root, frozenset())
    if not contributors:
        return False
    kind = kind_of(graph, contributors)
    if kind == "feature" and isinstance(function, ast.Name):
        (number,) = contributors
        node = graph.definitions[number].node
        return not isinstance(node, ast.ClassDef) and any(
            isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in PREDICTING
            for n in walk(node)
        )
    return kind == "value" and _is_model(graph, contributors)


def _is_model(graph: NotebookGraph, contributors: frozenset[int]) -> bool:
    """Whether a value that is called is an instance of a class (``nn.Linear(4, 1)``, ``Net()``), and no loss."""
    for number in contributors:
        s = graph.statements[number]
        if not isinstance(s.node, ast.Assign) or not isinstance(s.node.value, ast.Call):
            continue
        function = s.node.value.func
        path = import_path(graph.imported, function)
        if path.rpartition(".")[2][:1].isupper() and not path.endswith("Loss"):
            return True
        made = graph.reads[number].get(root_name(function), frozenset())
        if any(n in graph.definitions and graph.definitions[n].is_class for n in made):
            return True
    return False


def prediction_calls(graph: NotebookGraph, s: Statement, node: ast.AST) -> Iterator[ast.Call]:
    """The prediction calls made as the statement runs, outermost first."""
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop(0)
        if isinstance(part, FunctionNode | ast.ClassDef):
            continue
        if isinstance(part, ast.Call) and is_prediction_call(graph, s, part):
            yield part
        pending += children(part)


class Predictions:
    """Which names of the inference cells hold a prediction, statement by statement, and which hold the truth."""

    def __init__(self, graph: NotebookGraph, statements: tuple[Statement, ...]) -> None:
        self.graph = graph
        self.truth = graph.truth
        self.held: dict[int, frozenset[str]] = {}
        """For each statement the names that held a prediction when it began."""
        self.measured: dict[int, frozenset[str]] = {}
        """And those that held what an evaluation gave."""
        self.predicts: dict[int, bool] = {}
        held: frozenset[str] = frozenset()
        measured: frozenset[str] = frozenset()
        for s in statements:
            self.held[s.number], self.measured[s.number] = held, measured
            self.predicts[s.number] = any(prediction_calls(graph, s, s.node))
            bound = s.facts.binds | s.facts.maybe | graph.surely[s.number].names
            value = getattr(s.node, "value", None)
            measured -= s.facts.binds
            if isinstance(value, ast.expr) and self.is_evaluation(s, value):
                measured |= s.facts.binds
                held -= s.facts.binds
            elif self.predicts[s.number] or s.facts.reads & held:
                held |= bound - {root_name(receiver_of(c)) for c in prediction_calls(graph, s, s.node)}
            else:
                held -= s.facts.binds

    @property
    def any(self) -> bool:
        return any(self.predicts.values())

    def holds(self, s: Statement, node: ast.AST, held: frozenset[str] | None = None) -> bool:
        """Whether the code makes a prediction or reads one; `held` are names that hold one, if others than before."""
        known = self.held[s.number] if held is None else held
        if known and any(isinstance(n, ast.Name) and n.id in known for n in walk(node)):
            return True
        return any(prediction_calls(self.graph, s, node))

    def is_evaluation(self, s: Statement, node: ast.expr, held: frozenset[str] | None = None) -> bool:
        """Whether the expression measures: a metric, a prediction set against the truth, a score of a model."""
        for part in walk(node):
            if isinstance(part, ast.Name) and part.id in self.measured[s.number]:
                return True
            if isinstance(part, ast.Call):
                if self.is_metric(part):
                    return True
                if isinstance(part.func, ast.Attribute) and part.func.attr in SCORING and len(part.args) > 1:
                    return True
            if isinstance(part, ast.Compare) and self._is_match(s, part, held):
                return True
        return self.holds(s, node, held) and self._reads_truth(node)

    def is_metric(self, call: ast.Call) -> bool:
        path = import_path(self.graph.imported, call.func)
        member = path.rpartition(".")[2]
        named = any(path == m or path.startswith(f"{m}.") for m in METRICS)
        return (named and not any(word in path for word in _NOMETRICS)) or member in CROSS_VALIDATING

    def _is_match(self, s: Statement, part: ast.Compare, held: frozenset[str] | None) -> bool:
        """``predictions == y``, where y is a value of its own."""
        if not isinstance(part.ops[0], ast.Eq | ast.NotEq):
            return False
        sides = (part.left, part.comparators[0])
        for one, other in (sides, sides[::-1]):
            name = root_name(other)
            value = name and kind_of(self.graph, self.graph.reads[s.number].get(name, frozenset())) == "value"
            if value and self.holds(s, one, held) and not self.holds(s, other, held):
                return name in self.truth or isinstance(other, ast.Attribute | ast.Subscript | ast.Name)
        return False

    def _reads_truth(self, node: ast.AST) -> bool:
        pending = [node]
        while pending:
            part = pending.pop()
            if isinstance(part, ast.Name) and part.id in self.truth:
                return True
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "fit":
                pending.append(part.func)  # what a model is fitted to measures nothing
            elif isinstance(part, ast.Call) and id(part) in self.graph.own_calls:
                pending.append(self.graph.own_calls[id(part)])  # nor does looking up neighbours among rows with labels
            else:
                pending += children(part)
        return False

    def part(self, s: Statement, root: ast.stmt) -> tuple[Path, ast.expr] | None:
        """The widest expression in a statement that holds what a prediction call gave and measures nothing."""
        found = [p for p in _expressions(root) if self._is_part(s, p[1])]
        return found[0] if found else None

    def _is_part(self, s: Statement, node: ast.expr) -> bool:
        if not any(prediction_calls(self.graph, s, node)) or self.is_evaluation(s, node):
            return False
        return not (isinstance(node, ast.Call) and is_display(self.graph, node))


def _expressions(root: ast.AST) -> Iterator[tuple[Path, ast.expr]]:
    """The expressions that a simple statement evaluates once, widest first, with the way to them."""
    pending: list[tuple[Path, ast.AST]] = [((), root)]
    while pending:
        path, node = pending.pop(0)
        if (
            isinstance(node, ast.expr)
            and path
            and not isinstance(node, ast.JoinedStr | ast.FormattedValue | ast.Starred)
        ):
            yield path, node
        if isinstance(node, FunctionNode | Comprehension | ast.BoolOp | ast.IfExp):
            continue
        for field, value in ast.iter_fields(node):
            if isinstance(value, ast.AST):
                pending.append(((*path, (field, None)), value))
            elif isinstance(value, list):
                pending += [((*path, (field, n)), v) for n, v in enumerate(value) if isinstance(v, ast.AST)]


def truth_names(graph: NotebookGraph) -> frozenset[str]:
    """Names of what models are fitted to, and of what was made the same way or in the same cut: `graph.truth`."""
    targets: set[str] = set()
    shapes: set[str] = set()
    for s in graph.statements:
        for call in s.facts.calls:
            if isinstance(call.func, ast.Attribute) and call.func.attr in ("fit", "partial_fit", "fit_transform"):
                given = [*call.args[1:2], *(k.value for k in call.keywords if k.arg in ("y", "labels", "target"))]
                targets |= {n for g in given if (n := root_name(_unwrapped(g)))}
                shapes |= {shape for g in given if (shape := _shape(g))}
        targets |= _loaded_targets(graph, s)
    shapes |= {shape for s in graph.statements for n, shape in _shapes(s).items() if n in targets}
    found = set(targets)
    for s in graph.statements:
        found |= _partners(s, targets)
        found |= {n for n, shape in _shapes(s).items() if shape in shapes}
    inputs = {
        root_name(call.args[0]) for s in graph.statements for call in s.facts.calls
        if call.args and isinstance(call.func, ast.Attribute) and call.func.attr in PREDICTING
    }  # fmt: skip
    return frozenset(found - inputs)


def label_columns(graph: NotebookGraph) -> frozenset[str]:
    """Columns that models are fitted to by name: ``model.fit(part[features], part["sales"])``."""
    calls = (c for s in graph.statements for c in s.facts.calls if isinstance(c.func, ast.Attribute))
    shapes = {_shape(c.args[1]) for c in calls if c.func.attr == "fit" and len(c.args) > 1}  # type: ignore[attr-defined]
    return frozenset(shape.strip("'") for shape in shapes if shape.startswith("'"))


def _loaded_targets(graph: NotebookGraph, s: Statement) -> set[str]:
    """What scikit-learn loads or cuts as labels: ``X, y = load_iris(return_X_y=True)``, ``iris.target``, the second of
    the two that `train_test_split` is given."""
    match s.node:
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Call() as call):
            path = import_path(graph.imported, call.func)
            whole = any(k.arg == "return_X_y" for k in call.keywords) and path.startswith("sklearn.datasets.")
            cut = path == "sklearn.model_selection.train_test_split" and len(call.args) == 2 and len(parts) == 4
            labels = parts[1:2] if whole and len(parts) == 2 else parts[2:] if cut else []
            return {part.id for part in labels if isinstance(part, ast.Name)}
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute(attr="target", value=ast.Name(id=bunch))):
            made = [graph.statements[n].node for n in graph.reads[s.number].get(bunch, frozenset())]
            loaded = [n.value.func for n in made if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
            return {name for f in loaded if import_path(graph.imported, f).startswith("sklearn.datasets.")}
        case _:
            return set()


def _unwrapped(node: ast.expr) -> ast.expr:
    """``y`` in ``y.values.ravel()`` and ``np.ravel(y)``."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
        node = node.args[0]
    return node


def _shapes(s: Statement) -> Mapping[str, str]:
    """A name -> how it was taken from data: ``y_train = train["label"]`` -> ``['label']``, ``y[:80]`` -> ``of y``."""
    match s.node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            pairs = [(name, value)]
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            pairs = [(t.id, v) for t, v in zip(targets, values, strict=False) if isinstance(t, ast.Name)]
        case _:
            return {}
    return {name: shape for name, value in pairs if (shape := _shape(value))}


def _shape(value: ast.expr) -> str:
    match value:
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return repr(key)
        case ast.Subscript(value=ast.Name(id=whole)) if not isinstance(value.slice, ast.Constant):
            return f"of {whole}"
        case ast.Subscript(value=ast.Attribute(value=ast.Name(id=whole), attr="iloc" | "loc")):
            return f"of {whole}"
        case ast.Attribute(attr=key, value=ast.Name()) if key != "values":
            return repr(key)
        case ast.Call(func=ast.Attribute(attr="pop"), args=[ast.Constant(value=str(key))]):
            return repr(key)
        case ast.Call(func=ast.Attribute(value=inner)) | ast.Attribute(value=inner):  # y_test = test["y"].values
            return _shape(inner)
        case _:
            return ""


def _partners(s: Statement, targets: set[str]) -> set[str]:
    """What was cut off together with a target: the other half of the pair that ``train_test_split`` gives."""
    match s.node:
        case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Call(args=given)) if len(parts) == 2 * len(given):
            names = [p.id if isinstance(p, ast.Name) else "" for p in parts]
            pairs = list(zip(names[::2], names[1::2], strict=True))
            return {n for pair in pairs if set(pair) & targets for n in pair if n}
        case ast.Assign(targets=[ast.Tuple(elts=[ast.Tuple(), *_] as halves)]):
            # (X_train, y_train), (X_test, y_test) = load_data()
            cuts = [h.elts for h in halves if isinstance(h, ast.Tuple)]
            rows = [[p.id if isinstance(p, ast.Name) else "" for p in parts] for parts in cuts]
            places = {r.index(t) for r in rows for t in targets if t in r}
            return {r[p] for r in rows for p in places if p < len(r)}
        case _:
            return set()
