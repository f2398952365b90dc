"""Each row of the table of hostile input that reading a header decides."""

import os
import struct
import tracemalloc
import zlib
from pathlib import Path

import pytest
from make.headers import (
    BIG,
    CT,
    DEFLATED,
    IMPLICIT,
    ITEM,
    PIXELS,
    SEQUENCE_END,
    UNDEFINED,
    Elements,
    data_set,
    element,
    instance,
    item,
    meta,
    part10,
    read_bytes,
    read_entries,
    read_folder,
    settings_for_tests,
)
from make.strangers import as_stranger, open_folder

from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.fast_reader import FastReader

GOOD = instance()
LONGER: Elements = {0x00081030: ("LO", "a study with a long description " * 2)}
START = element(0x00080016, "UI", CT)
SQ = 0x00081140


def raw_elements(*parts: bytes) -> bytes:
    """Return a small instance with further encoded elements between 0008 and 0010."""
    whole = data_set()
    at = whole.index(b"\x10\x00\x10\x00PN")
    return part10(whole[:at] + b"".join(parts) + whole[at:])


def test_a_small_instance_is_ingested_without_issues(tmp_path: Path) -> None:
    got = read_bytes(tmp_path, GOOD)
    assert got.state() == ("ingested", None)
    assert got.issues["x.dcm"] == []
    assert got.files["x.dcm"]["reader"] == "fast"
    assert got.rows["x.dcm"]["sop_instance_uid"] == "1.2.3"


def test_row_01_zero_bytes_are_quarantined_empty(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b"").state() == ("quarantined", "empty")


@pytest.mark.parametrize(
    "content",
    [
        b"short",
        b"x" * 131,
        b"A text of some length, and of no other kind. " * 20,
        b'{"json": [1, 2, 3]}' + b" " * 300,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        b"PK\x03\x04" + b"\0" * 300,
        b"\x1f\x8b\x08" + b"\0" * 300,
        b"\0" * 500,
        GOOD[:128] + b"DICX" + GOOD[132:],
        b"\x08\x00" * 300,
        b"\0" * 64 + b"DICM" + GOOD[132:],
    ],
)
def test_row_02_other_files_named_dcm_are_not_dicom(tmp_path: Path, content: bytes) -> None:
    got = read_bytes(tmp_path, content)
    assert got.state() == ("not_dicom", None)
    assert got.rows == {}


@pytest.mark.parametrize(
    ("content", "syntax", "file_meta"),
    [
        (data_set(LONGER), "1.2.840.10008.1.2.1", False),
        (data_set(LONGER, implicit=True), IMPLICIT, False),
        (data_set(LONGER, big=True), BIG, False),
        (meta() + data_set(LONGER), "1.2.840.10008.1.2.1", True),
        (meta(IMPLICIT) + data_set(LONGER, implicit=True), IMPLICIT, True),
    ],
)
def test_row_03_a_data_set_without_preamble_is_ingested(
    tmp_path: Path, content: bytes, syntax: str, file_meta: bool
) -> None:
    got = read_bytes(tmp_path, content, "noext")
    assert got.state("noext") == ("ingested", None)
    assert got.files["noext"]["transfer_syntax_uid"] == syntax
    assert got.rows["noext"]["patient_id"] == "P1"
    expected = (
        {"no_preamble"} if file_meta else {"no_preamble", "no_file_meta", "missing_transfer_syntax"}
    )
    assert got.codes("noext") == expected


@pytest.mark.parametrize(
    "content",
    [
        b"\0" * 128 + b"DICM" + bytes((i * 73 + 41) % 256 for i in range(4000)),
        b"\0" * 128 + b"DICM",
        part10(b""),
        part10(data_set(without=0x00080016)),
        part10(b"\0" * 100_000),
    ],
)
def test_row_04_no_data_set_or_no_sop_class_is_invalid(tmp_path: Path, content: bytes) -> None:
    got = read_bytes(tmp_path, content)
    assert got.state() == ("quarantined", "invalid")
    assert got.codes() == {"unreadable_header"}


