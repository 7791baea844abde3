"""Target: where the build goes. Each option with its default and a sentence."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QLineEdit, QScrollArea, QSpinBox, QVBoxLayout, QWidget

from nb2prod_gui.flow.draft import Target, default_image
from nb2prod_gui.flow.faults import default_package
from nb2prod_gui.look.palette import FAR, GAP, NEAR
from nb2prod_gui.parts.words import card, label
from nb2prod_gui.project import Project

LABELS = 132
"""Width of the names of fields, the same on every card."""

FIELD = 32
"""Height of a field: its name stands at its middle, not at that of the sentences below."""


class TargetPage(QScrollArea):
    """Fields that change the draft as they are left."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setObjectName("page")
        self.setWidget(inside)
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(FAR, FAR, FAR, FAR)
        self._column.setSpacing(GAP)
        self._column.addWidget(label(self.tr("Target"), "title"))
        self._column.addWidget(label(self.tr("Every field has a default that works."), "muted"))
        self._texts: dict[str, QLineEdit] = {}
        self._faults: dict[str, QLabel] = {}
        self._form = self._section(self.tr("Project"))
        self._text("output", self.tr("Folder"), self.tr("Where the package is written."))
        self._text("package", self.tr("Package"), self.tr("The Python package's name: letters, digits, underscores."))
        self.force = self._check(
            "force",
            self.tr("Overwrite files edited by hand"),
            self.tr("Else a build stops before them. Files you added stay in any case."),
        )
        self._form = self._section(self.tr("Image"))
        self.with_image = self._check("with_image", self.tr("Build an image"), self.tr("Needs a Docker engine."))
        self._text("image", self.tr("Tag"), self.tr("The image's name and version."))
        self._text("base_image", self.tr("Base image"), self.tr("A Debian image with the notebook's Python."))
        self._text("platform", self.tr("Platform"), self.tr("For example linux/arm64; the engine's own by default."))
        self._form = self._section(self.tr("MLflow"))
        self.log = self._check("log", self.tr("Log the model"), self.tr("A run, and a version in the registry."))
        self._text("tracking_uri", self.tr("Tracking server"), self.tr("An address, or an SQLite file."))
        self._text("model", self.tr("Registered model"), self.tr("The name in the registry."))
        self._text("alias", self.tr("Alias"), self.tr("What serving asks for; moved to the new version."))
        self._form = self._section(self.tr("Proof"))
        self.mutants = QSpinBox()
        self.mutants.setRange(0, 500)
        self.mutants.setAccessibleName(self.tr("Mutants"))
        self.mutants.valueChanged.connect(lambda value: self._set("mutants", value))
        self._row(self.tr("Mutants"), self.mutants, self.tr("Small faults that the tests must find."))
        self._column.addStretch(1)
        project.opened.connect(self._show)
        project.edited.connect(self._show)

    def _section(self, title: str) -> QFormLayout:
        frame, column = card()
        column.addWidget(label(title, "heading"))
        form = QFormLayout()
        form.setHorizontalSpacing(FAR)
        form.setVerticalSpacing(NEAR)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column.addLayout(form)
        self._column.addWidget(frame)
        return form

    def _row(self, title: str, widget: QWidget, sentence: str) -> QLabel:
        """Gives where a fault of the field is told."""
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(widget)
        fault = label("", "bad")
        fault.hide()
        column.addWidget(fault)
        column.addWidget(label(sentence, "small"))
        name = label(title, wrap=False)
        name.setMinimumWidth(LABELS)
        name.setFixedHeight(FIELD)
        name.setBuddy(widget)
        self._form.addRow(name, column)
        return fault

    def _text(self, name: str, title: str, sentence: str) -> None:
        edit = QLineEdit()
        edit.setAccessibleName(title)
        edit.editingFinished.connect(lambda: self._set(name, edit.text().strip()))
        edit.textEdited.connect(lambda: self._try(name))
        self._texts[name] = edit
        self._faults[name] = self._row(title, edit, sentence)

    def _check(self, name: str, title: str, sentence: str) -> QCheckBox:
        box = QCheckBox(title)
        box.toggled.connect(lambda on: self._set(name, on))
        self._row("", box, sentence)
        return box

    def _set(self, name: str, value: Any) -> None:
        if self._project.notebook is not None:
            self._project.set_target(replace(self._project.draft.target, **{name: value}))

    def _show(self) -> None:
        target, path = self._project.draft.target, self._project.path
        defaults: dict[str, Callable[[], str]] = {
            "output": lambda: str(self._project.default_output),
            "image": lambda: default_image(path),
            "package": self._default_package,
            "model": lambda: target.package or self._default_package(),
            "tracking_uri": lambda: self.tr("as MLFLOW_TRACKING_URI says, else beside the project"),
            "base_image": lambda: self.tr("the slim image of the notebook's Python"),
            "platform": lambda: self.tr("the engine's own"),
        }
        for name, edit in self._texts.items():
            edit.setPlaceholderText(defaults[name]() if name in defaults else "")
            if not edit.hasFocus():
                edit.setText(getattr(target, name))
        self._show_faults(target)
        for box, on in (
            (self.force, target.force),
            (self.with_image, target.with_image),
            (self.log, target.log),
        ):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        for name in ("image", "base_image", "platform"):
            self._texts[name].setEnabled(target.with_image)
        for name in ("tracking_uri", "model", "alias"):
            self._texts[name].setEnabled(target.log)
        self.mutants.blockSignals(True)
        self.mutants.setValue(target.mutants)
        self.mutants.blockSignals(False)

    def _default_package(self) -> str:
        notebook = self._project.notebook
        return default_package(self._project.path, notebook.digest) if notebook is not None else ""

    def _try(self, name: str) -> None:
        """What would be wrong with the text as it is being written."""
        if self._project.notebook is not None:
            changed: dict[str, Any] = {name: self._texts[name].text().strip()}
            self._show_faults(replace(self._project.draft.target, **changed))

    def _show_faults(self, target: Target) -> None:
        found = self._project.faults_of(target)
        for name, told in self._faults.items():
            edit, fault = self._texts[name], found.get(name, "")
            told.setText(fault)
            told.setVisible(bool(fault))
            edit.setAccessibleDescription(fault)
            if (edit.property("wrong") == "true") is not bool(fault):
                edit.setProperty("wrong", "true" if fault else "false")
                edit.style().unpolish(edit)
                edit.style().polish(edit)
