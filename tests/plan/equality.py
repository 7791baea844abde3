"""Runs a small notebook and the package made of it, and compares. No kernel, no disk but a temporary package folder.

A notebook is written as text, one cell per ``# %% role`` line (``# %% role [3]`` with its execution count):

    # %% training
    mean = sum(rows) / len(rows)
    # %% request
    value = 3
    # %% inference
    value - mean

`equal_or_refused` answers ``"equal"`` or the codes of the error findings; it raises `Different` where the package gives
something else than the notebook, which must never happen.
"""

import ast
import asyncio
import copy
import importlib
import inspect
import io
import json
import pickle
import platform
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from nb2prod.analysis.graph import NotebookGraph, build_graph
from nb2prod.analysis.hidden import hidden_state
from nb2prod.errors import InputError
from nb2prod.execute.kernel.probes import Probe, insert
from nb2prod.execute.kernel.rows import Watcher
from nb2prod.formatting import format_sources
from nb2prod.model.findings import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.run import ArtifactRecord, RunRecord
from nb2prod.model.schema import Schema, ValueSchema
from nb2prod.notebook.read import read_notebook
from nb2prod.plan.boundary import Boundary
from nb2prod.plan.capture import plan_capture
from nb2prod.plan.cut import find_boundary
from nb2prod.plan.extraction import ExtractionPlan, plan_extraction
from nb2prod.plan.selection import Selection, select
from nb2prod.render.package import package_modules
from nb2prod.steps.own_code import find_own_code

Refusal = tuple[str, ...]
_NUMBERS = count(1)
_LOOP = asyncio.new_event_loop()
_STUB = """
def load_artifacts(folder=None):
    return {}


def save_artifacts(folder, values):
    pass
"""


class Different(AssertionError):
    """The package gives another value than the notebook."""


class _Shell:
    """What stands in for IPython where the notebook runs without a kernel: its own calls do nothing here."""

    timeit = type("timeit", (), {"__init__": lambda *_: None})

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


@dataclass(frozen=True, slots=True)
class Truth:
    """What the notebook itself gave. `artifacts` and `request` are pickled as they were at the boundary."""

    artifacts: dict[str, bytes]
    request: dict[str, bytes]
    response: bytes
    metrics: dict[str, Any]
    types: dict[str, str]


@dataclass(frozen=True, slots=True)
class Converted:
    """A notebook that was not refused: its plan and the laid-out sources of its package."""

    graph: NotebookGraph
    boundary: Boundary
    plan: ExtractionPlan
    sources: dict[str, str]
    truth: Truth
    findings: tuple[Finding, ...]


def notebook(text: str) -> Notebook:
    cells: list[dict[str, Any]] = []
    for line in text.strip("\n").split("\n"):
        if line.startswith("# %%"):
            role, _, count = line.removeprefix("# %%").strip().rstrip("]").partition("[")
            role = role.strip()
            cells.append({"cell_type": "code", "id": f"c{len(cells)}", "outputs": [],
                          "execution_count": int(count) if count else None,
                          "metadata": {"tags": [role] if role else []}, "source": ""})  # fmt: skip
        else:
            cells[-1]["source"] += ("\n" if cells[-1]["source"] else "") + line
    kernel = {"name": "python3", "language": "python", "display_name": "Python 3"}
    document = {"nbformat": 4, "nbformat_minor": 5, "cells": cells, "metadata": {"kernelspec": kernel}}
    return read_notebook(json.dumps(document).encode(), "example.ipynb")


def analysed(text: str | Notebook) -> tuple[NotebookGraph, Boundary | None, Selection | None, tuple[Finding, ...]]:
    read = notebook(text) if isinstance(text, str) else text
    build = partial(build_graph, own=find_own_code(read, Path.cwd()).modules)
    graph = build(read)
    boundary, findings = find_boundary(graph)
    if boundary is None:
        return graph, None, None, (*read.findings, *findings)
    selection, more = select(graph, boundary, boundary.metrics)
    hidden = hidden_state(graph, {*selection.used, *selection.code}, build)
    return graph, boundary, selection, (*read.findings, *findings, *more, *hidden)


def findings_of(text: str) -> dict[str, Finding]:
    """The findings by code."""
    return {f.code: f for f in analysed(text)[3]}


def equal_or_refused(
    text: str | Notebook,
    parameters: Mapping[str, Any] | None = None,
    *,
    layout: bool = True,
    files: Mapping[str, str] | None = None,
) -> str | Refusal:
    """``"equal"``, or the codes of the error findings. `layout` False leaves ruff out (for many random notebooks).

    Where `files` are given, notebook and package each run in a new folder that holds these and nothing else.
    """
    with working_in(files):
        result = convert(text, parameters, layout=layout)
    if not isinstance(result, Converted):
        return result
    with working_in(files):
        check(result, parameters)
    return "equal"


def check(result: Converted, parameters: Mapping[str, Any] | None = None) -> Any:
    """The response of both. Raises Different where the package gives another value than the notebook, or raises."""
    with _package(result) as modules:
        try:
            return _compare(result, modules, dict(parameters or {}))
        except Different:
            raise
        except Exception as error:
            listing = _listing(result.sources)
            raise Different(f"the package raises {type(error).__name__}: {error}\n{listing}") from error


