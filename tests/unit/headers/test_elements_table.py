"""The opt-in tables: every element as a row, and headers as DICOM JSON."""

import hashlib
import json
import os
import struct
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from make.frames import data_set, enhanced_ct, file_bytes
from pydicom import Dataset, dcmread
from pydicom.datadict import keyword_for_tag

from dicomlake.config.settings import load_settings
from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.headers.elements_table import BULK, ElementRows, header_bytes
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.schemas.tables.dicom_json import DICOM_JSON
from dicomlake.schemas.tables.elements import ELEMENTS

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
OWNER = Owner("1.2.3", "1.2", "1.2.1", "CT", 2024, "f" * 32)
LINEAGE = Lineage("run", "0.1", 2)
Row = dict[str, Any]


def tables_of(
    raw: bytes, folder: Path, pixel_offset: int | None = None
) -> tuple[list[Row], list[Row], tuple[Fault, ...]]:
    path = folder / "one.dcm"
    path.write_bytes(raw)
    limits = load_settings().headers
    rows = ElementRows(limits.model_copy(update={"elements": True, "dicom_json": True}), LINEAGE)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        limit = 1 << 28
        faults = rows.add(OWNER, header_bytes(descriptor, len(raw), pixel_offset, limit))
    finally:
        os.close(descriptor)
    elements, texts = rows.elements(), rows.dicom_json()
    elements.validate(full=True)
    texts.validate(full=True)
    return elements.to_pylist(), texts.to_pylist(), faults


def by_path(rows: list[Row]) -> dict[str, Row]:
    assert len({row["path"] for row in rows}) == len(rows)
    return {row["path"]: row for row in rows}


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_each_element_is_a_row_with_its_path(syntax: str, tmp_path: Path) -> None:
    made = data_set(
        PatientName="Doe^Jane",
        ImageType=["ORIGINAL", "PRIMARY"],
        Rows=512,
        FrameIncrementPointer=0x00181063,
        PixelSpacing=["0.5", "0.50"],
        AccessionNumber="",
        RequestAttributesSequence=[
            data_set(CodeValue="A"),
            data_set(ScheduledProtocolCodeSequence=[data_set(CodeMeaning="x")]),
        ],
    )
    rows, _, faults = tables_of(file_bytes(made, syntax), tmp_path)
    found = by_path(rows)
    said = {path: (row["vr"], row["vm"], row["value"]) for path, row in found.items()}
    assert said["00100010"] == ("PN", 1, "Doe^Jane")
    assert said["00080008"] == ("CS", 2, "ORIGINAL\\PRIMARY")
    assert said["00280010"] == ("US", 1, "512")
    assert said["00280009"] == ("AT", 1, "00181063")
    assert said["00280030"] == ("DS", 2, "0.5\\0.50")
    assert said["00080050"] == ("SH", 0, None)
    assert said["00400275"] == ("SQ", 2, None)
    assert said["00400275[0].00080100"] == ("SH", 1, "A")
    assert said["00400275[1].00400008[0].00080104"] == ("LO", 1, "x")
    assert found["00400275[0].00080100"]["keyword"] == "CodeValue"
    assert found["00280010"]["length"] == 2
    assert faults == ()


def test_bulk_is_a_length_and_a_digest_never_bytes(tmp_path: Path) -> None:
    made = Dataset()
    made.add_new(0x00091001, "UN", b"secret!!")
    made.add_new(0x00281201, "OW", b"\1\2\3\4")
    made.private_block(0x0011, "MAKER", create=True).add_new(0x01, "OB", b"\0" * 6)
    rows, texts, _ = tables_of(file_bytes(made), tmp_path)
    found = by_path(rows)
    for path, value in (("00091001", b"secret!!"), ("00281201", b"\1\2\3\4")):
        assert found[path]["sha256"] == hashlib.sha256(value).hexdigest()
        assert (found[path]["length"], found[path]["value"], found[path]["vm"]) == (
            len(value),
            None,
            None,
        )
    assert found["00111001"]["private_creator"] == "MAKER"
    model = json.loads(texts[0]["dicom_json"])
    assert model["00091001"] == {"vr": "UN"}
    assert model["00281201"] == {"vr": "OW"}
    assert "secret" not in texts[0]["dicom_json"]


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("ISO_IR 100", "Müller^Ä"),
        ("ISO_IR 192", "Ωμέγα^漢"),
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("GB18030", "王^小东"),
    ],
)
def test_character_sets_are_honoured(charset: str | list[str], name: str, tmp_path: Path) -> None:
    made = data_set(SpecificCharacterSet=charset, PatientName=name)
    made.RequestAttributesSequence = [
        data_set(SpecificCharacterSet="ISO_IR 192", RequestedProcedureDescription="漢字")
    ]
    rows, texts, _ = tables_of(file_bytes(made), tmp_path)
    found = by_path(rows)
    assert found["00100010"]["value"] == name
    assert found["00400275[0].00321060"]["value"] == "漢字"
    model = json.loads(texts[0]["dicom_json"])
    groups = dict(zip(("Alphabetic", "Ideographic", "Phonetic"), name.split("="), strict=False))
    assert model["00100010"]["Value"] == [groups]
    assert model["00080005"]["Value"] == ["ISO_IR 192"]


