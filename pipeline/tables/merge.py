"""A delta applied to the parts of a table: which rows leave, which come, which parts are written.

In two steps, so that a delta that changes nothing is known before anything is written. Parts that
no row enters or leaves are carried over by reference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dicomlake.pipeline.tables.keys import Mask, equal_rows, key_column, positions
from dicomlake.pipeline.tables.manifest import UNKNOWN_PARTITION, Part, Value
from dicomlake.pipeline.tables.order import (
    count_up_to,
    merge_sorted,
    sort_key,
    sorted_rows,
)
from dicomlake.pipeline.tables.parts import BATCH, PartReader, PartWriter, extremes
from dicomlake.pipeline.tables.rules import check_rows, conform
from dicomlake.schemas.column import LINEAGE, Table
from dicomlake.schemas.evolution import SCHEMA_VERSION

Partition = tuple[tuple[str, Value], ...]
Span = tuple[Any, Any]
"""Least and greatest value of the first key column."""

NOT_COMPARED: Final = frozenset({"last_changed_run", *(column.name for column in LINEAGE)})
"""Columns that say which run wrote a row: alone they make no row a changed one."""

_SMALL_RANGE: Final = 4
"""A part of a table kept in ranges is small when it holds less than a quarter of its rows."""


@dataclass(frozen=True, slots=True)
class TableDelta:
    """What a run changes in one table."""

    upserts: pa.Table
    """Rows of the full schema; each replaces the row of its key, or is new."""
    deletes: pa.Table | None = None
    """Keys whose rows leave; applied before the upserts."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A delta against certain parts: only what truly changes."""

    table: Table
    parts: tuple[Part, ...]
    removed: Mapping[int, Mask] = field(default_factory=dict)
    """For each part that rows leave, which rows."""
    inserted: pa.Table | None = None
    """Rows that come, new ones and those that replace a row that left."""

    @property
    def is_empty(self) -> bool:
        """Return whether no row comes or leaves."""
        return not self.removed and not (self.inserted and self.inserted.num_rows)


def find_changes(
    lake: Path, table: Table, parts: tuple[Part, ...], delta: TableDelta | None
) -> RowChange:
    """Hold a delta against a table; reads only.

    An upsert equal to the row of its key, lineage aside, is dropped.

    Raises:
        BlockedByRuleError: the upserts break a rule of the schema.
        CorruptLakeError: a part is missing or damaged.
    """
    if delta is None:
        return RowChange(table, parts)
    upserts = conform(table, delta.upserts)
    check_rows(table, upserts)
    wanted = key_column(upserts, table.key)
    if delta.deletes is not None and delta.deletes.num_rows:
        deletes = pc.unique(key_column(delta.deletes, table.key))
        wanted = pa.concat_arrays([wanted, deletes.filter(pc.invert(pc.is_in(deletes, wanted)))])
    keep = np.ones(upserts.num_rows, dtype=np.bool_)
    removed: dict[int, Mask] = {}
    spans = _spans(table, upserts, delta.deletes)
    for index, part in enumerate(parts):
        if not len(wanted) or not _may_hold(part, spans):
            continue
        with PartReader(lake, table, part) as reader:
            mask = _leaving(reader, wanted, spans, upserts, keep)
        if mask is not None:
            removed[index] = mask
    inserted = upserts if keep.all() else upserts.filter(pa.array(keep))
    return RowChange(table, parts, removed, inserted)


def _spans(table: Table, upserts: pa.Table, deletes: pa.Table | None) -> Span | None:
    """Return the least and greatest first key column of a delta; None where one is null."""
    both: list[Any] = [extremes(upserts.column(table.key[0]))] if upserts.num_rows else []
    if deletes is not None and deletes.num_rows:
        both.append(extremes(deletes.column(table.key[0])))
    if not both or any(least is None for least, _ in both):
        return None
    return min(least for least, _ in both), max(greatest for _, greatest in both)


def _may_hold(part: Part, spans: Span | None) -> bool:
    """Return whether a key of the delta can be in a part, by its manifest alone."""
    if not part.rows:
        return False
    if spans is None or part.key_min is None or part.key_max is None:
        return True
    return bool(part.key_min <= spans[1] and part.key_max >= spans[0])


def _groups_in(reader: PartReader, spans: Span | None) -> list[int]:
    """Return the row groups that may hold a key, by the statistics of the first key column."""
    metadata = reader.file.metadata
    groups = list(range(metadata.num_row_groups))
    name = reader.table.key[0]
    paths = [metadata.schema.column(i).path for i in range(metadata.num_columns)]
    if spans is None or name not in paths:
        return groups
    column = paths.index(name)
    found = []
    for group in groups:
        statistics = metadata.row_group(group).column(column).statistics
        if (
            statistics is None
            or not statistics.has_min_max
            or (statistics.min <= spans[1] and statistics.max >= spans[0])
        ):
            found.append(group)
    return found


