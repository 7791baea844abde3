"""Fitted scikit-learn and LightGBM models as ONNX nodes in double precision.

Runs in the project's own environment (see `convert.py`), so it imports nothing of nb2prod. Common steps are written
here, as skl2onnx gives float32 (trees) or nodes without a kernel for doubles (imputers) where a prediction must agree
to nine digits; what is not here is left to skl2onnx. Either way nothing counts but the comparison that follows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx_trees import NotConvertible, forest_of
from onnx_words import dense, linear_of_words, weigh, words_of

OPSETS = {"": 21, "ai.onnx.ml": 5}
FORESTS = ("RandomForest", "ExtraTree", "DecisionTree", "GradientBoosting", "HistGradientBoosting", "LGBM", "Booster")


LINEAR = (
    "LinearRegression", "Ridge", "RidgeCV", "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "HuberRegressor",
    "LinearSVR", "SGDRegressor", "BayesianRidge", "Lars", "LassoLars",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of the request: its place in the input `numbers` or `texts`."""

    name: str
    group: str
    place: int
    made: bool = False
    """Of other columns, so that the request itself has no such value."""


@dataclass(frozen=True)
class Text:
    """A column of free text; None: the rows are texts themselves."""

    column: str | None


@dataclass(frozen=True)
class Sparse:
    """Words: their places (int64) and weights (double), rows by words; `width` is the size of the vocabulary, and the
    place `width` stands for no word."""

    places: str
    weights: str
    width: int


@dataclass(frozen=True)
class Table:
    """Columns of the request, before anything was done to them."""

    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Matrix:
    """Doubles, rows by `width`."""

    tensor: str
    width: int


Block = Table | Matrix | Text | Sparse


@dataclass
class Graph:
    """Nodes made so far, and what rows must be like for the graph to stand for the model."""

    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)
    known: dict[str, list[Any]] = field(default_factory=dict)
    """Columns in which a value that training never saw is an error of the model."""
    made: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    words: list[dict[str, Any]] = field(default_factory=list)
    """What counts words before the graph (`nb2prod.serving.words`), for the inputs `places_<n>` and `counts_<n>`."""
    count: int = 0

    def name(self, what: str) -> str:
        self.count += 1
        return f"{what}_{self.count}"

    def constant(self, values: Any, dtype: Any = np.float64) -> str:
        name = self.name("constant")
        values = np.asarray(values)
        if dtype is str:
            texts: Any = [str(each).encode() for each in values.ravel()]
            self.constants.append(helper.make_tensor(name, TensorProto.STRING, list(values.shape), texts))
        else:
            self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        output = self.name(operator.lower())
        domain = "ai.onnx.ml" if operator == "TreeEnsemble" else ""
        self.nodes.append(helper.make_node(operator, list(inputs), [output], domain=domain, **attributes))
        return output

    def gather(self, table: Table) -> str:
        """The values of columns of one group."""
        places = [column.place for column in table.columns]
        return self.add("Gather", table.columns[0].group, self.constant(places, np.int64), axis=1)

    def matrix(self, block: Block) -> Matrix:
        """Raises NotConvertible for a table with texts."""
        if isinstance(block, Matrix):
            return block
        if isinstance(block, Sparse):
            matrix: Matrix = dense(self, block)
            return matrix
        if isinstance(block, Text):
            raise NotConvertible("texts where numbers are needed")
        if any(column.group != "numbers" for column in block.columns):
            raise NotConvertible("texts where numbers are needed")
        return Matrix(self.gather(block), len(block.columns))

    def affine(self, given: Matrix, steps: Sequence[tuple[str, Any]]) -> Matrix:
        tensor = given.tensor
        for operator, values in steps:
            tensor = self.add(operator, tensor, self.constant(values))
        return Matrix(tensor, given.width)

    def join(self, blocks: Sequence[Block]) -> Block:
        if len(blocks) == 1:
            return blocks[0]
        matrices = [self.matrix(block) for block in blocks]
        joined = self.add("Concat", *(each.tensor for each in matrices), axis=1)
        return Matrix(joined, sum(each.width for each in matrices))


