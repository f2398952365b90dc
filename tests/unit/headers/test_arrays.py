"""Arrow arrays made from buffers hold what Arrow itself would make of the same values."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dicomlake.pipeline.headers.arrays import Lists, array, chosen, map_array, repeated
from dicomlake.schemas.column import PERSON_NAME

NAME = {"alphabetic": "A^B", "ideographic": None, "phonetic": "é"}
CASES: list[tuple[pa.DataType, list[Any], list[Any]]] = [
    (pa.int32(), [3, None, 5], [3, None, 5]),
    (pa.float64(), [0.5, None], [0.5, None]),
    (pa.string(), ["a", None, "", "ßé"], ["a", None, "", "ßé"]),
    (pa.list_(pa.string()), [["a", None], None, [], ["b"]], [["a", None], None, [], ["b"]]),
    (pa.list_(pa.float64()), [[1.0, None, 2.0], None], [[1.0, None, 2.0], None]),
    (PERSON_NAME, [("A^B", None, "é"), None], [NAME, None]),
]


@pytest.mark.parametrize(("kind", "values", "expected"), CASES, ids=lambda case: str(case)[:30])
def test_values_are_kept(kind: pa.DataType, values: list[Any], expected: list[Any]) -> None:
    assert array(values, kind).equals(pa.array(expected, kind))


@pytest.mark.parametrize(("kind", "values", "expected"), CASES, ids=lambda case: str(case)[:30])
def test_chosen_values_stand_where_their_codes_say(
    kind: pa.DataType, values: list[Any], expected: list[Any]
) -> None:
    codes = np.array([1, -1, 0, 0, len(values) - 1], np.int32)
    column = chosen(values, codes, kind)
    column.validate(full=True)
    assert column.equals(pa.array([None if c < 0 else expected[c] for c in codes], kind))


@pytest.mark.parametrize(("kind", "values", "expected"), CASES, ids=lambda case: str(case)[:30])
def test_a_repeated_value_stands_in_every_row(
    kind: pa.DataType, values: list[Any], expected: list[Any]
) -> None:
    for value, wanted in zip(values, expected, strict=True):
        assert repeated(value, 3, kind).equals(pa.array([wanted] * 3, kind))


def test_lists_laid_end_to_end() -> None:
    lists = Lists([b"a", b"b", b"c"], np.array([2, 0, 1], np.int32))
    column = chosen(lists, np.array([2, -1, 0, 1], np.int32), pa.list_(pa.string()))
    column.validate(full=True)
    assert column.to_pylist() == [["c"], None, ["a", "b"], []]


def test_maps_of_texts() -> None:
    column = map_array([{"a": "1", "b": "2"}, None, {}])
    column.validate(full=True)
    assert column.to_pylist() == [[("a", "1"), ("b", "2")], None, []]


def test_a_type_that_no_column_has_is_refused() -> None:
    with pytest.raises(TypeError, match="no arrays of bool"):
        chosen([True], np.zeros(1, np.int32), pa.bool_())
