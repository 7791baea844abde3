"""How each mark of a statement reads in train() and in predict() (see `nb2prod.analysis.values.Mark`).

In the texts, ``{kept}`` stands for the kept value.
"""

import ast
import re
from dataclasses import dataclass

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.grouped import group_parts
from nb2prod.analysis.lineage import Lineage
from nb2prod.analysis.methods import argument
from nb2prod.analysis.names import import_path, root_name
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.rowwise import literal_names
from nb2prod.analysis.table_parts import frame_of_values
from nb2prod.analysis.values import Mark
from nb2prod.plan.splice import Edit

_SIMPLE = ast.Name | ast.Attribute | ast.Subscript | ast.Call


@dataclass(frozen=True, slots=True)
class Rule:
    """`keep` is the expression to keep, in the notebook's names, empty for none; `capture` what the run evaluates for
    it where that is another. `hidden` are nodes whose names predict() does not read; `gone`: nothing but the operand is
    left."""

    keep: str = ""
    training: tuple[Edit, ...] = ()
    prediction: tuple[Edit, ...] = ()
    hidden: tuple[ast.expr, ...] = ()
    capture: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """The rules for the marks of one statement. `pandas` is what the notebook calls it."""

    graph: NotebookGraph
    lineage: Lineage
    deed: Deed
    pandas: str

    def rule(self, mark: Mark) -> Rule | str:
        """The rule, or why there is none."""
        return getattr(self, f"_{mark.what}")(mark)  # type: ignore[no-any-return]

    def text_of(self, mark: Mark) -> str:
        rule = self.rule(mark)
        return rule if isinstance(rule, str) else rule.capture or rule.keep

    def name_of(self, mark: Mark, key: str | None) -> str:
        """``age_median``, ``sex_levels``; ``median_of_col`` in a loop over `col`."""
        what = {
            "levels": "levels", "codes": "values", "edges": "edges", "columns": "columns", "encoded": "encoders",
            "aligned": "columns", "inserted": "columns_before",
        }.get(mark.what, "")  # fmt: skip
        if mark.what == "statistic":
            what = _statistic_word(mark.node)
        if mark.what == "fitted" and mark.operand is not None:
            what = snake(ast.unparse(mark.operand).split("(")[0].rpartition(".")[2])
        if mark.what == "grouped":
            parts = group_parts(mark.operand) if isinstance(mark.operand, ast.Call) else None
            return f"{snake(parts.column)}_by_{snake(parts.key)}" if parts else "groups"
        if key is not None:
            return f"{what}_of_{key}"
        about = _columns_in(mark.node)
        if mark.what in ("levels", "codes", "edges") and mark.operand is not None:
            about = _columns_in(mark.operand) or about
        if mark.what in ("columns", "aligned", "inserted"):
            about = [self.deed.name]
        return "_".join([snake(about[0]), what]) if len(about) == 1 else what

    # --- one for each kind of mark

    def _statistic(self, mark: Mark) -> Rule:
        text = ast.unparse(mark.node)
        if isinstance(mark.node, ast.Name):
            return Rule(text, (), (_replaced(mark.node, "{kept}"),), (mark.node,))
        edit = _replaced(mark.node, "{kept}")
        return Rule(text, (edit,), (edit,), (mark.node,))

    def _selection(self, mark: Mark) -> Rule:
        operand = mark.operand
        assert operand is not None
        if isinstance(operand, ast.UnaryOp) and not hasattr(operand, "lineno"):
            return Rule(prediction=(_replaced(mark.node, "-1"),), hidden=(mark.node,))
        return Rule(prediction=_unwrapped(mark.node, operand), gone=True)

    def _fitted(self, mark: Mark) -> Rule | str:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Attribute)
        assert operand is not None
        edits = [_between(operand, call.func, ".transform")]
        if len(call.args) + len(call.keywords) > 1:  # what it was fitted to besides
            end = call.end_col_offset or 0
            first = call.args[0] if call.args else call.keywords[0].value
            edits.append(Edit(first.end_lineno or 0, first.end_col_offset or 0, call.end_lineno or 0, end - 1, ""))
        if isinstance(operand, ast.Name) or (
            isinstance(operand, ast.Subscript) and isinstance(operand.value, ast.Name)
        ):
            return Rule(prediction=tuple(edits))
        if not isinstance(operand, ast.Call):
            return "the object that is fitted here has no name"
        made = ast.unparse(operand)
        data = ", ".join(ast.unparse(a) for a in call.args)
        return Rule(made, (_replaced(operand, "{kept}"),), (_replaced(operand, "{kept}"), *edits), (operand,),
                    f"{made}.fit({data})")  # fmt: skip

    def _levels(self, mark: Mark) -> Rule | str:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert operand is not None
        if not self.pandas:
            return "the levels are kept with `pd.CategoricalDtype`: add `import pandas as pd`"
        of, pd = ast.unparse(operand), self.pandas
        one = f"{pd}.Categorical({of}).categories.tolist()"
        dtype = f"{pd}.CategoricalDtype({{kept}})"
        frame = mark.is_frame
        columns = argument(call, "columns", 3) if self._function(call).endswith("get_dummies") else operand
        every = f"{{c: {pd}.Categorical({of}[c]).categories.tolist() for c in {{over}}}}"
        dtypes = f"{{c: {pd}.CategoricalDtype(levels) for c, levels in {{kept}}.items()}}"
        if self._function(call).endswith("get_dummies"):
            if not frame:
                return Rule(one, (), _behind(operand, f".astype({dtype})"))
            if columns is None:
                chosen = f'{of}.select_dtypes(["object", "string", "category"])'
                dtypes = dtypes[:-1] + f" if c in {root_name(operand) or of}}}"
            else:
                chosen = ast.unparse(columns)
                if isinstance(columns, ast.Constant):
                    chosen = f"[{chosen}]"
            return Rule(every.replace("{over}", chosen), (), _behind(operand, f".astype({dtypes})"))
        if self._function(call).endswith("Categorical"):
            end = call.end_col_offset or 0
            place = (call.end_lineno or 0, end - 1)
            return Rule(one, (), (Edit(*place, *place, ", categories={kept}"),))
        kind = argument(call, "dtype", 0)
        assert kind is not None
        if frame:
            return Rule(every.replace("{over}", of), (), (_replaced(kind, dtypes),))
        return Rule(one, (), (_replaced(kind, dtype),))

    def _codes(self, mark: Mark) -> Rule | str:
        operand = mark.operand
        assert operand is not None
        if not self.pandas:
            return "the values are kept with `pd.Index`: add `import pandas as pd`"
        outer: ast.expr = mark.node
        for node in walk(self.deed.node):
            if isinstance(node, ast.Subscript) and node.value is mark.node:
                outer = node
        text = f"{self.pandas}.Index({{kept}}).get_indexer({ast.unparse(operand)})"
        return Rule(f"{ast.unparse(mark.node)}[1].tolist()", (), (_replaced(outer, text),))

    def _edges(self, mark: Mark) -> Rule | str:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert operand is not None
        is_quantile = self._function(call).endswith("qcut")
        kept = [k for k in call.keywords if k.arg not in ("q", "bins", "duplicates", "x", "retbins")]
        if len(call.args) > 3 or (not is_quantile and len(call.args) > 2):
            return "the options of this cut stand without their names"
        if is_quantile and len(call.args) == 3:
            kept = [ast.keyword("labels", call.args[2]), *kept]
        parts = [ast.unparse(operand), "{kept}", *(f"{k.arg}={ast.unparse(k.value)}" for k in kept)]
        if is_quantile:
            parts.append("include_lowest=True")
        given = [*(ast.unparse(a) for a in call.args), *(f"{k.arg}={ast.unparse(k.value)}" for k in call.keywords)]
        keep = f"{ast.unparse(call.func)}({', '.join(given)}, retbins=True)[1].tolist()"
        function = f"{self.pandas}.cut" if self.pandas else "cut"
        hidden = call.args[1:2]
        return Rule(keep, (), (_replaced(call, f"{function}({', '.join(parts)})"),), tuple(hidden))

    def _columns(self, mark: Mark) -> Rule:
        operand = mark.operand
        assert operand is not None
        if isinstance(mark.node, ast.Subscript) and frame_of_values(mark.node.value) is operand:
            chosen = ast.Subscript(ast.Attribute(operand, "iloc", ast.Load()), mark.node.slice, ast.Load())
            is_slice = isinstance(mark.node.slice, ast.Tuple) and isinstance(mark.node.slice.elts[-1], ast.Slice)
            keep = f"{ast.unparse(chosen)}.{'columns.tolist()' if is_slice else 'name'}"
            values = ".values" if isinstance(mark.node.value, ast.Attribute) else ".to_numpy()"
            return Rule(keep, (), (*_unwrapped(mark.node, operand), *_behind(operand, "[{kept}]" + values)))
        one = self.deed.value.kind == "column" and isinstance(mark.node, ast.Subscript)
        text = ast.unparse(mark.node)
        keep = f"{text}.name" if one else f"{text}.columns.tolist()"
        return Rule(keep, (), (*_unwrapped(mark.node, operand), *_behind(operand, "[{kept}]")), ())

    def _aligned(self, mark: Mark) -> Rule:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Attribute)
        assert operand is not None
        fill = argument(call, "fill_value")
        filled = f", fill_value={ast.unparse(fill)}" if fill is not None else ""
        keep = f"{ast.unparse(call)}[{int(operand is not call.func.value)}].columns.tolist()"
        return Rule(keep, (), _behind(operand, f".reindex(columns={{kept}}{filled})"))

    def _inserted(self, mark: Mark) -> Rule:
        """The place among those columns of a request that stood before it."""
        table = ast.unparse(mark.operand) if mark.operand is not None else ""
        text = f"sum(c in {{kept}} for c in {table})"
        return Rule(f"{table}.columns[:{ast.unparse(mark.node)}].tolist()", (), (_replaced(mark.node, text),),
                    (mark.node,))  # fmt: skip

    def _dropped(self, mark: Mark) -> Rule:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert operand is not None
        given = argument(call, "columns") or argument(call, "labels", 0)
        names = literal_names(given, {})
        if names is not None:
            there = [c for c in names if self.lineage.sent(c)]
            if not there:
                return Rule(prediction=_unwrapped(call, operand), gone=True)
            if len(there) == len(names) and not self.lineage.columns.lists:
                return Rule()
        if argument(call, "errors") is not None:
            return Rule()
        end = (call.end_lineno or 0, (call.end_col_offset or 0) - 1)
        return Rule(prediction=(Edit(*end, *end, ', errors="ignore"'),))

    def _grouped(self, mark: Mark) -> Rule | str:
        parts = group_parts(mark.operand) if isinstance(mark.operand, ast.Call) else None
        if parts is None:
            return "it cannot be seen how these groups are made"
        table = ast.unparse(parts.table)
        keep = f'{table}.groupby("{parts.key}")["{parts.column}"].agg({parts.aggregate}).to_dict()'
        text = f'{table}["{parts.key}"].map({{kept}})'
        if parts.fills:
            text = f'{table}["{parts.column}"].fillna({text})'
        return Rule(keep, (), (_replaced(mark.node, text),), (mark.node,))

    def _encoded(self, mark: Mark) -> Rule | str:
        call, operand = mark.node, mark.operand
        assert isinstance(call, ast.Call)
        assert operand is not None
        function = argument(call, "func", 0)
        assert isinstance(function, ast.Attribute)
        maker, of = ast.unparse(function.value), ast.unparse(operand)
        copied = maker if isinstance(function.value, ast.Call) else f"deepcopy({maker})"
        keep = f"{{c: {copied}.fit({of}[c]) for c in {of}}}"
        text = "lambda column: {kept}[column.name].transform(column)"
        return Rule(keep, (), (_replaced(function, text),), (function,))

    def _function(self, call: ast.Call) -> str:
        return import_path(self.graph.imported, call.func) or ast.unparse(call.func)


