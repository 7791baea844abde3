"""Rows of a file through a project's model, by the rules of its service, in the environment of its build.

All rows are one request, as in the notebook: it is not assumed here that a row's answer is the same without the others.
"""

import csv
import io
import json
import math
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nb2prod.drawing import bars_svg
from nb2prod.errors import InputError, Nb2ProdError, UsageError, Where
from nb2prod.files.atomic import write_atomic
from nb2prod.files.manifest import MANIFEST
from nb2prod.plugins.job_notebooks.results import Result, refused
from nb2prod.steps.test import package_of, project_environment
from nb2prod.summary.markdown import plain

_ASK = """
import json, sys
from nb2prod.serving.inprocess import load_predictor
sys.path.insert(0, sys.argv[1])
model = load_predictor(sys.argv[2])
try:
    answer = {"predictions": model.predict(sys.stdin.buffer.read())}
except Exception as error:
    place = {name: getattr(error, name, None) for name in ("row", "field")}
    told = str(error) if hasattr(error, "code") else f"{type(error).__name__}: {error}"
    answer = {"error": told, **place}
sys.stdout.write("\\n" + json.dumps(answer))
"""
_TABLES = ("frame", "records")


def score(project: str, rows: str, output: str) -> Result:
    """Ask the model of `project` (a build's output folder) for the rows of the file `rows` (CSV with a head line, or
    Parquet), and write them with the answers to `output`, CSV or Parquet by its name. All or nothing is written."""
    try:
        folder, target = Path(project).absolute(), Path(output)
        if target.suffix not in (".csv", ".parquet") or target.resolve() == Path(rows).resolve():
            raise UsageError(f"{output!r} is no place for the answers.", code="NB274", hint="Another .csv or .parquet.")
        columns = _columns(folder)
        table = _read(Path(rows), columns)
        answers = _ask(folder, table, Path(rows))
        width = _joined(table, answers)
        write_atomic(target.absolute(), _written(width, target.suffix))
    except Nb2ProdError as error:
        return refused(error)
    lines = [f"## nb2prod: {len(table)} rows scored", "", f"Written to {plain(output)}.", ""]
    names = list(width[0])[:12] if width else []
    lines += ["| " + " | ".join(plain(name) for name in names) + " |", "|" + "---|" * len(names)] if names else []
    lines += ["| " + " | ".join(plain(_shown(row[name])) for name in names) + " |" for row in width[:10]]
    plots = tuple(_plot(name, [row[name] for row in width]) for name in _answered(answers))
    return Result("\n".join(lines) + "\n", plots, {"status": "ok", "rows": len(table), "output": str(target)})


def _columns(project: Path) -> dict[str, str]:
    """Name and dtype of each column that a caller sends. Raises InputError NB266, NB278."""
    package_of(project)
    request = json.loads((project / MANIFEST).read_bytes())["request"]
    if len(request) != 1 or request[0]["kind"] not in _TABLES or not request[0]["columns"]:
        raise InputError("what a caller sends to this model is no table.", code="NB278", where=Where(str(project)),
                         hint="Use the package from Python: Predictor.load().predict(…).")  # fmt: skip
    return {column["name"]: column["dtype"] for column in request[0]["columns"]}


