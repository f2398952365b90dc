"""Hostile input: refused, or decoded to values that the header allows; never a crash."""

import os
import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from make import codestreams
from make import compressed as c
from make.series import write
from make.stored import SETTINGS, cause_of, frames_of, packed, values, values_of
from pydicom.uid import DeflatedExplicitVRLittleEndian

from dicomlake.config.settings import PixelSettings
from dicomlake.pipeline.pixels import codestream
from dicomlake.pipeline.pixels.frame import PixelDataError
from dicomlake.pipeline.pixels.frame_reader import FrameReader

FAMILIES = [c.RLE, c.J2K_LOSSLESS, c.JPEG_LS, c.JPEG_LOSSLESS_SV1, c.JPEG_EXTENDED]
REFUSALS = {"decoder", "mismatch", "truncated"}


def frame(syntax: str) -> bytes:
    if syntax == c.JPEG_EXTENDED:
        return codestreams.codestream(0, "jpeg 12")
    return c.encoded(c.smooth(0), syntax, 12)


def written(path: Path, syntax: str, source: bytes) -> Path:
    dataset = packed(c.smooth(0), 12)
    return write(c.encapsulated(dataset, [source + b"\0" * (len(source) % 2)]), path, syntax)


@pytest.mark.parametrize("syntax", FAMILIES)
@pytest.mark.parametrize("ended", [False, True])
def test_a_codestream_that_is_cut_is_refused(
    tmp_path: Path, reader: FrameReader, syntax: str, ended: bool
) -> None:
    """Even where the end marker was put back, as some gateways do: nothing is filled with grey."""
    whole = frame(syntax)
    for part in (0.02, 0.1, 0.5, 0.9):
        cut = whole[: int(len(whole) * part)]
        tail = b"\xff\xd9" if ended and syntax != c.RLE else b""
        path = written(tmp_path / f"{part}", syntax, cut + tail)
        assert cause_of(reader, frames_of(path)) in REFUSALS, part


@pytest.mark.parametrize("syntax", FAMILIES)
def test_a_hundred_damaged_codestreams_never_harm_the_reader(
    tmp_path: Path, reader: FrameReader, syntax: str
) -> None:
    """What is decoded all the same stays within the bits of the header."""
    whole, chance = frame(syntax), random.Random(syntax)
    refused = 0
    for number in range(100):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 1, 3, 30))):
            damaged[chance.randrange(min(len(damaged), 600))] = chance.randrange(256)
        asked = frames_of(written(tmp_path / str(number), syntax, bytes(damaged)))
        cause = cause_of(reader, asked)
        assert cause in REFUSALS | {"read", "decoder_died"}
        if cause == "read":
            found = values_of(reader, asked)
            low, high = asked[0][1].possible
            assert found.min() >= low
            assert found.max() <= high
        refused += cause != "read"
    assert refused >= 20
    intact = written(tmp_path / "whole", syntax, whole)
    assert cause_of(reader, frames_of(intact)) == "read"


def sized(source: bytes, marker: bytes, rows: int, columns: int) -> bytes:
    """Change the size that the frame header of JPEG or JPEG-LS claims."""
    at = source.index(marker) + 5
    return source[:at] + struct.pack(">HH", rows, columns) + source[at + 4 :]


def test_a_codestream_that_claims_to_be_enormous_is_refused_unread(
    tmp_path: Path, reader: FrameReader
) -> None:
    bombs = {
        c.JPEG_LOSSLESS_SV1: sized(frame(c.JPEG_LOSSLESS_SV1), b"\xff\xc3", 60_000, 60_000),
        c.JPEG_EXTENDED: sized(frame(c.JPEG_EXTENDED), b"\xff\xc1", 60_000, 60_000),
        c.JPEG_LS: sized(frame(c.JPEG_LS), b"\xff\xf7", 60_000, 60_000),
    }
    j2k = bytearray(frame(c.J2K_LOSSLESS))
    j2k[8:16] = struct.pack(">II", 60_000, 60_000)
    bombs[c.J2K_LOSSLESS] = bytes(j2k)
    for syntax, source in bombs.items():
        path = written(tmp_path / syntax, syntax, source)
        assert cause_of(reader, frames_of(path)) == "mismatch"


def test_a_header_that_agrees_with_an_enormous_codestream_meets_the_limit(tmp_path: Path) -> None:
    source = sized(frame(c.JPEG_LS), b"\xff\xf7", 60_000, 60_000)
    path = written(tmp_path / "IM", c.JPEG_LS, source)
    ((name, described),) = frames_of(path, rows=60_000, columns=60_000)
    small = PixelSettings(decode_timeout_s=20.0, decode_memory_bytes=1 << 28)
    # Nothing of that size is made here either: one row of memory stands for all of it.
    out = np.broadcast_to(np.zeros(1, described.dtype), (1, 60_000, 60_000))
    with FrameReader(small) as reader, pytest.raises(PixelDataError) as caught:
        reader.read_many([(name, described)], out)
    assert caught.value.cause == "decoder"


