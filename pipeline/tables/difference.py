"""The keys in which two versions of a table differ, whatever commits lie between them.

Parts that both versions have are not looked at. The others are gone through side by side in the
order of the table; a row whose place in the order or whose partition is another one is met on each
side alone, so the keys met alone are held against each other at the end. Memory holds a batch of
each part that overlaps another, and a million keys.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.tables.changes import Piece
from dicomlake.pipeline.tables.keys import Mask, equal_rows, key_column, positions
from dicomlake.pipeline.tables.manifest import Part
from dicomlake.pipeline.tables.merge import LINEAGE_NAMES
from dicomlake.pipeline.tables.order import (
    BATCH,
    SortKey,
    aligned,
    merge_sorted,
    order_columns,
    sort_key,
)
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.spill import read_spilled
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables.changes import DELETE, INSERT, UPDATE

_KEYS_AT_ONCE: Final = 1 << 20
"""Keys that are held while others are looked up among them."""

Batches = Iterator[pa.RecordBatch]


def differences(
    lake: Path, table: Table, before: Sequence[Part], after: Sequence[Part], folder: Path
) -> Iterator[Piece]:
    """Yield the keys that a table has in one version only, or with other values in each.

    Rows that differ in lineage alone do not count.

    Args:
        lake: that both are versions of.
        table: its definition.
        before: parts of the earlier version.
        after: parts of the later one.
        folder: exists; keys are put in files there, which are gone at the end.

    Raises:
        CorruptLakeError: a part is missing or damaged.
    """
    own = {(part.id, part.partition) for part in after}
    shared = {pair for part in before if (pair := (part.id, part.partition)) in own}
    old, new = (
        [part for part in parts if part.rows and (part.id, part.partition) not in shared]
        for parts in (before, after)
    )
    with ExitStack() as stack:
        schema = table.empty().select(list(table.key)).schema
        gone, come = (
            stack.enter_context(_Keys(folder / f"{table.name}-{side}.arrows", schema))
            for side in ("gone", "come")
        )
        for partition in sorted({part.partition for part in (*old, *new)}):
            here = [[p for p in parts if p.partition == partition] for parts in (old, new)]
            streams = _Streams(lake, table, here[0], here[1])
            for keys in _compared(streams, gone, come):
                yield table, UPDATE, keys
        gone.close()
        come.close()
        yield from _resolved(table, gone, come)


@dataclass(slots=True)
class _Keys:
    """Keys of rows that one side has alone, in a file."""

    path: Path
    schema: pa.Schema
    rows: int = 0
    file: Any = field(init=False)
    writer: Any = field(init=False)

    def __post_init__(self) -> None:
        self.file = pa.OSFile(str(self.path), "wb")
        self.writer = pa.ipc.new_stream(self.file, self.schema)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Complete the file; keys can be read from then on."""
        if not self.file.closed:
            self.writer.close()
            self.file.close()

    def add(self, keys: pa.Table) -> None:
        """Add keys."""
        if keys.num_rows:
            self.writer.write_table(keys.cast(self.schema))
            self.rows += keys.num_rows

    def chunks(self, most: int) -> Iterator[pa.Table]:
        """Yield the keys, so many at once."""
        waiting: list[pa.RecordBatch] = []
        for batch in read_spilled(self.path) if self.rows else ():
            waiting.append(batch)
            if sum(each.num_rows for each in waiting) >= most:
                yield pa.Table.from_batches(waiting)
                waiting = []
        if waiting:
            yield pa.Table.from_batches(waiting)


@dataclass(frozen=True, slots=True)
class _Streams:
    """Parts of one partition, of the earlier version and of the later one."""

    lake: Path
    table: Table
    old: Sequence[Part]
    new: Sequence[Part]

    def aligned(self) -> Iterator[tuple[pa.RecordBatch | None, pa.RecordBatch | None]]:
        """Yield the rows side by side: keys alone where only one version has any."""
        names = _compared_names(self.table) if self.old and self.new else []
        columns = list(dict.fromkeys((*order_columns(self.table), *names)))
        old, new = (
            _in_order(self.lake, self.table, parts, columns) for parts in (self.old, self.new)
        )
        return aligned(self.table, old, new)


def _compared_names(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.name not in LINEAGE_NAMES]


def _compared(streams: _Streams, gone: _Keys, come: _Keys) -> Iterator[pa.Table]:
    """Yield keys of rows of one partition with other values; put aside those of rows met alone."""
    table = streams.table
    key, names = list(table.key), _compared_names(table)
    for left, right in streams.aligned():
        if left is None or right is None:
            for side, keys in ((left, gone), (right, come)):
                if side is not None:
                    keys.add(pa.Table.from_batches([side]).select(key))
            continue
        one, other = pa.Table.from_batches([left]), pa.Table.from_batches([right])
        found = positions(key_column(other, key), key_column(one, key))
        met = found >= 0
        come.add(other.select(key).filter(pa.array(~met)))
        alone = np.ones(one.num_rows, dtype=np.bool_)
        alone[found[met]] = False
        gone.add(one.select(key).filter(pa.array(alone)))
        pairs = other.filter(pa.array(met))
        unequal = ~equal_rows(one.take(found[met]).select(names), pairs.select(names))
        if unequal.any():
            yield pairs.select(key).filter(pa.array(unequal))


def _in_order(lake: Path, table: Table, parts: Sequence[Part], columns: Sequence[str]) -> Batches:
    """Yield some columns of the rows of parts in the table's order."""
    return merge_sorted(
        table, [_one_after_another(lake, table, chain, columns) for chain in _chains(table, parts)]
    )


def _chains(table: Table, parts: Iterable[Part]) -> list[list[Part]]:
    """Return parts in rows of which each begins where the one before it ended, or later."""

    def bound(part: Part, *, last: bool) -> SortKey:
        return sort_key(table, table.order, part.last if last else part.first)

    chains: list[list[Part]] = []
    for part in sorted(parts, key=lambda part: (bound(part, last=False), part.id)):
        first = bound(part, last=False)
        for chain in chains:
            # Equal bounds may be rows in any order by the rest of the key.
            if bound(chain[-1], last=True) < first:
                chain.append(part)
                break
        else:
            chains.append([part])
    return chains


def _one_after_another(
    lake: Path, table: Table, parts: Iterable[Part], columns: Sequence[str]
) -> Batches:
    for part in parts:
        with PartReader(lake, table, part) as reader:
            yield from reader.batches(columns)


def _resolved(table: Table, gone: _Keys, come: _Keys) -> Iterator[Piece]:
    """Yield the keys met alone: on both sides, on the later side only, on the earlier one only."""
    for keys in come.chunks(_KEYS_AT_ONCE):
        elsewhere = _among(table, keys, gone)
        yield from _cut(table, UPDATE, keys.filter(pa.array(elsewhere)))
        yield from _cut(table, INSERT, keys.filter(pa.array(~elsewhere)))
    for keys in gone.chunks(_KEYS_AT_ONCE):
        yield from _cut(table, DELETE, keys.filter(pa.array(~_among(table, keys, come))))


def _among(table: Table, keys: pa.Table, others: _Keys) -> Mask:
    """Return which keys are among others."""
    wanted = key_column(keys, table.key)
    mask = np.zeros(keys.num_rows, dtype=np.bool_)
    for chunk in others.chunks(BATCH):
        found = positions(key_column(chunk, table.key), wanted)
        mask[found[found >= 0]] = True
    return mask


def _cut(table: Table, op: str, keys: pa.Table) -> Iterator[Piece]:
    for start in range(0, keys.num_rows, BATCH):
        yield table, op, keys.slice(start, BATCH)
