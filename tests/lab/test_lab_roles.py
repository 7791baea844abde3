"""The ways to give a cell its role in JupyterLab: each writes the tag that `nb2prod tag` would write."""

import re

from tests.lab.driver import expect


def choose(page, role: str) -> None:
    page.locator(".lm-Menu .lm-Menu-itemLabel", has_text=re.compile(f"^{role}$")).click()


def test_the_cell_toolbar(notebook, lab):
    n = notebook(lab.write("toolbar.ipynb", "x = 1", "y = x"))
    n.select(2).locator("[data-command='nb2prod:choose-role']").click()
    choose(n.page, "training")
    expect(n.role(2)).to_have_text("training")
    n.save()
    assert lab.tags(n.name) == {2: ["training"]}


def test_the_property_form(notebook, lab):
    n = notebook(lab.write("form.ipynb", "x = 1", "y = x"))
    n.select(1)
    n.do("property-inspector:show-panel")
    n.page.get_by_text("nb2prod", exact=True).click()
    choice = n.page.get_by_role("combobox", name="Role of the cell")
    choice.select_option("parameters")
    expect(n.role(1)).to_have_text("parameters")
    n.select(2)
    expect(choice).to_have_value("")
    n.save()
    assert lab.tags(n.name) == {1: ["parameters"]}


def test_keys_give_a_role_to_all_selected_cells_and_undo_takes_it_back(notebook, lab):
    n = notebook(lab.write("keys.ipynb", "x = 1", "y = x", "z = y"))
    n.select(1)
    n.page.keyboard.press("Shift+ArrowDown")
    n.page.keyboard.press("Alt+r")
    n.page.keyboard.press("t")
    expect(n.role(1)).to_have_text("training")
    expect(n.role(2)).to_have_text("training")
    expect(n.role(3)).to_have_count(0)
    n.do("notebook:undo-cell-action")
    expect(n.role(1)).to_have_count(0)
    expect(n.role(2)).to_have_count(0)


def test_the_context_menu(notebook, lab):
    n = notebook(lab.write("menu.ipynb", "x = 1"))
    n.cell(1).locator(".jp-InputArea-editor").click(button="right")
    n.page.locator(".lm-Menu-itemLabel", has_text="Role in Production").hover()
    choose(n.page, "skip")
    expect(n.role(1)).to_have_text("skip")


def test_the_badge_is_a_button_that_changes_the_role(notebook, lab):
    n = notebook(lab.write("badge.ipynb", {"source": "x = 1", "metadata": {"tags": ["mine", "training"]}}))
    n.role(1).click()
    choose(n.page, "evaluation")
    expect(n.role(1)).to_have_text("evaluation")
    n.role(1).click()
    choose(n.page, "no role")
    expect(n.role(1)).to_have_count(0)
    n.save()
    assert lab.tags(n.name) == {1: ["mine"]}


def test_tags_are_written_as_the_notebook_writes_them(notebook, lab):
    prefixed = {"source": "x = 1", "metadata": {"tags": ["nb2prod:functions"]}}
    n = notebook(lab.write("prefix.ipynb", prefixed, "y = x"))
    n.select(2)
    n.do("nb2prod:set-role", role="training")
    expect(n.role(2)).to_have_text("training")
    n.save()
    assert lab.tags(n.name) == {1: ["nb2prod:functions"], 2: ["nb2prod:training"]}


def test_a_role_spelled_elsewhere_shows_too(notebook, lab):
    stated = {"source": "x = 1", "metadata": {"nb2prod": {"role": "training"}}}
    n = notebook(lab.write("elsewhere.ipynb", stated, "#| nb2prod: skip\ny = x"))
    expect(n.role(1)).to_have_text("training")
    expect(n.role(2)).to_have_text("skip")
