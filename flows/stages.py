"""The stages of a run, in order: the one composition, whoever watches it and wherever it works.

Imports neither Prefect nor Dask: a reporter and an engine stand between. A stage that fails ends
the run; what an earlier stage committed stays, what this one did is left in staging.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pyarrow as pa

import dicomlake
from dicomlake.config.settings import Settings
from dicomlake.flows.engine import Engine, cores
from dicomlake.flows.records import one_row, timestamp_text
from dicomlake.flows.reporter import Progress, Reporter
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.summary import (
    DoseCounts,
    FileCounts,
    RunSummary,
    VolumeCounts,
    peak_memory,
)
from dicomlake.pipeline.discovery.sources import Source, resolve_sources
from dicomlake.pipeline.errors import DicomLakeError, ReconciliationError, UsageError
from dicomlake.pipeline.headers.attempt import Batch, Lineage
from dicomlake.pipeline.pixels.content import Content, ContentJob, read_content
from dicomlake.pipeline.series.committed import CommittedSeries
from dicomlake.pipeline.tables import ingest
from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version, open_version
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
    pending_series,
    series_jobs,
    shard_cost_s,
    volumes_change,
    write_shards,
    written_shards,
)
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.runs import RUNS

if TYPE_CHECKING:
    from dicomlake.pipeline.dose.stage import StudiesJob, StudiesResult

Result = TypeVar("Result")

HEADER_COST_S: Final = {"fast": 0.0001, "pydicom": 0.0025}
"""Work to read one header and write its rows, in seconds of one core, by reader."""
UNKNOWN_WORKERS: Final = 16
"""Workers that a cluster is taken to have when batches are cut."""
CONTENT_COST_S: Final = 0.005
SERIES_COST_S: Final = 0.01
SLICE_COST_S: Final = 0.008
"""Work to read, write and verify half a megabyte of pixels."""
CONTENT_BYTES_PER_S: Final = 200e6


_FROM_ROWS: Final = ("volumes", "dose")
"""Commands that work from committed rows."""


def execute(
    request: RunRequest, command: Command, settings: Settings, reporter: Reporter
) -> RunSummary:
    """Do a run: open, plan, headers, tables, volumes, dose; each stage commits at most once.

    Args:
        request: what to read and where to.
        command: `run` (everything), `ingest` (tables only), `volumes` or `dose` (from committed
            rows).
        settings: of the run.
        reporter: hears what happens, and calls the stages.

    Returns:
        What was done. Every run that could open the lake also has its line in `runs.jsonl`.

    Raises:
        DicomLakeError: with its exit code; nothing of the stage that failed is committed.
    """
    request.require_one_choice()
    if command in _FROM_ROWS and request.sources:
        raise UsageError(f"`{command}` takes no source:", "it works from the committed tables.")
    if command not in _FROM_ROWS and not request.sources:
        raise UsageError("No source is named.", f"Say which folder: dicomlake {command} FOLDER")
    run = _Run(request, command, settings, reporter)
    return run.do()


def new_run_id(now: datetime) -> str:
    """Return the identity of a run: when it started, and chance."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


