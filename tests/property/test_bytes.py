"""Parsers of bytes from outside, whatever bytes: the targets that `make fuzz` runs for longer."""

import os
import random
import struct
from functools import lru_cache
from pathlib import Path

import pytest
from fuzz.targets import PIXEL_DATA_HEAD, TARGETS, frame_of, quietly
from hypothesis import given, settings
from hypothesis import strategies as st
from make.compressed import J2K_LOSSLESS, JPEG_LS, encoded
from make.generated import files
from make.mutant_trees import made_files
from make.mutants import mutants, pixel_mutant
from make.series import pixels

from dicomlake.pipeline.pixels.codestream import jpeg, jpeg_2000
from dicomlake.pipeline.pixels.fragments import frame_extents

EXAMPLES = int(os.environ.get("DICOMLAKE_TEST_EXAMPLES", "40"))
OF_FILES = ("header", "content", "report", "deflated", "sniffing")

ITEM_LENGTHS = st.one_of(
    st.integers(0, 40).map(lambda half: 2 * half), st.sampled_from([1, 0xFFFFFFFF, 0x7FFFFFFF])
)


@lru_cache(maxsize=1)
def seeds() -> tuple[bytes, ...]:
    import tempfile  # noqa: PLC0415  (here only)

    with tempfile.TemporaryDirectory() as folder:
        return tuple(made_files(Path(folder)))


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file that was changed once or twice, in its header or its pixels."""
    seed = draw(st.integers(0, 1 << 30))
    if draw(st.booleans()):
        return next(mutants(seeds(), 1, seed=seed))
    dice = random.Random(seed)
    return pixel_mutant(dice.choice(seeds()), dice)


@st.composite
def items(draw: st.DrawFn) -> bytes:
    """Items of encapsulated Pixel Data: an offset table and fragments, true or not."""
    pieces = draw(st.lists(st.binary(max_size=12).map(lambda half: half * 2), max_size=7))
    starts, at = [], 0
    for piece in pieces:
        starts.append(at)
        at += 8 + len(piece)
    table = draw(st.one_of(st.just([]), st.just(starts), st.lists(st.integers(0, 90), max_size=6)))
    data = b"".join(_item(piece) for piece in [struct.pack(f"<{len(table)}I", *table), *pieces])
    if draw(st.booleans()):
        data += b"\xfe\xff\xdd\xe0\0\0\0\0"
    if draw(st.booleans()) and len(data) >= 8:
        place = draw(st.integers(0, len(data) - 8))
        data = data[:place] + struct.pack("<I", draw(ITEM_LENGTHS)) + data[place + 4 :]
    return data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data


def _item(value: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<I", len(value)) + value


@lru_cache(maxsize=1)
def codestreams() -> tuple[bytes, ...]:
    frame = pixels(1)
    return tuple(encoded(frame, syntax, 12) for syntax in (J2K_LOSSLESS, JPEG_LS))


@st.composite
def broken_codestreams(draw: st.DrawFn) -> bytes:
    """A codestream with some bytes of its head changed, cut, or with more in front."""
    data = bytearray(draw(st.sampled_from(codestreams())))
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, min(120, len(data) - 1)))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))])


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(data=st.binary(max_size=600))
def test_any_bytes_are_taken_or_refused(name: str, data: bytes) -> None:
    quietly(TARGETS[name], data)


@pytest.mark.parametrize("name", OF_FILES)
@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(data=st.one_of(mutated(), files()))
def test_any_file_like_bytes_are_taken_or_refused(name: str, data: bytes) -> None:
    quietly(TARGETS[name], data)


@settings(max_examples=4 * EXAMPLES, deadline=None)
@given(items())
def test_pieces_of_frames_lie_in_the_file_and_follow_each_other(data: bytes) -> None:
    TARGETS["fragments"](data)


@settings(max_examples=10 * EXAMPLES, deadline=None)
@given(broken_codestreams())
def test_any_codestream_is_understood_or_refused(data: bytes) -> None:
    TARGETS["codestream"](data)


def test_the_targets_reach_what_they_are_for(tmp_path: Path) -> None:
    """Whole input is understood: the tests above would pass on a parser that refuses all."""
    j2k, jls = codestreams()
    assert (jpeg_2000(j2k)[0].rows, jpeg(jls).columns) == (32, 32)
    content = PIXEL_DATA_HEAD + _item(b"") + _item(b"ab") + _item(b"cdef")
    path = tmp_path / "it"
    path.write_bytes(content + b"\xfe\xff\xdd\xe0\0\0\0\0")
    with path.open("rb") as file:
        found = frame_extents(file.fileno(), frame_of(path.stat().st_size, J2K_LOSSLESS, 2))
    assert found == [[(28, 2)], [(38, 4)]]
