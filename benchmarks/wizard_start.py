"""How long the wizard takes to its first usable window, and its idle memory, beside those of a bare PySide6 window.

Each is started in a process of its own, in turns; of the times the least counts, for what other programs do only adds.
The ratio is of processor time: a start waits for nothing else, and on a busy machine the clock measures the others.
Usable: shown, painted, and the event loop idle for the first time. Exit code 1 where a limit is passed.
"""

import json
import os
import subprocess
import sys

TURNS = 7
MOST_RATIO = 3.0
MOST_MORE = 150.0
"""Megabytes."""

COMMON = """
import json, sys, time
start, busy = time.perf_counter(), time.process_time()
{make}
window.show()
from PySide6.QtCore import QTimer
def idle():
    import psutil
    times = [time.perf_counter() - start, time.process_time() - busy]
    application.processEvents()
    print(json.dumps([*times, psutil.Process().memory_info().rss / 1e6]))
    application.exit()
QTimer.singleShot(0, lambda: QTimer.singleShot(0, idle))
application.exec()
"""
BARE = """
from PySide6.QtWidgets import QApplication, QMainWindow
application = QApplication([])
window = QMainWindow()
"""
WIZARD = """
import tempfile
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from nb2prod_gui.look.theme import theme
from nb2prod_gui.window import Window
application = QApplication([])
theme.choose("light")
window = Window(QSettings(tempfile.mkdtemp() + "/wizard.ini", QSettings.Format.IniFormat))
"""


def measure(make: str) -> tuple[float, ...]:
    """Seconds, seconds of the processor, megabytes."""
    # Compiled modules are kept, as they are where nb2prod is installed.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    words = [sys.executable, "-c", COMMON.format(make=make)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    turns = [(measure(BARE), measure(WIZARD)) for _ in range(TURNS)]
    bare, wizard = (tuple(map(min, zip(*each, strict=True))) for each in zip(*turns, strict=True))
    ratio, more = wizard[1] / bare[1], wizard[2] - bare[2]
    for name, (seconds, busy, megabytes) in (("bare window", bare), ("wizard", wizard)):
        print(f"{name:12} {seconds:6.2f} s {busy:6.2f} s of the processor {megabytes:6.0f} MB")
    print(f"ratio {ratio:.1f} (at most {MOST_RATIO:.0f}), {more:.0f} MB more (at most {MOST_MORE:.0f})")
    return 0 if ratio <= MOST_RATIO and more <= MOST_MORE else 1


if __name__ == "__main__":
    raise SystemExit(main())
