"""What a notebook in JupyterLab shows while one works on it: suggestions, findings, lit lines, a build."""

import json
import re

import pytest

from tests.builds.notebooks import LINE, document
from tests.lab.driver import OPEN, Notebook, expect


@pytest.fixture
def line(notebook, lab):
    """Five cells with their roles, of a model that is built in seconds."""

    def open_(name: str, *cells: tuple[str, str]) -> Notebook:
        (lab.root / name).write_text(json.dumps(document(*(cells or LINE))))
        return notebook(name)

    return open_


def lit(n: Notebook, cell: int) -> list[str]:
    return n.cell(cell).locator(".cm-line.nb2prod-lit").all_inner_texts()


def dim(n: Notebook, cell: int) -> list[str]:
    return n.cell(cell).locator(".cm-line.nb2prod-dim").all_inner_texts()


def test_suggestions_are_accepted_one_by_one_and_all_at_once(notebook, lab):
    document = json.loads((lab.root / lab.copy("churn.ipynb", "plain.ipynb")).read_text())
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    (lab.root / "plain.ipynb").write_text(json.dumps(document))
    n = notebook("plain.ipynb")
    suggested = n.cell(3).get_by_role("button", name="Suggested role: parameters")
    suggested.click()
    expect(n.role(3)).to_have_text("parameters")
    n.settled()
    n.panel.get_by_role("button", name="Accept all").click()
    expect(n.panel.get_by_role("region", name="Suggested roles")).to_have_count(0)
    n.save()
    assert lab.tags(n.name)[3] == ["parameters"]
    assert ["inference"] in lab.tags(n.name).values()
    n.do("notebook:undo-cell-action")  # all of them are one step
    n.settled()
    n.save()
    assert lab.tags(n.name) == {3: ["parameters"]}


def test_a_finding_comes_and_goes_as_one_types(line):
    n = line("typed.ipynb")
    finding = n.cell(5).locator(".nb2prod-Finding", has_text="NB309")
    editor = n.cell(5).locator(".cm-content")
    editor.click()
    n.page.keyboard.press("Control+End")
    n.page.keyboard.type("\nheights + missing")
    expect(finding).to_contain_text("missing")
    expect(n.panel.locator(".nb2prod-Finding", has_text="NB309")).to_contain_text("cell 5")
    n.page.keyboard.type(" ")
    for _ in range(len("\nheights + missing ")):
        n.page.keyboard.press("Backspace")
    expect(finding).to_have_count(0)


def test_the_remedy_of_a_finding_is_a_button(line):
    count = ("evaluation", "count = len(points)")
    inference = ("inference", "heights = [line['slope'] * p['x'] / count for p in points]\nheights")
    n = line("remedy.ipynb", LINE[0], LINE[1], LINE[3], count, inference)
    finding = n.cell(4).locator(".nb2prod-Finding", has_text="NB321")
    finding.get_by_role("button", name="Give cell 4 the role preprocessing").click()
    expect(n.role(4)).to_have_text("preprocessing")
    expect(finding).to_have_count(0)


def test_lines_that_go_to_production_are_lit_and_the_rest_step_back(line):
    training = ("training", "line = {'slope': scale / 4, 'start': 1.5}\nunused = 1\n")
    n = line("lines.ipynb", LINE[0], training, *LINE[2:])
    assert lit(n, 2) == ["line = {'slope': scale / 4, 'start': 1.5}"]
    assert dim(n, 2)[0] == "unused = 1"
    n.panel.get_by_label("Light up").click()
    expect(n.cell(2).locator(".nb2prod-lit, .nb2prod-dim")).to_have_count(0)
    n.panel.get_by_label("Light up").click()
    expect(n.cell(2).locator(".nb2prod-lit")).to_have_count(1)


def test_the_panel_says_where_training_ends(line):
    n = line("boundary.ipynb")
    region = n.panel.get_by_role("region", name="What goes to production")
    expect(region).to_contain_text(re.compile("Request.*points.*Artifacts.*line.*Response.*heights", re.DOTALL))