def _leaving(
    reader: PartReader,
    wanted: "pa.Array[Any]",
    spans: Span | None,
    upserts: pa.Table,
    keep: Mask,
) -> Mask | None:
    """Return which rows of a part leave it, None for none; clear `keep` of equal upserts."""
    mask = np.zeros(reader.part.rows, dtype=np.bool_)
    starts = np.concatenate(([0], np.cumsum(reader.group_rows())))
    for group in _groups_in(reader, spans):
        batches = list(reader.batches(reader.table.key, [group]))
        if not batches:
            continue
        keys = key_column(pa.Table.from_batches(batches), reader.table.key)
        found = positions(keys, wanted)
        if (found < 0).all():
            continue
        leaving = found >= 0
        hits = np.flatnonzero(leaving & (found < upserts.num_rows))
        if len(hits):
            equal = _equal_to(reader, group, hits, upserts, found[hits])
            leaving[hits[equal]] = False
            keep[found[hits[equal]]] = False
        mask[starts[group] : starts[group + 1]] = leaving
    return mask if mask.any() else None


def _equal_to(
    reader: PartReader,
    group: int,
    hits: np.ndarray[Any, np.dtype[np.int64]],
    upserts: pa.Table,
    matches: np.ndarray[Any, np.dtype[np.int64]],
) -> Mask:
    """Return which rows of a row group equal the upserts of their key, lineage aside."""
    names = [column.name for column in reader.table.columns if column.name not in NOT_COMPARED]
    equal: list[Mask] = []
    start = 0
    for batch in reader.batches(names, [group]):
        first, last = np.searchsorted(hits, (start, start + batch.num_rows))
        if first < last:
            old = batch.take(hits[first:last] - start)
            new = upserts.select(names).take(matches[first:last])
            equal.append(equal_rows(pa.Table.from_batches([old]), new))
        start += batch.num_rows
    return np.concatenate(equal)


def rewrite(writer: PartWriter, change: RowChange) -> tuple[Part, ...]:
    """Write the parts that a change touches; return all parts of the table as they now are.

    Parts of an older schema are rewritten too, and a table without rows gets its one empty part.

    Raises:
        OSError: the disk failed; nothing that was committed is harmed.
    """
    outdated = any(part.schema_version != SCHEMA_VERSION for part in change.parts)
    if change.is_empty and change.parts and not outdated:
        return change.parts
    parts = (
        _rewrite_ranges(writer, change)
        if change.table.rows_per_part
        else _rewrite_partitions(writer, change)
    )
    with_rows = [part for part in parts if part.rows]
    return tuple(with_rows) or (_empty_part(writer, change),)


def _empty_part(writer: PartWriter, change: RowChange) -> Part:
    for part in change.parts:
        if not part.rows and part.schema_version == SCHEMA_VERSION:
            return part
    names = change.table.partition_by
    return writer.write_empty(tuple((name, UNKNOWN_PARTITION[name]) for name in names))


def _touched(change: RowChange, index: int) -> bool:
    return index in change.removed or change.parts[index].schema_version != SCHEMA_VERSION


def _staying(writer: PartWriter, change: RowChange, index: int) -> Iterator[pa.RecordBatch]:
    """Yield the rows that stay of a part."""
    mask = change.removed.get(index)
    start = 0
    with PartReader(writer.writer.lake, change.table, change.parts[index]) as reader:
        for batch in reader.batches():
            if mask is None:
                yield batch
            else:
                leaving = mask[start : start + batch.num_rows]
                start += batch.num_rows
                yield batch.filter(pa.array(~leaving))


def _by_partition(change: RowChange) -> dict[Partition, pa.Table]:
    """Return the inserted rows, sorted, by the partition they belong to."""
    rows, names = change.inserted, change.table.partition_by
    if rows is None or not rows.num_rows:
        return {}
    if not names:
        return {(): sorted_rows(change.table, rows)}
    codes = key_column(rows, names).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    split: dict[Partition, pa.Table] = {}
    for code in np.unique(codes):
        own = rows.take(np.flatnonzero(codes == code))
        values = tuple((name, cast("Value", own.column(name)[0].as_py())) for name in names)
        split[values] = sorted_rows(change.table, own)
    return split


def _rewrite_partitions(writer: PartWriter, change: RowChange) -> list[Part]:
    inserted = _by_partition(change)
    members: dict[Partition, list[int]] = {partition: [] for partition in inserted}
    for index, part in enumerate(change.parts):
        members.setdefault(part.partition, []).append(index)
    result: list[Part] = []
    for partition, indices in members.items():
        rows = inserted.get(partition)
        merging = _merging(writer, change, indices, inserting=rows is not None)
        result += [change.parts[index] for index in indices if index not in merging]
        streams: list[Iterator[pa.RecordBatch]] = [
            _staying(writer, change, index) for index in merging
        ]
        if rows is not None:
            streams.append(iter(rows.to_batches(max_chunksize=BATCH)))
        if streams:
            result += writer.write(merge_sorted(change.table, streams), partition)
    result.sort(key=lambda part: (part.partition, _first_key(change.table, part), part.id))
    return result