def test_row_05_a_cut_inside_any_element_is_truncated(tmp_path: Path) -> None:
    """Every cut of a header: on the border of elements it cannot be seen, anywhere else it is."""
    content = instance({0x00204000: ("LT", "c" * 60), 0x00081030: ("LO", "a study")})
    borders = _borders(content)
    for cut in range(140, len(content)):
        (tmp_path / f"{cut}").write_bytes(content[:cut])
    got = read_folder(tmp_path)
    for cut in range(140, len(content)):
        state = got.state(str(cut))
        if cut in borders:
            assert state in {
                ("quarantined", "invalid"),
                ("quarantined", "missing_identity"),
                ("ingested", None),
            }, cut
        else:
            assert state == ("quarantined", "truncated"), cut
            assert str(cut) not in got.rows


def _borders(content: bytes) -> set[int]:
    """Return the offsets between elements, found by walking lengths of 16 bits."""
    offset, borders = 132, set()
    while offset < len(content):
        borders.add(offset)
        if content[offset + 4 : offset + 6] in (b"OB", b"OW", b"SQ"):
            offset += 12 + struct.unpack_from("<L", content, offset + 8)[0]
        else:
            offset += 8 + struct.unpack_from("<H", content, offset + 6)[0]
    return borders


@pytest.mark.parametrize("how", ["implicit", "big"])
def test_row_05_holds_in_every_encoding(tmp_path: Path, how: str) -> None:
    syntax = IMPLICIT if how == "implicit" else BIG
    content = part10(data_set(**{how: True}), meta(syntax))
    assert read_bytes(tmp_path, content).state() == ("ingested", None)
    assert read_bytes(tmp_path, content[:-3]).state() == ("quarantined", "truncated")


def test_row_05_a_cut_inside_a_sequence_is_truncated(tmp_path: Path) -> None:
    inner = element(0x00081150, "UI", CT) + element(0x00081155, "UI", "1.2.3.4.5.6")
    for length in (None, UNDEFINED):
        body = item(inner) * 3
        whole = part10(data_set() + element(0x00400275, "SQ", body, length=length))
        assert read_bytes(tmp_path, whole[:-5]).state() == ("quarantined", "truncated")


@pytest.mark.parametrize("missing", [1, 2, 100, 199])
def test_row_06_cut_pixel_data_are_ingested_with_their_present_length(
    tmp_path: Path, missing: int
) -> None:
    content = part10(data_set() + PIXELS)
    got = read_bytes(tmp_path, content[:-missing])
    assert got.state() == ("ingested", None)
    assert got.codes() == {"pixel_data_truncated"}
    assert got.files["x.dcm"]["pixel_offset"] == len(content) - 200
    assert got.files["x.dcm"]["pixel_length"] == 200 - missing


def test_row_06_a_cut_fragment_is_pixel_data_truncated(tmp_path: Path) -> None:
    fragments = item(b"") + item(b"f" * 64) + SEQUENCE_END
    pixels = element(0x7FE00010, "OB", fragments, length=UNDEFINED)
    content = part10(data_set() + pixels, meta("1.2.840.10008.1.2.4.70"))
    whole = read_bytes(tmp_path, content)
    assert whole.codes() == set()
    assert whole.files["x.dcm"]["pixel_offset"] == len(content) - len(fragments)
    assert whole.files["x.dcm"]["pixel_length"] == len(fragments)
    assert read_bytes(tmp_path, content + b"\0" * 40).codes() == set()
    assert read_bytes(tmp_path, content[:-20]).codes() == {"pixel_data_truncated"}
    assert read_bytes(tmp_path, content[:-8]).codes() == {"pixel_data_unterminated"}


@pytest.mark.parametrize("length", [0xFFFFFFFE, 0x7FFFFFFF, 0x40000000])
def test_row_07_a_length_no_header_can_have_is_invalid(tmp_path: Path, length: int) -> None:
    lie = element(0x00091010, "OB", b"1234", length=length)
    assert read_bytes(tmp_path, raw_elements(lie)).state() == ("quarantined", "invalid")
    assert read_bytes(tmp_path, part10(START + lie)).state() == ("quarantined", "invalid")


@pytest.mark.parametrize("length", [500, 5000, 0xFFFE])
@pytest.mark.parametrize("vr", ["LO", "UT", "SQ"])
def test_row_07_a_length_that_hides_later_elements_is_invalid(
    tmp_path: Path, length: int, vr: str
) -> None:
    value = item(element(0x00081150, "UI", CT)) if vr == "SQ" else b"some text "
    content = raw_elements(element(0x00091010, vr, value, length=length))
    assert read_bytes(tmp_path, content).state() == ("quarantined", "invalid")


