"""Rules of reading: types, order of columns, pruning, and other readers of the folders."""

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from make.rows import Change, TableDelta, default_settings, generation, instance_row, rows, run_row

from dicomlake.pipeline.errors import CorruptLakeError, LakeFormatError, UsageError
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import snapshot_path
from dicomlake.pipeline.tables.locks import remove
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables import TABLES


@pytest.fixture
def version(tmp_path: Path) -> Version:
    odd = [
        instance_row("7.1", modality="UNKNOWN", study_year=0, study_date=None, patient_name=None),
        instance_row("7.2", modality="US", study_year=1999, image_type=None),
    ]
    with open_for_writing(tmp_path / "lake", default_settings()) as writer:
        writer.commit("g1", lambda _: generation(1))
        second = writer.commit(
            "g2",
            lambda _: Change(
                {
                    "instances": TableDelta(rows("instances", odd)),
                    "runs": TableDelta(rows("runs", [run_row("g2")])),
                }
            ),
        )
    assert second is not None
    return second


@pytest.mark.parametrize("table", list(TABLES))
@pytest.mark.parametrize("condition", [None, pc.field("run_id") == "x"])
def test_rows_come_in_the_types_of_the_schema(
    version: Version, table: str, condition: pc.Expression | None
) -> None:
    found = version.read(table, filter=condition)
    assert found.schema.equals(TABLES[table].schema(), check_metadata=True)


def test_columns_come_in_the_order_asked_for(version: Version) -> None:
    names = ["study_year", "sop_instance_uid", "modality"]
    for condition in (None, pc.field("modality") != "XX"):
        found = version.read("instances", names, condition)
        assert found.column_names == names
        assert found.num_rows == 8
        assert found.schema.field("study_year").type == pa.int32()


def test_partition_columns_alone_can_be_read(version: Version) -> None:
    found = version.read("instances", ["modality"])
    assert sorted(set(found["modality"].to_pylist())) == ["CT", "MR", "UNKNOWN", "US"]
    assert found.num_rows == 8


def test_a_filter_and_a_full_read_agree(version: Version) -> None:
    everything = version.read("instances")
    condition = (pc.field("modality") == "CT") & (pc.field("study_year") >= 2021)
    assert version.read("instances", filter=condition).equals(everything.filter(condition))


def test_a_filter_leaves_other_partitions_unopened(version: Version) -> None:
    for path, part in version.parts("instances"):
        if dict(part.partition)["modality"] != "US":
            path.unlink()
    found = version.read("instances", filter=pc.field("modality") == "US")
    assert found["sop_instance_uid"].to_pylist() == ["7.2"]
    with pytest.raises(CorruptLakeError):
        version.read("instances", filter=pc.field("modality") == "CT")
    with pytest.raises(CorruptLakeError):
        version.read("instances")


def test_a_filter_on_the_first_sort_column_leaves_other_parts_unopened(tmp_path: Path) -> None:
    with open_for_writing(
        tmp_path / "lake", default_settings(tables={"small_part_bytes": 0})
    ) as writer:
        for study in ("1", "2"):
            row = instance_row(f"{study}.5", study_instance_uid=study)
            delta = TableDelta(rows("instances", [row]))
            version = writer.commit(f"r{study}", lambda _, d=delta: Change({"instances": d}))
    assert version is not None
    first, second = version.parts("instances")
    assert (first[1].first[0], second[1].first[0]) == ("1", "2")
    first[0].unlink()
    found = version.read("instances", filter=pc.field("study_instance_uid") == "2")
    assert found.num_rows == 1


def test_unknown_tables_and_columns_are_named(version: Version) -> None:
    with pytest.raises(UsageError, match="instances"):
        version.read("instance")
    with pytest.raises(UsageError, match="no column nope"):
        version.read("instances", ["nope"])


def test_version_zero_has_every_table_without_rows(tmp_path: Path) -> None:
    with open_for_writing(tmp_path / "lake", default_settings()):
        nothing = open_version(tmp_path / "lake")
    for name, table in TABLES.items():
        assert nothing.read(name).equals(table.empty())
    with pytest.raises(LakeFormatError, match="Nothing was committed"):
        nothing.folder("files")


def test_rows_are_readable_without_the_snapshot(version: Version) -> None:
    remove(snapshot_path(version.lake, version.number))
    assert open_version(version.lake).read("instances").num_rows == 8
    with pytest.raises(LakeFormatError, match="no snapshot"):
        version.folder("instances")


def test_old_versions_stay_readable(version: Version) -> None:
    assert open_version(version.lake, 1).read("instances").num_rows == 6


def test_four_readers_count_the_same_rows_from_the_resolved_path(version: Version) -> None:
    duckdb = pytest.importorskip("duckdb")
    polars = pytest.importorskip("polars")
    pandas = pytest.importorskip("pandas")
    dask = pytest.importorskip("dask.dataframe")
    current = os.path.realpath(version.lake / "current")
    for table in ("instances", "runs", "files", "series", "volumes"):
        expected = version.read(table).num_rows
        folder = f"{current}/{table}"
        query = f"FROM read_parquet('{folder}/**/*.parquet', hive_partitioning=true)"
        assert duckdb.sql(f"SELECT count(*) {query}").fetchall() == [(expected,)]
        assert len(pandas.read_parquet(folder)) == expected
        assert polars.scan_parquet(folder).collect().height == expected
        assert len(dask.read_parquet(folder)) == expected
    frame = pandas.read_parquet(f"{current}/instances")
    assert sorted(frame["modality"].astype(str).unique()) == ["CT", "MR", "UNKNOWN", "US"]
    typed = duckdb.sql(
        f"SELECT DISTINCT typeof(study_year) "
        f"FROM read_parquet('{current}/instances/**/*.parquet', hive_partitioning=true)"
    ).fetchall()
    assert typed == [("BIGINT",)]


def test_reading_writes_nothing(version: Version) -> None:
    def times() -> dict[str, int]:
        return {str(p): p.lstat().st_mtime_ns for p in version.lake.rglob("*")}

    before = times()
    opened = open_version(version.lake)
    opened.read("instances")
    opened.folder("instances")
    assert times() == before


def test_a_damaged_part_is_named_without_any_value(version: Version) -> None:
    path, part = version.parts("files")[0]
    path.write_bytes(b"no parquet at all")
    with pytest.raises(CorruptLakeError, match=part.id):
        version.read("files")
    with pytest.raises(CorruptLakeError, match=part.id):
        version.read("files", filter=pc.field("source") == "s")
