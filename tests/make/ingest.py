"""A lake filled from source trees the way a run fills it: plan, stage, change, commit."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.sources import resolve_sources
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.pixels.content import Content, ContentJob, read_content
from dicomlake.pipeline.tables.commit import Change, LakeWriter, TableDelta, open_for_writing
from dicomlake.pipeline.tables.ingest import (
    IngestCounts,
    IngestPlan,
    StagedBatch,
    batches,
    ingest_change,
    plan_ingest,
    stage,
)
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import table
from dicomlake.schemas.tables.runs import RUNS
from make.content import SETTINGS


@dataclass
class Done:
    """What one ingest did."""

    version: Version | None
    plan: IngestPlan
    counts: IngestCounts
    staged: list[StagedBatch]
    hashed: list[ContentJob] = field(default_factory=list)

    def read_paths(self) -> int:
        return sum(each.files for each in self.staged)


class Ingester:
    """Ingests into one lake, again and again, each time as a new run."""

    def __init__(self, lake: Path, settings: Settings = SETTINGS) -> None:
        self.lake = lake
        self.settings = settings
        self._runs = itertools.count(1)

    def __call__(
        self,
        *sources: str | Path,
        before_commit: Callable[[], Any] = lambda: None,
        content: Callable[[ContentJob], Content] = read_content,
        **options: Any,
    ) -> Done:
        """Ingest sources; `before_commit` is done between staging and commit."""
        run_id = f"run-{next(self._runs):04d}"
        with open_for_writing(self.lake, self.settings) as writer:
            return self._ingest(writer, run_id, sources, before_commit, content, options)

    def _ingest(
        self,
        writer: LakeWriter,
        run_id: str,
        sources: Sequence[str | Path],
        before_commit: Callable[[], Any],
        content: Callable[[ContentJob], Content],
        options: dict[str, Any],
    ) -> Done:
        lineage = Lineage(run_id, "0.1.0", SCHEMA_VERSION)
        staging = writer.staging(run_id)
        known = resolve_sources([str(s) for s in sources], writer.base.sources, self.lake)
        plan = plan_ingest(writer.base, known, self.settings, staging, **options)
        staged = [stage(batch, staging) for batch in batches(plan, self.settings, lineage)]
        before_commit()
        counted: list[IngestCounts] = []
        hashed: list[ContentJob] = []

        def contents(jobs: Sequence[ContentJob]) -> Iterable[Content]:
            hashed.extend(jobs)
            return [content(job) for job in jobs]

        def run_row(counts: IngestCounts) -> pa.Table:
            counted.append(counts)
            return one_run(run_id, counts, writer.base.number, self.settings, lineage)

        version = writer.commit(
            run_id,
            lambda base: ingest_change(
                base, plan, staging, lineage, self.settings, contents, run_row
            ),
        )
        return Done(version, plan, counted[-1], staged, hashed)

    def rows(self, table: str, *columns: str) -> list[dict[str, Any]]:
        return open_version(self.lake).read(table, columns or None).to_pylist()

    def statuses(self) -> dict[str, tuple[str, str | None]]:
        """Return status and reason of every file by `source/path`, deleted ones included."""
        rows = self.rows("files", "source", "path", "status", "reason")
        return {f"{r['source']}/{r['path']}": (r["status"], r["reason"]) for r in rows}

    def codes(self) -> list[str]:
        """Return the codes of all issues, sorted."""
        return sorted(row["code"] for row in self.rows("issues", "code"))


def one_run(
    run_id: str, counts: IngestCounts, base: int, settings: Settings, lineage: Lineage
) -> pa.Table:
    now = datetime.now(UTC)
    row = {
        "command": "ingest",
        "sources": [],
        "started_at": now,
        "committed_at": now,
        "duration_s": 0.0,
        "base_version": base,
        "files_seen": counts.files_seen,
        "files_read": counts.files_read,
        "files_by_status": list(counts.by_status.items()),
        "workers": 0,
        "settings_sha256": settings.sha256(),
        "run_id": run_id,
        "pipeline_version": lineage.pipeline_version,
        "schema_version": lineage.schema_version,
    }
    return pa.Table.from_pylist([row], schema=RUNS.schema())


def add_volume_rows(ingest: Ingester) -> None:
    """Commit rows of `volumes` and `volume_instances` for all series of a lake."""
    lineage = {"run_id": "v", "pipeline_version": "0.1.0", "schema_version": SCHEMA_VERSION}
    rows = ingest.rows("instances")
    series = {(r["study_instance_uid"], r["series_instance_uid"]) for r in rows}
    volumes = [
        {
            "volume_id": f"{k:032x}",
            "study_instance_uid": study,
            "series_instance_uid": one,
            "status": "rejected",
            "reason": "TOO_FEW_SLICES",
            **lineage,
        }
        for k, (study, one) in enumerate(sorted(series))
    ]
    members = [
        {
            **{name: row[name] for name in ("study_instance_uid", "series_instance_uid")},
            "sop_instance_uid": row["sop_instance_uid"],
            "frame_number": None if k % 2 else 1,
            "role": "excluded",
            "reason": "LOCALIZER",
            "file_id": row["file_id"],
            **lineage,
        }
        for k, row in enumerate(rows)
    ]
    deltas = {
        name: TableDelta(type(table(name).empty()).from_pylist(found, table(name).schema()))
        for name, found in (("volumes", volumes), ("volume_instances", members))
    }
    with open_for_writing(ingest.lake, SETTINGS) as writer:
        assert writer.commit("v", lambda _: Change(deltas)) is not None
