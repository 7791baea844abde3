"""What the notebook's metadata states of the request's columns, read and written."""

import json
from dataclasses import dataclass

import pytest

from nb2prod.errors import InputError
from nb2prod.model.schema import Column, Schema, Stated, ValueSchema
from nb2prod.notebook.fields import stated_answers, stated_fields, write_fields
from nb2prod.plan.stated import record_as_run, record_as_sent, with_answers, with_fields
from nb2prod.render.annotations import wire_column

AGE = Stated("in years", True, 0, 130, "years")


def document(metadata, indent=1):
    body = {"cells": [], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(body, indent=indent).encode()


@pytest.mark.parametrize("indent", [None, 1, 2, "\t"])
@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3"}},
        {"nb2prod": {}},
        {"nb2prod": {"other": 1, "fields": {"x": {"personal": True}}}, "z": 1},
    ],
)
def test_what_is_written_is_read_and_nothing_else_changes(metadata, indent):
    before = document(metadata, indent)
    after = write_fields(before, {"age": AGE, "plain": Stated()})
    assert stated_fields(json.loads(after)) == {"age": AGE}
    left = json.loads(after)
    own = left["metadata"].pop("nb2prod")
    own.pop("fields")
    expected = json.loads(before)
    held = expected["metadata"].pop("nb2prod", {})
    held.pop("fields", None)
    assert (left, own) == (expected, held)
    assert write_fields(after, {"age": AGE}) == after
    assert stated_fields(json.loads(write_fields(after, {}))) == {}


def test_a_file_as_jupyter_writes_it_stays_so():
    before = document({"kernelspec": {"name": "python3"}})
    after = write_fields(before, {"age": Stated(least=0)})
    assert after == document({"kernelspec": {"name": "python3"}, "nb2prod": {"fields": {"age": {"least": 0}}}})


@pytest.mark.parametrize(
    "fields",
    [3, {"a": 3}, {"a": {"colour": 1}}, {"a": {"least": "0"}}, {"a": {"least": True}}, {"a": {"most": float("inf")}},
     {"a": {"least": 2, "most": 1}}, {"a": {"description": 1}}, {"a": {"personal": "yes"}}, {"a": {"name": 1}}],
)  # fmt: skip
def test_what_states_nothing_is_refused(fields):
    with pytest.raises(InputError) as caught:
        stated_fields({"metadata": {"nb2prod": {"fields": fields}}})
    assert caught.value.code == "NB230"


SCHEMA = Schema(
    (ValueSchema("rows", "frame", (Column("age", "int64"), Column("name", "str"))),), ValueSchema("answer", "array")
)
BODY = {"rows": [{"age": 40, "name": "Ada"}, {"age": None, "name": "Bo"}]}


def test_columns_get_what_is_stated_of_them():
    column = with_fields(SCHEMA, {"age": AGE}, BODY).request[0].columns[0]
    expected = Column("years", "int64", description="in years", personal=True, least=0, most=130, renamed_from="age")
    assert column == expected
    assert column.notebook_name == "age"
    assert with_fields(SCHEMA, {}, BODY) is SCHEMA


@pytest.mark.parametrize(
    ("name", "stated", "words"),
    [
        ("size", AGE, "no caller sends"),
        ("name", Stated(least=1), "is no number"),
        ("age", Stated(most=30), "outside the limits"),
        ("age", Stated(least=41), "outside the limits"),
    ],
)
def test_what_cannot_be_kept_is_refused(name, stated, words):
    with pytest.raises(InputError, match=words) as caught:
        with_fields(SCHEMA, {name: stated}, BODY)
    assert caught.value.code == "NB230"


def test_the_golden_request_is_by_the_names_that_callers_use():
    record = as_sent(BODY, SCHEMA.request)
    assert record.body == {"rows": [{"years": 40, "name": "Ada"}, {"years": None, "name": "Bo"}]}
    assert [column.name for column in record.schema.request[0].columns] == ["years", "name"]
    two = ValueSchema("people", "frame", (Column("age", "int64"),)), ValueSchema("rate", "json")
    record = as_sent({"people": [{"age": 1}], "rate": 0.5}, two)
    assert record.body == {"people": [{"years": 1}], "rate": 0.5}


