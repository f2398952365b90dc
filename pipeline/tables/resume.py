"""Taking up what a run read that did not end: killed, ended by SIGTERM, out of disk.

Such a run leaves whole batches in its folder in staging. The next one moves them into its own, and
takes their rows for every file that it would read and that is as it was: equal source, path, size,
times and inode, read by the same code with the same settings. What was not judged then
(quarantined, skipped, deferred) is tried again. The files taken leave the list of what is to be
read; their rows become batches of this run, numbered before those that are still to be read, so
that all that follows treats them alike.

Each step is a rename: a run that is killed while it takes up leaves every batch either as it found
it or as its own, and the next one goes on from there. A batch is worked on at a time.
"""

import json
import logging
import os
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.paths import tree_key
from dicomlake.pipeline.headers.attempt import Attempt, Lineage
from dicomlake.pipeline.tables.arrow_files import rows_in
from dicomlake.pipeline.tables.columnar import (
    Array,
    integers,
    keep_in,
    pc,
    set_column,
    texts,
)
from dicomlake.pipeline.tables.ingest_plan import ENTRIES_FILE, IngestPlan, SourcePlan
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.locks import is_alive, owner, remove
from dicomlake.pipeline.tables.spill import Spill, read_spilled
from dicomlake.pipeline.tables.staging import (
    BATCH_TABLES,
    BATCHES,
    NOTE,
    Making,
    StagedBatch,
    count_rows,
    write_batch,
)
from dicomlake.pipeline.tables.worklist import cut_batches
from dicomlake.schemas.tables import TABLES

TAKEN_STATUSES: Final = ("ingested", "not_dicom", "dicomdir")
"""Statuses of a file whose row is taken up; any other is tried again."""

_TAKING: Final = "taking"
"""Folder below that of a run with the batches of others that it is about to take up."""
_STATE: Final = ("path", "size", "mtime_ns", "ctime_ns", "inode")
_RUN_COLUMNS: Final = ("run_id", "first_seen_run", "last_changed_run")
"""Columns of staged rows that name the run."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What is left to do, and what was taken up."""

    plan: IngestPlan
    batches: tuple[StagedBatch, ...] = ()
    """The rows taken up, as batches of this run."""

    @property
    def files(self) -> int:
        """Return how many files need not be read again."""
        return sum(each.files for each in self.batches)


@dataclass(frozen=True, slots=True)
class _Left:
    """A whole batch of a run that is dead."""

    folder: Path
    making: Making
    first: tuple[str, str]
    """Where in the order of the crawl its first and last file stand."""
    last: tuple[str, str]
    crc32: Mapping[str, int]


def left_behind(staging: Path) -> list[Path]:
    """Return the folders with batches of runs that are dead, the youngest run first.

    Args:
        staging: folder of the run that asks, which is left out.
    """
    found = []
    for folder in sorted(_folders(staging.parent), reverse=True):
        if folder.name == staging.name:
            continue
        batches = [folder / name for name in (BATCHES, _TAKING) if (folder / name).is_dir()]
        writer = owner(folder) if batches else None
        if writer is not None and not is_alive(staging.parent.parent, writer):
            found += batches
    return found


def take_up(
    plan: IngestPlan, staging: Path, settings: Settings, lineage: Lineage, *, workers: int = 1
) -> TakenUp:
    """Take up what runs that are dead have read of the files of a plan.

    Args:
        plan: what is to be read; its worklist stands in staging. What it has taken up already
            stays before what is taken up now.
        staging: folder of the run.
        settings: of the run.
        lineage: of the run; the rows taken carry it.
        workers: processes that will read what is left.

    Raises:
        OSError: the staging folder cannot be written.
    """
    if plan.only_failed or not plan.to_read:
        return TakenUp(plan)
    left = _claim(plan, staging, settings, lineage)
    if not left:
        return TakenUp(plan)
    taker = _Taker(staging, lineage, len(plan.taken_up))
    sources = [taker.take(each, left.get(each.source.name, [])) for each in plan.sources]
    remove(staging / _TAKING)
    left_to_do = replace(
        plan,
        sources=cut_batches(sources, workers, settings),
        taken_up=(*plan.taken_up, *(each.files for each in taker.batches)),
    )
    return TakenUp(left_to_do, tuple(taker.batches))


