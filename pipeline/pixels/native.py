"""Stored values of one native frame, read straight from its file at the offset the ledger holds.

Nothing is trusted that can be checked: the file is still the one that was committed (size, time of
last modification), the element header before the offset is Pixel Data of the recorded length, and
the length is that of one frame. A frame that fails a check is an error, never zeros.
"""

import os
import struct
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.discovery.walk import stored_ns

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
NATIVE_SYNTAXES: Final = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG})
"""Transfer syntaxes whose Pixel Data stands in the file as plain samples (PS3.5 section A)."""

_DTYPES: Final = {8: "u1", 16: "u2", 32: "u4"}
_PIXEL_DATA: Final = (0x7FE0, 0x0010)
_VRS: Final = (b"OW", b"OB", b"UN")
_IMPLICIT_HEADER: Final = 8
_EXPLICIT_HEADER: Final = 12
"""Bytes of the element header before Pixel Data: tag, length, and with explicit VR 4 bytes more."""
_UNDEFINED_LENGTH: Final = 0xFFFFFFFF
_BYTE: Final = 8
"""Bits of the samples that big-endian files may pack two to a word."""

Cause = Literal[
    "bits_allocated",
    "bits_stored",
    "high_bit",
    "pixel_representation",
    "matrix",
    "truncated",
    "length",
    "element_header",
    "changed",
    "missing",
    "unreadable",
    "modality_lut",
]


class PixelDataError(Exception):
    """The frame cannot be read exactly; `cause` says why in a stable word."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause)
        self.cause: Cause = cause

    @property
    def outside_the_file(self) -> bool:
        """Return whether another run may succeed: the file was not as it was when committed."""
        return self.cause in ("changed", "missing", "unreadable")


@dataclass(frozen=True, slots=True)
class NativeFrame:
    """Where one frame's samples stand, and how they are packed; null where the file is silent."""

    size: int
    """Bytes of the file when it was committed."""
    mtime_ns: int
    offset: int
    """First byte of the samples."""
    length: int
    """Bytes of Pixel Data present in the file."""
    transfer_syntax_uid: str
    rows: int | None
    columns: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    pixel_representation: int | None

    @property
    def signed(self) -> bool:
        """Return whether samples are two's complement."""
        return self.pixel_representation == 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the native-endian type of stored values, signed as the samples are."""
        unsigned = np.dtype(_DTYPES[self.bits_allocated or 0])
        return np.dtype(unsigned.str.replace("u", "i")) if self.signed else unsigned

    @property
    def possible(self) -> tuple[int, int]:
        """Return the least and greatest stored value that BitsStored allows."""
        bits = self.bits_stored or 0
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)

    @property
    def n_bytes(self) -> int:
        """Return the bytes of one frame."""
        return (self.rows or 0) * (self.columns or 0) * (self.bits_allocated or 0) // 8

    @property
    def excess(self) -> int:
        """Return the bytes of Pixel Data beyond one frame; 1 is the standard's pad byte."""
        return self.length - self.n_bytes

    def problem(self) -> Cause | None:
        """Return why the description cannot be one readable frame, without touching the file."""
        cause: Cause | None = None
        if not self.rows or not self.columns or self.rows < 0 or self.columns < 0:
            cause = "matrix"
        elif self.bits_allocated not in _DTYPES:
            cause = "bits_allocated"
        elif not self.bits_stored or not 1 <= self.bits_stored <= self.bits_allocated:
            cause = "bits_stored"
        elif not self.bits_stored <= self.top_bit + 1 <= self.bits_allocated:
            cause = "high_bit"
        elif self.pixel_representation not in (0, 1):
            cause = "pixel_representation"
        elif self.length < self.n_bytes:
            cause = "truncated"
        # Some writers pad by more than the one byte of the standard. As much as another frame is
        # more frames or wider samples than said: the values would be silently wrong.
        elif self.excess >= max(2, self.n_bytes):
            cause = "length"
        return cause

    @property
    def top_bit(self) -> int:
        """Return HighBit; BitsStored - 1, as the standard demands, where the file is silent."""
        return (self.bits_stored or 0) - 1 if self.high_bit is None else self.high_bit


