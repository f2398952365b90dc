"""Frames of a deflated data set: inflated in bounded memory, front to back (PS3.5 section A.5)."""

import os
import struct
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.discovery.sniff import LONG_VRS, UNDEFINED
from dicomlake.pipeline.headers.structure import ITEM, ITEM_END, SEQUENCE_END
from dicomlake.pipeline.pixels.byte_stream import CHUNK, BrokenDataSetError, ByteStream, Inflated
from dicomlake.pipeline.pixels.committed_file import open_committed
from dicomlake.pipeline.pixels.file_meta import file_meta
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame

_DEEPEST: Final = 64
_PIXELS: Final = {0x7FE00008: 32, 0x7FE00009: 64, 0x7FE00010: 0}
"""Pixel attributes, and the bits of those that hold floating-point numbers."""


class DeflatedObject:
    """The frames of one deflated object, quickest in the order in which they stand."""

    def __init__(self, path: bytes, frame: StoredFrame, most_bytes: int) -> None:
        """Open an object.

        Args:
            path: its file.
            frame: any frame of it.
            most_bytes: inflated at most.

        Raises:
            PixelDataError: the file is not the committed one.
        """
        self._file = os.fdopen(open_committed(path, frame), "rb", buffering=CHUNK)
        self._most_bytes = most_bytes
        self._stream: ByteStream | None = None
        self._first = 0
        self._length = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read(self, frame: StoredFrame, out: npt.NDArray[Any]) -> None:
        """Fill `out` [rows, columns] with samples of `frame.dtype` as they stand.

        Raises:
            PixelDataError: `decoder` where the stream is damaged or inflates beyond the limit,
                `element_header` where Pixel Data is not what the header says, `truncated`.
        """
        try:
            stream = self._at(frame)
            target = out.reshape(-1).view(np.uint8).data
            done = 0
            for piece in stream.chunks(frame.n_bytes):
                target[done : done + len(piece)] = piece
                done += len(piece)
        except BrokenDataSetError as error:
            raise PixelDataError("decoder") from error
        except OSError as error:
            raise PixelDataError("unreadable") from error
        if done < frame.n_bytes:
            raise PixelDataError("truncated")

    def _at(self, frame: StoredFrame) -> ByteStream:
        """Return the stream at the first byte of a frame."""
        start = frame.index * frame.n_bytes
        if self._stream is None or self._stream.position > self._first + start:
            self._stream = self._at_pixels(frame)
        wanted = frame.n_frames * frame.n_bytes
        if self._length < wanted:
            raise PixelDataError("truncated")
        if self._length - wanted >= max(2, frame.n_bytes):
            raise PixelDataError("length")
        self._stream.skip(self._first + start - self._stream.position)
        return self._stream

    def _at_pixels(self, frame: StoredFrame) -> ByteStream:
        """Inflate up to the value of Pixel Data."""
        self._file.seek(0)
        _, start = file_meta(self._file)
        self._file.seek(start)
        stream = ByteStream(Inflated(self._file, self._most_bytes))
        bits = (frame.bits_allocated or 0) if frame.floating else 0
        while len(stream.peek(8)) == 8:  # noqa: PLR2004  (an element's header)
            tag, length = _header(stream)
            if tag in _PIXELS:
                if _PIXELS[tag] != bits or length == UNDEFINED:
                    break
                self._first, self._length = stream.position, length
                return stream
            _pass_value(stream, length, 0)
        raise PixelDataError("element_header")


def _header(stream: ByteStream) -> tuple[int, int]:
    """Read tag and length of the next element, explicit VR little endian."""
    head = stream.exactly(8)
    group, element = struct.unpack_from("<HH", head)
    tag, vr = group << 16 | element, head[4:6]
    if group == ITEM >> 16 or not (vr.isalpha() and vr.isupper()):
        return tag, struct.unpack_from("<I", head, 4)[0]
    if vr in LONG_VRS:
        return tag, struct.unpack("<I", stream.exactly(4))[0]
    return tag, struct.unpack_from("<H", head, 6)[0]


def _pass_value(stream: ByteStream, length: int, depth: int) -> None:
    """Pass over a value, be it a sequence of undefined length."""
    if length != UNDEFINED:
        stream.skip(length)
        return
    if depth > _DEEPEST:
        raise BrokenDataSetError("nested too deep")
    while True:
        tag, size = _header(stream)
        if tag in (SEQUENCE_END, ITEM_END):
            return
        _pass_value(stream, size, depth + 1)
