"""The generated test suite, as text: plain pytest that a reader of the project understands without nb2prod.

    comparing.py       golden rows, and where two values first differ
    test_parity.py     the golden rows get the notebook's response
    test_schema.py     JSON becomes what the notebook's code was written for
    test_service.py    the same over HTTP; what does not fit is refused by name
    test_training.py   training repeats, artifacts survive being stored
    test_notebook.py   the notebook's own test cells

What a test claims is written out (columns, dtypes, wrong values), not read from the code under test: a test that asks
the code what is right cannot fail.
"""

import json
from collections.abc import Mapping
from typing import Any

from nb2prod.model.run import RunRecord
from nb2prod.model.schema import Column, Schema, ValueSchema
from nb2prod.plan.files import TrainingFiles
from nb2prod.render.annotations import scalar_annotation
from nb2prod.render.templates import fill


def test_modules(
    package: str,
    record: RunRecord,
    *,
    notebook_tests: str,
    sample: Mapping[str, Any],
    cells: Mapping[str, int],
    files: TrainingFiles,
) -> dict[str, str]:
    """File name below ``tests/`` -> source. Imports are sorted and lines wrapped by ruff afterwards.

    `notebook_tests` is the finished source of ``test_notebook.py``, empty where the notebook has no test cells;
    `sample` are parameters that make training small, empty to train as the notebook did; `cells` maps names of the
    prediction code to the cell that makes them; `files` is what training reads and writes.
    """
    schema = record.schema
    response_cell = cells.get(schema.response.name) or max(cells.values(), default=None)
    made_in = f", made in notebook cell {response_cell}" if response_cell else ""
    modules = {
        "comparing.py": fill("tests/comparing.py.jinja", package=package),
        "test_parity.py": fill("tests/test_parity.py.jinja", package=package, response_cell=made_in),
        "test_schema.py": _schema_tests(package, schema),
        "test_service.py": _service_tests(package, record),
        "test_training.py": _training_tests(package, record, sample, files),
    }
    if notebook_tests.strip():
        modules["test_notebook.py"] = notebook_tests.rstrip() + "\n"
    return modules


test_modules.__test__ = False  # type: ignore[attr-defined]  # not a pytest function


# --- test_schema.py -------------------------------------------------------------------------------------------------

_FRAME = """
def test_the_frame_has_the_columns_and_dtypes_of_the_notebook() -> None:
    {name} = request_from_json(GOLDEN["body"])["{name}"]{flat}
    assert [(name, str(dtype)) for name, dtype in {name}.dtypes.items()] == COLUMNS
    assert len({name}) == len({rows})


def test_the_order_of_keys_does_not_matter() -> None:
    rows = [dict(reversed(row.items())) for row in {rows}]
    {name} = request_from_json(GOLDEN["body"] | {{"{key}": rows}})["{name}"]
    pd.testing.assert_frame_equal({name}, request_from_json(GOLDEN["body"])["{name}"])


def test_no_rows_keep_the_columns_and_dtypes() -> None:
    {name} = request_from_json(GOLDEN["body"] | {{"{key}": []}})["{name}"]{flat}
    assert [(name, str(dtype)) for name, dtype in {name}.dtypes.items()] == COLUMNS
    assert len({name}) == 0


def test_each_value_is_where_the_caller_put_it() -> None:
    {name} = request_from_json(GOLDEN["body"])["{name}"]{flat}
    for number, row in enumerate({rows}):
        for name, value in row.items():
            made = {name}[{own}].iloc[number]
            if value is None:
                assert pd.isna(made)
            else:
                assert {same}
"""

_NULL = """
@pytest.mark.parametrize("name", {names})
def test_null_is_a_missing_value(name: str) -> None:
    rows = [row | {{name: None}} for row in {rows}]
    {value} = request_from_json(GOLDEN["body"] | {{"{key}": rows}})["{value}"]{flat}
    assert {value}[{own}].isna().all()
    assert ({own}, str({value}.dtypes[{own}])) in COLUMNS
"""

_SERIES = """
def test_the_series_has_the_dtype_of_the_notebook() -> None:
    {name} = request_from_json(GOLDEN["body"])["{name}"]
    assert isinstance({name}, pd.Series)
    assert str({name}.dtype) == "{dtype}"
    assert len({name}) == len({rows})
"""

_ARRAY = """
def test_the_{kind}_has_the_dtype_and_shape_of_the_notebook() -> None:
    {name} = request_from_json(GOLDEN["body"])["{name}"]
    assert str({name}.dtype) == "{dtype}"
    assert {name}.shape == ({shape})
    assert {name}.tolist() == {rows}
"""

_PLAIN = """
def test_{name}_is_as_the_caller_sent_it() -> None:
    assert request_from_json(GOLDEN["body"])["{name}"] == {rows}
"""


