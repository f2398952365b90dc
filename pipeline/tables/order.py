"""The order of rows: sort keys, sorted batches, and the merge of sorted streams.

Text sorts by its bytes, which is by code point. A `tree_order` column sorts as a tree is crawled:
by folder, a folder before its subfolders, then by name. Nulls come last.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from typing import Any, Final, Literal, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dicomlake.pipeline.discovery.paths import tree_key
from dicomlake.pipeline.tables.arrow_files import let_go
from dicomlake.pipeline.tables.manifest import Value
from dicomlake.schemas.column import Table

BATCH: Final = 16_384
"""Rows of a batch when parts are read and written."""

RUN: Final = 65_536
"""Rows that are sorted at once."""

AT_ONCE: Final = 1 << 25
"""Bytes of rows, at most, that are put in order in memory all at once, however many they are."""

_COLUMNS_AT_ONCE: Final = 8
"""Columns that are put in order before what is mapped of them is let go."""

_FEWEST_ROWS: Final = 256
"""Rows taken at once from each of many runs."""

Rows: TypeAlias = pa.Table | pa.RecordBatch

SortKey = tuple[tuple[bool, Value], ...]
"""A row's place in the order, comparable in Python: nulls are (True, None) and come last."""


def order_columns(table: Table) -> tuple[str, ...]:
    """Return the columns that rows are sorted by, completed by the key so that it is total."""
    return (*table.order, *(name for name in table.key if name not in table.order))


def order_values(table: Table, rows: Rows, index: int) -> tuple[Value, ...]:
    """Return the sort columns of one row as the manifest holds them."""
    return tuple(plain(rows.column(name)[index].as_py()) for name in table.order)


def plain(value: object) -> Value:
    """Return a value as JSON holds it."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def sort_key(table: Table, names: Sequence[str], values: Sequence[Value]) -> SortKey:
    """Return the comparable form of the values of some sort columns."""
    key: list[tuple[bool, Value]] = []
    for name, value in zip(names, values, strict=True):
        if value is not None and table.by_name[name].tree_order:
            key.extend((False, text) for text in tree_key(cast("str", value)))
        else:
            key.append((value is None, value))
    return tuple(key)


def row_key(table: Table, rows: Rows, index: int) -> SortKey:
    """Return the sort key of one row."""
    names = order_columns(table)
    return sort_key(table, names, [plain(rows.column(name)[index].as_py()) for name in names])


def _key_columns(table: Table, rows: pa.Table) -> pa.Table:
    """Return the columns to sort by, a `tree_order` path as folder and name."""
    columns: list[Any] = []
    for name in order_columns(table):
        column = rows.column(name)
        if table.by_name[name].tree_order:
            folder = pc.replace_substring_regex(column, r"(?s)/?[^/]*$", "", max_replacements=1)
            columns.append(pc.replace_substring(folder, "/", "\0"))
            columns.append(pc.replace_substring_regex(column, r"(?s)^.*/", ""))
        else:
            columns.append(column)
    return pa.Table.from_arrays(columns, names=[str(i) for i in range(len(columns))])


def _indices(table: Table, rows: pa.Table) -> "pa.Array[Any]":
    """Return where the rows stand in the table's order."""
    return _sorted_places(_key_columns(table, rows))


def _sorted_places(keys: pa.Table) -> "pa.Array[Any]":
    by: list[tuple[str, Literal["ascending"]]] = [(name, "ascending") for name in keys.column_names]
    return pc.sort_indices(keys, sort_keys=list(by))


def places_by_partition(table: Table, rows: pa.Table) -> "pa.Array[Any]":
    """Return the places of rows, partition after partition, each in the table's order."""
    keys = _key_columns(table, rows)
    for number, name in enumerate(table.partition_by):
        keys = keys.add_column(number, f"partition {name}", rows.column(name))
    return _sorted_places(keys)


def sorted_rows(table: Table, rows: pa.Table) -> pa.Table:
    """Return the rows in the table's order; the very rows where they are in it already."""
    if rows.num_rows > RUN and is_sorted(table, rows):
        return rows
    indices = _indices(table, rows)
    return rows if _is_identity(indices) else taken(rows, indices)


def taken(rows: pa.Table, indices: "pa.Array[Any]") -> pa.Table:
    """Return rows by their places.

    A column without values stays as it is: most columns of a wide table are of another modality.
    """
    columns: list[Any] = [
        column.slice(0, len(indices)) if column.null_count == len(column) else column.take(indices)
        for column in rows.columns
    ]
    return pa.Table.from_arrays(columns, schema=rows.schema)


def gathered(rows: pa.Table, places: "pa.Array[Any]") -> pa.Table:
    """Return rows by their places; of those that are mapped from disk few columns are in memory."""
    columns: list[Any] = []
    for start in range(0, rows.num_columns, _COLUMNS_AT_ONCE):
        names = rows.column_names[start : start + _COLUMNS_AT_ONCE]
        columns += taken(rows.select(names), places).columns
        let_go()
    return pa.Table.from_arrays(columns, schema=rows.schema)


def fits_at_once(rows: pa.Table) -> bool:
    """Return whether rows may be put in order in memory all at once."""
    given = (column for column in rows.columns if column.null_count < len(column))
    return sum(column.nbytes for column in given) <= AT_ONCE


def _is_identity(indices: "pa.Array[Any]") -> bool:
    places = indices.to_numpy()
    return bool(np.array_equal(places, np.arange(len(places), dtype=places.dtype)))