# ── Transformers ──────────────────────────────────────────────────────────────────────────────────────────────────────


def transform(graph: Graph, step: Any, given: Block) -> Block:
    """What `step.transform` makes of `given`. Raises NotConvertible."""
    if isinstance(step, str) and step == "passthrough":
        return given
    key = (id(step), given)
    if key not in graph.made:  # what several calls begin with is one piece of the graph
        kind = type(step).__name__
        if kind in _TRANSFORMERS:
            graph.made[key] = _TRANSFORMERS[kind](graph, step, given)
        else:
            graph.made[key] = _by_skl2onnx(graph, step, given, 0)[0]
    made: Block = graph.made[key]
    return made


def _pipeline(graph: Graph, step: Any, given: Block) -> Block:
    for _, each in step.steps:
        given = transform(graph, each, given)
    return given


def _by_columns(graph: Graph, step: Any, given: Block) -> Block:
    if not isinstance(given, Table):
        raise NotConvertible("a choice of columns of something else than the request")
    if getattr(step, "transformer_weights", None):
        raise NotConvertible("weights of transformers")
    blocks = []
    for _, each, chosen in step.transformers_:
        if isinstance(each, str) and each == "drop":
            continue
        columns = _chosen(chosen, given)
        if columns:
            if isinstance(chosen, str):
                if columns[0].group != "texts" or columns[0].made:
                    raise NotConvertible("a transformer that is given one column of numbers as a series")
                blocks.append(transform(graph, each, Text(columns[0].name)))
                continue
            blocks.append(transform(graph, each, Table(columns)))
    return graph.join(blocks)


def _chosen(chosen: Any, given: Table) -> tuple[Column, ...]:
    if isinstance(chosen, str):
        chosen = [chosen]
    if isinstance(chosen, slice):
        if isinstance(chosen.start or chosen.stop, str):
            raise NotConvertible("columns from one name to another")
        return given.columns[chosen]
    picked = list(chosen)
    if picked and all(isinstance(each, bool | np.bool_) for each in picked):
        return tuple(column for column, each in zip(given.columns, picked, strict=True) if each)
    by_name = {column.name: column for column in given.columns}
    return tuple(by_name[each] if isinstance(each, str) else given.columns[each] for each in picked)


def _imputer(graph: Graph, step: Any, given: Block) -> Block:
    if getattr(step, "add_indicator", False) or not _is_missing(step.missing_values):
        raise NotConvertible("an imputer that marks what it filled in, or fills other values than missing ones")
    if isinstance(given, Table) and all(column.group == "texts" for column in given.columns):
        return given  # a text that is missing never comes here
    matrix = graph.matrix(given)
    fill = np.asarray(step.statistics_, dtype=np.float64)
    if np.isnan(fill).any():
        raise NotConvertible("an imputer with a column that had no value")
    isnan = graph.add("IsNaN", matrix.tensor)
    return Matrix(graph.add("Where", isnan, graph.constant(fill.reshape(1, -1)), matrix.tensor), matrix.width)


