"""A run that keeps a lake in order, such as a rollback: its row of `runs`, its line in the log."""

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from dicomlake import __version__
from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta
from dicomlake.pipeline.tables.records import one_row, timestamp_text
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.runs import RUNS

COMMITTED: Final = "committed"
UNCHANGED: Final = "unchanged"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class MaintenanceRun:
    """One such run, from when it is made."""

    command: str
    run_id: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    clock: float = field(default_factory=time.monotonic)

    def commit(self, writer: LakeWriter, build: Callable[[Version], Change]) -> Version | None:
        """Commit a change together with the run's row of `runs`, and record the run.

        Raises:
            DicomLakeError, OSError: the commit failed; that is recorded too if it can be.
        """
        before = writer.base.number

        def with_row(base: Version) -> Change:
            change = build(base)
            row = TableDelta(one_row(RUNS, self._row(writer, base)))
            return Change(
                {**change.tables, RUNS.name: row}, change.sources, change.restored, change.compact
            )

        try:
            version = writer.commit(self.run_id, with_row)
        except Exception as error:  # whatever it is: the line says so, and it goes on
            with contextlib.suppress(OSError):  # the disk that failed may hold the log too
                self._record(writer, FAILED, before, before, {"error": type(error).__name__})
            raise
        after = version.number if version else writer.base.number
        self._record(writer, COMMITTED if version else UNCHANGED, after - bool(version), after)
        return version

    def _row(self, writer: LakeWriter, base: Version) -> Mapping[str, object]:
        return {
            "command": self.command,
            "sources": [],
            "started_at": timestamp_text(self.started),
            "committed_at": timestamp_text(datetime.now(UTC)),
            "duration_s": self._seconds(),
            "base_version": base.number,
            "workers": 0,
            "settings_sha256": writer.settings.sha256(),
            "run_id": self.run_id,
            "pipeline_version": __version__,
            "schema_version": SCHEMA_VERSION,
        }

    def _seconds(self) -> float:
        return round(time.monotonic() - self.clock, 3)

    def _record(
        self,
        writer: LakeWriter,
        outcome: str,
        before: int,
        after: int,
        more: Mapping[str, object] | None = None,
    ) -> None:
        writer.record_run(
            {
                "run_id": self.run_id,
                "command": self.command,
                "lake": str(writer.lake),
                "outcome": outcome,
                "version_before": before,
                "version_after": after,
                "started_at": self.started.isoformat(timespec="seconds"),
                "duration_s": self._seconds(),
                **(more or {}),
            }
        )
