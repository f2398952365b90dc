"""What the cases over headers share: trees as batches, and values held against pydicom's."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from reference import plain

import dicomlake
from dicomlake.config.settings import load_settings
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers import attempt as reading
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Lineage, attempt
from dicomlake.schemas.column import Column
from dicomlake.schemas.evolution import SCHEMA_VERSION

FLOOR_BYTES: Final = 16_384
BATCH: Final = 2_000
"""Files of a batch, as the settings have it."""


def batches(root: Path, files: Sequence[Path]) -> list[Batch]:
    """Return batches of the files below a folder, in their order."""
    settings = load_settings()
    lineage = Lineage("benchmark", dicomlake.__version__, SCHEMA_VERSION)
    entries = [_entry(root, path) for path in files]
    return [
        Batch(
            number,
            "bench",
            str(root),
            tuple(entries[start : start + BATCH]),
            settings,
            lineage,
        )
        for number, start in enumerate(range(0, len(entries), BATCH))
    ]


def _entry(root: Path, path: Path) -> Entry:
    status = path.stat()
    return Entry(
        path=str(path.relative_to(root)),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        ctime_ns=status.st_ctime_ns,
        inode=status.st_ino,
    )


def attempts(wanted: Sequence[Batch]) -> list[Attempt]:
    """Read batches with a reader that has not learnt anything from an earlier call."""
    vars(reading._known).clear()  # what no program needs, but a fair measurement
    return [attempt(batch) for batch in wanted]


def floor(files: Sequence[Path]) -> int:
    """Open every file, read its first 16 KB, close it."""
    total = 0
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        total += len(os.read(descriptor, FLOOR_BYTES))
        os.close(descriptor)
    return total


def rows_by_path(attempts: Sequence[Attempt], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield path and row of a table of attempts, for every file that was ingested.

    Raises:
        AssertionError: a file has two rows in `files`, or a row of the table has no file.
    """
    files = pa.concat_tables([each.files for each in attempts])
    paths = dict(zip(files["file_id"].to_pylist(), files["path"].to_pylist(), strict=True))
    assert len(paths) == files.num_rows, "a file has one row"
    for row in pa.concat_tables([getattr(each, name) for each in attempts]).to_pylist():
        yield paths[row["file_id"]], row


def assert_same(columns: Sequence[Column], ours: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Hold a row against what pydicom read.

    Raises:
        AssertionError: a value differs.
    """
    for column in columns:
        expected, found = plain(column, row[column.name]), ours[column.name]
        assert found == expected, f"{column.name}: {found!r}, pydicom has {expected!r}"