@contextmanager
def working_in(files: Mapping[str, str] | None) -> Iterator[None]:
    if files is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="nb2prod-test-") as folder, chdir(folder):
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        yield


def convert(
    text: str | Notebook, parameters: Mapping[str, Any] | None = None, *, layout: bool = True
) -> Converted | Refusal:
    graph, boundary, selection, findings = analysed(text)
    errors = tuple(dict.fromkeys(f.code for f in findings if f.severity is Severity.ERROR))
    if errors:
        return errors
    assert boundary is not None
    assert selection is not None
    package = f"example_{next(_NUMBERS)}"
    truth = _run(graph, boundary, selection, package, parameters or {})
    metrics = tuple(n for n in boundary.metrics if n in truth.metrics or f"{n}." in "".join(truth.metrics))
    metrics = tuple(n for n in boundary.metrics if any(k == n or k.startswith(f"{n}.") for k in truth.metrics))
    if metrics != boundary.metrics:
        selection, more = select(graph, boundary, metrics)
        errors = tuple(f.code for f in more if f.severity is Severity.ERROR)
        if errors:
            return errors
    try:
        plan = plan_extraction(graph, boundary, selection, package, metrics)
    except InputError as refusal:
        return (refusal.code,)
    sources = package_modules(plan, _record(boundary, truth), "Example", "example.ipynb")
    if layout:
        named = {f"src/{package}/{name}": body for name, body in sources.items()}
        sources = format_sources(named, package, python=platform.python_version())
    else:
        sources = {f"src/{package}/{name}": body for name, body in sources.items()}
    return Converted(graph, boundary, plan, sources, truth, findings)


def _run(
    graph: NotebookGraph, boundary: Boundary, selection: Selection, package: str, parameters: Mapping[str, Any]
) -> Truth:
    """Run the cells as a kernel would and take what the capture takes, when it takes it."""
    spec = plan_capture(graph, boundary, selection, package)
    world = types.ModuleType("notebook_main")
    sys.modules["notebook_main"] = world
    namespace = world.__dict__
    namespace["display"] = lambda *_: None
    namespace["get_ipython"] = _Shell
    artifacts: dict[str, bytes] = {}
    request: dict[str, bytes] = {}
    kinds: dict[str, str] = {}
    response: list[bytes] = []

    watcher = Watcher()

    def probe(number: int, *value: Any) -> Any:
        where = spec.probes[number]
        for watch in (spec.watches[n] for n in where.watches):
            watcher.see(asdict(watch), namespace)
            if watch.kind == "input":
                kinds.update({name: _type_name(kept) for name, kept in watcher.kept.items()})
                artifacts.update({name: pickle.dumps(kept) for name, kept in watcher.kept.items()})
                kinds[spec.request[0]] = _type_name(watcher.request)
                request[spec.request[0]] = pickle.dumps(watcher.request)
        if where.watches:
            return value[0] if value else None
        for name in where.names:
            taken = eval(spec.literals[name], namespace) if name in spec.literals else (*value, namespace.get(name))[0]
            kinds[name] = _type_name(taken)
            (artifacts if name in spec.artifacts else request)[name] = pickle.dumps(taken)
        if not where.names:
            response.append(pickle.dumps(value[0] if spec.response is None else namespace[spec.response]))
        return value[0] if value else None

    last_parameters = max((c.index for c in graph.notebook.cells if c.role == "parameters"), default=0)
    with redirect_stdout(io.StringIO()):
        for cell in graph.notebook.cells:
            tree = ast.parse(cell.python or "")
            probes = [Probe(n, asdict(w)) for n, w in enumerate(spec.probes) if w.cell == cell.index]
            namespace["__probe__"] = probe
            _execute(insert(tree, probes, "__probe__"), namespace)
            del namespace["__probe__"]
            assert all(p.is_placed for p in probes)
            if cell.index == last_parameters:
                namespace.update(copy.deepcopy(dict(parameters)))
    metrics: dict[str, Any] = {}
    for name in spec.metrics:
        value = namespace.get(name)
        if isinstance(value, int | float):
            metrics[name] = float(value)
        elif isinstance(value, dict) and value and all(isinstance(v, int | float) for v in value.values()):
            metrics |= {f"{name}.{key}": float(v) for key, v in value.items()}
    (given,) = response
    return Truth(artifacts, request, given, metrics, kinds)


def _execute(tree: ast.Module, namespace: dict[str, Any]) -> None:
    """Run a cell; `await` may stand outside a function, as in a notebook."""
    compiled = compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = eval(compiled, namespace)
    if compiled.co_flags & inspect.CO_COROUTINE:
        _LOOP.run_until_complete(value)


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _record(boundary: Boundary, truth: Truth) -> RunRecord:
    def schema(name: str) -> ValueSchema:
        return ValueSchema(name, "json", annotation="Any")

    return RunRecord(
        parameters={},
        artifacts=tuple(
            ArtifactRecord(n, "json", f"{n}.json", "", truth.types[n].replace("notebook_main", "__main__"))
            for n in boundary.artifacts
        ),
        schema=Schema(tuple(schema(n) for n in boundary.request), schema(boundary.response or "")),
        body={}, predictions=None, response_type="", variables={}, metrics=truth.metrics, python="",
        python_version=platform.python_version(), modules=(), seconds=0.0,
    )  # fmt: skip


