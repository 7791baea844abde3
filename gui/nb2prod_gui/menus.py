"""The menus of the window; what is chosen under *View* is kept in the settings."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QMessageBox

from nb2prod_gui.look.language import NAMES
from nb2prod_gui.look.theme import Choice, theme
from nb2prod_gui.project import Project

Standard = QKeySequence.StandardKey


class Menus(QObject):
    """Fills the window's bar; the texts are translated under this name."""

    def __init__(self, window: QMainWindow, project: Project, settings: QSettings, browse: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        bar = window.menuBar()
        file = bar.addMenu(self.tr("&File"))
        self._add(file, self.tr("&Open notebook…"), browse, Standard.Open)
        self.save = self._add(file, self.tr("&Save roles"), project.save, Standard.Save)
        file.addSeparator()
        self._add(file, self.tr("&Quit"), window.close, Standard.Quit)
        edit = bar.addMenu(self.tr("&Edit"))
        self.undo = self._add(edit, self.tr("&Undo"), project.undo, Standard.Undo)
        self.redo = self._add(edit, self.tr("&Redo"), project.redo, Standard.Redo)
        view = bar.addMenu(self.tr("&View"))
        choices: tuple[tuple[str, Choice], ...] = (
            (self.tr("As the &system"), "system"),
            (self.tr("&Light"), "light"),
            (self.tr("&Dark"), "dark"),
        )
        for text, choice in choices:
            self._add(view, text, partial(self._choose_theme, choice))
        languages = view.addMenu(self.tr("&Language"))
        for language, name in (("system", self.tr("As the &system")), *NAMES.items()):
            self._add(languages, name, partial(self._choose_language, language))

    def show_project(self, project: Project) -> None:
        """What can be undone, redone and saved now."""
        self.undo.setEnabled(bool(project.history.past))
        self.redo.setEnabled(bool(project.history.future))
        self.save.setEnabled(project.unsaved)

    def _add(self, menu: QMenu, text: str, what: Callable[[], object], keys: Standard | None = None) -> QAction:
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda _=False: what())
        menu.addAction(action)
        return action

    def _choose_language(self, language: str) -> None:
        self._settings.setValue("language", language)
        box = QMessageBox(QMessageBox.Icon.Information, "nb2prod", self.tr("Language"), parent=self._window)
        box.setInformativeText(self.tr("The language changes when the wizard is started again."))
        box.open()

    def _choose_theme(self, choice: Choice) -> None:
        self._settings.setValue("theme", choice)
        theme.choose(choice)
