"""Converts a package's predict and asks both ways the same rows. A program of its own: it runs in the project's
environment, with the ONNX tools besides; nothing of nb2prod is there but `nb2prod.serving`.

Reads an order (JSON) from stdin, writes ``fast.onnx`` and ``fast.json`` to the folder it names and a verdict (JSON) to
stdout: ``{"reason": ...}`` where there is nothing to convert, else ``{"python": [...], "fast": [...]}``, one answer or
None for each row, and the seconds per row of each.
"""

import hashlib
import json
import os
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

LIMIT = 1e15
"""Numbers beyond it go to the notebook's own code: float32 inside of trees ends at 3e38, whole doubles at 9e15."""


class Shape:
    """Turns the expression of `nb2prod.fast.shape` into a graph and the expression over its outputs."""

    def __init__(self, predictor: Any, module: Any, order: dict[str, Any]) -> None:
        from onnx_graph import Column, Graph, Matrix, Table, Text

        self.predictor, self.module = predictor, module
        self.graph = Graph()
        self.outputs: dict[str, str] = {}
        self.numbers: list[Any] = list(order["numbers"])
        """What the input `numbers` holds: names of columns, or the expressions of ones that are made."""
        self.dtypes: dict[str, str] = order.get("dtypes", {})
        self.sent_as: dict[str, str] = order.get("sent_as", {})
        """What callers call columns that have another name here: the recipe reads rows, the graph is the notebook's."""
        self.columns: dict[str, Column] = {}
        for name in order["columns"]:
            group = "numbers" if name in order["numbers"] else "texts"
            self.columns[name] = Column(name, group, order[group].index(name))
        self.whole: Any = Table(tuple(self.columns.values()))
        if order["width"]:
            self.whole = Matrix("numbers", order["width"])
        elif order.get("kind") == "texts":
            self.whole = Text(None)

    def given(self, given: Any) -> Any:
        """The block that `given` of a call is. Raises NotConvertible."""
        from onnx_graph import Column, Table, Text
        from onnx_trees import NotConvertible

        match given:
            case None:
                return self.whole
            case {"series": ["rows"]}:
                return Text(None)
            case {"series": ["request", name]} if self.columns[name].group == "texts":
                return Text(name)
            case [*columns]:
                made: list[Column] = []
                for each in columns:
                    if isinstance(each, str):
                        made.append(self.columns[each])
                        continue
                    name, expression = each
                    if expression[0] == "request" and expression[1] in self.columns:
                        made.append(self.columns[expression[1]])
                        continue
                    expression = self.read(expression)
                    if expression not in self.numbers:
                        self.numbers.append(expression)
                    made.append(Column(name, "numbers", self.numbers.index(expression), made=True))
                return Table(tuple(made))
        raise NotConvertible("a series of something else than texts")

    def read(self, part: list[Any]) -> list[Any]:
        from onnx_graph import predict, transform
        from onnx_trees import NotConvertible

        match part:
            case ["call", chain, method, given]:
                given = self.given(given)
                for name in chain[:-1]:
                    given = transform(self.graph, getattr(self.predictor, name), given)
                made = predict(self.graph, getattr(self.predictor, chain[-1]), method, given)
                self.outputs[made.tensor] = made.tensor
                output = ["output", made.tensor]
                return output if made.labels is None else ["labels", output, list(made.labels)]
            case ["self", name]:
                return self._constant(name, getattr(self.predictor, name))
            case ["global", name, beside]:
                module = self.module if beside == "predict" else import_module(f"{self.module.__package__}.{beside}")
                return self._constant(name, getattr(module, name))
            case ["request", name]:
                return ["request", self.sent(name), self.dtypes.get(name, "object")]
            case ["attribute", name, of]:
                import pandas

                if hasattr(pandas.DataFrame, name):
                    raise NotConvertible(f"`.{name}`, which every frame has")
                return self.read(of)
            case ["isna", of]:
                return ["isna", self.read(of)]
            case ["isin" | "map" as kind, of, values]:
                return [kind, self.read(of), values]
            case ["column", of, number]:
                return ["column", self.read(of), number]
            case ["method", name, of, arguments, keywords]:
                given, named = [self.read(a) for a in arguments], {k: self.read(v) for k, v in keywords.items()}
                return ["method", name, self.read(of), given, named]
            case ["numpy", name, arguments, keywords]:
                given, named = [self.read(a) for a in arguments], {k: self.read(v) for k, v in keywords.items()}
                return ["numpy", name, given, named]
            case ["compare" | "arithmetic" as kind, sign, a, b]:
                return [kind, sign, self.read(a), self.read(b)]
        return part

    def sent(self, column: Any) -> Any:
        """A column by the name that it has in rows; all else, expressions among it, is as it is."""
        return self.sent_as.get(column, column) if isinstance(column, str) else column

    def _constant(self, name: str, value: Any) -> list[Any]:
        from onnx_trees import NotConvertible

        value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value
        if not isinstance(value, bool | int | float | str):
            raise NotConvertible(f"`{name}`, a {type(value).__name__}")
        return ["constant", value]


