"""Parts: immutable Parquet files named by their content, written once and read in batches."""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dicomlake.pipeline.errors import CorruptLakeError, LakeFormatError
from dicomlake.pipeline.tables.durable import sync_folder
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.locks import Writer
from dicomlake.pipeline.tables.manifest import Part, Value
from dicomlake.pipeline.tables.order import order_values, plain
from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.evolution import SCHEMA_VERSION

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

ROW_GROUP: Final = 65_536
"""Rows of a row group: the grain at which readers skip by statistics."""

BATCH: Final = 16_384
"""Rows of a batch when parts are read."""

_ID_LENGTH: Final = 32
_FIX: Final = "`dicomlake verify` names what is damaged; restore it from a backup."


class _HashingFile:
    """A new file that digests what is written to it, so that nothing is read back."""

    def __init__(self, descriptor: int) -> None:
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115  (closed below)
        self.digest = hashlib.sha256()
        self.size = 0

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: Any) -> int:
        """Write all of a buffer."""
        reach("part.write")
        view = memoryview(data).cast("B")
        self.digest.update(view)
        rest = view
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size += len(view)
        return len(view)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def sync(self) -> None:
        """Make the bytes durable."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass(slots=True)
class PartWriter:
    """Writes sorted rows of one partition of a table as parts, under temporary names at first."""

    writer: Writer
    table: Table
    settings: "TableSettings"

    def write(
        self,
        batches: Iterable[pa.RecordBatch],
        partition: tuple[tuple[str, Value], ...] = (),
        rows_of_parts: Sequence[int] | None = None,
    ) -> list[Part]:
        """Write parts and name them; the caller syncs `data/` once, by `sync`.

        Args:
            batches: rows in order, in the table's full schema.
            partition: names and values of the partition columns of all of these rows.
            rows_of_parts: how many rows each part takes; by bytes where None.

        Returns:
            The parts in order; none for no rows.

        Raises:
            OSError: the disk failed; no incomplete file stays.
        """
        parts: list[Part] = []
        limits = iter(rows_of_parts) if rows_of_parts is not None else None
        current: _OpenPart | None = None
        room = 0
        try:
            for group in _row_groups(batches, rows_of_parts):
                if current is None:
                    current = _OpenPart(self, partition)
                    room = next(limits, sys.maxsize) if limits is not None else 0
                current.add(group)
                full = (
                    current.rows >= room
                    if limits is not None
                    else current.bytes >= self.settings.part_bytes
                )
                if full:
                    parts.append(current.finish())
                    current = None
            if current is not None:
                parts.append(current.finish())
        except BaseException:
            if current is not None:
                current.discard()
            raise
        return parts

    def write_empty(self, partition: tuple[tuple[str, Value], ...]) -> Part:
        """Write the one part without rows that stands for an empty table."""
        part = _OpenPart(self, partition)
        try:
            return part.finish()
        except BaseException:
            part.discard()
            raise

    def sync(self) -> None:
        """Make the names of the parts durable."""
        reach("data.sync")
        sync_folder(self.writer.lake / "data")


class _OpenPart:
    """A part that is being written."""

    def __init__(self, owner: PartWriter, partition: tuple[tuple[str, Value], ...]) -> None:
        self.owner = owner
        self.partition = partition
        self.rows = 0
        self.first: tuple[Value, ...] = ()
        self.last: tuple[Value, ...] = ()
        self.keys: list[tuple[Value, Value]] = []
        lake, writer = owner.writer.lake, owner.writer
        self.path = writer.temporary(lake / "data", ".parquet")
        reach("part.open")
        self.schema = owner.table.part_schema()
        self.file = _HashingFile(writer.access.create(self.path))
        try:
            self.parquet = pq.ParquetWriter(
                cast("IO[Any]", self.file),
                self.schema,
                compression="zstd",
                compression_level=owner.settings.compression_level,
                write_statistics=True,
            )
        except BaseException:
            self.discard()
            raise

    @property
    def bytes(self) -> int:
        return self.file.size

    def add(self, group: pa.Table) -> None:
        """Write one row group."""
        batches = group.to_batches()
        if not self.rows:
            self.first = order_values(self.owner.table, batches[0], 0)
        self.last = order_values(self.owner.table, batches[-1], batches[-1].num_rows - 1)
        self.keys.append(extremes(group.column(self.owner.table.key[0])))
        self.rows += group.num_rows
        columns = [group.column(name) for name in self.schema.names]
        self.parquet.write_table(
            pa.Table.from_arrays(columns, schema=self.schema), row_group_size=ROW_GROUP
        )

    def finish(self) -> Part:
        """Complete the file, make it durable, and give it the name of its content."""
        self.parquet.close()
        reach("part.sync")
        self.file.sync()
        self.file.close()
        sha256 = self.file.digest.hexdigest()
        target = part_path(self.owner.writer.lake, sha256[:_ID_LENGTH])
        reach("part.rename")
        if _holds(target, sha256):
            self.path.unlink()
            with contextlib.suppress(PermissionError):  # another account of the group may own it
                os.utime(target)  # in use again: a clean-up by age must not take it
        else:
            self.path.replace(target)
        return Part(
            id=sha256[:_ID_LENGTH],
            rows=self.rows,
            bytes=self.file.size,
            sha256=sha256,
            partition=self.partition,
            first=self.first,
            last=self.last,
            key_min=_extreme(min, [least for least, _ in self.keys]),
            key_max=_extreme(max, [greatest for _, greatest in self.keys]),
            schema_version=SCHEMA_VERSION,
        )

    def discard(self) -> None:
        """Remove what was written."""
        self.file.close()
        self.path.unlink(missing_ok=True)


def extremes(values: "pa.ChunkedArray[Any]") -> tuple[Value, Value]:
    """Return the least and greatest value of a key column; None twice where one is null."""
    if values.null_count or not len(values):
        return None, None
    found: Any = pc.min_max(values)
    return plain(found["min"].as_py()), plain(found["max"].as_py())


def _extreme(choose: Callable[[list[Any]], Any], values: list[Value]) -> Value:
    return None if not values or None in values else cast("Value", choose(values))


def _holds(path: Path, sha256: str) -> bool:
    """Return whether a part of this content lies there already, whole."""
    try:
        return file_sha256(path) == sha256
    except FileNotFoundError:
        return False


def file_sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _row_groups(
    batches: Iterable[pa.RecordBatch], rows_of_parts: Sequence[int] | None
) -> Iterator[pa.Table]:
    """Gather batches to row groups; a group ends where a part of given size does."""
    limits = iter(rows_of_parts) if rows_of_parts is not None else None
    left = next(limits, 0) if limits is not None else 0
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        rest = batch
        while rest.num_rows:
            size = min(ROW_GROUP, left) if left else ROW_GROUP
            taken = rest.slice(0, size - held)
            rest = rest.slice(taken.num_rows)
            waiting.append(taken)
            held += taken.num_rows
            if held == size:
                yield pa.Table.from_batches(waiting)
                waiting, held = [], 0
                if limits is not None and left:
                    left = left - size or next(limits, 0)
    if waiting:
        yield pa.Table.from_batches(waiting)


class PartReader:
    """A part of a table, opened for reading; rows come in the declared schema.

    Columns that the part is too old to hold are null; partition columns are filled in.
    """

    def __init__(self, lake: Path, table: Table, part: Part) -> None:
        self.table = table
        self.part = part
        self.path = part_path(lake, part.id)
        try:
            self.file = pq.ParquetFile(self.path)
        except (OSError, pa.ArrowInvalid) as error:
            raise self._corrupt(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _corrupt(self, error: Exception) -> CorruptLakeError:
        what = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        return CorruptLakeError(f"Part {self.part.id} of table {self.table.name} {what}.", _FIX)

    def group_rows(self) -> list[int]:
        """Return how many rows each row group has."""
        metadata = self.file.metadata
        return [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]

    def batches(
        self, columns: Sequence[str] | None = None, groups: Sequence[int] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches.

        Args:
            columns: names in the order wanted; all of the table where None.
            groups: numbers of the row groups wanted; all where None.

        Raises:
            CorruptLakeError: the file is damaged.
        """
        names = columns if columns is not None else [c.name for c in self.table.columns]
        present = set(self.file.schema_arrow.names)
        stored = [name for name in names if name in present]
        wanted = range(self.file.metadata.num_row_groups) if groups is None else groups
        try:
            # No column asked for is in the file: count its rows by one that is.
            read = stored or self.file.schema_arrow.names[:1]
            for batch in self.file.iter_batches(BATCH, row_groups=list(wanted), columns=read):
                yield self._conform(batch, names)
        except (OSError, pa.ArrowInvalid) as error:
            raise self._corrupt(error) from error

    def _conform(self, batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
        held = set(batch.schema.names)
        values = dict(self.part.partition)
        arrays: list[Any] = []
        fields: list[pa.Field[Any]] = []
        for name in names:
            column = self.table.by_name[name]
            fields.append(column.field())
            if name in values:
                arrays.append(constant(values[name], column.type, batch.num_rows))
            elif name in held:
                array = batch.column(name)
                if not array.type.equals(column.type, check_metadata=True):
                    array = array.cast(column.type)
                arrays.append(array)
            else:
                arrays.append(self._missing(column, batch.num_rows))
        return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))

    def _missing(self, column: Column, rows: int) -> "pa.Array[Any]":
        if not column.nullable:
            raise LakeFormatError(
                f"Table {self.table.name} was written before column {column.name}, which has no "
                "value for its rows.",
                "Make a new lake, or use the dicomlake that wrote this one.",
            )
        nulls: Any = pa.nulls  # the stubs list types one by one
        return cast("pa.Array[Any]", nulls(rows, column.type))


def constant(value: Value, arrow_type: pa.DataType, rows: int) -> "pa.Array[Any]":
    """Return a column that holds one text or integer in every row.

    Made from buffers: `pa.array` imports pandas, which would triple the start of `status`.
    """
    if isinstance(value, str):
        data = value.encode()
        offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(len(data))
        buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(data * rows)]
        return pa.Array.from_buffers(pa.string(), rows, buffers).cast(arrow_type)
    numbers = pa.py_buffer(np.full(rows, value, dtype=np.int64).tobytes())
    return pa.Array.from_buffers(pa.int64(), rows, [None, numbers]).cast(arrow_type)
