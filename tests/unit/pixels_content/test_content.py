"""Content: equal where only the encoding differs, other where anything else does."""

import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
import pytest
from make.content import SETTINGS, job_of, read, write_as
from make.headers import meta
from make.series import ct_slice, uid, write
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
)

from dicomlake.pipeline.pixels.content import read_content

NATIVE = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


def rich() -> Dataset:
    """Return a slice with every kind of value: nested, private, binary, odd, empty."""
    dataset = ct_slice(1)
    inner = Dataset()
    inner.CodeValue = "ODD"
    inner.CodingSchemeDesignator = "99X"
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = Sequence([inner, Dataset()])
    outer.ReferencedSOPInstanceUID = "1.2.3"
    dataset.SourceImageSequence = Sequence([outer, outer])
    dataset.RequestAttributesSequence = Sequence([])
    dataset.ImageComments = ""
    block = dataset.private_block(0x0011, "MAKER", create=True)
    block.add_new(0x01, "DS", "1.5")
    block.add_new(0x02, "SQ", Sequence([inner]))
    block.add_new(0x03, "LO", "odd")
    dataset.add_new(0x00189305, "FD", 0.75)
    dataset.add_new(0x00280106, "US", 7)
    dataset.add_new(0x00209228, "UL", 70000)
    dataset.add_new(0x00081199, "SQ", Sequence([inner]))
    dataset.add_new(0x00281201, "OW", b"\x01\x02\x03\x04")
    dataset.add_new(0x00720026, "AT", 0x00100020)
    return dataset


@pytest.mark.parametrize("syntax", NATIVE)
def test_native_syntaxes_give_one_digest(tmp_path: Path, syntax: str) -> None:
    first = read(write_as(rich(), tmp_path / "a", ExplicitVRLittleEndian))
    other = read(write_as(rich(), tmp_path / "b", syntax))
    assert first.content_sha256 is not None
    assert other.attributes_sha256 == first.attributes_sha256
    assert other.pixels_sha256 == first.pixels_sha256
    assert other.content_sha256 == first.content_sha256
    assert other.pixels_comparable


@pytest.mark.parametrize("declared", [None, *NATIVE[:3]])
@pytest.mark.parametrize("syntax", NATIVE[:3])
def test_a_data_set_is_read_as_it_is_encoded_whatever_the_file_says(
    tmp_path: Path, syntax: str, declared: str | None
) -> None:
    first = read(write_as(rich(), tmp_path / "a", ExplicitVRLittleEndian))
    path = write_as(rich(), tmp_path / "b", syntax)
    bare = path.read_bytes()[144 + pydicom.dcmread(path).file_meta.FileMetaInformationGroupLength :]
    head = b"" if declared is None else bytes(128) + b"DICM" + meta(declared)
    path.write_bytes(head + bare)
    assert read(path).content_sha256 == first.content_sha256


@pytest.mark.parametrize(
    "change",
    [
        lambda d: setattr(d, "PatientName", "Test^Patienu"),
        lambda d: setattr(d, "ImageComments", "now there"),
        lambda d: delattr(d, "ImageComments"),
        lambda d: setattr(d.SourceImageSequence[1], "ReferencedSOPInstanceUID", "1.2.4"),
        lambda d: d.SourceImageSequence[0].PurposeOfReferenceCodeSequence.pop(),
        lambda d: setattr(d.private_block(0x0011, "MAKER")[0x02].value[0], "CodeValue", "X"),
        lambda d: setattr(d, "FrameIncrementPointer", 0x00181063),
    ],
)
def test_any_other_attribute_is_other_content(
    tmp_path: Path, change: Callable[[Dataset], object]
) -> None:
    before = read(write(rich(), tmp_path / "a"))
    dataset = rich()
    change(dataset)
    after = read(write(dataset, tmp_path / "b"))
    assert after.attributes_sha256 != before.attributes_sha256
    assert after.pixels_sha256 == before.pixels_sha256
    assert after.content_sha256 != before.content_sha256


@pytest.mark.parametrize("syntax", NATIVE)
def test_one_other_pixel_is_other_content(tmp_path: Path, syntax: str) -> None:
    before = read(write_as(rich(), tmp_path / "a", syntax))
    dataset = rich()
    dataset.PixelData = b"\xff\x0f" + dataset.PixelData[2:]
    after = read(write_as(dataset, tmp_path / "b", syntax))
    assert after.attributes_sha256 == before.attributes_sha256
    assert after.pixels_sha256 != before.pixels_sha256
    assert after.pixels_comparable


def test_the_odd_padding_byte_of_pixels_is_no_content(tmp_path: Path) -> None:
    def odd(padding: bytes) -> Dataset:
        return ct_slice(
            0, Rows=3, Columns=3, BitsAllocated=8, BitsStored=8, HighBit=7,
            PixelData=bytes(range(9)) + padding,
        )  # fmt: skip

    first = read(write(odd(b"\0"), tmp_path / "a"))
    other = read(write(odd(b"\x20"), tmp_path / "b"))
    assert first.pixels_sha256 == other.pixels_sha256


