"""Draws docs/jupyterlab/: nb2prod in a real JupyterLab, light and dark. Run by `make screenshots-lab`.

A real build of a sample, without an image, so no Docker engine is needed.
"""

import json
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.lab.driver import OPEN, Notebook
from tests.lab.host import Lab, install, loaded_page, make_wheel, running_lab

TO = Path(__file__).parent / "jupyterlab"
SIZE = {"width": 1240, "height": 800}
MOST_BYTES = 1_500_000


def main() -> int:
    TO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as holder:
        folder = Path(holder)
        prefix = install(make_wheel(folder), folder / "prefix")
        (folder / "jupyter").mkdir()
        with (
            running_lab(prefix, folder / "jupyter") as lab,
            loaded_page(lab, viewport=SIZE, device_scale_factor=1.5) as page,
        ):
            page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            draw(page, lab)
    size = sum(path.stat().st_size for path in TO.glob("*.png"))
    sys.stdout.write(f"{len(list(TO.glob('*.png')))} pictures, {size / 1e6:.1f} MB (at most {MOST_BYTES / 1e6:.1f})\n")
    return 0 if size <= MOST_BYTES else 1


def draw(page, lab: Lab) -> None:
    def grab(name: str) -> None:
        for look, theme in (("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")):
            page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
            page.wait_for_selector(
                f"body[data-jp-theme-light={'true' if look == 'light' else 'false'}]", state="attached"
            )
            page.wait_for_timeout(1500)
            page.wait_for_selector(f"{OPEN}[data-nb2prod=read]")
            picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
            indexed(picture).save(TO / f"{name}-{look}.png", optimize=True)

    untagged(lab)
    n = Notebook(page, lab, "customers.ipynb").open()
    n.select(3)
    grab("suggested")
    n = Notebook(page, lab, lab.copy("churn.ipynb")).open()
    n.page.evaluate("window.jupyterapp.shell.currentWidget.content.scrollToItem(9, 'start')")
    n.select(10)
    page.wait_for_timeout(500)
    grab("cells")
    n.panel.get_by_role("button", name="Save and build").click()
    expect(n.panel.locator(".nb2prod-Report")).to_contain_text("Built", timeout=600_000)
    n.panel.evaluate("panel => { panel.scrollTop = panel.scrollHeight; }")
    grab("built")


def indexed(picture: Image.Image) -> Image.Image:
    """With its 256 commonest colours, and no others."""
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([channel for _, colour in counted for channel in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def untagged(lab: Lab) -> None:
    """The sample as its author would have it before nb2prod."""
    document = json.loads((lab.root / lab.copy("churn.ipynb", "customers.ipynb")).read_text())
    for cell in document["cells"]:
        cell["metadata"].pop("tags", None)
    (lab.root / "customers.ipynb").write_text(json.dumps(document))


if __name__ == "__main__":
    raise SystemExit(main())
