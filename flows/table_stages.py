"""The stages that make the tables: crawl, headers, commit."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa

from dicomlake.flows.archive_stage import Archives, joined, remove_left, unpack_archives
from dicomlake.flows.engine import Engine, cores
from dicomlake.flows.kills import Done, once_more
from dicomlake.flows.run import Run
from dicomlake.flows.summary import FileCounts
from dicomlake.pipeline.headers.attempt import Batch
from dicomlake.pipeline.headers.notes import Kill
from dicomlake.pipeline.pixels.content import Content, ContentJob, read_bytes, read_content
from dicomlake.pipeline.tables import ingest
from dicomlake.pipeline.tables.commit import Change, LakeWriter
from dicomlake.pipeline.tables.companions import sighted
from dicomlake.pipeline.tables.killed_batches import (
    KilledBatches,
    StagedPiece,
    is_given_up,
    stage,
)
from dicomlake.pipeline.tables.resume import TakenUp, left_behind, take_up
from dicomlake.pipeline.tables.store import Version

HEADER_COST_S: Final = {"fast": 0.0001, "pydicom": 0.0025}
"""Work to read one header and write its rows, in seconds of one core, by reader."""
UNKNOWN_WORKERS: Final = 16
"""Workers that a cluster is taken to have when batches are cut."""
CONTENT_COST_S: Final = 0.005
CONTENT_BYTES_PER_S: Final = 200e6


def make_tables(run: Run, writer: LakeWriter, engine: Engine, staging: Path) -> None:
    """Crawl the sources, read the headers of what changed, and commit the tables."""
    plan = run.stage("crawl", lambda: _plan(run, writer.base, engine, staging))
    run.reporter.info(
        f"{plan.seen:,} files seen, {plan.unchanged:,} unchanged, {plan.to_read:,} to read"
    )
    if plan.outdated:
        run.reporter.info(f"{plan.outdated:,} of them again, for the columns of a new schema")
    taken = _take_up(run, plan, staging)
    staged = run.stage("headers", lambda: _read_headers(run, taken, engine, staging))
    read = _Read(taken.plan, tuple(staged), taken.files)
    if run.settings.archives.read and not run.request.only_failed:
        read = _read_archives(run, writer, read, engine, staging)
    run.stage("tables", lambda: _commit_tables(run, writer, read, engine, staging))
    remove_left(run, writer, read.archives)


@dataclass(frozen=True, slots=True)
class _Read:
    """What has been read, and is to be committed."""

    plan: ingest.IngestPlan
    staged: tuple[ingest.StagedBatch, ...]
    resumed: int
    """Files whose rows a run made that did not end."""
    archives: Archives = field(default_factory=Archives)


def _read_archives(
    run: Run, writer: LakeWriter, read: _Read, engine: Engine, staging: Path
) -> _Read:
    """Unpack archives and read what was in them, as further sources of the same run."""
    met = sighted(read.plan.sources, staging, read.staged)
    archives = run.stage("archives", lambda: unpack_archives(run, writer, engine, read.plan, met))
    if not archives.companions:
        return replace(read, archives=archives)
    run.sources = (*run.sources, *archives.sources)
    plan = replace(
        _plan(run, read.plan.base, engine, staging / "archives", archives),
        taken_up=read.plan.batches,
    )
    run.reporter.info(f"{plan.seen:,} files of archives, {plan.to_read:,} to read")
    taken = _take_up(run, plan, staging)
    before = read.staged
    staged = run.stage("members", lambda: _read_headers(run, taken, engine, staging, before))
    resumed = read.resumed + taken.files
    return _Read(joined(read.plan, taken.plan), tuple(staged), resumed, archives)


def _take_up(run: Run, plan: ingest.IngestPlan, staging: Path) -> TakenUp:
    """Take up what runs that did not end have read; most runs find nothing of the kind."""
    if not plan.to_read or not left_behind(staging):
        return TakenUp(plan)
    taken = run.stage(
        "resume",
        lambda: take_up(plan, staging, run.settings, run.lineage, workers=_likely_workers(run)),
    )
    if taken.files:
        run.reporter.info(
            f"{taken.files:,} files taken up that a run read which did not end, "
            f"{taken.plan.to_read:,} still to read"
        )
    return taken


def _plan(
    run: Run, base: Version, engine: Engine, staging: Path, archives: Archives | None = None
) -> ingest.IngestPlan:
    """Plan the reading of the sources, or of what was unpacked of their archives."""
    cost_s = HEADER_COST_S[run.settings.headers.reader]
    with run.reporter.progress("crawl") as progress:
        return ingest.plan_ingest(
            base,
            archives.sources if archives else run.sources,
            run.settings,
            staging,
            allow_deletes=run.request.allow_deletes,
            only_failed=run.request.only_failed,
            reprocess=run.request.reprocess,
            on_seen=progress.advance,
            on_to_read=lambda files: engine.expect(files * cost_s),
            workers=_likely_workers(run),
            within=archives.within if archives else None,
        )


def _likely_workers(run: Run) -> int:
    """Return how many processes the work is cut for."""
    engine = run.settings.engine
    if engine.scheduler:
        return UNKNOWN_WORKERS
    return cores() if engine.workers == "auto" else engine.workers


def _read_headers(
    run: Run,
    taken: TakenUp,
    engine: Engine,
    staging: Path,
    before: Iterable[ingest.StagedBatch] = (),
) -> list[ingest.StagedBatch]:
    """Read the header of every file of the plan; results go to staging, counts come back.

    The batches come after those that were staged `before`, and after those taken up.
    """
    plan = taken.plan
    staged = [*before, *taken.batches]
    if not plan.to_read:
        return staged
    expected = list(plan.taken_up)

    def batches() -> Iterator[Batch]:
        for batch in ingest.batches(plan, run.settings, run.lineage):
            expected.append(len(batch.entries))
            yield batch

    with run.reporter.progress("headers", plan.to_read, plan.bytes_to_read) as progress:
        for each in _stage_batches(run, engine, batches(), staging, plan.to_read):
            staged.append(each)
            run.readers.update(each.readers)
            run.fallbacks.update(each.fallbacks)
            progress.advance(each.files, each.bytes)
    ingest.reconcile(staged, expected)
    return staged


def _stage_batches(
    run: Run, engine: Engine, batches: Iterable[Batch], folder: Path, files: int
) -> Iterator[ingest.StagedBatch]:
    killed = KilledBatches(folder)

    def on_killed(batch: Batch, kill: Kill) -> list[Batch] | Done[ingest.StagedBatch | StagedPiece]:
        pieces = killed.pieces(batch, kill)
        if len(pieces) == 1 and is_given_up(pieces[0]):
            return Done(stage(pieces[0], folder))
        return pieces

    for staged in engine.map(
        partial(stage, staging=folder),
        batches,
        cost_s=files * HEADER_COST_S[run.settings.headers.reader],
        name=_batch_name,
        on_killed=on_killed,
    ):
        yield from killed.taken(staged)


def _commit_tables(
    run: Run, writer: LakeWriter, read: _Read, engine: Engine, staging: Path
) -> None:
    def contents(jobs: Sequence[ContentJob]) -> list[Content]:
        cost = sum(job.size for job in jobs) / CONTENT_BYTES_PER_S + len(jobs) * CONTENT_COST_S
        found = engine.map(
            read_content,
            jobs,
            cost_s=cost,
            name=_content_name,
            on_killed=once_more(lambda job, _: read_bytes(job)),
        )
        return list(found)

    def read_again(batches: Sequence[Batch], folder: Path) -> list[ingest.StagedBatch]:
        files = sum(len(batch.entries) for batch in batches)
        return list(_stage_batches(run, engine, batches, folder, files))

    def run_row(counts: ingest.IngestCounts) -> pa.Table:
        run.files = _file_counts(counts, run.readers, run.fallbacks, resumed=read.resumed)
        run.workers = engine.workers_used
        return run.runs_row()

    def change(base: Version) -> Change:
        made = ingest.ingest_change(
            base,
            read.plan,
            staging,
            run.lineage,
            run.settings,
            read_contents=contents,
            run_row=run_row,
            stage_batches=read_again,
            archives=read.archives.findings,
        )
        return _with_doses_of_all(run, base, made)

    run.committed(writer.commit(run.run_id, change, engine.map_parts()), "tables")


def _with_doses_of_all(run: Run, base: Version, change: Change) -> Change:
    """Return a change with devices and reference levels without the studies whose doses leave."""
    left = change.tables.get("dose_studies")
    if left is None or left.deletes is None:
        run.doses_left = frozenset()
        return change
    # Imported here: few runs take doses away.
    from dicomlake.pipeline.dose.stage import without_studies  # noqa: PLC0415  (slow import)

    run.doses_left = frozenset(map(str, left.deletes.column("study_instance_uid").to_pylist()))
    made = without_studies(base, left.deletes, run.settings.dose, run.lineage)
    return Change({**change.tables, **made}, change.sources)


def _file_counts(
    counts: ingest.IngestCounts, readers: Counter[str], fallbacks: Counter[str], *, resumed: int
) -> FileCounts:
    return FileCounts(
        seen=counts.files_seen,
        read=counts.files_read,
        unchanged=counts.unchanged,
        by_status=dict(counts.by_status),
        by_reason=dict(counts.by_reason),
        deleted=counts.deleted,
        moved=counts.moved,
        deletes_withheld=counts.withheld,
        readers=dict(sorted((readers + Counter(counts.heir_readers)).items())),
        fallbacks=dict(sorted((fallbacks + Counter(counts.heir_fallbacks)).items())),
        outdated=counts.outdated,
        resumed=resumed,
    )


def _batch_name(batch: Batch) -> str:
    return f"Batch {batch.number} of source {batch.source}"


def _content_name(job: ContentJob) -> str:
    return f"File {job.file_id}"
