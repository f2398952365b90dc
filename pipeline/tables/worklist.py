"""What a run has to read: crawl against ledger, source by source, spilled to staging.

Neither the tree nor the ledger is ever in memory: both stream in tree order, and what is to be
done goes to files that are read back in the same order.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from dicomlake.config.settings import DiscoverySettings, EngineSettings, Settings
from dicomlake.pipeline.discovery.ledger import LEDGER_COLUMNS, FolderPlan, compare
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.discovery.walk import Folder, crawl
from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.attempt import Batch, Lineage
from dicomlake.pipeline.tables.columnar import Array, pc, texts
from dicomlake.pipeline.tables.guard import guarded
from dicomlake.pipeline.tables.ingest_plan import (
    ENTRIES_FILE,
    REFUSALS_FILE,
    VANISHED_FILE,
    IngestPlan,
    OutOfSight,
    SourcePlan,
)
from dicomlake.pipeline.tables.settle import CLAIM_STATUSES
from dicomlake.pipeline.tables.spill import Spill, read_spilled
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas import evolution

FAILED_STATUSES: Final = ("quarantined", "skipped", "deferred")
"""Statuses that `--only-failed` reads again."""

_BATCHES_PER_WORKER: Final = 2
_WORTH_A_BATCH: Final = 250
"""Files below which the work that comes with a batch outweighs that of reading them."""

_NUMBERS: Final = ("size", "mtime_ns", "ctime_ns", "inode")
_ENTRIES: Final = pa.schema({"path": pa.string()} | dict.fromkeys(_NUMBERS, pa.int64()))
_REFUSALS: Final = pa.schema([("path", pa.string()), ("reason", pa.string())])
_VANISHED: Final = pa.schema([("path", pa.string())])


def plan_ingest(
    base: Version,
    sources: Sequence[Source],
    settings: Settings,
    staging: Path,
    *,
    allow_deletes: bool = False,
    only_failed: bool = False,
    reprocess: bool = False,
    on_seen: Callable[[int, int], None] | None = None,
    on_to_read: Callable[[int], None] | None = None,
    workers: int = 1,
    within: Mapping[str, Collection[str]] | None = None,
) -> IngestPlan:
    """Crawl the sources and hold them against the ledger of a version.

    Args:
        base: version whose ledger says what is known.
        sources: what to crawl; deletes are judged in these only.
        settings: of the run.
        staging: folder of the run; the worklist is written below it.
        allow_deletes: let deletes through that the guard would withhold.
        only_failed: see only paths that are quarantined, skipped or deferred in the ledger, and
            what lies below folders among them.
        reprocess: read every file again, whether it changed or not.
        on_seen: called after each folder with the files seen in it and their bytes.
        on_to_read: called, as soon as there are more, with how many files are to be read so far.
        workers: processes that will read; batches are cut so that each has something to do.
        within: the folders that are seen of a source, by its name; all of one that is not named.

    Raises:
        ReconciliationError: the parts of the plan do not add up to what the crawl counted.
    """
    plans: list[SourcePlan] = []
    found: list[int] = []
    for number, source in enumerate(sources):
        planner = _Planner(
            base,
            source,
            settings.discovery,
            only_failed=only_failed,
            reprocess=reprocess,
            on_seen=on_seen or _unheard,
            on_to_read=on_to_read or _unheard,
            to_read_before=sum(each.to_read for each in plans),
            within=within.get(source.name) if within else None,
        )
        plans.append(planner.plan(staging / "worklist" / f"{number:04d}"))
        found.append(planner.found_at_least)
    if not allow_deletes:
        plans = list(guarded(base, plans, found, settings.discovery))
    return IngestPlan(base, cut_batches(plans, workers, settings), only_failed, reprocess)


def cut_batches(
    plans: Sequence[SourcePlan], workers: int, settings: Settings
) -> tuple[SourcePlan, ...]:
    """Return the plans with their files to read cut into batches."""
    cutter = _Cutter(sum(each.to_read for each in plans), workers, settings.engine)
    return tuple(replace(each, batches=tuple(cutter.cut(each))) for each in plans)


def batches(plan: IngestPlan, settings: Settings, lineage: Lineage) -> Iterator[Batch]:
    """Yield the files to read as batches of consecutive files in crawl order.

    A batch holds files of one source; numbers follow those of the batches taken up.
    """
    number = len(plan.taken_up)
    for each in plan.sources:
        for files in each.entries():
            yield Batch(number, each.source.name, each.source.root, files, settings, lineage)
            number += 1


@dataclass(slots=True)
class _Cutter:
    """Cuts the files to read into batches: smaller towards the end, so that workers end together.

    A worker that takes the last batch leaves the others idle for as long as it needs. So a batch
    has a share of the files that are left, until what comes with it would outweigh its reading.
    """

    left: int
    """Files to read that are in no batch yet."""
    workers: int
    settings: EngineSettings

    def cut(self, plan: SourcePlan) -> Iterator[int]:
        """Yield the files of each batch of a source: `batch_bytes` at most unless it is one file.

        A header grows with its file where frames are described one by one.
        """
        count = total = 0
        most = self._most()
        for batch in read_spilled(plan.folder / ENTRIES_FILE):
            for each in cast("list[int]", batch.column("size").to_pylist()):
                if count == most or (count and total + each > self.settings.batch_bytes):
                    yield count
                    self.left -= count
                    count = total = 0
                    most = self._most()
                count += 1
                total += each
        if count:
            self.left -= count
            yield count

    def _most(self) -> int:
        """Return how many files the next batch may have."""
        if self.workers <= 1:
            return self.settings.batch_files
        share = -(-self.left // (self.workers * _BATCHES_PER_WORKER))
        return min(self.settings.batch_files, max(share, _WORTH_A_BATCH))


def ledger_of(base: Version, source: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield columns of the ledger of a source in tree order."""
    alone = base.sources.keys() <= {source}  # the usual lake: a filter costs an import of 0.1 s
    return base.batches("files", columns, None if alone else pc.field("source") == source)


