"""Stored values of compressed frames, in the process that the codecs run in."""

import os
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.pixels.codecs import Codec, Decoded, load
from dicomlake.pipeline.pixels.committed_file import open_committed
from dicomlake.pipeline.pixels.deflated import DeflatedObject
from dicomlake.pipeline.pixels.fragments import Extent, frame_bytes, frame_extents
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame
from dicomlake.pipeline.pixels.stored_bits import keep_stored_bits
from dicomlake.pipeline.pixels.syntaxes import CODEC_OF, DEFLATED, LOSSY_SYNTAXES, CodecName

Array = npt.NDArray[Any]


class Decoder:
    """Decodes frames; keeps the object it read last open, its table of frames included."""

    def __init__(self, most_bytes: int, codec: Callable[[CodecName], Codec] = load) -> None:
        """Make a decoder.

        Args:
            most_bytes: inflated of one object at most.
            codec: gives the codec of a name.
        """
        self._most_bytes = most_bytes
        self._codec = codec
        self._open: tuple[tuple[bytes, int, int], _Object] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the last object."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    def decode(self, path: bytes, frame: StoredFrame, out: Array) -> None:
        """Fill `out` [rows, columns], of `frame.dtype`, with the stored values of a frame.

        Raises:
            PixelDataError: what is decoded would not be what the header says.
            ImportError: the library of the codec is not installed.
        """
        if frame.transfer_syntax_uid == DEFLATED:
            found = self._object(path, frame, lambda: _Deflated(path, frame, self._most_bytes))
        else:
            codec = self._codec(CODEC_OF[frame.transfer_syntax_uid])
            found = self._object(path, frame, lambda: _Encapsulated(path, frame, codec))
        found.read(frame, out)

    def _object(
        self, path: bytes, frame: StoredFrame, opened: "Callable[[], _Object]"
    ) -> "_Object":
        key = path, frame.size, frame.mtime_ns
        if self._open is None or self._open[0] != key:
            self.close()
            self._open = key, opened()
        return self._open[1]


class _Deflated(DeflatedObject):
    def read(self, frame: StoredFrame, out: Array) -> None:
        super().read(frame, out)
        keep_stored_bits(frame, out)


class _Encapsulated:
    def __init__(self, path: bytes, frame: StoredFrame, codec: Codec) -> None:
        self._codec = codec
        self._descriptor = open_committed(path, frame)
        self._extents: list[list[Extent]] | None = None

    def read(self, frame: StoredFrame, out: Array) -> None:
        if self._extents is None:
            self._extents = frame_extents(self._descriptor, frame)
        if frame.index >= len(self._extents):
            raise PixelDataError("no_frame")
        source = frame_bytes(self._descriptor, self._extents[frame.index])
        store_values(self._codec.decode(source, frame), frame, out)

    def close(self) -> None:
        os.close(self._descriptor)


_Object = _Deflated | _Encapsulated


def store_values(decoded: Decoded, frame: StoredFrame, out: Array) -> None:
    """Fill `out` with stored values: the samples of a codestream, read as the header says.

    Where the codestream's precision is BitsStored, its bits are the header's, of the header's
    sign: JPEG knows no sign, and writers of JPEG 2000 leave it out, or set it, in error (as in
    `pydicom.pixels`). Full words (precision = BitsAllocated) are masked as native ones are.
    Elsewhere a value counts only where both readings agree.

    Raises:
        PixelDataError: `mismatch` where the two contradict each other.
    """
    values, precision = decoded.values, decoded.precision
    stored = frame.bits_stored or 0
    lossy = frame.transfer_syntax_uid in LOSSY_SYNTAXES
    if precision == stored == frame.top_bit + 1:
        # To a wider type by the codestream's sign, then bit for bit.
        np.copyto(out, values, casting="unsafe")
        if values.dtype.kind != out.dtype.kind:
            keep_stored_bits(frame, out)
    elif precision == frame.bits_allocated and not lossy:
        np.copyto(out, values, casting="unsafe")
        keep_stored_bits(frame, out)
    else:
        if frame.top_bit + 1 != stored or not _meant(values, precision, frame):
            raise PixelDataError("mismatch")
        np.copyto(out, values, casting="unsafe")


def _meant(values: Array, precision: int, frame: StoredFrame) -> bool:
    """Return whether no value could be another one in the header's bits and sign."""
    signed = values.dtype.kind == "i"
    low, high = frame.possible
    if signed != frame.signed:
        # A sign in one of the two only: unclear from the top bit of the narrower one on.
        low, high = 0, min(high, (1 << precision - 1) - 1)
    return bool(values.min() >= low and values.max() <= high)
