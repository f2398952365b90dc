"""Parts: immutable Parquet files named by their content, written once."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dicomlake.pipeline.tables.durable import sync_folder
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.locks import Names
from dicomlake.pipeline.tables.manifest import Part, Value
from dicomlake.pipeline.tables.order import order_values, plain
from dicomlake.schemas.column import Table
from dicomlake.schemas.evolution import SCHEMA_VERSION

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

ROW_GROUP: Final = 65_536
"""Rows of a row group: the grain at which readers skip by statistics."""

_BYTES_GATHERED: Final = 1 << 16
"""What is written to a file at once, at least."""

_GROUP_TEXT: Final = 1 << 28
"""Bytes of text in a row group at most, unless it is one row: a column holds 2 GiB."""

_SAMPLE: Final = 1024
"""Rows by which a part's columns are judged."""

_ID_LENGTH: Final = 32


class _HashingFile:
    """A new file that digests what is written to it, so that nothing is read back."""

    def __init__(self, descriptor: int) -> None:
        self._file = open(descriptor, "wb", buffering=0)  # noqa: SIM115  (closed below)
        self._abandoned = False
        self.digest = hashlib.sha256()
        self.size = 0

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: Any) -> int:
        """Take all of a buffer."""
        rest = memoryview(data).cast("B")
        size = len(rest)
        if self._abandoned:
            return size
        reach("part.write")
        self.digest.update(rest)
        self.size += size
        while rest:
            rest = rest[self._file.write(rest) :]
        return size

    def flush(self) -> None:
        """Do nothing: all is written."""

    def sync(self) -> None:
        """Make the bytes durable."""
        reach("part.sync")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def abandon(self) -> None:
        """Close the file; what is still on its way to it is dropped."""
        self._abandoned = True
        self._file.close()


@dataclass(slots=True)
class PartWriter:
    """Writes sorted rows of one partition of a table as parts, under temporary names at first."""

    writer: Names
    table: Table
    settings: "TableSettings"

    def write(
        self,
        batches: Iterable[pa.RecordBatch],
        partition: tuple[tuple[str, Value], ...] = (),
        rows_of_parts: Sequence[int] | None = None,
        *,
        rows: int = sys.maxsize,
    ) -> list[Part]:
        """Write parts and name them; the caller syncs `data/` once, by `sync_data`.

        Args:
            batches: rows in order, in the table's full schema.
            partition: names and values of the partition columns of all of these rows.
            rows_of_parts: how many rows each part takes; by bytes where None.
            rows: how many come at most, where that is known.

        Returns:
            The parts in order; none for no rows.

        Raises:
            OSError: the disk failed; no incomplete file stays.
        """
        parts: list[Part] = []
        limits = iter(rows_of_parts) if rows_of_parts is not None else None
        is_one_group = max(rows_of_parts or (rows,)) <= ROW_GROUP
        current: _OpenPart | None = None
        room = 0
        try:
            for group in _row_groups(batches, rows_of_parts):
                if current is None:
                    current = _OpenPart(self, partition, is_one_group=is_one_group)
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
        part = _OpenPart(self, partition, is_one_group=True)
        try:
            return part.finish()
        except BaseException:
            part.discard()
            raise


def sync_data(lake: Path) -> None:
    """Make the names of the parts durable."""
    reach("data.sync")
    sync_folder(lake / "data")


class _OpenPart:
    """A part that is being written."""

    def __init__(
        self,
        owner: PartWriter,
        partition: tuple[tuple[str, Value], ...],
        *,
        is_one_group: bool,
    ) -> None:
        self.owner = owner
        self.partition = partition
        self.is_one_group = is_one_group
        """What its first row group has no values of, it has none of at all."""
        self.rows = 0
        self.first: tuple[Value, ...] = ()
        self.last: tuple[Value, ...] = ()
        self.keys: list[tuple[Value, Value]] = []
        lake, writer = owner.writer.lake, owner.writer
        self.path = writer.temporary(lake / "data", ".parquet")
        reach("part.open")
        self.schema = owner.table.part_schema()
        self.file = _HashingFile(writer.access.create(self.path))
        # Parquet writes some hundred bytes at a time, for each page its header and its values.
        self.gathered = pa.BufferedOutputStream(
            pa.PythonFile(cast("Any", self.file), mode="w"),
            _BYTES_GATHERED,
            pa.system_memory_pool(),
        )
        self.parquet: pq.ParquetWriter | None = None

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
        rows, given = _in_one_piece(group.select(self.schema.names), self.schema)
        if self.parquet is None:
            self.parquet = self._parquet(rows, given if self.is_one_group else self.schema)
        self.parquet.write_table(rows, row_group_size=ROW_GROUP)

    def _parquet(self, rows: pa.Table, encoded: Iterable["pa.Field[Any]"]) -> pq.ParquetWriter:
        """Return the writer of the file.

        Args:
            rows: the first ones.
            encoded: columns that may hold values. What is null throughout is neither compressed
                nor put through a dictionary: each takes longer than all else about the column.
        """
        fields = list(encoded)
        leaves = [leaf for each in fields for leaf in _leaves(each.name, each.type)]
        dictionaries: Any = _repeating(rows, fields)  # the stubs know of all columns or none
        return pq.ParquetWriter(
            cast("IO[Any]", self.gathered),
            self.schema,
            compression=dict.fromkeys(leaves, "zstd"),
            compression_level=dict.fromkeys(leaves, self.owner.settings.compression_level),
            use_dictionary=dictionaries,
            write_statistics=True,
        )

    def finish(self) -> Part:
        """Complete the file, make it durable, and give it the name of its content."""
        if self.parquet is None:
            self.parquet = self._parquet(self.schema.empty_table(), ())
        self.parquet.close()
        self.gathered.flush()
        self.file.sync()
        self.file.close()
        sha256 = self.file.digest.hexdigest()
        target = part_path(self.owner.writer.lake, sha256[:_ID_LENGTH])
        reach("part.rename")
        if _holds(target, sha256) and _touched(target):
            self.path.unlink()
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
        self.file.abandon()
        self.path.unlink(missing_ok=True)