def _unheard(*_counts: int) -> None:
    """Take the place of a listener."""


@dataclass(slots=True)
class _Outdated:
    """The files whose instance was read with a schema that lacks columns read from files."""

    to_read: int = 0
    _waiting: set[str] = field(default_factory=set)
    """Paths marked, until the crawl has passed their folder."""

    def marked(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        """Return rows of the ledger, the outdated ones to be read again."""
        older = pc.less(
            rows.column("schema_version"), pa.scalar(evolution.reread_before(), pa.int16())
        )
        if not pc.any(older).as_py():
            return rows
        which = pc.and_(older, pc.is_in(rows.column("status"), value_set=texts(*CLAIM_STATUSES)))
        self._waiting.update(cast("list[str]", rows.column("path").filter(which).to_pylist()))
        return _to_read_again(rows, which)

    def judge(self, folder: FolderPlan) -> None:
        """Count what a folder has to read because it was marked."""
        if self._waiting:
            paths = {entry.path for entry in folder.to_read} & self._waiting
            self.to_read += len(paths)
            self._waiting -= paths
            self._waiting.difference_update(folder.vanished)


@dataclass(slots=True)
class _Planner:
    """Plans one source; counts on the way what the plan must add up to."""

    base: Version
    source: Source
    settings: DiscoverySettings
    only_failed: bool
    reprocess: bool
    on_seen: Callable[[int, int], None]
    on_to_read: Callable[[int], None]
    to_read_before: int
    """Files to read of the sources before this one."""
    within: Collection[str] | None = None
    """Folders that are seen; None: all."""
    found: int = 0
    """Paths the crawl met, also those that are not looked at."""
    seen: int = 0
    live: int = 0
    out_of_sight: OutOfSight = field(default_factory=OutOfSight)
    outdated: _Outdated = field(default_factory=_Outdated)

    @property
    def found_at_least(self) -> int:
        """Return what was met; of a source seen in part, to meet nothing is no missing disk."""
        return self.found if self.within is None else max(self.found, 1)

    def plan(self, folder: Path) -> SourcePlan:
        """Crawl the source; the lists of its plan are written into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        totals = _Totals()
        with (
            Spill(folder / ENTRIES_FILE, _ENTRIES) as entries,
            Spill(folder / REFUSALS_FILE, _REFUSALS) as refusals,
            Spill(folder / VANISHED_FILE, _VANISHED) as vanished,
        ):
            for each in compare(self._folders(), self._ledger(), self.settings):
                totals.add(each)
                if each.to_read:
                    self.on_to_read(self.to_read_before + totals.to_read)
                self.outdated.judge(each)
                entries.extend(each.to_read)
                refusals.extend((r.path, r.reason) for r in each.refusals)
                vanished.extend((path,) for path in each.vanished)
        if self.seen != totals.to_read + totals.unchanged + totals.refused.total():
            raise ReconciliationError(
                f"Source {self.source.name}: {self.seen} files seen, but {totals.to_read} to read, "
                f"{totals.unchanged} unchanged and {totals.refused.total()} refused.",
                "Nothing was committed. This is a defect of dicomlake: please report this line.",
            )
        return SourcePlan(
            source=self.source,
            folder=folder,
            seen=self.seen,
            to_read=totals.to_read,
            bytes_to_read=totals.bytes_to_read,
            unchanged=totals.unchanged,
            refused=dict(sorted(totals.refused.items())),
            vanished=totals.vanished,
            hidden=totals.hidden,
            out_of_sight=self.out_of_sight,
            live=self.live,
            withheld=False,
            outdated=self.outdated.to_read,
        )

    def _folders(self) -> Iterator[Folder]:
        """Yield the crawl, counted; with `only_failed` cut down to what failed."""
        failed = self._failed_paths() if self.only_failed else None
        for folder in self._crawled():
            self.found += len(folder.entries) + len(folder.refusals)
            kept = folder if failed is None else _only(folder, failed)
            count = len(kept.entries) + len(kept.refusals)
            self.seen += count
            self.out_of_sight.note(kept)
            self.on_seen(count, kept.size)
            yield kept

    def _crawled(self) -> Iterator[Folder]:
        """Yield the crawl; of a source seen in part also what could not be listed."""
        for folder in crawl(self.source.root, self.settings):
            if self.within is None or folder.path in self.within:
                yield folder
            elif not folder.complete:
                yield Folder(folder.path, (), (), complete=False)

    def _ledger(self) -> Iterator[pa.RecordBatch]:
        """Yield the ledger of the source, what is to be read again marked as such.

        With `only_failed` its failed rows alone; with `reprocess` all files that are not deleted.
        """
        columns = list(dict.fromkeys((*LEDGER_COLUMNS, "status", "schema_version")))
        for batch in ledger_of(self.base, self.source.name, columns):
            status = batch.column("status")
            self.live += batch.num_rows - int(pc.sum(pc.equal(status, "deleted")).as_py() or 0)
            if self.only_failed:
                failed = batch.filter(pc.is_in(status, value_set=pa.array(FAILED_STATUSES)))
                yield _to_read_again(failed).select(LEDGER_COLUMNS)
            elif self.reprocess:
                live = pc.not_equal(status, "deleted")
                yield _to_read_again(batch, live).select(LEDGER_COLUMNS)
            else:
                yield self.outdated.marked(batch).select(LEDGER_COLUMNS)

    def _failed_paths(self) -> frozenset[str]:
        own = pc.field("source") == self.source.name
        failed = pc.field("status").isin(pa.array(FAILED_STATUSES))
        rows = self.base.read("files", ["path"], own & failed)
        return frozenset(cast("list[str]", rows.column("path").to_pylist()))


def _to_read_again(rows: pa.RecordBatch, which: "Array | None" = None) -> pa.RecordBatch:
    """Return rows of the ledger, those that `which` names as if they had been deferred."""
    status = pa.array(["deferred"] * rows.num_rows, pa.string())
    if which is not None:
        status = pc.if_else(which, status, rows.column("status"))
    return rows.set_column(rows.schema.get_field_index("status"), "status", status)


def _only(folder: Folder, failed: frozenset[str]) -> Folder:
    """Return a folder with the paths that failed, or whole where it or one above it failed."""
    above = folder.path
    while above and above not in failed:
        above = above.rpartition("/")[0]
    if above or "" in failed:
        return folder
    return Folder(
        folder.path,
        tuple(entry for entry in folder.entries if entry.path in failed),
        tuple(refusal for refusal in folder.refusals if refusal.path in failed),
        folder.complete,
    )


@dataclass(slots=True)
class _Totals:
    to_read: int = 0
    bytes_to_read: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    vanished: int = 0
    hidden: int = 0

    def add(self, folder: FolderPlan) -> None:
        self.to_read += len(folder.to_read)
        self.bytes_to_read += sum(entry.size for entry in folder.to_read)
        self.unchanged += folder.unchanged
        self.refused.update(refusal.reason for refusal in folder.refusals)
        self.vanished += len(folder.vanished)
        self.hidden += folder.hidden