def _merging(
    writer: PartWriter, change: RowChange, indices: Sequence[int], *, inserting: bool
) -> list[int]:
    """Return which parts of a partition are written anew: the touched, and small ones if many."""
    touched = [index for index in indices if _touched(change, index)]
    if not touched and not inserting:
        return []
    small = [
        index
        for index in indices
        if index not in touched
        and 0 < change.parts[index].bytes < writer.settings.small_part_bytes
        and change.parts[index].rows
    ]
    # The part that is written now is one more.
    if len(small) + 1 >= writer.settings.merge_small_parts:
        return sorted(touched + small)
    return touched


def _first_key(table: Table, part: Part) -> tuple[Any, ...]:
    return sort_key(table, table.order, part.first) if part.rows else ()


@dataclass(slots=True)
class _Range:
    """A stretch of the order: whole parts, and the rows inserted between their first rows."""

    parts: list[int]
    rows: int
    inserted: list[pa.RecordBatch]
    dirty: bool


def _rewrite_ranges(writer: PartWriter, change: RowChange) -> list[Part]:
    ranges = [each for each in _ranges(change) if each.rows]
    ranges = _join_small(writer, change.table, ranges)
    result: list[Part] = []
    for number, each in enumerate(ranges):
        if not each.dirty:
            result += [change.parts[index] for index in each.parts]
            continue
        streams: list[Iterator[pa.RecordBatch]] = [
            _staying(writer, change, index) for index in each.parts
        ]
        streams.append(iter(each.inserted))
        last = number == len(ranges) - 1
        cuts = cut_rows(each.rows, change.table.rows_per_part, fill=last)
        result += writer.write(merge_sorted(change.table, streams), (), cuts)
    return result


def _ranges(change: RowChange) -> Iterator[_Range]:
    """Yield a range for each part with the inserted rows up to the first row of the next part."""
    table = change.table
    if len(table.partition_by):
        raise ValueError(f"table {table.name}: kept in ranges and partitioned")
    new = change.inserted if change.inserted is not None else table.empty()
    left = sorted_rows(table, new).combine_chunks().to_batches()
    rest = left[0] if left else None
    indices = [index for index, part in enumerate(change.parts) if part.rows]
    if not indices and rest is not None:
        yield _Range([], rest.num_rows, _sliced(rest), dirty=True)
    for place, index in enumerate(indices):
        own = rest
        if rest is not None and place + 1 < len(indices):
            bound = sort_key(table, table.order, change.parts[indices[place + 1]].first)
            count = count_up_to(table, rest, bound, inclusive=False)
            own, rest = rest.slice(0, count), rest.slice(count)
        new_rows = own.num_rows if own is not None else 0
        mask = change.removed.get(index)
        gone = int(mask.sum()) if mask is not None else 0
        yield _Range(
            [index],
            change.parts[index].rows - gone + new_rows,
            _sliced(own) if own is not None else [],
            dirty=bool(new_rows) or _touched(change, index),
        )


def _sliced(rows: pa.RecordBatch) -> list[pa.RecordBatch]:
    return [rows.slice(start, BATCH) for start in range(0, rows.num_rows, BATCH)]


def _join_small(writer: PartWriter, table: Table, ranges: list[_Range]) -> list[_Range]:
    """Join neighbours that fit one part, once there are many small ones."""
    small = table.rows_per_part // _SMALL_RANGE
    count = sum(each.rows < small for each in ranges)
    if count < writer.settings.merge_small_parts:
        return ranges
    joined: list[_Range] = []
    for each in ranges:
        before = joined[-1] if joined else None
        fits = before is not None and before.rows + each.rows <= table.rows_per_part
        if before is not None and fits and min(before.rows, each.rows) < small:
            before.parts += each.parts
            before.inserted += each.inserted
            before.rows += each.rows
            before.dirty = True
        else:
            joined.append(each)
    return joined


def cut_rows(rows: int, limit: int, *, fill: bool) -> list[int]:
    """Return how many rows each part of a range takes.

    Args:
        rows: of the range.
        limit: greatest number of rows of a part.
        fill: the last range of the table, where rows are appended: full parts, then what is left.
            Elsewhere the last two parts share, so that no part is under half full and another
            row does not split off a part of its own.
    """
    full, left = divmod(rows, limit)
    cuts = [limit] * full + ([left] if left else [])
    if not fill and full and 0 < left < limit // 2:
        shared = limit + left
        cuts[-2:] = [shared - shared // 2, shared // 2]
    return cuts
