"""What a column is: its name, its type, its place in the standard, and the checks it carries."""

import json
import pickle

import pyarrow as pa
import pytest
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword

from dicomlake.schemas.column import (
    LINEAGE,
    PERSON_NAME,
    VR_TYPES,
    AtLeast,
    Codes,
    Column,
    Level,
    Matches,
    OneOf,
    Table,
    attribute,
    snake_case,
)
from dicomlake.schemas.tables import TABLES, table
from dicomlake.schemas.tables.instances import INSTANCES

ALL_COLUMNS = [
    pytest.param(each, column, id=f"{each.name}.{column.name}")
    for each in TABLES.values()
    for column in each.columns
]
COPIED = [
    pytest.param(each, column, id=f"{each.name}.{column.name}")
    for each in TABLES.values()
    for column in each.columns
    if column.keyword
]


@pytest.mark.parametrize(
    ("keyword", "name"),
    [
        ("StudyInstanceUID", "study_instance_uid"),
        ("PatientID", "patient_id"),
        ("PatientBirthDate", "patient_birth_date"),
        ("SliceThickness", "slice_thickness"),
        ("PixelSpacing", "pixel_spacing"),
        ("KVP", "kvp"),
        ("XRayTubeCurrent", "x_ray_tube_current"),
        ("CTDIvol", "ctdivol"),
        ("CTDIPhantomTypeCodeSequence", "ctdi_phantom_type_code_sequence"),
        ("ImagePositionPatient", "image_position_patient"),
        ("RescaleSlope", "rescale_slope"),
        ("SeriesDescription", "series_description"),
        ("ManufacturerModelName", "manufacturer_model_name"),
        ("SOPInstanceUID", "sop_instance_uid"),
        ("MRAcquisitionType", "mr_acquisition_type"),
        ("FrameOfReferenceUID", "frame_of_reference_uid"),
        ("IssuerOfPatientID", "issuer_of_patient_id"),
        ("ModalityLUTType", "modality_lut_type"),
        ("BitsAllocated", "bits_allocated"),
    ],
)
def test_name_is_the_snake_case_of_the_keyword(keyword: str, name: str) -> None:
    assert snake_case(keyword) == name


@pytest.mark.parametrize(("owner", "column"), COPIED)
def test_copied_column_agrees_with_the_data_dictionary(owner: Table, column: Column) -> None:
    assert column.tag == tag_for_keyword(column.keyword)
    assert column.vr == dictionary_VR(column.tag)
    assert column.tag_text == f"({column.tag >> 16:04X},{column.tag & 0xFFFF:04X})"
    if column.name not in {"modality_raw"}:  # the partition column has the keyword's own name
        assert column.name == snake_case(column.keyword)
    multiplicity = dictionary_VM(column.tag)
    assert column.multi_valued == (multiplicity != "1"), multiplicity


@pytest.mark.parametrize(("owner", "column"), COPIED)
def test_copied_column_has_the_type_of_its_vr(owner: Table, column: Column) -> None:
    value = column.type.value_type if isinstance(column.type, pa.ListType) else column.type
    allowed = {VR_TYPES[column.vr]}
    if column.vr == "IS":
        allowed.add(pa.float64())  # for values that files write with decimals
    assert value in allowed


@pytest.mark.parametrize(("owner", "column"), ALL_COLUMNS)
def test_column_is_described_in_a_sentence(owner: Table, column: Column) -> None:
    assert column.description[0].isupper() or column.description[0].isdigit()
    assert column.description.endswith(".")
    assert not column.rule.endswith(".")
    assert "  " not in column.description


def test_tables_are_described_in_sentences_and_known_by_name() -> None:
    for each in TABLES.values():
        assert each.description.endswith(".")
        assert each.grain
        assert table(each.name) is each
    with pytest.raises(KeyError):
        table("no_such_table")


def test_every_table_ends_with_its_lineage() -> None:
    for each in TABLES.values():
        ending = {column.name for column in LINEAGE}
        if each.name == "runs":
            assert ending <= {column.name for column in each.columns}
        names = [column.name for column in each.columns[-3:]]
        assert names == [column.name for column in LINEAGE], each.name


def test_key_columns_are_never_null_but_the_frame_of_a_whole_object() -> None:
    nullable = {
        (each.name, name)
        for each in TABLES.values()
        for name in (*each.key, *each.partition_by)
        if each.by_name[name].nullable
    }
    assert nullable == {("volume_instances", "frame_number")}