class _package:
    """The package on disk and importable, for as long as the comparison takes."""

    def __init__(self, converted: Converted) -> None:
        self.converted = converted

    def __enter__(self) -> types.SimpleNamespace:
        self.folder = tempfile.TemporaryDirectory(prefix="nb2prod-test-")
        root = Path(self.folder.name)
        package = self.converted.plan.package
        for path, text in self.converted.sources.items():
            if path.endswith("service.py"):
                continue
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        (root / "src" / package / "artifacts.py").write_text(_STUB)
        sys.path.insert(0, str(root / "src"))
        importlib.invalidate_caches()
        try:
            return types.SimpleNamespace(
                train=importlib.import_module(f"{package}.train"),
                predict=importlib.import_module(f"{package}.predict"),
                params=importlib.import_module(f"{package}.params"),
            )
        except BaseException as error:
            self.__exit__()
            raise Different(f"{type(error).__name__}: {error}\n{_listing(self.converted.sources)}") from error

    def __exit__(self, *_: object) -> None:
        package = self.converted.plan.package
        sys.path.remove(str(Path(self.folder.name) / "src"))
        for name in [n for n in sys.modules if n == package or n.startswith(f"{package}.")]:
            del sys.modules[name]
        sys.modules.pop("notebook_main", None)
        self.folder.cleanup()


class _InPackage(pickle.Unpickler):
    """Classes and functions of the notebook are those of the package's `features`, as the capture has it."""

    def __init__(self, data: bytes, package: str) -> None:
        super().__init__(io.BytesIO(data))
        self.package = package

    def find_class(self, module: str, name: str) -> Any:
        if module == "notebook_main":
            found = importlib.import_module(f"{self.package}.features")
            for part in name.split("."):
                found = getattr(found, part)
            return found
        return super().find_class(module, name)


def _compare(converted: Converted, modules: types.SimpleNamespace, parameters: dict[str, Any]) -> Any:
    truth, package = converted.truth, converted.plan.package

    def stored(values: Mapping[str, bytes]) -> dict[str, Any]:
        return {name: _InPackage(data, package).load() for name, data in values.items()}

    def expect(what: str, found: Any, wanted: Any) -> None:
        if not same(found, wanted):
            raise Different(f"{what}: {found!r}, in the notebook {wanted!r}\n{_listing(converted.sources)}")

    wanted = _InPackage(truth.response, package).load()
    loaded = modules.predict.Predictor(**stored(truth.artifacts))
    for attempt in ("first", "second"):  # a request leaves nothing behind
        request = stored(truth.request)
        expect(f"{attempt} response", loaded.predict(**request), wanted)
        expect("the caller's request", request, stored(truth.request))
    for attempt in ("first", "second"):
        with redirect_stdout(io.StringIO()):
            given = modules.params.Params(**copy.deepcopy(parameters))
            training = modules.train.train(given)
        expect("the caller's parameters", given, modules.params.Params(**copy.deepcopy(parameters)))
        for name, value in stored(truth.artifacts).items():
            expect(f"{attempt} trained {name}", getattr(training.predictor, name), value)
        expect(f"{attempt} metrics", training.metrics, truth.metrics)
        expect("response of the trained", training.predictor.predict(**stored(truth.request)), wanted)
    return wanted


def same(one: Any, other: Any) -> bool:
    """Equal in type and value, through containers and attributes."""
    if type(one).__qualname__ != type(other).__qualname__:
        return False
    if isinstance(one, float):
        return one == other or (one != one and other != other)
    if isinstance(one, dict):
        kept = [k for k in one if not str(k).endswith(("_time", "_time_"))]  # how long a fit took
        return list(one) == list(other) and all(same(one[k], other[k]) for k in kept)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, types.FunctionType | type):
        return one.__qualname__ == other.__qualname__
    if type(one).__name__ == "DataFrame":
        return same(one.to_dict("list"), other.to_dict("list")) and same(list(one.index), list(other.index))
    if hasattr(one, "tolist"):  # an array, a series, an index, a number of numpy
        return str(one.dtype) == str(other.dtype) and same(one.tolist(), other.tolist())
    if type(one).__eq__ is object.__eq__:
        return same(vars(one), vars(other)) if hasattr(one, "__dict__") else pickle.dumps(one) == pickle.dumps(other)
    return bool(one == other)


def _listing(sources: Mapping[str, str]) -> str:
    shown = {p: t for p, t in sources.items() if p.endswith(("features.py", "train.py", "predict.py"))}
    return "\n".join(f"--- {path}\n{text}" for path, text in shown.items())
