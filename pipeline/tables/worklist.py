"""What a run has to read: crawl against ledger, source by source, spilled to staging.

Neither the tree nor the ledger is ever in memory: both stream in tree order, and what is to be
done goes to files that are read back in the same order.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from dicomlake.config.settings import DiscoverySettings, Settings
from dicomlake.pipeline.discovery.ledger import LEDGER_COLUMNS, FolderPlan, compare
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.discovery.walk import Entry, Folder, Refusal, crawl
from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.attempt import Batch, Lineage
from dicomlake.pipeline.tables.columnar import Chunked, pc
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.store import Version

FAILED_STATUSES: Final = ("quarantined", "skipped", "deferred")
"""Statuses that `--only-failed` reads again."""

_SPILL_ROWS: Final = 65_536
_NUMBERS: Final = ("size", "mtime_ns", "ctime_ns", "inode")
_ENTRIES: Final = pa.schema({"path": pa.string()} | dict.fromkeys(_NUMBERS, pa.int64()))
_REFUSALS: Final = pa.schema([("path", pa.string()), ("reason", pa.string())])
_VANISHED: Final = pa.schema([("path", pa.string())])


@dataclass(slots=True)
class OutOfSight:
    """Which paths of the ledger a crawl could not judge, because a folder was not listed."""

    unlisted: list[str] = field(default_factory=list)
    """Folders that could not be listed, or not to their end."""
    seen: set[str] = field(default_factory=set)
    """What was seen in such a folder before its listing broke off."""
    listed: set[str] = field(default_factory=set)
    """Folders below such a folder that were listed all the same."""

    def note(self, folder: Folder) -> None:
        """Take in what the crawl says of a folder."""
        if not folder.complete:
            self.unlisted.append(folder.path)
            self.seen.update(entry.path for entry in folder.entries)
            self.seen.update(refusal.path for refusal in folder.refusals)
        elif self.unlisted and any(_below(folder.path, each) for each in self.unlisted):
            self.listed.add(folder.path)

    def hidden(self, paths: Chunked) -> Chunked:
        """Return for each path whether it was out of sight."""
        mask: Chunked = pc.is_in(paths, value_set=pa.array([], pa.string()))
        for each in self.unlisted:
            mask = pc.or_(mask, pc.starts_with(paths, pattern=f"{each}/" if each else ""))
        if self.unlisted:
            mask = pc.and_not(mask, pc.is_in(paths, value_set=pa.array(self.seen, pa.string())))
            folders = pc.replace_substring_regex(paths, pattern="/?[^/]*$", replacement="")
            listed = pa.array(self.listed, pa.string())
            mask = pc.and_not(mask, pc.is_in(folders, value_set=listed))
        return mask


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What a run has to do about one source; the paths themselves stand in `folder`."""

    source: Source
    folder: Path
    seen: int
    """Files and refused paths the crawl met."""
    to_read: int
    bytes_to_read: int
    unchanged: int
    refused: Mapping[str, int]
    """Paths that are not opened, by reason."""
    vanished: int
    hidden: int
    """Rows of the ledger below folders that could not be listed; not seen and not judged."""
    out_of_sight: "OutOfSight"
    """Which rows these are."""
    live: int
    """Rows of the ledger that are not deleted."""
    withheld: bool
    """So much is gone that its deletes are withheld."""

    def entries(self) -> Iterator[Entry]:
        """Yield the files to read, in crawl order."""
        for batch in _read_spilled(self.folder / "entries.arrows"):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Entry(*row)

    def refusals(self) -> Iterator[Refusal]:
        """Yield the paths that are not opened, with the reason."""
        for batch in _read_spilled(self.folder / "refusals.arrows"):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Refusal(*row)

    def vanished_paths(self) -> Iterator[str]:
        """Yield the paths of the ledger that are gone."""
        for batch in _read_spilled(self.folder / "vanished.arrows"):
            yield from cast("list[str]", batch.column("path").to_pylist())


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What a run has to do about all its sources, against the version it was planned on."""

    base: Version
    sources: tuple[SourcePlan, ...]
    only_failed: bool = False

    @property
    def seen(self) -> int:
        """Return how many files and refused paths the crawl met."""
        return sum(each.seen for each in self.sources)

    @property
    def to_read(self) -> int:
        """Return how many files are to be read."""
        return sum(each.to_read for each in self.sources)

    @property
    def bytes_to_read(self) -> int:
        """Return the size of the files to be read."""
        return sum(each.bytes_to_read for each in self.sources)

    @property
    def unchanged(self) -> int:
        """Return how many files are as the ledger knows them."""
        return sum(each.unchanged for each in self.sources)

    @property
    def refused(self) -> Mapping[str, int]:
        """Return how many paths are not opened, by reason."""
        total: Counter[str] = Counter()
        for each in self.sources:
            total.update(each.refused)
        return dict(sorted(total.items()))

    @property
    def vanished(self) -> int:
        """Return how many paths of the ledger are gone, withheld ones included."""
        return sum(each.vanished for each in self.sources)

    @property
    def hidden(self) -> int:
        """Return how many rows of the ledger lie below folders that could not be listed."""
        return sum(each.hidden for each in self.sources)

    @property
    def withheld(self) -> int:
        """Return how many deletes the guard withholds."""
        return sum(each.vanished for each in self.sources if each.withheld)


def plan_ingest(
    base: Version,
    sources: Sequence[Source],
    settings: Settings,
    staging: Path,
    *,
    allow_deletes: bool = False,
    only_failed: bool = False,
    on_seen: Callable[[int, int], None] | None = None,
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
        on_seen: called after each folder with the files seen in it and their bytes.

    Raises:
        ReconciliationError: the parts of the plan do not add up to what the crawl counted.
    """
    plans = []
    for number, source in enumerate(sources):
        folder = staging / "worklist" / f"{number:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        planner = _Planner(base, source, settings.discovery, only_failed=only_failed)
        plan = planner.plan(folder, on_seen or _unheard)
        guarded = not allow_deletes and _too_many(base, plan, planner.found, settings.discovery)
        plans.append(replace(plan, withheld=guarded))
    return IngestPlan(base, tuple(plans), only_failed)


