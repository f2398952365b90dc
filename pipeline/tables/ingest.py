"""Ingest: from what a crawl found to one change of all tables.

Four steps, in this order: `plan_ingest` (crawl against ledger), `batches` (what to read),
`stage` (on workers), `ingest_change` (one change, computed against a version; pure but for reads,
so that it can be computed again when another run commits first).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.sources import require_apart
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.headers.columns import issues_table
from dicomlake.pipeline.headers.issues import Issue
from dicomlake.pipeline.tables.arrow_files import let_go
from dicomlake.pipeline.tables.census import IngestCounts, take_census
from dicomlake.pipeline.tables.claimants import ClaimSettler, Contested, ReadContents
from dicomlake.pipeline.tables.columnar import (
    Array,
    Chunked,
    drop_in,
    flat,
    is_in,
    joined,
    keep_in,
    pc,
    set_column,
    texts,
)
from dicomlake.pipeline.tables.commit import Change
from dicomlake.pipeline.tables.companions import ARCHIVE_CODES
from dicomlake.pipeline.tables.derived import ClaimChanges, claim_changes, derived_rows
from dicomlake.pipeline.tables.derived_doses import OBJECT_COLUMNS
from dicomlake.pipeline.tables.heirs import Heirs, StageBatches, stage_inline
from dicomlake.pipeline.tables.incoming import (
    Incoming,
    deleted_rows,
    read_incoming,
)
from dicomlake.pipeline.tables.ingest_plan import IngestPlan, SourcePlan
from dicomlake.pipeline.tables.keys import equal_rows
from dicomlake.pipeline.tables.merge import TableDelta
from dicomlake.pipeline.tables.rollups import PARENT_COLUMNS, roll_up
from dicomlake.pipeline.tables.staging import StagedBatch, reconcile, stage
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.tables.worklist import batches, plan_ingest
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES

__all__ = [
    "IngestCounts",
    "IngestPlan",
    "SourcePlan",
    "StagedBatch",
    "batches",
    "ingest_change",
    "plan_ingest",
    "reconcile",
    "stage",
]

_CONFLICT: Final = "conflicting_sop_instance"
_UID: Final = "sop_instance_uid"
_READ: Final = ("file_id", "header_sha256", "transfer_syntax_uid", "pixel_offset", "pixel_length",
                "schema_version")  # fmt: skip
"""Columns of `files` that are equal where the row of the instance is."""
_STATE: Final = ["file_id", "size", "mtime_ns", "reason"]


def ingest_change(  # noqa: PLR0917  (in the order in which a run makes them)
    base: Version,
    plan: IngestPlan,
    staging: Path,
    lineage: Lineage,
    settings: Settings,
    read_contents: ReadContents,
    run_row: Callable[[IngestCounts], pa.Table],
    *,
    stage_batches: StageBatches | None = None,
    archives: pa.Table | None = None,
) -> Change:
    """Return what a run changes in all tables, against a version.

    Args:
        base: version to change: the one planned on, or a newer one.
        plan: what was seen and to be read.
        staging: folder with the staged batches.
        lineage: of the run.
        settings: of the run.
        read_contents: reads files in full, in any order; only files that claim one UID.
        run_row: makes the row of `runs` from the counts.
        stage_batches: stages files that have to be read again, because the file that was the
            instance is gone, below a folder; inline when not given.
        archives: findings about what is in archives, where the run has looked into them; earlier
            ones stay where it has not.

    Raises:
        CommitConflictError: another run gave the name of a source to another folder.
        SourceError: another run added a source that overlaps one of these.
        ReconciliationError: a batch is missing, or the files seen are not the sum of their
            statuses.
    """
    require_apart([each.source for each in plan.sources], plan.base.sources, base.sources)
    roots = {**base.sources, **{each.source.name: each.source.root for each in plan.sources}}
    incoming = read_incoming(base, plan, staging, lineage)
    if archives is not None:
        incoming = replace(incoming, issues=pa.concat_tables([incoming.issues, archives]))
    settler = ClaimSettler(base, lineage, settings, roots, read_contents)
    heirs = Heirs(base, roots, staging, lineage, settings, stage_batches or stage_inline)
    contested = settler.settle(incoming)
    while contested.heirs.num_rows:
        incoming = incoming.with_read_again(heirs.read(contested.heirs))
        contested = settler.settle(incoming)
    let_go()
    current = _runs_like(base, lineage, settings) if plan.reprocess else None
    looked = archives is not None
    assembly = _Assembly(base, plan, lineage, incoming, contested, heirs, looked, current)
    change = assembly.change(run_row)
    let_go()
    return change


@dataclass(slots=True)
class _Assembly:
    """Puts the change together, table by table."""

    base: Version
    plan: IngestPlan
    lineage: Lineage
    incoming: Incoming
    contested: Contested
    heirs: Heirs
    looked_into_archives: bool
    current_runs: "Array | None" = None
    """Where every file is read again: the runs whose rows are up to date."""
    losers: Array = field(init=False)
    """The run's files that claim a UID and are not its instance."""
    updates: pa.Table = field(init=False)
    """Rows of `files` that change."""
    claims: ClaimChanges = field(init=False)

    def __post_init__(self) -> None:
        self.updates = self._files()
        self.claims = claim_changes(self.updates, self._before())
        files = self.contested.incoming
        claims = pc.is_valid(files.column(_UID))
        lost = pc.and_not(claims, is_in(files, "status", texts("ingested")))
        self.losers = files.column("file_id").filter(lost).combine_chunks()

    def change(self, run_row: Callable[[IngestCounts], pa.Table]) -> Change:
        existing = self._existing_instances()
        instances = self._instances()
        removed = self._removed(existing)
        leaving = keep_in(existing, _UID, joined(_UID, removed, instances))
        rolled = roll_up(self.base, leaving, instances, self.lineage)
        issues = pa.concat_tables(
            [self._issues(), self._conflict_issues(instances, existing), rolled.issues]
        )
        tables: dict[str, TableDelta] = {
            "files": TableDelta(self.updates, current_runs=self.current_runs),
            "instances": TableDelta(instances, removed.select([_UID])),
            **self._followers(leaving),
            **rolled.tables,
            "issues": TableDelta(issues, self._stale_issues(rolled.stale_issues, issues)),
            **derived_rows(self.base, self.claims, existing, instances, self.lineage),
        }
        counts = self._counts(instances, existing, removed, tables)
        tables["runs"] = TableDelta(run_row(counts))
        sources = {each.source.name: each.source.root for each in self.plan.sources}
        return Change({n: d for n, d in tables.items() if _has_rows(d)}, sources)

    def _files(self) -> pa.Table:
        moved = self.incoming.moved
        gone = deleted_rows(self.incoming.gone, moved, self.lineage, datetime.now(UTC))
        return pa.concat_tables([self.contested.incoming, self.contested.committed, gone])

    def _before(self) -> pa.Table:
        """Return the ledger's rows of the files that change, and of others."""
        return pa.concat_tables(
            [self.incoming.before, self.incoming.gone, self.contested.committed_before]
        )

    def _instances(self) -> pa.Table:
        """Return the instance rows of the run's files that are the instance of their UID."""
        return _leave_out(self.incoming.instances, "file_id", self.losers)

    def _followers(self, leaving: pa.Table) -> dict[str, TableDelta]:
        """Return the rows that come with the run's instances, and those of what they replace."""
        deltas = {}
        for name, rows in self.incoming.followers.items():
            table = TABLES[name]
            stale = _read(self.base, table, list(table.key), _UID, flat(leaving, _UID))
            deltas[name] = TableDelta(_leave_out(rows, "file_id", self.losers), stale)
        return deltas

    def _existing_instances(self) -> pa.Table:
        """Return keys and parents of the version's instances whose claims may have changed."""
        names = dict.fromkeys((_UID, *PARENT_COLUMNS, *OBJECT_COLUMNS))
        return _read(self.base, INSTANCES, list(names), _UID, self.contested.touched)

    def _removed(self, existing: pa.Table) -> pa.Table:
        return drop_in(existing, _UID, self.contested.claimed)

    def _issues(self) -> pa.Table:
        """Return the findings about the run's files; of a loser those about the file alone."""
        rows = self.incoming.issues
        of_losers = is_in(rows, "file_id", self.losers)
        return rows.filter(pc.invert(pc.and_(of_losers, pc.is_valid(rows.column("tag")))))

    def _conflict_issues(self, instances: pa.Table, existing: pa.Table) -> pa.Table:
        disputes = self.contested.disputes
        uids = texts(*(each.sop_instance_uid for each in disputes))
        names = [_UID, *PARENT_COLUMNS]
        parents: dict[str, tuple[str, str]] = {}
        for rows in (existing, instances.select(names)):
            for row in keep_in(rows, _UID, uids).to_pylist():
                pair = (row["study_instance_uid"], row["series_instance_uid"])
                parents[row["sop_instance_uid"]] = pair
        return issues_table(
            [
                Issue(
                    _CONFLICT,
                    each.file_id,
                    *parents[each.sop_instance_uid],
                    each.sop_instance_uid,
                    detail=each.detail,
                )
                for each in disputes
            ],
            self.lineage,
        )

    def _stale_issues(self, of_parents: Array, issues: pa.Table) -> pa.Table:
        """Return the ids of findings that leave: of changed files, of UIDs settled anew."""
        ids = [of_parents]
        demoted = self._demoted()
        changed = joined("file_id", self.contested.incoming, self.incoming.gone, demoted)
        names = ["issue_id", "file_id", "tag", "code"]
        found = _read(self.base, ISSUES, names, "file_id", changed)
        of_demoted = is_in(found, "file_id", flat(demoted, "file_id"))
        stays = pc.and_(of_demoted, pc.is_null(found.column("tag")))
        stays = pc.or_(stays, self._of_archives_not_looked_into(found))
        ids.append(flat(found.filter(pc.invert(stays)), "issue_id"))
        if self.base.number and len(self.contested.touched):
            conflicts = pc.field("code") == _CONFLICT
            found = self.base.read("issues", ["issue_id", _UID], conflicts)
            ids.append(flat(keep_in(found, _UID, self.contested.touched), "issue_id"))
        stale = pa.table({"issue_id": pa.concat_arrays(ids).unique()})
        return drop_in(stale, "issue_id", flat(issues, "issue_id"))

    def _of_archives_not_looked_into(self, found: pa.Table) -> Chunked:
        """Return which findings tell what is in an archive that is as it was."""
        told = is_in(found, "code", texts(*ARCHIVE_CODES))
        if self.looked_into_archives or not pc.any(told).as_py():
            return is_in(found, "code", texts())
        archives = texts("archive")
        now, before = (
            {tuple(row.values()) for row in keep_in(rows, "reason", archives).to_pylist()}
            for rows in (self.incoming.files.select(_STATE), self.incoming.before.select(_STATE))
        )
        same = texts(*(file_id for file_id, *_ in now & before))
        return cast("Chunked", pc.and_(told, is_in(found, "file_id", same)))

    def _demoted(self) -> pa.Table:
        """Return the rows of files not read that were the instance and are no longer."""
        return drop_in(self.contested.committed, "status", texts("ingested"))

    def _counts(
        self,
        instances: pa.Table,
        existing: pa.Table,
        removed: pa.Table,
        tables: Mapping[str, TableDelta],
    ) -> IngestCounts:
        census = take_census(self.plan, self.incoming, self.updates)
        replaced = keep_in(instances.select([_UID]), _UID, flat(existing, _UID))
        moved = len(self.incoming.moved)
        return IngestCounts(
            files_seen=self.plan.seen,
            files_read=self.plan.to_read,
            bytes_read=self.plan.bytes_to_read,
            unchanged=self.plan.unchanged,
            by_status=census.by_status,
            by_reason=census.by_reason,
            deleted=self.incoming.gone.num_rows - moved,
            moved=moved,
            withheld=self.incoming.withheld,
            hidden=self.plan.hidden,
            heirs=self.heirs.count,
            heir_readers=dict(self.heirs.readers),
            heir_fallbacks=dict(self.heirs.fallbacks),
            outdated=self.plan.outdated,
            instances_added=instances.num_rows - replaced.num_rows,
            instances_changed=self._count_changed(flat(replaced, _UID)),
            instances_removed=removed.num_rows,
            tables={name: delta.upserts.num_rows for name, delta in tables.items()},
        )

    def _count_changed(self, replaced: Array) -> int:
        """Return how many instances are of another file than before, or were read otherwise."""
        if not len(replaced):
            return 0
        old, new = (
            keep_in(rows.filter(pc.equal(rows.column("status"), "ingested")), _UID, replaced)
            for rows in (self._before(), self.contested.incoming)
        )
        now_at = self.claims.moved.followed(old.column("file_id"))
        old = set_column(old, "file_id", pc.coalesce(now_at, old.column("file_id")))
        place = pc.index_in(new.column(_UID), value_set=flat(old, _UID))
        known = pc.is_valid(place)
        names = list(_READ)
        same = equal_rows(
            new.filter(known).select(names), old.take(place.drop_null()).select(names)
        )
        return len(replaced) - int(same.sum())