def test_instances_cover_every_kind_of_attribute() -> None:
    copied = {column.keyword for column in INSTANCES.columns if column.keyword}
    assert len(copied) >= 60
    for keywords in (
        {"PatientID", "PatientName", "PatientBirthDate", "PatientSex"},
        {"StudyInstanceUID", "StudyDate", "AccessionNumber"},
        {"SeriesInstanceUID", "Modality", "SeriesDescription", "FrameOfReferenceUID"},
        {"Manufacturer", "ManufacturerModelName", "DeviceSerialNumber"},
        {"KVP", "XRayTubeCurrent", "CTDIvol", "ConvolutionKernel", "RepetitionTime"},
        {"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"},
        {"Rows", "Columns", "BitsStored", "RescaleSlope", "RescaleIntercept"},
    ):
        assert keywords <= copied


def test_rolled_up_columns_keep_their_definition() -> None:
    for name, level in (("patients", Level.PATIENT), ("series", Level.SERIES)):
        each = TABLES[name]
        for column in INSTANCES.columns:
            if column.level is level:
                mine = each.by_name[column.name]
                assert (mine.type, mine.description) == (column.type, column.description)


@pytest.mark.parametrize(
    ("check", "values", "broken"),
    [
        (OneOf(("a", "b")), ["a", "b", None, "c", "c"], 2),
        (OneOf(("a",)), [None, None], 0),
        (Codes({"a": "The first."}), ["a", None, "b"], 1),
        (Codes({"a": "The first."}), [["a", "b"], [], None, ["b"]], 2),
        (Matches("[a-z]+"), ["ab", "AB", None, "", "a1"], 3),
        (Matches("a|bc"), ["a", "bc", "ac", "abc"], 2),
        (AtLeast(0), [0, -1, None, 5, -7], 2),
        (AtLeast(0.5), [0.5, 0.25, None], 1),
    ],
)
def test_check_counts_the_values_that_break_it(
    check: OneOf | Codes | Matches | AtLeast, values: list[object], broken: int
) -> None:
    type_ = pa.float64() if isinstance(check, AtLeast) else pa.string()
    if any(isinstance(value, list) for value in values):
        type_ = pa.list_(type_)
    assert check.violations(pa.chunked_array([values], type=type_)) == broken
    halves = pa.chunked_array([values[:2], values[2:]], type=type_)
    assert check.violations(halves) == broken
    assert check.violations(pa.chunked_array([[]], type=type_)) == 0
    assert check.violations(pa.chunked_array([], type=type_)) == 0
    assert check.description


def test_checks_fit_the_type_of_their_column() -> None:
    for each in TABLES.values():
        for column in each.columns:
            for check in column.checks:
                assert check.violations(pa.chunked_array([], type=column.type)) == 0


def test_field_metadata_names_tag_and_unit() -> None:
    field = INSTANCES.by_name["slice_thickness"].field()
    assert field.metadata == {
        b"description": b"Nominal thickness of the slice.",
        b"tag": b"(0018,0050)",
        b"unit": b"mm",
    }


def test_partition_columns_stand_in_the_schema_but_not_in_a_part() -> None:
    inside = set(INSTANCES.part_schema().names)
    assert set(INSTANCES.schema().names) - inside == {"modality", "study_year"}
    assert INSTANCES.empty().schema.equals(INSTANCES.schema(), check_metadata=True)


def test_table_refuses_a_definition_that_contradicts_itself() -> None:
    column = Column("a", pa.string(), "A.")
    with pytest.raises(ValueError, match="twice"):
        Table("t", "T.", "t", ("a",), (column, column))
    with pytest.raises(ValueError, match="no column b"):
        Table("t", "T.", "t", ("b",), (column,))


def test_table_pickles_as_its_one_definition() -> None:
    assert pickle.loads(pickle.dumps(INSTANCES)) is INSTANCES


def test_attribute_makes_lists_floats_and_names() -> None:
    spacing = attribute("PixelSpacing", 0x00280030, "DS", "Spacing.", vm="2")
    assert (spacing.name, spacing.type) == ("pixel_spacing", pa.list_(pa.float64()))
    assert spacing.multi_valued
    current = attribute("XRayTubeCurrent", 0x00181151, "IS", "Current.", as_float=True)
    assert current.type == pa.float64()
    assert attribute("PatientName", 0x00100010, "PN", "Name.").type == PERSON_NAME


def test_names_are_plain_identifiers() -> None:
    for each in TABLES.values():
        for name in (each.name, *each.by_name):
            assert name.isidentifier()
            assert name == name.lower()
    assert json.dumps(list(TABLES))
