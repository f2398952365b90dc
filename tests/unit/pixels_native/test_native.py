"""Stored values of native frames: every packing against pydicom, every fault refused."""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from make.series import ct_slice, write
from make.stored import SETTINGS, values_of
from make.stored import cause_of as refusal
from make.stored import frames_of as stored_frames
from make.volumes import file_row, rows_table
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.pixels.native import NativeReader
from dicomlake.pipeline.series.reading import read_rows

SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian)


def packed(
    bits: tuple[int, int, int], signed: bool, syntax: str, shape: tuple[int, int]
) -> pydicom.Dataset:
    """Return a slice whose unused bits are noise; bits allocated, stored, high."""
    allocated, stored, high = bits
    rows, columns = shape
    raw = np.random.default_rng(allocated + stored).integers(
        0, 1 << allocated, shape, dtype=f"u{allocated // 8}"
    )
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    data = raw.astype(raw.dtype.newbyteorder(order)).tobytes()
    return ct_slice(
        0,
        rows=rows,
        columns=columns,
        BitsAllocated=allocated,
        BitsStored=stored,
        HighBit=high,
        PixelRepresentation=int(signed),
        PixelData=data + b"\0" * (len(data) % 2),
    )


def save(dataset: pydicom.Dataset, path: Path, syntax: str) -> Path:
    """Write a data set in a native syntax, big-endian included."""
    if syntax != ExplicitVRBigEndian:
        return write(dataset, path, syntax)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRBigEndian
    dataset.file_meta, dataset.preamble = meta, b"\0" * 128
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=False,
                     enforce_file_format=True)  # fmt: skip
    return path


def frame_of(path: Path) -> StoredFrame:
    (each,), _ = read_rows(rows_table([file_row(path.parent, path)]))
    assert each.frame is not None
    return each.frame


def stored_values(path: Path, frame: StoredFrame | None = None) -> np.ndarray:
    frame = frame or frame_of(path)
    assert frame.problem() is None
    out = np.full((frame.rows or 0, frame.columns or 0), 77, frame.dtype)
    NativeReader().read(os.fsencode(path), frame, out)
    return out


def expected_values(dataset: pydicom.Dataset, big: bool) -> np.ndarray:
    """Unpack by definition, sample by sample, in Python integers."""
    allocated, stored = dataset.BitsAllocated, dataset.BitsStored
    count = dataset.Rows * dataset.Columns
    dtype = np.dtype(f"{'>' if big else '<'}u{allocated // 8}")
    raw = np.frombuffer(dataset.PixelData, dtype, count)
    values = []
    for sample in raw.tolist():
        value = sample >> (dataset.HighBit + 1 - stored) & ((1 << stored) - 1)
        if dataset.PixelRepresentation and value >> (stored - 1):
            value -= 1 << stored
        values.append(value)
    return np.array(values, np.int64).reshape(dataset.Rows, dataset.Columns)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "bits",
    [(8, 8, 7), (8, 5, 4), (16, 16, 15), (16, 12, 11), (16, 12, 15), (16, 10, 12), (32, 32, 31),
     (32, 20, 19)],
)  # fmt: skip
def test_v13_stored_values_are_masked_to_bits_stored_and_sign_extended(
    tmp_path: Path, syntax: str, signed: bool, bits: tuple[int, int, int]
) -> None:
    dataset = packed(bits, signed, syntax, (7, 5))
    if bits[0] == 8:
        dataset["PixelData"].VR = "OB"
    path = save(dataset, tmp_path / "IM", syntax)
    found = stored_values(path)
    expected = expected_values(dataset, syntax == ExplicitVRBigEndian and bits[0] > 8)
    np.testing.assert_array_equal(found.astype(np.int64), expected)


def test_v13_the_values_are_those_of_pydicom(tmp_path: Path) -> None:
    for syntax in SYNTAXES:
        path = save(packed((16, 16, 15), True, syntax, (32, 16)), tmp_path / str(syntax), syntax)
        np.testing.assert_array_equal(stored_values(path), pydicom.dcmread(path).pixel_array)


def test_v13_bytes_in_big_endian_words_are_swapped_back(tmp_path: Path) -> None:
    dataset = packed((8, 8, 7), False, ExplicitVRBigEndian, (3, 3))
    raw = np.frombuffer(dataset.PixelData, "u1")
    dataset.PixelData = raw.view("u2").byteswap().tobytes()
    dataset["PixelData"].VR = "OW"
    path = save(dataset, tmp_path / "IM", ExplicitVRBigEndian)
    np.testing.assert_array_equal(stored_values(path).ravel(), raw[:9])


