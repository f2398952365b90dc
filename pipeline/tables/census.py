"""What became of every file a run saw, counted from the rows it leaves, and the proof of it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.tables.columnar import flat, in_tables, is_in, pc, texts
from dicomlake.pipeline.tables.incoming import Incoming
from dicomlake.pipeline.tables.ingest_plan import IngestPlan, SourcePlan
from dicomlake.pipeline.tables.staging import count_by, status_and_reason
from dicomlake.pipeline.tables.worklist import FAILED_STATUSES, ledger_of

_COLUMNS: Final = ("file_id", "path", "status", "reason")


@dataclass(frozen=True, slots=True)
class IngestCounts:
    """What a run saw, read and changed."""

    files_seen: int
    """Files and refused paths the crawl met."""
    files_read: int
    bytes_read: int
    unchanged: int
    by_status: Mapping[str, int]
    """The files seen, by what became of them; the sum is `files_seen`."""
    by_reason: Mapping[str, int]
    """The files seen, by `status/reason`, where there is a reason."""
    deleted: int
    """Paths that are gone, moved files apart."""
    moved: int
    """Paths that are gone, and whose files are at another path now."""
    withheld: int
    """Deletes that the guard withheld."""
    hidden: int
    """Rows of the ledger below folders that could not be listed: left as they were."""
    heirs: int
    """Files read again because the file that was the instance is gone."""
    heir_readers: Mapping[str, int]
    """These, by the reader that read them."""
    heir_fallbacks: Mapping[str, int]
    """Those of them that were left to pydicom, by reason."""
    outdated: int
    """Files read because of the schema that they were read with."""
    instances_added: int
    instances_changed: int
    """Instances of a file with another content or header than before; moves are none."""
    instances_removed: int
    tables: Mapping[str, int]
    """Rows that come to each table or change in it."""


@dataclass(frozen=True, slots=True)
class Census:
    """The files a run saw, by status and by `status/reason`."""

    by_status: Mapping[str, int]
    by_reason: Mapping[str, int]


def take_census(plan: IngestPlan, incoming: Incoming, upserts: pa.Table) -> Census:
    """Count the files seen by what became of them, and prove that none is missing.

    The count is made from the rows of `files` as they will be, not from the crawl: rows of the
    version planned on, with the run's own rows over them. What the crawl did not see is taken out:
    deleted rows, rows below folders that could not be listed, paths whose deletes are withheld.

    Args:
        plan: with the crawl's own count.
        incoming: what was found.
        upserts: rows of `files` that the run changes.

    Raises:
        ReconciliationError: the sum is not what the crawl counted.
    """
    upserts = upserts.select(["file_id", "status", "reason"])
    counted = _Counted()
    matched = np.zeros(upserts.num_rows, dtype=np.bool_)
    ids = flat(upserts, "file_id")
    for rows in _ledger(plan, incoming):
        if not upserts.num_rows:
            counted.add(rows)
            continue
        place = pc.index_in(rows.column("file_id"), value_set=ids)
        matched[place.drop_null().to_numpy()] = True
        replaced = pc.is_valid(place)
        counted.add(rows.filter(pc.invert(replaced)))
        counted.add(upserts.take(place.drop_null()))
    fresh = pc.and_(is_in(upserts, "file_id", incoming.seen_ids), pa.array(~matched))
    counted.add(upserts.filter(fresh))
    counted.add(incoming.kept)  # their earlier rows stay; they count by what this run found
    census = counted.census()
    total = sum(census.by_status.values())
    if total != plan.seen:
        raise ReconciliationError(
            f"{plan.seen} files seen, but {total} rows say what became of them.",
            "Nothing was committed. This is a defect of dicomlake: please report this line.",
        )
    return census


def _ledger(plan: IngestPlan, incoming: Incoming) -> Iterator[pa.Table]:
    """Yield the rows of the version planned on whose paths the crawl saw, or should have seen."""
    for each in plan.sources:
        for rows in in_tables(ledger_of(plan.base, each.source.name, _COLUMNS)):
            yield _in_sight(rows, each, plan, incoming)


def _in_sight(rows: pa.Table, source: SourcePlan, plan: IngestPlan, incoming: Incoming) -> pa.Table:
    mask = pc.not_equal(rows.column("status"), "deleted")
    for absent in (incoming.unjudged_ids, flat(incoming.kept, "file_id")):
        if len(absent):
            mask = pc.and_not(mask, is_in(rows, "file_id", absent))
    if plan.only_failed:
        mask = pc.and_(mask, is_in(rows, "status", texts(*FAILED_STATUSES)))
    if source.out_of_sight.unlisted:
        mask = pc.and_not(mask, source.out_of_sight.hidden(rows.column("path")))
    return rows.filter(mask)


class _Counted:
    def __init__(self) -> None:
        self._by_status: Counter[str] = Counter()
        self._by_reason: Counter[str] = Counter()

    def add(self, rows: pa.Table) -> None:
        """Count live rows."""
        live = rows.filter(pc.not_equal(rows.column("status"), "deleted"))
        self._by_status.update(count_by(live.column("status")))
        self._by_reason.update(count_by(status_and_reason(live)))

    def census(self) -> Census:
        return Census(dict(sorted(self._by_status.items())), dict(sorted(self._by_reason.items())))
