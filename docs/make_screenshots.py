"""Draws docs/wizard/: every page of the wizard, light and dark, at 1x and 2x. Run by `make screenshots`.

A real build of a sample, with its image and its registered model, so it needs a Docker engine. Each scale is a process
of its own, for Qt fixes it at start, and a build of its own, so that the Run page shows one that was not resumed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[1]
TO = Path(__file__).parent / "wizard"
MOST_BYTES = 3_000_000
SIZE = (1180, 780)


def main() -> int:
    folder = Path(tempfile.gettempdir()) / "notebooks"
    TO.mkdir(exist_ok=True)
    for scale in ("1", "2"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(ROOT / "sample_notebooks" / "churn.ipynb", folder)
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale}
        subprocess.run([sys.executable, __file__, scale, str(folder)], env=environment, check=True)
    shutil.rmtree(folder)
    size = sum(path.stat().st_size for path in TO.glob("*.png"))
    sys.stdout.write(f"{len(list(TO.glob('*.png')))} pictures, {size / 1e6:.1f} MB (at most {MOST_BYTES / 1e6:.0f})\n")
    return 0 if size <= MOST_BYTES else 1


def indexed(picture: "QImage") -> "QImage":
    """With its 256 commonest colours, and no others: a third of the bytes, and nothing that an eye could tell."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage

    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    counted = Counter(memoryview(picture.constBits()).cast("I"))
    colours = [colour for colour, _ in counted.most_common(256)]
    return picture.convertToFormat(QImage.Format.Format_Indexed8, colours, Qt.ImageConversionFlag.AvoidDither)


def draw(scale: str, folder: Path) -> None:
    from nb2prod_gui.flow.walk import Page
    from nb2prod_gui.look.theme import theme
    from nb2prod_gui.pages.tryout import TryPanel
    from nb2prod_gui.parts.plots import LayersPlot
    from nb2prod_gui.window import Window
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    theme.choose("light")
    settings = QSettings(str(folder / "wizard.ini"), QSettings.Format.IniFormat)
    settings.clear()
    window = Window(settings)
    window.resize(*SIZE)
    window.show()
    window.start.examine()

    def wait(until: Callable[[], object], seconds: float = 900) -> None:
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("the wizard does not come on")
            application.processEvents()
            time.sleep(0.01)

    def settle() -> None:
        end = time.monotonic() + 0.3
        wait(lambda: time.monotonic() > end)

    def grab(name: str, first: Callable[[], object] = lambda: None) -> None:
        for look in ("light", "dark"):
            theme.choose(look)
            settle()
            first()
            settle()
            if (window.width(), window.height()) != SIZE:
                raise SystemExit(f"{name} makes the window {window.width()} × {window.height()}")
            path = TO / f"{name}-{look}{'@2x' if scale == '2' else ''}.png"
            indexed(window.grab().toImage()).save(str(path), "PNG", 0)
        theme.choose("light")
        settle()

    wait(lambda: not window.start.doctor.busy)
    window.open(folder / "churn.ipynb")
    wait(lambda: window.project.study is not None)
    window.cells.list.choose(9)
    grab("cells")
    window.go(Page.TARGET)
    grab("target")
    window.go(Page.RUN)
    window.run.start_job()
    wait(lambda: not window.project.jobs.running)
    if window.project.jobs.progress.status != "ok":
        raise SystemExit(window.run.summary.text())
    window.run.tabs.setCurrentWidget(window.run.cells)
    grab("run")
    for page in (Page.INTERFACE, Page.PREVIEW):
        window.go(page)
        grab(page.value)
    window.go(Page.RESULT)
    wait(lambda: window.result.findChildren(LayersPlot) and not window.result.registry.busy)
    grab("result")
    panel = window.result.findChildren(TryPanel)[-1]
    panel.start_service()
    wait(lambda: window.result.service.state == "ready", 120)
    panel.predict()
    wait(lambda: panel.answer.toPlainText())
    settle()
    grab("try-it", lambda: window.result.verticalScrollBar().setValue(panel.y() - 20))
    window.go(Page.MODELS)
    wait(lambda: window.models.tree.topLevelItemCount())
    window.models.tree.topLevelItem(0).child(0).setSelected(True)
    grab("models")
    window.go(Page.START)
    grab("start")
    window.close()


if __name__ == "__main__":
    raise SystemExit(draw(sys.argv[1], Path(sys.argv[2])) if len(sys.argv) > 1 else main())
