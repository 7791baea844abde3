"""The types that the schema of a generated package states."""

import pytest

from nb2prod.model.schema import Column, ValueSchema
from nb2prod.render.annotations import column_annotation, wire_annotation, wire_column


@pytest.mark.parametrize(
    ("dtype", "stated"),
    [
        ("int64", "int"),
        ("uint8", 'Annotated[int, "uint8"]'),
        ("Int16", 'Annotated[int, "int16"]'),
        ("float32", "float"),
    ],
)
def test_a_narrow_integer_states_its_range(dtype: str, stated: str) -> None:
    assert wire_column(Column("a", dtype)) == stated
    assert wire_column(Column("a", dtype, nullable=True)) == f"{stated} | None"
    array = ValueSchema("a", "array", dtype=dtype, shape=(None, 3))
    assert wire_annotation(array) == f"list[list[{stated}]]"


def test_for_readers_an_integer_is_an_integer() -> None:
    assert column_annotation(Column("a", "uint8")) == "int"
