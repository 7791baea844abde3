"""Result: what the build has shown: parity per stage, tests, metrics, and where everything is."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from nb2prod_gui.flow.export import command_line, job_file
from nb2prod_gui.look.palette import FAR, GAP
from nb2prod_gui.look.theme import mono
from nb2prod_gui.pages.tryout import TryPanel
from nb2prod_gui.parts.words import button, card, label
from nb2prod_gui.project import Project
from nb2prod_gui.work.service_client import ServiceClient


class ResultPage(QScrollArea):
    """Made anew from the report of each finished job."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.service = ServiceClient(self)
        project.jobs.finished.connect(lambda progress: self.show_report(progress.report))
        project.opened.connect(lambda: self.show_report({}))
        self.show_report({})

    def show_report(self, report: dict[str, Any]) -> None:
        """`report` as docs/json.md describes it."""
        self.service.stop()
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(FAR, FAR, FAR, FAR)
        column.setSpacing(GAP)
        column.addWidget(label(self.tr("Result"), "title"))
        if report:
            grid = QGridLayout()
            grid.setSpacing(GAP)
            grid.setColumnStretch(0, 1)
            grid.setColumnStretch(1, 1)
            for n, part in enumerate((self._parity, self._tests, self._model, self._image)):
                grid.addWidget(part(report), n // 2, n % 2)
            column.addLayout(grid)
            column.addWidget(self._try(report))
            column.addWidget(self._export())
            column.addLayout(self._links(report))
        column.addStretch(1)
        self.setWidget(inside)

    def _parity(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Parity with the notebook"), "heading"))
        kinds = {"equal": "good", "different": "bad", "skipped": "muted"}
        for stage in report.get("parity", ()):
            row = QHBoxLayout()
            row.addWidget(label(stage["stage"], wrap=False))
            row.addStretch(1)
            rows = self.tr("{0} rows").format(stage["rows"])
            words = f"{stage['status']} · {rows}" if stage["status"] != "skipped" else stage["reason"] or "skipped"
            row.addWidget(label(words, kinds[stage["status"]]))
            column.addLayout(row)
        return frame

    def _tests(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Tests"), "heading"))
        tests = report.get("tests")
        if tests is None:
            column.addWidget(label(self.tr("No tests were run."), "muted"))
            return frame
        column.addWidget(label(self.tr("{0} passed, {1} failed").format(tests["passed"], tests["failed"])))
        if tests["mutants"]:
            caught = self.tr("{0} of {1} mutants caught").format(tests["caught"], tests["mutants"])
            column.addWidget(label(caught))
        for failure in tests["failures"][:5]:
            column.addWidget(label(failure, "bad"))
        return frame

    def _model(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Model"), "heading"))
        for name, value in report.get("metrics", {}).items():
            column.addWidget(label(f"{name}   {value:.6g}"))
        mlflow = report.get("mlflow")
        if mlflow:
            alias = f"@{mlflow['alias']}" if mlflow["alias"] else ""
            column.addWidget(label(self.tr("{0} version {1} {2}").format(mlflow["model"], mlflow["version"], alias)))
            column.addWidget(label(mlflow["tracking_uri"], "small"))
        return frame

    def _image(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Image"), "heading"))
        image = report.get("image")
        if not image:
            column.addWidget(label(self.tr("No image was built."), "muted"))
            return frame
        column.addWidget(label(image["tag"]))
        sizes = (image["size_bytes"] / 1e6, image["base_size_bytes"] / 1e6)
        column.addWidget(label(self.tr("{0:.0f} MB, of which the base is {1:.0f} MB").format(*sizes)))
        column.addWidget(label(image["digest"], "small"))
        return frame

    def _try(self, report: dict[str, Any]) -> QWidget:
        panel = TryPanel(self.service)
        image = report.get("image") or {}
        panel.show_project(self._project.made if report.get("project") else None, image.get("tag", ""))
        return panel

    def _export(self) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("The same without this window"), "heading"))
        line = QLineEdit(command_line(self._project.spec))
        line.setReadOnly(True)
        line.setCursorPosition(0)
        line.setFont(mono())
        line.setAccessibleName(self.tr("Command line that repeats this build"))
        copy = button(self.tr("Copy"), "quiet", name=self.tr("Copy the command line"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(line.text()))
        save = button(self.tr("Save as a job…"))
        save.setToolTip(self.tr("A file for `nb2prod job FILE`, which CI can run"))
        save.clicked.connect(self._save_job)
        row = QHBoxLayout()
        row.addWidget(line, 1)
        row.addWidget(copy)
        row.addWidget(save)
        column.addLayout(row)
        return frame

    def _save_job(self) -> None:
        proposed = str(self._project.path.with_suffix(".job.json"))
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the job"), proposed, "JSON (*.json)")
        if path:
            Path(path).write_text(job_file(self._project.spec), encoding="utf-8")

    def _links(self, report: dict[str, Any]) -> QHBoxLayout:
        row = QHBoxLayout()
        folder = report.get("project")
        if folder:
            show = button(self.tr("Open the project's folder"))
            show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
            row.addWidget(show)
        row.addStretch(1)
        return row
