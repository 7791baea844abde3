"""Counted words as ONNX nodes in double precision: weights as TF-IDF has them, linear models of few words out of many.

Runs in the project's own environment (see `convert.py`). The words are counted before the graph, by scikit-learn's own
analyzer, so that nothing has to agree about what a word is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx_trees import NotConvertible

if TYPE_CHECKING:
    from onnx_graph import Block, Graph, Matrix, Sparse

ANALYZER = ("strip_accents", "lowercase", "stop_words", "token_pattern", "ngram_range", "analyzer")
"""What says which words a text has."""
WIDEST = 5_000
"""Words of a vocabulary for which a row of zeros is not too much."""


def words_of(graph: Graph, step: Any, given: Block) -> Sparse:
    """A CountVectorizer, or a TfidfVectorizer. Raises NotConvertible."""
    from onnx_graph import Sparse, Text

    if not isinstance(given, Text):
        raise NotConvertible("words of something else than texts")
    if step.analyzer not in ("word", "char", "char_wb") or step.tokenizer or step.preprocessor or step.decode_error != (
        "strict"
    ):  # fmt: skip
        raise NotConvertible("a vectorizer with a function of its own")
    if step.input != "content" or not isinstance(step.stop_words, str | list | None):
        raise NotConvertible(f"{type(step).__name__} with input={step.input!r}")
    if not isinstance(step.strip_accents, str | None) or np.dtype(step.dtype) not in (np.float64, np.int64):
        raise NotConvertible(f"{type(step).__name__} of {np.dtype(step.dtype)}")
    options = {name: getattr(step, name) for name in ANALYZER}
    vocabulary = sorted(step.vocabulary_, key=step.vocabulary_.get)
    recipe = {"column": given.column, "analyzer": options, "vocabulary": vocabulary}
    if recipe not in graph.words:
        graph.words.append(recipe)
    number = graph.words.index(recipe)
    weights = f"counts_{number}"
    if step.binary:
        weights = graph.add("Where", _is_word(graph, weights), graph.constant(1.0), graph.constant(0.0))
    made = Sparse(f"places_{number}", weights, len(vocabulary))
    return weigh(graph, step, made) if hasattr(step, "idf_") or hasattr(step, "sublinear_tf") else made


def weigh(graph: Graph, step: Any, given: Block) -> Sparse:
    """TF-IDF of counts. Raises NotConvertible."""
    from onnx_graph import Sparse

    if not isinstance(given, Sparse):
        raise NotConvertible("TF-IDF of something else than words")
    weights = given.weights
    if step.sublinear_tf:
        more = graph.add("Add", graph.add("Log", weights), graph.constant(1.0))
        weights = graph.add("Where", _is_word(graph, weights), more, graph.constant(0.0))
    if step.use_idf:
        table = graph.constant(np.append(step.idf_, 0.0))
        weights = graph.add("Mul", weights, graph.add("Gather", table, given.places))
    if step.norm is not None:
        axis = graph.constant([1], np.int64)
        if step.norm == "l2":
            norm = graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", weights, weights), axis))
        else:
            norm = graph.add("ReduceSum", graph.add("Abs", weights), axis)
        weights = graph.add("Div", weights, graph.add("Where", _is_word(graph, norm), norm, graph.constant(1.0)))
    return Sparse(given.places, weights, given.width)


def linear_of_words(graph: Graph, given: Sparse, coefficients: Any, intercept: Any) -> str:
    """Rows by targets; `coefficients`: targets by words."""
    table = graph.constant(np.vstack([coefficients.T, np.zeros((1, len(coefficients)))]))
    taken = graph.add("Gather", table, given.places)  # rows, words, targets
    weights = graph.add("Unsqueeze", given.weights, graph.constant([2], np.int64))
    summed = graph.add("ReduceSum", graph.add("Mul", taken, weights), graph.constant([1], np.int64), keepdims=0)
    made: str = graph.add("Add", summed, graph.constant(np.ravel(intercept)))
    return made


def dense(graph: Graph, given: Sparse) -> Matrix:
    """Raises NotConvertible for too many words."""
    from onnx import TensorProto, helper
    from onnx_graph import Matrix

    if given.width > WIDEST:
        raise NotConvertible(f"a matrix of {given.width} words")
    rows = graph.add(
        "Slice", graph.add("Shape", given.places), graph.constant([0], np.int64), graph.constant([1], np.int64)
    )
    shape = graph.add("Concat", rows, graph.constant([given.width + 1], np.int64), axis=0)
    zeros = graph.add("ConstantOfShape", shape, value=helper.make_tensor("zero", TensorProto.DOUBLE, [1], [0.0]))
    filled = graph.add("ScatterElements", zeros, given.places, given.weights, axis=1)
    ends = (graph.constant([each], np.int64) for each in (0, given.width, 1))
    return Matrix(graph.add("Slice", filled, *ends), given.width)


def _is_word(graph: Graph, weights: str) -> str:
    above: str = graph.add("Greater", weights, graph.constant(0.0))
    return above