def test_text_padding_and_element_lengths_are_no_content(tmp_path: Path) -> None:
    """A value padded with NUL instead of a space, and sequences of defined length."""
    path = write(rich(), tmp_path / "a")
    raw = path.read_bytes()
    nul = tmp_path / "nul"
    nul.write_bytes(raw.replace(b"ODD ", b"ODD\0"))
    assert nul.read_bytes() != raw
    assert read(nul).content_sha256 == read(path).content_sha256

    dataset = rich()
    for element in dataset.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
    undefined = write(dataset, tmp_path / "undefined")
    assert undefined.read_bytes() != raw
    assert read(undefined).content_sha256 == read(path).content_sha256


def test_data_set_trailing_padding_and_group_lengths_are_no_content(tmp_path: Path) -> None:
    path = write(ct_slice(0), tmp_path / "a")
    padded = tmp_path / "b"
    padded.write_bytes(path.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\0\0\0\0")
    assert read(padded).content_sha256 == read(path).content_sha256

    raw = path.read_bytes()
    start = raw.index(b"\x08\0\x05\0CS")
    grouped = tmp_path / "c"
    grouped.write_bytes(raw[:start] + b"\x08\0\0\0UL\x04\0\xd2\x04\0\0" + raw[start:])
    assert read(grouped).content_sha256 == read(path).content_sha256


def test_preamble_and_file_meta_are_no_content(tmp_path: Path) -> None:
    path = write(ct_slice(0), tmp_path / "a")
    bare = tmp_path / "bare"
    pydicom.dcmwrite(bare, ct_slice(0), implicit_vr=False, little_endian=True)
    assert bare.read_bytes()[128:132] != b"DICM"
    assert read(bare).content_sha256 == read(path).content_sha256


def compressed(path: Path, frame: bytes, syntax: str, *, table: bool = True) -> Path:
    dataset = ct_slice(0)
    dataset.PixelData = encapsulate([frame], has_bot=table)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return write(dataset, path, syntax)


def test_compressed_pixels_are_equal_by_their_bytes_in_one_syntax_only(tmp_path: Path) -> None:
    first = read(compressed(tmp_path / "a", b"frame-", JPEG2000Lossless))
    same = read(compressed(tmp_path / "b", b"frame-", JPEG2000Lossless, table=False))
    bytes_differ = read(compressed(tmp_path / "c", b"other-", JPEG2000Lossless))
    syntax_differs = read(compressed(tmp_path / "d", b"frame-", JPEGLSLossless))
    assert first.content_sha256 == same.content_sha256
    assert first.attributes_sha256 == bytes_differ.attributes_sha256
    assert first.attributes_sha256 == syntax_differs.attributes_sha256
    assert len({c.pixels_sha256 for c in (first, bytes_differ, syntax_differs)}) == 3
    assert not any(c.pixels_comparable for c in (first, same, bytes_differ, syntax_differs))


def test_many_fragments_are_no_elements(tmp_path: Path) -> None:
    frames = [b"frame-%06d" % k for k in range(2 * SETTINGS.headers.max_elements // 1000)]
    limited = SETTINGS.model_copy(
        update={"headers": SETTINGS.headers.model_copy(update={"max_elements": 100})}
    )
    dataset = ct_slice(0)
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    path = write(dataset, tmp_path / "a", JPEG2000Lossless)
    few = compressed(tmp_path / "b", b"frame-", JPEG2000Lossless)
    assert (
        read_content(job_of(path, limited)).attributes_sha256
        == read_content(job_of(few)).attributes_sha256
    )


def test_what_cannot_be_walked_is_compared_by_its_bytes(tmp_path: Path) -> None:
    raw = write(rich(), tmp_path / "whole").read_bytes()
    cut = raw[: raw.index(b"STANDARD") + 3]
    (tmp_path / "a").write_bytes(cut)
    (tmp_path / "b").write_bytes(cut)
    (tmp_path / "c").write_bytes(cut[:-1])
    first, same, other = (read(tmp_path / name) for name in "abc")
    assert first.content_sha256 is not None
    assert first.content_sha256 == same.content_sha256 != other.content_sha256
    assert not first.pixels_comparable


def test_broken_file_meta_never_makes_two_files_equal(tmp_path: Path) -> None:
    """A meta element whose length leaps behind the end leaves nothing to walk."""
    for name in "ab":
        raw = bytearray(write(ct_slice(0, PatientID=name), tmp_path / name).read_bytes())
        raw[132 + 12 + 10 : 132 + 12 + 12] = b"\xff\xff"
        (tmp_path / name).write_bytes(raw)
    assert read(tmp_path / "a").content_sha256 != read(tmp_path / "b").content_sha256


def test_truncated_pixels_are_content_of_their_own(tmp_path: Path) -> None:
    path = write(ct_slice(0), tmp_path / "a")
    cut = tmp_path / "b"
    cut.write_bytes(path.read_bytes()[:-100])
    assert read(cut).attributes_sha256 == read(path).attributes_sha256
    assert read(cut).pixels_sha256 != read(path).pixels_sha256


def test_a_deflate_bomb_stays_under_the_cap(tmp_path: Path) -> None:
    dataset = ct_slice(0)
    dataset.add_new(0x00420011, "OB", b"\0" * (64 << 20))
    path = write(dataset, tmp_path / "bomb", DeflatedExplicitVRLittleEndian)
    capped = SETTINGS.model_copy(
        update={"headers": SETTINGS.headers.model_copy(update={"max_inflated_bytes": 8 << 20})}
    )
    tracemalloc.start()
    content = read_content(job_of(path, capped))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert content.content_sha256 is not None
    assert not content.pixels_comparable
    assert peak < 16 << 20


def test_memory_does_not_grow_with_the_pixels(tmp_path: Path) -> None:
    path = write(ct_slice(0, rows=4096, columns=4096), tmp_path / "big")
    assert path.stat().st_size > 32 << 20
    read(path)
    tracemalloc.start()
    read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("break_it", "fault"),
    [
        (lambda path: path.unlink(), "vanished"),
        (lambda path: path.write_bytes(b"longer" + path.read_bytes()), "unstable"),
    ],
)
def test_a_file_that_changed_since_its_header_was_read_has_no_content(
    tmp_path: Path, break_it: Callable[[Path], Any], fault: str
) -> None:
    path = write(ct_slice(0), tmp_path / "a")
    job = job_of(path)
    break_it(path)
    content = read_content(job)
    assert content.fault == fault
    assert content.content_sha256 is None
    assert content.attributes_sha256 is None


def test_content_date_and_time_are_strict(tmp_path: Path) -> None:
    good = read(write(ct_slice(0), tmp_path / "a"))
    assert (good.content_date, good.content_time) == ("20240115", "101530.500000")
    short = read(write(ct_slice(0, ContentTime="10"), tmp_path / "b"))
    assert short.content_time == "100000.000000"
    raw = write(ct_slice(0), tmp_path / "c").read_bytes()
    (tmp_path / "c").write_bytes(
        raw.replace(b"101530.5", b"10:15:30").replace(
            b"#\0DA\x08\x0020240115", b"#\0DA\x08\x002024011x"
        )
    )
    bad = read(tmp_path / "c")
    assert (bad.content_date, bad.content_time) == ("", "")


def native_test_files() -> list[Path]:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    small = sorted(p for p in folder.glob("*.dcm") if p.stat().st_size < 2_000_000)
    # Compressed ones, and those that cannot be walked to their end, cannot be rewritten.
    return [path for path in small if read(path).pixels_comparable]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", native_test_files(), ids=lambda p: p.name)
def test_real_files_keep_their_digest_when_rewritten(tmp_path: Path, path: Path) -> None:
    try:
        dataset = pydicom.dcmread(path)
        copies = [
            write_copy(dataset, tmp_path / f"{implicit}", implicit=implicit)
            for implicit in (True, False)
        ]
    except Exception as error:  # noqa: BLE001  (pydicom cannot rewrite some of its broken files)
        pytest.skip(f"pydicom cannot rewrite it: {type(error).__name__}")
    contents = [read(copy) for copy in (path, *copies)]
    assert len({content.attributes_sha256 for content in contents}) == 1


def write_copy(dataset: Dataset, path: Path, *, implicit: bool) -> Path:
    if "SOPInstanceUID" not in dataset or dataset.file_meta.TransferSyntaxUID.is_compressed:
        pytest.skip("no instance in a native syntax")
    dataset = pydicom.Dataset(dataset)
    pydicom.dcmwrite(path, dataset, implicit_vr=implicit, little_endian=True)
    return path


def test_deflated_stream_ends_where_zlib_says(tmp_path: Path) -> None:
    """Bytes after the end of the deflate stream are no part of the data set."""
    path = write(ct_slice(0), tmp_path / "a", DeflatedExplicitVRLittleEndian)
    longer = tmp_path / "b"
    longer.write_bytes(path.read_bytes() + zlib.compress(b"x" * 64))
    assert read(longer).content_sha256 == read(path).content_sha256


def test_other_instance_is_other_content(tmp_path: Path) -> None:
    first = read(write(ct_slice(0), tmp_path / "a"))
    other = read(write(ct_slice(0, SOPInstanceUID=uid("other")), tmp_path / "b"))
    assert first.content_sha256 != other.content_sha256