def test_row_07_a_length_beyond_an_implicit_file_is_invalid(tmp_path: Path) -> None:
    whole = data_set(implicit=True)
    at = whole.index(b"\x10\x00\x10\x00")
    lie = element(0x00081030, "LO", b"text", length=3000, implicit=True)
    content = part10(whole[:at] + lie + whole[at:], meta(IMPLICIT))
    assert read_bytes(tmp_path, content).state() == ("quarantined", "invalid")


def test_row_07_nothing_is_allocated_for_a_length_that_lies(tmp_path: Path) -> None:
    content = raw_elements(element(0x00091010, "OB", b"1234", length=0xFFFFFFF0))
    read_bytes(tmp_path, content)
    tracemalloc.start()
    assert read_folder(tmp_path).state() == ("quarantined", "invalid")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "sequence",
    [
        element(SQ, "SQ", item(element(0x00081150, "UI", CT)), length=UNDEFINED),
        element(SQ, "SQ", ITEM + b"\xff" * 4 + element(0x00081150, "UI", CT), length=UNDEFINED),
        element(SQ, "SQ", b"", length=UNDEFINED),
    ],
)
def test_row_08_a_sequence_never_closed_is_invalid(tmp_path: Path, sequence: bytes) -> None:
    assert read_bytes(tmp_path, raw_elements(sequence)).state() == ("quarantined", "invalid")
    assert read_bytes(tmp_path, part10(data_set() + sequence)).state() == ("quarantined", "invalid")


def _deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return part10(deflater.compress(content) + deflater.flush(), meta(DEFLATED))


@pytest.mark.parametrize("tag", [0x00091010, 0x7FE00010])
def test_row_09_a_deflate_bomb_is_too_large(tmp_path: Path, tag: int) -> None:
    bomb = element(tag, "OB", b"\0" * 30_000_000)
    whole = START + bomb
    content = _deflated(data_set() + bomb if tag > 0x00100010 else whole)
    flags: dict[str, object] = {
        "headers.max_inflated_bytes": 10_000_000,
        "headers.max_header_bytes": 5_000_000,
    }
    got = read_bytes(tmp_path, content, flags=flags)
    assert got.state() == ("quarantined", "too_large")


def test_deflated_data_sets_are_read_and_have_no_pixel_offset(tmp_path: Path) -> None:
    content = _deflated(data_set() + PIXELS)
    got = read_bytes(tmp_path, content)
    assert got.state() == ("ingested", None)
    assert got.codes() == set()
    assert got.files["x.dcm"]["pixel_offset"] is None
    plain = read_bytes(tmp_path, part10(data_set() + PIXELS), "plain.dcm")
    assert plain.files["plain.dcm"]["header_sha256"] == got.files["x.dcm"]["header_sha256"]
    assert read_bytes(tmp_path, content[:-4]).codes() == {"pixel_data_truncated"}


def _nested(depth: int, defined: bool) -> bytes:
    content = element(0x00081150, "UI", CT)
    for _ in range(depth):
        if defined:
            content = element(SQ, "SQ", item(content))
        else:
            body = item(content, length=UNDEFINED) + SEQUENCE_END
            content = element(SQ, "SQ", body, length=UNDEFINED)
    return content


@pytest.mark.parametrize("defined", [True, False])
def test_row_12_nesting_is_held_to_its_limit(tmp_path: Path, defined: bool) -> None:
    assert read_bytes(tmp_path, raw_elements(_nested(64, defined))).state() == ("ingested", None)
    got = read_bytes(tmp_path, raw_elements(_nested(65, defined)))
    assert got.state() == ("quarantined", "too_deep")


def test_row_12_a_hundred_thousand_levels_do_not_recurse(tmp_path: Path) -> None:
    opening = element(SQ, "SQ", ITEM + b"\xff" * 4, length=UNDEFINED)
    got = read_bytes(tmp_path, raw_elements(opening * 100_000))
    assert got.state() == ("quarantined", "too_deep")


@pytest.mark.parametrize("nested", [True, False])
def test_row_13_elements_are_held_to_their_limit(tmp_path: Path, nested: bool) -> None:
    many = b"".join(element(0x00090000 + i, "LO", "") for i in range(0x10, 0x10 + 300))
    content = raw_elements(element(SQ, "SQ", item(many)) if nested else many)
    assert read_bytes(tmp_path, content).state() == ("ingested", None)
    got = read_bytes(tmp_path, content, flags={"headers.max_elements": 250})
    assert got.state() == ("quarantined", "too_many_elements")


