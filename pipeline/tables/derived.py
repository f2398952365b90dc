"""Rows that other stages made of the instances: which leave with a change of files, which follow.

A claim is a file that says to be an instance. Where a claim comes, goes or is another than before,
the volume rows of its series leave, so that no version holds a volume of instances that it does
not have; the volume stage makes them anew. Where a claim is the same under another path, as after
a move, the rows follow: they name the new path, and the volume is left alone. Doses leave with the
objects that they rest on, a study at a time (derived_doses.py).
"""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import (
    Array,
    distinct,
    flat,
    keep_in,
    pc,
    set_column,
    texts,
)
from dicomlake.pipeline.tables.derived_doses import RESTING_ON, doses_that_leave, without_left
from dicomlake.pipeline.tables.keys import equal_rows, key_column
from dicomlake.pipeline.tables.merge import NOT_COMPARED, TableDelta
from dicomlake.pipeline.tables.moves import CONTENT, HEADER, Moves, pair_rows, take_out
from dicomlake.pipeline.tables.settle import CLAIM_STATUSES
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.column import LINEAGE, Table
from dicomlake.schemas.tables.dose_reports import DOSE_REPORTS
from dicomlake.schemas.tables.files import FILES
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.volume_instances import VOLUME_INSTANCES
from dicomlake.schemas.tables.volumes import VOLUMES

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage

_UID: Final = "sop_instance_uid"
_OF_A_RUN: Final = NOT_COMPARED | {column.name for column in LINEAGE}
"""Columns that say who wrote a row, and nothing about the file."""
_ROLE: Final = ("status", "reason", *SERIES.key)
"""What a claim is for the volumes, besides its content."""
_FORM: Final = ("transfer_syntax_uid", "pixel_offset", "pixel_length")
_PROOFS: Final = (
    (*_ROLE, *CONTENT, *_FORM),
    (*_ROLE, _UID, "transfer_syntax_uid", "content_sha256"),
)
"""Columns that are equal where a claim is that of a file at another path; none is null for proof.

The second finds roles that pass on: the copy that becomes the instance when that moved away.
"""
_NO_MOVES: Final = Moves(texts(), texts())
_EVIDENCE: Final = ("header_sha256", "content_sha256")
"""For each proof the column that must be known."""


@dataclass(frozen=True, slots=True)
class ClaimChanges:
    """How the claims of a version and of the run's rows differ."""

    changed: pa.Table
    """Claims that come, go or are other than before: status, UID and parents."""
    moved: Moves
    """Claims that are the same under another path."""
    same_header: Moves
    """Claims of which the header at least is the same under another path."""
    other_header: Array
    """UIDs of claims that doses rest on, and that left or have another header than before."""
    other_content: Array
    """The same of those that left or may have another content."""


def claim_changes(files: pa.Table, before: pa.Table) -> ClaimChanges:
    """Hold rows of `files` against those they replace.

    Args:
        files: as the run leaves them, those of deleted files among them.
        before: the ledger's rows of these paths.
    """
    shown = ["status", _UID, *SERIES.key]
    claims = texts(*CLAIM_STATUSES)
    if not before.num_rows:
        comes = keep_in(files.select(shown), "status", claims)
        return ClaimChanges(comes, _NO_MOVES, _NO_MOVES, texts(), texts())
    compared = [name for name in FILES.by_name if name not in _OF_A_RUN]
    place = pc.index_in(files.column("file_id"), value_set=flat(before, "file_id"))
    known = pc.is_valid(place)
    old = before.select(compared).take(place.drop_null())
    same = files.select(compared).filter(known)
    other = pa.array(~equal_rows(same, old))
    fresh = files.select(compared).filter(pc.invert(known))
    goes = keep_in(old.filter(other), "status", claims)
    comes = keep_in(pa.concat_tables([fresh, same.filter(other)]), "status", claims)
    same_header, other_header, _ = _paired(goes, comes, ("status", *HEADER), "header_sha256")
    pairs = [_NO_MOVES]
    for names, evidence in zip(_PROOFS, _EVIDENCE, strict=True):
        moves, goes, comes = _paired(goes, comes, names, evidence)
        pairs.append(moves)
    return ClaimChanges(
        changed=pa.concat_tables([comes.select(shown), goes.select(shown)]),
        moved=_all(pairs),
        same_header=same_header,
        other_header=_resting(other_header),
        other_content=_resting(goes),
    )


def _resting(claims: pa.Table) -> Array:
    """Return the UIDs of the claims that doses may rest on."""
    return distinct(keep_in(claims, "status", texts(*RESTING_ON)), _UID)