def test_pydicoms_own_native_files_give_pydicoms_values() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    compared = 0
    for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm"):
        path = folder / name
        if path.exists():
            np.testing.assert_array_equal(stored_values(path), pydicom.dcmread(path).pixel_array)
            compared += 1
    assert compared >= 2


@pytest.fixture
def good(tmp_path: Path) -> tuple[Path, StoredFrame]:
    path = write(ct_slice(0), tmp_path / "IM")
    return path, frame_of(path)


def cause_of(path: Path, frame: StoredFrame) -> str:
    out = np.zeros((frame.rows or 0, frame.columns or 0), frame.dtype)
    with pytest.raises(PixelDataError) as caught:
        NativeReader().read(os.fsencode(path), frame, out)
    return caught.value.cause


def test_a_file_that_changed_since_it_was_committed_is_refused(
    good: tuple[Path, StoredFrame],
) -> None:
    path, frame = good
    os.utime(path, ns=(0, frame.mtime_ns + 1))
    assert cause_of(path, frame) == "changed"
    os.utime(path, ns=(0, frame.mtime_ns))
    with path.open("ab") as file:
        file.write(b"\0")
    os.utime(path, ns=(0, frame.mtime_ns))
    assert cause_of(path, frame) == "changed"


def test_a_fifo_in_the_place_of_the_file_is_refused_at_once(good: tuple[Path, StoredFrame]) -> None:
    path, frame = good
    path.unlink()
    os.mkfifo(path)
    assert cause_of(path, frame) == "changed"


def test_a_file_that_is_gone_may_come_back(good: tuple[Path, StoredFrame]) -> None:
    path, frame = good
    path.unlink()
    assert cause_of(path, frame) == "missing"
    assert PixelDataError("missing").outside_the_file
    assert not PixelDataError("truncated").outside_the_file


@pytest.mark.parametrize("shift", [-2, 2, -100_000, 100_000])
def test_an_offset_that_is_not_that_of_pixel_data_is_refused(
    good: tuple[Path, StoredFrame], shift: int
) -> None:
    path, frame = good
    moved = dataclasses.replace(frame, offset=(frame.offset or 0) + shift)
    assert cause_of(path, moved) in ("element_header", "truncated")


def test_a_file_that_ends_inside_the_pixels_is_refused(good: tuple[Path, StoredFrame]) -> None:
    path, frame = good
    os.truncate(path, frame.size - 10)
    stat = path.stat()
    assert cause_of(
        path, dataclasses.replace(frame, size=stat.st_size, mtime_ns=stat.st_mtime_ns)
    ) == "truncated"  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"rows": 0}, "matrix"),
        ({"columns": None}, "matrix"),
        ({"bits_allocated": 12}, "bits_allocated"),
        ({"bits_allocated": 1}, "bits_allocated"),
        ({"bits_stored": 17}, "bits_stored"),
        ({"bits_stored": None}, "bits_stored"),
        ({"high_bit": 10}, "high_bit"),
        ({"high_bit": 16}, "high_bit"),
        ({"pixel_representation": None}, "pixel_representation"),
        ({"length": 2047}, "truncated"),
        ({"bits_allocated": 8, "bits_stored": 8, "high_bit": 7}, "length"),
        ({"rows": 16}, "length"),
    ],
)
def test_a_description_that_cannot_be_is_refused_before_the_file_is_opened(
    good: tuple[Path, StoredFrame], changes: dict[str, Any], cause: str
) -> None:
    assert dataclasses.replace(good[1], **changes).problem() == cause


def test_padding_shorter_than_a_frame_is_left_out(tmp_path: Path) -> None:
    plain = ct_slice(0)
    path = write(ct_slice(0, PixelData=plain.PixelData + b"\x55" * 128), tmp_path / "IM")
    assert frame_of(path).excess == 128
    np.testing.assert_array_equal(
        stored_values(path), np.frombuffer(plain.PixelData, "<u2").reshape(32, 32)
    )


