"""The columns that models are fitted to: nobody sends them.

y = df["Survived"]      df["kind"] = iris.target      model.fit(X, df["price"])
"""

import ast

from nb2prod.analysis.deeds import Deed
from nb2prod.analysis.graph import NotebookGraph
from nb2prod.analysis.nodes import walk


def truth_columns(graph: NotebookGraph, deeds: list[Deed]) -> frozenset[str]:
    """The columns that models are fitted to, by name."""
    names: set[str] = set()
    for s in graph.statements:
        for call in s.facts.calls:
            word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if word in ("fit", "fit_resample", "train_test_split", "cross_val_score", "partial_fit"):
                at = 2 if word == "cross_val_score" else 1
                given = [*call.args[at : at + 1], *(k.value for k in call.keywords if k.arg == "y")]
                names |= {n.id for g in given for n in walk(g) if isinstance(n, ast.Name)}
                names |= {f"{g.value.id}[{g.slice.value!s}]" for g in given if isinstance(g, ast.Subscript)
                          and isinstance(g.value, ast.Name) and isinstance(g.slice, ast.Constant)}  # fmt: skip
    found = {n.partition("[")[2][:-1] for n in names if n.endswith("]")}
    found |= {c for d in deeds if is_label(d) for c in d.columns or ()}
    for deed in reversed(deeds):
        if deed.name in names and deed.binds and not deed.value.whole:
            found |= {c for _, c in deed.value.columns}
        if deed.name in names and deed.binds and deed.value.kind == "column":
            names |= deed.value.names if not deed.value.columns else set()
        elif deed.name in names and deed.binds and deed.value.only:
            found |= deed.value.only
    return frozenset(found)


def is_label(deed: Deed) -> bool:
    """``df["kind"] = iris.target``: a column that is made of nothing but what the data set has as its target."""
    marks = [m.node for m in deed.value.marks if m.what == "source"]
    targets = [n for n in marks if isinstance(n, ast.Attribute) and n.attr == "target"]
    return (
        not deed.binds and bool(deed.columns) and bool(targets) and len(targets) == len(marks) and not deed.value.names
    )
