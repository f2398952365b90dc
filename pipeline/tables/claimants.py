"""The live files that claim each SOP Instance UID a run touched, and what becomes of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, cast

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.pixels.content import Content, ContentJob
from dicomlake.pipeline.tables.columnar import (
    Array,
    drop_in,
    flat,
    is_in,
    joined,
    keep_in,
    pc,
    set_column,
    texts,
)
from dicomlake.pipeline.tables.incoming import Incoming, with_lineage
from dicomlake.pipeline.tables.keys import equal_rows
from dicomlake.pipeline.tables.moves import digests_of_moved
from dicomlake.pipeline.tables.settle import (
    CLAIM_STATUSES,
    Claim,
    Settlement,
    Verdict,
    needs_details,
    settle,
)
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables.files import FILES

ReadContents = Callable[[Sequence[ContentJob]], Iterable[Content]]

_SLICE_ROWS: Final = 20_000
"""Claims of contested UIDs held as Python values at once."""

_SLIM: Final = ("file_id", "source", "path", "sop_instance_uid", "size", "mtime_ns", "status",
                "content_sha256")  # fmt: skip
_UNCHANGED: Final = ("size", "mtime_ns", "ctime_ns", "inode", "header_sha256")
"""Columns that are equal where the content of a file cannot have changed."""
_DECIDED: Final = ("status", "reason", "content_sha256")
_VERDICTS: Final = pa.schema([pa.field(name, pa.string()) for name in ("file_id", *_DECIDED)])


def _no_verdicts() -> pa.Table:
    return _VERDICTS.empty_table()


@dataclass(frozen=True, slots=True)
class Dispute:
    """A UID that files with other content claim too."""

    sop_instance_uid: str
    file_id: str
    """Of the winner."""
    detail: str


@dataclass(frozen=True, slots=True)
class Contested:
    """What became of every claim on the UIDs that a run touched."""

    incoming: pa.Table
    """The run's rows of `files`, settled."""
    committed: pa.Table
    """Rows of files that the run did not read, and that change all the same."""
    committed_before: pa.Table
    """The ledger's rows of these."""
    claimed: Array
    """UIDs with at least one live claim, among those touched."""
    touched: Array
    """UIDs whose claims may have changed."""
    disputes: tuple[Dispute, ...]
    heirs: pa.Table
    """Rows of the ledger that win and have to be read again, for they have no instance row."""


