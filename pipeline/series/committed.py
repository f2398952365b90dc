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
from dicomlake.pipeline.tables.columnar import cut_out, pc, texts
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

SERIES_COLUMNS: Final = ("study_instance_uid", "series_instance_uid")
_CHUNK_SLICES: Final = 50_000
"""Instances and frames whose rows are read together: each read scans the tables once."""
_COPY_STATUSES: Final = frozenset({"duplicate", "conflict"})
_LOST_STATUSES: Final = frozenset({"conflict"})
_NO_FRAMES: Final = pa.Table.from_batches(
    [], schema=pa.schema([TABLES["frames"].by_name[name].field() for name in FRAME_COLUMNS])
)


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
    for chunk in _chunks(series):
        yield from _rows_of(base, [each.key for each in chunk])


def _chunks(series: Sequence[CommittedSeries]) -> Iterator[list[CommittedSeries]]:
    chunk: list[CommittedSeries] = []
    size = 0
    for each in series:
        if chunk and size + each.n_slices > _CHUNK_SLICES:
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += each.n_slices
    if chunk:
        yield chunk


def _rows_of(base: Version, keys: Sequence[SeriesKey]) -> Iterator[tuple[SeriesKey, SeriesRows]]:
    series = texts(*(key.series_instance_uid for key in keys))
    instances = _where(base, "instances", INSTANCE_COLUMNS, series, "series_instance_uid")
    own = _column(instances, "file_id")
    files = _where(base, "files", (*FILE_COLUMNS, "sop_instance_uid"), own, "file_id")
    claims = _column(instances, "sop_instance_uid")
    claimed = (*FILE_COLUMNS, "sop_instance_uid")
    copies = _where(base, "files", claimed, claims, "sop_instance_uid", statuses=_COPY_STATUSES)
    claims_series = (*claimed, *SERIES_COLUMNS)
    lost = _where(
        base, "files", claims_series, series, "series_instance_uid", statuses=_LOST_STATUSES
    )
    own_rows = _beside(instances, files)
    copies = _of_series(copies, instances)
    lost = _to_others(lost, instances)
    both = pa.concat_tables([own_rows, copies, lost], promote_options="default")
    names = (*SERIES_COLUMNS, "sop_instance_uid", "file_id")
    keys_in_order = [(name, "ascending") for name in names]
    # Not sort_by and group_by: those import pyarrow.acero, and with it pandas.
    both = both.take(pc.sort_indices(both, sort_keys=keys_in_order))
    wanted = {(key.study_instance_uid, key.series_instance_uid) for key in keys}
    frames = _frames_of(base, series)
    for key, start, stop in _runs(both):
        if key in wanted:
            rows = cut_out(both, start, stop)
            yield SeriesKey(*key), SeriesRows(rows, frames.get(key, _NO_FRAMES))


def _frames_of(base: Version, series: "pa.Array[Any]") -> dict[tuple[Any, Any], pa.Table]:
    """Return the frames of series, by study and series, in order of instance and number."""
    columns = (*FRAME_COLUMNS, *SERIES_COLUMNS)
    frames = _where(base, "frames", columns, series, "series_instance_uid")
    names = (*SERIES_COLUMNS, "sop_instance_uid", "frame_number")
    order = pc.sort_indices(frames, sort_keys=[(name, "ascending") for name in names])
    frames = frames.take(order)
    return {
        key: cut_out(frames.select(list(FRAME_COLUMNS)), start, stop)
        for key, start, stop in _runs(frames)
    }


def _where(
    base: Version,
    table: str,
    columns: Sequence[str],
    values: "pa.Array[Any]",
    column: str,
    *,
    statuses: frozenset[str] = frozenset(),
) -> pa.Table:
    """Return rows whose column is one of many values.

    A filter given to the scan would import pandas, and prunes nothing for hashes and UIDs.
    """
    found = []
    for batch in base.batches(table, list(columns)):
        keep = pc.is_in(batch.column(column), value_set=values)
        if statuses:
            keep = pc.and_(
                keep, pc.is_in(batch.column("status"), value_set=texts(*sorted(statuses)))
            )
        chosen = batch.filter(keep)
        if chosen.num_rows:
            found.append(chosen)
    schema = pa.schema([TABLES[table].by_name[name].field() for name in columns])
    return pa.Table.from_batches(found, schema=schema)


def _beside(instances: pa.Table, files: pa.Table) -> pa.Table:
    """Return instances with the columns of their file; null where the ledger has none."""
    places = pc.index_in(instances.column("file_id"), value_set=_column(files, "file_id"))
    for name in FILE_COLUMNS:
        if name != "file_id":
            instances = instances.append_column(name, files.column(name).take(places))
    return instances


def _of_series(copies: pa.Table, instances: pa.Table) -> pa.Table:
    """Return copies under the study and series of the instance whose UID they claim."""
    places = pc.index_in(
        copies.column("sop_instance_uid"), value_set=_column(instances, "sop_instance_uid")
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


def _runs(rows: pa.Table) -> Iterator[tuple[tuple[Any, Any], int, int]]:
    studies, series = (rows.column(name).to_pylist() for name in SERIES_COLUMNS)
    start = 0
    for stop in range(1, rows.num_rows + 1):
        if stop == rows.num_rows or (studies[stop], series[stop]) != (
            studies[start],
            series[start],
        ):
            yield (studies[start], series[start]), start, stop
            start = stop


def _column(rows: pa.Table, name: str) -> "pa.Array[Any]":
    return rows.column(name).combine_chunks()
