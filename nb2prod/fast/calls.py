"""Calls in a generated `predict`: on frames and columns, on artifacts, of numpy and of pandas."""

import ast
from dataclasses import dataclass, replace
from typing import Any

from nb2prod.fast.columns import Frame, Labels, Plain, dummies, series_method, with_levels
from nb2prod.fast.expressions import Expressions, Given, Value, is_answer
from nb2prod.serving.fast import METHODS as ARRAY_METHODS
from nb2prod.serving.fast import NUMPY

METHODS = frozenset({"predict", "predict_proba", "decision_function"})


@dataclass(slots=True)
class Calls(Expressions):
    def method_call(self, node: ast.Call, inner: ast.expr, name: str) -> Value | None:
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
            given = self.given(self.read(node.args[0]))
            if given is not None and name == "transform":
                return replace(given, chain=(*given.chain, of[1]))
            if given is not None and name in METHODS:
                return ["call", [*given.chain, of[1]], name, given.columns]
        if name == "astype" and (levels := self._levels(node)) is not None:
            return Labels(of, tuple(levels))
        if not is_answer(of):
            if name in ("to_numpy", "copy") and not node.args and not node.keywords:
                return of
            if name == "fillna" and self.is_text(of):
                return of  # a row with a text that is missing never comes here
            given_here = [self.argument(each) for each in node.args]
            named = {keyword.arg or "": self.argument(keyword.value) for keyword in node.keywords}
            if (made := series_method(name, of, given_here, named)) is not None:
                return made
        if name in ARRAY_METHODS:
            return ["method", name, of, *self.arguments(node)]
        return None

    def _frame_call(self, node: ast.Call, frame: Frame, name: str) -> Value | None:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        match name:
            case "copy" if not node.args:
                return frame.copy()
            case "to_numpy" if not node.args and not keywords:
                return self.given(frame)
            case "drop":
                return self.dropped(frame, node)
            case "rename" if not node.args and list(keywords) == ["columns"]:
                names = self.known(keywords["columns"])
                return frame.renamed(names) if isinstance(names, dict) else None
            case "assign" if not node.args and None not in keywords:
                made = frame.copy()
                made.columns |= {str(each): self.expression(value) for each, value in keywords.items()}
                return made
            case "astype" if len(node.args) == 1 and not keywords:
                levels = self._levels_of_all(node.args[0], frame)
                return with_levels(frame, levels) if levels is not None else None
            case "fillna" if len(node.args) == 1 and not keywords:
                return self._filled(frame, node.args[0])
            case "reindex" if not node.args and set(keywords) <= {"columns", "fill_value"}:
                names, value = self.known(keywords["columns"]), self.known(keywords.get("fill_value", node))
                if isinstance(names, list) and isinstance(value, int | float):
                    return Frame({each: frame.columns.get(each, ["filled", value]) for each in names})
        return None

    def _filled(self, frame: Frame, node: ast.expr) -> Frame | None:
        """``frame.fillna(value)``, or of some columns: ``frame.fillna({column: value})``."""
        match node:
            case ast.Dict(keys=keys, values=values):
                by = {self.known(key): self.expression(value) for key, value in zip(keys, values, strict=True) if key}
            case _:
                value = self.read(node)
                by = dict.fromkeys(frame.columns, value) if isinstance(value, list) else {}
        made = frame.copy()
        for name, value in by.items():
            column = made.columns.get(name)
            if isinstance(column, list) and not self.is_text(column):
                made.columns[name] = ["numpy", "where", [["isna", column], value, column], {}]
        return made if by else None

    def dropped(self, frame: Frame, node: ast.Call) -> Frame | None:
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if not node.args and list(keywords) == ["columns"]:
            names = self.known(keywords["columns"])
        elif len(node.args) == 1 and list(keywords) == ["axis"] and self.known(keywords["axis"]) in (1, "columns"):
            names = self.known(node.args[0])
        else:
            return None
        names = [names] if isinstance(names, str) else names
        return frame.without(names) if isinstance(names, list) else None

    def _levels(self, node: ast.Call) -> list[Any] | None:
        """Of ``astype(pd.CategoricalDtype(levels))``."""
        match node:
            case ast.Call(args=[ast.Call(func=ast.Attribute(attr="CategoricalDtype"), args=[given], keywords=[])],
                          keywords=[]):  # fmt: skip
                levels = self.known(given)
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
                levels = self.known(table)
                if not isinstance(levels, dict) or not all(isinstance(each, list) for each in levels.values()):
                    return None
                if conditions:  # `if c in frame`
                    levels = {name: known for name, known in levels.items() if name in frame.columns}
                return levels
        return None

    def _library_call(self, node: ast.Call, module: str, name: str) -> Value | None:
        if module == "numpy" and name in NUMPY:
            return ["numpy", name, *self.arguments(node)]
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
                name == "concat" and self.known(axis) in (1, "columns")
            ):
                frames = [self.read(part) for part in parts]
                if all(isinstance(each, Frame) for each in frames):
                    return Frame({n: c for each in frames if isinstance(each, Frame) for n, c in each.columns.items()})
            case ast.Call(args=[made]) if name == "get_dummies":
                of = self.read(made)
                options = {keyword.arg or "": self.option(keyword.value) for keyword in node.keywords}
                return dummies(of, self.texts(), options) if isinstance(of, Frame | Labels) else None
        return None
