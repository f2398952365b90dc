"""Parts to be written: one job for the parts of a partition, or for a stretch of a table's order.

A job is done by this process or by a worker, with the same bytes as its result. What it takes is
in files, old parts and an Arrow file of the rows that come; only few rows travel with the job.
A worker that dies leaves a temporary or a part that no version names, like any writer that dies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.tables.arrow_files import let_go, map_rows, write_rows
from dicomlake.pipeline.tables.keys import Mask
from dicomlake.pipeline.tables.locks import Names
from dicomlake.pipeline.tables.manifest import Part, Value
from dicomlake.pipeline.tables.order import (
    BATCH,
    RUN,
    fits_at_once,
    merge_sorted,
    sorted_batches,
    taken,
)
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.pipeline.tables.parts import PartWriter
from dicomlake.schemas.column import Table

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

Partition = tuple[tuple[str, Value], ...]

COLUMN_COST_S: Final = 5e-5
"""Work that comes with each column of a part, in seconds of one core."""
ROW_COST_S: Final = 1e-6
"""Work to sort, encode and write a row, in seconds of one core; more by the next for a column."""
CELL_COST_S: Final = 5e-8

_PIECE: Final = 8192
"""Rows that are copied at once on their way to a file."""


@dataclass(frozen=True, slots=True)
class OldPart:
    """A part that is written anew, and which of its rows leave: a bit for each, None for none."""

    part: Part
    leaving: bytes | None

    @classmethod
    def of(cls, part: Part, leaving: Mask | None) -> Self:
        """Return a part of which some rows leave."""
        return cls(part, None if leaving is None else np.packbits(leaving).tobytes())

    @property
    def staying(self) -> int:
        """Return how many rows stay."""
        return self.part.rows - int(self._mask().sum())

    def _mask(self) -> Mask:
        if self.leaving is None:
            return np.zeros(self.part.rows, dtype=np.bool_)
        bits = np.frombuffer(self.leaving, dtype=np.uint8)
        return np.unpackbits(bits, count=self.part.rows).astype(np.bool_)

    def rows(self, lake: Path, table: Table) -> Iterator[pa.RecordBatch]:
        """Yield the rows that stay."""
        leaving = self._mask()
        start = 0
        with PartReader(lake, table, self.part) as reader:
            reader.require_whole()
            for batch in reader.batches():
                own = leaving[start : start + batch.num_rows]
                start += batch.num_rows
                yield batch.filter(pa.array(~own)) if own.any() else batch


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows of a table that come: in memory, or in an Arrow file that is mapped when read."""

    where: pa.Table | Path
    places: "pa.Array[Any] | None" = None
    """Order in which rows in memory are meant, by their places; as they stand where None."""

    def read(self, table: Table, stretch: tuple[int, int] | None = None) -> pa.Table:
        """Return the rows, which are of this table, or so many of them from a first one on."""
        if isinstance(self.where, Path):
            rows = map_rows(self.where, table.schema())
        elif self.places is not None:
            start, count = stretch or (0, len(self.places))
            return taken(self.where, self.places.slice(start, count))
        else:
            rows = self.where
        return rows if stretch is None else rows.slice(*stretch)

    def in_file(self, path: Path) -> "Incoming":
        """Return the same rows in a file, in record batches of which each is sorted at once.

        Rows in an order of their own are written in it, few at a time in memory.
        """
        if isinstance(self.where, Path):
            return self
        rows, places = self.where, self.places
        if places is None:
            pieces = (rows.slice(start, RUN) for start in range(0, rows.num_rows, RUN))
        else:
            pieces = (
                taken(rows, places.slice(start, _PIECE)) for start in range(0, len(places), _PIECE)
            )
        write_rows(path, rows.schema, pieces, held=rows)
        let_go()
        return Incoming(path)


@dataclass(frozen=True, slots=True)
class PartJob:
    """Parts to write: the rows that stay of old ones, together with rows that come."""

    number: int
    """Of the job in its commit."""
    table: Table
    old: tuple[OldPart, ...]
    incoming: Incoming | None
    partition: Partition = ()
    """Of the parts; without a stretch, the rows of `incoming` that belong to it come."""
    stretch: tuple[int, int] | None = None
    """First row and number of rows of `incoming` that come, which then are in order."""
    cuts: tuple[int, ...] | None = None
    """Rows of each part; by bytes where None."""
    rows: int = 0
    """Rows that stay and come."""

    @property
    def cost_s(self) -> float:
        """Return the estimated work, in seconds of one core."""
        if not self.rows:
            return 0.0
        columns = len(self.table.columns)
        return columns * COLUMN_COST_S + self.rows * (ROW_COST_S + columns * CELL_COST_S)

    @property
    def from_file(self) -> bool:
        """Return whether the rows that come are better put in a file, also for this process.

        They are many; or jobs share rows that lie elsewhere than in order, which each of them
        would have to gather from all.
        """
        if self.incoming is None or isinstance(self.incoming.where, Path):
            return False
        places = self.incoming.places
        if places is not None:
            return len(places) > _PIECE
        return self.rows > RUN and not fits_at_once(self.incoming.where)

    def streams(self, lake: Path) -> list[Iterator[pa.RecordBatch]]:
        """Return the rows as streams that are each in order."""
        streams = [each.rows(lake, self.table) for each in self.old]
        if self.incoming is not None:
            rows = self.incoming.read(self.table, self.stretch)
            if self.stretch is not None:
                streams.append(iter(rows.to_batches(max_chunksize=BATCH)))
            else:
                streams.append(sorted_batches(self.table, rows, self.partition))
        return streams


@dataclass(frozen=True, slots=True)
class PartsWritten:
    """What became of a job."""

    number: int
    parts: tuple[Part, ...]


def write_parts(job: PartJob, names: Names, settings: "TableSettings") -> PartsWritten:
    """Write the parts of a job, durably but for their names; `sync_data` makes those durable.

    Args:
        job: what to write.
        names: a writer, or its delegate in another process.
        settings: of the tables.

    Raises:
        OSError: the disk failed; nothing that was committed is harmed.
        CorruptLakeError: an old part is damaged.
    """
    writer = PartWriter(names, job.table, settings)
    if not job.rows:
        return PartsWritten(job.number, (writer.write_empty(job.partition),))
    merged = merge_sorted(job.table, job.streams(names.lake))
    parts = tuple(writer.write(merged, job.partition, job.cuts, rows=job.rows))
    let_go()
    return PartsWritten(job.number, parts)


def in_files(jobs: Sequence[PartJob], folder: Path) -> list[PartJob]:
    """Return jobs whose rows are in files below a folder, those of one table in one file."""
    stored: dict[int, Incoming] = {}
    moved = []
    for job in jobs:
        if job.incoming is None:
            moved.append(job)
            continue
        key = id(job.incoming.where)
        if key not in stored:
            path = folder / f"{job.table.name}-{job.number}.arrow"
            stored[key] = job.incoming.in_file(path)
        moved.append(replace(job, incoming=stored[key]))
    return moved
