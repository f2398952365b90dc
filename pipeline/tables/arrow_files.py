"""Rows on their way in Arrow files: written without their null columns, mapped when read.

Most columns of a table speak of modalities that a batch does not hold. Left out of the file, they
take up neither disk nor memory; when it is read they are there again, all of them one empty array.
"""

import mmap
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final, cast
from weakref import WeakSet

import pyarrow as pa

from dicomlake.pipeline.tables.faults import reach

_ROWS_OF_A_PIECE: Final = 8192
"""Rows that a record batch has at least where many are joined."""
_MOST_OPEN: Final = 32
"""Files open at a time while they are joined."""

_maps: Final[WeakSet[mmap.mmap]] = WeakSet()
_changing: Final = Lock()
"""Held while `_maps` is changed or gone through: a worker may have several threads."""


def write_rows(
    path: Path, schema: pa.Schema, pieces: Iterable[pa.Table], held: pa.Table | None = None
) -> None:
    """Write rows of a table of the schema; each piece becomes one record batch.

    Args:
        path: file to make.
        schema: of every piece.
        pieces: the rows, of which one piece is held at a time; what is null in all is left out.
        held: all of the rows, in any order; the pieces are gone through twice where None.

    Raises:
        OSError: the file cannot be written.
    """
    if held is None:
        pieces = list(pieces)
        tables = pieces
    else:
        tables = [held]
    names = {
        name
        for place, name in enumerate(schema.names)
        if any(each.column(place).null_count < each.num_rows for each in tables)
    }
    _write(path, schema, names, pieces)


def join_files(path: Path, schema: pa.Schema, files: Sequence[Path]) -> None:
    """Write the rows of many files as one file of fewer and larger record batches.

    Few of the files are open at a time, and the rows of one record batch are in memory.

    Args:
        path: file to make.
        schema: of the rows of every file.
        files: what `write_rows` made.

    Raises:
        OSError: a file cannot be read, or that one not be written.
    """
    names: set[str] = set()
    for each in files:
        with pa.OSFile(str(each), "rb") as file, pa.ipc.open_file(file) as reader:
            names.update(reader.schema.names)
    _write(path, schema, names, _in_larger_pieces(map_rows(each, schema) for each in files))


def _in_larger_pieces(pieces: Iterable[pa.Table]) -> Iterator[pa.Table]:
    waiting: list[pa.Table] = []
    for each in pieces:
        waiting.append(each)
        rows = sum(waits.num_rows for waits in waiting)
        if rows >= _ROWS_OF_A_PIECE or len(waiting) >= _MOST_OPEN:
            yield pa.concat_tables(waiting)
            waiting.clear()
    if waiting:
        yield pa.concat_tables(waiting)


def _write(
    path: Path, schema: pa.Schema, wanted: Collection[str], pieces: Iterable[pa.Table]
) -> None:
    # A batch without any column would lose its number of rows.
    names = [name for name in schema.names if name in wanted] or schema.names[:1]
    held = pa.schema([schema.field(name) for name in names])
    reach("rows.write")
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, held) as writer:
        for each in pieces:
            writer.write_table(each.select(names).combine_chunks())


def map_rows(path: Path, schema: pa.Schema) -> pa.Table:
    """Return the rows of a file mapped from disk, the columns left out as nulls.

    The file stays open for as long as any of the rows are held.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with _changing:
        _maps.add(mapped)
    return rows_in(mapped, schema)


def rows_in(data: bytes | mmap.mmap, schema: pa.Schema) -> pa.Table:
    """Return the rows that the bytes of a file hold, the columns left out as nulls.

    Raises:
        ValueError, TypeError: they are not such a file, or one of another schema.
    """
    with pa.ipc.open_file(pa.BufferReader(pa.py_buffer(data))) as reader:
        rows = reader.read_all()
    held = set(rows.schema.names)
    sizes = [len(chunk) for chunk in rows.column(0).chunks]
    columns: list[Any] = [
        rows.column(field.name)
        if field.name in held
        else pa.chunked_array([_nulls(size, field.type) for size in sizes], field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def let_go() -> None:
    """Give back the memory that mapped files take up; what is read again comes from disk again.

    Nothing that is read changes by it, also not of a file that is gone by now.
    """
    if not hasattr(mmap, "MADV_DONTNEED"):
        return  # a system without it takes the memory back when it needs some
    with _changing:
        for mapped in _maps:
            mapped.madvise(mmap.MADV_DONTNEED)


@lru_cache(maxsize=512)
def _nulls(count: int, kind: pa.DataType) -> "pa.Array[Any]":
    nulls: Any = pa.nulls  # the stubs list types one by one
    return cast("pa.Array[Any]", nulls(count, kind))
