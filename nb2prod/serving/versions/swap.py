"""Putting another version live, and back: one at a time, loaded beside the live one, then one assignment.

Requests hold the model that was live when they were decoded, so each is answered, and labelled, by one version.
"""

import asyncio
import contextlib
import gc
import hashlib
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nb2prod.serving.golden import differing_place, read_golden
from nb2prod.serving.log import logger
from nb2prod.serving.model import Model, Package, load_model
from nb2prod.serving.problem import Problem
from nb2prod.serving.service import Service, run_aside
from nb2prod.serving.settings import Settings
from nb2prod.serving.versions import RefusedVersionError
from nb2prod.serving.versions.code import check_code
from nb2prod.serving.versions.folder import VersionFolder, find_folder, open_version
from nb2prod.serving.versions.memory import free_memory, size_of
from nb2prod.serving.versions.registry import Reference, Registry

REMEMBERED = 10
"""Refusals that are told on request."""

_HOPELESS = ("other_code", "bad_version", "golden_differs")
"""Refusals that will not be otherwise the next time."""

SWITCH_SECONDS = 0.0005
"""How long the loading thread may keep the interpreter while a request wants it; Python's own 5 ms would show."""

AnyModel = Model[Any, Any]


@dataclass(frozen=True, slots=True)
class Refusal:
    source: str
    code: str
    message: str


