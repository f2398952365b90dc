"""The plan of an ingest: what each source has to read, what is refused, gone and out of sight.

It holds counts; the paths stand in files below the folder of the run and are read back in the
order of the crawl.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast

import pyarrow as pa

from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.discovery.walk import Columns, Files, Folder, Refusal
from dicomlake.pipeline.tables.columnar import Chunked, pc
from dicomlake.pipeline.tables.spill import read_spilled
from dicomlake.pipeline.tables.store import Version

ENTRIES_FILE: Final = "entries.arrows"
REFUSALS_FILE: Final = "refusals.arrows"
VANISHED_FILE: Final = "vanished.arrows"
"""Names below the folder of a source: files to read, paths not opened, paths that are gone."""


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
    out_of_sight: OutOfSight
    """Which rows these are."""
    live: int
    """Rows of the ledger that are not deleted."""
    withheld: bool
    """So much is gone, by what the crawl alone shows, that its deletes are withheld."""
    most_deletes: int | None = None
    """Files that may be gone, moves apart, without their deletes being withheld; None: any."""
    outdated: int = 0
    """Files to read because an older schema lacks columns that stand in them."""
    batches: tuple[int, ...] = ()
    """Files of each batch, in crawl order; the sum is `to_read`."""

    def entries(self) -> Iterator[Files]:
        """Yield the files to read in crawl order, those of a batch at a time.

        They stay columns: on their way to a worker a batch is five lists, not thousands of tuples.
        """
        spilled = read_spilled(self.folder / ENTRIES_FILE)
        waiting: list[pa.RecordBatch] = []
        for count in self.batches:
            while sum(each.num_rows for each in waiting) < count:
                waiting.append(next(spilled))
            rows = pa.Table.from_batches(waiting)
            columns = (column.to_pylist() for column in rows.slice(0, count).columns)
            yield Files(cast("Columns", tuple(columns)))
            waiting = rows.slice(count).to_batches()

    def refusals(self) -> Iterator[Refusal]:
        """Yield the paths that are not opened, with the reason."""
        for batch in read_spilled(self.folder / REFUSALS_FILE):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield Refusal(*row)

    def vanished_paths(self) -> Iterator[str]:
        """Yield the paths of the ledger that are gone."""
        for batch in read_spilled(self.folder / VANISHED_FILE):
            yield from cast("list[str]", batch.column("path").to_pylist())


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What a run has to do about all its sources, against the version it was planned on."""

    base: Version
    sources: tuple[SourcePlan, ...]
    only_failed: bool = False
    reprocess: bool = False
    taken_up: tuple[int, ...] = ()
    """Files of each batch that stands in staging already: read by a run that did not end."""

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
    def outdated(self) -> int:
        """Return how many files are read because of the schema that they were read with."""
        return sum(each.outdated for each in self.sources)

    @property
    def batches(self) -> tuple[int, ...]:
        """Return the files of each batch, by its number: those taken up, then those to read."""
        return (*self.taken_up, *(files for each in self.sources for files in each.batches))

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
