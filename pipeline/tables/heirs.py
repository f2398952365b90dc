"""Files that take over a UID because the file that was its instance is gone.

The ledger knows them, but no row of `instances` is theirs: they are read again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.attempt import Batch, Lineage
from dicomlake.pipeline.tables.columnar import distinct, keep_in, texts
from dicomlake.pipeline.tables.incoming import Incoming, followers_of, with_first_seen
from dicomlake.pipeline.tables.staging import StagedBatch, gather, reconcile, stage
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables.files import FILES

StageBatches = Callable[[Sequence[Batch], Path], Iterable[StagedBatch]]
"""Stages batches below a folder."""


def stage_inline(jobs: Sequence[Batch], folder: Path) -> Iterable[StagedBatch]:
    """Stage batches below a folder, one after another, in this process."""
    return [stage(batch, folder) for batch in jobs]


@dataclass(slots=True)
class Heirs:
    """Reads files again that take over a UID: the ledger has no instance row of theirs."""

    base: Version
    roots: Mapping[str, str]
    staging: Path
    lineage: Lineage
    settings: Settings
    stage_batches: StageBatches
    count: int = 0
    rounds: int = 0
    readers: Counter[str] = field(default_factory=Counter)
    fallbacks: Counter[str] = field(default_factory=Counter)

    def read(self, heirs: pa.Table) -> Incoming:
        """Return what the files say now.

        Args:
            heirs: their rows of the ledger.

        Raises:
            ReconciliationError: a batch is missing.
        """
        folder = self.staging / "heirs" / f"{self.base.number:08d}-{self.rounds}"
        jobs = list(self._batches(heirs))
        expected = [len(job.entries) for job in jobs]
        staged = list(self.stage_batches(jobs, folder))
        reconcile(staged, expected)
        for each in staged:
            self.readers.update(each.readers)
            self.fallbacks.update(each.fallbacks)
        found = gather(folder, expected)
        self.rounds += 1
        self.count += heirs.num_rows
        empty = FILES.empty()
        return Incoming(
            files=with_first_seen(found.files, heirs),
            instances=found.instances,
            issues=found.issues,
            followers=followers_of(found),
            before=heirs,
            gone=empty,
            moved=texts(),
            kept=empty,
            seen_ids=texts(),
            unjudged_ids=texts(),
            withheld=0,
        )

    def _batches(self, heirs: pa.Table) -> Iterable[Batch]:
        limit = self.settings.engine.batch_files
        names = ["path", "size", "mtime_ns", "ctime_ns", "inode"]
        number = 0
        sources = cast("list[str]", distinct(heirs, "source").to_pylist())
        for source in sorted(sources):
            own = keep_in(heirs, "source", texts(source)).sort_by("path")
            for start in range(0, own.num_rows, limit):
                entries = tuple(
                    Entry(**row) for row in own.slice(start, limit).select(names).to_pylist()
                )
                yield Batch(
                    number, source, self.roots[source], entries, self.settings, self.lineage
                )
                number += 1
