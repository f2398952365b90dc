"""Rows of a version by the values of a column, and their cutting into what belongs together.

A filter given to the scan would import pandas, and prunes nothing for hashes and UIDs.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import Array, cut_out, pc
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

Item = TypeVar("Item")


def chunks(items: Sequence[Item], weight: Callable[[Item], int], most: int) -> Iterator[list[Item]]:
    """Yield items in their order, together as long as their weight is at most `most`."""
    chunk: list[Item] = []
    total = 0
    for each in items:
        if chunk and total + weight(each) > most:
            yield chunk
            chunk, total = [], 0
        chunk.append(each)
        total += weight(each)
    if chunk:
        yield chunk


def no_rows(table: str, columns: Sequence[str]) -> pa.Table:
    """Return columns of a table without rows; `empty_table` would import pandas."""
    return pa.Table.from_batches([], schema=_schema(table, columns))


def _schema(table: str, columns: Sequence[str]) -> pa.Schema:
    return pa.schema([TABLES[table].by_name[name].field() for name in columns])


def rows_with(
    base: Version,
    table: str,
    columns: Sequence[str],
    column: str,
    values: Array,
    *,
    statuses: "Array | None" = None,
) -> pa.Table:
    """Return the rows whose column is one of many values; the whole table is gone through.

    Args:
        base: version to read.
        table: its name.
        columns: that are wanted, `column` among them.
        column: that is looked at.
        values: that it may have.
        statuses: that `status`, one of the columns, may have.
    """
    found = []
    for batch in base.batches(table, list(columns)):
        keep = pc.is_in(batch.column(column), value_set=values)
        if statuses is not None:
            keep = pc.and_(keep, pc.is_in(batch.column("status"), value_set=statuses))
        own = batch.filter(keep)
        if own.num_rows:
            found.append(own)
    return pa.Table.from_batches(found, schema=_schema(table, columns))


def rows_within(
    base: Version, table: str, columns: Sequence[str], values: Array, span: tuple[str, str]
) -> pa.Table:
    """Return the rows of a table whose first sort column is one of many texts, in sort order.

    Only the parts and row groups are read that can hold them.

    Args:
        base: version to read.
        table: its name.
        columns: that are wanted, the first sort column among them.
        values: that it may have.
        span: least and greatest of them.
    """
    definition = TABLES[table]
    column = definition.order[0]
    found = []
    for part in base.manifest.parts(table):
        if not part.rows or str(part.first[0]) > span[1] or str(part.last[0]) < span[0]:
            continue
        with PartReader(base.lake, definition, part) as reader:
            for batch in reader.batches(list(columns), _groups(reader, column, span)):
                own = batch.filter(pc.is_in(batch.column(column), value_set=values))
                if own.num_rows:
                    found.append(own)
    rows = pa.Table.from_batches(found, schema=_schema(table, columns))
    return in_order(rows, [name for name in definition.order if name in columns])


def _groups(reader: PartReader, column: str, span: tuple[str, str]) -> list[int]:
    """Return the row groups that can hold a value of a span, by their statistics."""
    metadata = reader.file.metadata
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    place = paths.index(column)
    found = []
    for group in range(metadata.num_row_groups):
        statistics: Any = metadata.row_group(group).column(place).statistics
        if (
            statistics is None
            or not statistics.has_min_max
            or (statistics.min <= span[1] and statistics.max >= span[0])
        ):
            found.append(group)
    return found


def in_order(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return rows by the values of columns, ascending.

    `sort_by` would import pyarrow.acero, and with it pandas.
    """
    if not rows.num_rows:
        return rows
    keys = [(name, "ascending") for name in names]
    return rows.take(pc.sort_indices(rows, sort_keys=keys))


def runs(rows: pa.Table, names: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
    """Yield each stretch of rows that agree in columns, in memory of its own, with their values.

    Args:
        rows: those that belong together stand together.
        names: the columns.
    """
    columns = [rows.column(name).to_pylist() for name in names]
    keys = list(zip(*columns, strict=True))
    bounds = [at for at in range(len(keys) + 1) if at in (0, len(keys)) or keys[at] != keys[at - 1]]
    for start, stop in pairwise(bounds):
        yield keys[start], cut_out(rows, start, stop)
