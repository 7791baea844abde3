"""Expressions of a generated `predict`, read without running it: columns of the request, models asked with them."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nb2prod.fast.columns import Expression, Frame, Labels, NotDirectError, Plain
from nb2prod.fast.modules import Module
from nb2prod.model.schema import ValueSchema

COMPARISONS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
OPERATIONS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|"}
BY_A_CONSTANT = {ast.FloorDiv: "//", ast.Mod: "%"}
"""By zero pandas and numpy differ."""
NUMBERS = {"pi": 3.141592653589793, "e": 2.718281828459045}
TEXTS = ("str", "object", "string", "category")


@dataclass(frozen=True, slots=True)
class Given:
    """What goes to a model: columns as in an expression's `given`, and the artifacts whose `transform` came before."""

    columns: Any = None
    chain: tuple[str, ...] = ()


Value = Given | Frame | Labels | Plain | Expression


@dataclass(slots=True)
class Expressions:
    """Reads the expressions of one function; `values` are its names, `plain` the artifacts that are JSON."""

    request: ValueSchema
    module: Module
    plain: Mapping[str, Any]
    values: dict[str, Value] = field(default_factory=dict)
    depth: int = 0

    def call(self, node: ast.Call) -> Value | None:
        """None for a call that is not known."""
        raise NotImplementedError

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
                return self._name(name)
            case ast.List() | ast.Dict():
                try:
                    return Plain(ast.literal_eval(node))
                except (ValueError, TypeError):
                    return None
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return ["constant", -number]
            case ast.UnaryOp(op=ast.USub() | ast.Invert() as operator, operand=operand):
                name = "negative" if isinstance(operator, ast.USub) else "invert"
                return ["numpy", name, [self.expression(operand)], {}]
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                kept = self.plain.get(name)
                return Plain(kept) if isinstance(kept, list | dict) else ["self", name]
            case ast.Attribute(value=ast.Name(id=module), attr="pi" | "e" as name) if self._is_numpy(module):
                return ["constant", NUMBERS[name]]
            case ast.Attribute(value=inner, attr=name):
                return self._attribute(self.read(inner), name)
            case ast.Compare(left=left, ops=[operator], comparators=[right]) if type(operator) in COMPARISONS:
                return ["compare", COMPARISONS[type(operator)], self.expression(left), self.expression(right)]
            case ast.BinOp(left=left, op=operation, right=right) if type(operation) in OPERATIONS:
                return ["arithmetic", OPERATIONS[type(operation)], self.expression(left), self.expression(right)]
            case ast.BinOp(left=left, op=operation, right=ast.Constant(value=int() | float() as by)) if by:
                sign = BY_A_CONSTANT.get(type(operation))
                return ["arithmetic", sign, self.expression(left), ["constant", by]] if sign else None
            case ast.Subscript(value=inner, slice=place):
                return self._part(self.read(inner), place)
            case ast.Call():
                return self.call(node)
        return None

    def _is_numpy(self, name: str) -> bool:
        return self.module.modules.get(name) == "numpy" and name not in self.values

    def _name(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        match self.module.constants.get(name):
            case list() | dict() as value:
                return Plain(value)
            case bool() | int() | float() | str() as value:
                return ["constant", value]
        return ["global", name, self.module.name]

    def known(self, node: ast.expr) -> Any:
        """A text, list or dict that is known here; None otherwise."""
        value = self._read(node)
        if isinstance(value, list) and value[0] == "constant":
            return value[1]
        return value.value if isinstance(value, Plain) else None

    def _attribute(self, of: Value, name: str) -> Value | None:
        if isinstance(of, Frame) and isinstance(column := of.columns.get(name), list):
            return ["attribute", name, column]
        if name == "best_estimator_" and isinstance(of, list) and of[0] == "self":
            return of  # what a search asks itself
        if name != "values":
            return None
        return of if isinstance(of, list | Given) else self.given(of)

    def _part(self, whole: Value, place: ast.expr) -> Value | None:
        if isinstance(whole, Frame):
            match self.known(place):
                case str() as name:
                    return whole.columns.get(name)
                case [*names] if all(isinstance(name, str) for name in names):
                    return whole.select(names)
            return None
        if isinstance(whole, Plain):
            try:
                found = whole.value[self.known(place)]
            except (KeyError, IndexError, TypeError):
                return None
            return ["constant", found] if isinstance(found, bool | int | float | str) else Plain(found)
        match place:
            case ast.Tuple(elts=[ast.Slice(lower=None, upper=None, step=None), column]) if isinstance(whole, list):
                number = self.read(column)
                if isinstance(number, list) and number[0] == "constant" and type(number[1]) is int:
                    return ["column", whole, number[1]]
        return None

    def given(self, value: Value | None) -> Given | None:
        """As what a model is given it; None for what it cannot be given here."""
        if isinstance(value, Given):
            return value
        if isinstance(value, list):
            return Given({"series": value})
        if not isinstance(value, Frame) or not all(isinstance(each, list) for each in value.columns.values()):
            return None
        columns = [name if each == ["request", name] else [name, each] for name, each in value.columns.items()]
        whole = columns == [column.notebook_name for column in self.request.columns]
        return Given(None if whole else columns)

    def is_text(self, column: Expression) -> bool:
        return column[0] == "request" and column[1] in self.texts()

    def texts(self) -> list[str]:
        return [column.notebook_name for column in self.request.columns if column.dtype in TEXTS]

    def option(self, node: ast.expr) -> Any:
        return node.id if isinstance(node, ast.Name) else self.known(node)

    def arguments(self, node: ast.Call) -> tuple[list[Expression], dict[str, Expression]]:
        keywords: dict[str, Expression] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise NotDirectError(ast.unparse(node))
            keywords[keyword.arg] = self.expressed(keyword.value)
        return [self.expressed(each) for each in node.args], keywords

    def expressed(self, node: ast.expr) -> Expression:
        value = self.argument(node)
        if not isinstance(value, list):
            raise NotDirectError(ast.unparse(node))
        return value

    def argument(self, node: ast.expr) -> Value:
        match node:  # a type: astype(int), astype(np.int64)
            case ast.Name(id="int" | "float" | "bool" as name) if name not in self.values:
                return ["constant", name]
            case ast.Attribute(value=ast.Name(id=module), attr=name) if self.module.modules.get(module) == "numpy":
                return ["constant", name]
            case ast.Constant(value=None):
                return ["constant", None]
        return self.read(node)


def is_answer(expression: Any) -> bool:
    """Whether a model is asked in it."""
    if not isinstance(expression, list | dict):
        return False
    if isinstance(expression, list) and expression[:1] == ["call"]:
        return True
    return any(map(is_answer, expression.values() if isinstance(expression, dict) else expression))