def test_a_finding_leads_to_its_line(line):
    n = line("place.ipynb", *LINE[:4], ("inference", "heights = [line['slope'] for p in points]\nheights + missing"))
    n.panel.get_by_role("button", name="cell 5, line 2").first.click()
    expect(n.cell(5)).to_have_class(re.compile("jp-mod-active"))
    cursor = "window.jupyterapp.shell.currentWidget.content.activeCell.editor?.getCursorPosition().line"
    n.page.wait_for_function(f"{cursor} === 1")  # from 0


def test_a_build_is_followed_to_its_result(line, lab):
    n = line("built.ipynb")
    n.panel.get_by_label("Log the model").uncheck()
    n.panel.get_by_role("button", name="Save and build").click()
    steps = n.panel.locator(".nb2prod-Steps li")
    expect(steps.filter(has_text="run")).to_have_attribute("data-state", re.compile("running|done"), timeout=60_000)
    report = n.panel.locator(".nb2prod-Report")
    expect(report.get_by_role("heading")).to_have_text("Built", timeout=180_000)
    expect(report.get_by_role("row", name="module")).to_contain_text("equal, 3 rows")
    expect(report).to_contain_text("steepness")
    assert (lab.root / "build" / "built" / "src" / "built" / "predict.py").exists()
    report.get_by_role("button", name="README").click()
    expect(n.page.locator(".jp-MarkdownViewer h1").first).to_be_visible()


def test_parameters_and_options_are_filled_in_checked_and_built_with(line, lab, notebook):
    n = line("filled.ipynb")
    n.panel.get_by_label("Log the model").uncheck()
    n.panel.get_by_text("Parameters").click()
    scale = n.panel.get_by_label("scale", exact=True)
    expect(scale).to_have_attribute("placeholder", "2.0")
    scale.fill("much")
    expect(n.panel.locator(".nb2prod-Fault")).to_contain_text("is float; `much` is not")
    n.panel.get_by_role("button", name="Save and build").click()
    expect(n.panel.get_by_role("button", name="Save and build")).to_be_enabled()
    expect(n.panel.locator(".nb2prod-Steps")).to_have_count(0)  # not begun
    scale.fill("6")
    expect(n.panel.locator(".nb2prod-Fault")).to_have_count(0)
    n.panel.get_by_text("Options").click()
    expect(n.panel.get_by_label("Folder")).to_have_attribute("placeholder", "build/filled")
    n.panel.get_by_label("Folder").fill("steep")
    n.panel.get_by_role("button", name="Save and build").click()
    report = n.panel.locator(".nb2prod-Report")
    expect(report.get_by_role("row", name="steepness")).to_contain_text("1.5", timeout=180_000)
    assert (lab.root / "steep" / "pyproject.toml").exists()
    n.close()
    n = notebook("filled.ipynb")  # as after a reload
    n.panel.get_by_text("Parameters").click()
    expect(n.panel.get_by_label("scale", exact=True)).to_have_value("6")


def test_marks_stand_at_the_cells_in_view_and_where_one_scrolls_to(lab, notebook):
    cells = [{"source": f"part_{n} = {n}\npart_{n}", "metadata": {"tags": ["training"]}} for n in range(150)]
    n = notebook(lab.write("long.ipynb", *cells))
    heads = n.page.locator(f"{OPEN} .nb2prod-Head")
    expect(n.role(1)).to_have_text("training")
    n.page.wait_for_function("window.jupyterapp.shell.currentWidget.content.widgets.every(c => !c.isPlaceholder())")
    assert heads.count() < 75
    n.page.evaluate("window.jupyterapp.shell.currentWidget.content.scrollToItem(149)")
    expect(n.role(150)).to_have_text("training")