def written(graph: NotebookGraph, lineage: Lineage, deed: Deed) -> Written:
    pandas = next((n for n, path in sorted(graph.imported.items()) if path == "pandas"), "")
    return Written(graph, lineage, deed, pandas)


def _statistic_word(node: ast.expr) -> str:
    """What a statistic is called: ``median``; empty words fall back on `value`."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return snake(name)
        case ast.Subscript(value=inner) | ast.Attribute(value=inner):
            return _statistic_word(inner) if not isinstance(inner, ast.Name) else (
                snake(node.attr) if isinstance(node, ast.Attribute) else "value"
            )  # fmt: skip
        case ast.Name(id=name):
            return name
        case ast.Compare(left=left):
            return f"{_statistic_word(left)}_test"
    return "value"


def _columns_in(node: ast.AST) -> list[str]:
    """The columns an expression names."""
    found = [
        p.slice.value for p in walk(node)
        if isinstance(p, ast.Subscript) and isinstance(p.slice, ast.Constant) and isinstance(p.slice.value, str)
    ]  # fmt: skip
    found += [p.attr for p in walk(node) if isinstance(p, ast.Attribute) and isinstance(p.value, ast.Name)
              and p.attr[:1].isupper()]  # fmt: skip
    return list(dict.fromkeys(found))


def snake(text: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    name = re.sub(r"\W+", "_", words).strip("_").lower()
    return name if name and not name[0].isdigit() else f"kept_{name}".rstrip("_")


def _replaced(node: ast.expr, text: str) -> Edit:
    return Edit(node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0, text)


def _between(left: ast.expr, right: ast.expr, text: str) -> Edit:
    return Edit(left.end_lineno or 0, left.end_col_offset or 0, right.end_lineno or 0, right.end_col_offset or 0, text)


def _unwrapped(node: ast.expr, operand: ast.expr) -> tuple[Edit, ...]:
    """Leave the operand alone of the node."""
    ends = (node.lineno, node.col_offset, operand.lineno, operand.col_offset)
    tail = (operand.end_lineno or 0, operand.end_col_offset or 0, node.end_lineno or 0, node.end_col_offset or 0)
    edits = [Edit(*ends, "")] if ends[:2] != ends[2:] else []
    return (*edits, Edit(*tail, ""))


def _behind(operand: ast.expr, text: str) -> tuple[Edit, ...]:
    place = (operand.end_lineno or 0, operand.end_col_offset or 0)
    if isinstance(operand, _SIMPLE):
        return (Edit(*place, *place, text),)
    start = (operand.lineno, operand.col_offset)
    return Edit(*start, *start, "("), Edit(*place, *place, ")" + text)