def _in_one_piece(rows: pa.Table, schema: pa.Schema) -> "tuple[pa.Table, list[pa.Field[Any]]]":
    """Return rows without chunks, and the columns that have values.

    What a part holds must not depend on how its rows came together. Columns without values, which
    are most of a wide table, share one array a type.
    """
    nulls: Any = pa.nulls  # the stubs list types one by one
    empty: dict[pa.DataType, Any] = {}
    columns: list[Any] = []
    given: list[pa.Field[Any]] = []
    for each, column in zip(schema, rows.columns, strict=True):
        if column.null_count == rows.num_rows:
            if each.type not in empty:
                empty[each.type] = nulls(rows.num_rows, each.type)
            columns.append(empty[each.type])
        else:
            given.append(each)
            columns.append(column.chunk(0) if column.num_chunks == 1 else column.combine_chunks())
    return pa.Table.from_arrays(columns, schema=schema), given


def _leaves(name: str, kind: pa.DataType) -> Iterator[str]:
    """Yield the paths under which Parquet holds the values of a column."""
    inside: Any = kind  # the stubs do not narrow types
    if pa.types.is_list(kind):
        yield from _leaves(f"{name}.list.element", inside.value_type)
    elif pa.types.is_map(kind):
        yield from _leaves(f"{name}.key_value.key", inside.key_type)
        yield from _leaves(f"{name}.key_value.value", inside.item_type)
    elif pa.types.is_struct(kind):
        for child in inside:
            yield from _leaves(f"{name}.{child.name}", child.type)
    else:
        yield name


def _repeating(rows: pa.Table, fields: Iterable["pa.Field[Any]"]) -> list[str]:
    """Return which of some columns a dictionary pays for; judged by rows of the beginning.

    A column of ever new values would be put through a dictionary first, only to be written plain
    once that is full. What is nested is written plain: a dictionary made such files no smaller.
    """
    sample = rows.slice(0, _SAMPLE)
    found = []
    for each in fields:
        if pa.types.is_nested(each.type):
            continue
        column = sample.column(each.name)
        given = len(column) - column.null_count
        distinct: Any = pc.count_distinct(column, mode="only_valid") if given else None
        if not given or 2 * distinct.as_py() <= given:
            found.append(each.name)
    return found


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


def _touched(path: Path) -> bool:
    """Say that a part is in use again, so that no clean-up takes it; False where one just has."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:
        pass  # another account of the group owns it
    return True


def file_sha256(path: Path) -> str:
    """Return the digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _row_groups(
    batches: Iterable[pa.RecordBatch], rows_of_parts: Sequence[int] | None
) -> Iterator[pa.Table]:
    """Gather batches to row groups; a group ends where a part of given size does.

    It also ends before the row with which its texts come to more than `_GROUP_TEXT`: where the
    batches end makes no difference to that.
    """
    limits = iter(rows_of_parts) if rows_of_parts is not None else None
    left = next(limits, 0) if limits is not None else 0
    waiting = _Group()
    for batch in batches:
        rest = batch
        while rest.num_rows:
            size = min(ROW_GROUP, left) if left else ROW_GROUP
            taken = waiting.add_fitting(rest.slice(0, size - waiting.rows))
            rest = rest.slice(taken.num_rows)
            if waiting.rows == size or rest.num_rows:
                if limits is not None and left:
                    left = left - waiting.rows or next(limits, 0)
                yield pa.Table.from_batches(waiting.batches)
                waiting = _Group()
    if waiting.batches:
        yield pa.Table.from_batches(waiting.batches)


@dataclass(slots=True)
class _Group:
    """Rows that wait to be a row group."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    most_text: int = 0
    """Bytes that the texts of the rows take up at most."""

    def add_fitting(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add the rows of the beginning that still fit, one at least to an empty group.

        Returns:
            What was added.
        """
        size = batch.nbytes
        if self.most_text + size > _GROUP_TEXT:
            batch = self._fitting(batch)
            size = batch.nbytes
        self.batches.append(batch)
        self.rows += batch.num_rows
        self.most_text += size
        return batch

    def _fitting(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        held = sum(int(_text_sizes(each).sum()) for each in self.batches)
        sizes = held + np.cumsum(_text_sizes(batch))
        count = int(np.searchsorted(sizes, _GROUP_TEXT, side="right"))
        return batch.slice(0, count if self.rows else max(count, 1))


def _text_sizes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Return the bytes of the texts in each row, those inside lists and structs apart."""
    sizes = np.zeros(batch.num_rows, dtype=np.int64)
    length: Any = pc.binary_length  # the stubs know of binary alone
    for column in batch.columns:
        if pa.types.is_string(column.type) and column.null_count < len(column):
            sizes += pc.fill_null(length(column), 0).to_numpy(zero_copy_only=False)
    return sizes
