"""What nb2prod costs in JupyterLab with large notebooks: the same JupyterLab with the extension and without, in turns.

    python -m benchmarks.jupyterlab_large [--turns 3] [--wheel other.whl]

Two notebooks: one of 2,000 cells, most of them with a role, and one with 40 MB of outputs. Each is opened, scrolled
through, and typed in, in headless Chromium (`requirements/lab.sh`). Times are milliseconds: of the
clock, of the page's processor, and blocked: what tasks took beyond 50 ms each, in which nothing moves. The medians of
the turns are compared; with the time to a finding there is nothing to compare. On a busy machine the clock measures the
others: look at the processor.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab.host import Lab, install, loaded_page, make_wheel, running_lab

CELLS = 2000
OUTPUTS, OUTPUT_SIZE = 80, 500_000
DRAWING = 15_000
"""Milliseconds after opening in which JupyterLab draws cells that are not in view; it may take minutes for all."""
STUDYING = 10_000
"""Milliseconds after typing that belong to it: the study of the larger one takes half of it."""
TYPED_IN = 30
"""The position of a code cell in both, from 0."""
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
WATCH = """() => {
  window.seen = {blocked: 0, worst: 0, keys: []};
  new PerformanceObserver(list => list.getEntries().forEach(({duration}) => {
    window.seen.blocked += duration - 50;
    window.seen.worst = Math.max(window.seen.worst, duration);
  })).observe({type: 'longtask'});
  document.addEventListener('keydown', event => {
    requestAnimationFrame(() => setTimeout(() => window.seen.keys.push(performance.now() - event.timeStamp)));
  }, true);
}"""
OPENED = """async ([name, after]) => {
  const start = performance.now();
  const panel = await window.jupyterapp.commands.execute('docmanager:open', {path: name, factory: 'Notebook'});
  await panel.revealed;
  await new Promise(requestAnimationFrame);
  const shown = performance.now() - start;
  await new Promise(go => setTimeout(go, after));
  return [shown, panel.content.widgets.filter(cell => !cell.isPlaceholder()).length];
}"""
SCROLLED = """async () => {
  const panel = document.querySelector('.jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer');
  const frames = [];
  let last = performance.now();
  for (let step = 0; step < 150; step++) {
    panel.scrollTop = (panel.scrollHeight - panel.clientHeight) * (step % 50) / 50;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames;
}"""


def many_cells() -> Iterator[tuple[str, str, list[Any]]]:
    """Role, source, outputs. A model with many small parts, with looks at them between, as notebooks grow."""
    yield "parameters", "scale = 2.0\nsteps = 40", []
    yield "training", "total = steps * 1.5", []
    for n in range(3, CELLS - 4):
        if n % 3 == 0:
            yield "markdown", f"## Step {n}\n\nWhat *this* step does, and why it is there.", []
        elif n % 3 == 1:
            yield "training", f"part_{n} = 0.0\nfor step in range(3):\n    part_{n} += scale * {n} / (step + 1)", []
        else:
            text = {"output_type": "stream", "name": "stdout", "text": f"{n} parts so far\n"}
            yield "", f"look_{n} = part_{n - 1} / steps\nprint({n}, 'parts so far')", [text]
    yield "preprocessing", "def shifted(rows):\n    return [row + total for row in rows]", []
    yield "request", "rows = [1.0, 2.0, 3.0]", []
    yield "inference", "answer = shifted(rows)\nanswer", []


def large_outputs() -> Iterator[tuple[str, str, list[Any]]]:
    """Tables and printed text, each of half a megabyte."""
    yield "parameters", "scale = 2.0", []
    yield "training", "total = scale * 3", []
    for n in range(OUTPUTS):
        if n % 2:
            text = f"{n:08} printed text \n" * (OUTPUT_SIZE // 23)
            outputs = [{"output_type": "stream", "name": "stdout", "text": text}]
        else:
            cells = "".join(f"<tr><td>{row}</td><td>{n * row}</td></tr>" for row in range(OUTPUT_SIZE // 30))
            data = {"text/html": f"<table style='display:block;height:9em;overflow:auto'>{cells}</table>"}
            outputs = [{"output_type": "display_data", "metadata": {}, "data": data}]
        yield "", f"look_{n} = total", outputs
    yield "request", "rows = [1.0, 2.0, 3.0]", []
    yield "inference", "answer = [row + total for row in rows]\nanswer", []


def document(cells: Iterator[tuple[str, str, list[Any]]]) -> str:
    made = []
    for n, (role, source, outputs) in enumerate(cells):
        cell: dict[str, Any] = {"id": f"cell-{n}", "metadata": {}, "source": source}
        if role == "markdown":
            made.append(cell | {"cell_type": "markdown"})
        else:
            cell["metadata"] = {"tags": [role]} if role else {}
            made.append(cell | {"cell_type": "code", "execution_count": None, "outputs": outputs})
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": made, "metadata": python, "nbformat": 4, "nbformat_minor": 5})


def measure(lab: Lab, name: str, *, findings: bool) -> dict[str, float]:
    """Times in milliseconds, and the megabytes of the page's heap at the end."""
    with loaded_page(lab, viewport={"width": 1400, "height": 900}) as page:
        page.evaluate(WATCH)
        found: dict[str, float] = {}

        used = processor(page)

        def settle(stage: str) -> None:
            nonlocal used
            page.wait_for_timeout(1500)
            now = processor(page)
            found[f"{stage}: processor"], used = now - used, now
            seen = page.evaluate("() => Object.assign({}, window.seen)")
            found[f"{stage}: blocked"], found[f"{stage}: longest task"] = seen["blocked"], seen["worst"]
            page.evaluate("() => Object.assign(window.seen, {blocked: 0, worst: 0, keys: []})")

        page.set_default_timeout(300_000)
        found["open: first cells"], found["open: cells drawn"] = page.evaluate(OPENED, [name, DRAWING])
        settle("open")
        frames = page.evaluate(SCROLLED)
        found["scroll: frame"], found["scroll: slowest of 20"] = statistics.median(frames), sorted(frames)[-8]
        settle("scroll")
        page.evaluate("n => window.jupyterapp.shell.currentWidget.content.scrollToItem(n, 'center')", TYPED_IN)
        page.wait_for_timeout(1000)
        cell = page.locator(f'{OPEN} .jp-Cell[data-windowed-list-index="{TYPED_IN}"]')
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("\n# a remark of some length, typed as one does: with a short pause now and then ", delay=40)
        page.wait_for_timeout(300)
        keys = sorted(page.evaluate("() => window.seen.keys"))
        found["type: key"], found["type: slowest of 20"] = statistics.median(keys), keys[-len(keys) // 20]
        page.wait_for_timeout(STUDYING)
        settle("type")
        if findings:
            page.wait_for_selector(f"{OPEN}[data-nb2prod=read]")
            page.keyboard.type("\nnever_defined + 1")
            start = page.evaluate("() => performance.now()")
            cell.locator(".nb2prod-Finding", has_text="never_defined").wait_for()
            found["type: until the finding"] = page.evaluate("() => performance.now()") - start
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.collectGarbage")
        found["heap, MB"] = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        return found


def processor(page: Any) -> float:
    """Milliseconds of the processor that the pages of this browser have taken."""
    session = page.context.browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return float(sum(one["cpuTime"] for one in processes if one["type"] == "renderer") * 1000)


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("--turns", type=int, default=3)
    given.add_argument("--wheel", type=Path)
    given.add_argument("--only")
    asked = given.parse_args()
    notebooks = {"2,000 cells": many_cells, "40 MB of outputs": large_outputs}
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder)
        prefix = install(asked.wheel or make_wheel(folder), folder / "prefix")
        for name in ("with", "without"):
            (folder / name / "config" / "labconfig").mkdir(parents=True)
        off = {"disabledExtensions": {"jupyterlab-nb2prod": True}}
        (folder / "without" / "config" / "labconfig" / "page_config.json").write_text(json.dumps(off))
        with running_lab(prefix, folder / "with") as on, running_lab(prefix, folder / "without") as bare:
            for title, make in notebooks.items():
                if asked.only and asked.only not in title:
                    continue
                for lab in (on, bare):
                    (lab.root / "large.ipynb").write_text(document(make()))
                turns = []
                for _ in range(asked.turns):
                    for lab in (on, bare):
                        (lab.root.parent / "workspaces").mkdir(exist_ok=True)
                        for old in (lab.root.parent / "workspaces").iterdir():
                            old.unlink()
                    turns.append(
                        (measure(bare, "large.ipynb", findings=False), measure(on, "large.ipynb", findings=True))
                    )
                show(title, *zip(*turns, strict=True))
    return 0


def show(title: str, bare: tuple[dict[str, float], ...], ours: tuple[dict[str, float], ...]) -> None:
    sys.stdout.write(f"{title:26}    without       with  ratio\n")
    for name in ours[0]:
        now = statistics.median(one[name] for one in ours)
        if name in bare[0]:
            was = statistics.median(one[name] for one in bare)
            ratio = f"{now / was:6.2f}" if was else ""
            sys.stdout.write(f"  {name:24} {was:10.1f} {now:10.1f} {ratio}\n")
        else:
            sys.stdout.write(f"  {name:24} {'':10} {now:10.1f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