class Swapper:
    """Swaps are serialised. At rest two models are in memory, the live one and the one before it; three while one is
    being loaded."""

    def __init__(
        self,
        service: Service[Any, Any],
        package: Package[Any, Any],
        settings: Settings,
        *,
        code: Path | None,
        registry: Callable[[], Registry] = Registry,
    ) -> None:
        self._service = service
        self._package = package
        self._settings = settings
        self._code = code
        self._registry = registry
        self._turn = asyncio.Lock()
        self.previous: AnyModel | None = None
        self.loading: str | None = None
        self.refused: deque[Refusal] = deque(maxlen=REMEMBERED)

    async def swap(self, source: str) -> AnyModel:
        """Put the version at `source` live: a folder below `NB2PROD_MODELS`, ``models:/name@alias`` or
        ``models:/name/3``. Raises RefusedVersionError; Problem 503 while there is no live model."""
        return await self._swap(source, lambda: self._load(source))

    async def reload(self) -> AnyModel:
        """Put live what now lies in the project that the process was started from, named by the digest of its
        artifacts. Raises as `swap` does."""
        project = self._code.parents[1] if self._code is not None else Path()

        def load() -> AnyModel:
            version = open_version(project, "")
            digest = hashlib.sha256((version.artifacts / "artifacts.json").read_bytes()).hexdigest()
            return self._verified(replace(version, label=digest[:12]), str(project))

        return await self._swap(str(project), load)

    async def reload_on_signal(self) -> None:
        """Until cancelled: reload on SIGUSR1."""
        told = asyncio.Event()
        try:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
        except (AttributeError, NotImplementedError, RuntimeError, ValueError):
            return  # no such signal here, or not in the main thread
        while await told.wait():
            told.clear()
            with contextlib.suppress(RefusedVersionError, Problem):  # the log says why
                await self.reload()

    async def _swap(self, source: str, load: Callable[[], AnyModel]) -> AnyModel:
        async with self._turn:
            if self._service.state != "ready":
                raise Problem(503, "not_ready", "there is no live version yet", headers={"Retry-After": "1"})
            self.loading = source
            try:
                with _unhurried():
                    async with asyncio.timeout(self._settings.swap_seconds):
                        model = await run_aside(load)
            except TimeoutError:
                seconds = f"{self._settings.swap_seconds:g}"
                raise self._refuse(source, "bad_version", f"it was not loaded within {seconds} s") from None
            except RefusedVersionError as error:
                raise self._refuse(source, error.code, str(error)) from None
            except Exception as error:
                raise self._refuse(source, "bad_version", f"{type(error).__name__}: {error}") from None
            finally:
                self.loading = None
            self._put_live(model)
            return model

    async def roll_back(self) -> AnyModel:
        """Exchange the live version and the one before it. Raises Problem 409 where there was none."""
        async with self._turn:
            if self.previous is None:
                raise Problem(409, "no_previous_version", "there is no version to go back to")
            model = self.previous
            self._put_live(model)
            return model

    async def watch(self) -> None:
        """Until cancelled: put live what the alias `NB2PROD_WATCH` names. A version that was refused is not tried
        again; a registry that fails is asked less often."""
        reference = Reference.parse(self._settings.watch or "")
        if reference is None:
            return
        hopeless: str | None = None
        failures = 0
        while True:
            try:
                version = await run_aside(lambda: self._registry().version_of(reference))
                live = self._service.model
                if live is not None and version not in (live.version, hopeless):
                    await self.swap(f"models:/{reference.name}/{version}")
                failures = 0
            except RefusedVersionError as error:
                failures += 1
                if error.code in _HOPELESS:
                    hopeless, failures = version, 0
                elif failures == 1:
                    fields = {"source": self._settings.watch, "code": error.code, "message": str(error)}
                    logger.error("the registry cannot be watched", extra={"fields": fields})
            except Problem:
                failures = 0  # not ready yet
            await asyncio.sleep(self._settings.watch_seconds * min(2**failures, 16))

    def _put_live(self, model: AnyModel) -> None:
        self._service.model, self.previous = model, self._service.model
        self._service.swaps += 1
        fields = {"model": model.package.name, "version": model.version, "source": model.source}
        logger.info("version live", extra={"fields": fields})

    def _refuse(self, source: str, code: Any, message: str) -> RefusedVersionError:
        self.refused.append(Refusal(source, code, message))
        self._service.refused_versions += 1
        logger.error("version refused", extra={"fields": {"source": source, "code": code, "message": message}})
        return RefusedVersionError(code, message)

    def _load(self, source: str) -> AnyModel:
        """In a thread of its own. Raises RefusedVersionError, and what loading raises."""
        reference = Reference.parse(source)
        if reference is None:
            folder = find_folder(source, self._settings.models)
            return self._verified(open_version(folder, folder.name), source)
        try:
            registry = self._registry()
        except ValueError as error:
            raise RefusedVersionError("registry_failed", str(error)) from None
        version = registry.version_of(reference)
        fetched = Path(tempfile.mkdtemp(prefix="nb2prod-version-"))
        try:
            registry.fetch(reference.name, version, fetched)
            return self._verified(open_version(fetched, version), source)
        finally:
            shutil.rmtree(fetched, ignore_errors=True)

    def _verified(self, version: VersionFolder, source: str) -> AnyModel:
        if self._code is None:
            raise RefusedVersionError("other_code", "this service does not know its own code")
        check_code(self._code, version.code)
        size, free = size_of(version.artifacts), free_memory()
        if free is not None and 2 * size > free:
            message = f"its files are {size >> 20} MiB, and only {free >> 20} MiB of memory are free"
            raise RefusedVersionError("too_large", message)
        golden = read_golden(version.golden)
        model = load_model(self._package, version.label, golden, folder=version.artifacts, source=source)
        place = differing_place(golden, model.answer_golden())
        if place is not None:
            raise RefusedVersionError("golden_differs", f"{place}: not the prediction that its notebook gave")
        return model


@contextlib.contextmanager
def _unhurried() -> Iterator[None]:
    """Requests go before what a thread does meanwhile: it gives way soon, and new objects, which are there to stay, are
    no reason to look through all old ones."""
    interval, collects = sys.getswitchinterval(), gc.isenabled()
    sys.setswitchinterval(min(interval, SWITCH_SECONDS))
    gc.disable()
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if collects:
            gc.enable()
