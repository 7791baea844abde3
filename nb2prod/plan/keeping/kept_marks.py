"""Marks that training keeps something for: a statistic, a fitted object, what a function found, a test of the data.

df["Age"].median()             age_median                in a loop over columns: age_medians[col]
encoder.fit_transform(x)       a copy of `encoder`, where it is fitted again later
clean(df)                      the two readings of `clean` (see `twins`)
"""

import ast
from typing import TYPE_CHECKING

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.nodes import walk
from nb2prod.analysis.values import Mark, Problem
from nb2prod.plan.keeping.kept import Keep, Names
from nb2prod.plan.keeping.marks import Written, snake
from nb2prod.plan.keeping.places import guard_of, loop_key, path_to, span_of
from nb2prod.plan.keeping.twins import setup_of, twin_of
from nb2prod.plan.splice import Edit

if TYPE_CHECKING:
    from nb2prod.plan.keeping.planner import Planner


def keep_test(planner: "Planner", number: int, deed: Deed, test: ast.If, names: Names) -> tuple[list[Edit], list[Edit]]:
    """``if df[col].dtype == object:`` is decided by training."""
    path = path_to(planner.graph.statements[number].node, test) or ()
    text, key = ast.unparse(test.test), loop_key(deed)
    known = next((k for k in planner.keeps if (k.number, k.path, k.text) == (number, path, text)), None)
    if known is None:
        wish = "applies" if key is None else f"applies_to_{key}"
        known = Keep(names.free(wish), number, path, "before", text, key, text, guard_of(deed))
        planner.keeps.append(known)
    here = known.name if key is None else f"{known.name}[{key}]"
    span = span_of(test.test)
    return [] if deed.turn else [Edit(*span, here)], [Edit(*span, f"self.{here}")]


def keep_mark(
    planner: "Planner", number: int, deed: Deed, mark: Mark, context: Written, names: Names
) -> tuple[Keep | None, list[Edit], list[Edit], list[ast.expr], bool] | None:
    if mark.what == "function":
        return _function(planner, number, deed, mark, names)
    existing = next((k for k in planner.keeps if k.number == number and k.text == context.text_of(mark) and
                     k.path == planner.path(number, deed)), None)  # fmt: skip
    rule = context.rule(mark)
    if isinstance(rule, str):
        planner.refuse(rule, mark.node)
        return None
    key = loop_key(deed)
    if not rule.keep:
        fixed = [mark.operand] if mark.what == "fitted" and mark.operand is not None else []
        if (
            fixed
            and isinstance(mark.operand, ast.Name)
            and (deed.loop or deed.turn or not planner.is_stable(number, mark.operand.id, after=True))
        ):
            return _fitted_copy(planner, number, deed, mark, names, rule.prediction)
        if fixed and isinstance(mark.operand, ast.Name):
            planner.fixed[mark.operand.id] = None
            return None, [], list(rule.prediction), [mark.operand], rule.gone
        return None, [], list(rule.prediction), [], rule.gone
    if deed.inner:
        planner.refuse("a statistic is taken inside nested loops", mark.node)
        return None
    if existing is None:
        name = names.free(context.name_of(mark, key))
        capture = rule.capture or rule.keep
        existing = Keep(name, number, planner.path(number, deed), "before", capture, key,
                        capture if deed.turn else rule.keep, guard_of(deed))  # fmt: skip
    here = existing.name if key is None else f"{existing.name}[{key}]"
    now = [e if "{kept}" not in e.text else _filled(e, here) for e in rule.training if not deed.turn]
    then = [_filled(e, f"self.{here}") for e in rule.prediction]
    return existing, now, then, list(rule.hidden), False


def _function(
    planner: "Planner", number: int, deed: Deed, mark: Mark, names: Names
) -> tuple[Keep, list[Edit], list[Edit], list[ast.expr], bool] | None:
    """A call of a function that takes statistics of the table it is given."""
    call = mark.node
    whole = planner.graph.statements[number].node
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or deed.node is not whole:
        planner.refuse("a function takes statistics inside a block", mark.node)
        return None
    if isinstance(whole, ast.Assign) and isinstance(whole.targets[0], ast.Tuple | ast.List) and whole.value is call:
        planner.refuse("a function that takes statistics gives several values", mark.node)
        return None
    name = names.free(f"{call.func.id}_kept")
    twin = twin_of(planner.graph, planner.lineage, mark, name)
    if isinstance(twin, Problem):
        planner.problem = planner.problem or twin
        return None
    keep = Keep(name, number, (), "before", name, None, "{}", setup=setup_of(twin, call, name),
                definition=twin.keeping)  # fmt: skip
    planner.definitions.append((number, twin.using))
    span = span_of(call.func)
    return keep, [Edit(*span, twin.keeping_name)], [Edit(*span, twin.using_name)], [call.func], False


def _fitted_copy(
    planner: "Planner", number: int, deed: Deed, mark: Mark, names: Names, prediction: tuple[Edit, ...]
) -> tuple[Keep, list[Edit], list[Edit], list[ast.expr], bool]:
    """A fitted object that is fitted again later: a copy of how it is just after this statement."""
    assert isinstance(mark.operand, ast.Name)
    key = loop_key(deed)
    wish = _maker(planner, mark.operand.id) or mark.operand.id
    name = names.free(f"{wish}_of_{key}" if key else f"{wish}_{_word(mark.node)}".rstrip("_"))
    if deed.inner:
        planner.refuse("something is fitted inside nested loops", mark.node)
    keep = Keep(name, number, planner.path(number, deed), "after", mark.operand.id, key,
                f"deepcopy({mark.operand.id})", guard_of(deed))  # fmt: skip
    here = name if key is None else f"{name}[{key}]"
    edits = [Edit(*span_of(mark.operand), f"self.{here}"), *prediction]
    return keep, [], edits, [mark.operand], False


def _maker(planner: "Planner", name: str) -> str:
    """``label_encoder`` for a name that is bound to ``LabelEncoder()``."""
    for s in planner.graph.statements:
        match s.node:
            case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Call(func=function)) if bound == name:
                return snake(ast.unparse(function).rpartition(".")[2])
    return ""


def _filled(edit: Edit, name: str) -> Edit:
    return Edit(edit.line, edit.column, edit.end_line, edit.end_column, edit.text.replace("{kept}", name))


def _word(node: ast.AST) -> str:
    """The column that an expression is about: ``sex``."""
    for part in walk(node):
        if (
            isinstance(part, ast.Subscript)
            and isinstance(part.slice, ast.Constant)
            and isinstance(part.slice.value, str)
        ):
            return snake(part.slice.value)
    return ""
