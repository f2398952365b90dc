"""One frame's pixels in a file: where they stand, how they are packed, why they cannot be read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from dicomlake.pipeline.pixels.syntaxes import CODEC_OF, DECODABLE_SYNTAXES, NATIVE_SYNTAXES

_Types = Mapping[int, np.dtype[Any]]
_UNSIGNED: Final[_Types] = {8: np.dtype("u1"), 16: np.dtype("u2"), 32: np.dtype("u4")}
_SIGNED: Final[_Types] = {8: np.dtype("i1"), 16: np.dtype("i2"), 32: np.dtype("i4")}
_FLOATING: Final[_Types] = {32: np.dtype("f4"), 64: np.dtype("f8")}

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
    "samples",
    "syntax",
    "no_frame",
    "decoder",
    "decoder_died",
    "timeout",
    "mismatch",
]


class PixelDataError(Exception):
    """The frame cannot be read exactly; `cause` says why in a stable word."""

    def __init__(self, cause: Cause, place: int = 0) -> None:
        super().__init__(cause, place)
        self.cause: Cause = cause
        self.place = place
        """Which of the frames asked for, from 0."""

    @property
    def outside_the_file(self) -> bool:
        """Return whether another run may succeed: the file was not as it was when committed."""
        return self.cause in ("changed", "missing", "unreadable")


@dataclass(frozen=True, slots=True)
class StoredFrame:
    """One frame's pixels in a file, and how they are packed; null where the file is silent."""

    size: int
    """Bytes of the file when it was committed."""
    mtime_ns: int
    offset: int | None
    """First byte of the value of Pixel Data: of the first sample, or of the Basic Offset Table's
    item header where it is encapsulated; None where it can be found by no offset (deflated)."""
    length: int | None
    """Bytes of that value present in the file."""
    transfer_syntax_uid: str
    rows: int | None
    columns: int | None
    samples_per_pixel: int | None
    bits_allocated: int | None
    bits_stored: int | None
    high_bit: int | None
    pixel_representation: int | None
    index: int = 0
    """Which frame of the object, from 0."""
    n_frames: int = 1
    """Frames that the object holds."""

    @property
    def native(self) -> bool:
        """Return whether samples stand in the file as they are."""
        return self.transfer_syntax_uid in NATIVE_SYNTAXES

    @property
    def encapsulated(self) -> bool:
        """Return whether the value is a sequence of fragments (PS3.5 section A.4)."""
        return self.transfer_syntax_uid in CODEC_OF

    @property
    def floating(self) -> bool:
        """Return whether this is (Double) Float Pixel Data (PS3.3 section C.7.6.24, C.7.6.25)."""
        silent = self.bits_stored is None and self.high_bit is None
        return silent and self.pixel_representation is None and self.bits_allocated in _FLOATING

    @property
    def signed(self) -> bool:
        """Return whether samples are two's complement."""
        return self.pixel_representation == 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """Return the native-endian type of stored values, signed as the samples are."""
        types = _FLOATING if self.floating else _SIGNED if self.signed else _UNSIGNED
        return types[self.bits_allocated or 0]

    @property
    def possible(self) -> tuple[float, float]:
        """Return the least and greatest stored value that BitsStored allows."""
        if self.floating:
            limits = np.finfo(self.dtype)
            return float(limits.min), float(limits.max)
        bits = self.bits_stored or 0
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)

    @property
    def n_bytes(self) -> int:
        """Return the bytes of one frame as samples."""
        return (self.rows or 0) * (self.columns or 0) * (self.bits_allocated or 0) // 8

    @property
    def excess(self) -> int:
        """Return the bytes of native Pixel Data beyond all frames; 1 is the standard's pad byte."""
        return (self.length or 0) - self.n_bytes * self.n_frames

    @property
    def top_bit(self) -> int:
        """Return HighBit; BitsStored - 1, as the standard demands, where the file is silent."""
        return (self.bits_stored or 0) - 1 if self.high_bit is None else self.high_bit

    def problem(self) -> Cause | None:
        """Return why the description cannot be one readable frame, without touching the file."""
        cause: Cause | None = None
        if self.transfer_syntax_uid not in DECODABLE_SYNTAXES:
            cause = "syntax"
        elif not self.rows or not self.columns or self.rows < 0 or self.columns < 0:
            cause = "matrix"
        elif (self.samples_per_pixel or 1) != 1:
            cause = "samples"
        elif not 0 <= self.index < self.n_frames:
            cause = "no_frame"
        else:
            cause = self._problem_of_bits() or self._problem_of_length()
        return cause

    def _problem_of_bits(self) -> Cause | None:
        if self.floating:
            return "bits_allocated" if self.encapsulated else None
        allocated = self.bits_allocated or 0
        if allocated not in _UNSIGNED:
            return "bits_allocated"
        if not self.bits_stored or not 1 <= self.bits_stored <= allocated:
            return "bits_stored"
        if not self.bits_stored <= self.top_bit + 1 <= allocated:
            return "high_bit"
        return None if self.pixel_representation in (0, 1) else "pixel_representation"

    def _problem_of_length(self) -> Cause | None:
        if self.offset is None or self.length is None:
            # Found by walking the inflated data set; everything else has to say where it stands.
            return "missing" if self.native or self.encapsulated else None
        if not self.native:
            return None
        if self.excess < 0:
            return "truncated"
        # Some writers pad by more than the one byte of the standard. As much as another frame is
        # more frames or wider samples than said: the values would be silently wrong.
        return "length" if self.excess >= max(2, self.n_bytes) else None
