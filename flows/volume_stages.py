"""The stages that make the volumes: judge and build, commit."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from dicomlake.flows.engine import Engine, cores
from dicomlake.flows.kills import OnKilled, once_more
from dicomlake.flows.reporter import Progress
from dicomlake.flows.run import Run
from dicomlake.flows.summary import VolumeCounts
from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.series.committed import CommittedSeries
from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes.jobs import (
    TASK_S,
    FinishJob,
    SeriesBegun,
    SeriesJob,
    SeriesResult,
    ShardJob,
    begin_series,
    clear_staging,
    count_unread,
    counts_by_verdict,
    finish_series,
    give_up_finishing,
    give_up_series,
    give_up_shards,
    pending_series,
    series_jobs,
    shard_cost_s,
    volumes_change,
    write_shards,
    written_shards,
)
from dicomlake.schemas.tables.runs import RUNS

SERIES_COST_S: Final = 0.01
SLICE_COST_S: Final = 0.008
"""Work to read, write and verify half a megabyte of pixels."""


def make_volumes(run: Run, writer: LakeWriter, engine: Engine, staging: Path) -> None:
    """Judge the series without a verdict, write the volumes of those accepted, and commit."""
    base = writer.base
    try:
        results = run.stage("volumes", lambda: _build_volumes(run, base, engine, staging))
    finally:
        # Also where a full disk ended it: no later run takes up the shards of this one.
        clear_staging(staging)
    if results:
        run.stage("commit volumes", lambda: _commit_volumes(run, writer, engine, results))


def _build_volumes(run: Run, base: Version, engine: Engine, staging: Path) -> list[SeriesResult]:
    """Judge every series without a verdict, and write the volumes of those accepted."""
    pending = pending_series(base)
    if not pending:
        run.volumes = VolumeCounts(0, 0, {})
        return []
    with run.reporter.progress("volumes", len(pending), unit="series") as progress:
        results, begun = _begin_series(run, base, engine, staging, pending, progress)
        for result in _finish_series(engine, begun):
            results.append(result)
            progress.advance(1)
    if len(results) != len(pending):
        raise ReconciliationError(
            f"{len(pending):,} series were to be judged, {len(results):,} were.",
            "No volume was committed; run again.",
        )
    # Workers finish in any order; rows must not depend on it.
    results.sort(key=lambda result: (result.key.study_instance_uid, result.key.series_instance_uid))
    counts = dict(counts_by_verdict(results))
    accepted = counts.pop("accepted", 0)
    run.volumes = VolumeCounts(len(results), accepted, counts, count_unread(results))
    return results


def _begin_series(  # noqa: PLR0917  (what every stage has, then its own two)
    run: Run,
    base: Version,
    engine: Engine,
    staging: Path,
    pending: Sequence[CommittedSeries],
    progress: Progress,
) -> tuple[list[SeriesResult], list[SeriesBegun]]:
    """Judge every series; build what is little work, and plan what is large."""
    slices = sum(series.n_slices for series in pending)
    jobs = series_jobs(base, run.settings, staging, run.lineage, pending)
    results: list[SeriesResult] = []
    begun: list[SeriesBegun] = []
    cost_s = slices * SLICE_COST_S + len(pending) * SERIES_COST_S
    give_up: OnKilled[SeriesJob, SeriesResult | SeriesBegun] = once_more(give_up_series)
    for each in engine.map(begin_series, jobs, cost_s=cost_s, name=_series_name, on_killed=give_up):
        if isinstance(each, SeriesBegun):
            begun.append(each)
        else:
            results.append(each)
            progress.advance(1)
    return results, begun


def _finish_series(engine: Engine, begun: list[SeriesBegun]) -> Iterator[SeriesResult]:
    """Yield the results of series with large volumes: shards by many tasks, then each whole."""
    begun.sort(key=lambda each: (each.key.study_instance_uid, each.key.series_instance_uid))
    cost_s = shard_cost_s(begun, TASK_S)
    written = written_shards(
        begun,
        lambda jobs: engine.map(
            write_shards,
            jobs,
            cost_s=cost_s,
            name=_shards_name,
            on_killed=once_more(give_up_shards),
        ),
        cores=engine.workers_used or cores(),
    )
    return engine.map(
        finish_series,
        written,
        cost_s=cost_s / 2,
        name=_finish_name,
        on_killed=once_more(give_up_finishing),
    )


def _commit_volumes(
    run: Run, writer: LakeWriter, engine: Engine, results: list[SeriesResult]
) -> None:
    run.workers = engine.workers_used

    def change(base: Version) -> Change:
        made = volumes_change(base, results)
        return Change({**made.tables, RUNS.name: TableDelta(run.runs_row())}, sources=made.sources)

    run.committed(writer.commit(run.run_id, change, engine.map_parts()), "volumes")


def _series_name(job: SeriesJob) -> str:
    """Return what a message calls a series: a file of it, for its UID is a DICOM value."""
    return f"The series of file {job.rows.instances.column('file_id')[0].as_py()}"


def _shards_name(job: ShardJob) -> str:
    return f"Shards {job.first} to {job.last - 1} of the series of file {job.series.label}"


def _finish_name(job: FinishJob) -> str:
    return f"The series of file {job.series.label}"
