"""Result: what the build has shown: parity per stage, tests, metrics, and where everything is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from nb2prod.model.report import Better
from nb2prod.tracking.registry import RegisteredModel
from nb2prod_gui.flow.export import command_line, job_file, papermill_line
from nb2prod_gui.flow.results import Trend, in_bytes, mlflow_command, mlflow_page, shares, trends
from nb2prod_gui.flow.walk import Page
from nb2prod_gui.look.palette import FAR, GAP
from nb2prod_gui.look.theme import mono
from nb2prod_gui.pages.tryout import TryPanel
from nb2prod_gui.parts.plots import LayersPlot, TrendPlot
from nb2prod_gui.parts.words import button, card, label
from nb2prod_gui.project import Project
from nb2prod_gui.work.ask import Ask
from nb2prod_gui.work.service_client import ServiceClient


class ResultPage(QScrollArea):
    """Made anew from the report of each finished job. `page_wanted` asks for another page."""

    page_wanted = Signal(Page)

    def __init__(self, project: Project) -> None:
        super().__init__()
        self._project = project
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._report: dict[str, Any] = {}
        self._shown = Path()
        self._metrics = QVBoxLayout()
        self._layers = QVBoxLayout()
        self.service = ServiceClient(self)
        self.registry = Ask(self)
        self.registry.answered.connect(self._take_versions)
        self.layers = Ask(self)
        self.layers.answered.connect(self._take_layers)
        project.jobs.finished.connect(lambda progress: self.show_report(progress.report))
        project.opened.connect(self._on_opened)
        self.show_report({})

    def close_children(self) -> None:
        """End the service and what is still being asked, before the window goes."""
        self.service.close()
        self.registry.close()
        self.layers.close()

    def _on_opened(self) -> None:
        """The same notebook read again keeps its result."""
        if self._project.path != self._shown:
            self.show_report({})

    def show_report(self, report: dict[str, Any]) -> None:
        """`report` as docs/json.md describes it."""
        self.service.stop()
        self.registry.close()
        self.layers.close()
        self._report = report
        self._shown = self._project.path
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
        statuses = {"equal": self.tr("equal"), "different": self.tr("different"), "skipped": self.tr("skipped")}
        stages = {"module": self.tr("package"), "mlflow": "MLflow", "container": self.tr("container")}
        for stage in report.get("parity", ()):
            row = QHBoxLayout()
            row.addWidget(label(stages[stage["stage"]], wrap=False))
            row.addStretch(1)
            rows = self.tr("{0} rows").format(stage["rows"])
            status = statuses[stage["status"]]
            words = f"{status} · {rows}" if stage["status"] != "skipped" else stage["reason"] or status
            row.addWidget(label(words, kinds[stage["status"]]))
            column.addLayout(row)
        column.addStretch(1)
        return frame

    def _tests(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Tests"), "heading"))
        tests = report.get("tests")
        if tests is None:
            column.addWidget(label(self.tr("No tests were run."), "muted"))
            column.addStretch(1)
            return frame
        column.addWidget(label(self.tr("{0} passed, {1} failed").format(tests["passed"], tests["failed"])))
        if tests["mutants"]:
            caught = self.tr("{0} of {1} mutants caught").format(tests["caught"], tests["mutants"])
            column.addWidget(label(caught))
        for failure in tests["failures"][:5]:
            column.addWidget(label(failure, "bad"))
        column.addStretch(1)
        return frame

    def _model(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Model"), "heading"))
        self._metrics = QVBoxLayout()
        column.addLayout(self._metrics)
        self._show_metrics(trends(report.get("metrics", {}), "", None, self._watch))
        mlflow = report.get("mlflow")
        if not mlflow:
            column.addWidget(label(self.tr("Nothing was logged to MLflow."), "muted"))
            column.addStretch(1)
            return frame
        alias = f"@{mlflow['alias']}" if mlflow["alias"] else ""
        column.addWidget(label(self.tr("{0} version {1} {2}").format(mlflow["model"], mlflow["version"], alias)))
        column.addWidget(label(mlflow["tracking_uri"], "small"))
        row = QHBoxLayout()
        show = button(self.tr("Show in Models"))
        show.clicked.connect(lambda: self.page_wanted.emit(Page.MODELS))
        row.addWidget(show)
        if page := mlflow_page(mlflow):
            there = button(self.tr("Open in MLflow"))
            there.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(page)))
        else:
            there = button(self.tr("Copy the MLflow command"), "quiet")
            there.setToolTip(self.tr("Run in a terminal, it shows this store in MLflow's own pages."))
            there.clicked.connect(lambda: QGuiApplication.clipboard().setText(mlflow_command(mlflow)))
        row.addWidget(there)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        if report.get("metrics"):
            self.registry.ask(["-m", "nb2prod_gui.work.registry", "list", mlflow["tracking_uri"]])
        return frame

    @property
    def _watch(self) -> Mapping[str, Better]:
        """As it was built."""
        made = self._project.made
        return made.manifest.watch if made is not None else {}

    def _show_metrics(self, found: tuple[Trend, ...]) -> None:
        while (item := self._metrics.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for trend in found:
            self._metrics.addWidget(TrendPlot(trend))
            if trend.is_worse:
                self._metrics.addWidget(
                    label(self.tr("{0} is worse than in the version before.").format(trend.name), "bad")
                )

    def _take_versions(self, answer: dict[str, Any]) -> None:
        mlflow = self._report.get("mlflow")
        if mlflow and "models" in answer:
            models = msgspec.convert(answer["models"], tuple[RegisteredModel, ...])
            model = next((m for m in models if m.name == mlflow["model"]), None)
            self._show_metrics(trends(self._report.get("metrics", {}), mlflow["version"], model, self._watch))

    def _image(self, report: dict[str, Any]) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("Image"), "heading"))
        image = report.get("image")
        if not image:
            why = next((s["reason"] or "" for s in report.get("parity", ()) if s["stage"] == "container"), "")
            column.addWidget(label(self.tr("No image was built."), "muted"))
            column.addWidget(label(why, "small"))
            column.addStretch(1)
            return frame
        column.addWidget(label(image["tag"]))
        sizes = (in_bytes(image["size_bytes"]), in_bytes(image["base_size_bytes"]))
        column.addWidget(label(self.tr("{0}, of which the base is {1}").format(*sizes)))
        self._layers = QVBoxLayout()
        column.addLayout(self._layers)
        digest = label(image["digest"], "small")
        digest.setMinimumWidth(1)  # one long word, which must not widen the page
        column.addWidget(digest)
        column.addStretch(1)
        self.layers.ask(["-m", "nb2prod_gui.work.layers", image["digest"]])
        return frame

    def _take_layers(self, answer: dict[str, Any]) -> None:
        if self._report.get("image") and "layers" in answer:
            base = self.tr("base image")
            found = [(layer["made_by"] or base, layer["size_bytes"]) for layer in answer["layers"]]
            self._layers.addWidget(LayersPlot(shares(found, self.tr("smaller layers"))))

    def _try(self, report: dict[str, Any]) -> QWidget:
        panel = TryPanel(self.service)
        image = report.get("image") or {}
        panel.show_project(self._project.made if report.get("project") else None, image.get("tag", ""))
        return panel

    def _export(self) -> QWidget:
        frame, column = card()
        column.addWidget(label(self.tr("The same without this window"), "heading"))
        spec, around = self._project.spec, self._project.around
        command = command_line(spec, around.settings, around.asked)
        job = papermill_line(spec, around.settings, around.asked)
        column.addWidget(label(self.tr("Command line"), "small"))
        column.addLayout(self._to_copy(command, self.tr("Command line that repeats this build"),
                                       self.tr("Copy the command line")))  # fmt: skip
        if job:
            column.addWidget(label(self.tr("papermill job: its report is a notebook"), "small"))
            column.addLayout(self._to_copy(job, self.tr("papermill job that repeats this build"),
                                           self.tr("Copy the papermill job")))  # fmt: skip
        save = button(self.tr("Save as a job…"))
        save.setToolTip(self.tr("A file for `nb2prod job FILE`, which CI can run"))
        save.clicked.connect(self._save_job)
        column.addWidget(save, alignment=Qt.AlignmentFlag.AlignLeft)
        return frame

    def _to_copy(self, text: str, name: str, copies: str) -> QHBoxLayout:
        line = QLineEdit(text)
        line.setReadOnly(True)
        line.setCursorPosition(0)
        line.setFont(mono())
        line.setAccessibleName(name)
        copy = button(self.tr("Copy"), "quiet", name=copies)
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        row = QHBoxLayout()
        row.addWidget(line, 1)
        row.addWidget(copy)
        return row

    def _save_job(self) -> None:
        proposed = str(self._project.path.with_suffix(".job.json"))
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the job"), proposed, "JSON (*.json)")
        if path:
            Path(path).write_text(job_file(self._project.spec), encoding="utf-8")

    def _links(self, report: dict[str, Any]) -> QHBoxLayout:
        row = QHBoxLayout()
        folder = report.get("project")
        if folder:
            files = button(self.tr("See the files"))
            files.clicked.connect(lambda: self.page_wanted.emit(Page.PREVIEW))
            show = button(self.tr("Open the project's folder"))
            show.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(folder)))
            row.addWidget(files)
            row.addWidget(show)
        row.addStretch(1)
        return row
