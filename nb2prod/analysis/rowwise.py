"""Reads an expression as what it is to one row of a table (see `values`), from what its names stand for.

Nothing is assumed of a call that is not known: its value is `unknown`, with the reason.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from nb2prod.analysis.locals import Comprehension
from nb2prod.analysis.nodes import children, walk
from nb2prod.analysis.row_calls import call_value
from nb2prod.analysis.table_parts import Places, attribute_value, subscript_value
from nb2prod.analysis.values import FIXED, ITEM, STATISTIC, Value, joined, unknown

CallOwn = Callable[[str, ast.Call, list[Value]], Value | None]
"""Reads the call of a function of the notebook; None where the name is no such function."""


def literal_names(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> frozenset[str] | None:
    """The words of a literal string or list of strings, or of a constant that holds one; else None."""
    if isinstance(node, ast.Name) and node.id in constants:
        node = constants[node.id]
    match node:
        case ast.Constant(value=str(word)):
            return frozenset({word})
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            found = [literal_names(p, constants) for p in parts if isinstance(p, ast.Constant)]
            if len(found) == len(parts) and all(found):
                return frozenset().union(*(f for f in found if f))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one, other = literal_names(left, constants), literal_names(right, constants)
            return one | other if one is not None and other is not None else None
    return None


class Reader:
    """`env` says what names stand for; a name that is not there is fixed."""

    def __init__(
        self,
        env: Mapping[str, Value],
        imported: Mapping[str, str],
        constants: Mapping[str, ast.expr],
        call_own: CallOwn,
        definition: Callable[[str], ast.AST | None],
        bundles: Mapping[str, tuple[str, ...]],
        places: Mapping[str, Places] | None = None,
    ) -> None:
        self.bundles = bundles
        self.env = dict(env)
        self.imported = imported
        self.constants = constants
        self.call_own = call_own
        self.definition = definition
        self.places = places or {}

    def inside(self, local: Mapping[str, Value]) -> "Reader":
        return Reader({**self.env, **local}, self.imported, self.constants, self.call_own, self.definition,
                      self.bundles, self.places)  # fmt: skip

    def literal(self, node: ast.expr | None) -> frozenset[str] | None:
        return literal_names(node, self.constants)

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Name(id=name):
                return self.env.get(name, FIXED)
            case ast.Constant():
                return FIXED
            case ast.Lambda():
                return self._lambda(node)
            case ast.Attribute():
                return attribute_value(self, node)
            case ast.Subscript():
                return subscript_value(self, node)
            case ast.Call():
                return call_value(self, node)
            case ast.BinOp(left=left, right=right):
                return self._operation(node, [left, right])
            case ast.UnaryOp(operand=operand):
                return self._operation(node, [operand])
            case ast.Compare(left=left, comparators=others):
                return self._operation(node, [left, *others])
            case ast.BoolOp(values=parts):
                return self._choice(node, parts)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._choice(node, [test, body, orelse])
            case ast.JoinedStr() | ast.FormattedValue() | ast.Slice() | ast.Starred():
                return self._choice(node, [n for n in children(node) if isinstance(n, ast.expr)])
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return self._several(node, parts)
            case ast.Dict(keys=keys, values=values):
                return self._several(node, [*(k for k in keys if k is not None), *values])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case _:
                return self._choice(node, [n for n in children(node) if isinstance(n, ast.expr)])

    # --- plain expressions

    def parts(self, nodes: list[ast.expr]) -> list[tuple[ast.expr, Value]]:
        return [(n, self.value(n)) for n in nodes]

    def mixed(self, node: ast.AST, parts: list[tuple[ast.expr, Value]]) -> Value | None:
        """The value where no part is rows: fixed, an item, or unknown; None where one is."""
        for _, value in parts:
            if value.kind == "unknown":
                return value
        kinds = {v.kind for _, v in parts}
        if kinds <= {"fixed"}:
            return STATISTIC if any(v.counted for _, v in parts) else FIXED
        if kinds <= {"fixed", "item"}:
            return joined(parts, "item", node)
        return None

    def _operation(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        parts = self.parts(nodes)
        mixed = self.mixed(node, parts)
        if mixed is not None:
            return mixed
        found = next(v for _, v in parts if v.depends and v.kind != "item")
        if any(v.kind in ("item", "several", "accessor", "groups", "indexer", "list") for _, v in parts):
            return unknown(node, "rows and single values are mixed here")
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult) and parts[1][1].depends:
            return unknown(node, "a product over rows mixes them")
        if isinstance(node, ast.Compare) and any(
            isinstance(o, ast.In | ast.NotIn | ast.Is | ast.IsNot) for o in node.ops
        ):
            return STATISTIC
        frame = next((v for _, v in parts if v.kind == "frame"), found)
        return joined(parts, frame.kind, node)

    def _choice(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        """``a and b``, ``x if y else z``: fine for single values; of rows, only where the test is the same for all."""
        parts = self.parts(nodes)
        mixed = self.mixed(node, parts)
        if mixed is not None:
            return mixed
        if isinstance(node, ast.IfExp) and not parts[0][1].depends:
            return joined(parts, next(v.kind for _, v in parts if v.depends), node)
        return unknown(node, "rows are used as one value here")

    def _several(self, node: ast.expr, nodes: list[ast.expr]) -> Value:
        parts = self.parts(nodes)
        mixed = self.mixed(node, parts)
        if mixed is not None:
            return mixed
        whole = joined(parts, "several", node, made=False)
        return whole if whole.kind == "unknown" else replace(whole, items=tuple(v for _, v in parts))

    def _lambda(self, node: ast.Lambda) -> Value:
        found = self.inside({a.arg: FIXED for a in node.args.args}).value(node.body)
        if found.kind in ("unknown", "fixed") and not found.counted:
            return FIXED if found.kind == "fixed" else found
        return unknown(node, "a lambda reads the whole table")

    def _comprehension(self, node: Comprehension) -> Value:
        first = node.generators[0]
        over = self.value(first.iter)
        if over.kind == "unknown":
            return over
        element = ast.Tuple([node.key, node.value], ast.Load()) if isinstance(node, ast.DictComp) else node.elt
        bound = {n.id for g in node.generators for n in walk(g.target) if isinstance(n, ast.Name)}
        by_row = over.kind in ("column", "list", "array", "item")
        reader = self.inside(dict.fromkeys(bound, ITEM if by_row else FIXED))
        by_data = any(reader.value(i).kind != "fixed" for g in node.generators for i in g.ifs)
        if by_data and over.kind == "fixed" and len(node.generators) == 1 and reader.value(element).kind == "fixed":
            return STATISTIC  # however these are chosen
        parts = [reader.value(element), *(reader.value(i) for g in node.generators for i in g.ifs)]
        parts += [reader.value(g.iter) for g in node.generators[1:]]
        for value in parts:
            if value.kind == "unknown":
                return value
        if by_row and all(v.kind in ("fixed", "item") for v in parts):
            if over.kind == "item":
                return joined([(first.iter, over), (element, parts[0])], "item", node)
            if isinstance(node, ast.ListComp) and not any(g.ifs for g in node.generators) and len(node.generators) == 1:
                return joined([(first.iter, over), (element, replace(parts[0], names=frozenset()))], "list", node)
            if not any(v.marks for v in parts):
                return STATISTIC
        if by_row or any(v.depends for v in parts):
            if over.kind == "fixed" and all(v.kind in ("fixed", "item") for v in parts):
                return joined([(element, parts[0])], "item", node)
            return unknown(node, "it cannot be seen how this comprehension treats rows")
        over_rows = over.depends or over.counted
        return STATISTIC if over_rows or any(v.counted for v in parts) else FIXED

    # --- parts of tables

    # --- calls
