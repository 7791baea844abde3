"""Modules beside the notebook: their source is read, so what their functions change is known, and so is their state."""

from textwrap import dedent

from nb2prod.analysis.graph import build_graph
from nb2prod.analysis.modules import OwnModules, absolute, imported_modules, read_modules
from nb2prod.model.findings import Finding
from nb2prod.plan.cut import find_boundary
from nb2prod.plan.extraction import plan_extraction
from nb2prod.plan.selection import Selection, select
from tests.plan.equality import notebook

HELPERS = """
CONFIG = {"scale": 1}
calls = []
def configure(scale):
    CONFIG["scale"] = scale
def configured(x):
    return x * CONFIG["scale"]
def add_total(frame):
    frame["total"] = 1
    return frame
def count(x):
    global seen
    seen = x
    return x
def draw(rows):
    print(rows)
class Box:
    def push(self, x):
        self.x = x
        return x
def _hidden(): pass
"""
END = """
# %% request
value = 9
# %% inference
"""


def own(**sources: str) -> OwnModules:
    names = {name.replace("__", "."): dedent(source) for name, source in sources.items()}
    return read_modules({n: absolute(s, n, is_package=any(m.startswith(f"{n}.") for m in names))
                         for n, s in names.items()})  # fmt: skip


def selected(text: str, modules: OwnModules) -> tuple[Selection, dict[str, Finding]]:
    graph = build_graph(notebook(text), modules)
    boundary, findings = find_boundary(graph)
    assert boundary is not None, findings
    selection, more = select(graph, boundary, ())
    return selection, {f.code: f for f in (*findings, *more)}


def training(text: str) -> set[int]:
    return set(selected(text, own(helpers=HELPERS))[0].training)


def test_what_a_function_of_a_module_changes_in_place() -> None:
    assert training(f"""
# %% training
import helpers
rows = dict(a=[1])
other = helpers.add_total(rows)
plain = helpers.configured(3)
helpers.draw(rows)
model = rows["total"]
{END}value * model
""") == {1, 2, 5}  # fmt: skip


def test_a_method_that_changes_its_object() -> None:
    assert training(f"""
# %% training
from helpers import Box
box = Box()
kept = box.push(3)
model = box.x
{END}value * model
""") == {1, 2, 3}  # fmt: skip


def test_the_state_of_a_module_is_data() -> None:
    text = f"""
# %%
import helpers
helpers.configure(3)
# %%
unused = helpers.draw
# %% training
model = helpers.configured(3)
{END}value * model
"""
    assert training(text) == {1, 3}


def test_state_set_through_an_attribute_a_name_and_a_part() -> None:
    for change in ('helpers.CONFIG["scale"] = 3', 'CONFIG["scale"] = 3', 'part = helpers.CONFIG\npart["scale"] = 3',
                   "helpers.CONFIG.update(scale=3)", "helpers.count(3)"):  # fmt: skip
        found = selected(f"""
# %%
import helpers
from helpers import CONFIG, configured
# %%
{change}
# %% training
model = pow(3, 1)
{END}configured(value) * model
""", own(helpers=HELPERS))[1]  # fmt: skip
        assert found["NB395"].cell == 2, change
        assert "`helpers`" in found["NB395"].message


def test_a_module_that_nobody_changes_is_used_by_the_prediction() -> None:
    found = selected(f"""
# %%
import helpers
import importlib
importlib.reload(helpers)
helpers.draw([1])
# %% training
model = helpers.configured(3)
{END}helpers.configured(value) * model
""", own(helpers=HELPERS))[1]  # fmt: skip
    assert [f for f in found.values() if f.severity == "error"] == []


def test_state_through_a_package_and_its_re_exports() -> None:
    modules = own(
        src="", src__tools="from .settings import configure\nfrom . import settings\n",
        src__tools__settings="LEVEL = [1]\ndef configure(n):\n    LEVEL.append(n)\n",
    )  # fmt: skip
    selection, _ = selected(f"""
# %% training
from src.tools import configure
import src.tools.settings as s
configure(3)
model = len(s.LEVEL)
{END}value * model
""", modules)  # fmt: skip
    assert set(selection.training) == {2, 3}


def imports(text: str, modules: OwnModules) -> tuple[str, ...]:
    graph = build_graph(notebook(text), modules)
    boundary, _ = find_boundary(graph)
    assert boundary is not None
    selection, findings = select(graph, boundary, ())
    assert [f for f in findings if f.severity == "error"] == []
    return plan_extraction(graph, boundary, selection, "example", ()).imports


def test_a_star_import_is_written_out() -> None:
    assert imports(f"""
# %% imports
import math
from helpers import *
# %% training
model = configured(3) + math.floor(2.5)
{END}value * model
""", own(helpers=HELPERS + "\nimport math\n")) == ("import math", "from helpers import configured")  # fmt: skip


def test_an_import_by_name() -> None:
    assert imports(f"""
# %% imports
import importlib
tools = importlib.import_module("helpers")
# %% training
model = tools.configured(3)
{END}tools.configured(value) * model
""", own(helpers=HELPERS)) == ("import helpers as tools",)  # fmt: skip


def test_star_names() -> None:
    modules = own(plain=HELPERS, listed="__all__ = ['a']\na = b = 1\n", computed="__all__ = [n for n in 'ab']\n",
                  through="from plain import *\nmore = 1\ndel more\n")  # fmt: skip
    assert "configure" in (modules.exports("through") or ())
    assert "more" not in (modules.exports("through") or ())
    assert "_hidden" not in (modules.exports("plain") or ())
    assert modules.exports("listed") == ("a",)
    assert modules.exports("computed") is None


def test_imports_on_every_branch() -> None:
    found = imported_modules(absolute("""
import a
from .near import x
try:
    import fast as b
except ImportError:
    import slow as b
def later():
    import importlib
    from deep.part import y
    return importlib.import_module("named.by.text")
if a:
    import c
""", "pack.mod", is_package=False))  # fmt: skip
    assert set(found.certain) == {"a", "pack.near", "fast", "slow", "importlib", "deep.part", "named.by.text", "c"}
    assert found.optional == {"fast", "slow"}
    assert "deep.part.y" in found.possible