def test_a_pad_byte_and_an_absent_high_bit_are_fine(tmp_path: Path) -> None:
    path = write(ct_slice(0, rows=3, columns=3, BitsAllocated=8, BitsStored=8, HighBit=7,
                          PixelData=bytes(range(10))), tmp_path / "IM")  # fmt: skip
    frame = frame_of(path)
    assert (frame.length, frame.n_bytes) == (10, 9)
    assert dataclasses.replace(frame, high_bit=None).problem() is None
    np.testing.assert_array_equal(stored_values(path).ravel(), range(9))


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("bits", [(8, 8, 7), (16, 12, 11), (32, 32, 31)])
@pytest.mark.parametrize("vr", ["OB", "OW"])
def test_v12_each_frame_of_an_object_is_read_by_its_index(
    tmp_path: Path, syntax: str, bits: tuple[int, int, int], vr: str
) -> None:
    """Frames of an odd number of bytes start inside a word of a big-endian file too."""
    shape = 5, 3, 3
    dataset = packed(bits, False, syntax, (shape[0] * shape[1], shape[2]))
    dataset.Rows, dataset.NumberOfFrames = shape[1], shape[0]
    big = syntax == ExplicitVRBigEndian
    expected = np.frombuffer(
        dataset.PixelData, f"{'>' if big else '<'}u{bits[0] // 8}", int(np.prod(shape))
    ).reshape(shape) & ((1 << bits[1]) - 1)
    if bits[0] == 8:
        dataset["PixelData"].VR = vr
        if big and vr == "OW":
            raw = np.frombuffer(dataset.PixelData, "u2").byteswap().tobytes()
            dataset.PixelData = raw
    path = save(dataset, tmp_path / "IM", syntax)
    frames = stored_frames(path)
    order = [4, 0, 3, 1, 2]
    with FrameReader(SETTINGS) as reader:
        np.testing.assert_array_equal(values_of(reader, frames), expected)
        found = values_of(reader, [frames[k] for k in order])
    np.testing.assert_array_equal(found, expected[order])


@pytest.mark.parametrize("syntax", [*SYNTAXES, DeflatedExplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("keyword", "dtype"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")]
)
def test_v13_float_pixels_are_read_bit_for_bit(
    tmp_path: Path, syntax: str, keyword: str, dtype: str
) -> None:
    expected = np.random.default_rng(1).normal(size=(3, 4, 5)).astype(dtype)
    expected[0, 0, :3] = np.nan, np.inf, np.finfo(dtype).tiny / 4
    big = syntax == ExplicitVRBigEndian
    dataset = ct_slice(0, rows=4, columns=5, BitsAllocated=8 * expected.itemsize, BitsStored=None,
                       HighBit=None, PixelRepresentation=None, PixelData=None)  # fmt: skip
    dataset.NumberOfFrames = 3
    setattr(dataset, keyword, expected.astype(f"{'>' if big else '<'}{dtype}").tobytes())
    path = save(dataset, tmp_path / "IM", syntax)
    raw, element = path.read_bytes(), b"\xe0\x7f" + (b"\x08" if dtype == "f4" else b"\x09") + b"\0"
    said: dict[str, Any] = {}
    if syntax != DeflatedExplicitVRLittleEndian:
        if big:
            element = np.frombuffer(element, "u2").byteswap().tobytes()
        offset = raw.rindex(element) + (8 if syntax == ImplicitVRLittleEndian else 12)
        said = {"offset": offset, "length": len(raw) - offset}
    frames = stored_frames(path, **said)
    assert frames[0][1].floating
    with FrameReader(SETTINGS) as reader:
        found = values_of(reader, frames)
        assert found.dtype == np.dtype(dtype)
        assert found.tobytes() == expected.tobytes()
        if said:  # the same offset, described as integers
            wrong = stored_frames(path, **said, bits_stored=32, high_bit=31, bits_allocated=32,
                                  pixel_representation=0, n_frames=1)  # fmt: skip
            assert refusal(reader, wrong) in ("element_header", "length")


def test_frames_that_pixel_data_cannot_hold_are_refused(good: tuple[Path, StoredFrame]) -> None:
    frame = good[1]
    for changes, cause in (
        ({"n_frames": 2}, "truncated"),
        ({"index": 1}, "no_frame"),
        ({"index": -1}, "no_frame"),
        ({"n_frames": 0}, "no_frame"),
        ({"samples_per_pixel": 3}, "samples"),
        ({"transfer_syntax_uid": "1.2.840.10008.1.2.4.100"}, "syntax"),
        ({"offset": None}, "missing"),
    ):
        assert dataclasses.replace(frame, **changes).problem() == cause


def test_the_header_of_an_object_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = packed((16, 16, 15), False, ExplicitVRLittleEndian, (40, 4))
    dataset.Rows, dataset.NumberOfFrames = 4, 10
    frames = stored_frames(save(dataset, tmp_path / "IM", ExplicitVRLittleEndian))
    reads = []
    real = os.preadv
    monkeypatch.setattr(os, "preadv", lambda *how: reads.append(how) or real(*how))
    single = []
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda *how: single.append(how) or pread(*how))
    with FrameReader(SETTINGS) as reader:
        values_of(reader, frames)
    assert len(reads) == 10
    assert len(single) == 1
