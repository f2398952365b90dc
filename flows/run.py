"""A run under way: what it was asked for, what it knows so far, and what is recorded of it."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import pyarrow as pa

import dicomlake
from dicomlake.config.settings import Settings
from dicomlake.flows.reporter import Reporter
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.summary import (
    DoseCounts,
    FileCounts,
    RunSummary,
    VolumeCounts,
    peak_memory,
)
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.errors import DicomLakeError
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.records import one_row, timestamp_text
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.runs import RUNS

Result = TypeVar("Result")


@dataclass(slots=True)
class Run:
    """One run: its stages fill in the counts as they end."""

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
    doses_left: frozenset[str] = frozenset()
    """Studies whose dose rows left with their objects; those that are still there come back."""
    readers: Counter[str] = field(default_factory=Counter)
    """Files read by the headers stage, by reader."""
    fallbacks: Counter[str] = field(default_factory=Counter)
    """Those of them that the fast reader left to pydicom, by reason."""
    workers: int = 0
    where: str = "inline"

    @property
    def lineage(self) -> Lineage:
        """Return what every row of this run carries."""
        return Lineage(self.run_id, dicomlake.__version__, SCHEMA_VERSION)

    def stage(self, name: str, function: Callable[[], Result]) -> Result:
        """Do a stage by way of the reporter; its duration is kept."""
        started = time.monotonic()
        try:
            return self.reporter.stage(name, function)
        finally:
            self.stages_s[name] = round(time.monotonic() - started, 3)

    def committed(self, version: Version | None, what: str) -> None:
        """Take in the version that a stage committed, or None where nothing changed."""
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
        """Return what is recorded of this run, with the error that ended it if one did."""
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
        """Return the rows of every table as the run left them."""
        version = self.version
        return {name: version.rows(name) for name in TABLES} if version else {}


def _said(error: BaseException) -> str:
    """Return what a record may say: errors of other libraries may quote what they read."""
    return str(error) if isinstance(error, DicomLakeError) else type(error).__name__
