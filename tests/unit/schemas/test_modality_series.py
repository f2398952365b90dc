"""Series tables of one modality: every column says what it sums up, and how."""

import pyarrow as pa
import pytest

from dicomlake.schemas.column import LINEAGE
from dicomlake.schemas.tables import MODALITY_SERIES, TABLES
from dicomlake.schemas.tables.instances import INSTANCES
from dicomlake.schemas.tables.modality_series import (
    How,
    ModalitySeries,
    constant,
    distinct,
    modality_series,
    varying,
)

ALL = pytest.mark.parametrize("each", MODALITY_SERIES.values(), ids=list(MODALITY_SERIES))


def test_ct_mr_and_pt_have_a_series_table() -> None:
    assert {name: each.modality for name, each in MODALITY_SERIES.items()} == {
        "ct_series": "CT",
        "mr_series": "MR",
        "pt_series": "PT",
    }
    assert all(TABLES[name] is each.table for name, each in MODALITY_SERIES.items())


@ALL
def test_key_and_partition_are_those_of_series(each: ModalitySeries) -> None:
    assert each.table.key == TABLES["series"].key
    assert each.table.partition_by == TABLES["series"].partition_by


@ALL
def test_every_column_but_keys_and_lineage_says_what_it_sums_up(each: ModalitySeries) -> None:
    plain = {"study_instance_uid", "series_instance_uid", "patient_key", "modality", "study_year"}
    plain |= {"n_instances"} | {column.name for column in LINEAGE}
    assert set(each.summaries) == set(each.table.by_name) - plain
    assert {each.table.by_name[name].nullable for name in each.summaries} == {True}


@ALL
def test_type_of_a_summary_follows_from_its_source(each: ModalitySeries) -> None:
    for name, (source, how) in each.summaries.items():
        origin, column = INSTANCES.by_name[source], each.table.by_name[name]
        value = origin.type.value_type if isinstance(origin.type, pa.ListType) else origin.type
        expected = {
            How.COMMONEST: origin.type,
            How.MIN: value,
            How.MAX: value,
            How.COUNT: pa.int64(),
            How.DISTINCT: pa.list_(pa.string()),
        }
        assert column.type == expected[how]
        assert how is How.COUNT or (column.unit, column.privacy) == (origin.unit, origin.privacy)
        if how in {How.MIN, How.MAX}:
            assert not pa.types.is_nested(value)
            assert not pa.types.is_string(value)
        if how is How.DISTINCT:
            assert pa.types.is_string(value)


@ALL
def test_what_varies_has_minimum_maximum_and_count(each: ModalitySeries) -> None:
    ranged = {how: set() for how in (How.MIN, How.MAX, How.COUNT)}
    for source, how in each.summaries.values():
        if how in ranged:
            ranged[how].add(source)
    assert ranged[How.MIN] == ranged[How.MAX] == ranged[How.COUNT] != set()


@ALL
def test_new_tables_came_with_schema_version_2(each: ModalitySeries) -> None:
    lineage = {column.name for column in LINEAGE}
    assert {c.since for c in each.table.columns if c.name not in lineage} == {2}


def test_a_definition_names_its_columns_by_what_they_hold() -> None:
    made = modality_series(
        "us_series", "US", "One.", constant("kvp"), distinct("sequence_name"), varying("rows")
    )
    assert made.summaries == {
        "kvp": ("kvp", How.COMMONEST),
        "sequence_name_values": ("sequence_name", How.DISTINCT),
        "rows_min": ("rows", How.MIN),
        "rows_max": ("rows", How.MAX),
        "rows_count": ("rows", How.COUNT),
    }
    with pytest.raises(KeyError):
        varying("no_such_column")
