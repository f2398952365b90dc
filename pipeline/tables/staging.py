"""What workers hand over: the rows of a batch as files in the run's staging folder.

The tables of a batch lie in a folder of their own that gets its name once it is whole, so that a
batch tried twice is there once and of one piece. They are not compressed: the driver maps them
and holds none of their values. The driver counts: every batch must be there, with one row for
every file.

Beside them `batch.json` says what was read with which code and settings, and what the files' bytes
are, so that a later run can take the batch up where this one does not end (resume.py).
"""

import errno
import json
import mmap
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid4

import pyarrow as pa

from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.attempt import Attempt, Batch, attempt
from dicomlake.pipeline.tables.arrow_files import join_files, map_rows, write_rows
from dicomlake.pipeline.tables.columnar import Chunked, pc
from dicomlake.pipeline.tables.faults import reach
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.files import FILES

FOLLOWERS: Final = tuple(
    name for name in ("frames", "instance_references", "elements", "dicom_json") if name in TABLES
)
"""Tables whose rows belong to an instance: they come, change and leave with it."""

BATCHES: Final = "batches"
"""Folder below that of a run in which its batches lie."""
BATCH_TABLES: Final = ("files", "instances", "issues", *FOLLOWERS)
NOTE: Final = "batch.json"
"""What stands beside the tables of a batch."""

_MOST_FILES: Final = 32
"""Files of a table that are mapped as they are; a process may have no more than 1,024 open."""
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
    readers: Mapping[str, int] = field(default_factory=dict)
    """Files by the reader that read them."""
    fallbacks: Mapping[str, int] = field(default_factory=dict)
    """Files that were left to pydicom, by reason."""


@dataclass(frozen=True, slots=True)
class Making:
    """How the rows of a batch came to be: what must be equal where another run takes them up."""

    source: str
    root: str
    pipeline_version: str
    schema_version: int
    settings_sha256: str

    @classmethod
    def of(cls, batch: Batch) -> "Making":
        """Return how the rows of a batch are made."""
        return cls(
            batch.source,
            batch.root,
            batch.lineage.pipeline_version,
            batch.lineage.schema_version,
            batch.settings.sha256(),
        )


def stage(batch: Batch, staging: Path) -> StagedBatch:
    """Read the headers of a batch and write its rows below `staging`; returns the counts.

    Runs on workers. A table without rows has no file, but for `files`.

    Raises:
        OSError: the staging folder cannot be written.
    """
    batch = replace(batch, entries=tuple(batch.entries))
    found = attempt(batch)
    write_batch(staging, batch.number, found, Making.of(batch))
    read = sum(entry.size for entry in batch.entries)
    return replace(
        count_rows(batch.number, found, read),
        readers=dict(found.readers) or _counted(_texts(found.files, "reader")),
        fallbacks=dict(sorted(found.fallbacks.items())),
    )


def count_rows(number: int, found: Attempt, size: int) -> StagedBatch:
    """Return what is said of a batch that was written.

    Args:
        number: of the batch.
        found: its rows.
        size: of its files, in bytes.
    """
    # Counted in Python: Arrow's functions import pandas, which takes longer than the batch.
    statuses: list[Any] = found.files.column("status").to_pylist()
    reasons: list[Any] = found.files.column("reason").to_pylist()
    why = [f"{status}/{r}" for status, r in zip(statuses, reasons, strict=True) if r is not None]
    return StagedBatch(
        number=number,
        files=found.files.num_rows,
        bytes=size,
        by_status=_counted(statuses),
        by_reason=_counted(why),
        rows={name: getattr(found, name).num_rows for name in BATCH_TABLES},
    )


