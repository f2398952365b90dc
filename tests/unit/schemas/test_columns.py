"""What a column is: its name, its type, its place in the standard, and the checks it carries."""

import json
import pickle

import pyarrow as pa
import pytest
from pydicom._private_dict import private_dictionaries
from pydicom.datadict import dictionary_keyword, dictionary_VM, dictionary_VR, tag_for_keyword

from dicomlake.schemas.checks import AtLeast, Codes, Matches, OneOf
from dicomlake.schemas.column import (
    LINEAGE,
    PERSON_NAME,
    VR_TYPES,
    Column,
    Level,
    Privacy,
    Table,
    attribute,
    coded,
    snake_case,
)
from dicomlake.schemas.tables import TABLES, table
from dicomlake.schemas.tables.instances import INSTANCES

each_table = pytest.mark.parametrize("owner", TABLES.values(), ids=TABLES.keys())


def copied(owner: Table) -> list[Column]:
    """Return the columns that are copied from an attribute."""
    return [column for column in owner.columns if column.keyword]


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


@each_table
def test_copied_column_agrees_with_the_data_dictionary(owner: Table) -> None:
    for column in copied(owner):
        assert column.tag == tag_for_keyword(column.keyword)
        assert column.vr == dictionary_VR(column.tag)
        assert column.vm == dictionary_VM(column.tag)
        assert column.tag_text == f"({column.tag >> 16:04X},{column.tag & 0xFFFF:04X})"
        assert column.multi_valued == (column.vm != "1" or column.every_item)


NAMED_OTHERWISE = {
    "modality_raw": "the partition column has the keyword's own name",
    "source_image_sop_instance_uid": "says what the keyword does not: which one is referenced",
    "source_image_frame_number": "as the instance it belongs to",
    "conversion_source_sop_instance_uid": "tells it from the source image",
}


@each_table
def test_copied_column_bears_the_name_of_its_keyword(owner: Table) -> None:
    for column in copied(owner):
        allowed = {snake_case(column.keyword)}
        outer = [dictionary_keyword(tag) for tag in column.within]
        for each in outer:
            assert dictionary_VR(tag_for_keyword(each)) == "SQ"
            allowed.add(f"{snake_case(each.removesuffix('Sequence'))}_{snake_case(column.keyword)}")
        part = {"CodeValue": "value", "CodingSchemeDesignator": "scheme", "CodeMeaning": "meaning"}
        if column.keyword in part:
            base = snake_case(outer[-1].removesuffix("Sequence").removesuffix("Code"))
            allowed = {f"{base}_code_{part[column.keyword]}"}
        assert column.name in allowed or column.name in NAMED_OTHERWISE


UNLISTED_PRIVATE = {
    "elscint_exposure_dose_phantom": "pydicom does not list (01E1,xx26) of ELSCINT1",
    "toshiba_ctdivol": "pydicom does not list (7005,xx63) of TOSHIBA_MEC_CT3",
}


@pytest.mark.parametrize(
    "column", [c for c in INSTANCES.columns if c.creator], ids=lambda column: column.name
)
def test_private_column_agrees_with_the_private_dictionary(column: Column) -> None:
    assert column.tag is not None
    group, element = column.tag >> 16, column.tag & 0xFFFF
    assert group % 2 == 1
    assert element <= 0xFF
    assert column.tag_text == f"({group:04X},xx{element:02X})"
    assert column.privacy is Privacy.PRIVATE
    assert column.multi_valued == (column.vm != "1" or column.every_item)
    assert not column.keyword
    try:
        known = private_dictionaries[column.creator][f"{group:04X}xx{element:02X}"]
    except KeyError:
        assert column.name in UNLISTED_PRIVATE
    else:
        assert (column.vr, column.vm) == known[:2]


