"""`python -m nb2prod.serving.requests export|erase`: read the request log, and take one id out of it.

    export --to requests.csv | requests.parquet     one line per row of a request, with its prediction and later truth
    erase ID…                                       everything of these ids, overwritten in the file

The log is the file that `--log` or `NB2PROD_REQUEST_LOG` names. Both work while the service writes to it.
"""

import argparse
import csv
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from nb2prod.serving.telemetry.store import Store
from nb2prod.serving.wire import encode

FIRST = ("at", "request_id", "row", "model", "version", "protocol", "caller", "milliseconds")
LAST = ("prediction", "truth", "truth_at")

Line = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 the log or the output failed, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m nb2prod.serving.requests", description=__doc__.split("\n")[0])
    parser.add_argument("--log", default=os.environ.get("NB2PROD_REQUEST_LOG"), help="default: NB2PROD_REQUEST_LOG")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write what is kept to a .csv or .parquet file")
    export.add_argument("--to", type=_output, required=True)
    erase = commands.add_parser("erase", help="remove everything of some request ids")
    erase.add_argument("ids", nargs="+", metavar="ID")
    options = parser.parse_args(arguments)
    if not options.log:
        parser.error("no request log is named: use --log or NB2PROD_REQUEST_LOG")
    try:
        store = Store(options.log, create=False)
        try:
            if options.command == "erase":
                sys.stdout.write(f"{sum(store.erase(one) for one in options.ids)} entries erased\n")
            else:
                sys.stdout.write(f"{_export(store, options.to)} rows written to {options.to}\n")
        finally:
            store.close()
    except (OSError, sqlite3.Error, ModuleNotFoundError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def read_lines(store: Store) -> Iterator[Line]:
    """One dict per row: `FIRST`, ``request.<field>`` for each field of the row, `LAST`. Values are JSON values.

    A request without rows is one line with `row` None. The latest truth of a row counts; one for a whole answer is
    dealt out to its rows where it is a list as long as they are.
    """
    truths: dict[tuple[str, int | None], tuple[Any, float]] = {}
    for told in store.truths():
        truths[told["request_id"], told["row"]] = msgspec.json.decode(told["truth"]), told["at"]
    for entry in store.entries():
        request, predictions = msgspec.json.decode(entry["request"]), msgspec.json.decode(entry["predictions"])
        rows = request.get("rows") if isinstance(request, dict) and set(request) == {"rows"} else None
        common = {name: entry[name] for name in FIRST if name not in ("at", "row")}
        common["at"] = _moment(entry["at"])
        whole = truths.get((entry["request_id"], None), (None, None))
        parts = rows if isinstance(rows, list) else [request]
        for number, row in enumerate(parts):
            of_rows = isinstance(rows, list)
            truth, told_at = truths.get((entry["request_id"], number), (None, None)) if of_rows else (None, None)
            if told_at is None:
                truth, told_at = _part(whole[0], number, len(parts)) if of_rows else whole[0], whole[1]
            fields = row if isinstance(row, dict) else {"value": row}
            yield {
                **common,
                "row": number if of_rows else None,
                **{f"request.{name}": value for name, value in fields.items()},
                "prediction": _part(predictions, number, len(parts)) if of_rows else predictions,
                "truth": truth,
                "truth_at": _moment(told_at),
            }


def _part(values: Any, number: int, count: int) -> Any:
    return values[number] if isinstance(values, list) and len(values) == count else values


def _moment(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds") if at is not None else None


def _export(store: Store, path: Path) -> int:
    names: dict[str, None] = {}
    for line in read_lines(store):
        names.update(dict.fromkeys(name for name in line if name.startswith("request.")))
    columns = [*FIRST, *names, *LAST]
    return (_write_parquet if path.suffix == ".parquet" else _write_csv)(read_lines(store), columns, path)


def _write_csv(lines: Iterator[Line], columns: list[str], path: Path) -> int:
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([_cell(name) for name in columns])
        for count, line in enumerate(lines, 1):  # noqa: B007 - counted
            writer.writerow([_cell(line.get(name)) for name in columns])
    return count


def _cell(value: Any) -> Any:
    """Texts of callers must not be formulas to a spreadsheet: those that look like one get a quote in front."""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in "=+-@\t\r" and value else value
    return _flat(value)


def _flat(value: Any) -> Any:
    return encode(value).decode() if isinstance(value, dict | list) else value


def _write_parquet(lines: Iterator[Line], columns: list[str], path: Path) -> int:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ModuleNotFoundError:
        raise ModuleNotFoundError("Parquet needs pyarrow: install it, or export to .csv") from None
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for line in lines:
        for name in columns:
            values[name].append(_flat(line.get(name)))
    arrays = {}
    for name, column in values.items():
        try:
            arrays[name] = pyarrow.array(column)
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):  # of several types: texts then
            arrays[name] = pyarrow.array([None if one is None else str(one) for one in column], pyarrow.string())
    parquet.write_table(pyarrow.table(arrays), path)
    return len(values["at"])


def _output(text: str) -> Path:
    if Path(text).suffix in (".csv", ".parquet"):
        return Path(text)
    raise argparse.ArgumentTypeError(f"{text!r} ends neither in .csv nor in .parquet")


if __name__ == "__main__":
    sys.exit(main())
