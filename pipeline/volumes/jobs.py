"""The volume stage over committed rows: what is pending, jobs for it, and the change they make.

Nothing walks a folder and nothing holds more than one chunk of series in memory.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute

from dicomlake.config.settings import Settings
from dicomlake.pipeline.series.slices import FILE_COLUMNS, INSTANCE_COLUMNS
from dicomlake.pipeline.tables.commit import Change, TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.rows import SeriesKey
from dicomlake.pipeline.volumes.work import SeriesJob, SeriesResult
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage

pc: Any = pyarrow.compute  # the stubs know few of the types its functions take

__all__ = [
    "PendingSeries",
    "SeriesJob",
    "SeriesKey",
    "SeriesResult",
    "build_series",
    "count_unread",
    "counts_by_verdict",
    "pending_series",
    "series_jobs",
    "series_rows",
    "volumes_change",
]

_SERIES: Final = ("study_instance_uid", "series_instance_uid")
_CHUNK_INSTANCES: Final = 50_000
"""Instances whose rows are read together: each read scans the tables once."""
_COPY_STATUSES: Final = frozenset({"duplicate", "conflict"})
_LOST_STATUSES: Final = frozenset({"conflict"})


@dataclass(frozen=True, slots=True)
class PendingSeries:
    """A series that has no verdict in a version."""

    key: SeriesKey
    n_instances: int


def pending_series(base: Version) -> tuple[PendingSeries, ...]:
    """Return the series without rows in `volume_instances`, by UID.

    So are those of which a file could not be read although it was as committed: a disk may have
    come back.
    """
    counts = _count_series(base, "instances")
    judged = set(_count_series(base, "volume_instances"))
    again = set()
    for batch in base.batches("volumes", [*_SERIES, "reason", "detail"]):
        for row in batch.to_pylist():
            if _may_succeed_later(row["reason"], row["detail"]):
                again.add((row["study_instance_uid"], row["series_instance_uid"]))
    return tuple(
        PendingSeries(SeriesKey(*key), counts[key])
        for key in sorted(counts)
        if key not in judged or key in again
    )


def _joined(rows: pa.Table | pa.RecordBatch, names: Sequence[str]) -> Any:
    """Return UIDs as one text a row; no UID in a table holds a line's end."""
    return pc.binary_join_element_wise(*(rows.column(name) for name in names), _texts(["\n"])[0])


def all_series(base: Version) -> tuple[PendingSeries, ...]:
    """Return every series of a version, judged or not, by UID."""
    counts = _count_series(base, "instances")
    return tuple(PendingSeries(SeriesKey(*key), counts[key]) for key in sorted(counts))


def _count_series(base: Version, table: str) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    for batch in base.batches(table, list(_SERIES)):
        for row in pc.value_counts(_joined(batch, _SERIES)).to_pylist():
            study, _, series = row["values"].partition("\n")
            counts[study, series] += row["counts"]
    return counts


def series_jobs(
    base: Version,
    settings: Settings,
    staging: Path,
    lineage: "Lineage",
    series: Sequence[PendingSeries] | None = None,
) -> Iterator[SeriesJob]:
    """Yield a job per pending series, in order of UID; rows are read for many series at once.

    Args:
        base: version to plan against.
        settings: of the run.
        staging: folder of the run below the lake; volumes are written there first.
        lineage: of the rows to make.
        series: which; those of `pending_series` where None.
    """
    wanted = pending_series(base) if series is None else series
    for key, rows in series_rows(base, wanted):
        yield SeriesJob(
            key=key,
            rows=rows,
            roots=dict(base.sources),
            lake=str(base.lake.resolve()),
            staging=str(staging.resolve()),
            settings=settings,
            lineage=lineage,
            version=base.number,
            planned=_planned(rows),
        )


def series_rows(
    base: Version, series: Sequence[PendingSeries]
) -> Iterator[tuple[SeriesKey, pa.Table]]:
    """Yield each series with the rows that `judge` wants: instances beside files, and copies."""
    for chunk in _chunks(series):
        yield from _rows_of(base, [each.key for each in chunk])


def _chunks(series: Sequence[PendingSeries]) -> Iterator[list[PendingSeries]]:
    chunk: list[PendingSeries] = []
    size = 0
    for each in series:
        if chunk and size + each.n_instances > _CHUNK_INSTANCES:
            yield chunk
            chunk, size = [], 0
        chunk.append(each)
        size += each.n_instances
    if chunk:
        yield chunk


def _rows_of(base: Version, keys: Sequence[SeriesKey]) -> Iterator[tuple[SeriesKey, pa.Table]]:
    series = _texts([key.series_instance_uid for key in keys])
    instances = _where(base, "instances", INSTANCE_COLUMNS, series, "series_instance_uid")
    own = _column(instances, "file_id")
    files = _where(base, "files", (*FILE_COLUMNS, "sop_instance_uid"), own, "file_id")
    claims = _column(instances, "sop_instance_uid")
    claimed = (*FILE_COLUMNS, "sop_instance_uid")
    copies = _where(base, "files", claimed, claims, "sop_instance_uid", statuses=_COPY_STATUSES)
    lost = _where(
        base, "files", (*claimed, *_SERIES), series, "series_instance_uid", statuses=_LOST_STATUSES
    )
    rows = _beside(instances, files)
    copies = _of_series(copies, instances)
    lost = _to_others(lost, instances)
    both = pa.concat_tables([rows, copies, lost], promote_options="default")
    keys_in_order = [(name, "ascending") for name in (*_SERIES, "sop_instance_uid", "file_id")]
    # Not sort_by and group_by: those import pyarrow.acero, and with it pandas.
    both = both.take(pc.sort_indices(both, sort_keys=keys_in_order))
    wanted = {(key.study_instance_uid, key.series_instance_uid) for key in keys}
    for key, start, stop in _runs(both):
        if key in wanted:
            yield SeriesKey(*key), both.slice(start, stop - start).combine_chunks()


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
                keep, pc.is_in(batch.column("status"), value_set=_texts(sorted(statuses)))
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
    for name in _SERIES:
        copies = copies.append_column(
            pa.field(name, pa.string()), instances.column(name).take(places)
        )
    return copies