def test_malformed_values_stop_no_row(tmp_path: Path) -> None:
    made = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's about the values that this test is about
        made.add_new(0x00280010, "LO", "abc")
    made.add_new(0x00189087, "FD", float("nan"))
    raw = file_bytes(made)
    raw = raw.replace(b"\x28\x00\x10\x00LO\x04\0abc ", b"\x28\x00\x10\x00US\x03\0abc")
    raw += b"\x28\x00\x52\x10DS\x06\x001_000 " + b"\x28\x00\x53\x10DS\x06\x001e4000"
    rows, texts, faults = tables_of(raw, tmp_path)
    found = by_path(rows)
    assert found["00280010"]["sha256"] == hashlib.sha256(b"abc").hexdigest()
    assert found["00281052"]["value"] == "1_000"
    model = json.loads(texts[0]["dicom_json"])
    assert model["00280010"] == {"vr": "US"}
    assert model["00281052"]["Value"] == ["1_000"]
    assert model["00281053"]["Value"] == ["1e4000"]
    assert model["00189087"]["Value"] == [None]
    assert faults == ()


@pytest.mark.parametrize(
    ("tag", "creator", "vr"),
    [
        (0x00281201, b"", "OW"),
        (0x70191080, b"TOSHIBA_MEC_OT3 ", "OW"),
        (0x70191080, b"NOBODY", "UN"),
    ],
)
def test_a_vr_of_the_dictionary_that_is_none_stops_no_commit(
    tag: int, creator: bytes, vr: str, tmp_path: Path
) -> None:
    made = file_bytes(data_set(PatientID="X"), "implicit")
    if creator:
        made += struct.pack("<HHL", tag >> 16, 0x10, len(creator)) + creator
    made += struct.pack("<HHL", tag >> 16, tag & 0xFFFF, 4) + b"\1\2\3\4"
    rows, texts, _ = tables_of(made, tmp_path)
    assert by_path(rows)[f"{tag:08X}"]["vr"] == vr
    assert json.loads(texts[0]["dicom_json"])[f"{tag:08X}"]["vr"] == vr


def test_an_item_out_of_place_is_un(tmp_path: Path) -> None:
    made = file_bytes(data_set(PatientID="X"), "explicit") + b"\xfe\xff\x00\xe0" + bytes(4)
    rows, _, _ = tables_of(made, tmp_path)
    assert by_path(rows)["FFFEE000"]["vr"] == "UN"


def test_rows_of_bundled_files_keep_the_rules_of_their_tables() -> None:
    rows = ElementRows(
        load_settings().headers.model_copy(update={"elements": True, "dicom_json": True}), LINEAGE
    )
    for number, path in enumerate(sorted(BUNDLED.glob("*.dcm"))):
        rows.add(OWNER._replace(sop_instance_uid=f"1.{number}"), path.read_bytes()[: 1 << 20])
    for definition, table in ((ELEMENTS, rows.elements()), (DICOM_JSON, rows.dicom_json())):
        assert table.num_rows > 50
        keys = table.select(list(definition.key))
        assert keys.group_by(list(definition.key)).aggregate([]).num_rows == table.num_rows
        for column in definition.columns:
            values = table.column(column.name)
            assert column.nullable or not values.null_count, column.name
            for check in column.checks:
                assert not check.violations(values), column.name


def test_the_pixels_are_not_read(tmp_path: Path) -> None:
    made = data_set(Rows=2, Columns=2, BitsAllocated=8, SamplesPerPixel=1, PixelRepresentation=0)
    made.add_new(0x7FE00010, "OB", b"\xab" * 4)
    raw = file_bytes(made)
    rows, texts, faults = tables_of(raw, tmp_path, raw.index(b"\xab" * 4))
    assert "7FE00010" not in by_path(rows)
    assert "7FE00010" not in json.loads(texts[0]["dicom_json"])
    assert "00280010" in by_path(rows)
    assert faults == ()


def test_what_pydicom_cannot_read_is_said(tmp_path: Path) -> None:
    raw = file_bytes(data_set(PatientID="1"))
    broken = raw.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99")
    rows, texts, faults = tables_of(broken[:-30], tmp_path)
    assert faults in ((), (Fault("elements_left_out"),))
    assert bool(rows) == bool(texts) == (not faults)


def _comparable(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model of pydicom as ours: without bulk, with numbers as numbers."""
    made = {}
    for tag, element in model.items():
        values = element.get("Value")
        if element["vr"] == "SQ":
            values = [_comparable(item) for item in values or []]
        elif element["vr"] in BULK or not values:
            values = None
        elif element["vr"] == "DS":
            values = [None if value is None else float(value) for value in values]
        if values:
            values = [None if value == "" else value for value in values]
        made[tag] = {"vr": element["vr"], **({"Value": values} if values else {})}
    return made


def test_json_is_that_of_pydicom(tmp_path: Path) -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    names = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "rtstruct.dcm", "reportsi.dcm")
    paths = [folder / name for name in (*names, "eCT_Supplemental.dcm", "examples_overlay.dcm")]
    compared = 0
    raws = [path.read_bytes() for path in paths if path.exists()]
    raws.append(file_bytes(enhanced_ct(3, is_open=True)))
    for raw in raws:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's about odd files
            theirs = dcmread(BytesIO(raw), stop_before_pixels=True, force=True).to_json_dict(
                bulk_data_threshold=1, bulk_data_element_handler=lambda _: "x"
            )
        _, texts, _ = tables_of(raw, tmp_path)
        ours = json.loads(texts[0]["dicom_json"])
        expected = _comparable(theirs)
        assert list(ours) == sorted(expected)
        for tag, element in expected.items():
            if tag == "00080005":
                continue
            assert ours[tag] == element, (tag, keyword_for_tag(int(tag, 16)))
            compared += 1
    assert compared > 300
