"""A delta held against the parts of a table: which rows leave, which come.

Done before anything is written, so that a delta that changes nothing is known by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dicomlake.pipeline.tables.arrow_files import let_go
from dicomlake.pipeline.tables.keys import Mask, equal_rows, key_column, positions
from dicomlake.pipeline.tables.manifest import Part
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.parts import extremes
from dicomlake.pipeline.tables.rules import check_rows, conform
from dicomlake.schemas.column import Table

Span = tuple[Any, Any]
"""Least and greatest value of the first key column."""

NOT_COMPARED: Final = frozenset({"last_changed_run", "run_id", "pipeline_version"})
"""Columns that say which run wrote a row: alone they make no row a changed one.

The schema version is compared: a row read again for a newer schema must say so, or its file would
be read again by every run.
"""


@dataclass(frozen=True, slots=True)
class TableDelta:
    """What a run changes in one table."""

    upserts: pa.Table
    """Rows of the full schema; each replaces the row of its key, or is new."""
    deletes: pa.Table | None = None
    """Keys whose rows leave; applied before the upserts."""
    current_runs: "pa.Array[Any] | None" = None
    """Runs whose rows an equal row leaves as they are; those of all runs where None."""


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
    keep = np.ones(upserts.num_rows, dtype=np.bool_)
    removed: dict[int, Mask] = {}
    spans = _spans(table, upserts, delta.deletes)
    holding = [index for index, part in enumerate(parts) if _may_hold(part, spans)]
    wanted = _wanted(table, upserts, delta.deletes) if holding else None
    for index in holding:
        if wanted is None or not len(wanted):
            break
        part = parts[index]
        with PartReader(lake, table, part) as reader:
            mask = _leaving(reader, wanted, spans, upserts, keep, current_runs=delta.current_runs)
        if mask is not None:
            removed[index] = mask
    inserted = upserts if keep.all() else upserts.filter(pa.array(keep))
    let_go()
    return RowChange(table, parts, removed, inserted)


def _wanted(table: Table, upserts: pa.Table, deletes: pa.Table | None) -> "pa.Array[Any]":
    """Return the keys of the rows that come, then of those that only leave."""
    wanted = key_column(upserts, table.key)
    if deletes is None or not deletes.num_rows:
        return wanted
    gone = pc.unique(key_column(deletes, table.key))
    return pa.concat_arrays([wanted, gone.filter(pc.invert(pc.is_in(gone, wanted)))])


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
    *,
    current_runs: "pa.Array[Any] | None",
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
            if current_runs is not None:
                equal &= _written_by(reader, group, current_runs)[hits]
            leaving[hits[equal]] = False
            keep[found[hits[equal]]] = False
        mask[starts[group] : starts[group + 1]] = leaving
    return mask if mask.any() else None


def _written_by(reader: PartReader, group: int, runs: "pa.Array[Any]") -> Mask:
    """Return which rows of a row group one of the runs wrote."""
    rows = pa.Table.from_batches(list(reader.batches(["run_id"], [group])))
    is_in: Any = pc.is_in  # the stubs know of scalars alone
    return cast("Mask", is_in(rows.column("run_id"), value_set=runs).to_numpy())


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
