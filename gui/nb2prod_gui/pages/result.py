"""Result: what the build has shown: parity per stage, tests, metrics, and where everything is."""

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from nb2prod_gui.look.palette import FAR, GAP
from nb2prod_gui.parts.words import button, card, label
from nb2prod_gui.project import Project


class ResultPage(QScrollArea):
    """Made anew from the report of each finished job."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        project.jobs.finished.connect(lambda progress: self.show_report(progress.report))
        self.show_report({})

    def show_report(self, report: dict[str, Any]) -> None:
        """`report` as docs/json.md describes it."""
        inside = QWidget()
        inside.setObjectName("page")
        column = QVBoxLayout(inside)
        column.setContentsMargins(FAR, FAR, FAR, FAR)
        column.setSpacing(GAP)
        column.addWidget(label(self.tr("Result"), "title"))
        if report:
            grid = QGridLayout()
            grid.setSpacing(GAP)
            for n, part in enumerate((self._parity, self._tests, self._model, self._image)):
                grid.addWidget(part(report), n // 2, n % 2)
            column.addLayout(grid)
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

    def _links(self, report: dict[str, Any]) -> QHBoxLayout:
        row = QHBoxLayout()
        folder = report.get("project")
        if folder:
            show = button(self.tr("Open the project's folder"))
            show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
            row.addWidget(show)
        row.addStretch(1)
        return row