def test_a_build_is_cancelled_and_found_again(line, lab, page, notebook):
    slow = ("training", "import time\ntime.sleep(600)\nline = {'slope': 1.0, 'start': 1.5}\n")
    n = line("stopped.ipynb", LINE[0], slow, *LINE[2:])
    n.panel.get_by_role("button", name="Save and build").click()
    step = n.panel.locator(".nb2prod-Steps li", has_text="run").first
    expect(step).to_have_attribute("data-state", "running", timeout=60_000)
    n.close()
    n = notebook("stopped.ipynb")  # as after a reload
    expect(step).to_have_attribute("data-state", "running")
    n.panel.get_by_role("button", name="Cancel").click()
    expect(n.panel.locator(".nb2prod-Report").get_by_role("heading")).to_have_text("Cancelled", timeout=60_000)
    assert not (lab.root / "build" / "stopped").exists()


EVIL = "<img src=x onerror='window.fooled=1'><script>window.fooled=1</script>"


def test_nothing_of_a_hostile_notebook_becomes_html(lab, notebook):
    cells = [
        {"source": f"slope = 2.0  # {EVIL}", "metadata": {"tags": ["parameters", EVIL, f"nb2prod:{EVIL}"]}},
        {"source": f"text = {EVIL!r}\nline = undefined_{'x' * 300}", "metadata": {"tags": ["training"]}},
        {"source": "points = [1.0]", "metadata": {"tags": ["request"], "nb2prod": {"role": EVIL}}},
        {
            "source": f"d = {{{EVIL!r}: 1}}\n[p * slope for p in points] + [{EVIL!r}]",
            "metadata": {"tags": ["inference"]},
        },
        {"source": f"#| nb2prod: {EVIL}\nraise ValueError({EVIL!r})", "metadata": {"tags": []}},
    ]
    n = notebook(lab.write("hostile.ipynb", *cells))
    ours = n.page.locator(".nb2prod-Panel, .nb2prod-Head, .nb2prod-Notes")
    expect(n.panel.locator(".nb2prod-Finding").filter(has_text="<img").first).to_be_visible()
    expect(ours.locator("img, script")).to_have_count(0)
    n.panel.get_by_role("button", name="Save and build").click()
    expect(n.panel.locator(".nb2prod-Report").get_by_role("heading")).to_have_text("Failed", timeout=180_000)
    expect(ours.locator("img, script")).to_have_count(0)
    assert n.page.evaluate("window.fooled") is None


def test_the_magic_answers_in_a_table_that_can_be_read_in_both_themes(line):
    n = line(
        "magic.ipynb",
        ("", "%load_ext nb2prod\n%nb2prod check"),
        *LINE[:4],
        ("inference", "heights = [line['slope'] + missing for point in points]"),
    )
    n.select(1)
    n.do("notebook:run-cell")
    row = n.cell(1).locator(".jp-RenderedHTML tr", has_text="missing")
    expect(row).to_contain_text("NB309", timeout=120_000)
    expect(row).to_contain_text("cell 6, line 1")
    severity = row.locator("span").first
    light = severity.evaluate(CONTRAST)
    n.do("apputils:change-theme", theme="JupyterLab Dark")
    n.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    dark = severity.evaluate(CONTRAST)
    n.do("apputils:change-theme", theme="JupyterLab Light")
    n.page.wait_for_selector("body[data-jp-theme-light=true]", state="attached")
    assert light > 4.5
    assert dark > 4.5


CONTRAST = """element => {
  const paint = colour => {
    const drawn = document.createElement('canvas').getContext('2d');
    drawn.fillStyle = colour;
    drawn.fillRect(0, 0, 1, 1);
    const parts = [...drawn.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => part / 255);
    const [r, g, b] = parts.map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  const page = getComputedStyle(document.body).getPropertyValue('--jp-layout-color0');
  const both = [paint(getComputedStyle(element).color), paint(page)];
  return Math.max(...both) / Math.min(...both);
}"""
"""Of a text's colour to the page's, as WCAG has it; 4.5 is what text should have."""
