"""Arrow arrays from Python values, straight into buffers.

`pa.array(list)`, `pa.scalar` and `pa.nulls` import pandas on first use, which takes longer than
reading hundreds of headers; `from_buffers` does not.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
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


_STRETCH: Final = 4
"""Rows on end with the same text, on average, from which on texts are joined by stretches."""

Codes = npt.NDArray[np.int32]
"""For each row of a column the place of its value among the distinct ones; -1: null."""


class Lists(NamedTuple):
    """Lists laid end to end: all their items (numbers, or UTF-8), and how long each list is."""

    items: "npt.NDArray[Any] | Sequence[bytes]"
    counts: npt.NDArray[np.int32]


Distinct = Sequence[Any] | npt.NDArray[Any] | Lists
"""Values of a column: Python values with None for null, UTF-8 bytes, numbers, or lists of them."""


def chosen(values: Distinct, codes: Codes, kind: pa.DataType) -> "pa.Array[Any]":
    """Return a column from its distinct values, each row's by its place.

    Gathered with NumPy: Arrow's `take` costs more on a short column, and imports pandas.
    """
    if not isinstance(values, Lists | np.ndarray) and None in values:
        null = np.fromiter((value is None for value in values), np.bool_, len(values))
        codes = np.where((codes >= 0) & ~null[codes], codes, np.int32(-1))
    there = codes >= 0
    validity = None
    if len(codes) and codes.min() < 0:
        validity = pa.py_buffer(np.packbits(there, bitorder="little").tobytes())
        codes = codes.copy()
        codes[~there] = 0
    if kind in _NUMBERS:
        return _chosen_numbers(values, codes, kind, validity)
    if pa.types.is_string(kind):
        return _chosen_texts(values, codes, there, validity)
    if isinstance(kind, pa.ListType):
        return _chosen_lists(values, codes, there, kind, validity)
    if isinstance(kind, pa.StructType):
        rows: Sequence[Any] = values  # type: ignore[assignment]  # structs are Python values
        masked = np.where(there, codes, np.int32(-1))
        fields = [
            chosen([None if row is None else row[n] for row in rows], masked, kind[n].type)
            for n in range(kind.num_fields)
        ]
        return pa.Array.from_buffers(kind, len(codes), [validity], children=fields)
    raise TypeError(f"no arrays of {kind}")


def spread_out(columns: Mapping[str, "pa.Array[Any]"], codes: Codes) -> dict[str, Any]:
    """Return columns by name, each row taken from the place that its code names.

    All in one call of Arrow's, which a short column would not be worth.
    """
    few = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    places = pa.Array.from_buffers(pa.int32(), len(codes), [None, _buffer(codes)])
    return dict(zip(columns, few.take(places).columns, strict=True))


def _chosen_numbers(
    values: Distinct, codes: Codes, kind: pa.DataType, validity: pa.Buffer | None
) -> "pa.Array[Any]":
    if not isinstance(values, np.ndarray):
        values = np.array([0 if value is None else value for value in values], _NUMBERS[kind])
    numbers = values.astype(_NUMBERS[kind], copy=False)[codes]
    return pa.Array.from_buffers(kind, len(codes), [validity, _buffer(numbers)])


def _chosen_texts(
    values: Distinct, codes: Codes, there: npt.NDArray[np.bool_], validity: pa.Buffer | None
) -> "pa.Array[Any]":
    texts = list(map(_utf8, values))
    texts.append(b"")
    if validity is not None:
        codes = np.where(there, codes, np.int32(len(texts) - 1))
    lengths = np.fromiter(map(len, texts), np.int32, len(texts))[codes]
    starts = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    if _STRETCH * len(starts) < len(codes):  # the same text in many rows on end
        starts = np.concatenate((np.zeros(min(len(codes), 1), np.intp), starts))
        repeats = np.diff(starts, append=len(codes)).tolist()
        pieces = [texts[c] * n for c, n in zip(codes[starts].tolist(), repeats, strict=True)]
    else:
        pieces = list(map(texts.__getitem__, codes.tolist()))
    buffers = [validity, _ends(lengths), pa.py_buffer(b"".join(pieces))]
    return pa.Array.from_buffers(pa.string(), len(codes), buffers)


def _utf8(value: Any) -> bytes:
    """Return a text as it lies in a column; what is null is empty there."""
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode()


def _chosen_lists(
    values: Distinct,
    codes: Codes,
    there: npt.NDArray[np.bool_],
    kind: "pa.ListType[Any]",
    validity: pa.Buffer | None,
) -> "pa.Array[Any]":
    if isinstance(values, Lists):
        items, counts = values
    else:
        lists = [() if value is None else value for value in values]
        items = list(chain.from_iterable(lists))
        counts = np.fromiter(map(len, lists), np.int32, len(lists))
    starts = np.concatenate((np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)))[:-1]
    lengths = counts[codes]
    lengths[~there] = 0
    before = np.cumsum(lengths, dtype=np.int32) - lengths
    inner = np.repeat(starts[codes] - before, lengths) + np.arange(lengths.sum(), dtype=np.int32)
    children = [chosen(items, inner.astype(np.int32, copy=False), kind.value_type)]
    buffers = [validity, _ends(lengths)]
    return pa.Array.from_buffers(kind, len(codes), buffers, children=children)


def _buffer(values: npt.NDArray[Any]) -> pa.Buffer:
    """Return the bytes of an array, not copied."""
    exported: Any = values  # NumPy exports its buffer, which the stubs do not know
    return pa.py_buffer(exported)


def _ends(lengths: npt.NDArray[np.int32]) -> pa.Buffer:
    ends = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    return _buffer(ends)


def repeated(value: Any, count: int, kind: pa.DataType) -> "pa.Array[Any]":
    """Return a column that holds one value in every row."""
    if value is None:
        return _null_column(count, kind)
    if kind in _NUMBERS:
        numbers = np.full(count, value, _NUMBERS[kind])
        return pa.Array.from_buffers(kind, count, [None, _buffer(numbers)])
    if pa.types.is_string(kind):
        text = _utf8(value)
        ends = np.arange(count + 1, dtype=np.int32) * np.int32(len(text))
        buffers = [None, _buffer(ends), pa.py_buffer(text * count)]
        return pa.Array.from_buffers(kind, count, buffers)
    return chosen((value,), np.zeros(count, np.int32), kind)


@lru_cache(maxsize=256)
def _null_column(count: int, kind: pa.DataType) -> "pa.Array[Any]":
    if isinstance(kind, pa.MapType):
        return map_array([None] * count)
    return array([None] * count, kind)


def map_array(rows: Sequence[Mapping[str, str] | None]) -> "pa.Array[Any]":
    """Return a column of maps from text to text, None for null."""
    maps: list[Mapping[str, str]] = [{} if row is None else row for row in rows]
    keys = array(list(chain.from_iterable(maps)), pa.string())
    values = array(list(chain.from_iterable(each.values() for each in maps)), pa.string())
    entries = pa.struct([pa.field("key", pa.string(), nullable=False), ("value", pa.string())])
    pairs = pa.Array.from_buffers(entries, len(keys), [None], children=[keys, values])
    kind = pa.map_(pa.string(), pa.string())
    return pa.Array.from_buffers(
        kind, len(rows), [_validity(rows), _offsets(maps)], children=[pairs]
    )


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
    return pa.Array.from_buffers(kind, len(values), [validity, _buffer(numbers)])


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
