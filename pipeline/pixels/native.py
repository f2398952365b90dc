"""Stored values of native frames, read straight from their file at the offset the ledger holds.

Nothing is trusted that can be checked: the file is still the one that was committed (size, time of
last modification), the element header before the offset is Pixel Data of the recorded length, and
the length is that of all frames. A frame that fails a check is an error, never zeros.
"""

import os
import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.pixels.committed_file import open_committed, read_exactly
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.stored_bits import keep_stored_bits
from dicomlake.pipeline.pixels.syntaxes import EXPLICIT_BIG, IMPLICIT_LITTLE

_Element = tuple[tuple[int, int], tuple[bytes, ...]]
_PIXEL_DATA: Final[_Element] = ((0x7FE0, 0x0010), (b"OW", b"OB", b"UN"))
_FLOAT_PIXEL_DATA: Final[Mapping[int, _Element]] = {
    32: ((0x7FE0, 0x0008), (b"OF", b"UN")),
    64: ((0x7FE0, 0x0009), (b"OD", b"UN")),
}
"""Tag and VRs of Float Pixel Data and Double Float Pixel Data, by their bits."""
_IMPLICIT_HEADER: Final = 8
_EXPLICIT_HEADER: Final = 12
"""Bytes of the element header before Pixel Data: tag, length, and with explicit VR 4 bytes more."""
_UNDEFINED_LENGTH: Final = 0xFFFFFFFF
_BYTE: Final = 8
"""Bits of the samples that big-endian files may pack two to a word."""
_LITTLE_HEADER: Final = struct.Struct("<HHI"), struct.Struct("<HH4xI")
_BIG_HEADER: Final = struct.Struct(">HH4xI")

Array = npt.NDArray[Any]


class NativeReader:
    """Reads native frames; remembers which file's element header it has checked last."""

    def __init__(self) -> None:
        self._checked: tuple[bytes, StoredFrame, bytes] | None = None
        """Path, one frame and the VR of the last object of several frames."""

    def read(self, path: bytes, frame: StoredFrame, out: Array) -> None:
        """Fill `out` [rows, columns] with stored values, masked to BitsStored, sign-extended.

        Args:
            path: file that holds the frame.
            frame: description of the frame; `frame.problem()` is None.
            out: C-contiguous, of `frame.dtype`.

        Raises:
            PixelDataError: the file is not the committed one, or not what its row says.
        """
        big = frame.transfer_syntax_uid == EXPLICIT_BIG
        descriptor = open_committed(path, frame)
        try:
            if big and frame.bits_allocated == _BYTE:
                vr = self._header(descriptor, path, frame)
                _read_bytes_of_words(descriptor, frame, out, swapped=vr == b"OW")
            elif frame.index == 0:
                _read_first(descriptor, frame, out)
            else:
                self._header(descriptor, path, frame)
                start = (frame.offset or 0) + frame.index * frame.n_bytes
                _read_into(descriptor, start, out.reshape(-1).view(np.uint8).data)
        finally:
            os.close(descriptor)
        if big and frame.bits_allocated != _BYTE:
            out.byteswap(inplace=True)
        keep_stored_bits(frame, out)

    def _header(self, descriptor: int, path: bytes, frame: StoredFrame) -> bytes:
        """Check the element header, once an object; returns its VR."""
        if self._checked is not None:
            known, other, vr = self._checked
            if known == path and _same_element(frame, other):
                return vr
        size = _header_size(frame)
        if (frame.offset or 0) < size:
            raise PixelDataError("element_header")
        vr = _check_header(frame, read_exactly(descriptor, (frame.offset or 0) - size, size))
        self._checked = path, frame, vr
        return vr


def _same_element(one: StoredFrame, other: StoredFrame) -> bool:
    return (
        one.offset == other.offset
        and one.mtime_ns == other.mtime_ns
        and one.size == other.size
        and one.length == other.length
        and one.bits_allocated == other.bits_allocated
        and one.floating == other.floating
        and one.transfer_syntax_uid == other.transfer_syntax_uid
    )


def _header_size(frame: StoredFrame) -> int:
    implicit = frame.transfer_syntax_uid == IMPLICIT_LITTLE
    return _IMPLICIT_HEADER if implicit else _EXPLICIT_HEADER


def _read_first(descriptor: int, frame: StoredFrame, out: Array) -> None:
    """Read the first frame and the element header before it at once."""
    header = bytearray(_header_size(frame))
    start = (frame.offset or 0) - len(header)
    if start < 0:
        raise PixelDataError("element_header")
    samples = out.reshape(-1).view(np.uint8).data
    try:
        done = os.preadv(descriptor, [header, samples], start)
    except OSError as error:
        raise PixelDataError("unreadable") from error
    if done < len(header):
        raise PixelDataError("truncated")
    if done < len(header) + len(samples):
        _read_into(descriptor, start + done, samples[done - len(header) :])
    _check_header(frame, header)


def _read_into(descriptor: int, start: int, samples: memoryview) -> None:
    done = 0
    try:
        while done < len(samples):
            count = os.preadv(descriptor, [samples[done:]], start + done)
            if count == 0:
                raise PixelDataError("truncated")
            done += count
    except OSError as error:
        raise PixelDataError("unreadable") from error


def _read_bytes_of_words(descriptor: int, frame: StoredFrame, out: Array, *, swapped: bool) -> None:
    """Read samples of 8 bits from a big-endian file.

    Two of them make a word of OW, whose bytes stand swapped; a frame of an odd number of samples
    starts or ends inside such a word (PS3.5 annex A.3).
    """
    first = frame.index * frame.n_bytes
    last = first + frame.n_bytes
    if not swapped:
        raw = read_exactly(descriptor, (frame.offset or 0) + first, frame.n_bytes)
        out[...] = np.frombuffer(raw, out.dtype).reshape(out.shape)
        return
    start = first - first % 2
    raw = read_exactly(descriptor, (frame.offset or 0) + start, last + last % 2 - start)
    samples = np.frombuffer(raw, "u2").byteswap().view("u1")[first - start : last - start]
    out[...] = samples.view(out.dtype).reshape(out.shape)


def _check_header(frame: StoredFrame, header: bytes | bytearray) -> bytes:
    """Return the VR before the offset; it is Pixel Data of at least the recorded length."""
    explicit = len(header) == _EXPLICIT_HEADER
    big = frame.transfer_syntax_uid == EXPLICIT_BIG
    form = _BIG_HEADER if big else _LITTLE_HEADER[explicit]
    group, element, length = form.unpack(header)
    wanted, vrs = _PIXEL_DATA
    if frame.floating:
        wanted, vrs = _FLOAT_PIXEL_DATA[frame.bits_allocated or 0]
    vr = bytes(header[4:6]) if explicit else b"OW"
    if (group, element) != wanted or (explicit and vr not in vrs) or length == _UNDEFINED_LENGTH:
        raise PixelDataError("element_header")
    if length < frame.n_bytes * frame.n_frames or length < (frame.length or 0):
        raise PixelDataError("element_header")
    return vr
