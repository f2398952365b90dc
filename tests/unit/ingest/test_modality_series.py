"""Series tables of one modality: ranges, counts and lists of what varies in a series."""

from pathlib import Path
from typing import Any

import pytest
from make.ingest import Ingester
from make.rows import instance_row, rows
from make.series import ct_series, ct_slice, write

from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.rollups import roll_up
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import MODALITY_SERIES, TABLES

LINEAGE = Lineage("run", "0.1.0", SCHEMA_VERSION)


@pytest.fixture
def no_lake(tmp_path: Path) -> Version:
    (tmp_path / "tree").mkdir()
    ingest = Ingester(tmp_path / "lake")
    ingest(tmp_path / "tree")
    return open_version(ingest.lake)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def ingest(tmp_path: Path) -> Ingester:
    return Ingester(tmp_path / "own")


def rolled(version: Version, name: str, *instances: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a series table made of instances of one modality and series."""
    modality = MODALITY_SERIES[name].modality
    made = rows(
        "instances",
        [instance_row(f"1.{k}", **{"modality": modality, **v}) for k, v in enumerate(instances)],
    )
    result = roll_up(version, TABLES["instances"].empty(), made, LINEAGE)
    found: list[dict[str, Any]] = result.tables[name].upserts.to_pylist()
    return sorted(found, key=lambda row: str(row["series_instance_uid"]))


def test_what_varies_has_minimum_maximum_and_count(no_lake: Version) -> None:
    values = [2.5, 1.0, None, 2.5, 7.0]
    (row,) = rolled(no_lake, "ct_series", *({"slice_thickness": v} for v in values))
    found = {key: row[f"slice_thickness_{key}"] for key in ("min", "max", "count")}
    assert found == {"min": 1.0, "max": 7.0, "count": 3}
    assert row["n_instances"] == 5


def test_what_is_absent_has_no_range_and_counts_nothing(no_lake: Version) -> None:
    (row,) = rolled(no_lake, "ct_series", {}, {})
    found = [row[f"kvp_{key}"] for key in ("min", "max", "count")]
    assert found == [None, None, 0]
    assert row["convolution_kernel_values"] is None


def test_the_components_of_a_list_are_counted_one_by_one(no_lake: Version) -> None:
    listed = [
        (table, source)
        for table in MODALITY_SERIES.values()
        for source, how in table.summaries.values()
        if how == "min" and str(TABLES["instances"].by_name[source].type).startswith("list")
    ]
    for table, source in listed:
        name = table.table.name
        (row,) = rolled(no_lake, name, {source: [3, 1]}, {source: None}, {source: [1, None, 2]})
        assert [row[f"{source}_{key}"] for key in ("min", "max", "count")] == [1, 3, 3]


def test_texts_are_listed_once_sorted_and_lists_as_one_text(no_lake: Version) -> None:
    kernel = TABLES["instances"].by_name["convolution_kernel"]
    given: list[Any] = ["B60f", "B30f", None, "B30f"]
    if kernel.multi_valued:
        given = [["B60f", "3"], ["B30f"], None, ["B30f"]]
    (row,) = rolled(no_lake, "ct_series", *({"convolution_kernel": each} for each in given))
    first = "B60f\\3" if kernel.multi_valued else "B60f"
    assert row["convolution_kernel_values"] == ["B30f", first]


def test_what_is_mostly_constant_takes_the_commonest(no_lake: Version) -> None:
    coils = ["Head", "Body", "Head", None]
    (row,) = rolled(no_lake, "mr_series", *({"receive_coil_name": each} for each in coils))
    assert row["receive_coil_name"] == "Head"


def test_values_are_told_apart_however_the_instances_stand(no_lake: Version) -> None:
    instances = [
        {"series_instance_uid": f"9.{k % 3}", "slice_location": float(k)} for k in range(12)
    ]
    found = rolled(no_lake, "pt_series", *instances)
    assert [
        (row["slice_location_min"], row["slice_location_max"], row["slice_location_count"])
        for row in found
    ] == [(k, 9.0 + k, 4) for k in (0.0, 1.0, 2.0)]
    assert rolled(no_lake, "pt_series", *sorted(instances, key=str)) == found


def test_only_series_of_the_modality_have_a_row(no_lake: Version) -> None:
    found = rolled(
        no_lake,
        "ct_series",
        {"series_instance_uid": "9.1"},
        {"series_instance_uid": "9.2", "modality": "MR"},
    )
    assert [row["series_instance_uid"] for row in found] == ["9.1"]


def test_every_row_obeys_its_schema(no_lake: Version) -> None:
    for name, each in MODALITY_SERIES.items():
        made = rows("instances", [instance_row("1.1", modality=each.modality)])
        result = roll_up(no_lake, TABLES["instances"].empty(), made, LINEAGE)
        assert result.tables[name].upserts.schema.equals(TABLES[name].schema()), name


def test_an_added_instance_counts_with_those_of_the_lake(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 3)
    ingest(tree)
    write(ct_slice(3, SliceThickness="5"), tree / "more")
    ingest(tree)
    (row,) = ingest.rows("ct_series")
    assert row["n_instances"] == 4
    assert (row["slice_thickness_min"], row["slice_thickness_max"]) == (2.5, 5.0)
    assert row["slice_thickness_count"] == 2
    (tree / "more").unlink()
    ingest(tree)
    (row,) = ingest.rows("ct_series")
    assert row["slice_thickness_max"] == 2.5


def test_untouched_series_keep_their_row(tree: Path, ingest: Ingester) -> None:
    ct_series(tree / "a", 2, name="a")
    ct_series(tree / "b", 2, name="b")
    ingest(tree)
    write(ct_slice(5, name="b"), tree / "b" / "more")
    ingest(tree)
    found = ingest.rows("ct_series", "run_id", "n_instances")
    assert sorted(found, key=str) == [
        {"run_id": "run-0001", "n_instances": 2},
        {"run_id": "run-0002", "n_instances": 3},
    ]


def test_a_row_leaves_with_its_series_and_when_the_modality_changes(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree / "a", 2, name="a")
    paths = ct_series(tree / "b", 2, name="b")
    ct_series(tree / "c", 2, name="c")
    ingest(tree)
    assert len(ingest.rows("ct_series")) == 3
    for path in (tree / "a").iterdir():
        path.unlink()
    for k, path in enumerate(paths):
        write(ct_slice(k, name="b", Modality="MR"), path)
    ingest(tree)
    assert len(ingest.rows("ct_series")) == 1
    (mr,) = ingest.rows("mr_series")
    series = ingest.rows("series", "series_instance_uid", "modality")
    by_modality = {row["modality"]: row["series_instance_uid"] for row in series}
    assert mr["series_instance_uid"] == by_modality["MR"]