def _runs_like(base: Version, lineage: Lineage, settings: Settings) -> Array:
    """Return the runs of a version that read files with this code and these settings."""
    if not base.number:
        return texts()
    rows = base.read("runs", ["run_id", "pipeline_version", "settings_sha256"])
    rows = keep_in(rows, "pipeline_version", texts(lineage.pipeline_version))
    return flat(keep_in(rows, "settings_sha256", texts(settings.sha256())), "run_id")


def _read(base: Version, table: Table, names: Sequence[str], key: str, values: Array) -> pa.Table:
    """Return columns of the rows of a version that hold one of the values."""
    columns = list(names)
    if not base.number or not len(values):
        return pa.schema([table.by_name[each].field() for each in columns]).empty_table()
    return base.read(table.name, columns, pc.field(key).isin(values))


def _leave_out(rows: pa.Table, name: str, values: Array) -> pa.Table:
    """Return the rows whose value is none of `values`; only batches that hold some are copied."""
    if not len(values) or not rows.num_rows:
        return rows
    kept: list[pa.Table] = []
    start = 0
    for chunk in rows.column(name).chunks:
        own = rows.slice(start, len(chunk))
        start += len(chunk)
        leaves = pc.is_in(chunk, value_set=values)
        kept.append(own.filter(pc.invert(leaves)) if pc.any(leaves).as_py() else own)
    return pa.concat_tables(kept)


def _has_rows(delta: TableDelta) -> bool:
    return bool(delta.upserts.num_rows or (delta.deletes is not None and delta.deletes.num_rows))