@dataclass(slots=True)
class ClaimSettler:
    """Settles the claims of a run against a version."""

    base: Version
    lineage: Lineage
    settings: Settings
    roots: Mapping[str, str]
    """Root of each source, by name."""
    read_contents: ReadContents
    _contents: dict[str, Content] = field(default_factory=dict)
    """Contents of the claims that an heir was found among; they are settled once more."""
    _known: pa.Table = field(default_factory=_no_verdicts)
    """Verdicts so far; their digests save reading a file again once an heir was read."""

    def settle(self, incoming: Incoming) -> Contested:
        """Settle every UID that the run's rows claim, or claimed before."""
        mine = _claims(incoming.files.select(_SLIM))
        leaving = _leaving(incoming)
        replaced = pa.concat_tables([incoming.before, incoming.gone])
        replaced = keep_in(replaced, "file_id", leaving)
        touched = _uids(mine, _claims(replaced.select(_SLIM))).unique()
        theirs = self._committed_claims(touched, leaving)
        contested = _contested(mine, theirs)
        if len(contested):
            self._known = pa.concat_tables([self._known, _as_before(incoming)])
        verdicts, disputes = self._judge(mine, theirs, contested)
        lone = drop_in(theirs, "sop_instance_uid", contested)
        settled = _apply(theirs, pa.concat_tables([verdicts, _free(lone)]))
        changed = pa.array(~equal_rows(settled.select(_DECIDED), theirs.select(_DECIDED)))
        heirs = pc.and_(
            pc.equal(settled.column("status"), "ingested"),
            pc.not_equal(theirs.column("status"), "ingested"),
        )
        return Contested(
            incoming=_apply(incoming.files, verdicts),
            committed=with_lineage(settled.filter(changed), self.lineage),
            committed_before=theirs.filter(changed),
            claimed=_uids(mine, theirs),
            touched=touched,
            disputes=disputes,
            heirs=theirs.filter(heirs),
        )

    def _committed_claims(self, touched: Array, leaving: Array) -> pa.Table:
        """Return the ledger's rows that claim a touched UID and stay as they are."""
        if not self.base.number or not len(touched):
            return FILES.empty()
        live = pc.field("status").isin(texts(*CLAIM_STATUSES))
        rows = self.base.read("files", None, live & pc.field("sop_instance_uid").isin(touched))
        return drop_in(rows, "file_id", leaving)

    def _judge(
        self, mine: pa.Table, theirs: pa.Table, contested: Array
    ) -> tuple[pa.Table, tuple[Dispute, ...]]:
        """Settle the UIDs with several claims, a slice of them at a time."""
        verdicts: list[pa.Table] = []
        disputes: list[Dispute] = []
        for groups in _groups(mine, theirs, contested, self._known):
            settlements = self._settle_slice(groups)
            verdicts.append(_verdict_rows(v for s in settlements.values() for v in s.verdicts))
            disputes += [
                Dispute(uid, settlement.winner, settlement.dispute)
                for uid, settlement in settlements.items()
                if settlement.dispute
            ]
        found = pa.concat_tables([_no_verdicts(), *verdicts])
        self._known = found
        return found, tuple(disputes)

    def _settle_slice(self, groups: Mapping[str, list[dict[str, Any]]]) -> dict[str, Settlement]:
        contents = self._digests(groups)
        settlements = {}
        for uid, rows in groups.items():
            claims = [
                Claim(
                    row["file_id"],
                    row["source"],
                    row["path"],
                    contents[row["file_id"]],
                    incumbent=row["committed"] and row["status"] == "ingested",
                    committed=row["committed"],
                )
                for row in rows
            ]
            settlements[uid] = settle(claims)
            winner = next(r for r in rows if r["file_id"] == settlements[uid].winner)
            if winner["committed"] and winner["status"] != "ingested":
                self._contents.update({r["file_id"]: contents[r["file_id"]] for r in rows})
        return settlements

    def _digests(self, groups: Mapping[str, list[dict[str, Any]]]) -> dict[str, Content]:
        """Return the content of every claim, in detail where the claims of a UID differ."""
        known = {
            row["file_id"]: self._contents.get(row["file_id"])
            or Content(row["file_id"], content_sha256=row["content_sha256"])
            for rows in groups.values()
            for row in rows
        }
        lacking = [
            row
            for rows in groups.values()
            for row in rows
            if known[row["file_id"]].content_sha256 is None and not known[row["file_id"]].fault
        ]
        known.update(self._read(lacking))
        differing = [
            row
            for rows in groups.values()
            if needs_details([known[row["file_id"]] for row in rows])
            for row in rows
            if known[row["file_id"]].attributes_sha256 is None and not known[row["file_id"]].fault
        ]
        known.update(self._read(differing))
        return known

    def _read(self, rows: Sequence[dict[str, Any]]) -> dict[str, Content]:
        if not rows:
            return {}
        jobs = [
            ContentJob(
                row["file_id"],
                self.roots[row["source"]],
                row["path"],
                row["size"],
                row["mtime_ns"],
                self.settings,
            )
            for row in rows
        ]
        return {content.file_id: content for content in self.read_contents(jobs)}


