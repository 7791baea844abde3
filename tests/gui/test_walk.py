"""The whole walk as a user goes it: open, accept what is suggested, build, try, export; and the export alone again.

One sample by default; NB2PROD_WALK=all (`make test-walk`) takes all six, minutes each.
"""

import json
import os
import shlex
import shutil

import pytest
from nb2prod_gui.flow.draft import Target
from nb2prod_gui.flow.walk import WALK, Page
from nb2prod_gui.pages.tryout import TryPanel
from nb2prod_gui.parts.plots import LayersPlot, TrendPlot
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from nb2prod.image.engine import connect
from tests.builds.command import nb2prod
from tests.builds.projects import files_of
from tests.gui.conftest import SAMPLES

WAIT = 900_000
"""Milliseconds: only ends a test that has failed."""
ALL = ("churn", "house_prices", "demand", "sentiment", "segments", "digits")
NAMES = ALL if os.environ.pop("NB2PROD_WALK", "") == "all" else ALL[:1]
"""Taken out of the environment, where a build would refuse it: it is no setting."""


def press(qtbot, button) -> None:
    assert button.isEnabled()
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def walk_on(window, qtbot, page: Page) -> None:
    """By the footer's button, page by page."""
    while window.page is not page:
        assert WALK.index(window.page) < WALK.index(page)
        press(qtbot, window.onward)


def containers_of(project) -> int:
    """Containers to try that run the image of the last build."""
    client = connect()
    digest = project.jobs.progress.report["image"]["digest"]
    try:
        return len(client.containers(all=True, filters={"ancestor": digest, "label": "nb2prod=trial"}))
    finally:
        client.close()


@pytest.mark.docker
@pytest.mark.samples
@pytest.mark.parametrize("name", NAMES)
def test_from_a_bare_notebook_to_an_answer(window, qtbot, tmp_path, name):
    path = tmp_path / f"{name}.ipynb"
    document = json.loads((SAMPLES / path.name).read_text())
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    path.write_text(json.dumps(document, indent=1))
    for data in SAMPLES.iterdir():
        if data.suffix != ".ipynb" and data.name != "build":
            (shutil.copytree if data.is_dir() else shutil.copy)(data, tmp_path / data.name)
    project = window.project
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        window.open(path)
    with qtbot.waitSignal(project.studied, timeout=WAIT):
        press(qtbot, window.cells.accept_all)
    project.set_target(Target(mutants=2))
    window.go(Page.TARGET)
    walk_on(window, qtbot, Page.RUN)
    press(qtbot, window.run.start)
    qtbot.waitUntil(lambda: not project.jobs.running, timeout=WAIT)
    assert project.jobs.progress.status == "ok", window.run.summary.text()
    assert window.run.layers.pieces.rowCount() > 5
    press(qtbot, window.run.show_result)

    result = window.result
    qtbot.waitUntil(lambda: bool(result.findChildren(LayersPlot)), timeout=WAIT)
    assert len(result.findChildren(TrendPlot)) == len(project.jobs.progress.report["metrics"])
    panel = result.findChild(TryPanel)
    press(qtbot, panel.start)
    qtbot.waitUntil(lambda: result.service.state == "ready", timeout=WAIT)
    panel.predict()
    qtbot.waitUntil(lambda: panel.send.isEnabled() and bool(panel.answer.toPlainText()), timeout=WAIT)
    answered = json.loads(panel.answer.toPlainText())["predictions"]
    golden = json.loads(project.made.answer)
    assert panel.outcome.text().startswith("200"), panel.answer.toPlainText()
    assert answered == (golden[:1] if len(answered) == 1 and isinstance(golden, list) else golden)
    said = panel.outcome.text()
    editor = next((e for e in panel._editors.values() if isinstance(e, QLineEdit)), None)
    if name == "churn" and editor is not None:
        editor.setText("many")
        panel.predict()
        qtbot.waitUntil(lambda: panel.send.isEnabled() and panel.outcome.text() != said, timeout=WAIT)
        assert editor.property("wrong") == "true", panel.answer.toPlainText()
    assert containers_of(project) == 1
    press(qtbot, panel.stop)
    assert result.service.state == "stopping"
    qtbot.waitUntil(lambda: result.service.state == "stopped", timeout=WAIT)
    assert containers_of(project) == 0

    line = next(e.text() for e in result.findChildren(QLineEdit) if e.text().startswith("nb2prod build "))
    built = (tmp_path / "build").rename(tmp_path / "by-the-window")
    done = nb2prod(*shlex.split(line)[1:], cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert files_of(tmp_path / "build" / name) == files_of(built / name)


@pytest.mark.docker
@pytest.mark.parametrize("image", ["nb2prod-there-is-none:1"])
def test_a_container_that_cannot_start_says_so(window, qtbot, image):
    service = window.result.service
    with qtbot.waitSignal(service.failed, timeout=60_000) as caught:
        service.start_container(image)
    assert "nb2prod-there-is-none" in caught.args[0]
    qtbot.waitUntil(lambda: service.state == "stopped", timeout=60_000)
