"""A delta held against the parts of a table: which rows leave, which come.

Done before anything is written, so that a delta that changes nothing is known by then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
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

Kinds = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

SCHEMA: Final = "schema_version"

NOT_COMPARED: Final = frozenset({"last_changed_run", "run_id", "pipeline_version"})
"""Columns that say which run wrote a row: alone they make no row a changed one.

The schema version is compared: a row read again for a newer schema must say so, or its file would
be read again by every run.
"""
LINEAGE_NAMES: Final = NOT_COMPARED | {SCHEMA}
"""The columns that say nothing of what a row is about."""


@dataclass(frozen=True, slots=True)
class TableDelta:
    """What a run changes in one table."""

    upserts: pa.Table
    """Rows of the full schema; each replaces the row of its key, or is new."""
    deletes: pa.Table | None = None
    """Keys whose rows leave; applied before the upserts."""
    current_runs: "pa.Array[Any] | None" = None
    """Runs whose rows an equal row leaves as they are; those of all runs where None."""


CAME: Final = 0
REPLACED: Final = 1
SAME: Final = 2
"""What a row that comes is: a new key; other values of a key; those of its key, but for lineage."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """A delta against certain parts: only what truly changes."""

    table: Table
    parts: tuple[Part, ...]
    removed: Mapping[int, Mask] = field(default_factory=dict)
    """For each part that rows leave, which rows."""
    inserted: pa.Table | None = None
    """Rows that come, new ones and those that replace a row that left."""
    kinds: Kinds | None = None
    """What each of them is: `CAME`, `REPLACED` or `SAME`."""
    gone: tuple[pa.Table, ...] = ()
    """Keys of the rows that leave and do not come back."""

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
    removed: dict[int, Mask] = {}
    spans = _spans(table, upserts, delta.deletes)
    holding = [index for index, part in enumerate(parts) if _may_hold(part, spans)]
    search = _Search(upserts, spans, delta.current_runs)
    wanted = _wanted(table, upserts, delta.deletes) if holding else None
    for index in holding:
        if wanted is None or not len(wanted):
            break
        with PartReader(lake, table, parts[index]) as reader:
            mask = search.leaving(reader, wanted)
        if mask is not None:
            removed[index] = mask
    inserted, kinds = upserts, search.kinds
    if not search.keep.all():
        inserted, kinds = upserts.filter(pa.array(search.keep)), kinds[search.keep]
    let_go()
    return RowChange(table, parts, removed, inserted, kinds, tuple(search.gone))


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


@dataclass(slots=True)
class _Search:
    """Looks for the keys of a delta in parts, and holds what was found."""

    upserts: pa.Table
    spans: Span | None
    current_runs: "pa.Array[Any] | None"
    keep: Mask = field(init=False)
    """Upserts that come; those equal to the row of their key do not."""
    kinds: Kinds = field(init=False)
    gone: list[pa.Table] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keep = np.ones(self.upserts.num_rows, dtype=np.bool_)
        self.kinds = np.full(self.upserts.num_rows, CAME, dtype=np.uint8)

    def leaving(self, reader: PartReader, wanted: "pa.Array[Any]") -> Mask | None:
        """Return which rows of a part leave it, None for none.

        Args:
            reader: of the part.
            wanted: keys of the upserts in their order, then of the rows that only leave.
        """
        mask = np.zeros(reader.part.rows, dtype=np.bool_)
        starts = np.concatenate(([0], np.cumsum(reader.group_rows())))
        for group in _groups_in(reader, self.spans):
            batches = list(reader.batches(reader.table.key, [group]))
            if not batches:
                continue
            keys = pa.Table.from_batches(batches)
            found = positions(key_column(keys, reader.table.key), wanted)
            if (found >= 0).any():
                mask[starts[group] : starts[group + 1]] = self._leaving(reader, group, keys, found)
        return mask if mask.any() else None

    def _leaving(self, reader: PartReader, group: int, keys: pa.Table, found: Places) -> Mask:
        """Return which rows of a row group leave, by where their keys stand in `wanted`."""
        leaving = found >= 0
        replaced = leaving & (found < self.upserts.num_rows)
        if (gone := leaving & ~replaced).any():
            self.gone.append(keys.filter(pa.array(gone)))
        hits = np.flatnonzero(replaced)
        if len(hits):
            comers = found[hits]
            same, equal = _equal_to(reader, group, hits, self.upserts, comers)
            if self.current_runs is not None:
                equal &= _written_by(reader, group, self.current_runs)[hits]
            leaving[hits[equal]] = False
            self.keep[comers[equal]] = False
            self.kinds[comers] = np.where(same, SAME, REPLACED)
        return leaving


def _written_by(reader: PartReader, group: int, runs: "pa.Array[Any]") -> Mask:
    """Return which rows of a row group one of the runs wrote."""
    rows = pa.Table.from_batches(list(reader.batches(["run_id"], [group])))
    is_in: Any = pc.is_in  # the stubs know of scalars alone
    return cast("Mask", is_in(rows.column("run_id"), value_set=runs).to_numpy())


def _equal_to(
    reader: PartReader, group: int, hits: Places, upserts: pa.Table, matches: Places
) -> tuple[Mask, Mask]:
    """Return which rows of a row group equal the upserts of their key, lineage aside.

    The second mask asks the schema version to be equal too.
    """
    names = [column.name for column in reader.table.columns if column.name not in LINEAGE_NAMES]
    same: list[Mask] = []
    versions: list[Mask] = []
    start = 0
    for batch in reader.batches([*names, SCHEMA], [group]):
        first, last = np.searchsorted(hits, (start, start + batch.num_rows))
        if first < last:
            old = pa.Table.from_batches([batch.take(hits[first:last] - start)])
            new = upserts.select([*names, SCHEMA]).take(matches[first:last])
            same.append(equal_rows(old.select(names), new.select(names)))
            versions.append(equal_rows(old.select([SCHEMA]), new.select([SCHEMA])))
        start += batch.num_rows
    content = np.concatenate(same)
    return content, content & np.concatenate(versions)