@dataclass(slots=True)
class _Run:
    """One run under way: what it knows so far."""

    request: RunRequest
    command: Command
    settings: Settings
    reporter: Reporter
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)
    run_id: str = ""
    sources: tuple[Source, ...] = ()
    version_before: int = 0
    version: Version | None = None
    stages_s: dict[str, float] = field(default_factory=dict)
    files: FileCounts | None = None
    volumes: VolumeCounts | None = None
    dose: DoseCounts | None = None
    readers: Counter[str] = field(default_factory=Counter)
    """Files read by the headers stage, by reader."""
    fallbacks: Counter[str] = field(default_factory=Counter)
    """Those of them that the fast reader left to pydicom, by reason."""
    workers: int = 0
    where: str = "inline"

    @property
    def lineage(self) -> Lineage:
        return Lineage(self.run_id, dicomlake.__version__, SCHEMA_VERSION)

    def do(self) -> RunSummary:
        self.run_id = new_run_id(self.started)
        with self.stage("open", self.open) as writer:
            staging = writer.staging(self.run_id)
            try:
                with Engine(self.settings.engine, folder=staging) as engine:
                    try:
                        self.work(writer, engine, staging)
                    finally:
                        self.workers, self.where = engine.workers_used, engine.where
            except BaseException as error:
                # Also Ctrl-C and SIGTERM: a run that ended early has its line, then ends.
                writer.record_run(self.summary(error).as_json())
                raise
            summary = self.summary()
            writer.record_run(summary.as_json())
        return summary

    def stage(self, name: str, function: Callable[[], Result]) -> Result:
        started = time.monotonic()
        try:
            return self.reporter.stage(name, function)
        finally:
            self.stages_s[name] = round(time.monotonic() - started, 3)

    def open(self) -> LakeWriter:
        """Open the lake, once what it is opened for is known: a typing error makes no lake."""
        lake = self.request.lake
        if self.command in _FROM_ROWS:
            open_version(lake)
        resolve_sources(self.request.sources, {}, lake)
        writer = open_for_writing(lake, self.settings)
        try:
            self.version = writer.base
            self.version_before = writer.base.number
            self.sources = resolve_sources(self.request.sources, writer.base.sources, lake)
        except BaseException:
            writer.close()
            raise
        return writer

    def work(self, writer: LakeWriter, engine: Engine, staging: Path) -> None:
        if self.command in ("run", "ingest"):
            self.make_tables(writer, engine, staging)
        if self.command == "volumes" or (self.command == "run" and self.settings.run.volumes):
            self.make_volumes(writer, engine, staging)
        if self.command == "dose" or (self.command == "run" and self.settings.run.dose):
            self.make_dose(writer, engine, staging)

    def make_tables(self, writer: LakeWriter, engine: Engine, staging: Path) -> None:
        plan = self.stage("crawl", lambda: self.plan(writer.base, engine, staging))
        self.reporter.info(
            f"{plan.seen:,} files seen, {plan.unchanged:,} unchanged, {plan.to_read:,} to read"
        )
        if plan.outdated:
            self.reporter.info(f"{plan.outdated:,} of them again, for the columns of a new schema")
        self.stage("headers", lambda: self.read_headers(plan, engine, staging))
        self.stage("tables", lambda: self.commit_tables(writer, plan, engine, staging))

    def plan(self, base: Version, engine: Engine, staging: Path) -> ingest.IngestPlan:
        cost_s = HEADER_COST_S[self.settings.headers.reader]
        with self.reporter.progress("crawl") as progress:
            return ingest.plan_ingest(
                base,
                self.sources,
                self.settings,
                staging,
                allow_deletes=self.request.allow_deletes,
                only_failed=self.request.only_failed,
                reprocess=self.request.reprocess,
                on_seen=progress.advance,
                on_to_read=lambda files: engine.expect(files * cost_s),
                workers=self.likely_workers(),
            )

    def likely_workers(self) -> int:
        """Return how many processes the work is cut for."""
        engine = self.settings.engine
        if engine.scheduler:
            return UNKNOWN_WORKERS
        return cores() if engine.workers == "auto" else engine.workers

    def read_headers(self, plan: ingest.IngestPlan, engine: Engine, staging: Path) -> None:
        """Read the header of every file of the plan; results go to staging, counts come back."""
        if not plan.to_read:
            return
        expected: list[int] = []

        def batches() -> Iterator[Batch]:
            for batch in ingest.batches(plan, self.settings, self.lineage):
                expected.append(len(batch.entries))
                yield batch

        staged = []
        with self.reporter.progress("headers", plan.to_read, plan.bytes_to_read) as progress:
            for each in self.stage_batches(engine, batches(), staging, plan.to_read):
                staged.append(each)
                self.readers.update(each.readers)
                self.fallbacks.update(each.fallbacks)
                progress.advance(each.files, each.bytes)
        ingest.reconcile(staged, expected)

    def stage_batches(
        self, engine: Engine, batches: Iterable[Batch], folder: Path, files: int
    ) -> Iterator[ingest.StagedBatch]:
        return engine.map(
            partial(ingest.stage, staging=folder),
            batches,
            cost_s=files * HEADER_COST_S[self.settings.headers.reader],
            name=_batch_name,
        )

    def commit_tables(
        self, writer: LakeWriter, plan: ingest.IngestPlan, engine: Engine, staging: Path
    ) -> None:
        def contents(jobs: Sequence[ContentJob]) -> list[Content]:
            cost = sum(job.size for job in jobs) / CONTENT_BYTES_PER_S + len(jobs) * CONTENT_COST_S
            return list(engine.map(read_content, jobs, cost_s=cost, name=_content_name))

        def read_again(batches: Sequence[Batch], folder: Path) -> list[ingest.StagedBatch]:
            files = sum(len(batch.entries) for batch in batches)
            return list(self.stage_batches(engine, batches, folder, files))

        def run_row(counts: ingest.IngestCounts) -> pa.Table:
            self.files = _file_counts(counts, self.readers, self.fallbacks)
            self.workers = engine.workers_used
            return self.runs_row()

        def change(base: Version) -> Change:
            return ingest.ingest_change(
                base,
                plan,
                staging,
                self.lineage,
                self.settings,
                read_contents=contents,
                run_row=run_row,
                stage_batches=read_again,
            )

        self.committed(writer.commit(self.run_id, change, engine.map_parts()), "tables")

    def make_volumes(self, writer: LakeWriter, engine: Engine, staging: Path) -> None:
        base = writer.base
        try:
            results = self.stage("volumes", lambda: self.build_volumes(base, engine, staging))
        finally:
            # Also where a full disk ended it: no later run takes up the shards of this one.
            clear_staging(staging)
        if results:
            self.stage("commit volumes", lambda: self.commit_volumes(writer, engine, results))

    def build_volumes(self, base: Version, engine: Engine, staging: Path) -> list[SeriesResult]:
        """Judge every series without a verdict, and write the volumes of those accepted."""
        pending = pending_series(base)
        if not pending:
            self.volumes = VolumeCounts(0, 0, {})
            return []
        with self.reporter.progress("volumes", len(pending), unit="series") as progress:
            results, begun = self.begin_series(base, engine, staging, pending, progress)
            for result in self.finish_series(engine, begun):
                results.append(result)
                progress.advance(1)
        if len(results) != len(pending):
            raise ReconciliationError(
                f"{len(pending):,} series were to be judged, {len(results):,} were.",
                "No volume was committed; run again.",
            )
        # Workers finish in any order; rows must not depend on it.
        results.sort(
            key=lambda result: (result.key.study_instance_uid, result.key.series_instance_uid)
        )
        counts = dict(counts_by_verdict(results))
        accepted = counts.pop("accepted", 0)
        self.volumes = VolumeCounts(len(results), accepted, counts, count_unread(results))
        return results

    def begin_series(
        self,
        base: Version,
        engine: Engine,
        staging: Path,
        pending: Sequence[CommittedSeries],
        progress: Progress,
    ) -> tuple[list[SeriesResult], list[SeriesBegun]]:
        """Judge every series; build what is little work, and plan what is large."""
        slices = sum(series.n_slices for series in pending)
        jobs = series_jobs(base, self.settings, staging, self.lineage, pending)
        results: list[SeriesResult] = []
        begun: list[SeriesBegun] = []
        cost_s = slices * SLICE_COST_S + len(pending) * SERIES_COST_S
        for each in engine.map(begin_series, jobs, cost_s=cost_s, name=_series_name):
            if isinstance(each, SeriesBegun):
                begun.append(each)
            else:
                results.append(each)
                progress.advance(1)
        return results, begun

    @staticmethod
    def finish_series(engine: Engine, begun: list[SeriesBegun]) -> Iterator[SeriesResult]:
        """Yield the results of series with large volumes: shards by many tasks, then each whole."""
        begun.sort(key=lambda each: (each.key.study_instance_uid, each.key.series_instance_uid))
        cost_s = shard_cost_s(begun, TASK_S)
        written = written_shards(
            begun,
            lambda jobs: engine.map(write_shards, jobs, cost_s=cost_s, name=_shards_name),
            cores=engine.workers_used or cores(),
        )
        return engine.map(finish_series, written, cost_s=cost_s / 2, name=_finish_name)

    def commit_volumes(
        self, writer: LakeWriter, engine: Engine, results: list[SeriesResult]
    ) -> None:
        self.workers = engine.workers_used

        def change(base: Version) -> Change:
            made = volumes_change(base, results)
            return Change(
                {**made.tables, RUNS.name: TableDelta(self.runs_row())}, sources=made.sources
            )

        self.committed(writer.commit(self.run_id, change, engine.map_parts()), "volumes")

    def make_dose(self, writer: LakeWriter, engine: Engine, staging: Path) -> None:
        # Imported here: a run without doses does not pay for it, nor do the other commands.
        from dicomlake.pipeline.dose import stage as dose  # noqa: PLC0415  (slow import)

        base = writer.base
        results = self.stage("dose", lambda: self.read_doses(base, engine, staging))
        assert self.dose is not None
        outdated = dose.levels_outdated(base, self.settings.dose)
        if not (results or self.dose.gone or outdated):
            return

        def change(base: Version) -> Change:
            made = dose.dose_change(base, results, self.settings.dose, self.lineage, staging)
            return Change({**made.tables, RUNS.name: TableDelta(self.runs_row())})

        def commit() -> Version | None:
            self.workers = engine.workers_used
            return writer.commit(self.run_id, change, engine.map_parts())

        self.committed(self.stage("commit dose", commit), "dose")

    def read_doses(self, base: Version, engine: Engine, staging: Path) -> "list[StudiesResult]":
        """Read the dose of every study whose objects are not those of its rows."""
        from dicomlake.pipeline.dose import stage as dose  # noqa: PLC0415  (slow import)

        settings = self.settings.dose
        pending = dose.pending_studies(base, settings, everything=self.request.reprocess)
        results = []
        counts: Counter[str] = Counter()
        if pending.studies:
            jobs = dose.study_jobs(base, self.settings, staging, self.lineage, pending.studies)
            cost_s = dose.cost_s(pending.studies)
            shown = self.reporter.progress("dose", len(pending.studies), unit="studies")
            with shown as progress:
                for each in engine.map(dose.read_studies, jobs, cost_s=cost_s, name=_studies_name):
                    results.append(each)
                    counts.update(each.counts)
                    progress.advance(len(each.studies))
        read = sum(len(each.studies) for each in results)
        if read != len(pending.studies):
            raise ReconciliationError(
                f"{len(pending.studies):,} studies were to be read for doses, {read:,} were.",
                "No dose was committed; run again.",
            )
        self.dose = DoseCounts(read, gone=len(pending.gone), **counts)
        return results

    def committed(self, version: Version | None, what: str) -> None:
        if version is None:
            self.reporter.info(f"{what}: nothing changed, no version")
            return
        self.version = version
        self.reporter.info(f"{what}: committed version {version.number}")

    def runs_row(self) -> pa.Table:
        """Return this run's row of `runs`, with what is known of it so far."""
        now = datetime.now(UTC)
        files, volumes, dose = self.files, self.volumes, self.dose
        values: dict[str, Any] = {
            "command": self.command,
            "sources": sorted(source.name for source in self.sources),
            "started_at": timestamp_text(self.started),
            "committed_at": timestamp_text(now),
            "duration_s": round(time.monotonic() - self.clock, 3),
            "base_version": self.version_before,
            "files_seen": files and files.seen,
            "files_read": files and files.read,
            "files_by_status": files and files.by_status,
            "files_by_reader": files and files.readers,
            "fallbacks": files and files.fallbacks,
            "files_outdated": files and files.outdated,
            "volumes_accepted": volumes and volumes.accepted,
            "volumes_rejected": volumes and sum(volumes.rejected.values()),
            "dose_studies": dose and dose.studies,
            "dose_reports": dose and dose.reports,
            "dose_events": dose and dose.events,
            "dose_exams": dose and dose.exams,
            "workers": self.workers,
            "settings_sha256": self.settings.sha256(),
            "run_id": self.run_id,
            "pipeline_version": dicomlake.__version__,
            "schema_version": SCHEMA_VERSION,
        }
        return one_row(RUNS, values)

    def summary(self, error: BaseException | None = None) -> RunSummary:
        after = self.version.number if self.version else self.version_before
        changed = "committed" if after != self.version_before else "unchanged"
        return RunSummary(
            run_id=self.run_id,
            command=self.command,
            lake=str(self.request.lake),
            outcome="failed" if error else changed,
            version_before=self.version_before,
            version_after=after,
            started_at=self.started.isoformat(timespec="milliseconds"),
            duration_s=round(time.monotonic() - self.clock, 3),
            stages_s=dict(self.stages_s),
            where=self.where,
            workers=self.workers,
            tracked_at=self.reporter.tracked_at,
            sources={source.name: source.root for source in self.sources},
            files=self.files,
            volumes=self.volumes,
            dose=self.dose,
            tables=self.table_rows(),
            peak_memory_bytes=peak_memory(),
            error=_said(error) if error else "",
        )

    def table_rows(self) -> Mapping[str, int]:
        version = self.version
        return {name: version.rows(name) for name in TABLES} if version else {}