def batches(plan: IngestPlan, settings: Settings, lineage: Lineage) -> Iterator[Batch]:
    """Yield the files to read as batches of consecutive files in crawl order.

    A batch holds files of one source; batches are numbered from 0.
    """
    number = 0
    for each in plan.sources:
        entries = each.entries()
        while chunk := tuple(islice(entries, settings.engine.batch_files)):
            yield Batch(number, each.source.name, each.source.root, chunk, settings, lineage)
            number += 1


def _unheard(_files: int, _size: int) -> None:
    """Take the place of a listener."""


def _too_many(base: Version, plan: SourcePlan, found: int, settings: DiscoverySettings) -> bool:
    """Return whether so much is gone that it looks like a disk that is not mounted."""
    if plan.live and not found:
        return True
    limit = max(settings.delete_guard_fraction * plan.live, settings.delete_guard_files)
    return plan.vanished > limit and plan.vanished - _moved(base, plan) > limit


def _moved(base: Version, plan: SourcePlan) -> int:
    """Return how many of the paths that are gone are at another path now.

    A file keeps its inode, size and time of modification when it or a folder above it is renamed.
    """
    names = ["size", "mtime_ns", "inode"]
    gone = pc.field("path").isin(pa.array(plan.vanished_paths(), pa.string()))
    rows = base.read("files", names, (pc.field("source") == plan.source.name) & gone)
    known = key_column(rows.filter(pc.is_valid(rows.column("inode"))), names)
    moved = 0
    for batch in _read_spilled(plan.folder / "entries.arrows"):
        moved += pc.sum(pc.is_in(key_column(batch, names), value_set=known)).as_py() or 0
    return min(moved, len(known))


@dataclass(slots=True)
class _Planner:
    """Plans one source; counts on the way what the plan must add up to."""

    base: Version
    source: Source
    settings: DiscoverySettings
    only_failed: bool
    found: int = 0
    """Paths the crawl met, also those that are not looked at."""
    seen: int = 0
    live: int = 0
    out_of_sight: "OutOfSight" = field(default_factory=OutOfSight)

    def plan(self, folder: Path, on_seen: Callable[[int, int], None]) -> SourcePlan:
        totals = _Totals()
        with (
            _Spill(folder / "entries.arrows", _ENTRIES) as entries,
            _Spill(folder / "refusals.arrows", _REFUSALS) as refusals,
            _Spill(folder / "vanished.arrows", _VANISHED) as vanished,
        ):
            folders = self._folders(on_seen)
            for each in compare(folders, self._ledger(), self.settings):
                totals.add(each)
                entries.extend(
                    (e.path, e.size, e.mtime_ns, e.ctime_ns, e.inode) for e in each.to_read
                )
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
        )

    def _folders(self, on_seen: Callable[[int, int], None]) -> Iterator[Folder]:
        """Yield the crawl, counted; with `only_failed` cut down to what failed."""
        failed = self._failed_paths() if self.only_failed else None
        for folder in crawl(self.source.root, self.settings):
            self.found += len(folder.entries) + len(folder.refusals)
            kept = folder if failed is None else _only(folder, failed)
            count = len(kept.entries) + len(kept.refusals)
            self.seen += count
            self.out_of_sight.note(kept)
            on_seen(count, sum(entry.size for entry in kept.entries))
            yield kept

    def _ledger(self) -> Iterator[pa.RecordBatch]:
        """Yield the ledger of the source; with `only_failed` its failed rows, to be read again."""
        own = pc.field("source") == self.source.name
        for batch in self.base.batches("files", LEDGER_COLUMNS, own):
            status = batch.column("status")
            self.live += batch.num_rows - int(pc.sum(pc.equal(status, "deleted")).as_py() or 0)
            if not self.only_failed:
                yield batch
                continue
            failed = batch.filter(pc.is_in(status, value_set=pa.array(FAILED_STATUSES)))
            again = pa.array(["deferred"] * failed.num_rows, pa.string())
            yield failed.set_column(failed.schema.get_field_index("status"), "status", again)

    def _failed_paths(self) -> frozenset[str]:
        own = pc.field("source") == self.source.name
        failed = pc.field("status").isin(pa.array(FAILED_STATUSES))
        rows = self.base.read("files", ["path"], own & failed)
        return frozenset(cast("list[str]", rows.column("path").to_pylist()))


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


class _Spill:
    """Rows written to an Arrow stream as they come, a batch at a time."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._schema = schema
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_stream(self._file, schema)
        self._rows: list[tuple[object, ...]] = []

    def __enter__(self) -> "_Spill":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()
        self._file.close()

    def extend(self, rows: "Iterator[tuple[object, ...]]") -> None:
        """Add rows."""
        self._rows.extend(rows)
        if len(self._rows) >= _SPILL_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            columns = [
                pa.array(values, kind)
                for values, kind in zip(
                    zip(*self._rows, strict=True), self._schema.types, strict=True
                )
            ]
            self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._schema))
            self._rows = []


def _read_spilled(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as reader:
        yield from reader