def as_sent(body, request):
    run = Run(Schema(request, TABLE), body, [{"p": 0.5, "of": 40}])
    record = record_as_sent(run, {"age": Stated("in years", True, 0, name="years")}, {"p": "probability"})
    assert record.predictions == [{"probability": 0.5, "of": 40}]
    assert [column.name for column in record.schema.response.columns] == ["probability", "of"]
    assert record_as_run(record) == run
    return record


TABLE = ValueSchema("answer", "frame", (Column("p", "float64"), Column("of", "int64")))


@dataclass(frozen=True)
class Run:
    schema: Schema
    body: dict
    predictions: list


def test_names_of_answers_are_written_and_read():
    before = document({"nb2prod": {"watch": {"r2": "higher"}}})
    after = write_fields(before, {}, answers={"p": "probability"})
    assert stated_answers(json.loads(after)) == {"p": "probability"}
    assert json.loads(after)["metadata"]["nb2prod"]["watch"] == {"r2": "higher"}
    assert write_fields(after, {}) == after
    assert write_fields(after, {}, answers={}) == before
    assert stated_answers({"metadata": {"nb2prod": {"answers": {"p": {"name": "p"}, "q": {}}}}}) == {}


@pytest.mark.parametrize(
    ("answers", "code"),
    [(3, "NB238"), ({"p": "x"}, "NB238"), ({"p": {"name": 1}}, "NB238"), ({"p": {"least": 1}}, "NB238"),
     ({"p": {"name": " x"}}, "NB236"), ({"p": {"name": "x"}, "q": {"name": "x"}}, "NB237")],
)  # fmt: skip
def test_what_names_no_answer_is_refused(answers, code):
    with pytest.raises(InputError) as caught:
        stated_answers({"metadata": {"nb2prod": {"answers": answers}}})
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("response", "answers", "code"),
    [(TABLE, {"q": "x"}, "NB238"), (SCHEMA.response, {"p": "x"}, "NB238"), (TABLE, {"p": "of"}, "NB237")],
)
def test_names_that_do_not_go_with_the_response_are_refused(response, answers, code):
    with pytest.raises(InputError) as caught:
        with_answers(Schema(SCHEMA.request, response), answers)
    assert caught.value.code == code


@pytest.mark.parametrize("name", [" age", "age ", "a\nb", "a\u200bb", "a\u202eb", "x" * 101, "\ud800"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(InputError) as caught:
        stated_fields({"metadata": {"nb2prod": {"fields": {"size": {"name": name}}}}})
    assert caught.value.code == "NB236"


@pytest.mark.parametrize(
    "fields",
    [
        {"a": {"name": "x"}, "b": {"name": "x"}},
        {"a": {"name": "b"}, "b": {"name": "x"}},
        {"b": {"name": "x"}, "a": {"name": "b"}},
        {"a": {"name": "b"}, "b": {"name": "a"}},
        {"x": {"personal": True}, "a": {"name": "x"}},
    ],
)
def test_one_name_for_two_columns_is_refused(fields):
    with pytest.raises(InputError) as caught:
        stated_fields({"metadata": {"nb2prod": {"fields": fields}}})
    assert caught.value.code == "NB237"


def test_a_name_of_a_column_of_which_nothing_is_stated_is_refused_after_the_run():
    fields = stated_fields({"metadata": {"nb2prod": {"fields": {"age": {"name": "name"}}}}})
    with pytest.raises(InputError, match="`name`") as caught:
        with_fields(SCHEMA, fields, BODY)
    assert caught.value.code == "NB237"


def test_a_columns_own_name_is_no_other_name():
    assert stated_fields({"metadata": {"nb2prod": {"fields": {"age": {"name": "age"}}}}}) == {"age": Stated()}


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (Column("a", "int64"), "int"),
        (Column("a", "int64", least=0.5, most=9.5), "Annotated[int, {'ge': 1, 'le': 9}]"),
        (Column("a", "float64", nullable=True, least=0), "Annotated[float | None, {'ge': 0.0}]"),
        (Column("a", "uint8", most=200), "Annotated[int, \"uint8\", {'le': 200}]"),
        (Column("a", "str", description="it's", personal=True),
         "Annotated[str, {'description': \"it's\", 'personal': True}]"),
    ],
)  # fmt: skip
def test_the_annotation_says_what_is_stated(column, text):
    assert wire_column(column) == text
