"""Rows that wait on disk: written as they come, read back in the same order."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from dicomlake.pipeline.tables.faults import reach

_ROWS: Final = 65_536
"""Rows that are gathered before they are written."""


class Spill:
    """Rows written to an Arrow stream as they come, a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        reach("spill.open")
        self._schema = schema
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema)
        self._rows: list[tuple[object, ...]] = []

    def __enter__(self) -> "Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()
        self._file.close()

    def extend(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Add rows."""
        self._rows.extend(rows)
        if len(self._rows) >= _ROWS:
            self._flush()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows that are an Arrow batch of the schema already."""
        self._flush()
        if batch.num_rows:
            self._writer.write_batch(batch)

    def _flush(self) -> None:
        if self._rows:
            reach("spill.write")
            columns = [
                pa.array(values, kind)
                for values, kind in zip(
                    zip(*self._rows, strict=True), self._schema.types, strict=True
                )
            ]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
            self._rows = []


def read_spilled(path: Path) -> Iterator[pa.RecordBatch]:
    """Yield the batches of a file that `Spill` wrote."""
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        yield from reader