def _to_others(lost: pa.Table, instances: pa.Table) -> pa.Table:
    """Return the files of a series that lost their UID to an instance of another one."""
    names = ("sop_instance_uid", *_SERIES)
    own = pc.is_in(_joined(lost, names), value_set=_joined(instances, names).combine_chunks())
    return lost.filter(pc.invert(own))


def _runs(rows: pa.Table) -> Iterator[tuple[tuple[Any, Any], int, int]]:
    studies, series = (rows.column(name).to_pylist() for name in _SERIES)
    start = 0
    for stop in range(1, rows.num_rows + 1):
        if stop == rows.num_rows or (studies[stop], series[stop]) != (
            studies[start],
            series[start],
        ):
            yield (studies[start], series[start]), start, stop
            start = stop


def _planned(rows: pa.Table) -> str:
    """Return a digest of the files of a series, each with the run that last changed it."""
    ids = rows.column("file_id").to_pylist()
    runs = rows.column("last_changed_run").to_pylist()
    text = "\n".join(sorted(f"{file_id} {run}" for file_id, run in zip(ids, runs, strict=True)))
    return hashlib.sha256(text.encode()).hexdigest()


def volumes_change(base: Version, results: Sequence[SeriesResult]) -> Change:
    """Return the change that results make against a version.

    A result planned against an older version counts only where the files of its series are still
    the ones planned with; the others are left out, and stay pending.

    Args:
        base: version that the change will be committed on.
        results: one per series.
    """
    current = [result for result in results if result.version == base.number]
    older = [result for result in results if result.version != base.number]
    if older:
        keys = [PendingSeries(result.key, result.volume_instances.num_rows) for result in older]
        now = {key: _planned(rows) for key, rows in series_rows(base, keys)}
        current += [result for result in older if now.get(result.key) == result.planned]
    keys_of = {(r.key.study_instance_uid, r.key.series_instance_uid) for r in current}
    tables = {
        VOLUMES.name: _delta(base, VOLUMES.name, keys_of, [r.volumes for r in current]),
        VOLUME_INSTANCES.name: _delta(
            base, VOLUME_INSTANCES.name, keys_of, [r.volume_instances for r in current]
        ),
    }
    return Change(tables=tables)


def _delta(
    base: Version, table: str, series: set[tuple[str, str]], upserts: Sequence[pa.Table]
) -> TableDelta:
    """Return new rows of a table, and the keys of earlier rows of the same series that go."""
    nothing = pa.Table.from_batches([], schema=TABLES[table].schema())
    rows = pa.concat_tables([nothing, *upserts])
    key = TABLES[table].key
    stays = set(_keys(rows, key))
    gone: list[pa.Table] = []
    for batch in base.batches(table, [*_SERIES, *key]):
        old = pa.Table.from_batches([batch])
        pairs = zip(*(old.column(name).to_pylist() for name in _SERIES), strict=True)
        leaves = [
            index
            for index, (pair, row) in enumerate(zip(pairs, _keys(old, key), strict=True))
            if pair in series and row not in stays
        ]
        gone.extend(old.select(list(key)).slice(index, 1) for index in leaves)
    return TableDelta(rows, pa.concat_tables(gone) if gone else None)


def _keys(rows: pa.Table, key: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(rows.column(name).to_pylist() for name in key), strict=True)


def _column(rows: pa.Table, name: str) -> "pa.Array[Any]":
    return rows.column(name).combine_chunks()


def _texts(values: Sequence[str]) -> "pa.StringArray":
    """Return texts as Arrow; `pa.array(list)` would import pandas, 1.5 s of CPU."""
    encoded = [value.encode() for value in values]
    ends = [0]
    for each in encoded:
        ends.append(ends[-1] + len(each))
    offsets = b"".join(end.to_bytes(4, "little") for end in ends)
    buffers = pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))
    return pa.StringArray.from_buffers(len(encoded), *buffers)


def counts_by_verdict(results: Sequence[SeriesResult]) -> Mapping[str, int]:
    """Return how many volumes were accepted, and rejected by reason, for a run's summary."""
    counts: Counter[str] = Counter()
    for result in results:
        for reason in result.volumes.column("reason").to_pylist():
            counts[reason or "accepted"] += 1
    return dict(sorted(counts.items()))


def count_unread(results: Sequence[SeriesResult]) -> int:
    """Return how many series could not be read for reasons outside their files."""
    columns = [
        (result.volumes.column("reason"), result.volumes.column("detail")) for result in results
    ]
    return sum(
        any(map(_may_succeed_later, reasons.to_pylist(), details.to_pylist()))
        for reasons, details in columns
    )


def _may_succeed_later(reason: str | None, detail: str | None) -> bool:
    """Return whether a rejected row says that its file was not as committed, or unreadable."""
    return reason == "PIXEL_DATA_ERROR" and bool(json.loads(detail or "{}").get("retry"))
