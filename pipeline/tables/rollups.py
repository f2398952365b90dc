"""Series, studies and patients, and the series of a modality, rolled up from their instances.

An attribute of a parent is the commonest non-null value of its instances, ties by text order.
Only parents of instances that changed are rolled up again, each from all of its instances.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from dicomlake.pipeline.headers.columns import Lineage, issues_table
from dicomlake.pipeline.headers.issues import Issue
from dicomlake.pipeline.tables.columnar import Array, distinct, drop_in, joined, keep_in, pc, texts
from dicomlake.pipeline.tables.keys import key_column
from dicomlake.pipeline.tables.levels import (
    COUNTS,
    LINEAGE_NAMES,
    PARENT_COLUMNS,
    SETS,
    Level,
    Runs,
)
from dicomlake.pipeline.tables.merge import TableDelta
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.tables import MODALITY_SERIES, TABLES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.issues import ISSUES
from dicomlake.schemas.tables.patients import PATIENTS
from dicomlake.schemas.tables.series import SERIES
from dicomlake.schemas.tables.studies import STUDIES

__all__ = ["PARENT_COLUMNS", "PARENT_ISSUES", "Rollup", "roll_up"]

PARENT_ISSUES: Final = ("inconsistent_parent", "series_in_many_studies", "study_of_many_patients")

_ALWAYS: Final = ("sop_instance_uid", *PARENT_COLUMNS, *SETS.values())


def _needed(*names: str) -> tuple[str, ...]:
    """Return these columns of `instances`, and those that every level needs."""
    return tuple(
        name
        for name in dict.fromkeys((*_ALWAYS, *names))
        if name in INSTANCES.by_name and name not in LINEAGE_NAMES and name not in COUNTS
    )


_OF_SERIES: Final = _needed(
    *SERIES.by_name,
    *(source for each in MODALITY_SERIES.values() for source, _ in each.summaries.values()),
)
_OF_OTHERS: Final = _needed(*STUDIES.by_name, *PATIENTS.by_name)


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
    parents = pa.concat_tables([_parents(before), _parents(upserts)])
    if not parents.num_rows:
        return Rollup({}, ISSUES.empty(), texts())
    replaced = joined("sop_instance_uid", before, upserts) if base.number else texts()
    runs = Runs(_with_committed(base, upserts, _OF_SERIES, _touching(parents, SERIES), replaced))
    series = Level(SERIES, runs, _keys(parents, SERIES))
    rolled = {SERIES.name: series.rows(lineage)}
    issues = list(_issues(SERIES, series))
    for name, each in MODALITY_SERIES.items():
        own = keep_in(rolled[SERIES.name], "modality", texts(each.modality))
        keys = _keys(own, SERIES)
        rolled[name] = Level(each.table, runs, keys, each.summaries).rows(lineage)
    if base.number:
        wider = _touching(parents, PATIENTS) | _touching(parents, STUDIES)
        runs = Runs(_with_committed(base, upserts, _OF_OTHERS, wider, replaced))
    for table in (STUDIES, PATIENTS):
        level = Level(table, runs, _keys(parents, table))
        rolled[table.name] = level.rows(lineage)
        issues += _issues(table, level)
    issues += _shared_series(base, parents, rolled[SERIES.name])
    return Rollup(
        {
            name: TableDelta(rows, _gone_keys(base, name, parents, rows))
            for name, rows in rolled.items()
        },
        issues_table(issues, lineage),
        _stale_issues(base, parents),
    )


def _parents(rows: pa.Table) -> pa.Table:
    """Return the parents of instances, each once."""
    heads = Runs.heads_of(rows)
    return heads.group_by(list(PARENT_COLUMNS)).aggregate([]) if heads.num_rows else heads


def _keys(rows: pa.Table, table: Table) -> Array:
    return key_column(rows, table.key).unique()


def _touching(parents: pa.Table, table: Table) -> Any:
    """Return the condition on instances to belong to touched parents of a table, or nearly so."""
    name = table.key[-1]
    values = distinct(parents, name)
    least, greatest = pc.min_max(values).values()
    # A scan leaves out row groups by the range; a list of values it tries row by row.
    return pc.field(name).isin(values) & (pc.field(name) >= least) & (pc.field(name) <= greatest)


def _with_committed(
    base: Version, upserts: pa.Table, names: Sequence[str], touching: Any, replaced: Array
) -> pa.Table:
    """Return instances as they will be: those that come, and those of the version that stay."""
    if not base.number:
        return upserts
    old = base.read("instances", names, touching)
    return pa.concat_tables([drop_in(old, "sop_instance_uid", replaced), upserts.select(names)])


def _gone_keys(base: Version, name: str, parents: pa.Table, rolled: pa.Table) -> pa.Table:
    """Return the keys of touched parents that have no row in a table any more."""
    table = TABLES[name]
    keys = parents.select(list(table.key)).group_by(list(table.key)).aggregate([])
    if not base.rows(name):
        return keys.slice(0, 0)
    gone = pc.invert(pc.is_in(key_column(keys, table.key), value_set=key_column(rolled, table.key)))
    return keys.filter(gone)


def _issues(table: Table, level: Level) -> Iterator[Issue]:
    """Yield the findings about parents whose instances disagree; after `rows`."""
    for name, parents in level.inconsistent.items():
        column = table.by_name[name]
        many_patients = table is STUDIES and name == "patient_key"
        if not column.keyword and not many_patients:
            continue  # derived from an attribute that has its own finding
        for keys in level.keys_of(parents):
            if many_patients:
                study = keys["study_instance_uid"]
                yield Issue("study_of_many_patients", study_instance_uid=study)
            else:
                yield _inconsistent(column, keys)


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