def _as_before(incoming: Incoming) -> pa.Table:
    """Return what the ledger said of files read that are as they were, also at a new path."""
    before = incoming.before.filter(pc.is_valid(incoming.before.column("content_sha256")))
    place = pc.index_in(before.column("file_id"), value_set=flat(incoming.files, "file_id"))
    before = before.filter(pc.is_valid(place))
    now = incoming.files.select(_UNCHANGED).take(place.drop_null())
    same = pa.array(equal_rows(before.select(_UNCHANGED), now))
    unchanged = before.select(_VERDICTS.names).filter(same).cast(_VERDICTS)
    ids, digests = digests_of_moved(incoming.before, incoming.files, incoming.gone)
    nothing = pa.nulls(len(ids), pa.string())
    moved = pa.Table.from_arrays([ids, nothing, nothing, digests], schema=_VERDICTS)
    return pa.concat_tables([unchanged, moved])


def _leaving(incoming: Incoming) -> Array:
    """Return the files whose rows of the ledger are replaced or deleted."""
    return joined("file_id", incoming.files, incoming.gone)


def _uids(*tables: pa.Table) -> Array:
    return joined("sop_instance_uid", *tables)


def _claims(files: pa.Table) -> pa.Table:
    claiming = is_in(files, "status", texts(*CLAIM_STATUSES))
    return files.filter(pc.and_(claiming, pc.is_valid(files.column("sop_instance_uid"))))


def _contested(mine: pa.Table, theirs: pa.Table) -> Array:
    """Return the UIDs that several files claim."""
    counted = pc.value_counts(_uids(mine, theirs))
    several = counted.field("values").filter(pc.greater(counted.field("counts"), 1))
    return cast("Array", several)


def _groups(
    mine: pa.Table, theirs: pa.Table, contested: Array, known: pa.Table
) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """Yield the claims of contested UIDs as Python values, some thousand at a time."""
    if not len(contested):
        return
    both = pa.concat_tables(
        [
            rows.select(_SLIM)
            .append_column("committed", pa.array([committed] * rows.num_rows, pa.bool_()))
            .filter(is_in(rows, "sop_instance_uid", contested))
            for rows, committed in ((mine, False), (theirs, True))
        ]
    ).sort_by("sop_instance_uid")
    place = pc.index_in(both.column("file_id"), value_set=flat(known, "file_id"))
    digests = pc.coalesce(both.column("content_sha256"), known.column("content_sha256").take(place))
    both = set_column(both, "content_sha256", digests)
    groups: dict[str, list[dict[str, Any]]] = {}
    count = 0
    rows = (row for batch in both.to_batches(max_chunksize=1000) for row in batch.to_pylist())
    for uid, claims in groupby(rows, key=lambda row: row["sop_instance_uid"]):
        groups[uid] = list(claims)
        count += len(groups[uid])
        if count >= _SLICE_ROWS:
            yield groups
            groups, count = {}, 0
    if groups:
        yield groups


def _verdict_rows(verdicts: Iterable[Verdict]) -> pa.Table:
    rows = [(v.file_id, v.status, v.reason, v.content_sha256) for v in verdicts]
    columns = list(zip(*rows, strict=True)) or [()] * len(_VERDICTS)
    return pa.Table.from_arrays(
        [pa.array(values, pa.string()) for values in columns], schema=_VERDICTS
    )


def _free(lone: pa.Table) -> pa.Table:
    """Return the verdict on committed files that nobody contests any more: each is the instance."""
    count = lone.num_rows
    return pa.Table.from_arrays(
        [
            lone.column("file_id"),
            pa.array(["ingested"] * count, pa.string()),
            pa.nulls(count, pa.string()),
            pa.nulls(count, pa.string()),
        ],
        schema=_VERDICTS,
    )


def _apply(files: pa.Table, verdicts: pa.Table) -> pa.Table:
    """Return rows of `files` with status, reason and digest as settled; others as they are."""
    if not verdicts.num_rows:
        return files
    place = pc.index_in(
        files.column("file_id"), value_set=verdicts.column("file_id").combine_chunks()
    )
    settled = pc.is_valid(place)
    for name in _DECIDED:
        values = pc.if_else(settled, verdicts.column(name).take(place), files.column(name))
        files = set_column(files, name, values)
    return files