def test_row_13_frames_with_a_few_elements_each_are_no_fault(tmp_path: Path) -> None:
    frames = item(element(0x00081150, "UI", CT) + element(0x00081155, "UI", "1.2")) * 500
    content = raw_elements(element(SQ, "SQ", frames))
    got = read_bytes(tmp_path, content, flags={"headers.max_elements": 250})
    assert got.state() == ("ingested", None)
    endless = raw_elements(element(SQ, "SQ", item(b"") * 26_000))
    got = read_bytes(tmp_path, endless, flags={"headers.max_elements": 250})
    assert got.state() == ("quarantined", "too_many_elements")


@pytest.mark.parametrize("stray", [SEQUENCE_END, b"\xfe\xff\x0d\xe0" + b"\0" * 4])
def test_row_13_holds_for_stray_delimiters(tmp_path: Path, stray: bytes) -> None:
    got = read_bytes(tmp_path, raw_elements(stray * 300), flags={"headers.max_elements": 250})
    assert got.state() == ("quarantined", "too_many_elements")


def test_a_header_beyond_its_limit_is_too_large(tmp_path: Path) -> None:
    content = raw_elements(element(0x00091010, "OB", b"\1" * 200_000))
    assert read_bytes(tmp_path, content).state() == ("ingested", None)
    got = read_bytes(tmp_path, content, flags={"headers.max_header_bytes": 100_000})
    assert got.state() == ("quarantined", "too_large")


def test_row_16_what_became_a_special_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    entry = Entry("pipe", 100, 1, 1, 1)
    got = read_entries(str(tmp_path), (entry,), settings_for_tests())
    assert got.state("pipe") == ("skipped", "special_file")


def test_row_17_what_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(GOOD)
    (tmp_path / "link").symlink_to("real")
    entry = Entry("link", len(GOOD), (tmp_path / "real").stat().st_mtime_ns, 1, 1)
    got = read_entries(str(tmp_path), (entry,), settings_for_tests())
    assert got.state("link") == ("skipped", "symlink")
    followed = settings_for_tests({"discovery.follow_symlinks": True})
    assert read_entries(str(tmp_path), (entry,), followed).state("link") == ("ingested", None)