def read_stored(path: bytes, frame: NativeFrame, out: npt.NDArray[Any]) -> None:
    """Fill `out` [rows, columns] with stored values, masked to BitsStored and sign-extended.

    Args:
        path: file that holds the frame.
        frame: description of the frame; `frame.problem()` is None.
        out: C-contiguous, of `frame.dtype`.

    Raises:
        PixelDataError: the file is not the committed one, or not what its row says.
    """
    big = frame.transfer_syntax_uid == EXPLICIT_BIG
    header = bytearray(
        _IMPLICIT_HEADER if frame.transfer_syntax_uid == IMPLICIT_LITTLE else _EXPLICIT_HEADER
    )
    words_of_bytes = big and frame.bits_allocated == _BYTE
    # Samples of 8 bits in OW words may end in the second byte of a padded, swapped word.
    padded = np.empty(frame.n_bytes + frame.n_bytes % 2, np.uint8) if words_of_bytes else None
    target = out if padded is None else padded
    _read(path, frame, header, target.reshape(-1).view(np.uint8).data)
    vr = _check_header(frame, header, big=big)
    if padded is not None:
        flat = padded.view("u2").byteswap().view("u1") if vr == b"OW" else padded
        out[...] = flat[: frame.n_bytes].view(out.dtype).reshape(out.shape)
    elif big:
        out.byteswap(inplace=True)
    _keep_stored_bits(frame, out)


def _read(path: bytes, frame: NativeFrame, header: bytearray, samples: memoryview) -> None:
    try:
        # A FIFO that took the file's place must not block.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise PixelDataError("missing") from error
    except OSError as error:
        raise PixelDataError("unreadable") from error
    try:
        state = os.fstat(descriptor)
        if state.st_size != frame.size or stored_ns(state.st_mtime_ns) != frame.mtime_ns:
            raise PixelDataError("changed")
        start = frame.offset - len(header)
        if start < 0:
            raise PixelDataError("element_header")
        done = os.preadv(descriptor, [header, samples], start)
        if done < len(header):
            raise PixelDataError("truncated")
        wanted = len(header) + len(samples)
        # An even pad byte may be absent at the end of a file; the samples themselves may not.
        while done < wanted:
            more = os.preadv(descriptor, [samples[done - len(header) :]], start + done)
            if more == 0:
                break
            done += more
    except OSError as error:
        raise PixelDataError("unreadable") from error
    finally:
        os.close(descriptor)
    if done < len(header) + frame.n_bytes:
        raise PixelDataError("truncated")


def _check_header(frame: NativeFrame, header: bytearray, *, big: bool) -> bytes:
    """Return the VR before the offset; it is Pixel Data of at least the recorded length."""
    order = ">" if big else "<"
    tag = struct.unpack_from(f"{order}HH", header)
    vr = bytes(header[4:6]) if len(header) == _EXPLICIT_HEADER else b"OW"
    (length,) = struct.unpack_from(f"{order}I", header, len(header) - 4)
    if tag != _PIXEL_DATA or vr not in _VRS or length == _UNDEFINED_LENGTH:
        raise PixelDataError("element_header")
    if length < frame.n_bytes or length < frame.length:
        raise PixelDataError("element_header")
    return vr


def _keep_stored_bits(frame: NativeFrame, values: npt.NDArray[Any]) -> None:
    """Drop the bits outside BitsStored, in place; overlays and garbage live there."""
    allocated, stored = frame.bits_allocated or 0, frame.bits_stored or 0
    above = allocated - 1 - frame.top_bit
    if stored == allocated:
        return
    if not frame.signed and frame.top_bit + 1 == stored:
        np.bitwise_and(values, values.dtype.type((1 << stored) - 1), out=values)
        return
    # The shift to the right is arithmetic on signed types: it extends the sign.
    np.left_shift(values, values.dtype.type(above), out=values)
    np.right_shift(values, values.dtype.type(allocated - stored), out=values)
