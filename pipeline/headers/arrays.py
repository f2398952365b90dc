"""Arrow arrays from Python values, straight into buffers.

`pa.array(list)`, `pa.scalar` and `pa.nulls` import pandas on first use, which takes longer than
reading hundreds of headers; `from_buffers` does not.
"""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Any, Final

import numpy as np
import pyarrow as pa

_NUMBERS: Final = {
    pa.int16(): "<i2",
    pa.int32(): "<i4",
    pa.int64(): "<i8",
    pa.uint64(): "<u8",
    pa.float32(): "<f4",
    pa.float64(): "<f8",
    pa.date32(): "<i4",
    pa.time64("us"): "<i8",
    pa.timestamp("us"): "<i8",
    pa.timestamp("us", tz="UTC"): "<i8",
}
"""Types whose values are numbers of a fixed width, with the NumPy type of their buffer."""


def array(values: Sequence[Any], kind: pa.DataType) -> "pa.Array[Any]":
    """Return an Arrow array of values, None for null.

    Args:
        values: numbers (dates and times as integers since their epoch), texts, tuples of a
            struct's fields, or lists of such.
        kind: type of the array: a number, date or time, string, struct, or list of these.

    Raises:
        TypeError: the type is none of these.
    """
    if kind in _NUMBERS:
        return _numbers(values, kind)
    if pa.types.is_string(kind):
        return _texts(values, kind)
    if isinstance(kind, pa.ListType):
        return _lists(values, kind)
    if isinstance(kind, pa.StructType):
        return _structs(values, kind)
    raise TypeError(f"no arrays of {kind}")


def table(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Return a table of a schema from its columns, in the schema's order."""
    arrays = [array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _validity(values: Sequence[Any]) -> pa.Buffer | None:
    """Return the bits that mark values that are not null; None when there is no null."""
    if None not in values:
        return None
    present = np.fromiter((value is not None for value in values), np.bool_, len(values))
    return pa.py_buffer(np.packbits(present, bitorder="little").tobytes())


def _numbers(values: Sequence[Any], kind: pa.DataType) -> "pa.Array[Any]":
    width = _NUMBERS[kind]
    validity = _validity(values)
    if validity is not None:
        values = [0 if value is None else value for value in values]
    numbers = np.array(values, dtype=width)
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(numbers.tobytes())])


def _texts(values: Sequence[Any], kind: pa.DataType) -> "pa.Array[Any]":
    texts = [b"" if value is None else value.encode() for value in values]
    buffers = [_validity(values), _offsets(texts), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(kind, len(values), buffers)


def _lists(values: Sequence[Any], kind: "pa.ListType[Any]") -> "pa.Array[Any]":
    lists = [() if value is None else value for value in values]
    items = array(list(chain.from_iterable(lists)), kind.value_type)
    buffers = [_validity(values), _offsets(lists)]
    return pa.Array.from_buffers(kind, len(values), buffers, children=[items])


def _structs(values: Sequence[Any], kind: pa.StructType) -> "pa.Array[Any]":
    children = [
        array([None if value is None else value[number] for value in values], kind[number].type)
        for number in range(kind.num_fields)
    ]
    return pa.Array.from_buffers(kind, len(values), [_validity(values)], children=children)


def _offsets(parts: Sequence[Any]) -> pa.Buffer:
    ends = accumulate((len(part) for part in parts), initial=0)
    return pa.py_buffer(np.fromiter(ends, np.int32, len(parts) + 1).tobytes())