def test_row_18_a_hard_link_is_two_rows_of_one_instance(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(GOOD)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    got = read_folder(tmp_path)
    assert got.state("a") == got.state("b") == ("ingested", None)
    assert got.files["a"]["sop_instance_uid"] == got.files["b"]["sop_instance_uid"]
    assert got.files["a"]["file_id"] != got.files["b"]["file_id"]


def test_row_19_a_file_without_permission_is_skipped() -> None:
    with open_folder() as folder:
        (folder / "x.dcm").write_bytes(GOOD)
        (folder / "x.dcm").chmod(0)
        assert as_stranger(lambda: read_folder(folder).state()) == ("skipped", "permission")


def test_row_20_any_name_is_read(tmp_path: Path) -> None:
    names = [b"\xff\xfe", b"new\nline", b'quo"te', b"=cmd", b"100%", "grün".encode()]
    for name in names:
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(GOOD)
    got = read_folder(tmp_path)
    assert set(got.files) == {"%FF%FE", "new%0Aline", 'quo"te', "=cmd", "100%25", "grün"}
    assert {row["status"] for row in got.files.values()} == {"ingested"}


def test_row_21_a_file_that_is_gone_is_vanished(tmp_path: Path) -> None:
    entry = Entry("gone/x", 1, 2, 3, 4)
    got = read_entries(str(tmp_path), (entry,), settings_for_tests())
    assert got.state("gone/x") == ("skipped", "vanished")
    assert got.files["gone/x"]["size"] == 1


def test_row_22_a_file_that_changed_once_is_read_with_its_new_status(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(GOOD)
    entry = Entry("x.dcm", 5, 6, 7, 8)
    got = read_entries(str(tmp_path), (entry,), settings_for_tests())
    assert got.state() == ("ingested", None)
    assert got.files["x.dcm"]["size"] == len(GOOD)
    assert got.files["x.dcm"]["mtime_ns"] == (tmp_path / "x.dcm").stat().st_mtime_ns


@pytest.mark.parametrize(
    ("changes", "state"), [(1, ("ingested", None)), (9, ("deferred", "unstable"))]
)
def test_row_22_a_file_that_changes_while_read_is_tried_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: int, state: tuple[str, str | None]
) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(GOOD)
    read = FastReader.read
    calls = []

    def read_and_write(self: FastReader, file: object) -> object:
        if len(calls) < changes:
            calls.append(1)
            os.utime(path, ns=(len(calls), len(calls)))
        return read(self, file)  # type: ignore[arg-type]  # the reader's own argument, passed on

    monkeypatch.setattr(FastReader, "read", read_and_write)
    got = read_folder(tmp_path)
    assert got.state() == state
    assert bool(got.rows) == (state[0] == "ingested")


def test_row_23_a_young_file_waits_but_not_one_of_the_future(tmp_path: Path) -> None:
    for name in ("young", "old", "future"):
        (tmp_path / name).write_bytes(GOOD)
    now = (tmp_path / "young").stat().st_mtime_ns
    os.utime(tmp_path / "old", ns=(now, now - 500_000_000_000))
    os.utime(tmp_path / "future", ns=(now, now + 500_000_000_000))
    got = read_folder(tmp_path, {"discovery.quiet_period_s": 120})
    assert got.state("young") == ("deferred", "too_new")
    assert got.state("old") == got.state("future") == ("ingested", None)


@pytest.mark.parametrize("tag", [0x00080018, 0x0020000D, 0x0020000E])
def test_row_26_without_identity_is_missing_identity(tmp_path: Path, tag: int) -> None:
    got = read_bytes(tmp_path, part10(data_set(without=tag)))
    assert got.state() == ("quarantined", "missing_identity")
    assert read_bytes(tmp_path, instance({tag: ("UI", "")})).state() == got.state()


@pytest.mark.parametrize("uid", ["../..", "..\\..\\x", "1." * 40 + "1", "1.02.3", "x", ".1.2"])
def test_row_27_a_bad_uid_is_kept_with_an_issue(tmp_path: Path, uid: str) -> None:
    got = read_bytes(tmp_path, part10(data_set({0x00080018: ("UI", uid)}), meta(instance=uid)))
    assert got.state() == ("ingested", None)
    assert got.rows["x.dcm"]["sop_instance_uid"] == uid
    assert got.codes() == {"bad_uid"}


def test_row_28_the_data_set_wins_over_file_meta(tmp_path: Path) -> None:
    got = read_bytes(tmp_path, part10(data_set(), meta(instance="9.9.9")))
    assert got.rows["x.dcm"]["sop_instance_uid"] == "1.2.3"
    assert [(i["code"], i["tag"]) for i in got.issues["x.dcm"]] == [
        ("meta_uid_mismatch", "(0002,0003)")
    ]


@pytest.mark.parametrize(
    ("tag", "vr", "value", "column"),
    [
        (0x00180050, "DS", "1_000", "slice_thickness"),
        (0x00180050, "DS", "NaN", "slice_thickness"),
        (0x00180050, "DS", "1e400", "slice_thickness"),
        (0x00200013, "IS", "1.5", "instance_number"),
        (0x00200013, "IS", "99999999999999999999", "instance_number"),
        (0x00200013, "IS", "1\\2", "instance_number"),
        (0x00080020, "DA", "20240230", "study_date"),
        (0x00080030, "TM", "2400", "study_time"),
        (0x0008002A, "DT", "2024", "acquisition_date_time"),
        (0x00101010, "AS", "old", "patient_age"),
        (0x00200032, "DS", "1\\2", "image_position_patient"),
        (0x00280010, "US", b"\1\0\2\0", "rows"),
        (0x00189345, "FD", struct.pack("<d", float("nan")), "ctdivol"),
    ],
)
def test_row_30_a_malformed_value_is_null_with_an_issue(
    tmp_path: Path, tag: int, vr: str, value: str | bytes, column: str
) -> None:
    got = read_bytes(tmp_path, instance({tag: (vr, value)}))
    row = got.rows["x.dcm"]
    assert row[column] is None
    assert len(row["invalid_attributes"]) == 1
    (issue,) = got.issues["x.dcm"]
    assert issue["keyword"] == row["invalid_attributes"][0]
    assert issue["tag"] == f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
    assert issue["sop_instance_uid"] == "1.2.3"
    assert row["age_years"] is None


def test_row_30_a_million_values_are_capped(tmp_path: Path) -> None:
    values = "\\".join(["1"] * 1_000_000)
    content = part10(
        data_set(implicit=True)
        + element(0x00281050, "DS", values, implicit=True)
        + element(0x00281051, "DS", "1", implicit=True),
        meta(IMPLICIT),
    )
    got = read_bytes(tmp_path, content)
    assert got.rows["x.dcm"]["window_center"] == [1.0] * 10_000
    assert got.rows["x.dcm"]["window_width"] == [1.0]
    assert got.codes() == {"too_many_values"}


def test_row_31_an_unknown_vr_costs_an_issue_for_that_element_only(tmp_path: Path) -> None:
    damaged = element(0x00081030, "ZZ", "the study")
    got = read_bytes(tmp_path, raw_elements(damaged))
    assert got.rows["x.dcm"]["study_description"] == "the study"
    assert [(i["code"], i["keyword"]) for i in got.issues["x.dcm"]] == [
        ("unknown_vr", "StudyDescription")
    ]
    later = struct.pack("<HH2sHL", 8, 0x1030, b"ZZ", 0, 10) + b"the study "
    assert read_bytes(tmp_path, raw_elements(later)).rows["x.dcm"]["patient_id"] == "P1"
    bare = element(0x00081030, "LO", "the study", implicit=True)
    got = read_bytes(tmp_path, raw_elements(bare))
    assert got.rows["x.dcm"]["study_description"] == "the study"
    assert got.codes() == {"unknown_vr"}


@pytest.mark.parametrize(
    ("tag", "vr", "value", "column", "expected"),
    [
        (0x00280010, "UL", struct.pack("<L", 512), "rows", 512),
        (0x00280010, "IS", "512", "rows", 512),
        (0x00280010, "UL", struct.pack("<L", 70000), "rows", None),
        (0x00180050, "FD", struct.pack("<d", 2.5), "slice_thickness", 2.5),
        (0x00080070, "SH", "Maker", "manufacturer", "Maker"),
        (0x00080070, "US", b"\1\0", "manufacturer", None),
        (0x00189345, "DS", "12.5", "ctdivol", 12.5),
        (0x00280010, "OW", b"\0\2", "rows", 512),
    ],
)
def test_row_31_another_vr_is_read_where_it_can_hold_the_value(
    tmp_path: Path, tag: int, vr: str, value: str | bytes, column: str, expected: object
) -> None:
    got = read_bytes(tmp_path, instance({tag: (vr, value)}))
    assert got.rows["x.dcm"][column] == expected
    assert "vr_mismatch" in got.codes()
    assert (got.rows["x.dcm"]["invalid_attributes"] is None) == (expected is not None)


def test_row_32_of_a_duplicate_tag_the_last_wins(tmp_path: Path) -> None:
    twice = element(0x00081030, "LO", "first") + element(0x00081030, "LO", "second")
    got = read_bytes(tmp_path, raw_elements(twice))
    assert got.rows["x.dcm"]["study_description"] == "second"
    assert got.codes() == {"duplicate_tag"}
    late = part10(data_set() + element(0x00100020, "LO", "P2"))
    got = read_bytes(tmp_path, late)
    assert got.rows["x.dcm"]["patient_id"] == "P2"
    assert got.codes() == {"duplicate_tag"}


def test_elements_out_of_order_are_read_with_an_issue(tmp_path: Path) -> None:
    got = read_bytes(tmp_path, part10(data_set() + element(0x00081030, "LO", "late")))
    assert got.rows["x.dcm"]["study_description"] == "late"
    assert got.codes() == {"tag_order"}


@pytest.mark.parametrize(
    ("charset", "value", "text", "codes"),
    [
        ("ISO_IR 100", b"Gr\xfcn", "Grün", set()),
        ("ISO_IR 192", b"Gr\xc3\xbcn", "Grün", set()),
        ("ISO_IR 192", b"Gr\xfcn", "Gr�n", {"undecodable_text"}),
        ("", b"Gr\xfcn", "Gr�n", {"undecodable_text"}),
        ("NONSENSE", b"Gr\xfcn", "Gr�n", {"undecodable_text", "unknown_charset"}),
        ("NONSENSE", b"plain", "plain", {"unknown_charset"}),
        ("ISO IR 100", b"Gr\xfcn", "Grün", {"unknown_charset"}),
        ("GB18030", b"\xcd\xf5\xd0\xa1\xb6\xab", "王小东", set()),
        ("\\ISO 2022 IR 87", b"\x1b$B;3ED\x1b(B", "山田", set()),
        ("\\ISO 2022 IR 149", b"\x1b$)C\xb1\xe8\xc8\xf1\xc1\xdf", "김희중", set()),
        ("\\ISO 2022 IR 58", b"\x1b$)A\xcd\xf5", "王", set()),
    ],
)
def test_row_33_text_is_decoded_or_replaced_with_an_issue(
    tmp_path: Path, charset: str, value: bytes, text: str, codes: set[str]
) -> None:
    more: Elements = {0x00080005: ("CS", charset), 0x00081030: ("LO", value)}
    got = read_bytes(tmp_path, instance(more))
    assert got.rows["x.dcm"]["study_description"] == text
    assert got.codes() - {"nonconforming_value"} == codes


def test_row_34_nul_and_control_characters_are_stripped(tmp_path: Path) -> None:
    more: Elements = {
        0x00081030: ("LO", b"a\0b\x07c"),
        0x00204000: ("LT", "two\r\nlines\x01"),
    }
    got = read_bytes(tmp_path, instance(more))
    assert got.rows["x.dcm"]["study_description"] == "abc"
    assert got.rows["x.dcm"]["image_comments"] == "two\r\nlines"
    assert got.codes() == {"control_characters"}


def test_row_35_a_dicomdir_is_one_row_and_nothing_more(tmp_path: Path) -> None:
    directory = "1.2.840.10008.1.3.10"
    got = read_bytes(tmp_path, part10(data_set(), meta(sop_class=directory)))
    assert got.state() == ("dicomdir", None)
    assert got.rows == {}
    records = element(0x00041220, "SQ", item(element(0x00041500, "CS", "..\\..\\etc\\passwd")))
    bare = part10(element(0x00041130, "CS", "SET") + records, meta(sop_class="1.2"))
    assert read_bytes(tmp_path, bare).state() == ("dicomdir", None)


@pytest.mark.parametrize("start", [b"MZ\x90\0", b"\x7fELF\2\1", b"#!/bin/sh\n"])
def test_row_36_an_executable_preamble_is_an_issue(tmp_path: Path, start: bytes) -> None:
    got = read_bytes(tmp_path, part10(data_set(), preamble=start))
    assert got.state() == ("ingested", None)
    assert got.codes() == {"suspicious_preamble"}


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.94", "1.2.3.4.5", "garbage"])
def test_row_37_an_unknown_transfer_syntax_still_has_metadata(tmp_path: Path, syntax: str) -> None:
    got = read_bytes(tmp_path, part10(data_set(), meta(syntax)))
    assert got.state() == ("ingested", None)
    assert got.files["x.dcm"]["transfer_syntax_uid"] == syntax


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", b"PK\x03\x04" + b"\0" * 300),
        ("noext", b"PK\x05\x06" + b"\0" * 18),
        ("a.gz", b"\x1f\x8b\x08\0" + b"\0" * 30),
        ("a.tar", b"\0" * 257 + b"ustar\x0000" + b"\0" * 300),
    ],
)
def test_row_38_an_archive_is_skipped_by_its_magic(
    tmp_path: Path, name: str, content: bytes
) -> None:
    assert read_bytes(tmp_path, content, name).state(name) == ("skipped", "archive")


