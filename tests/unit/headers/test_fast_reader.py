"""The fast reader: what it reads, what it leaves to pydicom, what it may not remember."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from make.both_readers import read
from make.data_sets import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    PIXELS,
    Element,
    encoded,
    identity,
    merged,
    part10,
    sequence,
    text,
)
from make.headers import read_folder

from dicomlake.pipeline.headers.compare import disagreements
from dicomlake.pipeline.headers.fast_reader import FastReader
from dicomlake.pipeline.headers.file_meta import MetaScanner
from dicomlake.pipeline.headers.octets import FIRST_READ
from dicomlake.pipeline.headers.reader import OpenFile, RawHeader


def blob(tag: int, length: int) -> Element:
    return Element(tag, "OB", bytes(length))


ODD: dict[str, bytes] = {
    "big_endian": part10(identity(), BIG),
    "deflated": part10(identity(), DEFLATED),
    "no_preamble": encoded(merged(identity(), (text(0x00081030, "LO", "A study" * 8),))),
    "unknown_vr": part10(merged(identity(), (Element(0x00081030, "ZZ", b"A "),))),
    "tag_order": part10((*identity(), text(0x00080005, "CS", "ISO_IR 100"))),
    "vr_mismatch": part10(merged(identity(), (Element(0x00081032, "UN", b"12345678"),))),
    "truncated": part10(identity())[:-4],
    "odd_sequence": part10(merged(identity(), (Element(0x00081111, "SQ", b"\1\2\3\4\5\6\7\10"),))),
    "undefined_length": part10(merged(identity(), (blob(0x00091010, 4),))).replace(
        b"OB\0\0\4\0\0\0\0\0\0\0", b"OB\0\0\xff\xff\xff\xff\0\0\0\0"
    ),
}


@pytest.mark.parametrize("why", ODD)
def test_what_is_odd_is_left_to_pydicom_and_counted(tmp_path: Path, why: str) -> None:
    (tmp_path / "x.dcm").write_bytes(ODD[why])
    got = read_folder(tmp_path, {"headers.reader": "fast"})
    assert got.attempt.fallbacks == {why: 1}
    assert {row["reader"] for row in got.files.values()} == {"pydicom"}


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT], ids=["explicit", "implicit"])
@pytest.mark.parametrize("length", [4_000, 16_384, 40_000, 300_000])
def test_a_header_longer_than_the_first_read_is_read_on(
    tmp_path: Path, syntax: Any, length: int
) -> None:
    late = text(0x00204000, "LT", "the end")
    for name in ("a.dcm", "b.dcm"):
        elements = merged(identity(), (blob(0x00091010, length), late))
        (tmp_path / name).write_bytes(part10(elements, syntax))
    got = read_folder(tmp_path, {"headers.reader": "fast"})
    assert got.attempt.fallbacks == {}
    assert [row["image_comments"] for row in got.rows.values()] == ["the end"] * 2


def test_a_header_beyond_the_limit_is_no_header_for_either_reader(tmp_path: Path) -> None:
    elements = merged(identity(), (blob(0x00091010, 60_000),))
    (tmp_path / "x.dcm").write_bytes(part10(elements))
    limits = {"headers.reader": "fast", "headers.max_header_bytes": 50_000}
    assert read_folder(tmp_path, limits).state() == ("quarantined", "too_large")


@pytest.mark.parametrize("limit", [FIRST_READ, 20_000])
def test_pixels_beyond_the_limit_are_too_far_whatever_was_read_before(
    tmp_path: Path, limit: int
) -> None:
    """A generous read must not let a file pass whose header ends just before the limit."""
    before = len(part10(identity()))
    for name, header in (("0", limit - 500), *((f"{k:02}", limit - k) for k in range(0, 26, 2))):
        elements = merged(identity(), (blob(0x00091010, header - before - 12), PIXELS))
        (tmp_path / f"{name}.dcm").write_bytes(part10(elements))
    alone = {}
    for name in sorted(os.listdir(tmp_path)):
        got = read(tmp_path, [name], "pydicom", max_header_bytes=limit)
        alone[name] = got.files["status"].to_pylist()[0]
    assert set(alone.values()) == {"ingested", "quarantined"}
    got = read(tmp_path, list(alone), "fast", max_header_bytes=limit)
    columns = got.files["path"].to_pylist(), got.files["status"].to_pylist()
    assert dict(zip(*columns, strict=True)) == alone


@pytest.mark.parametrize(
    ("vr", "tag"), [("OB", 0x00020102), ("UI", 0x00020010)], ids=["private", "transfer syntax"]
)
def test_large_file_meta_is_not_remembered(vr: str, tag: int) -> None:
    """A reader lives as long as its process: what files it meets must not fill the memory."""
    scanner = MetaScanner()
    tracemalloc.start()
    try:
        for number in range(60):
            large = Element(tag, vr, b"1.2.%d" % number + b"3" * 40_000)
            body = encoded(merged((text(0x00020003, "UI", f"1.2.{number}"),), (large,)))
            assert scanner.scan(body, 0).end == len(body)
        del large, body
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 400_000


def test_runs_of_a_series_are_not_taken_for_those_of_another(tmp_path: Path) -> None:
    """Stretches that many files share are known again; what stands between them is each file's."""
    for number in range(40):
        series, slice_ = divmod(number, 10)
        elements = merged(
            identity(),
            (
                text(0x00080018, "UI", f"1.2.{number}"),
                text(0x00080060, "CS", "CT" if series % 2 else "MR"),
                text(0x00081030, "LO", f"Study {series // 2}"),
                text(0x0008103E, "LO", f"Series {series}"),
                text(0x00180015, "CS", "CHEST"),
                text(0x00181030, "LO", "Protocol" if slice_ % 3 else "Other"),
                text(0x0020000E, "UI", f"1.2.3.{series}"),
                text(0x00200013, "IS", f"{slice_}"),
                text(0x00280030, "DS", "0.5\\0.5"),
                *(text(0x00090010 + 0x1000 * 0 + k, "LO", f"C{k}") for k in range(3)),
                *(text(0x00091000 + k, "LO", f"private {k}") for k in range(60)),
            ),
        )
        (tmp_path / f"{number * 7 % 40:02}.dcm").write_bytes(part10(elements))
    got = read_folder(tmp_path, {"headers.reader": "fast"})
    assert got.attempt.readers == {"fast": 40}
    for row in got.rows.values():
        series, slice_ = divmod(int(row["sop_instance_uid"].rpartition(".")[2]), 10)
        assert row["series_instance_uid"] == f"1.2.3.{series}"
        assert row["modality"] == ("CT" if series % 2 else "MR")
        assert row["series_description"] == f"Series {series}"
        assert row["protocol_name"] == ("Protocol" if slice_ % 3 else "Other")
        assert row["instance_number"] == slice_


