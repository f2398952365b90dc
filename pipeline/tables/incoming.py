"""What a run found about each path it saw, held against the ledger of a version.

The rows here are candidates: which of several files with one SOP Instance UID is the instance is
decided later (claimants.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa

from dicomlake.pipeline.discovery.paths import file_id
from dicomlake.pipeline.headers.attempt import Attempt, Lineage
from dicomlake.pipeline.tables.columnar import (
    Array,
    drop_in,
    flat,
    is_in,
    keep_in,
    pc,
    set_column,
    texts,
)
from dicomlake.pipeline.tables.ingest_plan import IngestPlan, SourcePlan
from dicomlake.pipeline.tables.keys import equal_rows
from dicomlake.pipeline.tables.moves import moved_away
from dicomlake.pipeline.tables.staging import FOLLOWERS, gather
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables.files import FILES

OUTSIDE_THE_FILE: Final = ("permission", "vanished", "io_error", "unstable", "too_new")
"""Reasons that say nothing about the file: an earlier row that does stays."""

_JUDGED: Final = ("ingested", "duplicate", "conflict", "not_dicom", "dicomdir", "quarantined")
"""Statuses that say something about the file."""

MOVED: Final = "moved"
_DEFERRING: Final = frozenset({"unstable", "too_new"})
_PLANNED_AGAINST: Final = ("size", "mtime_ns", "ctime_ns", "inode", "status", "last_changed_run")


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows for the paths a run saw, and the rows of the ledger they meet."""

    files: pa.Table
    """Rows of `files` that replace those of the ledger, or are new."""
    instances: pa.Table
    """Rows of `instances`, one for each of `files` that is `ingested`."""
    issues: pa.Table
    followers: Mapping[str, pa.Table]
    """Rows of the tables whose rows belong to an instance, by table."""
    before: pa.Table
    """Rows of the ledger for the paths seen and gone."""
    gone: pa.Table
    """Rows of the ledger whose paths are gone, and whose deletes go through."""
    moved: Array
    """Those of them whose files are at another path now."""
    kept: pa.Table
    """What was found of paths whose row of the ledger stays: file_id, status, reason."""
    seen_ids: Array
    """Every path seen, the unchanged apart."""
    unjudged_ids: Array
    """Paths that are gone and whose row stays all the same."""
    withheld: int
    """How many of these the guard withholds."""

    def with_read_again(self, again: "Incoming") -> "Incoming":
        """Return these rows together with those of files read again later."""
        return replace(
            self,
            files=pa.concat_tables([self.files, again.files]),
            instances=pa.concat_tables([self.instances, again.instances]),
            issues=pa.concat_tables([self.issues, again.issues]),
            followers={
                name: pa.concat_tables([rows, again.followers[name]])
                for name, rows in self.followers.items()
            },
            before=pa.concat_tables([self.before, again.before]),
        )


def followers_of(found: Attempt) -> dict[str, pa.Table]:
    """Return the rows of the tables whose rows belong to an instance, by table."""
    return {name: getattr(found, name) for name in FOLLOWERS}


def read_incoming(base: Version, plan: IngestPlan, staging: Path, lineage: Lineage) -> Incoming:
    """Return what the run found, held against the ledger of `base`.

    Args:
        base: version to change; may be newer than the one planned on.
        plan: what was to be read.
        staging: folder with the staged batches.
        lineage: of the run.

    Raises:
        ReconciliationError: a batch is missing or short.
    """
    staged = gather(staging, plan.batches)
    found = pa.concat_tables([staged.files, _refused_rows(plan.sources, lineage)])
    seen_ids = flat(found, "file_id")
    vanished = _vanished_ids(plan.sources)
    before = rows_of_files(base, pa.concat_arrays([seen_ids, vanished]))
    gone = _gone(base, plan, before, vanished, seen_ids)
    moved = moved_away(gone, found, before)
    withheld = _withheld(plan.sources, drop_in(gone, "file_id", moved))
    gone = drop_in(gone, "file_id", withheld)
    applied, kept = _apart_from_kept(found, before)
    judged = pc.is_in(vanished, value_set=pa.concat_arrays([flat(gone, "file_id"), seen_ids]))
    spared = vanished.filter(pc.invert(judged))
    return Incoming(
        files=with_first_seen(applied, before),
        instances=staged.instances,
        issues=drop_in(staged.issues, "file_id", flat(kept, "file_id")),
        followers=followers_of(staged),
        before=before,
        gone=gone,
        moved=moved,
        kept=kept.select(["file_id", "status", "reason"]),
        seen_ids=seen_ids,
        unjudged_ids=spared,
        withheld=len(withheld),
    )


def rows_of_files(base: Version, ids: Array) -> pa.Table:
    """Return the rows of the ledger for some paths."""
    if not len(ids) or not base.number:
        return FILES.empty()
    return base.read("files", None, pc.field("file_id").isin(ids))


