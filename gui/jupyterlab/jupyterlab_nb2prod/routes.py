"""The addresses below ``/nb2prod``: JSON in, JSON out, for whom the Jupyter server lets in.

===================================  ================================================================================
``POST nb2prod/study``               the notebook as it stands: findings, suggestions, boundary, lines in production
``POST nb2prod/tags``                the tags that spell roles, as ``nb2prod tag`` would write them
``GET nb2prod/form?notebook=PATH``   what a build does of which its form says nothing
``POST nb2prod/form``                what of a form a build would refuse, by field
``POST nb2prod/jobs``                starts a build
``GET nb2prod/jobs?notebook=PATH``   the latest build of a notebook, and the form that asked for it
``GET nb2prod/jobs/ID``              its progress as a stream, a JSON object per line, the last when it has ended
``DELETE nb2prod/jobs/ID``           cancels it
===================================  ================================================================================

What is refused comes with status 400 and ``{"error": {"code", "message", "hint"}}``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ClassVar, cast

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError

from jupyterlab_nb2prod.asking import Analyst
from jupyterlab_nb2prod.form import Declared, Form, asked_of, faults, stands
from jupyterlab_nb2prod.jobs import Job, Jobs
from jupyterlab_nb2prod.places import place_of, shown_as
from nb2prod.errors import InputError, Nb2ProdError, UsageError, Where
from nb2prod.model.roles import Role
from nb2prod.notebook.tags import retag

_Method = Callable[..., Awaitable[None]]
TOLD_EVERY = 0.1
"""Seconds between two lines of a stream, however many events come."""


class StudyQuestion(msgspec.Struct, forbid_unknown_fields=True):
    path: str
    notebook: msgspec.Raw


class TagsQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """The tags of all cells, and the roles that some shall have, by position from 1."""

    cells: list[list[str]]
    roles: dict[int, Role | None]


class FormQuestion(msgspec.Struct, forbid_unknown_fields=True):
    form: Form
    declared: tuple[Declared, ...] = ()


def add_routes(application: web.Application) -> None:
    """Each server has an analyst and jobs of its own."""
    base = application.settings["base_url"]
    shared: dict[str, Any] = {"analyst": Analyst(), "jobs": Jobs()}
    routes = (
        ("study", StudyHandler),
        ("tags", TagsHandler),
        ("form", FormHandler),
        ("jobs", JobsHandler),
        ("jobs/([0-9a-f]{32})", JobHandler),
    )
    application.add_handlers(".*$", [(url_path_join(base, "nb2prod", end), kind, shared) for end, kind in routes])


def _guarded(action: str | None = None) -> Callable[[_Method], _Method]:
    """For whom the server lets in and allows `action` (by default that of the HTTP method). Errors of nb2prod, and
    bodies that are not as they should be, become answers with status 400."""

    def guard(method: _Method) -> _Method:
        @wraps(method)
        async def answer(self: "Handler", *arguments: str) -> None:
            try:
                await method(self, *arguments)
            except Nb2ProdError as error:
                self.refuse(error)
            except msgspec.MsgspecError as fault:
                self.refuse(UsageError(f"the request cannot be read: {fault}.", code="NB295"))

        allowed: _Method = authorized(action=action)(answer)
        return cast(_Method, web.authenticated(allowed))

    return guard


class Handler(APIHandler):  # type: ignore[misc]  # the server has no types
    auth_resource: ClassVar[str] = "nb2prod"

    def initialize(self, analyst: Analyst, jobs: Jobs) -> None:
        self.analyst, self.jobs = analyst, jobs

    @property
    def root(self) -> str:
        """The folder that the server shows."""
        root = getattr(self.contents_manager, "root_dir", "")
        if not root:
            raise UsageError("this server keeps its notebooks elsewhere than in files.", code="NB295")
        return str(root)

    def refuse(self, error: Nb2ProdError) -> None:
        self.set_status(400)
        body = {"code": error.code, "message": error.message, "hint": error.hint or ""}
        self.finish(msgspec.json.encode({"error": body}))


class StudyHandler(Handler):
    @_guarded()
    async def post(self) -> None:
        question = msgspec.json.decode(self.request.body, type=StudyQuestion)
        path = place_of(self.root, question.path)
        self.finish(await self.analyst.study(bytes(question.notebook), path))


class TagsHandler(Handler):
    @_guarded()
    async def post(self) -> None:
        question = msgspec.json.decode(self.request.body, type=TagsQuestion)
        if not all(1 <= cell <= len(question.cells) for cell in question.roles):
            raise UsageError("there is no such cell.", code="NB229")
        self.finish(msgspec.json.encode({"tags": retag(question.cells, question.roles)}))


class FormHandler(Handler):
    @_guarded()
    async def get(self) -> None:
        notebook = self.get_query_argument("notebook")
        self.finish(msgspec.json.encode(await asyncio.to_thread(stands, notebook, self.root)))

    @_guarded()
    async def post(self) -> None:
        question = msgspec.json.decode(self.request.body, type=FormQuestion)
        found = await asyncio.to_thread(faults, question.form, question.declared, self.root)
        self.finish(msgspec.json.encode({"faults": found}))


class JobsHandler(Handler):
    @_guarded()
    async def get(self) -> None:
        job = self.jobs.of(place_of(self.root, self.get_query_argument("notebook")))
        asked = job.asked if job else None
        self.finish(msgspec.json.encode({"id": job.id if job else None, "asked": asked}))

    @_guarded("execute")
    async def post(self) -> None:
        form = msgspec.json.decode(self.request.body, type=Form)
        notebook = place_of(self.root, form.notebook)
        if not notebook.is_file():
            raise InputError("no such file.", code="NB101", where=Where(form.notebook), hint="Save the notebook.")
        spec = await asyncio.to_thread(asked_of, form, self.root)
        running = self.jobs.of(notebook)
        if running is not None and not running.finished:
            raise UsageError("a build of this notebook is running.", code="NB295", hint="Wait for it, or cancel it.")
        job = await self.jobs.start(spec, form)
        self.set_status(201)
        self.finish({"id": job.id})


class JobHandler(Handler):
    def job(self, id: str) -> Job:
        job = self.jobs.get(id)
        if job is None:
            raise web.HTTPError(404, "there is no such job")
        return job

    @_guarded()
    async def get(self, id: str) -> None:
        job = self.job(id)
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Accel-Buffering", "no")  # a proxy would hold lines back
        seen, ended = -1, False
        while not ended:
            await job.change(seen)
            seen, ended = job.version, job.finished
            try:
                self.write(self._line(job))
                await self.flush()
            except StreamClosedError:  # the reader has gone; the job goes on
                return
            await asyncio.sleep(0 if ended else TOLD_EVERY)

    @_guarded("execute")
    async def delete(self, id: str) -> None:
        self.job(id).cancel()
        self.set_status(204)
        self.finish()

    def _line(self, job: Job) -> bytes:
        report = job.progress.report
        project = shown_as(self.root, report["project"]) if report.get("project") else None
        body = {"finished": job.finished, "stopping": job.stopping, "project": project, "progress": job.progress}
        return msgspec.json.encode(body) + b"\n"