def _claim(
    plan: IngestPlan, staging: Path, settings: Settings, lineage: Lineage
) -> dict[str, list[_Left]]:
    """Move the batches that may be taken up into the own folder; return them by source.

    A rename succeeds for one run only. What another run's sources are about stays where it is.
    """
    found: dict[str, list[_Left]] = defaultdict(list)
    digest = settings.sha256()
    wanted = {
        Making(
            each.source.name,
            each.source.root,
            lineage.pipeline_version,
            lineage.schema_version,
            digest,
        )
        for each in plan.sources
    }
    for folder in left_behind(staging):
        for batch in sorted(_folders(folder)):
            left = _read_note(batch)
            if left is None or left.making not in wanted:
                continue
            # A batch that was moved before keeps its name, which says of which run it is.
            own = batch.name if folder.name == _TAKING else f"{folder.parent.name}-{batch.name}"
            target = staging / _TAKING / own
            target.parent.mkdir(exist_ok=True)
            try:
                batch.rename(target)
            except FileNotFoundError:
                continue  # another run was faster
            found[left.making.source].append(replace(left, folder=target))
        if not any(list(_folders(folder.parent / name)) for name in (BATCHES, _TAKING)):
            remove(folder.parent)  # of no more use to anybody
    return found


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder that have their names for good."""
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except FileNotFoundError:
        return
    for entry in entries:
        if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)


def _read_note(folder: Path) -> _Left | None:
    """Return what a batch says of itself, None where that cannot be read."""
    try:
        note = json.loads((folder / NOTE).read_bytes())
        making = Making(**{each.name: note[each.name] for each in fields(Making)})
        first, last = (tree_key(path) for path in note["paths"])
        return _Left(folder, making, first, last, dict(note["crc32"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


@dataclass(slots=True)
class _Taker:
    """Takes rows of batches that were left, source by source."""

    staging: Path
    lineage: Lineage
    first: int
    """Number of the first batch taken up."""
    batches: list[StagedBatch] = field(default_factory=list)

    def take(self, plan: SourcePlan, left: Sequence[_Left]) -> SourcePlan:
        """Return what of a source is still to be read."""
        if not left:
            return plan
        worklist = plan.folder / ENTRIES_FILE
        rest = worklist.with_name(f"rest-{worklist.name}")
        before = len(self.batches)
        waiting = list(left)
        with Spill(rest, _schema(worklist)) as still_to_read:
            for entries in read_spilled(worklist):
                still_to_read.write(self._take_from(entries, waiting))
        rest.replace(worklist)
        taken = self.batches[before:]
        to_read = plan.to_read - sum(each.files for each in taken)
        return replace(
            plan,
            to_read=to_read,
            outdated=min(plan.outdated, to_read),
            bytes_to_read=plan.bytes_to_read - sum(each.bytes for each in taken),
        )

    def _take_from(self, entries: pa.RecordBatch, waiting: list[_Left]) -> pa.RecordBatch:
        """Return the entries that no batch has; a batch is gone once the crawl is past it."""
        paths = entries.column("path")
        first, last = (tree_key(str(paths[place].as_py())) for place in (0, len(paths) - 1))
        for each in [each for each in waiting if each.first <= last]:
            if each.last >= first and entries.num_rows:
                entries = self._take_batch(entries, each)
            if each.last <= last:
                waiting.remove(each)
                remove(each.folder)  # not a moment longer: the disk may be nearly full
        return entries

    def _take_batch(self, entries: pa.RecordBatch, left: _Left) -> pa.RecordBatch:
        rows = _read(left)
        if rows is None:
            return entries
        known = keep_in(rows["files"], "status", texts(*TAKEN_STATUSES))
        wanted = key_column(entries, _STATE)
        files = known.filter(pc.is_in(key_column(known, _STATE), value_set=wanted))
        if not files.num_rows:
            return entries
        rows["files"] = files
        ids = files.column("file_id").combine_chunks()
        for name in BATCH_TABLES:
            own = rows[name] if name == "files" else keep_in(rows[name], "file_id", ids)
            rows[name] = self._of_this_run(own)
        number = self.first + len(self.batches)
        found = Attempt(**rows)
        write_batch(self.staging, number, found, left.making)
        size = int(pc.sum(files.column("size")).as_py())
        self.batches.append(count_rows(number, found, size))
        return entries.filter(pc.invert(pc.is_in(wanted, value_set=key_column(files, _STATE))))

    def _of_this_run(self, rows: pa.Table) -> pa.Table:
        for name in _RUN_COLUMNS:
            if rows.num_rows and name in rows.schema.names:
                rows = set_column(rows, name, _repeat(self.lineage.run_id, rows.num_rows))
        return rows


def _repeat(text: str, count: int) -> Array:
    return texts(text).take(integers(np.zeros(count, np.int64)))


def _read(left: _Left) -> dict[str, Any] | None:
    """Return the rows of a batch by table, None where its files are not what was written.

    Read whole and not mapped: a file of another run may go at any time.
    """
    rows: dict[str, Any] = {name: TABLES[name].empty() for name in BATCH_TABLES}
    try:
        for file, crc32 in left.crc32.items():
            name = file.removesuffix(".arrow")
            data = (left.folder / file).read_bytes()
            if zlib.crc32(data) != crc32:
                break
            rows[name] = rows_in(data, TABLES[name].schema())
        else:
            return rows
    except (OSError, ValueError, TypeError, KeyError):
        pass  # told below: a file that went, or that this code cannot read
    _log.warning("a batch of a run that did not end is damaged; its files are read again")
    return None


def _schema(worklist: Path) -> pa.Schema:
    with pa.OSFile(str(worklist), "rb") as file, pa.ipc.open_stream(file) as reader:
        return reader.schema
