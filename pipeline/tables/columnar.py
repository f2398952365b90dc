"""Small steps on whole columns that the making of tables is written in."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # the stubs know few of the types its functions take

_ROWS_AT_ONCE: Final = 65_536

Array: TypeAlias = "pa.Array[Any]"
Chunked: TypeAlias = "pa.ChunkedArray[Any]"


def flat(rows: pa.Table, name: str) -> Array:
    """Return a column as one array."""
    return rows.column(name).combine_chunks()


def is_in(rows: pa.Table, name: str, values: Array) -> Chunked:
    """Return for each row whether its value is one of `values`."""
    return cast("Chunked", pc.is_in(rows.column(name), value_set=values))


def keep_in(rows: pa.Table, name: str, values: Array) -> pa.Table:
    """Return the rows whose value is one of `values`."""
    return rows.filter(is_in(rows, name, values))


def drop_in(rows: pa.Table, name: str, values: Array) -> pa.Table:
    """Return the rows whose value is none of `values`."""
    return rows.filter(pc.invert(is_in(rows, name, values))) if len(values) else rows


def set_column(rows: pa.Table, name: str, values: "Array | Chunked") -> pa.Table:
    """Return a table with the values of one column replaced."""
    index = rows.schema.get_field_index(name)
    return rows.set_column(index, rows.schema.field(index), values)


def distinct(rows: pa.Table, name: str) -> Array:
    """Return the different values of a column, null among them where it occurs."""
    return cast("Array", rows.column(name).unique())


def integers(values: npt.NDArray[np.integer[Any]], missing: Any = None) -> Array:
    """Return an array of integers, null where `missing` says so."""
    return cast("Array", pa.array(values, mask=missing))


def in_tables(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield batches joined to tables of a size at which looking rows up pays."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _ROWS_AT_ONCE:
            yield pa.Table.from_batches(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def texts(*values: str) -> Array:
    """Return an array of texts; `pa.array(list)` would import pandas, 1.5 s of CPU."""
    encoded = [value.encode() for value in values]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    buffers = pa.py_buffer(offsets.tobytes()), pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(encoded), *buffers)


def cut_out(rows: pa.Table, start: int, stop: int) -> pa.Table:
    """Return a stretch of rows in memory of its own; a slice pickles the whole it is a part of."""
    places = np.arange(start, stop, dtype=np.int64)
    indices: Array = pa.Array.from_buffers(
        pa.int64(), len(places), [None, pa.py_buffer(places.tobytes())]
    )
    return rows.take(indices).combine_chunks()


def joined(name: str, *tables: pa.Table) -> Array:
    """Return a column of several tables, one after another, as one array."""
    return pa.concat_arrays([flat(rows, name) for rows in tables])