def test_code_sequence_gives_value_scheme_and_meaning() -> None:
    value, scheme, meaning = coded("ViewCodeSequence", 0x00540220, "the view", within=(0x00540016,))
    names = ["view_code_value", "view_code_scheme", "view_code_meaning"]
    assert [each.name for each in (value, scheme, meaning)] == names
    assert value.otherwise == (
        tag_for_keyword("LongCodeValue"),
        tag_for_keyword("URNCodeValue"),
    )
    assert {each.within for each in (value, scheme, meaning)} == {(0x00540016, 0x00540220)}
    assert value.path_text == "(0054,0016) > (0054,0220) > (0008,0100)"
    many = coded("ProcedureCodeSequence", 0x00081032, "a procedure", every_item=True)
    assert [str(each.type) for each in many] == ["list<item: string>"] * 3
    assert coded("AnatomicRegionSequence", 0x00082218, "x")[0].name == "anatomic_region_code_value"


def test_code_columns_come_in_threes_of_one_place() -> None:
    for each in TABLES.values():
        for column in each.columns:
            if column.name.endswith("_code_value") and column.within:
                base = column.name.removesuffix("value")
                triple = [each.by_name[base + part] for part in ("value", "scheme", "meaning")]
                assert len({(c.within, c.every_item, c.level, c.privacy) for c in triple}) == 1


HEADER_DOSE = """
0008,3010 0008,002A 0018,1030 0018,0015 0008,2218>0008,0100 0018,9302 0018,0022 0008,0008
0018,0010 0018,1150 0018,9306 0018,9307 0018,9311 0018,0060 0018,1151 0018,9305 0018,9323
0018,1152 0018,9332 0018,9345 0018,9346>0008,0100 0018,1271 0018,1272>0008,0100 0020,0011
0020,0012 0018,115E 0018,1153 0018,1405 0018,1411 0018,1412 0018,1413 0018,1110 0018,1111
0018,7050 0018,7052 0018,7054 0040,0302 0040,8302 0040,0316 0018,11A0 0018,11A2 0018,1191
0020,0062 0020,0060 0018,5101 0040,0310 0040,0301 0054,0016>0008,3012 0054,0016>0018,1074
0054,0016>0018,1075 0054,0016>0018,1072 0054,0016>0018,1078 0054,0016>0054,0302>0008,0100
0054,0016>0054,0304>0008,0100 0054,0016>0054,0300>0008,0100 0040,030E>0018,9302
0040,030E>0018,9345 0040,030E>0018,0060 0040,030E>0018,1150 0040,030E>0018,8151
0040,030E>0018,1302 0040,030E>0018,9306 0040,030E>0018,9307 0040,030E>0018,9311
0040,030E>0018,9324 0040,030E>0020,0011 0040,030E>00E1,xx21 0040,030E>01E1,xx26 00E1,xx21
7005,xx63 7005,xx40 7005,xx23 7005,xx08 7005,xx09 0040,A043>0008,0100 0040,A504>0040,DB00
0018,1000 0008,1090 0008,1010 0008,0080 0020,0032 0018,0050
"""


@pytest.mark.parametrize("place", HEADER_DOSE.split())
def test_instances_hold_what_dose_is_read_from(place: str) -> None:
    path = " > ".join(f"({tag})" for tag in place.split(">"))
    assert path in {column.path_text for column in INSTANCES.columns}


def test_no_two_columns_are_read_from_one_place() -> None:
    for each in TABLES.values():
        places = [(c.path_text, c.creator) for c in each.columns if c.tag is not None]
        assert len(places) == len(set(places)), each.name


def test_every_item_stands_in_a_sequence_and_holds_single_values() -> None:
    for column in INSTANCES.columns:
        if column.every_item:
            assert column.within
            assert column.vm == "1"
        if column.otherwise or column.within:
            assert column.tag is not None


def test_tables_of_parents_stay_narrow() -> None:
    assert {
        name for name in ("series", "studies", "patients") if len(TABLES[name].columns) > 50
    } == (set())


@each_table
def test_copied_column_has_the_type_of_its_vr(owner: Table) -> None:
    for column in copied(owner):
        value = column.type.value_type if isinstance(column.type, pa.ListType) else column.type
        allowed = {VR_TYPES[column.vr]}
        if column.vr == "IS":
            allowed.add(pa.float64())  # for values that files write with decimals
        assert value in allowed


@each_table
def test_column_is_described_in_a_sentence(owner: Table) -> None:
    for column in owner.columns:
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
