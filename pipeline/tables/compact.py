"""Compaction: small parts of every table are merged, and no row changes."""

from dataclasses import dataclass
from pathlib import Path

from dicomlake.config.settings import Settings
from dicomlake.pipeline.tables.commit import Change, open_for_writing
from dicomlake.pipeline.tables.maintenance import MaintenanceRun
from dicomlake.pipeline.tables.manifest import Manifest
from dicomlake.pipeline.tables.store import Version, open_version


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did."""

    version: Version | None
    """The new version; None when there was nothing to merge."""
    parts_before: int
    parts_after: int
    """Parts of all tables."""


def compact(lake: Path, settings: Settings, run_id: str) -> Compaction:
    """Commit a version of the same rows in fewer parts.

    A commit merges the small parts of what it writes; this merges those of every partition of
    every table, however few. `changes` gets no rows, `runs` its row. The same lake gives the same
    parts. The run is recorded in `runs.jsonl`.

    Raises:
        LakeNotFoundError: there is no lake.
        CommitConflictError, CorruptLakeError, LakeFormatError, OSError: as `LakeWriter.commit`.
    """
    run = MaintenanceRun("compact", run_id)
    open_version(lake)  # a lake that is not there is not made
    with open_for_writing(lake, settings) as writer:
        version = run.commit(writer, lambda _: Change({}, compact=True))
        after = version.manifest if version is not None else writer.base.manifest
        before = after if version is None else _parent(version)
    return Compaction(version, _count(before), _count(after))


def _parent(version: Version) -> Manifest:
    return open_version(version.lake, version.manifest.parent).manifest


def _count(manifest: Manifest) -> int:
    return sum(len(parts) for parts in manifest.tables.values())
