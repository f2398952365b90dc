"""Series, studies and patients, rolled up from their instances.

An attribute of a parent is the commonest non-null value of its instances, ties by text order.
Only parents of instances that changed are rolled up again, each from all of its instances.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.headers.columns import Lineage, issues_table
from dicomlake.pipeline.headers.issues import Issue
from dicomlake.pipeline.tables.columnar import (
    Array,
    Chunked,
    distinct,
    drop_in,
    flat,
    integers,
    joined,
    pc,
)
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.merge import TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.column import LINEAGE, Column, Table
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES
from dicomlake.schemas.tables.patients import PATIENTS
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES

PARENT_COLUMNS: Final = ("patient_key", "study_instance_uid", "series_instance_uid")
PARENT_ISSUES: Final = ("inconsistent_parent", "series_in_many_studies", "study_of_many_patients")

_LEVELS: Final = (SERIES, STUDIES, PATIENTS)
_LINEAGE_NAMES: Final = frozenset(column.name for column in LINEAGE)
_COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "n_instances": ("sop_instance_uid",),
    "n_series": ("study_instance_uid", "series_instance_uid"),
    "n_studies": ("study_instance_uid",),
}
"""What is counted, by column: different values of these."""
_SETS: Final = {"sop_class_uids": "sop_class_uid", "modalities": "modality"}
"""What is listed, by column: the different values of this."""
_NEEDED: Final = tuple(
    dict.fromkeys(
        name
        for name in (
            "sop_instance_uid",
            *PARENT_COLUMNS,
            "sop_class_uid",
            *(column.name for table in _LEVELS for column in table.columns),
        )
        if name in INSTANCES.by_name and name not in _LINEAGE_NAMES
    )
)
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rollup:
    """What rolling up changes."""

    tables: Mapping[str, TableDelta]
    issues: pa.Table
    """Findings about the parents that were rolled up."""
    stale_issues: Array
    """Ids of the findings about them that the version holds."""


def roll_up(base: Version, before: pa.Table, upserts: pa.Table, lineage: Lineage) -> Rollup:
    """Roll up the parents of instances that come, change or leave.

    Args:
        base: version to change.
        before: its instance rows that leave or are replaced: `sop_instance_uid` and parents.
        upserts: instance rows that come, in full.
        lineage: of the run.
    """
    parents = pa.concat_tables(
        [before.select(list(PARENT_COLUMNS)), upserts.select(list(PARENT_COLUMNS))]
    )
    if not parents.num_rows:
        return Rollup({}, ISSUES.empty(), pa.array([], pa.string()))
    touched = {table.name: _keys(parents, table) for table in _LEVELS}
    rows = _instances_of(base, parents, before, upserts)
    tables: dict[str, TableDelta] = {}
    issues: list[Issue] = []
    for table in _LEVELS:
        own = _only(rows, pc.is_in(key_column(rows, table.key), value_set=touched[table.name]))
        level = _Level(table, own)
        rolled = level.rows(lineage)
        issues += level.issues()
        gone = _gone_keys(parents, table, rolled)
        tables[table.name] = TableDelta(rolled, gone)
    issues += _shared_series(base, parents, tables["series"].upserts)
    stale = _stale_issues(base, parents)
    return Rollup(tables, issues_table(issues, lineage), stale)


def _keys(rows: pa.Table, table: Table) -> Array:
    return key_column(rows, table.key).unique()


def _instances_of(
    base: Version, parents: pa.Table, before: pa.Table, upserts: pa.Table
) -> pa.Table:
    """Return all instances of the touched parents as they will be, as far as it is needed."""
    new = upserts.select(list(_NEEDED))
    if not base.number:
        return new
    of_parents = pc.field("patient_key").isin(distinct(parents, "patient_key")) | pc.field(
        "study_instance_uid"
    ).isin(distinct(parents, "study_instance_uid"))
    old = base.read("instances", list(_NEEDED), of_parents)
    replaced = joined("sop_instance_uid", before, upserts)
    return pa.concat_tables([drop_in(old, "sop_instance_uid", replaced), new])


def _only(rows: pa.Table, mask: Any) -> pa.Table:
    """Return the rows of a mask; all of them without a copy."""
    return rows if pc.all(mask).as_py() else rows.filter(mask)


def _gone_keys(parents: pa.Table, table: Table, rolled: pa.Table) -> pa.Table:
    """Return the keys of touched parents that have no instance any more."""
    keys = parents.select(list(table.key)).group_by(list(table.key)).aggregate([])
    left = key_column(rolled, table.key)
    gone = pc.invert(pc.is_in(key_column(keys, table.key), value_set=left))
    return keys.filter(gone)


class _Level:
    """The parents of one level, with the instances of each."""

    def __init__(self, table: Table, instances: pa.Table) -> None:
        self._table = table
        self._instances = instances
        encoded = key_column(instances, table.key).dictionary_encode()
        self._parents = encoded.indices
        self._count = len(encoded.dictionary)
        self._first: Positions = _first_rows(
            self._parents, instances.column("sop_instance_uid"), self._count
        )
        self._inconsistent: dict[str, Positions] = {}

    def rows(self, lineage: Lineage) -> pa.Table:
        """Return one row per parent, by the schema of the table."""
        schema = self._table.schema()
        arrays = [self._column(column, lineage) for column in self._table.columns]
        return pa.Table.from_arrays(arrays, schema=schema)

    def _column(self, column: Column, lineage: Lineage) -> "Array | Chunked":
        name = column.name
        if name in _LINEAGE_NAMES:
            return pa.array([getattr(lineage, name)] * self._count, column.type)
        if name in _COUNTS:
            return self._count_of(_COUNTS[name])
        if name in _SETS:
            return self._set_of(self._instances.column(_SETS[name]))
        if name in self._table.key or name in self._table.partition_by:
            return self._instances.column(name).take(integers(self._first))
        return self._commonest(column)

    def _commonest(self, column: Column) -> Chunked:
        """Return the commonest non-null value per parent, and note where there are several."""
        values = self._instances.column(column.name)
        counted = (
            pa.table(
                {
                    "parent": self._parents,
                    "text": _texts(values.combine_chunks()),
                    "row": integers(np.arange(len(values))),
                }
            )
            .filter(pc.field("text").is_valid())
            .group_by(["parent", "text"], use_threads=False)
            .aggregate([("row", "min"), ([], "count_all")])
            .sort_by([("parent", "ascending"), ("count_all", "descending"), ("text", "ascending")])
        )
        parents = counted.column("parent").to_numpy()
        winners = np.flatnonzero(np.diff(parents, prepend=-1))
        places = np.full(self._count, -1, dtype=np.int64)
        places[parents[winners]] = counted.column("row_min").to_numpy()[winners]
        several = np.bincount(parents, minlength=self._count) > 1
        if several.any():
            self._inconsistent[column.name] = np.flatnonzero(several)
        return values.take(integers(places, places < 0))

    def _count_of(self, names: Sequence[str]) -> Array:
        found = (
            pa.table({"parent": self._parents, **{n: self._instances.column(n) for n in names}})
            .group_by(["parent", *names], use_threads=False)
            .aggregate([])
        )
        counts = np.bincount(found.column("parent").to_numpy(), minlength=self._count)
        return integers(counts.astype(np.int64))

    def _set_of(self, values: Chunked) -> Array:
        """Return the different non-null values per parent, sorted."""
        found = (
            pa.table({"parent": self._parents, "value": values})
            .filter(pc.field("value").is_valid())
            .group_by(["parent", "value"], use_threads=False)
            .aggregate([])
            .sort_by([("parent", "ascending"), ("value", "ascending")])
        )
        counts = np.bincount(found.column("parent").to_numpy(), minlength=self._count)
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        return _lists(offsets, flat(found, "value"))

    def issues(self) -> list[Issue]:
        """Return the findings about parents whose instances disagree; after `rows`."""
        found = []
        for name, parents in self._inconsistent.items():
            column = self._table.by_name[name]
            many_patients = self._table is STUDIES and name == "patient_key"
            if not column.keyword and not many_patients:
                continue  # derived from an attribute that has its own finding
            for keys in self._keys_of(parents):
                if many_patients:
                    study = keys["study_instance_uid"]
                    found.append(Issue("study_of_many_patients", study_instance_uid=study))
                else:
                    found.append(_inconsistent(column, keys))
        return found

    def _keys_of(self, parents: Positions) -> list[dict[str, str]]:
        rows = self._instances.select(list(self._table.key)).take(integers(self._first[parents]))
        return rows.to_pylist()


def _inconsistent(column: Column, keys: Mapping[str, str]) -> Issue:
    patient = keys.get("patient_key")
    return Issue(
        "inconsistent_parent",
        study_instance_uid=keys.get("study_instance_uid"),
        series_instance_uid=keys.get("series_instance_uid"),
        tag=column.tag_text or None,
        keyword=column.keyword,
        detail=_patient_detail(patient) if patient else None,
    )


def _patient_detail(patient_key: str) -> str:
    return f"patient_key {patient_key}"


def _first_rows(parents: Array, uids: Chunked, count: int) -> Positions:
    """Return for each parent the row of its instance with the smallest UID in text order."""
    order = pc.sort_indices(
        pa.table({"parent": parents, "uid": uids}),
        sort_keys=[("parent", "ascending"), ("uid", "ascending")],
    ).to_numpy()
    codes = parents.to_numpy(zero_copy_only=False)[order]
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    first: Positions = order[starts].astype(np.int64)
    assert len(first) == count
    return first


def _texts(values: Any) -> Any:
    """Return each value as a text that is equal for equal values only; null stays null."""
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_struct(values.type):
        parts = [pc.fill_null(_texts(child), "\0") for child in values.flatten()]
        joined = pc.binary_join_element_wise(*parts, "=")
        return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.string()))
    if pa.types.is_list(values.type):
        elements = pc.fill_null(_texts(values.flatten()), "\0")
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        lists = _lists(offsets, elements)
        joined = pc.binary_join(lists, "\\")
        return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.string()))
    return values.cast(pa.string())


def _lists(offsets: npt.NDArray[np.int32], values: Any) -> Array:
    """Return lists that start at the offsets, one fewer than these."""
    make: Any = pa.ListArray.from_arrays  # the stubs do not know that offsets are integers
    return cast("Array", make(integers(offsets), values))


def _shared_series(base: Version, parents: pa.Table, rolled: pa.Table) -> list[Issue]:
    """Return a finding for each touched Series Instance UID that stands in several studies."""
    names = ["study_instance_uid", "series_instance_uid"]
    touched = distinct(parents, "series_instance_uid")
    pairs = rolled.select(names)
    if base.number and len(touched):
        old = base.read("series", names, pc.field("series_instance_uid").isin(touched))
        stays = pc.invert(
            pc.is_in(
                key_column(old, names),
                value_set=_keys(parents, SERIES),
            )
        )
        pairs = pa.concat_tables([old.filter(stays), pairs])
    studies = pc.value_counts(pairs.column("series_instance_uid"))
    shared = studies.field("values").filter(pc.greater(studies.field("counts"), 1))
    return [Issue("series_in_many_studies", series_instance_uid=uid) for uid in shared.to_pylist()]


def _stale_issues(base: Version, parents: pa.Table) -> Array:
    """Return the ids of the version's findings about the touched parents."""
    if not base.number:
        return pa.array([], pa.string())
    names = ["issue_id", "code", "study_instance_uid", "series_instance_uid", "detail"]
    rows = base.read("issues", names, pc.field("code").isin(pa.array(PARENT_ISSUES)))
    study, series = rows.column("study_instance_uid"), rows.column("series_instance_uid")
    no_study, no_series = pc.is_null(study), pc.is_null(series)
    of_series = pc.is_in(key_column(rows, SERIES.key), value_set=_keys(parents, SERIES))
    of_study = pc.is_in(study, value_set=distinct(parents, "study_instance_uid"))
    of_shared = pc.is_in(series, value_set=distinct(parents, "series_instance_uid"))
    patients = [_patient_detail(str(key)) for key in distinct(parents, "patient_key").to_pylist()]
    of_patient = pc.is_in(rows.column("detail"), value_set=pa.array(patients, pa.string()))
    stale: Any = of_series
    for condition in (
        pc.and_(no_series, of_study),
        pc.and_(no_study, of_shared),
        pc.and_(pc.and_(no_study, no_series), of_patient),
    ):
        stale = pc.or_(stale, condition)
    return rows.column("issue_id").filter(stale).combine_chunks()