@pytest.mark.parametrize(
    "sop_class",
    [
        "1.2.840.10008.5.1.4.1.1.104.1",
        "1.2.840.10008.5.1.4.1.1.88.22",
        "1.2.840.10008.5.1.4.1.1.9.1.1",
        "1.2.840.10008.5.1.4.1.1.11.1",
    ],
)
def test_row_39_objects_without_pixels_are_metadata(tmp_path: Path, sop_class: str) -> None:
    content = part10(data_set({0x00080016: ("UI", sop_class)}), meta(sop_class=sop_class))
    got = read_bytes(tmp_path, content)
    assert got.state() == ("ingested", None)
    assert got.codes() == set()
    assert got.rows["x.dcm"]["sop_class_uid"] == sop_class
    assert got.files["x.dcm"]["pixel_offset"] is None


def test_a_data_set_in_another_encoding_than_declared_is_read(tmp_path: Path) -> None:
    for content in (
        part10(data_set(implicit=True)),
        part10(data_set(), meta(IMPLICIT)),
        part10(data_set(), meta(BIG)),
        part10(data_set(big=True)),
    ):
        got = read_bytes(tmp_path, content)
        assert got.rows["x.dcm"]["patient_id"] == "P1"
        assert got.codes() == {"transfer_syntax_mismatch"}


