"""Arrow tables from rows: exact types, nulls, and no pandas."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.headers import (
    SEQUENCE_END,
    UNDEFINED,
    Elements,
    data_set,
    element,
    instance,
    item,
    part10,
    read_bytes,
)

from dicomlake.pipeline.headers.arrays import array
from dicomlake.pipeline.headers.columns import Lineage, issues_table
from dicomlake.pipeline.headers.issues import ISSUE_CODES, Issue
from dicomlake.schemas.column import PERSON_NAME
from dicomlake.schemas.tables import TABLES


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, None, -3], pa.int64()),
        ([], pa.int32()),
        ([None] * 9, pa.int16()),
        ([0.5, None], pa.float64()),
        (["a", None, "", "grün"], pa.string()),
        ([["a", None], None, [], ["b"]], pa.list_(pa.string())),
        ([[1.5], [None, 2.5]], pa.list_(pa.float64())),
        ([None, None], pa.list_(pa.int64())),
    ],
)
def test_arrays_hold_what_they_were_given(values: list[Any], kind: pa.DataType) -> None:
    built = array(values, kind)
    built.validate(full=True)
    assert built.type == kind
    assert built.to_pylist() == values


def test_structs_hold_tuples() -> None:
    built = array([("A", None, "P"), None], PERSON_NAME)
    built.validate(full=True)
    assert built.to_pylist() == [
        {"alphabetic": "A", "ideographic": None, "phonetic": "P"},
        None,
    ]


def test_a_type_without_a_builder_is_refused() -> None:
    with pytest.raises(TypeError, match="decimal"):
        array([], pa.decimal128(5, 2))


def test_tables_have_exactly_the_schema(tmp_path: Path) -> None:
    got = read_bytes(tmp_path, instance()).attempt
    for name in ("files", "instances", "issues"):
        assert getattr(got, name).schema.equals(TABLES[name].schema(), check_metadata=True)


def test_a_batch_without_instances_still_has_the_schema(tmp_path: Path) -> None:
    got = read_bytes(tmp_path, b"").attempt
    assert got.instances.num_rows == 0
    assert got.instances.schema.equals(TABLES["instances"].schema())


def test_derived_columns(tmp_path: Path) -> None:
    more: Elements = {
        0x00080060: ("CS", "ct"),
        0x00080020: ("DA", "20240115"),
        0x0008002A: ("DT", "20240115101530"),
        0x00080201: ("SH", "+0130"),
        0x00101010: ("AS", "006M"),
        0x00100021: ("LO", "HOSPITAL"),
    }
    got = read_bytes(tmp_path, instance(more))
    row = got.rows["x.dcm"]
    assert (row["modality"], row["modality_raw"]) == ("UNKNOWN", "ct")
    assert row["study_year"] == 2024
    assert row["acquisition_date_time"].isoformat() == "2024-01-15T08:45:30"
    assert row["acquisition_date_time_offset_minutes"] == 90
    assert row["age_years"] == 0.5
    assert row["patient_name"] == {
        "alphabetic": "Test^Patient",
        "ideographic": None,
        "phonetic": None,
    }
    assert got.codes() == {"nonconforming_value", "unknown_modality"}
    assert row["invalid_attributes"] is None


@pytest.mark.parametrize(("date", "year"), [("18940101", 0), ("18950101", 1895), ("99990101", 0)])
def test_study_year_is_zero_outside_its_range(tmp_path: Path, date: str, year: int) -> None:
    got = read_bytes(tmp_path, instance({0x00080020: ("DA", date)}))
    assert got.rows["x.dcm"]["study_year"] == year


@pytest.mark.parametrize(
    ("date_time", "file_offset", "minutes", "codes"),
    [
        ("20240115101530-0500", "+0130", -300, set()),
        ("20240115101530", "", None, set()),
        ("20240115101530", "east", None, {"malformed_value"}),
        ("", "+0130", None, set()),
    ],
)
def test_the_offset_of_the_value_goes_before_that_of_the_file(
    tmp_path: Path, date_time: str, file_offset: str, minutes: int | None, codes: set[str]
) -> None:
    more: Elements = {0x0008002A: ("DT", date_time), 0x00080201: ("SH", file_offset)}
    got = read_bytes(tmp_path, instance(more))
    assert got.rows["x.dcm"]["acquisition_date_time_offset_minutes"] == minutes
    assert got.codes() == codes


@pytest.mark.parametrize("undefined", [False, True])
def test_modality_lut_type_comes_from_its_sequence(tmp_path: Path, undefined: bool) -> None:
    def file_with(content: bytes | None) -> bytes:
        body = b"" if content is None else item(content)
        length = UNDEFINED if undefined else None
        body += SEQUENCE_END if undefined else b""
        return part10(data_set() + element(0x00283000, "SQ", body, length=length))

    said = element(0x00283004, "LO", "HU")
    column = "modality_lut_type"
    assert read_bytes(tmp_path, file_with(said)).rows["x.dcm"][column] == "HU"
    assert read_bytes(tmp_path, file_with(b"")).rows["x.dcm"][column] == "UNSPECIFIED"
    assert read_bytes(tmp_path, file_with(None)).rows["x.dcm"][column] is None
    assert read_bytes(tmp_path, instance()).rows["x.dcm"][column] is None


def test_reading_a_batch_does_not_import_pandas(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(instance({0x00101010: ("AS", "6M")}))
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from make.headers import settings_for_tests, Batch, Lineage, attempt, crawl\n"
        "s = settings_for_tests()\n"
        "e = tuple(x for f in crawl(sys.argv[1], s.discovery) for x in f.entries)\n"
        "got = attempt(Batch(0, 's', sys.argv[1], e, s, Lineage('r', '1', 1)))\n"
        "assert got.instances.num_rows == 1 and got.issues.num_rows == 1\n"
        "sys.exit('pandas' in sys.modules)\n"
    )
    tests = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path), str(tests)], check=True)


def test_equal_findings_are_one_row_with_one_identity() -> None:
    one = Issue("bad_uid", file_id="f", tag="(0008,0018)")
    table = issues_table([one, one, Issue("bad_uid", file_id="g")], Lineage("r", "1", 1))
    assert table.num_rows == 2
    assert table.column("severity").to_pylist() == ["warning"] * 2
    assert len(set(table.column("issue_id").to_pylist())) == 2


def test_every_code_is_described_once() -> None:
    assert all(code == each.code for code, each in ISSUE_CODES.items())
    assert all(each.description.endswith(".") for each in ISSUE_CODES.values())


def test_issues_of_one_code_are_limited(tmp_path: Path) -> None:
    many = b"".join(element(0x00091000 + i, "ZZ", "") for i in range(300))
    got = read_bytes(tmp_path, part10(data_set() + many))
    assert got.codes() == {"tag_order", "unknown_vr"}
    details = [i["detail"] for i in got.issues["x.dcm"] if i["code"] == "unknown_vr"]
    assert len(details) == 51
    assert "250 more" in details
