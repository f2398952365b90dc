"""Roll-ups: the commonest value, ties by text order, parents that disagree."""

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.ingest import Ingester

from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.rollups import Rollup, roll_up
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables.instances import INSTANCES

LINEAGE = Lineage("run", "0.1.0", 1)


def instance(k: int, **values: Any) -> dict[str, Any]:
    return {
        "sop_instance_uid": f"1.{k}",
        "sop_class_uid": "1.2.840.10008.5.1.4.1.1.2",
        "series_instance_uid": "9.1",
        "study_instance_uid": "8.1",
        "patient_key": "0" * 32,
        "modality": "CT",
        "study_year": 2024,
        "file_id": f"{k:032x}",
        "run_id": "run",
        "pipeline_version": "0.1.0",
        "schema_version": 1,
        **values,
    }


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=INSTANCES.schema())


@pytest.fixture
def empty_lake(tmp_path: Path) -> Version:
    (tmp_path / "tree").mkdir()
    ingest = Ingester(tmp_path / "lake")
    ingest(tmp_path / "tree")
    version = open_version(ingest.lake)
    assert not version.read("instances", ["file_id"]).num_rows
    return version


def rolled(version: Version, *rows: dict[str, Any]) -> Rollup:
    return roll_up(version, INSTANCES.empty(), table(list(rows)), LINEAGE)


def only(rollup: Rollup, name: str) -> dict[str, Any]:
    (row,) = rollup.tables[name].upserts.to_pylist()
    return dict(row)


def issues(rollup: Rollup) -> list[tuple[str, str | None, str | None, str | None]]:
    names = ("code", "keyword", "study_instance_uid", "series_instance_uid")
    return sorted(tuple(row[n] for n in names) for row in rollup.issues.to_pylist())


def test_commonest_value_wins_and_null_never_does(empty_lake: Version) -> None:
    found = rolled(
        empty_lake,
        instance(1, series_description="a"),
        instance(2, series_description="b"),
        instance(3, series_description="b"),
        instance(4),
        instance(5),
        instance(6),
    )
    assert only(found, "series")["series_description"] == "b"
    assert only(found, "series")["n_instances"] == 6
    assert issues(found) == [("inconsistent_parent", "SeriesDescription", "8.1", "9.1")]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("series_number", [9, 10], 10),
        ("series_description", ["b", "B", "a"], "B"),
        ("series_date", [date(2024, 2, 1), date(2023, 12, 1)], date(2023, 12, 1)),
        ("magnetic_field_strength", [3.0, 1.5], 1.5),
        ("software_versions", [["b"], ["a", "c"], ["a", None]], ["a", None]),
    ],
)
def test_ties_go_by_text_order(
    empty_lake: Version, name: str, values: list[Any], expected: Any
) -> None:
    rows = [instance(k, **{name: value}) for k, value in enumerate(values)]
    assert only(rolled(empty_lake, *rows), "series")[name] == expected
    assert only(rolled(empty_lake, *reversed(rows)), "series")[name] == expected


def test_names_and_lists_are_compared_as_a_whole(empty_lake: Version) -> None:
    name = {"alphabetic": "A^B", "ideographic": None, "phonetic": None}
    other = {**name, "phonetic": "x"}
    found = rolled(
        empty_lake,
        instance(1, patient_name=name, software_versions=["1", "2"]),
        instance(2, patient_name=other, software_versions=["1\\2"]),
        instance(3, patient_name=other, software_versions=["1", "2"]),
    )
    assert only(found, "patients")["patient_name"] == other
    assert only(found, "series")["software_versions"] == ["1", "2"]
    (patient_issue,) = [r for r in found.issues.to_pylist() if r["keyword"] == "PatientName"]
    assert patient_issue["study_instance_uid"] is None
    assert patient_issue["detail"] == f"patient_key {'0' * 32}"


def test_an_attribute_that_is_null_everywhere_is_null(empty_lake: Version) -> None:
    found = rolled(empty_lake, instance(1), instance(2))
    assert only(found, "series")["software_versions"] is None
    assert only(found, "patients")["patient_name"] is None
    assert issues(found) == []


def test_partition_is_that_of_the_instance_with_the_smallest_uid(empty_lake: Version) -> None:
    found = rolled(
        empty_lake,
        instance(3, modality="MR", study_year=2020),
        instance(2, modality="MR", study_year=2020),
        instance(1, modality="CT", study_year=2024),
    )
    row = only(found, "series")
    assert (row["modality"], row["study_year"]) == ("CT", 2024)
    assert only(found, "studies")["study_year"] == 2020


def test_counts_and_sets(empty_lake: Version) -> None:
    found = rolled(
        empty_lake,
        instance(1),
        instance(2, sop_class_uid="1.2"),
        instance(3, series_instance_uid="9.2", modality="MR"),
        instance(4, series_instance_uid="9.3", study_instance_uid="8.2"),
    )
    series = {r["series_instance_uid"]: r for r in found.tables["series"].upserts.to_pylist()}
    assert series["9.1"]["sop_class_uids"] == ["1.2", "1.2.840.10008.5.1.4.1.1.2"]
    assert series["9.1"]["n_instances"] == 2
    studies = {r["study_instance_uid"]: r for r in found.tables["studies"].upserts.to_pylist()}
    assert studies["8.1"]["modalities"] == ["CT", "MR"]
    assert (studies["8.1"]["n_series"], studies["8.1"]["n_instances"]) == (2, 3)
    patient = only(found, "patients")
    assert (patient["n_studies"], patient["n_series"], patient["n_instances"]) == (2, 3, 4)


def test_a_series_in_two_studies_is_two_rows_and_an_issue(empty_lake: Version) -> None:
    found = rolled(empty_lake, instance(1), instance(2, study_instance_uid="8.2"))
    assert found.tables["series"].upserts.num_rows == 2
    assert issues(found) == [("series_in_many_studies", None, None, "9.1")]


def test_a_study_of_two_patients_is_an_issue(empty_lake: Version) -> None:
    found = rolled(empty_lake, instance(1), instance(2, patient_key="1" * 32), instance(3))
    assert only(found, "studies")["patient_key"] == "0" * 32
    assert found.tables["patients"].upserts.num_rows == 2
    assert ("study_of_many_patients", None, "8.1", None) in issues(found)


def test_every_row_obeys_its_schema(empty_lake: Version) -> None:
    found = rolled(empty_lake, instance(1))
    for name, delta in found.tables.items():
        assert delta.upserts.schema.names == [
            c.name for c in open_version(empty_lake.lake).read(name).schema
        ]