def test_zero_padding_after_the_data_set_is_an_issue(tmp_path: Path) -> None:
    for padding in (3, 8, 1000):
        got = read_bytes(tmp_path, GOOD + b"\0" * padding)
        assert got.state() == ("ingested", None)
        assert got.codes() == {"trailing_bytes"}


def test_a_malformed_sequence_of_defined_length_is_an_issue(tmp_path: Path) -> None:
    for body in (b"garbage!", item(b"abcdefgh"), ITEM + b"\xff\0\0\0"):
        got = read_bytes(tmp_path, raw_elements(element(SQ, "SQ", body)))
        assert got.state() == ("ingested", None)
        assert got.codes() == {"malformed_sequence"}
        assert got.rows["x.dcm"]["patient_id"] == "P1"


def test_stray_delimiters_do_not_end_a_data_set(tmp_path: Path) -> None:
    for stray in (ITEM + b"\0" * 4, b"\xfe\xff\x0d\xe0" + b"\0" * 4, SEQUENCE_END):
        got = read_bytes(tmp_path, raw_elements(stray))
        assert got.rows["x.dcm"]["patient_id"] == "P1"
        assert got.codes() == {"stray_delimiter"}


def test_no_issue_holds_a_value_of_the_file(tmp_path: Path) -> None:
    secret = "Jane^Secret"
    more: Elements = {
        tag: (vr, secret)
        for tag, vr in ((0x00080020, "DA"), (0x00101010, "AS"), (0x00180050, "DS"))
    }
    got = read_bytes(tmp_path, instance(more))
    assert len(got.issues["x.dcm"]) == 3
    assert secret not in repr(got.issues)