def _read(path: Path, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows as JSON values. Raises InputError NB279."""
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet

            names = [name for name in pyarrow.parquet.read_schema(path).names if not name.startswith("__index_level_")]
            return [_plain(row) for row in pyarrow.parquet.read_table(path, columns=names).to_pylist()]
        text = path.read_text(encoding="utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        found = [(reader.line_num, row) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"the rows cannot be read: {error}.", code="NB279", where=Where(str(path))) from error
    if len(set(reader.fieldnames or ())) != len(reader.fieldnames or ()):
        raise InputError("a column is there twice.", code="NB279", where=Where(str(path)))
    for line, row in found:
        if None in row or None in row.values():
            raise InputError("more or fewer values than columns.", code="NB279", where=Where(str(path), line=line))
    return [
        {name: _typed(text, columns.get(name, ""), name, Where(str(path), line=line)) for name, text in row.items()}
        for line, row in found
    ]


def _typed(text: str, dtype: str, name: str, where: Where) -> Any:
    """A value of a CSV file by the type that the model's column has; an empty one is a missing one."""
    if text == "":
        return None
    kind = dtype.lower()
    try:
        if kind.startswith(("int", "uint")):
            return int(text)
        if kind.startswith("float"):
            number = float(text)
            return number if math.isfinite(number) else None if math.isnan(number) else text
        if kind.startswith("bool"):
            return {"true": True, "false": False}[text.lower()]
    except (ValueError, KeyError):
        raise InputError(f"{name}: {text[:40]!r} is no {kind}.", code="NB279", where=where) from None
    return text


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a Parquet file as JSON values."""

    def value(one: Any) -> Any:
        if isinstance(one, float) and not math.isfinite(one):
            return None
        if one is None or isinstance(one, bool | int | float | str):
            return one
        return one.isoformat() if hasattr(one, "isoformat") else str(one)

    return {name: value(one) for name, one in row.items()}


def _ask(project: Path, table: Sequence[Mapping[str, Any]], source: Path) -> list[Any]:
    """One answer for each row of the file `source`. Raises InputError NB279 for a row that the service would refuse."""
    python = project_environment(project, lambda _: None, threading.Event())[0]
    command = [str(python), "-P", "-B", "-c", _ASK, str(project / "src"), package_of(project)]
    done = subprocess.run(
        command, input=json.dumps({"rows": table}).encode(), capture_output=True, check=False, cwd=project,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    last = done.stdout.decode("utf-8", "replace").rpartition("\n")[2]
    answer: dict[str, Any] = {"error": done.stderr.decode("utf-8", "replace").strip()[-300:]}
    if done.returncode == 0:
        answer = json.loads(last)
    if "error" in answer:
        raise refused_row(str(answer["error"]), answer.get("row"), source)
    predictions = answer["predictions"]
    if not isinstance(predictions, list) or len(predictions) != len(table):
        raise InputError("the rows do not have an answer each.", code="NB278", where=Where(str(project)),
                         hint="Use the package from Python: Predictor.load().predict(…).")  # fmt: skip
    return predictions


def refused_row(told: str, row: int | None, source: Path) -> InputError:
    """What the service says to a row, counted as people count: from 1, below the head line."""
    if row is not None:
        told = f"row {row + 1}: {told.removeprefix(f'row {row}, ')}"
    return InputError(told, code="NB279", where=Where(str(source)), hint="Nothing was written.")


def _answered(answers: Sequence[Any]) -> list[str]:
    return list(answers[0]) if answers and isinstance(answers[0], dict) else ["prediction"]


def _joined(table: Sequence[Mapping[str, Any]], answers: Sequence[Any]) -> list[dict[str, Any]]:
    """Each row with its answer. Raises InputError NB278 where a name would be there twice."""
    names = _answered(answers)
    if table and (twice := set(names) & set(table[0])):
        raise InputError(f"the rows have a column {sorted(twice)[0]!r} already.", code="NB278", hint="Rename it.")
    return [{**row, **(answer if isinstance(answer, dict) else {"prediction": answer})}
            for row, answer in zip(table, answers, strict=True)]  # fmt: skip


def _written(rows: Sequence[Mapping[str, Any]], suffix: str) -> bytes:
    if suffix == ".parquet":
        import pyarrow
        import pyarrow.parquet

        sink = pyarrow.BufferOutputStream()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), sink)
        return bytes(sink.getvalue().to_pybytes())
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _shown(value) for name, value in row.items()} for row in rows)
    return text.getvalue().encode("utf-8")


def _shown(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _plot(name: str, values: Sequence[Any]) -> str:
    """How often each answer comes; of many numbers, how often each tenth of their range."""
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(set(map(_shown, values))) > 20 and len(numbers) == len(values):
        low, width = min(numbers), (max(numbers) - min(numbers)) / 10
        counts = [0] * 10
        for number in numbers:
            counts[min(9, int((number - low) / width))] += 1
        return bars_svg([(f"from {low + place * width:.4g}", count) for place, count in enumerate(counts)], name)
    seen: dict[str, int] = {}
    for value in values:
        seen[_shown(value)] = seen.get(_shown(value), 0) + 1
    return bars_svg(sorted(seen.items(), key=lambda pair: -pair[1])[:20], name)
