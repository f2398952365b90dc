"""Which parts of a table are written, merged or cut, and which are carried over by reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.manifest import UNKNOWN_PARTITION, Part, Value
from dicomlake.pipeline.tables.merge import RowChange
from dicomlake.pipeline.tables.order import (
    RUN,
    count_up_to,
    fits_at_once,
    gathered,
    places_by_partition,
    sort_key,
    sorted_rows,
)
from dicomlake.pipeline.tables.part_jobs import Incoming, OldPart, Partition, PartJob
from dicomlake.schemas.column import Table
from dicomlake.schemas.evolution import SCHEMA_VERSION

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

_SMALL_RANGE: Final = 4
"""A part of a table kept in ranges is small when it holds less than a quarter of its rows."""

_TAKEN_ALONG: Final = 8
"""A small part is written anew with rows that come to its partition when it holds at most so many
times as many: sizes then grow by such a factor from part to part, so that a partition that gets
some rows every night has few of them."""
_TINY: Final = 1024
"""Rows up to which it is so however few come: writing a part costs as much as so many rows."""


@dataclass(frozen=True, slots=True)
class Rewrite:
    """How a table comes to its new parts: parts that stay as they are, and jobs that write."""

    change: RowChange
    steps: tuple[Part | PartJob, ...]
    """In the order of the table where it is kept in ranges."""

    @property
    def jobs(self) -> tuple[PartJob, ...]:
        """Return the jobs to be done."""
        return tuple(step for step in self.steps if isinstance(step, PartJob))

    def parts(self, written: Mapping[int, Sequence[Part]]) -> tuple[Part, ...]:
        """Return all parts of the table as they now are.

        Args:
            written: the parts that each job wrote, by its number.
        """
        parts: list[Part] = []
        for step in self.steps:
            parts += written[step.number] if isinstance(step, PartJob) else [step]
        if self.steps != self.change.parts and not self.change.table.rows_per_part:
            table = self.change.table
            parts.sort(key=lambda part: (part.partition, _first_key(table, part), part.id))
        return tuple(parts)


def plan_rewrite(
    change: RowChange,
    settings: "TableSettings",
    numbers: Iterator[int] | None = None,
    *,
    compact: bool = False,
) -> Rewrite:
    """Return which parts a change writes; nothing is written.

    Parts of an older schema are written anew too, and a table without rows gets its one empty
    part.

    Args:
        change: what changes in a table.
        settings: of the tables.
        numbers: gives the jobs their numbers; from 0 on when not given.
        compact: small parts of all partitions are merged, however few.
    """
    outdated = any(part.schema_version != SCHEMA_VERSION for part in change.parts)
    if change.is_empty and change.parts and not outdated and not compact:
        return Rewrite(change, change.parts)
    planner = _Planner(change, settings, numbers or count(), compact)
    steps = planner.ranges() if change.table.rows_per_part else planner.partitions()
    return Rewrite(change, tuple(steps) or (planner.empty(),))


@dataclass(slots=True)
class _Range:
    """A stretch of the order: whole parts, and the rows inserted between their first rows."""

    parts: list[int]
    rows: int
    start: int
    """First of the inserted rows, and how many they are."""
    inserted: int
    dirty: bool


@dataclass(frozen=True, slots=True)
class _Planner:
    change: RowChange
    settings: "TableSettings"
    numbers: Iterator[int]
    compact: bool

    def empty(self) -> Part | PartJob:
        """Return the one part of a table without rows."""
        for part in self.change.parts:
            if not part.rows and part.schema_version == SCHEMA_VERSION:
                return part
        names = self.change.table.partition_by
        partition = tuple((name, UNKNOWN_PARTITION[name]) for name in names)
        return PartJob(next(self.numbers), self.change.table, (), None, partition)

    def partitions(self) -> list[Part | PartJob]:
        """Return what becomes of each partition."""
        change = self.change
        inserted = _rows_of_partitions(change)
        members: dict[Partition, list[int]] = {partition: [] for partition in inserted}
        for index, part in enumerate(change.parts):
            members.setdefault(part.partition, []).append(index)
        incoming, stretches = self._incoming(inserted)
        steps: list[Part | PartJob] = []
        for partition, indices in members.items():
            coming = inserted.get(partition, 0)
            merging = self._merging(indices, coming)
            steps += [
                change.parts[index]
                for index in indices
                if index not in merging and change.parts[index].rows
            ]
            old = tuple(self._old(index) for index in merging)
            rows = coming + sum(each.staying for each in old)
            if rows:
                steps.append(
                    PartJob(
                        next(self.numbers),
                        change.table,
                        old,
                        incoming if coming else None,
                        partition,
                        stretch=stretches.get(partition),
                        rows=rows,
                    )
                )
        return steps

    def _incoming(
        self, inserted: Mapping[Partition, int]
    ) -> tuple[Incoming | None, dict[Partition, tuple[int, int]]]:
        """Return the rows that come, and the stretch of them that each partition takes.

        They are put in order once for all partitions, so that each is a stretch; where they are
        many bytes, only their places are. Many rows are left as they are, with no stretches: each
        partition sorts its own, some at a time.
        """
        rows = self.change.inserted
        if rows is None:
            return None, {}
        if rows.num_rows > RUN or len(inserted) <= 1:
            return Incoming(rows), {}
        stretches: dict[Partition, tuple[int, int]] = {}
        start = 0
        for partition in sorted(inserted):
            stretches[partition] = (start, inserted[partition])
            start += inserted[partition]
        places = places_by_partition(self.change.table, rows)
        if fits_at_once(rows):
            return Incoming(gathered(rows, places)), stretches
        return Incoming(rows, places), stretches

    def _old(self, index: int) -> OldPart:
        return OldPart.of(self.change.parts[index], self.change.removed.get(index))

    def _touched(self, index: int) -> bool:
        outdated = self.change.parts[index].schema_version != SCHEMA_VERSION
        return index in self.change.removed or outdated

    def _merging(self, indices: Sequence[int], coming: int) -> list[int]:
        """Return which parts of a partition are written anew, given how many rows come to it.

        Those that are touched, and with them small ones: all if there are many, else those that
        are small beside what is written.
        """
        parts = self.change.parts
        touched = [index for index in indices if self._touched(index)]
        small = [
            index
            for index in indices
            if index not in touched
            and 0 < parts[index].bytes < self.settings.small_part_bytes
            and parts[index].rows
        ]
        written = coming > 0 or bool(touched)
        # The part that is written now is one more.
        fewest = 2 if self.compact else self.settings.merge_small_parts
        if (written or self.compact) and len(small) + written >= fewest:
            return sorted(touched + small)
        rows = coming + sum(self._old(index).staying for index in touched)
        merging = touched
        for index in sorted(small, key=lambda index: parts[index].rows):
            if not rows or parts[index].rows > max(_TINY, _TAKEN_ALONG * rows):
                break
            merging = [*merging, index]
            rows += parts[index].rows
        return sorted(merging)

    def ranges(self) -> list[Part | PartJob]:
        """Return what becomes of each range."""
        change = self.change
        if len(change.table.partition_by):
            raise ValueError(f"table {change.table.name}: kept in ranges and partitioned")
        new = change.inserted if change.inserted is not None else change.table.empty()
        new = sorted_rows(change.table, new)
        ranges = _join_small(
            1 if self.compact else self.settings.merge_small_parts,
            change.table,
            [each for each in self._ranges(new) if each.rows],
        )
        incoming = Incoming(new)
        steps: list[Part | PartJob] = []
        for number, each in enumerate(ranges):
            if each.dirty:
                steps += self._range_jobs(each, incoming, last=number == len(ranges) - 1)
            else:
                steps += [change.parts[index] for index in each.parts]
        return steps

    def _range_jobs(self, each: _Range, incoming: Incoming, *, last: bool) -> Iterator[PartJob]:
        """Yield the job of a range; where all rows of it are new, a job for each part."""
        table = self.change.table
        cuts = cut_rows(each.rows, table.rows_per_part, fill=last)
        old = tuple(self._old(index) for index in each.parts)
        start = each.start
        for own in [cuts] if old else [[cut] for cut in cuts]:
            rows = sum(own)
            coming = each.inserted if old else rows
            yield PartJob(
                next(self.numbers),
                table,
                old,
                incoming if coming else None,
                stretch=(start, coming),
                cuts=tuple(own),
                rows=rows,
            )
            start += coming

    def _ranges(self, new: pa.Table) -> Iterator[_Range]:
        """Yield a range for each part with the new rows up to the first row of the next part."""
        change, table = self.change, self.change.table
        indices = [index for index, part in enumerate(change.parts) if part.rows]
        if not indices:
            yield _Range([], new.num_rows, 0, new.num_rows, dirty=True)
        start = 0
        for place, index in enumerate(indices):
            coming = new.num_rows - start
            if coming and place + 1 < len(indices):
                bound = sort_key(table, table.order, change.parts[indices[place + 1]].first)
                coming = count_up_to(table, new.slice(start), bound, inclusive=False)
            mask = change.removed.get(index)
            gone = int(mask.sum()) if mask is not None else 0
            rows = change.parts[index].rows - gone + coming
            dirty = coming > 0 or self._touched(index)
            yield _Range([index], rows, start, coming, dirty)
            start += coming


def _rows_of_partitions(change: RowChange) -> dict[Partition, int]:
    """Return how many rows come into each partition."""
    rows, names = change.inserted, change.table.partition_by
    if rows is None or not rows.num_rows:
        return {}
    if not names:
        return {(): rows.num_rows}
    found: Any = key_column(rows, names).dictionary_encode().indices
    _, firsts, counts = np.unique(found.to_numpy(), return_index=True, return_counts=True)
    split: dict[Partition, int] = {}
    for first, number in zip(firsts.tolist(), counts.tolist(), strict=True):
        values = tuple((name, cast("Value", rows.column(name)[first].as_py())) for name in names)
        split[values] = number
    return split


def _first_key(table: Table, part: Part) -> tuple[Any, ...]:
    return sort_key(table, table.order, part.first) if part.rows else ()


def _join_small(fewest: int, table: Table, ranges: list[_Range]) -> list[_Range]:
    """Join neighbours that fit one part, once so many are small."""
    small = table.rows_per_part // _SMALL_RANGE
    if sum(each.rows < small for each in ranges) < fewest:
        return ranges
    joined: list[_Range] = []
    for each in ranges:
        before = joined[-1] if joined else None
        fits = before is not None and before.rows + each.rows <= table.rows_per_part
        if before is not None and fits and min(before.rows, each.rows) < small:
            before.parts += each.parts
            before.inserted += each.inserted
            before.rows += each.rows
            before.dirty = True
        else:
            joined.append(each)
    return joined


def cut_rows(rows: int, limit: int, *, fill: bool) -> list[int]:
    """Return how many rows each part of a range takes.

    Args:
        rows: of the range.
        limit: greatest number of rows of a part.
        fill: the last range of the table, where rows are appended: full parts, then what is left.
            Elsewhere the last two parts share, so that no part is under half full and another
            row does not split off a part of its own.
    """
    full, left = divmod(rows, limit)
    cuts = [limit] * full + ([left] if left else [])
    if not fill and full and 0 < left < limit // 2:
        shared = limit + left
        cuts[-2:] = [shared - shared // 2, shared // 2]
    return cuts
