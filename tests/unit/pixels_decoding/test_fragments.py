"""Frames of encapsulated Pixel Data: found by tables or by their ends, or refused."""

import os
import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from make import compressed as c
from make.series import write
from make.stored import cause_of, frames_of, packed, values, values_of
from pydicom.encaps import encapsulate

from dicomlake.pipeline.pixels import fragments as module
from dicomlake.pipeline.pixels.frame_reader import FrameReader

FAMILIES = [c.RLE, c.J2K_LOSSLESS, c.JPEG_LS, c.JPEG_LOSSLESS_SV1]
N = 5


def item(value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


def stack() -> np.ndarray:
    return values(12, "u2", (N, 34, 46))


def streams(syntax: str) -> list[bytes]:
    return [c.encoded(each, syntax, 12) for each in stack()]


def written(path: Path, syntax: str, table: bytes, pieces: list[bytes], n: int = N) -> Path:
    """Write an object whose Pixel Data has a given offset table and fragments."""
    dataset = c.encapsulated(packed(stack(), 12), [b"\0\0"])
    dataset.NumberOfFrames = n
    dataset.PixelData = item(table) + b"".join(map(item, pieces))
    return write(dataset, path, syntax)


def halves(frame: bytes) -> list[bytes]:
    half = len(frame) // 4 * 2
    return [frame[:half], frame[half:]]


def starts(groups: list[list[bytes]]) -> bytes:
    """Return the Basic Offset Table of frames of several fragments."""
    at, table = 0, b""
    for group in groups:
        table += struct.pack("<I", at)
        at += sum(len(item(piece)) for piece in group)
    return table


@pytest.mark.parametrize("syntax", FAMILIES)
def test_frames_are_found_by_the_basic_or_the_extended_offset_table(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    for extended in (False, True):
        dataset = c.compressed(packed(stack(), 12), syntax, extended=extended)
        path = write(dataset, tmp_path / f"{extended}", syntax)
        np.testing.assert_array_equal(values_of(reader, frames_of(path)), stack())
        # One frame by itself, and frames in any order.
        frames = frames_of(path)
        order = [3, 0, 4]
        found = values_of(reader, [frames[k] for k in order])
        np.testing.assert_array_equal(found, stack()[order])


@pytest.mark.parametrize("syntax", FAMILIES)
def test_without_a_table_a_fragment_is_a_frame(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    path = written(tmp_path / "IM", syntax, b"", streams(syntax))
    np.testing.assert_array_equal(values_of(reader, frames_of(path)), stack())


@pytest.mark.parametrize("syntax", FAMILIES[1:])
@pytest.mark.parametrize("tabled", [False, True])
def test_frames_may_have_several_fragments(
    tmp_path: Path, reader: FrameReader, syntax: str, tabled: bool
) -> None:
    groups = [halves(frame) for frame in streams(syntax)]
    groups[2] = [b"".join(groups[2])]
    table = starts(groups) if tabled else b""
    path = written(tmp_path / "IM", syntax, table, [piece for group in groups for piece in group])
    np.testing.assert_array_equal(values_of(reader, frames_of(path)), stack())


@pytest.mark.parametrize("syntax", FAMILIES)
def test_a_single_frame_may_have_many_fragments(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    frame = c.encoded(stack()[0], syntax, 12)
    pieces = [frame[at : at + 100] for at in range(0, len(frame), 100)]
    path = written(tmp_path / "IM", syntax, b"", pieces, n=1)
    np.testing.assert_array_equal(values_of(reader, frames_of(path))[0], stack()[0])


def test_a_table_that_points_elsewhere_does_not_count_where_fragments_are_frames(
    tmp_path: Path, reader: FrameReader
) -> None:
    table = struct.pack(f"<{N}I", *range(0, 8 * N, 8))
    path = written(tmp_path / "IM", c.RLE, table, streams(c.RLE))
    np.testing.assert_array_equal(values_of(reader, frames_of(path)), stack())


def test_frames_that_cannot_be_told_apart_are_refused(tmp_path: Path, reader: FrameReader) -> None:
    split = [piece for frame in streams(c.RLE) for piece in halves(frame)]
    path = written(tmp_path / "rle", c.RLE, b"", split)
    assert cause_of(reader, frames_of(path)) == "no_frame"
    fewer = written(tmp_path / "fewer", c.JPEG_LS, b"", streams(c.JPEG_LS)[:-1])
    assert cause_of(reader, frames_of(fewer)) == "no_frame"
    none = written(tmp_path / "none", c.JPEG_LS, b"", [])
    assert cause_of(reader, frames_of(none)) == "no_frame"


@pytest.mark.parametrize("syntax", FAMILIES[1:])
def test_more_frames_than_the_header_says_are_refused(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    path = written(tmp_path / "IM", syntax, b"", streams(syntax), n=1)
    assert cause_of(reader, frames_of(path)) == "length"


def test_an_extended_table_that_does_not_fit_is_refused(
    tmp_path: Path, reader: FrameReader
) -> None:
    good = c.compressed(packed(stack(), 12), c.RLE, extended=True)
    offsets = np.frombuffer(good.ExtendedOffsetTable, "<u8")
    lengths = np.frombuffer(good.ExtendedOffsetTableLengths, "<u8")
    for name, bad in (
        ("far", (offsets + 8, lengths)),
        ("long", (offsets, lengths + 2)),
        ("twice", (offsets * 0, lengths * 0 + 2)),
        ("huge", (offsets + (1 << 62), lengths)),
    ):
        good.ExtendedOffsetTable, good.ExtendedOffsetTableLengths = (
            each.astype("<u8").tobytes() for each in bad
        )
        path = write(good, tmp_path / name, c.RLE)
        assert cause_of(reader, frames_of(path)) == "no_frame", name


def test_fragments_beyond_the_end_of_the_file_are_truncated(
    tmp_path: Path, reader: FrameReader
) -> None:
    for table in (False, True):
        dataset = packed(stack(), 12)
        dataset.PixelData = encapsulate(streams(c.JPEG_LS), has_bot=table)
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
        path = write(dataset, tmp_path / f"{table}", c.JPEG_LS)
        os.truncate(path, path.stat().st_size - 300)
        assert cause_of(reader, frames_of(path)) == "truncated"


@pytest.mark.parametrize("shift", [-8, -2, 2, 8, -100_000, 100_000])
def test_an_offset_that_is_not_that_of_pixel_data_is_refused(
    tmp_path: Path, reader: FrameReader, shift: int
) -> None:
    path = c.write_compressed(packed(stack(), 12), tmp_path / "IM", c.RLE)
    offset = frames_of(path)[0][1].offset or 0
    causes = ("element_header", "truncated")
    assert cause_of(reader, frames_of(path, offset=offset + shift)) in causes


def test_a_thousand_frames_cost_one_walk_over_the_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dicomlake.pipeline.pixels.decoding import Decoder  # noqa: PLC0415  (in this process)

    n = 1000
    frame = c.encoded(values(8, "u1", (8, 8)), c.RLE, 8)
    dataset = packed(np.zeros((n, 8, 8), "u1"), 8)
    path = write(c.encapsulated(dataset, [frame] * n), tmp_path / "IM", c.RLE)
    calls = []
    real = module.read_exactly
    monkeypatch.setattr(module, "read_exactly", lambda *how: calls.append(how) or real(*how))
    out = np.empty((8, 8), "u1")
    with Decoder(1 << 30) as decoder:
        for each in frames_of(path):
            decoder.decode(*each, out)
            np.testing.assert_array_equal(out, values(8, "u1", (8, 8)))
    assert len(calls) <= 2 * n + 10


def test_the_frames_are_those_of_pydicom(tmp_path: Path, reader: FrameReader) -> None:
    path = c.write_compressed(packed(stack(), 12), tmp_path / "IM", c.RLE)
    np.testing.assert_array_equal(
        values_of(reader, frames_of(path)), pydicom.dcmread(path).pixel_array
    )
