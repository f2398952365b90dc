"""Where each frame of encapsulated Pixel Data stands: offset tables and fragments (PS3.5 A.4).

The table is read once an object, so that a thousand frames cost one walk over the items.
"""

import os
import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from dicomlake.pipeline.headers.structure import ITEM, SEQUENCE_END
from dicomlake.pipeline.pixels.codestream import JPEG_END
from dicomlake.pipeline.pixels.committed_file import read_exactly
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.syntaxes import CODEC_OF

Extent = tuple[int, int]
"""Offset in the file and bytes of a piece of a frame."""

_ELEMENT: Final = struct.Struct("<HH2sHI")
_ITEM: Final = struct.Struct("<HHI")
_UNDEFINED: Final = 0xFFFFFFFF
_MOST_FRAGMENTS: Final = 1_000_000
_TAIL: Final = 10
"""Bytes at the end of a fragment among which a codestream may end, padding behind it."""


def frame_extents(descriptor: int, frame: StoredFrame) -> list[list[Extent]]:
    """Return the pieces of every frame of an object.

    Basic Offset Table, else Extended Offset Table, else one fragment a frame, else the ends of
    codestreams. One frame may have any number of fragments.

    Args:
        descriptor: the open file.
        frame: any frame of the object.

    Raises:
        PixelDataError: `element_header` where there is no encapsulated Pixel Data, `truncated`
            where it ends early, `no_frame` where frames cannot be told apart, `length` where
            there are more frames than the header says.
    """
    offset = frame.offset or 0
    _check_element(descriptor, offset)
    table, start = _basic_offsets(descriptor, offset, frame)
    fragments = _fragments(descriptor, start, frame)
    if not fragments:
        raise PixelDataError("no_frame")
    if len(table) == frame.n_frames > 1:
        found = _by_offsets(fragments, [start + each for each in table])
        if found is not None:
            return found
    if frame.n_frames > 1 and not table:
        extended = _extended(descriptor, offset, start, fragments, frame.n_frames)
        if extended is not None:
            return extended
    if len(fragments) == frame.n_frames:
        return [[each] for each in fragments]
    return _without_table(descriptor, fragments, table, frame)


def _check_element(descriptor: int, offset: int) -> None:
    if offset < _ELEMENT.size:
        raise PixelDataError("element_header")
    raw = read_exactly(descriptor, offset - _ELEMENT.size, _ELEMENT.size)
    group, element, vr, _, length = _ELEMENT.unpack(raw)
    if (group, element) != (0x7FE0, 0x0010) or vr not in (b"OB", b"OW", b"UN"):
        raise PixelDataError("element_header")
    if length != _UNDEFINED:
        raise PixelDataError("element_header")


def _basic_offsets(descriptor: int, offset: int, frame: StoredFrame) -> tuple[list[int], int]:
    """Return the Basic Offset Table, and where the first fragment's value starts."""
    group, element, length = _ITEM.unpack(read_exactly(descriptor, offset, _ITEM.size))
    if group << 16 | element != ITEM or length % 4 or length > frame.size:
        raise PixelDataError("element_header")
    raw = read_exactly(descriptor, offset + _ITEM.size, length)
    return list(struct.unpack(f"<{length // 4}I", raw)), offset + 2 * _ITEM.size + length


def _fragments(descriptor: int, start: int, frame: StoredFrame) -> list[Extent]:
    """Return the fragments up to the delimiter, or to the end of a file that has none."""
    fragments: list[Extent] = []
    at = start - _ITEM.size
    while at + _ITEM.size <= frame.size:
        group, element, length = _ITEM.unpack(read_exactly(descriptor, at, _ITEM.size))
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return fragments
        if tag != ITEM or length == _UNDEFINED or len(fragments) >= _MOST_FRAGMENTS:
            raise PixelDataError("element_header")
        at += _ITEM.size
        if at + length > frame.size:
            raise PixelDataError("truncated")
        fragments.append((at, length))
        at += length
    return fragments


def _by_offsets(fragments: Sequence[Extent], starts: Sequence[int]) -> list[list[Extent]] | None:
    """Group fragments by where the first one of each frame starts; None where none starts there."""
    place = {offset: number for number, (offset, _) in enumerate(fragments)}
    found = [place.get(start) for start in starts]
    firsts = [each for each in found if each is not None]
    ascending = all(one < other for one, other in pairwise(firsts))
    if len(firsts) < len(starts) or not ascending or firsts[0] != 0:
        return None
    ends = [*firsts[1:], len(fragments)]
    return [list(fragments[one:other]) for one, other in zip(firsts, ends, strict=True)]


def _extended(
    descriptor: int, offset: int, start: int, fragments: Sequence[Extent], n_frames: int
) -> list[list[Extent]] | None:
    """Return the frames by the Extended Offset Table, None where there is none.

    (7FE0,0001) and its lengths (7FE0,0002) are of 8 bytes a frame and stand right before Pixel
    Data, but for (7FE0,0003).
    """
    size = _ELEMENT.size + 8 * n_frames
    for between in (0, _ELEMENT.size + 8):
        first = offset - _ELEMENT.size - between - 2 * size
        if first < 0:
            continue
        raw = os.pread(descriptor, 2 * size, first)
        values = [
            raw[at + _ELEMENT.size : at + size]
            for at, element in ((0, 1), (size, 2))
            if raw[at : at + _ELEMENT.size]
            == _ELEMENT.pack(0x7FE0, element, b"OV", 0, 8 * n_frames)
        ]
        if len(values) == 2:  # noqa: PLR2004  (offsets and lengths)
            offsets, lengths = (struct.unpack(f"<{n_frames}Q", value) for value in values)
            return _by_extents(fragments, [start + each for each in offsets], lengths)
    return None


def _by_extents(
    fragments: Sequence[Extent], starts: Sequence[int], lengths: Sequence[int]
) -> list[list[Extent]]:
    """Return one fragment a frame, shortened to its frame's length."""
    held = dict(fragments)
    for start, length in zip(starts, lengths, strict=True):
        if not 0 < length <= held.get(start, 0):
            raise PixelDataError("no_frame")
    if len(set(starts)) < len(starts):
        raise PixelDataError("no_frame")
    return [[extent] for extent in zip(starts, lengths, strict=True)]


def _without_table(
    descriptor: int, fragments: Sequence[Extent], table: Sequence[int], frame: StoredFrame
) -> list[list[Extent]]:
    """Tell frames of several fragments apart by where their codestreams end."""
    rle = CODEC_OF[frame.transfer_syntax_uid] == "rle"
    if rle and frame.n_frames > 1:  # a frame is one fragment: PS3.5 section A.4.2
        raise PixelDataError("no_frame")
    frames: list[list[Extent]] = [[]]
    for offset, length in fragments:
        frames[-1].append((offset, length))
        count = min(_TAIL, length)
        if not rle and JPEG_END in read_exactly(descriptor, offset + length - count, count):
            frames.append([])
    if frame.n_frames == 1:
        if len(table) > 1 or len([each for each in frames if each]) > 1:
            raise PixelDataError("length")
        return [list(fragments)]
    if frames[-1] or len(frames) - 1 != frame.n_frames:
        raise PixelDataError("no_frame")
    return frames[:-1]


def frame_bytes(descriptor: int, extents: Sequence[Extent]) -> bytes:
    """Return the compressed bytes of one frame.

    Raises:
        PixelDataError: `truncated` or `unreadable`.
    """
    if len(extents) == 1:
        return read_exactly(descriptor, *extents[0])
    return b"".join(read_exactly(descriptor, *extent) for extent in extents)
