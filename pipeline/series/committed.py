"""The committed rows of a series: its instances beside their files, its frames, and other claims.

Nothing walks a folder, and nothing holds more than one chunk of series in memory.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.series.slices import (
    FILE_COLUMNS,
    FRAME_COLUMNS,
    INSTANCE_COLUMNS,
    SeriesRows,
)
from dicomlake.pipeline.tables.columnar import Array, flat, pc, texts
from dicomlake.pipeline.tables.lookup import chunks, in_order, no_rows, rows_with, runs
from dicomlake.pipeline.tables.store import Version

SERIES_COLUMNS: Final = ("study_instance_uid", "series_instance_uid")
_CHUNK_SLICES: Final = 50_000
"""Instances and frames whose rows are read together: each read scans the tables once."""
_COPY_STATUSES: Final = ("conflict", "duplicate")
_LOST_STATUS: Final = "conflict"


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """A series within its study."""

    study_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True)
class CommittedSeries:
    """A series of a version, and how much it is: its instances, and the frames they hold."""

    key: SeriesKey
    n_slices: int


def all_series(base: Version) -> tuple[CommittedSeries, ...]:
    """Return every series of a version, by UID."""
    counts = count_series(base, "instances")
    frames = count_series(base, "frames")
    return tuple(
        CommittedSeries(SeriesKey(*key), counts[key] + frames[key]) for key in sorted(counts)
    )


def count_series(base: Version, table: str) -> Counter[tuple[str, str]]:
    """Return the rows of a table by study and series."""
    counts: Counter[tuple[str, str]] = Counter()
    for batch in base.batches(table, list(SERIES_COLUMNS)):
        for row in pc.value_counts(_joined(batch, SERIES_COLUMNS)).to_pylist():
            study, _, series = row["values"].partition("\n")
            counts[study, series] += row["counts"]
    return counts


def _joined(rows: pa.Table | pa.RecordBatch, names: Sequence[str]) -> Any:
    """Return UIDs as one text a row; no UID in a table holds a line's end."""
    return pc.binary_join_element_wise(*(rows.column(name) for name in names), texts("\n")[0])


def series_rows(
    base: Version, series: Sequence[CommittedSeries]
) -> Iterator[tuple[SeriesKey, SeriesRows]]:
    """Yield each series with the rows that `judge` wants."""
    for chunk in chunks(series, lambda each: each.n_slices, _CHUNK_SLICES):
        yield from _rows_of(base, [each.key for each in chunk])


def _rows_of(base: Version, keys: Sequence[SeriesKey]) -> Iterator[tuple[SeriesKey, SeriesRows]]:
    series = texts(*(key.series_instance_uid for key in keys))
    instances = rows_with(base, "instances", INSTANCE_COLUMNS, "series_instance_uid", series)
    claimed = (*FILE_COLUMNS, "sop_instance_uid")
    files = rows_with(base, "files", claimed, "file_id", flat(instances, "file_id"))
    claims = flat(instances, "sop_instance_uid")
    statuses = texts(*_COPY_STATUSES)
    copies = rows_with(base, "files", claimed, "sop_instance_uid", claims, statuses=statuses)
    placed = (*claimed, *SERIES_COLUMNS)
    statuses = texts(_LOST_STATUS)
    lost = rows_with(base, "files", placed, "series_instance_uid", series, statuses=statuses)
    all_rows = [
        _beside(instances, files),
        _of_series(copies, instances),
        _to_others(lost, instances),
    ]
    both = in_order(
        pa.concat_tables(all_rows, promote_options="default"),
        (*SERIES_COLUMNS, "sop_instance_uid", "file_id"),
    )
    wanted = {(key.study_instance_uid, key.series_instance_uid) for key in keys}
    frames = _frames_of(base, series)
    without = no_rows("frames", FRAME_COLUMNS)
    for key, rows in runs(both, SERIES_COLUMNS):
        if key in wanted:
            yield SeriesKey(*key), SeriesRows(rows, frames.get(key, without))


def _frames_of(base: Version, series: Array) -> dict[tuple[Any, ...], pa.Table]:
    """Return the frames of series, by study and series, in order of instance and number."""
    columns = (*FRAME_COLUMNS, *SERIES_COLUMNS)
    frames = in_order(
        rows_with(base, "frames", columns, "series_instance_uid", series),
        (*SERIES_COLUMNS, "sop_instance_uid", "frame_number"),
    )
    return {key: rows.select(list(FRAME_COLUMNS)) for key, rows in runs(frames, SERIES_COLUMNS)}


def _beside(instances: pa.Table, files: pa.Table) -> pa.Table:
    """Return instances with the columns of their file; null where the ledger has none."""
    places = pc.index_in(instances.column("file_id"), value_set=flat(files, "file_id"))
    for name in FILE_COLUMNS:
        if name != "file_id":
            instances = instances.append_column(name, files.column(name).take(places))
    return instances


def _of_series(copies: pa.Table, instances: pa.Table) -> pa.Table:
    """Return copies under the study and series of the instance whose UID they claim."""
    places = pc.index_in(
        copies.column("sop_instance_uid"), value_set=flat(instances, "sop_instance_uid")
    )
    for name in SERIES_COLUMNS:
        copies = copies.append_column(
            pa.field(name, pa.string()), instances.column(name).take(places)
        )
    return copies


def _to_others(lost: pa.Table, instances: pa.Table) -> pa.Table:
    """Return the files of a series that lost their UID to an instance of another one."""
    names = ("sop_instance_uid", *SERIES_COLUMNS)
    own = pc.is_in(_joined(lost, names), value_set=_joined(instances, names).combine_chunks())
    return lost.filter(pc.invert(own))
