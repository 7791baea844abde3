"""The event loop while big notebooks are opened, analysed, scrolled and given roles: figures by a watchdog (`-s`).

The goal is 50 ms at the 99th percentile and 200 ms at most. What is asserted is far from it, since other processes take
the processor as well: it catches what grows with the size of the notebook.
"""

import json
import time

import pytest
from PySide6.QtCore import QTimer

from nb2prod.model.roles import Role
from tests.gui.test_run import finish, start, write

WAIT = 120_000
"""Milliseconds: only ends a test that has failed."""
P99, MOST = 150, 1500
"""Milliseconds of this thread's own processor time between two turns of the loop."""


class Watchdog:
    """Asks for a turn of the event loop each millisecond, and measures what lies between two turns."""

    def __init__(self, parent):
        self._wall, self._cpu = [], []
        self._last = time.perf_counter(), time.thread_time()
        timer = QTimer(parent)
        timer.setInterval(1)
        timer.timeout.connect(self._turn)
        timer.start()

    def _turn(self):
        now = time.perf_counter(), time.thread_time()
        self._wall.append((now[0] - self._last[0]) * 1000 - 1)
        self._cpu.append((now[1] - self._last[1]) * 1000)
        self._last = now

    def report(self, what):
        for name, gaps in (("wall", self._wall), ("own", self._cpu)):
            gaps.sort()
            print(
                f"{what:10} {name:5} p99 {gaps[int(len(gaps) * 0.99)]:6.1f} ms  most {gaps[-1]:6.1f} ms  n {len(gaps)}"
            )
        p99, most = self._cpu[int(len(self._cpu) * 0.99)], self._cpu[-1]
        self._wall, self._cpu = [], []
        assert p99 < P99, what
        assert most < MOST, what


def document(cells):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}


def code(n, source, outputs=()):
    return {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": source, "outputs": list(outputs),
            "execution_count": None}  # fmt: skip


@pytest.fixture
def two_thousand(tmp_path):
    cells = []
    for n in range(2000):
        if n % 3 == 0:
            text = f"## Part {n}\n\nSome *text* about it that is a bit longer than one line would be, we think."
            cells.append({"cell_type": "markdown", "id": f"c{n}", "metadata": {}, "source": text})
        else:
            before = f"x{n - 3}" if n > 4 else "0"
            cells.append(code(n, f"x{n} = {n} + {before}\nfor i in range(3):\n    print(x{n}, 'hello world')"))
    path = tmp_path / "big.ipynb"
    path.write_text(json.dumps(document(cells)))
    return path


def test_two_thousand_cells_do_not_hold_the_loop(window, qtbot, two_thousand):
    project, cells = window.project, window.cells.list
    watchdog = Watchdog(window)
    with qtbot.waitSignal(project.opened, timeout=WAIT):
        window.open(two_thousand)
    qtbot.wait(500)
    watchdog.report("opened")
    if project.study is None:
        qtbot.waitSignal(project.studied, timeout=WAIT).wait()
    qtbot.wait(500)
    watchdog.report("analysed")
    for _ in range(40):
        cells.verticalScrollBar().setValue(cells.verticalScrollBar().value() + 900)
        qtbot.wait(20)
    watchdog.report("scrolled")
    for n in range(20):
        cells.hovered.emit(1400 + 3 * n, 1, f"x{1400 + 3 * n - 1}")
        qtbot.wait(20)
    watchdog.report("hovered")
    for n in range(5):
        project.set_roles({3 * n + 2: Role.TRAINING})
        qtbot.wait(50)
    watchdog.report("roles")
    qtbot.waitUntil(lambda: not project.analysing, timeout=WAIT)
    qtbot.wait(300)
    watchdog.report("again")


def test_fifty_megabytes_of_output_do_not_hold_the_loop(window, qtbot, tmp_path):
    text = {"output_type": "stream", "name": "stdout", "text": ("0123456789 " * 9 + "\n") * 250_000}
    picture = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo" + "A" * 25_000_000}}
    path = tmp_path / "loud.ipynb"
    path.write_text(json.dumps(document([code(0, "print(big)", [text]), code(1, "plot()", [picture]), code(2, "1")])))
    assert path.stat().st_size > 49_000_000
    watchdog = Watchdog(window)
    with qtbot.waitSignal(window.project.studied, timeout=WAIT):
        window.open(path)
    qtbot.wait(500)
    watchdog.report("50 MB")
    assert next(o.omitted for o in window.cells.model.view(0).cell.outputs).endswith("more characters")


def test_ten_thousand_events_of_a_job_do_not_hold_the_loop(window, qtbot, tmp_path):
    loud = [("skip", f"for n in range(190):\n    print({cell}, n, 'a line of ordinary length', flush=True)")
            for cell in range(55)]  # fmt: skip
    project = start(window, qtbot, write(tmp_path / "loud.ipynb", *loud))
    watchdog = Watchdog(window)
    finish(window, qtbot)
    watchdog.report("events")
    assert project.jobs.progress.status == "ok", window.run.summary.text()
    assert project.jobs.story.told > 10_000