def test_an_image_without_pixel_data_is_an_issue(tmp_path: Path) -> None:
    described: Elements = {0x00280010: ("US", b"\1\0"), 0x00280100: ("US", b"\x10\0")}
    assert read_bytes(tmp_path, instance(described)).codes() == {"pixel_data_missing"}
    with_pixels = part10(data_set(described) + PIXELS)
    assert read_bytes(tmp_path, with_pixels).codes() == set()


@pytest.mark.parametrize("tag", [0x7FE00008, 0x7FE00009])
def test_float_pixel_data_has_its_place_recorded(tmp_path: Path, tag: int) -> None:
    vr = "OF" if tag == 0x7FE00008 else "OD"
    content = part10(data_set() + element(tag, vr, b"\0" * 64))
    got = read_bytes(tmp_path, content).files["x.dcm"]
    assert (got["pixel_offset"], got["pixel_length"]) == (len(content) - 64, 64)


def test_the_header_digest_covers_the_data_set_before_pixel_data_only(tmp_path: Path) -> None:
    first = read_bytes(tmp_path, part10(data_set() + PIXELS), "a").files["a"]
    other = part10(data_set() + PIXELS[:-1] + b"\0", meta(instance="7.7"), b"II*\0")
    assert read_bytes(tmp_path, other, "b").files["b"]["header_sha256"] == first["header_sha256"]
    third = part10(data_set({0x00100020: ("LO", "P9")}) + PIXELS)
    assert read_bytes(tmp_path, third, "c").files["c"]["header_sha256"] != first["header_sha256"]


def test_a_header_larger_than_the_first_read_is_whole(tmp_path: Path) -> None:
    parts = [element(0x00091000 + i, "OB", b"\1" * 9_000) for i in range(40)]
    inner = element(0x00081150, "UI", CT) * 1
    sequence = element(
        SQ, "SQ", item(inner, length=UNDEFINED) * 4000 + SEQUENCE_END, length=UNDEFINED
    )
    got = read_bytes(tmp_path, raw_elements(*parts, sequence) + PIXELS)
    assert got.state() == ("ingested", None)
    assert got.codes() <= {"tag_order"}
    assert got.files["x.dcm"]["pixel_length"] == 200
