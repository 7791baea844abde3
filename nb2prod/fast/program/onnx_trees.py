"""Tree ensembles as one ONNX node in double precision, as the library that trained them counts.

Runs in the project's own environment (see `convert.py`), so it imports nothing of nb2prod. skl2onnx's own converters
give float32, with which a value can fall on the other side of a split.

    RandomForest, ExtraTrees, DecisionTree    mean of the leaves; inputs rounded to float32, as scikit-learn does
    GradientBoosting                          start + rate * sum of the leaves; inputs rounded to float32
    HistGradientBoosting, LightGBM            start + sum of the leaves
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

LEQ = 0
"""BRANCH_LEQ: to the true branch where the feature is at most the threshold."""


@dataclass
class Forest:
    """Every tree of an ensemble, in the arrays of the operator TreeEnsemble (ai.onnx.ml 5).

    The output is `start` plus, for each target, the sum of the leaves that were reached; then `link` makes
    probabilities of it: "" (as it is), "sigmoid" (of one target, two classes), "softmax", "complement" (the target is
    the probability of the second class), "exp".
    """

    targets: int = 1
    start: list[float] = field(default_factory=lambda: [0.0])
    link: str = ""
    single: bool = False
    """Whether features are rounded to float32 before they are compared."""
    trees: int = 1
    """What the sum is divided by. After it, as scikit-learn does: votes add up without an error, so a tie is one."""
    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    splits: list[float] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    true_ids: list[int] = field(default_factory=list)
    true_leafs: list[int] = field(default_factory=list)
    false_ids: list[int] = field(default_factory=list)
    false_leafs: list[int] = field(default_factory=list)
    leaf_targets: list[int] = field(default_factory=list)
    leaf_weights: list[float] = field(default_factory=list)

    def node(self, feature: int, split: float, missing_goes_true: bool) -> int:
        self.features.append(int(feature))
        self.splits.append(float(split))
        self.missing.append(int(missing_goes_true))
        for numbers in (self.true_ids, self.true_leafs, self.false_ids, self.false_leafs):
            numbers.append(0)
        return len(self.features) - 1

    def leaf(self, target: int, weight: float) -> int:
        self.leaf_targets.append(target)
        self.leaf_weights.append(float(weight))
        return len(self.leaf_weights) - 1

    def link_child(self, node: int, on_true: bool, child: int, is_leaf: bool) -> None:
        ids, leafs = (self.true_ids, self.true_leafs) if on_true else (self.false_ids, self.false_leafs)
        ids[node], leafs[node] = child, int(is_leaf)

    def root_of_leaf(self, leaf: int) -> None:
        """A tree that is a leaf: a split both sides of which are that leaf."""
        node = self.node(0, 0.0, False)
        self.link_child(node, True, leaf, True)
        self.link_child(node, False, leaf, True)
        self.roots.append(node)

    def attributes(self) -> dict[str, Any]:
        from onnx import TensorProto, helper

        def doubles(name: str, values: list[float]) -> Any:
            return helper.make_tensor(name, TensorProto.DOUBLE, [len(values)], values)

        modes = np.zeros(len(self.features), dtype=np.uint8)
        return {
            "n_targets": self.targets,
            "aggregate_function": 1,  # the sum
            "post_transform": 0,
            "tree_roots": self.roots,
            "nodes_modes": helper.make_tensor("modes", TensorProto.UINT8, [len(modes)], modes.tobytes(), raw=True),
            "nodes_featureids": self.features,
            "nodes_splits": doubles("splits", self.splits),
            "nodes_missing_value_tracks_true": self.missing,
            "nodes_truenodeids": self.true_ids,
            "nodes_trueleafs": self.true_leafs,
            "nodes_falsenodeids": self.false_ids,
            "nodes_falseleafs": self.false_leafs,
            "leaf_targetids": self.leaf_targets,
            "leaf_weights": doubles("weights", self.leaf_weights),
        }


class NotConvertible(Exception):  # noqa: N818
    """The message says what the ensemble has that is not known here."""


def forest_of(model: Any) -> Forest:
    """Raises NotConvertible."""
    kind = type(model).__name__
    if kind.startswith(("RandomForest", "ExtraTrees", "DecisionTree", "ExtraTree")):
        return _mean(model)
    if kind.startswith("GradientBoosting"):
        return _boosted(model)
    if kind.startswith("HistGradientBoosting"):
        return _histogram(model)
    if kind.startswith("LGBM") or kind == "Booster":
        return _lightgbm(model)
    raise NotConvertible(f"{kind} has no converter")


def _mean(model: Any) -> Forest:
    trees = getattr(model, "estimators_", [model])
    if getattr(model, "n_outputs_", 1) != 1:
        raise NotConvertible("more than one output")
    classes = len(getattr(model, "classes_", ()))
    if classes == 1:
        raise NotConvertible("one class only")
    forest = Forest(single=True, trees=len(trees))
    if classes > 2:
        forest.targets, forest.start = classes, [0.0] * classes
    elif classes == 2:
        forest.link = "complement"
    for estimator in trees:
        tree = getattr(estimator, "tree_", estimator)
        values = tree.value[:, 0, :]
        if classes:
            values = values / values.sum(axis=1, keepdims=True)
        for target in range(forest.targets):
            column = 1 if classes == 2 else target
            _add_tree(forest, tree, values[:, column], target)
    return forest


def _boosted(model: Any) -> Forest:
    classes = len(getattr(model, "classes_", ()))
    grown = model.estimators_
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))[0]
    if getattr(model.init_, "predict", None) is not None and type(model.init_).__name__ not in (
        "DummyClassifier",
        "DummyRegressor",
    ):
        raise NotConvertible("its first estimate is a model of its own")
    forest = Forest(targets=grown.shape[1], start=[float(each) for each in start], single=True)
    if classes:
        if model.loss == "exponential":
            raise NotConvertible("exponential loss")
        forest.link = "softmax" if classes > 2 else "sigmoid"
    for stage in grown:
        for target, estimator in enumerate(stage):
            tree = estimator.tree_
            _add_tree(forest, tree, tree.value[:, 0, 0] * model.learning_rate, target)
    return forest


def _add_tree(forest: Forest, tree: Any, values: Any, target: int) -> None:
    left, right = tree.children_left, tree.children_right
    if left[0] == -1:
        forest.root_of_leaf(forest.leaf(target, values[0]))
        return
    to_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count, dtype=bool))
    ours = {
        number: forest.node(tree.feature[number], tree.threshold[number], bool(to_left[number]))
        for number in range(tree.node_count)
        if left[number] != -1
    }
    forest.roots.append(ours[0])
    for number, node in ours.items():
        for on_true, child in ((True, left[number]), (False, right[number])):
            if child in ours:
                forest.link_child(node, on_true, ours[child], False)
            else:
                forest.link_child(node, on_true, forest.leaf(target, values[child]), True)


def _histogram(model: Any) -> Forest:
    classes = len(getattr(model, "classes_", ()))
    if getattr(model, "is_categorical_", None) is not None and np.any(model.is_categorical_):
        raise NotConvertible("categorical features")
    if getattr(model, "_preprocessor", None) is not None:
        raise NotConvertible("features are encoded by the model itself")
    loss = type(model._loss).__name__
    links = {"HalfBinomialLoss": "sigmoid", "HalfMultinomialLoss": "softmax", "HalfSquaredError": "", "PinballLoss": "",
             "AbsoluteError": "", "HalfPoissonLoss": "exp", "HalfGammaLoss": "exp"}  # fmt: skip
    if loss not in links:
        raise NotConvertible(f"the loss {loss}")
    start = np.ravel(model._baseline_prediction)
    forest = Forest(targets=len(start), start=[float(each) for each in start], link=links[loss])
    if classes > 2 and len(start) != classes:
        raise NotConvertible("classes and trees do not match")
    for stage in model._predictors:
        for target, predictor in enumerate(stage):
            nodes = predictor.nodes
            if nodes[0]["is_leaf"]:
                forest.root_of_leaf(forest.leaf(target, nodes[0]["value"]))
                continue
            ours = {
                number: forest.node(each["feature_idx"], each["num_threshold"], bool(each["missing_go_to_left"]))
                for number, each in enumerate(nodes)
                if not each["is_leaf"]
            }
            forest.roots.append(ours[0])
            for number, node in ours.items():
                for on_true, child in ((True, int(nodes[number]["left"])), (False, int(nodes[number]["right"]))):
                    if child in ours:
                        forest.link_child(node, on_true, ours[child], False)
                    else:
                        forest.link_child(node, on_true, forest.leaf(target, nodes[child]["value"]), True)
    return forest


def _lightgbm(model: Any) -> Forest:
    booster = getattr(model, "booster_", model)
    dump = booster.dump_model()
    objective = str(dump.get("objective", "")).split(" ")[0]
    links = {"regression": "", "regression_l1": "", "huber": "", "quantile": "", "binary": "sigmoid",
             "multiclass": "softmax", "poisson": "exp", "tweedie": "exp", "gamma": "exp"}  # fmt: skip
    if objective not in links or dump.get("average_output") or "sqrt" in str(dump.get("objective")):
        raise NotConvertible(f"the objective {dump.get('objective')}")
    targets = int(dump["num_tree_per_iteration"])
    forest = Forest(targets=targets, start=[0.0] * targets, link=links[objective])
    if objective == "binary" and "sigmoid:1" not in str(dump["objective"]):
        raise NotConvertible("a scaled sigmoid")
    best = getattr(booster, "best_iteration", -1)
    trees = dump["tree_info"][: best * targets] if best and best > 0 else dump["tree_info"]
    for number, tree in enumerate(trees):
        root, is_leaf = _lightgbm_node(forest, tree["tree_structure"], number % targets)
        if is_leaf:
            forest.root_of_leaf(root)
        else:
            forest.roots.append(root)
    return forest


def _lightgbm_node(forest: Forest, node: dict[str, Any], target: int) -> tuple[int, bool]:
    if "split_index" not in node:
        return forest.leaf(target, node["leaf_value"]), True
    if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
        raise NotConvertible("splits by category, or zero taken as missing")
    # Without a type for missing values LightGBM takes NaN as 0.
    to_left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0.0
    ours = forest.node(node["split_feature"], node["threshold"], bool(to_left))
    for on_true, side in ((True, "left_child"), (False, "right_child")):
        child, is_leaf = _lightgbm_node(forest, node[side], target)
        forest.link_child(ours, on_true, child, is_leaf)
    return ours, False
