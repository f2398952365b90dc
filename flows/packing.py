"""Jobs and results on their way between processes, each as one piece of bytes.

Dask would send each buffer of an Arrow table by itself, and pickle would describe each: a job with
the rows of thirty studies has ten thousand, and they take longer than the job. Tables travel in
Arrow's own format for streams, slices without what they are cut from.
"""

import io
import pickle
from typing import Any

import pyarrow as pa


def packed(value: object) -> bytes:
    """Return a value as bytes."""
    file = io.BytesIO()
    _Pickler(file, pickle.HIGHEST_PROTOCOL).dump(value)
    return file.getvalue()


def unpacked(data: bytes) -> Any:
    """Return the value that these bytes of `packed` hold."""
    return pickle.loads(data)  # noqa: S301  (a driver and its workers trust each other, with Dask too)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: object) -> Any:
        if isinstance(value, pa.Table):
            return _table, (_stream(value),)
        return NotImplemented


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(stream: bytes) -> pa.Table:
    with pa.ipc.open_stream(stream) as reader:
        return reader.read_all()
