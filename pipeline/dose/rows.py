"""Rows of the dose tables as Arrow."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import array, map_array, repeated
from dicomlake.schemas.column import LINEAGE, Table

Row = dict[str, Any]

_LINEAGE: Final = frozenset(column.name for column in LINEAGE)
_EPOCH: Final = datetime(1970, 1, 1)
_DAY: Final = _EPOCH.date()
_MICROSECOND: Final = timedelta(microseconds=1)


def to_arrow(
    table: Table, rows: Sequence[Mapping[str, Any]], lineage: Mapping[str, Any]
) -> pa.Table:
    """Return rows in a table's schema; a column that a row lacks is null.

    Args:
        table: the definition.
        rows: by column; what begins with an underscore is for this code alone.
        lineage: run, code and schema of all of them.

    Raises:
        KeyError: a row has a column that the table has not: a defect.
    """
    names = {name for row in rows for name in row if name[:1] != "_"}
    if unknown := sorted(names - table.by_name.keys()):
        raise KeyError(f"table {table.name} has no column {', '.join(unknown)}")
    columns = [
        repeated(lineage[column.name], len(rows), column.type)
        if column.name in _LINEAGE
        else _column([row.get(column.name) for row in rows], column.type)
        for column in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=table.schema())


def _column(values: Sequence[Any], kind: pa.DataType) -> "pa.Array[Any]":
    if pa.types.is_boolean(kind):
        return _booleans(values)
    if pa.types.is_map(kind):
        return map_array([dict(sorted(dict(each).items())) if each else None for each in values])
    for applies, plain in _PLAIN:
        if applies(kind):
            return array([None if value is None else plain(value) for value in values], kind)
        if pa.types.is_list(kind) and applies(kind.value_type):
            lists = [None if each is None else [plain(one) for one in each] for each in values]
            return array(lists, kind)
    return array(values, kind)


def _booleans(values: Sequence[Any]) -> "pa.Array[Any]":
    known = np.fromiter((value is not None for value in values), np.bool_, len(values))
    true = np.fromiter((bool(value) for value in values), np.bool_, len(values))
    bits = [np.packbits(each, bitorder="little").tobytes() for each in (known, true)]
    buffers = [None if known.all() else pa.py_buffer(bits[0]), pa.py_buffer(bits[1])]
    return pa.Array.from_buffers(pa.bool_(), len(values), buffers)


def _finite(value: float | None) -> float | None:
    """Return a number; NaN and infinity are no value of a dose."""
    return float(value) if value is not None and math.isfinite(value) else None


def _microseconds(value: datetime) -> int:
    return (value.replace(tzinfo=None) - _EPOCH) // _MICROSECOND


def _days(value: date) -> int:
    return ((value.date() if isinstance(value, datetime) else value) - _DAY).days


_PLAIN: Final[tuple[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]], ...]] = (
    (pa.types.is_timestamp, _microseconds),
    (pa.types.is_date, _days),
    (pa.types.is_floating, _finite),
)
"""How values of a type become those that Arrow holds."""