def write_batch(staging: Path, number: int, found: Attempt, making: Making) -> None:
    """Write the tables of a batch, whole or not at all; one that is there already stays.

    Args:
        staging: folder of the run.
        number: of the batch.
        found: its rows; those of `files` are in the order of the crawl.
        making: how they came to be.

    Raises:
        OSError: the staging folder cannot be written.
    """
    target = _folder(staging, number)
    target.parent.mkdir(parents=True, exist_ok=True)
    own = target.with_name(f".{target.name}.{uuid4().hex}")
    own.mkdir()
    try:
        for name in BATCH_TABLES:
            rows: pa.Table = getattr(found, name)
            if rows.num_rows or name == "files":
                write_rows(own / f"{name}.arrow", rows.schema, (rows,))
        _write_note(own, found.files, making)
        reach("batch.write")
        own.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # an earlier try came this far
            raise
    finally:
        shutil.rmtree(own, ignore_errors=True)
    reach("batch.staged")


def _write_note(folder: Path, files: pa.Table, making: Making) -> None:
    """Say beside the tables of a batch what they are; a later run believes nothing else."""
    paths = files.column("path")
    ends = [str(paths[place].as_py()) for place in (0, len(paths) - 1)] if len(paths) else []
    sums = {path.name: checksum(path) for path in sorted(folder.iterdir())}
    note = {**asdict(making), "files": len(paths), "paths": ends, "crc32": sums}
    (folder / NOTE).write_text(json.dumps(note), encoding="ascii")


def checksum(path: Path) -> int:
    """Return the CRC-32 of a file: staging is not synced, a machine that died may lose pages."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return zlib.crc32(mapped)


def _texts(rows: pa.Table, name: str) -> Iterator[str]:
    values: list[Any] = rows.column(name).to_pylist()
    return (each for each in values if each is not None)


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


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

    The tables take up no memory of the process but for what is worked on. Many batches are
    joined to one file a table: a mapped file stays open, and few may be.

    Args:
        staging: folder that `stage` wrote below.
        expected: files of each batch, by its number.

    Raises:
        ReconciliationError: a batch is missing, or has not one row for each of its files.
        OSError: the files cannot be read, or not be joined.
    """
    files: dict[str, list[Path]] = {name: [] for name in BATCH_TABLES}
    for number, count in enumerate(expected):
        for path in _staged_files(_folder(staging, number), number):
            files[path.stem].append(path)
        _check(number, count, map_rows(files["files"][-1], FILES.schema()).num_rows)
    whole: dict[str, Any] = {
        name: _mapped(name, paths, staging / "joined") for name, paths in files.items()
    }
    return Attempt(**whole)


def staged_files(staging: Path, number: int) -> pa.Table:
    """Return the rows of `files` of a batch that was staged, mapped from disk."""
    return map_rows(_folder(staging, number) / "files.arrow", FILES.schema())


def _staged_files(folder: Path, number: int) -> list[Path]:
    """Return the files of a batch: one for `files` and for each table that has rows."""
    paths = [folder / f"{name}.arrow" for name in BATCH_TABLES]
    try:
        names = set(os.listdir(folder))  # noqa: PTH208  (names only)
    except FileNotFoundError:
        names = set()
    if "files.arrow" not in names:
        raise ReconciliationError(f"Batch {number} was never staged.", _DEFECT)
    return [path for path in paths if path.name in names]


def _mapped(name: str, paths: Sequence[Path], folder: Path) -> pa.Table:
    """Return the rows of a table, those of many files from one that they are joined to."""
    table = TABLES[name]
    if len(paths) > _MOST_FILES:
        whole = folder / f"{name}.arrow"
        if not whole.exists():  # it does where another run committed first
            folder.mkdir(exist_ok=True)
            unfinished = whole.with_name(f".{whole.name}.{uuid4().hex}")
            join_files(unfinished, table.schema(), paths)
            unfinished.rename(whole)
        paths = [whole]
    tables = [map_rows(path, table.schema()) for path in paths]
    return pa.concat_tables(tables) if tables else table.empty()


def _folder(staging: Path, number: int) -> Path:
    return staging / BATCHES / f"{number:08d}"
