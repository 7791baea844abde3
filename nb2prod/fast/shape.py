"""What a generated `predict` computes, where that is no more than calls on artifacts with the request's columns.

    self.model.predict_proba(rows)[:, 1]    ─►    ["column", ["call", ["model"], "predict_proba", null], 1]

The expression is JSON, as another process converts it:

    ["call", chain, method, columns]    the last artifact of a chain, given columns of the request (null: all)
    ["self", name]  ["global", name]    an artifact or a constant of the module that is no model
    ["constant", value]
    ["column", of, k]  ["method", name, of, arguments, keywords]  ["numpy", name, arguments, keywords]
    ["compare", operator, a, b]  ["arithmetic", operator, a, b]

and the whole is ``["records", {name: expression}]`` or ``["list", expression]``.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.serving.fast import METHODS as ARRAY_METHODS
from nb2prod.serving.fast import NUMPY

METHODS = frozenset({"predict", "predict_proba", "decision_function"})
COMPARISONS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
OPERATIONS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}

Expression = list[Any]


class NotDirectError(Exception):
    """The message is the piece of code that is something else than a call on an artifact."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The request, or some of its columns, or what the `transform` of artifacts made of them."""

    columns: tuple[str, ...] | None = None
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """A DataFrame made of expressions."""

    columns: Mapping[str, Expression]


Value = Rows | Frame | Expression


@dataclass(slots=True)
class _Reader:
    request: ValueSchema
    modules: Mapping[str, str]
    """Alias -> module, e.g. ``np`` -> ``numpy``."""
    values: dict[str, Value] = field(default_factory=dict)

    def read(self, node: ast.expr) -> Value:
        found = self._read(node)
        if found is None:
            raise NotDirectError(ast.unparse(node))
        return found

    def expression(self, node: ast.expr) -> Expression:
        value = self.read(node)
        if not isinstance(value, list):
            raise NotDirectError(ast.unparse(node))
        return value

    def _read(self, node: ast.expr) -> Value | None:
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as constant):
                return ["constant", constant]
            case ast.Name(id=name):
                return self.values.get(name, ["global", name])
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return ["constant", -number]
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                return ["self", name]
            case ast.Attribute(value=inner, attr="values"):
                rows = self.read(inner)
                return rows if isinstance(rows, Rows) else None
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in COMPARISONS:
                return ["compare", COMPARISONS[type(operator)], self.expression(left), self.expression(right)]
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
                return ["arithmetic", OPERATIONS[type(operation)], self.expression(left), self.expression(right)]
            case ast.Subscript(value=inner, slice=place):
                return self._part(self.read(inner), place)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                return self._call(node, inner, name)
        return None

    def _part(self, whole: Value, place: ast.expr) -> Value | None:
        if isinstance(whole, Rows):
            names = _texts(place)
            if names is None or whole.chain or self.request.kind != "frame":
                return None
            return replace(whole, columns=names)
        match place:
            case ast.Tuple(elts=[ast.Slice(lower=None, upper=None, step=None), column]) if isinstance(whole, list):
                number = self.read(column)
                if isinstance(number, list) and number[0] == "constant" and type(number[1]) is int:
                    return ["column", whole, number[1]]
        return None

    def _call(self, node: ast.Call, inner: ast.expr, name: str) -> Value | None:
        if isinstance(inner, ast.Name) and inner.id in self.modules and inner.id not in self.values:
            return self._library_call(node, self.modules[inner.id], name)
        of = self.read(inner)
        if isinstance(of, Rows):
            return of if name in ("copy", "to_numpy") and not node.args and not node.keywords else None
        if isinstance(of, Frame):
            return None
        if of[0] == "self" and len(node.args) == 1 and not node.keywords:
            given = self.read(node.args[0])
            if isinstance(given, Rows) and name == "transform":
                return replace(given, chain=(*given.chain, of[1]))
            if isinstance(given, Rows) and name in METHODS:
                columns = list(given.columns) if given.columns is not None else None
                return ["call", [*given.chain, of[1]], name, columns]
        if name in ARRAY_METHODS:
            return ["method", name, of, *self._arguments(node)]
        return None

    def _library_call(self, node: ast.Call, module: str, name: str) -> Value | None:
        if module == "numpy" and name in NUMPY:
            return ["numpy", name, *self._arguments(node)]
        match node:
            case ast.Call(args=[ast.Dict(keys=keys, values=values)], keywords=[]) if name == "DataFrame":
                names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
                if module == "pandas" and all(isinstance(each, str) for each in names):
                    made = [self.expression(value) for value in values]
                    return Frame(dict(zip((str(each) for each in names), made, strict=True)))
        return None

    def _arguments(self, node: ast.Call) -> tuple[list[Expression], dict[str, Expression]]:
        keywords: dict[str, Expression] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise NotDirectError(ast.unparse(node))
            keywords[keyword.arg] = self._argument(keyword.value)
        return [self._argument(each) for each in node.args], keywords

    def _argument(self, node: ast.expr) -> Expression:
        match node:  # a type: astype(int), astype(np.int64)
            case ast.Name(id="int" | "float" | "bool" as name) if name not in self.values:
                return ["constant", name]
            case ast.Attribute(value=ast.Name(id=module), attr=name) if self.modules.get(module) == "numpy":
                return ["constant", name]
        return self.expression(node)


def read_shape(source: str, schema: Schema) -> Expression:
    """The answer of ``Predictor.predict`` in `source` (predict.py). Raises NotDirectError."""
    if not schema.body_is_rows or schema.request[0].kind not in ("frame", "array"):
        raise NotDirectError(f"a request of kind {schema.request[0].kind}")
    if schema.request[0].index or schema.response.index:
        raise NotDirectError("a frame whose index is data")
    module = ast.parse(source)
    predict = next(n for n in ast.walk(module) if isinstance(n, ast.FunctionDef) and n.name == "predict")
    names = [argument.arg for argument in predict.args.args[1:]]
    reader = _Reader(schema.request[0], _modules(module), dict.fromkeys(names, Rows()))
    if len(names) != 1 or any(isinstance(n, ast.AsyncFunctionDef) for n in ast.walk(module)):
        raise NotDirectError(ast.unparse(predict.args))
    for statement in predict.body:
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                reader.values[name] = reader.read(value)
            case ast.Return(value=ast.expr() as value):
                return _answer(reader.read(value), schema, ast.unparse(value))
            case _:
                raise NotDirectError(ast.unparse(statement).splitlines()[0])
    raise NotDirectError("return")


def _answer(value: Value, schema: Schema, code: str) -> Expression:
    kind = schema.response.kind
    if isinstance(value, Frame) and kind == "frame":
        return ["records", dict(value.columns)]
    if isinstance(value, list) and kind in ("array", "series", "texts", "json"):
        return ["list", value]
    raise NotDirectError(code)


def _modules(module: ast.Module) -> dict[str, str]:
    return {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.Import)
        for alias in node.names
    }


def _texts(node: ast.expr) -> tuple[str, ...] | None:
    """The texts of a list that is written out."""
    if not isinstance(node, ast.List):
        return None
    names = [each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return tuple(names) if len(names) == len(node.elts) else None