def with_first_seen(files: pa.Table, before: pa.Table) -> pa.Table:
    """Return rows with the run that first saw their path, where the ledger knows one."""
    if not before.num_rows or not files.num_rows:
        return files
    place = pc.index_in(files.column("file_id"), value_set=flat(before, "file_id"))
    known = before.column("first_seen_run").take(place)
    return set_column(files, "first_seen_run", pc.coalesce(known, files.column("first_seen_run")))


def deleted_rows(gone: pa.Table, moved: Array, lineage: Lineage, now: datetime) -> pa.Table:
    """Return the rows of paths that are gone, as deleted at `now`; those of `moved` say so."""
    rows = with_lineage(gone, lineage)
    count = rows.num_rows
    rows = set_column(rows, "status", pa.array(["deleted"] * count, pa.string()))
    elsewhere = is_in(rows, "file_id", moved)
    reason = pc.if_else(elsewhere, pa.scalar(MOVED), pa.scalar(None, pa.string()))
    rows = set_column(rows, "reason", reason)
    stamp = pa.timestamp("us", tz="UTC")
    return set_column(rows, "deleted_at", pa.array([now] * count, stamp))


def with_lineage(files: pa.Table, lineage: Lineage) -> pa.Table:
    """Return rows of `files` as changed by a run."""
    count = files.num_rows
    run = pa.array([lineage.run_id] * count, pa.string())
    files = set_column(files, "last_changed_run", run)
    files = set_column(files, "run_id", run)
    version = pa.array([lineage.pipeline_version] * count, pa.string())
    files = set_column(files, "pipeline_version", version)
    return set_column(
        files, "schema_version", pa.array([lineage.schema_version] * count, pa.int16())
    )


def _refused_rows(plans: Iterable[SourcePlan], lineage: Lineage) -> pa.Table:
    """Return the rows of paths that are not opened."""
    columns: dict[str, list[object]] = {name: [] for name in FILES.by_name}
    shared: Mapping[str, object] = {
        "first_seen_run": lineage.run_id,
        "last_changed_run": lineage.run_id,
        "run_id": lineage.run_id,
        "pipeline_version": lineage.pipeline_version,
        "schema_version": lineage.schema_version,
    }
    for plan in plans:
        name = plan.source.name
        for refusal in plan.refusals():
            row = {
                **shared,
                "file_id": file_id(name, refusal.path),
                "source": name,
                "path": refusal.path,
                "status": "deferred" if refusal.reason in _DEFERRING else "skipped",
                "reason": refusal.reason,
            }
            for column, values in columns.items():
                values.append(row.get(column))
    schema = FILES.schema()
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def _vanished_ids(plans: Iterable[SourcePlan]) -> Array:
    return texts(
        *(file_id(plan.source.name, path) for plan in plans for path in plan.vanished_paths())
    )


def _withheld(plans: Iterable[SourcePlan], lost: pa.Table) -> Array:
    """Return the files whose deletes the guard withholds: of sources that lost too many.

    The plan says what the crawl alone shows; here the headers have told what was moved.

    Args:
        plans: with the greatest loss of each source that goes through.
        lost: rows of the ledger that are gone, and at no other path.
    """
    held = [texts()]
    for plan in plans:
        own = keep_in(lost, "source", texts(plan.source.name))
        if plan.most_deletes is not None and own.num_rows > plan.most_deletes:
            held.append(flat(own, "file_id"))
    return pa.concat_arrays(held)


def _gone(
    base: Version,
    plan: IngestPlan,
    before: pa.Table,
    vanished: Array,
    seen_ids: Array,
) -> pa.Table:
    """Return the rows to delete: gone, not seen under the same path, still as planned against."""
    if not len(vanished):
        return before.slice(0, 0)
    rows = keep_in(before, "file_id", vanished)
    rows = drop_in(rows, "status", texts("deleted"))
    rows = drop_in(rows, "file_id", seen_ids)
    if base.number == plan.base.number:
        return rows
    planned = rows_of_files(plan.base, flat(rows, "file_id"))
    place = pc.index_in(rows.column("file_id"), value_set=flat(planned, "file_id"))
    known = pc.is_valid(place)
    rows, planned = rows.filter(known), planned.take(place.drop_null())
    names = list(_PLANNED_AGAINST)
    same = equal_rows(rows.select(names), planned.select(names))
    return rows.filter(pa.array(same))


def _apart_from_kept(found: pa.Table, before: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Split what was found: what replaces the ledger's rows, and what leaves them as they are."""
    outside = pc.and_(
        is_in(found, "status", texts("skipped", "deferred")),
        is_in(found, "reason", texts(*OUTSIDE_THE_FILE)),
    )
    judged = keep_in(before, "status", texts(*_JUDGED))
    stays = pc.and_(outside, is_in(found, "file_id", flat(judged, "file_id")))
    if not pc.any(stays).as_py():
        return found, found.slice(0, 0)
    return found.filter(pc.invert(stays)), found.filter(stays)
