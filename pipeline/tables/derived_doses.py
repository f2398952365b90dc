"""Doses that leave with what they rest on, until the dose stage reads their study anew.

The rows of a study are made of all of its objects together: of several reports one supersedes
another, an exam adds events. Where one of these objects leaves, or has another header than before,
all dose rows of the study leave; `dose_studies` among them, so that the dose stage takes the study
for one it does not know. Sizes of patients, and the doses for them, were measured in voxels: with
these, another content is enough. An object that only comes makes nothing false: the rows stay
until the study is read with it.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from dicomlake.pipeline.tables.columnar import Array, distinct, drop_in, flat, keep_in, pc, texts
from dicomlake.pipeline.tables.dose_objects import DOSE_TABLES, can_carry_a_dose
from dicomlake.pipeline.tables.merge import TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES
from dicomlake.schemas.tables.ct_irradiation_events import CT_IRRADIATION_EVENTS

RESTING_ON: Final = ("ingested", "conflict")
"""Statuses of the files that doses rest on: a report that lost its UID has a row too."""
OBJECT_COLUMNS: Final = ("sop_class_uid", "modality")
"""Columns of `instances` that say whether an object can carry a dose."""

_STUDY: Final = "study_instance_uid"
_UID: Final = "sop_instance_uid"
_MEASURED: Final = "dw_truncated_fraction"
"""Column of an event that only a measurement in a volume fills in."""


def doses_that_leave(
    base: Version, existing: pa.Table, other_header: Array, other_content: Array
) -> dict[str, TableDelta]:
    """Return the dose rows that leave, by table; tables of which none does are left out.

    Args:
        base: version to change.
        existing: its instances of the claims that may have changed: UID, parents and
            `OBJECT_COLUMNS`.
        other_header: UIDs of which a file left, or has another header.
        other_content: UIDs of which a file left, or may have other pixels.
    """
    if not base.rows("dose_studies"):
        return {}
    own = existing.filter(can_carry_a_dose(existing))
    of_header, of_pixels = (
        distinct(keep_in(own, _UID, uids), _STUDY) for uids in (other_header, other_content)
    )
    left = pa.concat_arrays([of_header, _measured(base, of_pixels)]).unique()
    if not len(left):
        return {}
    found = {name: _keys_of(base, name, left) for name in DOSE_TABLES}
    if not found["dose_studies"].num_rows:  # then no other table has rows of them
        return {}
    return {
        name: TableDelta(TABLES[name].empty(), keys)
        for name, keys in found.items()
        if keys.num_rows
    }


def _measured(base: Version, studies: Array) -> Array:
    """Return those of some studies that have an event whose patient was measured in a volume."""
    name = CT_IRRADIATION_EVENTS.name
    if not len(studies) or not base.rows(name):
        return texts()
    rows = base.read(name, [_STUDY, _MEASURED], pc.field(_STUDY).isin(studies))
    return distinct(rows.filter(pc.is_valid(rows.column(_MEASURED))), _STUDY)


def _keys_of(base: Version, name: str, studies: Array) -> pa.Table:
    key = list(TABLES[name].key)
    if not base.rows(name):
        return TABLES[name].empty().select(key)
    columns = list(dict.fromkeys((*key, _STUDY)))
    return base.read(name, columns, pc.field(_STUDY).isin(studies)).select(key)


def without_left(followed: TableDelta, doses: Mapping[str, TableDelta]) -> TableDelta:
    """Return the rows of reports that moved, but for those of studies whose rows leave.

    Args:
        followed: rows of `dose_reports` under their new path.
        doses: what leaves, as `doses_that_leave` returns it.
    """
    if not doses:
        return followed
    keys = [each.deletes for each in (followed, doses.get("dose_reports")) if each is not None]
    studies = doses["dose_studies"].deletes
    assert studies is not None
    stays = drop_in(followed.upserts, _STUDY, flat(studies, _STUDY))
    return TableDelta(stays, pa.concat_tables([each for each in keys if each is not None]))
