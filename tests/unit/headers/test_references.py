"""References to other instances, wherever they stand."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from make.frames import data_set, raw_top
from pydicom import Dataset, dcmread

from dicomlake.pipeline.discovery.sniff import Encoding
from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.headers.decode import Decoder
from dicomlake.pipeline.headers.frames import Owner
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.item_parser import parse_items
from dicomlake.pipeline.headers.items import Items, OddItemsError
from dicomlake.pipeline.headers.pydicom_items import pydicom_items
from dicomlake.pipeline.headers.reference_forms import KEYWORDS, role_of
from dicomlake.pipeline.headers.references import ReferenceRows
from dicomlake.pipeline.headers.values import Context, Raw
from dicomlake.schemas.column import snake_case
from dicomlake.schemas.tables.instance_references import INSTANCE_REFERENCES

OWNER = Owner("1.2.3", "1.2", "1.2.1", "SR", 2024, "f" * 32)
LINEAGE = Lineage("run", "0.1", 2)
Row = dict[str, object]


def sequences_of(made: Dataset, syntax: str = "explicit") -> dict[int, Items]:
    data = {
        tag: _items(raw.value, implicit=syntax == "implicit")
        for tag, raw in raw_top(made, syntax).items()
        if raw.vr == "SQ" or raw.value.startswith(b"\xfe\xff\x00\xe0")
    }
    return {tag: items for tag, items in data.items() if _refers(items)}


def _refers(items: Items) -> bool:
    return any(
        tag == 0x00081155 or (isinstance(value, Items) and _refers(value))
        for item in items.items
        for tag, value in item.items()
    )


def _items(raw: bytes, *, implicit: bool) -> Items:
    try:
        return parse_items(raw, implicit, 64)
    except OddItemsError:
        return pydicom_items(raw, Encoding(implicit, little=True), 64)


def references_of(made: Dataset, syntax: str = "explicit") -> tuple[list[Row], tuple[Fault, ...]]:
    rows = ReferenceRows(Decoder(10_000), LINEAGE)
    faults = rows.add(OWNER, sequences_of(made, syntax), Context())
    table = rows.table()
    table.validate(full=True)
    assert table.schema == INSTANCE_REFERENCES.schema()
    return table.to_pylist(), faults


def reference(uid: str, **more: object) -> Dataset:
    return data_set(ReferencedSOPClassUID="1.2.840.1", ReferencedSOPInstanceUID=uid, **more)


def _keys(rows: list[Row]) -> list[tuple[object, ...]]:
    return [(row["referenced_sop_instance_uid"], row["role"], row["via"]) for row in rows]


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_role_is_the_innermost_sequence_and_via_the_outermost(syntax: str) -> None:
    made = data_set(
        SourceImageSequence=[reference("1.1")],
        ReferencedSeriesSequence=[
            data_set(
                SeriesInstanceUID="1.5",
                ReferencedInstanceSequence=[reference("1.2"), reference("1.3")],
            )
        ],
    )
    rows, faults = references_of(made, syntax)
    assert _keys(rows) == [
        ("1.1", "source_image", "source_image"),
        ("1.2", "referenced_instance", "referenced_series"),
        ("1.3", "referenced_instance", "referenced_series"),
    ]
    assert [row["referenced_series_instance_uid"] for row in rows] == [None, "1.5", "1.5"]
    assert {row["referenced_sop_class_uid"] for row in rows} == {"1.2.840.1"}
    assert faults == ()
    for name in ("sop_instance_uid", "study_instance_uid", "series_instance_uid", "file_id"):
        assert {row[name] for row in rows} == {getattr(OWNER, name)}


def test_evidence_of_a_report_knows_study_and_series_and_its_content_the_frames() -> None:
    content = data_set(
        RelationshipType="CONTAINS",
        ValueType="CONTAINER",
        ContentSequence=[
            data_set(
                ValueType="IMAGE",
                ReferencedSOPSequence=[reference("1.1", ReferencedFrameNumber=[7, 2])],
            )
        ],
    )
    made = data_set(
        CurrentRequestedProcedureEvidenceSequence=[
            data_set(
                StudyInstanceUID="1.8",
                ReferencedSeriesSequence=[
                    data_set(SeriesInstanceUID="1.9", ReferencedSOPSequence=[reference("1.1")])
                ],
            )
        ],
        ContentSequence=[content],
    )
    (row,), _ = references_of(made)
    assert row["role"] == "referenced_sop"
    assert row["via"] == "current_requested_procedure_evidence"
    assert (row["referenced_study_instance_uid"], row["referenced_series_instance_uid"]) == (
        "1.8",
        "1.9",
    )
    assert row["referenced_frame_numbers"] == [2, 7]


def test_references_of_one_role_are_one_row_with_all_their_frames() -> None:
    made = data_set(
        SourceImageSequence=[
            reference("1.1", ReferencedFrameNumber=[3, 1]),
            reference("1.1", ReferencedFrameNumber=2),
            reference("1.1"),
            reference("1.0"),
        ],
        ReferencedImageSequence=[reference("1.1")],
    )
    rows, _ = references_of(made)
    assert [(row["referenced_sop_instance_uid"], row["role"]) for row in rows] == [
        ("1.0", "source_image"),
        ("1.1", "referenced_image"),
        ("1.1", "source_image"),
    ]
    assert [row["referenced_frame_numbers"] for row in rows] == [None, None, [1, 2, 3]]


def test_the_purpose_is_a_code_of_three_parts() -> None:
    code = data_set(
        CodeValue="121322", CodingSchemeDesignator="DCM", CodeMeaning="Source of the derivation"
    )
    long_code = data_set(
        LongCodeValue="1" * 20, CodingSchemeDesignator="SCT", CodeMeaning="Something"
    )
    made = data_set(
        SourceImageSequence=[
            reference("1.1", PurposeOfReferenceCodeSequence=[code]),
            reference("1.2", PurposeOfReferenceCodeSequence=[long_code]),
            reference("1.3", PurposeOfReferenceCodeSequence=[]),
        ]
    )
    rows, _ = references_of(made)
    purposes = [
        (row["purpose_code_value"], row["purpose_code_scheme"], row["purpose_code_meaning"])
        for row in rows
    ]
    assert purposes == [
        ("121322", "DCM", "Source of the derivation"),
        ("1" * 20, "SCT", "Something"),
        (None, None, None),
    ]


def test_frames_of_a_segmentation_share_their_references() -> None:
    frames = [
        data_set(
            DerivationImageSequence=[
                data_set(SourceImageSequence=[reference(f"1.{n % 3}", ReferencedFrameNumber=n)])
            ]
        )
        for n in range(1, 10)
    ]
    rows, _ = references_of(data_set(PerFrameFunctionalGroupsSequence=frames))
    assert _keys(rows) == [
        (f"1.{n}", "source_image", "per_frame_functional_groups") for n in range(3)
    ]
    assert [row["referenced_frame_numbers"] for row in rows] == [[3, 6, 9], [1, 4, 7], [2, 5, 8]]


def test_a_private_sequence_is_named_by_its_tag() -> None:
    made = Dataset()
    made.add_new(0x00091001, "SQ", [reference("1.1")])
    rows, _ = references_of(made)
    assert _keys(rows) == [("1.1", "00091001", "00091001")]


def test_empty_references_are_no_rows_and_bad_ones_are_named() -> None:
    made = data_set(SourceImageSequence=[reference(""), Dataset()])
    assert references_of(made) == ([], ())
    rows = ReferenceRows(Decoder(10_000), LINEAGE)
    bad_items = Items(({0x00081155: Raw("UI", b"1.02")},))
    faults = rows.add(OWNER, {0x00082112: bad_items}, Context())
    (row,) = rows.table().to_pylist()
    assert row["referenced_sop_instance_uid"] == "1.02"
    assert [(fault.code, fault.tag) for fault in faults] == [("bad_uid", 0x00081155)]


def test_hostile_nesting_needs_no_stack_of_python() -> None:
    items = parse_items(b"", False, 64)
    for _ in range(5000):
        items = Items(({0x00081140: items},))
    rows = ReferenceRows(Decoder(100), LINEAGE)
    assert rows.add(OWNER, {0x00081140: items}, Context()) == ()
    assert rows.table().num_rows == 0


def test_known_keywords_are_those_of_the_standard() -> None:
    for tag, keyword in KEYWORDS.items():
        assert pydicom.datadict.keyword_for_tag(tag) == keyword
        assert pydicom.datadict.dictionary_VR(tag) == "SQ"
        assert role_of(tag) == snake_case(keyword.removesuffix("Sequence"))
    assert role_of(0x00081134) == "referenced_stereometric_instance"


def _by_pydicom(made: Dataset) -> Iterator[tuple[str, str]]:
    for element in made:
        if element.VR != "SQ":
            continue
        name = element.keyword.removesuffix("Sequence")
        for item in element.value:
            if item.get("ReferencedSOPInstanceUID"):
                yield item.ReferencedSOPInstanceUID, snake_case(name) or f"{element.tag:08x}"
            yield from _by_pydicom(item)


def _compare(paths: list[Path]) -> int:
    compared = 0
    for path in paths:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's about odd files
            try:
                made = dcmread(path, stop_before_pixels=True, force=True)
                wanted = set(_by_pydicom(made))
            except Exception:  # noqa: BLE001  (files that pydicom cannot read either)
                continue
            if not wanted or made.original_encoding != (made.original_encoding[0], True):
                continue
            syntax = "implicit" if made.original_encoding[0] else "explicit"
            rows, _ = references_of(made, syntax)
        assert {(row["referenced_sop_instance_uid"], row["role"]) for row in rows} == wanted
        compared += len(rows)
    return compared


def test_real_files_refer_to_what_pydicom_finds(shared: Path) -> None:
    corpus = shared / "corpus"
    paths = [
        path
        for folder in ("seg_sr_sm", "rt", "rdsr", "odd")
        for path in sorted((corpus / folder).rglob("*"))
        if path.is_file()
    ]
    assert _compare(paths) > 100


def test_files_of_pydicom_refer_to_what_pydicom_finds() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    assert _compare(sorted(folder.glob("*.dcm"))) > 20
