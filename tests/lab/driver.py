"""A notebook in JupyterLab, as a test drives it."""

import os
import re

import pytest

from tests.lab.host import Lab, missing

if not os.environ.get("CI") and (reason := missing()):
    pytest.skip(f"{reason} (requirements/lab.sh)", allow_module_level=True)

from playwright.sync_api import Locator, Page, expect

__all__ = ["Notebook", "expect"]

PANEL = ".nb2prod-Panel"
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


class Notebook:
    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name

    def open(self) -> "Notebook":
        self.do("docmanager:open", path=self.name, factory="Notebook")
        self.page.wait_for_selector(f"{OPEN} .jp-Cell")
        self.do("nb2prod:open-panel")
        return self.settled()

    def close(self) -> None:
        """Without saving."""
        self.page.keyboard.press("Escape")
        self.page.evaluate("for (const one of [...window.jupyterapp.shell.widgets('main')]) one.dispose()")
        self.page.wait_for_selector(OPEN, state="detached")

    def settled(self) -> "Notebook":
        """Wait until the study of the notebook as it is has come."""
        self.page.wait_for_selector(f"{OPEN}[data-nb2prod=read]")
        return self

    def do(self, name: str, **arguments: object) -> None:
        """A command of JupyterLab."""
        script = "([name, all]) => { window.jupyterapp.commands.execute(name, all); }"
        self.page.evaluate(script, [name, arguments])

    @property
    def panel(self) -> Locator:
        return self.page.locator(PANEL)

    def cell(self, number: int) -> Locator:
        """By its position, from 1."""
        return self.page.locator(f'{OPEN} .jp-Cell[data-windowed-list-index="{number - 1}"]')

    def select(self, number: int) -> Locator:
        cell = self.cell(number)
        cell.locator(".jp-InputPrompt").click()
        expect(cell).to_have_class(re.compile("jp-mod-active"))
        return cell

    def role(self, number: int) -> Locator:
        """The badge of a cell."""
        return self.cell(number).locator(".nb2prod-Role:not(.nb2prod-mod-suggested)")

    def save(self) -> None:
        script = "() => window.jupyterapp.shell.currentWidget.context.save()"
        self.page.evaluate(script)
