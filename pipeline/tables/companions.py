"""Companion sources: what was in the archives of a source, read like any other tree of files.

The source `ward` has the companion `ward.archives`, whose root lies in the lake. Its crawl shows
the folders of those archives alone whose members are to be in the tables now, so that all that
follows (ledger, moves, guard, settling of UIDs, volumes) treats members as it treats files. A
folder on disk that no row needs any more is removed once the version that does not is committed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa

from dicomlake.pipeline.discovery.paths import file_id
from dicomlake.pipeline.discovery.sources import COMPANION, Source
from dicomlake.pipeline.errors import SourceError
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.headers.columns import issues_table
from dicomlake.pipeline.headers.issues import Issue
from dicomlake.pipeline.tables.columnar import flat, keep_in, pc, texts
from dicomlake.pipeline.tables.incoming import OUTSIDE_THE_FILE
from dicomlake.pipeline.tables.ingest_plan import SourcePlan
from dicomlake.pipeline.tables.layout import TEMPORARY, UNPACKED
from dicomlake.pipeline.tables.locks import Names, remove
from dicomlake.pipeline.tables.staging import StagedBatch, staged_files
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.tables.unpacking import (
    KEY,
    KEY_LENGTH,
    SUFFIX,
    Archive,
    Unpacked,
    file_id_of,
    note_of,
)
from dicomlake.pipeline.tables.worklist import ledger_of

_NOT_READ: Final = ("skipped", "deferred")
_SIGHTED: Final = ("source", "file_id", "path", "size", "mtime_ns", "reason")
_CODES: Final[Mapping[str, str]] = {
    "unpacked": "archive_unpacked",
    "limit": "archive_limit",
    "damaged": "archive_damaged",
    "unread": "archive_unread",
}
_PASSED_OVER: Final = "archive_members_passed_over"
ARCHIVE_CODES: Final = (*_CODES.values(), _PASSED_OVER)
"""Findings about what is in an archive."""


@dataclass(slots=True)
class Sighted:
    """What a run has met of the archives of a source."""

    archives: dict[str, Archive] = field(default_factory=dict)
    """By file_id."""
    undecided: set[str] = field(default_factory=set)
    """Files of which it is not known what they are now, for reasons outside them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Folders of unpacked archives of a source."""

    kept: frozenset[str]
    """Their members are to be in the tables."""
    gone: frozenset[str]
    """Their members are in the tables, and are to leave."""


def companion_of(source: Source, lake: Path, known: Mapping[str, str]) -> Source:
    """Return the companion of a source.

    Args:
        source: as the run names it.
        lake: folder of the lake.
        known: names and roots of the sources that the lake has.

    Raises:
        SourceError: another folder has the companion's name.
    """
    found = Source(source.name + COMPANION, str(lake / UNPACKED / source.name))
    if known.get(found.name, found.root) != found.root:
        raise SourceError(
            f"The source {found.name!r} is a folder of its own, but archives of {source.name!r} "
            "would be read under that name.",
            f"Read {source.root!r} into another lake, or without --archives.",
        )
    return found


def sighted(
    plans: Iterable[SourcePlan], staging: Path, staged: Iterable[StagedBatch]
) -> dict[str, Sighted]:
    """Return the archives that a run has met, by source.

    Args:
        plans: of its sources.
        staging: folder of the run.
        staged: the batches that it has read.
    """
    found: dict[str, Sighted] = defaultdict(Sighted)
    for batch in staged:
        if batch.by_status.keys().isdisjoint(_NOT_READ):
            continue
        rows = keep_in(staged_files(staging, batch.number), "status", texts(*_NOT_READ))
        for row in rows.select(list(_SIGHTED)).to_pylist():
            own = found[row["source"]]
            if row["reason"] == "archive":
                own.archives[row["file_id"]] = _archive_of(row)
            elif row["reason"] in OUTSIDE_THE_FILE:
                own.undecided.add(row["file_id"])
    for plan in plans:
        name = plan.source.name
        outside = (each for each in plan.refusals() if each.reason in OUTSIDE_THE_FILE)
        found[name].undecided.update(file_id(name, each.path) for each in outside)
    return found


def _archive_of(row: Mapping[str, Any]) -> Archive:
    return Archive(row["file_id"], row["path"], row["size"], row["mtime_ns"])


def keys_of(
    base: Version,
    companion: Source,
    plan: SourcePlan,
    met: Sighted,
    ends: Mapping[str, Unpacked],
) -> Keys:
    """Return which unpacked archives of a source count now, and which no longer do.

    What is not known stays: of an archive that could not be looked at, one out of sight, and one
    whose delete the guard withholds.

    Args:
        base: version planned on.
        companion: of the source.
        plan: of the source itself.
        met: what the run has met of its archives.
        ends: what came of these, by file_id.
    """
    unpacked = {met.archives[each].key for each in met.archives if ends[each].end == "unpacked"}
    before = live_keys(base, companion.name) - unpacked
    kept = set()
    unseen = set()
    for key in before:
        identity = file_id_of(key)
        if identity in met.archives:
            if ends[identity].end == "unread":
                kept.add(key)
        elif identity in met.undecided:
            kept.add(key)
        else:
            unseen.add(key)
    still = _still_archives(base, plan, {file_id_of(key) for key in unseen})
    kept.update(key for key in unseen if file_id_of(key) in still)
    return Keys(frozenset(unpacked | kept), frozenset(before - kept))


def live_keys(version: Version, companion: str) -> set[str]:
    """Return the folders whose members are live rows of a version."""
    if companion not in version.sources:
        return set()
    found: set[str] = set()
    for batch in ledger_of(version, companion, ("path", "status")):
        live = batch.filter(pc.not_equal(batch.column("status"), "deleted"))
        keys = pc.utf8_slice_codeunits(live.column("path"), 0, KEY_LENGTH)
        found.update(cast("list[str]", pc.unique(keys).to_pylist()))
    return found


def _still_archives(base: Version, plan: SourcePlan, ids: set[str]) -> set[str]:
    """Return which files that a run has not met are archives all the same, as far as it knows."""
    if not ids or not base.number:
        return set()
    wanted = pa.array(sorted(ids), pa.string())
    rows = base.read("files", ["file_id", "status"], pc.field("file_id").isin(wanted))
    live = set(cast("list[str]", flat(_not_read(rows), "file_id").to_pylist()))
    if live and not plan.withheld:
        name = plan.source.name
        live.difference_update(file_id(name, path) for path in plan.vanished_paths())
    return live


def _not_read(rows: pa.Table) -> pa.Table:
    return keep_in(rows, "status", texts(*_NOT_READ))


def findings(ends: Iterable[Unpacked], lineage: Lineage) -> pa.Table:
    """Return what is said of archives, as rows of `issues`."""
    issues: list[Issue] = []
    for each in ends:
        identity = each.archive.file_id
        unpacked = each.end == "unpacked"
        detail = f"{each.members} members" if unpacked else each.detail
        issues.append(Issue(_CODES[each.end], identity, detail=detail))
        if unpacked and each.passed_over:
            said = ", ".join(f"{count} {what}" for what, count in each.passed_over.items())
            issues.append(Issue(_PASSED_OVER, identity, detail=said))
    return issues_table(issues, lineage)


def remove_unneeded(version: Version, source: str, gone: Iterable[str], names: Names) -> int:
    """Remove unpacked archives whose members have left the tables; return how many.

    Args:
        version: committed by now; what its live rows name stays.
        source: the source that has the archives.
        gone: folders that the run has found not to be needed any more.
        names: of the writer.
    """
    left = sorted(set(gone) - live_keys(version, source + COMPANION))
    for key in left:
        folder = version.lake / UNPACKED / source / key
        note_of(folder).unlink(missing_ok=True)
        aside = names.temporary(version.lake / UNPACKED)
        try:
            folder.rename(aside)
        except FileNotFoundError:
            continue
        remove(aside)
    return len(left)


def unneeded(version: Version) -> Iterator[Path]:
    """Yield what lies unpacked, or is noted of an archive, and no live row of a version needs.

    That is what runs left which did not end, and of archives that nobody removed after them.
    """
    for folder in _folders(version.lake / UNPACKED):
        needed = live_keys(version, folder.name + COMPANION)
        if folder.name in version.sources:
            wanted = (pc.field("source") == folder.name) & (pc.field("reason") == "archive")
            rows = _not_read(version.read("files", ["status", *_SIGHTED], wanted))
            needed.update(_archive_of(row).key for row in rows.to_pylist())
        for path in sorted(folder.iterdir()):
            key = path.name.removesuffix(SUFFIX)
            if KEY.fullmatch(key) and key not in needed:
                yield path


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    found = (each for each in folder.iterdir() if not each.name.startswith(TEMPORARY))
    return sorted(each for each in found if each.is_dir())
