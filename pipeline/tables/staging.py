"""What workers hand over: the rows of a batch as files in the run's staging folder.

A batch that is tried twice writes the same names again. The driver counts: every batch must be
there, with one row for every file.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast
from uuid import uuid4

import pyarrow as pa

from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.attempt import Attempt, Batch, attempt
from dicomlake.pipeline.tables.columnar import Chunked, pc
from dicomlake.schemas.tables import TABLES

_TABLES: Final = ("files", "instances", "issues")
_GATHER_ROWS: Final = 16_384
_DEFECT: Final = (
    "Nothing was committed; run again, and if it happens again please report this line."
)


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """What a worker says of a batch it has written."""

    number: int
    files: int
    bytes: int
    """Sizes of the files as the crawl saw them."""
    by_status: Mapping[str, int]
    by_reason: Mapping[str, int]
    """By `status/reason`, for the files that have a reason."""
    rows: Mapping[str, int]
    """Rows written, by table."""


def stage(batch: Batch, staging: Path) -> StagedBatch:
    """Read the headers of a batch and write its rows below `staging`; returns the counts.

    Runs on workers. The files have their names only once they are whole.

    Raises:
        OSError: the staging folder cannot be written.
    """
    found = attempt(batch)
    folder = staging / "batches"
    folder.mkdir(parents=True, exist_ok=True)
    for name in _TABLES:
        _write(_path(folder, batch.number, name), getattr(found, name))
    # Counted in Python: Arrow's functions import pandas, which takes longer than the batch.
    statuses: list[Any] = found.files.column("status").to_pylist()
    reasons: list[Any] = found.files.column("reason").to_pylist()
    why = [f"{status}/{r}" for status, r in zip(statuses, reasons, strict=True) if r is not None]
    return StagedBatch(
        number=batch.number,
        files=found.files.num_rows,
        bytes=sum(entry.size for entry in batch.entries),
        by_status=dict(sorted(Counter(statuses).items())),
        by_reason=dict(sorted(Counter(why).items())),
        rows={name: getattr(found, name).num_rows for name in _TABLES},
    )


def count_by(values: Chunked) -> dict[str, int]:
    """Return how often each value that is not null occurs, sorted by value."""
    counted = pc.value_counts(values.drop_null())
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    return dict(sorted(pairs))


def status_and_reason(files: pa.Table) -> Chunked:
    """Return `status/reason` of each row of `files`, null where there is no reason."""
    joined = pc.binary_join_element_wise(files.column("status"), files.column("reason"), "/")
    return cast("Chunked", joined)


def reconcile(staged: Iterable[StagedBatch], expected: Sequence[int]) -> None:
    """Return if every batch was staged once or more, with a row for each of its files.

    Args:
        staged: what the workers said.
        expected: files of each batch, by its number.

    Raises:
        ReconciliationError: naming the first batch that is missing or short.
    """
    found = {each.number: each.files for each in staged}
    for number, files in enumerate(expected):
        _check(number, files, found.get(number))


def _check(number: int, expected: int, found: int | None) -> None:
    if found is None:
        raise ReconciliationError(f"Batch {number} was never staged.", _DEFECT)
    if found != expected:
        raise ReconciliationError(f"Batch {number} has {found} rows for {expected} files.", _DEFECT)


def gather(staging: Path, expected: Sequence[int]) -> Attempt:
    """Return the rows of all batches, in batch order, as tables mapped from disk.

    The batches are joined into one file a table, once; the tables take up no memory of the
    process but for what is worked on.

    Args:
        staging: folder that `stage` wrote below.
        expected: files of each batch, by its number.

    Raises:
        ReconciliationError: a batch is missing, or has not one row for each of its files.
    """
    folder = staging / "batches"
    return Attempt(*(_gathered(folder, name, expected) for name in _TABLES))


def _gathered(folder: Path, name: str, expected: Sequence[int]) -> pa.Table:
    schema = TABLES[name].schema()
    if not expected:
        return schema.empty_table()
    whole = folder / f"gathered-{name}.arrow"
    if not whole.exists():
        tables = _batches(folder, name, expected)
        _write_all(whole, schema, _joined(tables), compression=None)
    with pa.memory_map(str(whole)) as file, pa.ipc.open_file(file) as reader:
        return reader.read_all()


def _batches(folder: Path, name: str, expected: Sequence[int]) -> Iterator[pa.Table]:
    for number, files in enumerate(expected):
        try:
            with pa.OSFile(str(_path(folder, number, name)), "rb") as file:
                rows = pa.ipc.open_file(file).read_all()
        except FileNotFoundError:
            raise ReconciliationError(f"Batch {number} was never staged.", _DEFECT) from None
        if name == "files":
            _check(number, files, rows.num_rows)
        yield rows


def _joined(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables joined to a good size: many small pieces are slow to work on."""
    waiting: list[pa.Table] = []
    rows = 0
    for table in tables:
        waiting.append(table)
        rows += table.num_rows
        if rows >= _GATHER_ROWS:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
    if waiting:
        yield pa.concat_tables(waiting)


def _path(folder: Path, number: int, name: str) -> Path:
    return folder / f"{number:08d}-{name}.arrow"


def _write(path: Path, rows: pa.Table) -> None:
    _write_all(path, rows.schema, iter((rows,)), compression="zstd")


def _write_all(
    path: Path,
    schema: pa.Schema,
    tables: Iterator[pa.Table],
    *,
    compression: Literal["zstd"] | None,
) -> None:
    """Write an Arrow file under a name of its own and give it its name when it is whole."""
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    options = pa.ipc.IpcWriteOptions(compression=compression)
    try:
        with (
            pa.OSFile(str(temporary), "wb") as file,
            pa.ipc.new_file(file, schema, options=options) as writer,
        ):
            for table in tables:
                writer.write_table(table.combine_chunks())
        os.replace(temporary, path)  # noqa: PTH105  (the verb for what happens here)
    finally:
        temporary.unlink(missing_ok=True)
