"""The volume stage over committed rows: what is pending, jobs for it, and the change they make.

Nothing walks a folder and nothing holds more than one chunk of series in memory.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute

from dicomlake.config.settings import Settings
from dicomlake.pipeline.headers.arrays import array
from dicomlake.pipeline.pixels.syntaxes import DECODABLE_SYNTAXES
from dicomlake.pipeline.series.committed import (
    SERIES_COLUMNS,
    CommittedSeries,
    all_series,
    count_series,
    series_rows,
)
from dicomlake.pipeline.series.slices import SeriesRows
from dicomlake.pipeline.tables.commit import Change
from dicomlake.pipeline.tables.replace import replacing
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes.build import (
    begin_series,
    build_series,
    clear_staging,
    finish_series,
    give_up_finishing,
    give_up_series,
    give_up_shards,
    shard_cost_s,
    write_shards,
    written_shards,
)
from dicomlake.pipeline.volumes.work import (
    FinishJob,
    SeriesBegun,
    SeriesJob,
    SeriesResult,
    ShardJob,
)
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage

pc: Any = pyarrow.compute  # the stubs know few of the types its functions take

TASK_S: Final = 1.0
"""Work of one task of a large volume, in seconds of one core."""

__all__ = [
    "TASK_S",
    "FinishJob",
    "SeriesBegun",
    "SeriesJob",
    "SeriesResult",
    "ShardJob",
    "begin_series",
    "build_series",
    "clear_staging",
    "count_unread",
    "counts_by_verdict",
    "finish_series",
    "give_up_finishing",
    "give_up_series",
    "give_up_shards",
    "pending_series",
    "series_jobs",
    "shard_cost_s",
    "volumes_change",
    "write_shards",
    "written_shards",
]


def pending_series(base: Version) -> tuple[CommittedSeries, ...]:
    """Return the series without rows in `volume_instances`, by UID.

    So are those of which a file could not be read although it was as committed: a disk may have
    come back. And, once, those that older code rejected for what this one can do.
    """
    judged = set(count_series(base, "volume_instances"))
    again = set()
    for batch in base.batches("volumes", [*SERIES_COLUMNS, "reason", "detail"]):
        for row in batch.to_pylist():
            if _may_succeed_later(row["reason"], row["detail"]) or _outgrown(row):
                again.add(tuple(row[name] for name in SERIES_COLUMNS))
    return tuple(each for each in all_series(base) if astuple(each.key) not in judged - again)


def _outgrown(row: Mapping[str, Any]) -> bool:
    """Return whether a verdict says what the code of its time could not do, and this one can."""
    if row["reason"] == "NOT_SUPPORTED_YET":
        return True
    if row["reason"] != "UNSUPPORTED_TRANSFER_SYNTAX":
        return False
    syntaxes = json.loads(row["detail"] or "{}").get("transfer_syntaxes", {})
    return not DECODABLE_SYNTAXES.isdisjoint(syntaxes)


def series_jobs(
    base: Version,
    settings: Settings,
    staging: Path,
    lineage: "Lineage",
    series: Sequence[CommittedSeries] | None = None,
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
            task_s=TASK_S,
        )


def _planned(rows: SeriesRows) -> str:
    """Return a digest of the files of a series, each with the run that last changed it."""
    ids = rows.instances.column("file_id").to_pylist()
    runs = rows.instances.column("last_changed_run").to_pylist()
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
        again = [CommittedSeries(result.key, result.volume_instances.num_rows) for result in older]
        now = {key: _planned(rows) for key, rows in series_rows(base, again)}
        current += [result for result in older if now.get(result.key) == result.planned]
    keys = [astuple(result.key) for result in current]
    made_anew = pa.table(
        {
            name: array([key[place] for key in keys], pa.string())
            for place, name in enumerate(SERIES_COLUMNS)
        }
    )
    rows = {
        VOLUMES.name: [result.volumes for result in current],
        VOLUME_INSTANCES.name: [result.volume_instances for result in current],
    }
    return Change(
        {name: replacing(base, name, SERIES_COLUMNS, made_anew, rows[name]) for name in rows}
    )


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