_MISSING = {
    "frame": ('pd.DataFrame({"a": [1.5, math.nan]})', '[{"a": 1.5}, {"a": None}]', "import pandas as pd"),
    "series": ("pd.Series([1.5, math.nan])", "[1.5, None]", "import pandas as pd"),
    "array": ("np.array([1.5, math.nan])", "[1.5, None]", "import numpy as np"),
    "tensor": ("torch.tensor([1.5, math.nan])", "[1.5, None]", "import torch"),
}
"""A response with a missing number by its kind, what it is as JSON, and the import it needs."""


def _schema_tests(package: str, schema: Schema) -> str:
    kinds = {value.kind for value in schema.request}
    response, expected, module = _MISSING.get(schema.response.kind, ("[1.5, math.nan]", "[1.5, None]", ""))
    if renamed := schema.response.sent_as.get("a", ""):  # a name of the example that is one of the response, too
        expected = expected.replace('"a"', _text(renamed))
    numbers = bool(kinds & {"array", "frame", "series"})
    imports = {module, "import pytest"} | ({"import numpy as np"} if numbers else set())
    imports |= {"import pandas as pd"} if kinds & {"frame", "series"} else set()
    columns = [_columns(value) for value in schema.request if value.kind == "frame"][:1]
    return fill(
        "tests/test_schema.py.jinja",
        package=package,
        imports="\n".join(sorted(imports - {""})),
        constants="".join(f"{text}\n" for text in columns),
        request_tests="\n\n".join(
            _value_tests(value, "rows" if schema.body_is_rows else value.name).strip("\n") + "\n"
            for value in schema.request
        ).strip("\n"),
        response=response,
        expected=expected,
        more_values="        (np.float32(0.5), 0.5),\n        (np.array([1, 2]), [1, 2])," if numbers else "",
    )


def _columns(frame: ValueSchema) -> str:
    pairs = "".join(f"    ({_text(column.notebook_name)}, {_text(column.dtype)}),\n" for column in frame.columns)
    text = f"COLUMNS = [\n{pairs}]"
    if frame.sent_as:
        known = "".join(f"    {_text(sent)}: {_text(own)},\n" for own, sent in frame.sent_as.items())
        text += f"\n\n# What callers call a column, and its name in the notebook\nIN_NOTEBOOK = {{\n{known}}}"
    return text


def _value_tests(value: ValueSchema, key: str) -> str:
    rows = f'GOLDEN["body"]["{key}"]'
    match value.kind:
        case "frame":
            timed = any(column.dtype.startswith("datetime") for column in value.columns)
            same = "made == pd.Timestamp(value) if isinstance(made, pd.Timestamp) else made == value"
            flat = ".reset_index()" if value.index else ""
            same = same if timed else "made == value"
            own = "IN_NOTEBOOK.get(name, name)" if value.sent_as else "name"
            text = _FRAME.format(name=value.name, key=key, rows=rows, same=same, flat=flat, own=own)
            missing = [column.name for column in value.columns if column.nullable]
            if missing:
                text += "\n" + _NULL.format(
                    names=_list(missing), value=value.name, key=key, rows=rows, flat=flat, own=own
                )  # fmt: skip
            return text
        case "series":
            dtype = value.columns[0].dtype if value.columns else value.dtype
            return _SERIES.format(name=value.name, dtype=dtype, rows=rows)
        case "array" | "tensor":
            dtype = value.dtype if value.kind == "array" else f"torch.{value.dtype.removeprefix('torch.')}"
            shape = ", ".join(f"len({rows})" if size is None else str(size) for size in value.shape)
            shape += "," * (len(value.shape) == 1)
            return _ARRAY.format(kind=value.kind, name=value.name, dtype=dtype, shape=shape, rows=rows)
        case _:
            return _PLAIN.format(name=value.name, rows=rows)


# --- test_service.py ------------------------------------------------------------------------------------------------

_CELL_TESTS = """
@pytest.mark.parametrize("name", [name for name, _ in WRONG])
def test_a_row_without_a_field_is_refused(client: TestClient, name: str) -> None:
    body = copy.deepcopy(GOLDEN["body"])
    del body["{key}"][-1][name]
    error = refusal(client, body)
    assert error["field"] == {field}
    assert error["row"] == {row}


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_the_wrong_type_is_refused(client: TestClient, name: str, value: Any) -> None:
    body = copy.deepcopy(GOLDEN["body"])
    body["{key}"][-1][name] = value
    error = refusal(client, body)
    assert error["field"] == {field}
    assert error["row"] == {row}


def test_a_row_with_an_unknown_field_is_refused(client: TestClient) -> None:
    body = copy.deepcopy(GOLDEN["body"])
    body["{key}"][-1]["no_such_field"] = 1
    error = refusal(client, body)
    assert error["field"] == {unknown}
    assert error["row"] == {row}
"""

_DATE_TESTS = """
@pytest.mark.parametrize("name", {names})
def test_text_that_is_no_time_is_refused(client: TestClient, name: str) -> None:
    body = copy.deepcopy(GOLDEN["body"])
    body["rows"][-1][name] = "no time"
    assert refusal(client, body)["row"] == len(body["rows"]) - 1
"""