def _is_missing(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ == "NAType"


def _standard(graph: Graph, step: Any, given: Block) -> Block:
    steps = [("Sub", step.mean_)] * bool(step.with_mean) + [("Div", step.scale_)] * bool(step.with_std)
    return graph.affine(graph.matrix(given), steps)


def _minmax(graph: Graph, step: Any, given: Block) -> Block:
    if step.clip:
        raise NotConvertible("a scaler that clips")
    return graph.affine(graph.matrix(given), [("Mul", step.scale_), ("Add", step.min_)])


def _maxabs(graph: Graph, step: Any, given: Block) -> Block:
    return graph.affine(graph.matrix(given), [("Div", step.scale_)])


def _robust(graph: Graph, step: Any, given: Block) -> Block:
    steps = [("Sub", step.center_)] * bool(step.with_centering) + [("Div", step.scale_)] * bool(step.with_scaling)
    return graph.affine(graph.matrix(given), steps)


def _selected(graph: Graph, step: Any, given: Block) -> Block:
    matrix, kept = graph.matrix(given), np.flatnonzero(step.get_support())
    return Matrix(graph.add("Gather", matrix.tensor, graph.constant(kept, np.int64), axis=1), len(kept))


def _pca(graph: Graph, step: Any, given: Block) -> Block:
    matrix = graph.affine(graph.matrix(given), [("Sub", step.mean_)])
    tensor = graph.add("MatMul", matrix.tensor, graph.constant(step.components_.T))
    made = Matrix(tensor, len(step.components_))
    return graph.affine(made, [("Div", np.sqrt(step.explained_variance_))]) if step.whiten else made


def _svd(graph: Graph, step: Any, given: Block) -> Block:
    tensor = _linear(graph, given, step.components_, np.zeros(len(step.components_)))
    return Matrix(tensor, len(step.components_))


def _one_hot(graph: Graph, step: Any, given: Block) -> Block:
    if getattr(step, "_infrequent_enabled", False):
        raise NotConvertible("infrequent categories taken together")
    if step.handle_unknown not in ("ignore", "error"):
        raise NotConvertible(f"handle_unknown={step.handle_unknown!r}")
    blocks: list[Block] = []
    dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(step.categories_)
    for columns, categories in _runs(given, step.categories_):
        equal = _compare(graph, step, columns, categories)
        width = sum(map(len, categories))
        first, kept = 0, []
        for column, values in zip(columns, categories, strict=True):
            drop = dropped[given.columns.index(column)] if isinstance(given, Table) else None
            kept += [first + place for place in range(len(values)) if place != drop]
            first += len(values)
        if len(kept) < width:
            equal = graph.add("Gather", equal, graph.constant(kept, np.int64), axis=1)
        blocks.append(Matrix(equal, len(kept)))
    return graph.join(blocks)


def _ordinal(graph: Graph, step: Any, given: Block) -> Block:
    if step.handle_unknown != "error" or getattr(step, "_infrequent_enabled", False):
        raise NotConvertible(f"OrdinalEncoder with handle_unknown={step.handle_unknown!r}")
    blocks: list[Block] = []
    for columns, categories in _runs(given, step.categories_):
        equal = _compare(graph, step, columns, categories)
        codes = np.zeros((sum(map(len, categories)), len(columns)))
        first = 0
        for place, values in enumerate(categories):
            codes[first : first + len(values), place] = np.arange(len(values))
            first += len(values)
        blocks.append(Matrix(graph.add("MatMul", equal, graph.constant(codes)), len(columns)))
    return graph.join(blocks)


def _runs(given: Block, categories: Sequence[Any]) -> list[tuple[list[Column], list[Any]]]:
    """Neighbouring columns of one group, with the categories of each."""
    if not isinstance(given, Table):
        raise NotConvertible("categories of something else than columns of the request")
    runs: list[tuple[list[Column], list[Any]]] = []
    for column, values in zip(given.columns, categories, strict=True):
        if any(_is_missing(value) for value in values):
            raise NotConvertible("a missing value as a category")
        if not runs or runs[-1][0][0].group != column.group:
            runs.append(([], []))
        runs[-1][0].append(column)
        runs[-1][1].append(values)
    return runs


def _compare(graph: Graph, step: Any, columns: Sequence[Column], categories: Sequence[Any]) -> str:
    """One double per category: 1 where the column has it."""
    repeated = [column for column, values in zip(columns, categories, strict=True) for _ in values]
    flat = [value for values in categories for value in values]
    if columns[0].group == "texts":
        if not all(isinstance(value, str) for value in flat):
            raise NotConvertible("categories of several types")
        constant = graph.constant(np.array([flat], dtype=object), str)
    else:
        constant = graph.constant([[float(value) for value in flat]])
    equal = graph.add("Equal", graph.gather(Table(tuple(repeated))), constant)
    if step.handle_unknown == "error":
        for column, values in zip(columns, categories, strict=True):
            if column.made:
                raise NotConvertible("categories of a column that is made of others")
            graph.known[column.name] = [value.item() if hasattr(value, "item") else value for value in values]
    return graph.add("Cast", equal, to=TensorProto.DOUBLE)


_TRANSFORMERS: dict[str, Callable[[Graph, Any, Any], Block]] = {
    "Pipeline": _pipeline,
    "ColumnTransformer": _by_columns,
    "SimpleImputer": _imputer,
    "StandardScaler": _standard,
    "MinMaxScaler": _minmax,
    "MaxAbsScaler": _maxabs,
    "RobustScaler": _robust,
    "PCA": _pca,
    "TruncatedSVD": _svd,
    "CountVectorizer": words_of,
    "TfidfVectorizer": words_of,
    "TfidfTransformer": weigh,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    **dict.fromkeys(
        ("SelectKBest", "SelectFromModel", "SelectPercentile", "VarianceThreshold", "RFE", "RFECV"), _selected
    ),
}


# ── Models ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Made:
    """A tensor of the answer; `labels` where it holds places in a list of them."""

    tensor: str
    labels: tuple[Any, ...] | None = None


def predict(graph: Graph, model: Any, method: str, given: Block) -> Made:
    """What `model.<method>` makes of `given`. Raises NotConvertible."""
    kind = type(model).__name__
    if kind == "Pipeline":
        for _, step in model.steps[:-1]:
            given = transform(graph, step, given)
        return predict(graph, model.steps[-1][1], method, given)
    if kind in ("GridSearchCV", "RandomizedSearchCV", "HalvingGridSearchCV"):
        return predict(graph, model.best_estimator_, method, given)
    key = (id(model), given)
    if key not in graph.made:  # so are probabilities and labels of one model
        graph.made[key] = _scores(graph, model, given if isinstance(given, Sparse) else graph.matrix(given))
    scores, proba, labels = graph.made[key]
    if method == "predict_proba" and proba is not None:
        return Made(proba)
    if method == "predict" and labels is not None:
        return Made(labels.tensor, labels.labels)
    if method == "decision_function" and scores is not None:
        return Made(scores)
    raise NotConvertible(f"{kind}.{method}")


Scores = tuple[str | None, str | None, Made | None]
"""The decision function, probabilities, and what `predict` gives."""


def _scores(graph: Graph, model: Any, given: Matrix | Sparse) -> Scores:
    kind = type(model).__name__
    if kind.startswith(FORESTS):
        return _forest(graph, model, graph.matrix(given))
    if kind in LINEAR:
        if np.ndim(model.coef_) > 1:
            raise NotConvertible("more than one target")
        raw = _linear(graph, given, model.coef_.reshape(1, -1), np.ravel(model.intercept_)[:1])
        return None, None, Made(_flat(graph, raw))
    if kind in ("LogisticRegression", "LogisticRegressionCV", "LinearSVC", "RidgeClassifier", "SGDClassifier"):
        raw = _linear(graph, given, np.atleast_2d(model.coef_), np.ravel(model.intercept_))
        binary = len(model.classes_) == 2
        proba = None
        if kind.startswith("LogisticRegression"):
            if not binary and getattr(model, "solver", "") == "liblinear":
                raise NotConvertible("one model per class")
            proba = _sigmoid(graph, raw) if binary else graph.add("Softmax", raw, axis=1)
        return (_flat(graph, raw) if binary else raw), proba, _labels(graph, raw, binary, 0.0, model.classes_)
    if kind in ("MultinomialNB", "ComplementNB") and len(model.classes_) > 1:
        prior = model.class_log_prior_ if kind == "MultinomialNB" else np.zeros(len(model.classes_))
        raw = _linear(graph, given, model.feature_log_prob_, prior)
        return None, graph.add("Softmax", raw, axis=1), _labels(graph, raw, False, 0.0, model.classes_)
    made = _by_skl2onnx(graph, model, graph.matrix(given), None)
    if hasattr(model, "classes_"):
        raise NotConvertible(f"{kind} has no converter")
    return None, None, Made(_flat(graph, made[0].tensor))


def _linear(graph: Graph, given: Block, coefficients: Any, intercept: Any) -> str:
    if isinstance(given, Sparse):
        made: str = linear_of_words(graph, given, coefficients, intercept)
        return made
    return graph.add("Gemm", graph.matrix(given).tensor, graph.constant(coefficients.T), graph.constant(intercept))


def _flat(graph: Graph, tensor: str) -> str:
    return graph.add("Reshape", tensor, graph.constant([-1], np.int64))


def _sigmoid(graph: Graph, raw: str) -> str:
    second = graph.add("Sigmoid", raw)
    return graph.add("Concat", graph.add("Sub", graph.constant([[1.0]]), second), second, axis=1)


def _labels(graph: Graph, scores: str, binary: bool, threshold: float, classes: Any) -> Made:
    if binary:
        above = graph.add("Greater", scores, graph.constant([[threshold]]))
        places = _flat(graph, graph.add("Cast", above, to=TensorProto.INT64))
    else:
        places = graph.add("ArgMax", scores, axis=1, keepdims=0)
    return Made(places, tuple(np.asarray(classes).tolist()))


def _forest(graph: Graph, model: Any, given: Matrix) -> Scores:
    forest, tensor = forest_of(model), given.tensor
    if forest.single:
        rounded = graph.add("Cast", tensor, to=TensorProto.FLOAT)
        tensor = graph.add("Cast", rounded, to=TensorProto.DOUBLE)
    raw = graph.add("TreeEnsemble", tensor, **forest.attributes())
    if forest.trees > 1:
        raw = graph.add("Div", raw, graph.constant([[float(forest.trees)]]))
    if any(forest.start):
        raw = graph.add("Add", raw, graph.constant([forest.start]))
    classes = getattr(model, "classes_", None)
    if forest.link == "complement":
        proba = graph.add("Concat", graph.add("Sub", graph.constant([[1.0]]), raw), raw, axis=1)
        return None, proba, _labels(graph, proba, False, 0.5, classes)
    if forest.link == "sigmoid" and classes is None:  # a LightGBM booster gives the probability itself
        return None, None, Made(_flat(graph, graph.add("Sigmoid", raw)))
    if forest.link == "sigmoid":
        proba = _sigmoid(graph, raw)
        return _flat(graph, raw), proba, _labels(graph, proba, False, 0.5, classes)
    if forest.link == "softmax":
        proba = graph.add("Softmax", raw, axis=1)
        return raw, proba, (Made(proba) if classes is None else _labels(graph, proba, False, 0.5, classes))
    if classes is not None:
        return None, raw, _labels(graph, raw, False, 0.5, classes)
    if forest.link == "exp":
        raw = graph.add("Exp", raw)
    return None, None, Made(_flat(graph, raw))


def _by_skl2onnx(graph: Graph, step: Any, given: Block, width: int | None) -> list[Matrix]:
    """The nodes of skl2onnx for a step that is not known here."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    matrix = graph.matrix(given)
    try:
        model = convert_sklearn(
            step, initial_types=[("X", DoubleTensorType([None, matrix.width]))], target_opset=OPSETS[""]
        )
    except Exception as error:
        raise NotConvertible(f"{type(step).__name__}: {type(error).__name__}") from None
    if any(opset.domain not in ("", "ai.onnx.ml") for opset in model.opset_import):
        raise NotConvertible(f"{type(step).__name__} needs operators of its own")
    names = {"X": matrix.tensor, "": ""}

    def renamed(name: str) -> str:
        return names.setdefault(name, graph.name("given"))

    for constant in model.graph.initializer:
        constant.name = renamed(constant.name)
        graph.constants.append(constant)
    for node in model.graph.node:
        inputs = [renamed(each) for each in node.input]
        outputs = [renamed(each) for each in node.output]
        del node.input[:], node.output[:]
        node.input.extend(inputs)
        node.output.extend(outputs)
        node.name = ""
        graph.nodes.append(node)
    output = model.graph.output[0]
    dims = output.type.tensor_type.shape.dim
    made = int(dims[1].dim_value) if len(dims) == 2 else 0
    if width is not None and not made:
        raise NotConvertible(f"{type(step).__name__}: how wide its answer is is not known")
    return [Matrix(renamed(output.name), made)]