def is_sorted(table: Table, rows: pa.Table) -> bool:
    """Return whether rows are in the table's order, looking at a run of them at a time."""
    last: SortKey | None = None
    for start in range(0, rows.num_rows, RUN):
        run = rows.slice(start, RUN)
        if last is not None and row_key(table, run, 0) < last:
            return False
        last = row_key(table, run, run.num_rows - 1)
        if not _is_identity(_indices(table, run)):
            return False
    return True


def sorted_batches(
    table: Table, rows: pa.Table, partition: Sequence[tuple[str, Value]] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one partition in the table's order.

    Each record batch of many rows is sorted by itself and merged with the others, so that memory
    holds some rows of each, and never all, unless these are few bytes.
    """
    if rows.num_rows <= RUN or fits_at_once(rows):
        yield from _sorted_run(table, rows, partition, RUN)
        return
    runs = rows.to_batches()
    size = max(_FEWEST_ROWS, RUN // len(runs))
    tables = (pa.Table.from_batches([run]) for run in runs)
    yield from merge_sorted(table, [_sorted_run(table, run, partition, size) for run in tables])


def _sorted_run(
    table: Table, run: pa.Table, partition: Sequence[tuple[str, Value]], size: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one partition in order, so many at once; each row is copied once."""
    keys = run.select(order_columns(table))
    places: Any = pa.array(np.arange(run.num_rows))
    if partition:
        chosen = _in_partition(run, partition)
        keys, places = keys.filter(chosen), places.filter(chosen)
    places = places.take(_indices(table, keys))
    if len(places) == run.num_rows and _is_identity(places):
        yield from run.to_batches(max_chunksize=size)
        return
    if size == RUN < len(places):
        yield from gathered(run, places).to_batches(max_chunksize=size)
        return
    for start in range(0, len(places), size):
        yield from taken(run, places.slice(start, size)).to_batches()


def _in_partition(rows: pa.Table, partition: Sequence[tuple[str, Value]]) -> "pa.Array[Any]":
    """Return which rows belong to a partition."""
    equal: Any = pc.equal  # the stubs want a scalar where Arrow takes a plain value
    masks = [equal(rows.column(name), value) for name, value in partition]
    return cast("pa.Array[Any]", reduce(pc.and_, masks).combine_chunks())


def count_up_to(table: Table, rows: Rows, bound: SortKey, *, inclusive: bool) -> int:
    """Return how many of sorted rows stand before a bound, or at it if inclusive."""
    low, high = 0, rows.num_rows
    while low < high:
        middle = (low + high) // 2
        key = row_key(table, rows, middle)
        if key < bound or (inclusive and key == bound):
            low = middle + 1
        else:
            high = middle
    return low


class _Stream:
    """A sorted stream of batches with the batch at its front."""

    def __init__(self, table: Table, batches: Iterable[pa.RecordBatch]) -> None:
        self.table = table
        self.batches = iter(batches)
        self.front: pa.RecordBatch | None = None
        self.last: SortKey = ()
        self.first: SortKey = ()
        self.advance()

    def advance(self) -> None:
        """Take up the next batch that has rows."""
        self.front = next((batch for batch in self.batches if batch.num_rows), None)
        if self.front is not None:
            self.last = row_key(self.table, self.front, self.front.num_rows - 1)
            self.first = row_key(self.table, self.front, 0)

    def take(self, bound: SortKey) -> pa.RecordBatch | None:
        """Remove and return the rows at the front up to a bound, None where there are none."""
        if self.front is None or self.first > bound:
            return None
        if self.last <= bound:
            taken = self.front
            self.advance()
            return taken
        count = count_up_to(self.table, self.front, bound, inclusive=True)
        taken = self.front.slice(0, count)
        self.front = self.front.slice(count)
        self.first = row_key(self.table, self.front, 0)
        return taken


def merge_sorted(
    table: Table, streams: Sequence[Iterable[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    """Merge streams of sorted batches into one, holding one batch of each in memory.

    Args:
        table: whose order the rows have.
        streams: each sorted by the table's order; all of one schema.

    Yields:
        Batches with rows, in order.
    """
    live = [stream for stream in (_Stream(table, each) for each in streams) if stream.front]
    while live:
        if len(live) == 1:
            (only,) = live
            while only.front is not None:
                yield only.front
                only.advance()
            return
        # The smallest last key at a front: all rows up to it are in memory.
        bound = min(stream.last for stream in live)
        taken = [batch for batch in (stream.take(bound) for stream in live) if batch is not None]
        live = [stream for stream in live if stream.front is not None]
        if len(taken) == 1:
            yield taken[0]
        else:
            yield from sorted_rows(table, pa.Table.from_batches(taken)).to_batches()


def aligned(
    table: Table, left: Iterable[pa.RecordBatch], right: Iterable[pa.RecordBatch]
) -> Iterator[tuple[pa.RecordBatch | None, pa.RecordBatch | None]]:
    """Yield two sorted streams side by side, one stretch of the order after another.

    Rows of the same place in the order come in the same stretch; None where a stream has no rows
    in it. Memory holds a batch of each.
    """
    one, other = _Stream(table, left), _Stream(table, right)
    while one.front is not None and other.front is not None:
        bound = min(one.last, other.last)
        yield one.take(bound), other.take(bound)
    while one.front is not None:
        yield one.front, None
        one.advance()
    while other.front is not None:
        yield None, other.front
        other.advance()