_WRONG_TESTS = """
@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_of_the_wrong_type_is_refused(client: TestClient, name: str, value: Any) -> None:
    refusal(client, GOLDEN["body"] | {name: value})
"""


def _service_tests(package: str, record: RunRecord) -> str:
    schema = record.schema
    fields = list(record.body)
    constants = f"FIELDS = {_list(fields)}"
    frame = schema.request[0] if schema.body_is_rows and schema.request[0].kind == "frame" else None
    if frame is not None and record.body.get("rows"):
        wrong = [(column.name, value) for column in frame.columns for value in _wrong_cells(column)]
        words = {"key": "rows", "row": 'len(body["rows"]) - 1', "field": "name", "unknown": '"no_such_field"'}
        tests = _CELL_TESTS.format(**words) if wrong else ""
        times = [column.name for column in frame.columns if column.dtype.startswith("datetime")]
        tests += "\n" + _DATE_TESTS.format(names=_list(times)) if times else ""
    else:
        wrong = [
            (name, other) for name, value in zip(fields, schema.request, strict=False) for other in _wrong_values(value)
        ]
        tests = _WRONG_TESTS if wrong else ""
    if wrong:
        lines = "".join(f"    ({_text(name)}, {_literal(value)}),\n" for name, value in wrong)
        constants += f"\n\n# A field, and a value that is none of its type\nWRONG: list[tuple[str, Any]] = [\n{lines}]"
    return fill(
        "tests/test_service.py.jinja",
        package=package,
        copies="copy." in tests,
        constants=constants,
        body_tests=tests.strip("\n"),
    )


def _wrong_cells(column: Column) -> list[Any]:
    kind = scalar_annotation(column.dtype)
    wrong: dict[str, list[Any]] = {"int": ["text", 1.5], "float": ["text"], "bool": ["text"]}
    return wrong.get(kind, [1]) + ([] if column.nullable else [None])


def _wrong_values(value: ValueSchema) -> list[Any]:
    match value.kind:
        case "frame" | "records" | "texts" | "series":
            return ["text", [[]]]
        case "array" | "tensor":
            has_width = len(value.shape) == 2 and value.shape[1] not in (None, 1)
            return ["text", [{}], *([[[0]], [[0], [0, 0]]] if has_width else [])]
        case _:
            if value.annotation.startswith("str"):
                return [1, []]
            return ["text"] if value.annotation.startswith(("int", "float", "bool", "list", "dict")) else []


# --- test_training.py -----------------------------------------------------------------------------------------------

_REPEATS = """
def results(training: Training) -> dict[str, Any]:
    return {"predictions": answer(training.predictor), "metrics": training.metrics}


def differs(expected: dict[str, Any], actual: dict[str, Any]) -> str | None:
    # Another machine may take sums in another order: training repeats less exactly than predicting.
    return first_difference(expected, actual, max(RELATIVE, 1e-6), max(ABSOLUTE, 1e-8))


def test_training_repeats_the_notebook(training: Training) -> None:
    golden = {"predictions": GOLDEN["predictions"], "metrics": GOLDEN["metrics"]}
    if difference := differs(golden, results(training)):
        again = train(Params(**PARAMETERS))
        if changed := differs(results(training), results(again)):
            pytest.skip(f"training is random: {changed.replace('in the notebook', 'at first')}")
        pytest.fail(f"training differs from the notebook: {difference}", pytrace=False)
"""

_ANSWERS = """
def test_training_gives_a_predictor_that_answers(training: Training) -> None:
    assert outline(answer(training.predictor)) == outline(GOLDEN["predictions"])
"""


def _training_tests(package: str, record: RunRecord, sample: Mapping[str, Any], files: TrainingFiles) -> str:
    parameters = record.parameters | dict(sample)
    whole = parameters == record.parameters
    lines = "".join(f"    {_text(name)}: {_literal(value)},\n" for name, value in parameters.items())
    why = "The parameters of the notebook's run" if whole else "The parameters of the notebook's run, made small"
    text = f"# {why}\nPARAMETERS: dict[str, Any] = {{\n{lines}}}" if parameters else "PARAMETERS: dict[str, Any] = {}"
    names = "ABSOLUTE, GOLDEN, RELATIVE, first_difference" if whole else "GOLDEN, first_difference"
    return fill(
        "tests/test_training.py.jinja",
        package=package,
        comparing_names=names,
        files=files,
        parameters=text,
        claims="\n\n".join(part.strip("\n") + "\n" for part in ([_ANSWERS, _REPEATS] if whole else [_ANSWERS])).strip(
            "\n"
        ),
    )


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _literal(value: Any) -> str:
    return _text(value) if isinstance(value, str) else repr(value)


def _list(names: list[str]) -> str:
    return "[" + ", ".join(_text(name) for name in names) + "]"
