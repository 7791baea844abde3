"""What a generated `predict` computes, where that is no more than calls on artifacts with columns of the request, as
they are or as made row by row (`columns.py`).

    self.model.predict_proba(rows)[:, 1]    ─►    ["column", ["call", ["model"], "predict_proba", null], 1]

The expression is JSON, as another process converts it:

    ["call", chain, method, given]    the last artifact of a chain; `given`: null (the whole request), a list of
                                      columns (a name, or [name, expression]), or {"series": expression}
    ["self", name]  ["global", name, module]    an artifact or a constant that is no model
    ["constant", value]  ["request", column]  ["rows"]
    ["attribute", name, of]    ``frame.name``, if frames have no attribute of that name
    ["column", of, k]  ["method", name, of, arguments, keywords]  ["numpy", name, arguments, keywords]
    ["compare", operator, a, b]  ["arithmetic", operator, a, b]  ["isna", of]  ["map", of, pairs]  ["isin", of, values]

and the whole is ``["records", {name: expression}]`` or ``["list", expression]``. Functions of the notebook's own are
read where they are called.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nb2prod.fast.calls import Calls
from nb2prod.fast.columns import Expression, Frame, Labels, NotDirectError
from nb2prod.fast.expressions import Given, Value, is_answer
from nb2prod.fast.modules import read_module
from nb2prod.model.schema import Schema, ValueSchema

DEPTH = 8
"""Functions that call functions."""


@dataclass(slots=True)
class _Reader(Calls):
    """Reads a function, statement by statement."""

    def run(self, body: list[ast.stmt]) -> tuple[Value, ast.expr]:
        """What is returned, and the code of it. Raises NotDirectError."""
        for statement in body:
            match statement:
                case ast.Expr(value=ast.Constant()):
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.values[name] = self.read(value)
                case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name), attr=column)], value=value):
                    self._set_attribute(statement, name, column, value)
                case ast.Assign(targets=[ast.Subscript(value=inner, slice=place)], value=value):
                    self._set(statement, inner, place, self.read(value))
                case ast.AugAssign(target=ast.Subscript(value=inner, slice=place) as target, op=operation, value=value):
                    now = ast.BinOp(left=ast.Subscript(inner, place, ast.Load()), op=operation, right=value)
                    self._set(statement, target.value, place, self.read(ast.copy_location(now, statement)))
                case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="drop")) as call):
                    self._drop_in_place(statement, name, call)
                case ast.Return(value=ast.expr() as value):
                    return self.read(value), value
                case _:
                    raise NotDirectError(ast.unparse(statement).splitlines()[0])
        raise NotDirectError("return")

    def _set(self, statement: ast.stmt, inner: ast.expr, place: ast.expr, value: Value) -> None:
        frame, name = self.read(inner), self.known(place)
        if not isinstance(frame, Frame) or not isinstance(name, str) or not isinstance(value, list | Labels):
            raise NotDirectError(ast.unparse(statement).splitlines()[0])
        frame.columns[name] = value

    def _set_attribute(self, statement: ast.stmt, name: str, column: str, value: ast.expr) -> None:
        frame = self.values.get(name)
        if not isinstance(frame, Frame) or column not in frame.columns:
            raise NotDirectError(ast.unparse(statement).splitlines()[0])
        frame.columns[column] = ["attribute", column, self.expression(value)]

    def _drop_in_place(self, statement: ast.stmt, name: str, call: ast.Call) -> None:
        frame = self.values.get(name)
        rest = [keyword for keyword in call.keywords if keyword.arg != "inplace"]
        made = self.dropped(frame, replaced(call, rest)) if isinstance(frame, Frame) else None
        if made is None or not isinstance(frame, Frame) or len(rest) == len(call.keywords):
            raise NotDirectError(ast.unparse(statement).splitlines()[0])
        frame.columns = made.columns

    def call(self, node: ast.Call) -> Value | None:
        match node.func:
            case ast.Name(id=name) if name in self.module.functions and name not in self.values:
                return self._own_call(node, name)
            case ast.Attribute(value=inner, attr=name):
                return self.method_call(node, inner, name)
        return None

    def _own_call(self, node: ast.Call, name: str) -> Value:
        """A function of the notebook's own, read with what it is given."""
        home, function = self.module.functions[name]
        accepted = function.args
        names = [argument.arg for argument in (*accepted.args, *accepted.kwonlyargs)]
        inner = _Reader(self.request, home, self.plain, {}, self.depth + 1)
        for argument, default in zip(reversed(accepted.args), reversed(accepted.defaults), strict=False):
            inner.values[argument.arg] = inner.read(default)
        for argument, standard in zip(accepted.kwonlyargs, accepted.kw_defaults, strict=True):
            if standard is not None:
                inner.values[argument.arg] = inner.read(standard)
        positional = dict(zip([argument.arg for argument in accepted.args], node.args, strict=False))
        keywords = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
        passed = positional | keywords
        if (
            self.depth >= DEPTH
            or accepted.posonlyargs or accepted.vararg or accepted.kwarg or function.decorator_list
            or len(positional) != len(node.args) or len(keywords) != len(node.keywords)
            or positional.keys() & keywords.keys() or set(passed) - set(names)
        ):  # fmt: skip
            raise NotDirectError(ast.unparse(node))
        inner.values |= {argument: self.read(value) for argument, value in passed.items()}
        if set(names) - set(inner.values):
            raise NotDirectError(ast.unparse(node))
        return inner.run(function.body)[0]


def read_shape(
    source: str, schema: Schema, sources: Mapping[str, str] | None = None, plain: Mapping[str, Any] | None = None
) -> Expression:
    """The answer of ``Predictor.predict`` in `source` (predict.py). `sources` are the modules beside it, by name;
    `plain` the artifacts that are kept as JSON. Raises NotDirectError."""
    if not schema.body_is_rows or schema.request[0].kind not in ("frame", "array", "texts"):
        raise NotDirectError(f"a request of kind {schema.request[0].kind}")
    if schema.request[0].index or schema.response.index:
        raise NotDirectError("a frame whose index is data")
    module = read_module("predict", source, sources or {})
    syntax = ast.parse(source)
    predict = next(n for n in ast.walk(syntax) if isinstance(n, ast.FunctionDef) and n.name == "predict")
    names = [argument.arg for argument in predict.args.args[1:]]
    if len(names) != 1 or any(isinstance(n, ast.AsyncFunctionDef) for n in ast.walk(syntax)):
        raise NotDirectError(ast.unparse(predict.args))
    reader = _Reader(schema.request[0], module, plain or {}, {names[0]: _request(schema.request[0])})
    value, code = reader.run(predict.body)
    return _answer(value, schema, ast.unparse(code))


def _request(request: ValueSchema) -> Value:
    if request.kind == "frame":
        return Frame({column.notebook_name: ["request", column.notebook_name] for column in request.columns})
    return ["rows"] if request.kind == "texts" else Given()


def _answer(value: Value, schema: Schema, code: str) -> Expression:
    kind = schema.response.kind
    if isinstance(value, Frame) and kind == "frame" and all(isinstance(each, list) for each in value.columns.values()):
        if any(is_answer(each) for each in value.columns.values() if isinstance(each, list)):
            return ["records", dict(value.columns)]
    elif isinstance(value, list) and kind in ("array", "series", "texts", "json") and is_answer(value):
        return ["list", value]
    raise NotDirectError(code)


def replaced(call: ast.Call, keywords: list[ast.keyword]) -> ast.Call:
    return ast.copy_location(ast.Call(func=call.func, args=call.args, keywords=keywords), call)
