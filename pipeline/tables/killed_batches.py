"""Batches that a worker process died with: read in pieces, down to the file that ends processes.

The worker has noted the file it was at, so that this one is read alone and the others go on; where
it has not, the batch is halved. The pieces are staged apart, and become the batch once all are
there: nobody else sees that it was ever in pieces.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.headers.attempt import Attempt, Batch, Part
from dicomlake.pipeline.headers.batch import joined
from dicomlake.pipeline.headers.notes import Kill
from dicomlake.pipeline.tables.arrow_files import map_rows
from dicomlake.pipeline.tables.staging import (
    BATCH_TABLES,
    BATCHES,
    Making,
    StagedBatch,
    count_rows,
    write_batch,
)
from dicomlake.pipeline.tables.staging import stage as stage_whole
from dicomlake.schemas.tables import TABLES

MOST_KILLS: Final = 2
"""Processes that a file may end until it is quarantined."""
_FOLDER: Final = "pieces"


@dataclass(frozen=True, slots=True)
class StagedPiece:
    """What a worker says of a piece of a batch that it has written."""

    number: int
    """Of the batch."""
    first: int
    """Place in the batch of its first file."""
    staged: StagedBatch


@dataclass(slots=True)
class _InPieces:
    """A batch of which some pieces are there."""

    batch: Batch
    """One of its pieces: what all have in common."""
    files: int
    pieces: dict[int, StagedBatch] = field(default_factory=dict)
    """By the place of the first file."""
    size: int = 0


def stage(batch: Batch, staging: Path) -> StagedBatch | StagedPiece:
    """Read a batch, or a piece of one, and write its rows below `staging`.

    Runs on workers.

    Raises:
        OSError: the staging folder cannot be written.
    """
    if batch.part is None:
        return stage_whole(batch, staging)
    first = batch.part.first
    staged = stage_whole(replace(batch, number=first), _folder(staging, batch.number))
    return StagedPiece(batch.number, first, staged)


def is_given_up(batch: Batch) -> bool:
    """Return whether the files of a piece are not opened any more."""
    return batch.part is not None and batch.part.verdict is not None


def _folder(staging: Path, number: int) -> Path:
    return staging / _FOLDER / f"{number:08d}"


class KilledBatches:
    """The batches of one stage that are read in pieces."""

    def __init__(self, staging: Path) -> None:
        """Start with none; pieces stand below `staging`."""
        self._staging = staging
        self._known: dict[int, _InPieces] = {}

    def pieces(self, batch: Batch, kill: Kill) -> list[Batch]:
        """Return what is to be read in place of a batch, or of a piece, with which a process died.

        A file that took too long is not tried again; of any other kind it is tried once more,
        alone.
        """
        if batch.part is None:
            self._known[batch.number] = _InPieces(batch, len(batch.entries))
        part = batch.part or Part(0)
        count = len(batch.entries)
        if count == 1:
            return [self._alone(batch, part, kill)]
        if 0 <= kill.place < count:
            cuts = sorted({0, kill.place, kill.place + 1, count})
        else:
            cuts = [0, count // 2, count]
        found = []
        for one, end in pairwise(cuts):
            entries = batch.entries[one:end]
            piece = replace(batch, entries=entries, part=Part(part.first + one))
            if one == kill.place:
                piece = self._alone(piece, Part(part.first + one), kill)
            found.append(piece)
        return found

    @staticmethod
    def _alone(batch: Batch, part: Part, kill: Kill) -> Batch:
        kills = part.kills + kill.kills
        guilty = kills >= MOST_KILLS or kill.timed_out
        return replace(batch, part=Part(part.first, kills, kill.reason if guilty else None))

    def taken(self, staged: StagedBatch | StagedPiece) -> Iterator[StagedBatch]:
        """Yield a batch that was staged, one in pieces once the last of them is there.

        Raises:
            OSError: the staging folder cannot be written.
        """
        if isinstance(staged, StagedBatch):
            yield staged
            return
        whole = self._known[staged.number]
        whole.pieces[staged.first] = staged.staged
        if sum(each.files for each in whole.pieces.values()) == whole.files:
            del self._known[staged.number]
            yield self._put_together(whole)

    def _put_together(self, whole: _InPieces) -> StagedBatch:
        """Write the batch of its pieces, and forget them."""
        number, order = whole.batch.number, sorted(whole.pieces)
        folder = _folder(self._staging, number)
        found = joined([_read(folder / BATCHES / f"{first:08d}") for first in order])
        write_batch(self._staging, number, found, Making.of(whole.batch))
        staged = [whole.pieces[first] for first in order]
        done = replace(
            count_rows(number, found, sum(each.bytes for each in staged)),
            readers=_sums(each.readers for each in staged),
            fallbacks=_sums(each.fallbacks for each in staged),
        )
        shutil.rmtree(folder, ignore_errors=True)
        return done


def _sums(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for each in counts:
        found.update(each)
    return dict(sorted(found.items()))


def _read(folder: Path) -> Attempt:
    """Return the rows of a piece, mapped from disk."""
    rows: dict[str, Any] = {}
    for name in BATCH_TABLES:
        path, table = folder / f"{name}.arrow", TABLES[name]
        rows[name] = map_rows(path, table.schema()) if path.exists() else table.empty()
    return Attempt(**rows)
