"""The pages of the walk, and which of them can be entered now."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from nb2prod.model.findings import Severity

if TYPE_CHECKING:
    from nb2prod.steps.study import Study


class Page(StrEnum):
    """In the order of the walk; MODELS stands beside it."""

    START = "start"
    CELLS = "cells"
    INTERFACE = "interface"
    PREVIEW = "preview"
    TARGET = "target"
    RUN = "run"
    RESULT = "result"
    MODELS = "models"


WALK = (Page.START, Page.CELLS, Page.INTERFACE, Page.PREVIEW, Page.TARGET, Page.RUN, Page.RESULT)


@dataclass(frozen=True, slots=True)
class Standing:
    """What navigation depends on. `study` None: nothing is open, or it is not analysed yet. `faults` are sentences on
    what of the target cannot be."""

    is_open: bool = False
    study: "Study | None" = None
    faults: tuple[str, ...] = ()
    job_started: bool = False
    job_finished: bool = False

    @property
    def blocking(self) -> int:
        """How many findings stop a build."""
        return sum(f.severity is Severity.ERROR for f in self.study.findings) if self.study else 0


Translate = Callable[[str, str], str]
"""(context, English) to the user's language; QCoreApplication.translate is one."""


def why_not(page: Page, standing: Standing, translate: Translate = lambda _, text: text) -> str:
    """Why the page cannot be entered now, in words for its user; empty where it can."""
    if page in (Page.START, Page.MODELS):
        return ""
    if not standing.is_open:
        return translate("walk", "Open a notebook first.")
    if page is Page.CELLS:
        return ""
    if page is Page.RUN and standing.job_started:
        return ""
    if page is Page.RESULT:
        if standing.job_started and not standing.job_finished:
            return translate("walk", "The build is running: the result opens when it is done.")
        return "" if standing.job_finished else translate("walk", "Build first: there is no result yet.")
    if standing.study is None:
        return translate("walk", "The notebook is being analysed.")
    if standing.blocking:
        text = translate("walk", "{0} finding(s) on the Cells page stop the build.")
        return text.format(standing.blocking)
    if standing.study.boundary is None:
        return translate("walk", "Give cells their roles first: what trains, what predicts.")
    if page is Page.RUN and standing.faults:
        return translate("walk", "Target: {0}").format(standing.faults[0])
    return ""


def next_page(page: Page) -> Page | None:
    """The page after this one in the walk."""
    at = WALK.index(page) if page in WALK else len(WALK)
    return WALK[at + 1] if at + 1 < len(WALK) else None