def build(shape: Shape, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The recipe and the graph. Raises NotConvertible."""
    from onnx import TensorProto, helper
    from onnx_graph import OPSETS

    kind, content = order["answer"]
    answer = [kind, shape.read(content) if kind == "list" else {k: shape.read(v) for k, v in content.items()}]
    inputs = []
    width = order["width"] or len(shape.numbers)
    if width:
        inputs.append(helper.make_tensor_value_info("numbers", TensorProto.DOUBLE, [None, width]))
    if order["texts"]:
        inputs.append(helper.make_tensor_value_info("texts", TensorProto.STRING, [None, len(order["texts"])]))
    for number in range(len(shape.graph.words)):
        inputs.append(helper.make_tensor_value_info(f"places_{number}", TensorProto.INT64, [None, None]))
        inputs.append(helper.make_tensor_value_info(f"counts_{number}", TensorProto.DOUBLE, [None, None]))
    read = {name for node in shape.graph.nodes for name in node.input}
    inputs = [each for each in inputs if each.name in read]
    outputs = [helper.make_empty_tensor_value_info(name) for name in shape.outputs]
    graph = helper.make_graph(shape.graph.nodes, "predict", inputs, outputs, shape.graph.constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    data = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    fed = {each.name for each in inputs}
    recipe = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "artifacts": order["artifacts"],
        "numbers": ("rows" if order["width"] else list(map(shape.sent, shape.numbers))) if "numbers" in fed else [],
        "texts": list(map(shape.sent, order["texts"])) if "texts" in fed else [],
        "single": order["single"],
        "present": list(map(shape.sent, order["texts"])),
        "words": [words | {"column": shape.sent(words["column"])} for words in shape.graph.words],
        "known": {shape.sent(name): values for name, values in shape.graph.known.items()},
        "limit": LIMIT,
        "outputs": list(shape.outputs),
        "answer": answer,
    }
    return recipe, data


def main() -> None:
    order = json.load(sys.stdin)
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    sys.path[:0] = [order["source"]]
    json.dump(convert(order), told, allow_nan=False)
    told.close()


def convert(order: dict[str, Any]) -> dict[str, Any]:
    from onnx_trees import NotConvertible

    from nb2prod.serving.fast import FastPathError, open_fast_path

    predict, schema = import_module(order["package"] + ".predict"), import_module(order["package"] + ".schema")
    predictor = predict.Predictor.load()

    def ask(rows: list[Any]) -> Any:
        return schema.response_to_json(predictor.predict(**schema.request_from_json({"rows": rows})))

    try:
        shape = Shape(predictor, predict, order)
        recipe, graph = build(shape, order)
        # Where the model refuses a row without a number, so does the recipe: its own code then says why.
        nullable = map(shape.sent, order["nullable"])
        recipe["present"] += [name for name in nullable if not _answers(ask, order["rows"][0], name)]
        path = open_fast_path(recipe, graph)
    except (NotConvertible, FastPathError) as error:
        return {"reason": str(error)}
    except Exception as error:  # a model in a state that nobody thought of: not converted, and the build goes on
        return {"reason": f"{type(error).__name__}: {str(error)[:200]}"}
    rows = order["rows"]
    python, started = _answers_of(ask, rows), time.perf_counter()
    ask(rows[:1])
    python_seconds = time.perf_counter() - started
    fast = [path.answer(SimpleNamespace(rows=[row])) for row in rows]
    together = path.answer(SimpleNamespace(rows=[row for row, one in zip(rows, fast, strict=True) if one is not None]))
    started = time.perf_counter()
    path.answer(SimpleNamespace(rows=rows[:1]))
    fast_seconds = time.perf_counter() - started
    folder = Path(order["folder"])
    (folder / "fast.onnx").write_bytes(graph)
    (folder / "fast.json").write_text(json.dumps(recipe, indent=1) + "\n", encoding="utf-8")
    return {
        "python": python,
        "fast": [one[0] if one is not None else None for one in fast],
        "together": together,
        "seconds": [python_seconds, fast_seconds],
    }


def _answers(ask: Any, row: Any, name: str) -> bool:
    try:
        ask([{**row, name: None}])
    except Exception:
        return False
    return True


def _answers_of(ask: Any, rows: list[Any]) -> list[Any]:
    """The answer for each row, None where the notebook's code raises."""
    try:
        return list(ask(rows))
    except Exception:  # one of them: by halving
        if len(rows) == 1:
            return [None]
        middle = len(rows) // 2
        return _answers_of(ask, rows[:middle]) + _answers_of(ask, rows[middle:])


if __name__ == "__main__":
    main()