def _paired(
    goes: pa.Table, comes: pa.Table, names: tuple[str, ...], evidence: str
) -> tuple[Moves, pa.Table, pa.Table]:
    """Return the claims that are equal in some columns, and the others of both tables."""
    if not goes.num_rows or not comes.num_rows:
        return _NO_MOVES, goes, comes
    parts = [_by_evidence(rows, evidence) for rows in (goes, comes)]
    (old, unproven_old), (new, unproven_new) = parts
    at_old, at_new = pair_rows(old, new, names)
    moves = Moves(flat(old, "file_id").take(at_old), flat(new, "file_id").take(at_new))
    return (
        moves,
        pa.concat_tables([take_out(old, at_old), unproven_old]),
        pa.concat_tables([take_out(new, at_new), unproven_new]),
    )


def _by_evidence(rows: pa.Table, name: str) -> tuple[pa.Table, pa.Table]:
    known = pc.is_valid(rows.column(name))
    return rows.filter(known), rows.filter(pc.invert(known))


def _all(moves: list[Moves]) -> Moves:
    return Moves(
        pa.concat_arrays([each.before for each in moves]),
        pa.concat_arrays([each.after for each in moves]),
    )


def derived_rows(
    base: Version,
    changes: ClaimChanges,
    existing: pa.Table,
    instances: pa.Table,
    lineage: "Lineage",
) -> dict[str, TableDelta]:
    """Return what leaves and what follows in the tables that other stages made.

    Args:
        base: version to change.
        changes: of the claims.
        existing: of the version's instances whose claims may have changed: UID, parents, and
            what says whether they can carry a dose.
        instances: rows of the run's instances.
        lineage: of the run.
    """
    if not base.number:
        return {}
    series = _dirty_series(changes.changed, existing, instances)
    wanted = distinct(series, "series_instance_uid")
    dirty = key_column(series, SERIES.key)
    volumes = _of_series(base, VOLUMES, wanted, dirty)
    placed = _of_series(base, VOLUME_INSTANCES, wanted, dirty)
    followed = _following(base, VOLUME_INSTANCES, changes.moved, lineage)
    stays = pc.invert(pc.is_in(key_column(followed.upserts, SERIES.key), value_set=dirty))
    assert followed.deletes is not None
    doses = doses_that_leave(base, existing, changes.other_header, changes.other_content)
    reports = _following(base, DOSE_REPORTS, changes.same_header, lineage)
    return {
        VOLUMES.name: TableDelta(VOLUMES.empty(), volumes),
        VOLUME_INSTANCES.name: TableDelta(
            followed.upserts.filter(stays), pa.concat_tables([placed, followed.deletes])
        ),
        **doses,
        DOSE_REPORTS.name: without_left(reports, doses),
    }


def _dirty_series(changed: pa.Table, existing: pa.Table, instances: pa.Table) -> pa.Table:
    """Return the series whose volumes leave: those of every claim that changed.

    They are the series that a file says it belongs to, and those of the instances of its UID.
    """
    uids = flat(changed, _UID).unique()
    keys = list(SERIES.key)
    parents = [changed.filter(pc.is_valid(changed.column("series_instance_uid"))).select(keys)]
    parents += [
        keep_in(rows.select([_UID, *keys]), _UID, uids).select(keys)
        for rows in (existing, instances)
    ]
    return pa.concat_tables(parents, promote_options="default")  # null in `files` alone


def _of_series(base: Version, table: Table, wanted: Array, series: Array) -> pa.Table:
    """Return the keys of the rows of a table that belong to series."""
    key = list(table.key)
    if not len(wanted):
        return table.empty().select(key)
    columns = list(dict.fromkeys((*key, *SERIES.key)))
    rows = base.read(table.name, columns, pc.field("series_instance_uid").isin(wanted))
    return rows.filter(pc.is_in(key_column(rows, SERIES.key), value_set=series)).select(key)


def _following(base: Version, table: Table, moves: Moves, lineage: "Lineage") -> TableDelta:
    """Return the rows of files that moved under their new path, and the keys they leave."""
    rows = table.empty()
    if len(moves.before):
        rows = base.read(table.name, None, pc.field("file_id").isin(moves.before))
    key = rows.select(list(table.key))
    rows = set_column(rows, "file_id", moves.followed(rows.column("file_id")))
    for name, value in asdict(lineage).items():
        of_run = pa.array([value] * rows.num_rows, rows.schema.field(name).type)
        rows = set_column(rows, name, of_run)
    return TableDelta(rows, key)