def _said(error: BaseException) -> str:
    """Return what a record may say: errors of other libraries may quote what they read."""
    return str(error) if isinstance(error, DicomLakeError) else type(error).__name__


def _file_counts(
    counts: ingest.IngestCounts, readers: Counter[str], fallbacks: Counter[str]
) -> FileCounts:
    return FileCounts(
        seen=counts.files_seen,
        read=counts.files_read,
        unchanged=counts.unchanged,
        by_status=dict(counts.by_status),
        by_reason=dict(counts.by_reason),
        deleted=counts.deleted,
        deletes_withheld=counts.withheld,
        readers=dict(sorted((readers + Counter(counts.heir_readers)).items())),
        fallbacks=dict(sorted((fallbacks + Counter(counts.heir_fallbacks)).items())),
        outdated=counts.outdated,
    )


def _batch_name(batch: Batch) -> str:
    return f"Batch {batch.number} of source {batch.source}"


def _content_name(job: ContentJob) -> str:
    return f"File {job.file_id}"


def _series_name(job: SeriesJob) -> str:
    """Return what a message calls a series: a file of it, for its UID is a DICOM value."""
    return f"The series of file {job.rows.instances.column('file_id')[0].as_py()}"


def _studies_name(job: "StudiesJob") -> str:
    """Return what a message calls studies: a file of them, for a UID is a DICOM value."""
    rows = job.studies[0].instances
    first = rows.column("file_id")[0].as_py() if rows.num_rows else "that left"
    return f"{len(job.studies)} studies from that of file {first} on"


def _shards_name(job: ShardJob) -> str:
    return f"Shards {job.first} to {job.last - 1} of the series of file {job.series.label}"


def _finish_name(job: FinishJob) -> str:
    return f"The series of file {job.series.label}"
