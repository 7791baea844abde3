"""The open notebook: its draft with undo, what the analysis says of it, and the job that builds it.

Pages read this and call its verbs; it tells them by signals. No widgets here. What reads notebooks is imported with the
first of them: the window is there before it.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from nb2prod.config import find_settings_file, resolve_settings, resolve_target
from nb2prod.errors import Nb2ProdError
from nb2prod.model.report import Better
from nb2prod.model.roles import Role
from nb2prod.model.schema import Stated
from nb2prod.model.spec import BuildSpec
from nb2prod_gui.flow.draft import Around, Draft, Target, build_spec, default_output, first_target
from nb2prod_gui.flow.history import History
from nb2prod_gui.flow.walk import Standing
from nb2prod_gui.work.job_client import JobClient

if TYPE_CHECKING:
    from nb2prod.steps.study import Study
    from nb2prod_gui.flow.made import Made
    from nb2prod_gui.flow.study import Cell, Opened
    from nb2prod_gui.work.study_client import StudyClient


class Project(QObject):
    """`path` is empty while nothing is open."""

    opening = Signal()
    """A notebook was read and will be shown: who is to hear of it listens from now on."""
    opened = Signal()
    """Another notebook, or the same one read again."""
    studied = Signal()
    """The analysis has answered for the roles as they are now."""
    edited = Signal()
    """The draft, or what can be undone, has changed."""
    refused = Signal(object)
    """With a `Refused`: the notebook cannot be opened, analysed, or saved."""
    changed_on_disk = Signal()
    made_changed = Signal()
    """The generated project is another one, or was written again."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = Path()
        self.notebook: Opened | None = None
        self.study: Study | None = None
        self.made: Made | None = None
        self.around = Around()
        self.history = History(Draft())
        self.jobs = JobClient(self)
        self.jobs.finished.connect(lambda _: self.read_made())
        self._watcher = QFileSystemWatcher(self)
        self._watcher.fileChanged.connect(self._on_file_changed)

    @cached_property
    def _client(self) -> "StudyClient":
        from nb2prod_gui.work.study_client import StudyClient

        client = StudyClient(self)
        client.opened.connect(self._on_opened)
        client.studied.connect(self._on_studied)
        client.refused.connect(self.refused)
        return client

    @property
    def draft(self) -> Draft:
        return self.history.now

    @property
    def standing(self) -> Standing:
        progress = self.jobs.progress
        return Standing(
            is_open=self.notebook is not None,
            study=self.study,
            faults=tuple(self.faults.values()),
            job_started=progress.status != "waiting",
            job_finished=progress.status in ("ok", "failed", "cancelled"),
        )

    @property
    def faults(self) -> dict[str, str]:
        """What of the target a build would refuse, by field."""
        return self.faults_of(self.draft.target)

    def faults_of(self, target: Target) -> dict[str, str]:
        """The same of another target."""
        if self.notebook is None:
            return {}
        from nb2prod_gui.flow.faults import target_faults

        return target_faults(target, self.path, self.default_output, self.notebook.digest)

    @property
    def roles(self) -> dict[int, Role]:
        """The role of each cell that has one, with the changes."""
        saved = self.notebook.saved_roles() if self.notebook else {}
        wanted = {**saved, **self.draft.roles}
        return {cell: role for cell, role in wanted.items() if role is not None}

    @property
    def analysing(self) -> bool:
        return self.notebook is not None and self._client.busy

    @property
    def spec(self) -> BuildSpec:
        """The job as it would start now."""
        return build_spec(self.path, self.draft, self.around)

    @property
    def default_output(self) -> Path:
        """Where the project goes as long as nobody says otherwise."""
        return default_output(self.path, self.around)

    @property
    def tracking_uri(self) -> str:
        """The store that the build logs to; empty while nothing is open."""
        from nb2prod.tracking.store import default_tracking_uri

        return self.spec.tracking_uri or default_tracking_uri(Path(self.spec.output)) if self.notebook else ""

    @property
    def alias(self) -> str:
        """What serving asks the registry for."""
        return self.draft.target.alias or self.around.settings.alias

    def open(self, path: Path) -> None:
        """Read the notebook; `opened` or `refused` follows. What was open is forgotten with its unsaved draft."""
        try:
            self.around = self._look_around(path, {})
        except Nb2ProdError as error:
            self._refuse(error)
            return
        self._watch(path)
        self.path = path
        self.jobs.forget()
        self.notebook, self.study = None, None
        self.history = History(Draft())
        self._client.open(str(path))

    @staticmethod
    def _look_around(path: Path, stated: Mapping[str, Any]) -> Around:
        """`stated` is what the notebook's metadata holds. Raises UsageError for settings that are none."""
        from nb2prod_gui.flow.made import known_output

        settings = resolve_settings(find_settings_file(path), os.environ, notebook=stated).settings
        return Around(settings, resolve_target(os.environ, notebook=stated), known_output(path))

    def reload(self) -> None:
        """Read the file again, keeping the draft."""
        self._watch(self.path)
        self._client.open(str(self.path))

    def set_roles(self, roles: Mapping[int, Role | None]) -> None:
        """Give cells a role, or none; one step of undo."""
        if self.notebook is not None:
            self._edit(self.history.then(self.draft.with_roles(roles, self.notebook.saved_roles())))

    def accept(self, cells: set[int] | None = None) -> None:
        """Take the suggestions for these cells, or all."""
        if self.study is not None:
            wanted = {p.cell: p.role for p in self.study.proposals if cells is None or p.cell in cells}
            self.set_roles(wanted)

    def set_target(self, target: Target) -> None:
        """One step of undo."""
        draft = self.draft
        self._edit(self.history.then(replace(draft, target=target)))

    def set_parameter(self, name: str, value: object | None) -> None:
        """A value other than the notebook's default; None takes it back. One step of undo."""
        draft = self.draft
        values = {key: held for key, held in draft.parameters.items() if key != name}
        if value is not None:
            values[name] = value
        self._edit(self.history.then(replace(draft, parameters=values)))

    @property
    def fields(self) -> dict[str, Stated]:
        """What is stated of the request's columns, with the changes."""
        return {**(self.notebook.fields if self.notebook else {}), **self.draft.fields}

    def set_field(self, name: str, stated: Stated) -> None:
        """State something of a column; one step of undo."""
        if self.notebook is not None:
            self._edit(self.history.then(self.draft.with_field(name, stated, self.notebook.fields)))

    @property
    def answers(self) -> dict[str, str]:
        """What callers call columns of the response, with the changes; empty: as the notebook does."""
        return {**(self.notebook.answers if self.notebook else {}), **self.draft.answers}

    def set_answer(self, column: str, name: str) -> None:
        """Another name for callers; one step of undo."""
        if self.notebook is not None:
            self._edit(self.history.then(self.draft.with_answer(column, name, self.notebook.answers)))

    @property
    def watch(self) -> Mapping[str, Better]:
        """The watched metrics, with the changes."""
        return self.draft.watch if self.draft.watch is not None else self.notebook.watch if self.notebook else {}

    def set_watched(self, name: str, better: Better | None) -> None:
        """Watch a metric, or no more; one step of undo."""
        if self.notebook is not None:
            self._edit(self.history.then(self.draft.with_watched(name, better, self.notebook.watch)))

    def undo(self) -> None:
        self._edit(self.history.undone())

    def redo(self) -> None:
        self._edit(self.history.redone())

    @property
    def unsaved(self) -> bool:
        """Whether roles, what is stated of fields and answers, or watched metrics differ from the file."""
        draft = self.draft
        return bool(draft.roles or draft.fields or draft.answers) or draft.watch is not None

    def save(self) -> bool:
        """Write the roles as tags and the fields as metadata, with a backup; nothing else in the file changes. Tells
        `refused` where it cannot."""
        if self.notebook is None or not self.unsaved:
            return True
        from nb2prod.files.rewrite import rewrite
        from nb2prod_gui.flow.saving import with_draft

        try:
            before, after = with_draft(self.path, self.notebook, self.draft)
            self._watcher.removePaths(self._watcher.files() or [""])
            if after != before:
                rewrite(self.path, before, after)
        except Nb2ProdError as error:
            self._watch(self.path)
            self._refuse(error)
            return False
        draft = self.draft
        self.history = History(replace(draft, roles={}, fields={}, answers={}, watch=None))
        self.reload()
        return True

    def build(self, *, only_convert: bool = False) -> None:
        """Save the roles and start the job. `only_convert`: no image, nothing logged; a build goes on from there.

        Raises RuntimeError while a job runs.
        """
        if self.save():
            spec = replace(self.spec, image=None, log=False) if only_convert else self.spec
            cells = self.notebook.cells if self.notebook is not None else ()
            self.jobs.start(spec, {cell.index: self.cell_title(cell) for cell in cells})

    def cell_title(self, cell: "Cell") -> str:
        """Its number and the first line that says something."""
        lines = (line.strip() for line in cell.source.splitlines())
        first = next((line for line in lines if line and not line.startswith("#")), "")
        return self.tr("Cell {0}   {1}").format(cell.index, first[:120])

    def read_made(self) -> None:
        """Look again at what lies in the output folder."""
        from nb2prod_gui.flow.made import read_made

        self.made = read_made(Path(self.spec.output)) if self.notebook else None
        self.made_changed.emit()

    def close(self) -> None:
        """End the child that analyses."""
        if "_client" in vars(self):
            self._client.close()

    def _refuse(self, error: Nb2ProdError) -> None:
        from nb2prod_gui.flow.study import Refused

        self.refused.emit(Refused(error.code, error.message, error.hint or ""))

    def _edit(self, history: History[Draft]) -> None:
        if history is self.history:
            return
        roles_changed = history.now.roles != self.draft.roles
        self.history = history
        self.edited.emit()
        if roles_changed:
            self._client.study(self.draft.roles)

    def _on_opened(self, notebook: "Opened") -> None:
        self.opening.emit()
        code = {cell.index for cell in notebook.cells if cell.kind == "code"}
        try:
            around = self._look_around(self.path, notebook.stated)
        except Nb2ProdError as error:
            self._refuse(error)
            return
        if self.draft.target in (first_target(self.around), Target()):
            self.history = History(replace(self.draft, target=first_target(around)))
        self.around = around
        self.notebook = notebook
        kept = Draft().with_roles({c: r for c, r in self.draft.roles.items() if c in code}, notebook.saved_roles())
        fields = {n: f for n, f in self.draft.fields.items() if f != notebook.fields.get(n, Stated())}
        answers = {c: n for c, n in self.draft.answers.items() if n != notebook.answers.get(c, "")}
        watch = None if self.draft.watch == notebook.watch else self.draft.watch
        self.history = History(replace(self.draft, roles=kept.roles, fields=fields, answers=answers, watch=watch))
        self.read_made()
        self.opened.emit()
        self.edited.emit()
        self._client.study(self.draft.roles)

    def _on_studied(self, study: "Study") -> None:
        self.study = study
        self.studied.emit()

    def _watch(self, path: Path) -> None:
        if watched := self._watcher.files():
            self._watcher.removePaths(watched)
        self._watcher.addPath(str(path))

    def _on_file_changed(self) -> None:
        self.changed_on_disk.emit()