def test_private_attributes_are_found_in_whichever_block_their_creator_reserved(
    tmp_path: Path,
) -> None:
    for block in (0x10, 0x11, 0xE7):
        elements = merged(
            identity(),
            (
                text(0x00290000 + 0x0F + block % 2, "LO", "OTHER"),
                text(0x00290000 + block, "LO", "MY CREATOR"),
                text(0x00290000 + (block << 8) + 0x42, "LO", f"block {block:x}"),
            ),
        )
        (tmp_path / f"{block:x}.dcm").write_bytes(part10(elements))
    named = {
        "name": "mine", "group": 0x0029, "creator": "MY CREATOR", "element": 0x42, "vr": "LO",
    }  # fmt: skip
    for reader in ("fast", "pydicom"):
        got = read_folder(tmp_path, {"headers.reader": reader, "headers.private": [named]})
        found = {name: dict(row["private_attributes"]) for name, row in got.rows.items()}
        assert found == {
            f"{block:x}.dcm": {"mine": f"block {block:x}"} for block in (0x10, 0x11, 0xE7)
        }


def test_an_item_may_have_a_character_set_of_its_own(tmp_path: Path) -> None:
    own = text(0x00080005, "CS", "ISO_IR 192")
    code = text(0x00080104, "LO", "Größe".encode())
    elements = merged(identity(), (sequence(0x00082218, [own, code]),))
    (tmp_path / "x.dcm").write_bytes(part10(elements))
    for reader in ("fast", "pydicom"):
        (row,) = read_folder(tmp_path, {"headers.reader": reader}).rows.values()
        assert row["anatomic_region_code_meaning"] == "Größe"


# A part of the files is read by both readers.


def _lying(change: Callable[[RawHeader], RawHeader]) -> Callable[[FastReader, OpenFile], RawHeader]:
    read = FastReader.read

    def wrong(self: FastReader, file: OpenFile) -> RawHeader:
        return change(read(self, file))

    return wrong


def test_where_the_readers_disagree_pydicom_counts_and_an_issue_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.dcm").write_bytes(part10(identity()))
    everything = {"headers.reader": "fast", "headers.check_fraction": 1.0}
    agreed = read_folder(tmp_path, everything)
    assert agreed.attempt.readers == {"fast": 1}
    assert agreed.issues == {"x.dcm": []}
    monkeypatch.setattr(FastReader, "read", _lying(lambda header: header._replace(pixel_offset=12)))
    got = read_folder(tmp_path, everything)
    (issue,) = got.issues["x.dcm"]
    assert (issue["code"], issue["detail"]) == ("readers_disagree", "pixel_offset")
    assert got.rows.keys() == agreed.rows.keys()
    assert got.files["x.dcm"]["pixel_offset"] is None


def test_no_file_is_read_twice_when_none_is_to_be_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.dcm").write_bytes(part10(identity()))
    monkeypatch.setattr(
        "dicomlake.pipeline.headers.attempt.make_reference_reader",
        lambda *_: pytest.fail("pydicom was asked"),
    )
    got = read_folder(tmp_path, {"headers.reader": "fast", "headers.check_fraction": 0.0})
    assert got.attempt.readers == {"fast": 1}


def test_differences_of_two_headers_are_named(tmp_path: Path) -> None:
    from dicomlake.pipeline.headers.layout import layout_of  # noqa: PLC0415  (for this test alone)

    layout = layout_of()
    cells: list[Any] = [None] * len(layout.tags)
    other = list(cells)
    other[layout.slots[0x00080060]] = b"CT"
    one = RawHeader(cells, (), (), True, "1.2", False, 1, 2, "a", ())
    two = RawHeader(other, (), (), True, "1.3", False, 1, 2, "a", ())
    assert disagreements(one, two, layout) == ("transfer_syntax_uid", "00080060")
    assert disagreements(one, one, layout) == ()


def test_elements_and_json_of_all_instances_are_made_when_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(part10(identity()))
    for reader in ("fast", "pydicom"):
        asked = {"headers.reader": reader, "headers.elements": True, "headers.dicom_json": True}
        got = read_folder(tmp_path, asked).attempt
        tags = [row["tag"] for row in got.elements.to_pylist()]
        assert "00080018" in tags
        assert len(tags) == len(set(tags)) == len(identity())
        (row,) = got.dicom_json.to_pylist()
        assert '"00080018"' in row["dicom_json"]
    quiet = read_folder(tmp_path).attempt
    assert quiet.elements.num_rows == quiet.dicom_json.num_rows == 0
