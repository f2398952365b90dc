"""Parts read back, in batches of rows."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dicomlake.pipeline.errors import CorruptLakeError, LakeFormatError
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.manifest import Part, Value
from dicomlake.pipeline.tables.order import BATCH
from dicomlake.schemas.column import Column, Table

_FIX: Final = "`dicomlake verify` names what is damaged; restore it from a backup."


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

    def require_whole(self) -> None:
        """Return if the part is byte by byte the one that was committed.

        Whoever writes its rows into another part asks this first: a changed byte would get a new
        digest there, and nobody could find it any more.

        Raises:
            CorruptLakeError: it is another.
        """
        with self.path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == self.part.sha256:
                return
        raise CorruptLakeError(
            f"Part {self.part.id} of table {self.table.name} has other bytes than were committed; "
            "writing them on would hide the loss.",
            _FIX,
        )

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