@pytest.mark.parametrize(
    "offsets",
    [(64, 1 << 31), (64, 64), (1 << 31, 64), (0, 0), (63, 70), (0xFFFFFFFF, 0xFFFFFFFF)],
)
@pytest.mark.parametrize("segments", [0, 1, 2, 3, 15, 16, 1 << 31, 0xFFFFFFFF])
def test_rle_with_wild_segments_is_refused(
    tmp_path: Path, reader: FrameReader, offsets: tuple[int, int], segments: int
) -> None:
    source = struct.pack("<16I", segments, *offsets, *[0] * 13) + frame(c.RLE)[64:]
    assert cause_of(reader, frames_of(written(tmp_path / "IM", c.RLE, source))) in REFUSALS


def test_a_deflated_object_is_inflated_no_further_than_the_limit(tmp_path: Path) -> None:
    """A gigabyte of zeros before Pixel Data takes a megabyte of file."""
    path = write(
        packed(values(12, "u2", (8, 8)), 12), tmp_path / "IM", DeflatedExplicitVRLittleEndian
    )
    whole = path.read_bytes()
    head = whole[: 144 + int.from_bytes(whole[140:144], "little")]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    with path.open("wb") as file:
        file.write(head)
        file.write(packer.compress(b"\x09\x00\x10\x00OB\x00\x00" + struct.pack("<I", 1 << 30)))
        for _ in range(1 << 10):
            file.write(packer.compress(bytes(1 << 20)))
        file.write(packer.flush())
    small = PixelSettings(decode_timeout_s=60.0, decode_memory_bytes=1 << 28)
    said = {"rows": 8, "columns": 8, "bits_allocated": 16, "bits_stored": 12, "high_bit": 11}
    good = write(packed(values(12, "u2", (8, 8)), 12), tmp_path / "good",
                 DeflatedExplicitVRLittleEndian)  # fmt: skip
    ((_, described),) = frames_of(good, **said)
    state = path.stat()
    bomb = replace(described, size=state.st_size, mtime_ns=state.st_mtime_ns)
    with FrameReader(small) as reader:
        assert cause_of(reader, [(os.fsencode(path), bomb)]) == "decoder"
        assert cause_of(reader, frames_of(good)) == "read"


def test_deflated_frames_are_read_in_any_order_and_damage_is_refused(
    tmp_path: Path, reader: FrameReader
) -> None:
    stored = values(12, "u2", (5, 9, 7))
    path = write(packed(stored, 12), tmp_path / "IM", DeflatedExplicitVRLittleEndian)
    asked = frames_of(path)
    np.testing.assert_array_equal(values_of(reader, asked), stored)
    np.testing.assert_array_equal(values_of(reader, [asked[k] for k in (4, 0, 2)]),
                                  stored[[4, 0, 2]])  # fmt: skip
    assert cause_of(reader, frames_of(path, n_frames=6)) == "truncated"
    assert cause_of(reader, frames_of(path, n_frames=3)) == "length"
    whole = path.read_bytes()
    for cut in (len(whole) - 200, len(whole) // 2):
        path.write_bytes(whole[:cut])
        now = path.stat()
        cut_short = [
            (name, replace(each, size=now.st_size, mtime_ns=now.st_mtime_ns))
            for name, each in asked
        ]
        assert cause_of(reader, cut_short) in {"decoder", "truncated", "element_header"}


@pytest.mark.parametrize("at", [16, 20])
def test_a_jpeg_2000_whose_image_ends_before_it_begins_is_refused(at: int) -> None:
    source = bytearray(frame(c.J2K_LOSSLESS))
    source[at : at + 4] = (1 << 24).to_bytes(4, "big")  # XOsiz, YOsiz beyond Xsiz, Ysiz
    with pytest.raises(PixelDataError, match="decoder"):
        codestream.jpeg_2000(bytes(source))


def test_a_jpeg_2000_sign_and_size_are_read_before_it_is_decoded() -> None:
    found, boxed = codestream.jpeg_2000(frame(c.J2K_LOSSLESS))
    assert (found.rows, found.columns, found.components) == (32, 32, 1)
    assert (found.precision, found.signed, found.exact, boxed) == (12, False, True, False)


@pytest.mark.parametrize("read", [codestream.jpeg, codestream.jpeg_2000])
def test_noise_in_the_place_of_a_codestream_is_refused(
    read: object,
) -> None:
    chance = random.Random(7)
    starts = [b"", b"\xff\xd8", b"\xff\x4f\xff\x51\x00\x29", b"\x00\x00\x00\x0cjP  \r\n\x87\n"]
    starts += [frame(syntax)[:60] for syntax in FAMILIES]
    for number in range(2000):
        source = starts[number % len(starts)] + chance.randbytes(chance.randrange(80))
        with pytest.raises(PixelDataError):
            read(source)  # type: ignore[operator]  # one of two functions


def test_a_changed_file_is_refused_in_the_process_too(tmp_path: Path) -> None:
    path = written(tmp_path / "IM", c.RLE, frame(c.RLE))
    asked = frames_of(path)
    with FrameReader(SETTINGS) as reader:
        os.utime(path, ns=(0, 12_345))
        assert cause_of(reader, asked) == "changed"
        path.unlink()
        assert cause_of(reader, asked) == "missing"
        os.mkfifo(path)
        assert cause_of(reader, asked) == "changed"
