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
from dataclasses import dataclass, field, replace
from typing import Any

from nb2prod.fast.columns import (
    Expression,
    Frame,
    Labels,
    NotDirectError,
    Plain,
    dummies,
    series_method,
    with_levels,
)
from nb2prod.fast.modules import Module, read_module
from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.serving.fast import METHODS as ARRAY_METHODS
from nb2prod.serving.fast import NUMPY

METHODS = frozenset({"predict", "predict_proba", "decision_function"})
COMPARISONS = {ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}
OPERATIONS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|"}
BY_A_CONSTANT = {ast.FloorDiv: "//", ast.Mod: "%"}
"""By zero pandas and numpy differ."""
TEXTS = ("str", "object", "string", "category")
DEPTH = 8
"""Functions that call functions."""


@dataclass(frozen=True, slots=True)
class Given:
    """What goes to a model: columns as in an expression's `given`, and the artifacts whose `transform` came before."""

    columns: Any = None
    chain: tuple[str, ...] = ()


Value = Given | Frame | Labels | Plain | Expression


@dataclass(slots=True)
class _Reader:
    """Reads one function; `values` are its names."""

    request: ValueSchema
    module: Module
    plain: Mapping[str, Any]
    values: dict[str, Value] = field(default_factory=dict)
    depth: int = 0

    # ── Statements ───────────────────────────────────────────────────────────────────────────────────────────────────

    def run(self, body: list[ast.stmt]) -> tuple[Value, ast.expr]:
        """What is returned, and the code of it. Raises NotDirectError."""
        for statement in body:
            match statement:
                case ast.Expr(value=ast.Constant()):
                    continue
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.values[name] = self.read(value)
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
        frame, name = self.read(inner), self._plain(place)
        if not isinstance(frame, Frame) or not isinstance(name, str) or not isinstance(value, list | Labels):
            raise NotDirectError(ast.unparse(statement).splitlines()[0])
        frame.columns[name] = value

    def _drop_in_place(self, statement: ast.stmt, name: str, call: ast.Call) -> None:
        frame = self.values.get(name)
        rest = [keyword for keyword in call.keywords if keyword.arg != "inplace"]
        made = self._dropped(frame, replaced(call, rest)) if isinstance(frame, Frame) else None
        if made is None or not isinstance(frame, Frame) or len(rest) == len(call.keywords):
            raise NotDirectError(ast.unparse(statement).splitlines()[0])
        frame.columns = made.columns

    # ── Expressions ──────────────────────────────────────────────────────────────────────────────────────────────────

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
            case ast.Call(func=ast.Name(id=name)) if name in self.module.functions and name not in self.values:
                return self._own_call(node, name)
            case ast.Call(func=ast.Attribute(value=inner, attr=name)):
                return self._call(node, inner, name)
        return None

    def _name(self, name: str) -> Value:
        if name in self.values:
            return self.values[name]
        match self.module.constants.get(name):
            case list() | dict() as value:
                return Plain(value)
            case bool() | int() | float() | str() as value:
                return ["constant", value]
        return ["global", name, self.module.name]

    def _plain(self, node: ast.expr) -> Any:
        """A text, list or dict that is known here; None otherwise."""
        value = self._read(node)
        if isinstance(value, list) and value[0] == "constant":
            return value[1]
        return value.value if isinstance(value, Plain) else None

    def _attribute(self, of: Value, name: str) -> Value | None:
        if isinstance(of, Frame) and isinstance(column := of.columns.get(name), list):
            return ["attribute", name, column]
        if name != "values":
            return None
        return of if isinstance(of, list | Given) else self._given(of)

    def _part(self, whole: Value, place: ast.expr) -> Value | None:
        if isinstance(whole, Frame):
            match self._plain(place):
                case str() as name:
                    return whole.columns.get(name)
                case [*names] if all(isinstance(name, str) for name in names):
                    return whole.select(names)
            return None
        if isinstance(whole, Plain):
            try:
                found = whole.value[self._plain(place)]
            except (KeyError, IndexError, TypeError):
                return None
            return ["constant", found] if isinstance(found, bool | int | float | str) else Plain(found)
        match place:
            case ast.Tuple(elts=[ast.Slice(lower=None, upper=None, step=None), column]) if isinstance(whole, list):
                number = self.read(column)
                if isinstance(number, list) and number[0] == "constant" and type(number[1]) is int:
                    return ["column", whole, number[1]]
        return None

    def _given(self, value: Value | None) -> Given | None:
        """As what a model is given it; None for what it cannot be given here."""
        if isinstance(value, Given):
            return value
        if isinstance(value, list):
            return Given({"series": value})
        if not isinstance(value, Frame) or not all(isinstance(each, list) for each in value.columns.values()):
            return None
        columns = [name if each == ["request", name] else [name, each] for name, each in value.columns.items()]
        whole = columns == [column.name for column in self.request.columns]
        return Given(None if whole else columns)

    # ── Calls ────────────────────────────────────────────────────────────────────────────────────────────────────────

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

    def _call(self, node: ast.Call, inner: ast.expr, name: str) -> Value | None:
        if isinstance(inner, ast.Name) and inner.id in self.module.modules and inner.id not in self.values:
            return self._library_call(node, self.module.modules[inner.id], name)
        of = self.read(inner)
        if isinstance(of, Frame):
            return self._frame_call(node, of, name)
        if isinstance(of, Given):
            return of if name in ("copy", "to_numpy") and not node.args and not node.keywords else None
        if isinstance(of, Plain | Labels):
            return None
        if of[0] == "self" and len(node.args) == 1 and not node.keywords:
            given = self._given(self.read(node.args[0]))
            if given is not None and name == "transform":
                return replace(given, chain=(*given.chain, of[1]))
            if given is not None and name in METHODS:
                return ["call", [*given.chain, of[1]], name, given.columns]
        if name == "astype" and (levels := self._levels(node)) is not None:
            return Labels(of, tuple(levels))
        if not _is_answer(of):
            if name in ("to_numpy", "copy") and not node.args and not node.keywords:
                return of
            if name == "fillna" and self._is_text(of):
                return of  # a row with a text that is missing never comes here
            given_here = [self._argument(each) for each in node.args]
            named = {keyword.arg or "": self._argument(keyword.value) for keyword in node.keywords}
            if (made := series_method(name, of, given_here, named)) is not None:
                return made
        if name in ARRAY_METHODS:
            return ["method", name, of, *self._arguments(node)]
        return None

    def _is_text(self, column: Expression) -> bool:
        return column[0] == "request" and column[1] in self._texts()

    def _texts(self) -> list[str]:
        return [column.name for column in self.request.columns if column.dtype in TEXTS]

    def _frame_call(self, node: ast.Call, frame: Frame, name: str) -> Value | None:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        match name:
            case "copy" if not node.args:
                return frame.copy()
            case "to_numpy" if not node.args and not keywords:
                return self._given(frame)
            case "drop":
                return self._dropped(frame, node)
            case "rename" if not node.args and list(keywords) == ["columns"]:
                names = self._plain(keywords["columns"])
                return frame.renamed(names) if isinstance(names, dict) else None
            case "assign" if not node.args and None not in keywords:
                made = frame.copy()
                made.columns |= {str(each): self.expression(value) for each, value in keywords.items()}
                return made
            case "astype" if len(node.args) == 1 and not keywords:
                levels = self._levels_of_all(node.args[0], frame)
                return with_levels(frame, levels) if levels is not None else None
        return None

    def _dropped(self, frame: Frame, node: ast.Call) -> Frame | None:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if not node.args and list(keywords) == ["columns"]:
            names = self._plain(keywords["columns"])
        elif len(node.args) == 1 and list(keywords) == ["axis"] and self._plain(keywords["axis"]) in (1, "columns"):
            names = self._plain(node.args[0])
        else:
            return None
        names = [names] if isinstance(names, str) else names
        return frame.without(names) if isinstance(names, list) else None

    def _levels(self, node: ast.Call) -> list[Any] | None:
        """Of ``astype(pd.CategoricalDtype(levels))``."""
        match node:
            case ast.Call(args=[ast.Call(func=ast.Attribute(attr="CategoricalDtype"), args=[given], keywords=[])],
                          keywords=[]):  # fmt: skip
                levels = self._plain(given)
                return levels if isinstance(levels, list) else None
        return None

    def _levels_of_all(self, node: ast.expr, frame: Frame) -> dict[str, list[Any]] | None:
        """Of ``{c: pd.CategoricalDtype(levels) for c, levels in self.levels.items()}``, as it is generated."""
        match node:
            case ast.DictComp(
                key=ast.Name(id=key),
                value=ast.Call(func=ast.Attribute(attr="CategoricalDtype"), args=[ast.Name(id=given)], keywords=[]),
                generators=[ast.comprehension(
                    target=ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]),
                    iter=ast.Call(func=ast.Attribute(value=table, attr="items"), args=[]), ifs=conditions,
                )],
            ) if (key, given) == (first, second) and len(conditions) <= 1:  # fmt: skip
                levels = self._plain(table)
                if not isinstance(levels, dict) or not all(isinstance(each, list) for each in levels.values()):
                    return None
                if conditions:  # `if c in frame`
                    levels = {name: known for name, known in levels.items() if name in frame.columns}
                return levels
        return None

    def _library_call(self, node: ast.Call, module: str, name: str) -> Value | None:
        if module == "numpy" and name in NUMPY:
            return ["numpy", name, *self._arguments(node)]
        if module != "pandas":
            return None
        match node:
            case ast.Call(args=[ast.Dict(keys=keys, values=values)], keywords=[]) if name == "DataFrame":
                names = [key.value if isinstance(key, ast.Constant) else None for key in keys]
                if all(isinstance(each, str) for each in names):
                    made = [self.expression(value) for value in values]
                    return Frame(dict(zip((str(each) for each in names), made, strict=True)))
            case ast.Call(args=[made], keywords=[ast.keyword(arg="columns")]) if name == "DataFrame":
                given = self.read(made)  # other names for the columns of a matrix
                return given if isinstance(given, Given) and given.chain else None
            case ast.Call(args=[made], keywords=[]) if name == "Series":
                return self.expression(made)
            case ast.Call(args=[ast.List(elts=parts)], keywords=[ast.keyword(arg="axis", value=axis)]) if (
                name == "concat" and self._plain(axis) in (1, "columns")
            ):
                frames = [self.read(part) for part in parts]
                if all(isinstance(each, Frame) for each in frames):
                    return Frame({n: c for each in frames if isinstance(each, Frame) for n, c in each.columns.items()})
            case ast.Call(args=[made]) if name == "get_dummies":
                of = self.read(made)
                options = {keyword.arg or "": self._option(keyword.value) for keyword in node.keywords}
                return dummies(of, self._texts(), options) if isinstance(of, Frame | Labels) else None
        return None

    def _option(self, node: ast.expr) -> Any:
        return node.id if isinstance(node, ast.Name) else self._plain(node)

    def _arguments(self, node: ast.Call) -> tuple[list[Expression], dict[str, Expression]]:
        keywords: dict[str, Expression] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise NotDirectError(ast.unparse(node))
            keywords[keyword.arg] = self._expressed(keyword.value)
        return [self._expressed(each) for each in node.args], keywords

    def _expressed(self, node: ast.expr) -> Expression:
        value = self._argument(node)
        if not isinstance(value, list):
            raise NotDirectError(ast.unparse(node))
        return value

    def _argument(self, node: ast.expr) -> Value:
        match node:  # a type: astype(int), astype(np.int64)
            case ast.Name(id="int" | "float" | "bool" as name) if name not in self.values:
                return ["constant", name]
            case ast.Attribute(value=ast.Name(id=module), attr=name) if self.module.modules.get(module) == "numpy":
                return ["constant", name]
            case ast.Constant(value=None):
                return ["constant", None]
        return self.read(node)


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
        return Frame({column.name: ["request", column.name] for column in request.columns})
    return ["rows"] if request.kind == "texts" else Given()


def _answer(value: Value, schema: Schema, code: str) -> Expression:
    kind = schema.response.kind
    if isinstance(value, Frame) and kind == "frame" and all(isinstance(each, list) for each in value.columns.values()):
        if any(_is_answer(each) for each in value.columns.values() if isinstance(each, list)):
            return ["records", dict(value.columns)]
    elif isinstance(value, list) and kind in ("array", "series", "texts", "json") and _is_answer(value):
        return ["list", value]
    raise NotDirectError(code)


def _is_answer(expression: Any) -> bool:
    """Whether a model is asked in it."""
    if not isinstance(expression, list | dict):
        return False
    if isinstance(expression, list) and expression[:1] == ["call"]:
        return True
    return any(map(_is_answer, expression.values() if isinstance(expression, dict) else expression))


def replaced(call: ast.Call, keywords: list[ast.keyword]) -> ast.Call:
    return ast.copy_location(ast.Call(func=call.func, args=call.args, keywords=keywords), call)
