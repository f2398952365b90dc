"""V13 to V16: real values of slices, exactly, in the narrowest type that holds them."""

import hashlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.pixels.native import EXPLICIT_BIG, PixelDataError, read_stored
from dicomlake.pipeline.series.slices import Slice

Array = npt.NDArray[Any]

_INT16_GREATEST: Final = 32_767
_INT32: Final = np.iinfo(np.int32)


class UnreadableSliceError(Exception):
    """A slice cannot be read exactly: which, why, and whether another run may read it."""

    def __init__(self, cause: str, sop_instance_uid: str, *, outside_the_file: bool) -> None:
        super().__init__(cause, sop_instance_uid)
        self.cause = cause
        self.sop_instance_uid = sop_instance_uid
        self.outside_the_file = outside_the_file


@dataclass(frozen=True, slots=True)
class Lut:
    """A Modality LUT (PS3.3 section C.11.1.1): stored values below or above take its ends."""

    first: int
    values: Array
    """Real values, [entries]."""

    def look_up(self, stored: Array) -> Array:
        """Return the real values of stored ones, any shape."""
        return self.values[np.clip(stored.astype(np.int64) - self.first, 0, len(self.values) - 1)]


class SliceReader:
    """Reads slices of the sources of one lake; remembers the Modality LUT of the last one."""

    def __init__(self, roots: Mapping[str, str]) -> None:
        self._roots = {name: os.fsencode(root) for name, root in roots.items()}
        self._lut: tuple[str, Lut] | None = None

    def stored(self, each: Slice, out: Array | None = None) -> Array:
        """Return stored values [rows, columns], into `out` where given.

        Raises:
            UnreadableSliceError: the frame cannot be read exactly.
        """
        try:
            return self._stored(each, out)
        except PixelDataError as error:
            raise _unreadable(each, error) from error

    def _stored(self, each: Slice, out: Array | None) -> Array:
        frame = each.frame
        if frame is None:
            raise PixelDataError("missing")
        cause = frame.problem()
        if cause is not None:
            raise PixelDataError(cause)
        if out is None:
            out = np.empty((each.rows or 0, each.columns or 0), frame.dtype)
        read_stored(self._path(each), frame, out)
        return out

    def _path(self, each: Slice) -> bytes:
        root = self._roots.get(each.source)
        if root is None:
            raise PixelDataError("missing")
        return os.path.join(root, decode_path(each.path))  # noqa: PTH118  (raw bytes)

    def digest(self, each: Slice) -> str | None:
        """Return a digest of stored values whatever their packing; None where undecodable (V2).

        Raises:
            UnreadableSliceError: the file is not as it was committed; another run may read it.
        """
        try:
            values = self.stored(each)
        except UnreadableSliceError as error:
            if error.outside_the_file:
                raise
            return None
        shape = repr(values.shape).encode()
        return hashlib.sha256(shape + values.astype("<i8").tobytes()).hexdigest()

    def lut(self, each: Slice) -> Lut | None:
        """Return the Modality LUT of a slice, None where rescale applies.

        Raises:
            UnreadableSliceError: the table is not what its descriptor says.
        """
        if each.rescale.lut_type is None:
            return None
        if self._lut is None or self._lut[0] != each.file_id:
            try:
                self._lut = each.file_id, _read_lut(self._path(each), each)
            except PixelDataError as error:
                raise _unreadable(each, error) from error
        return self._lut[1]


def _unreadable(each: Slice, error: PixelDataError) -> UnreadableSliceError:
    return UnreadableSliceError(
        error.cause, each.sop_instance_uid, outside_the_file=error.outside_the_file
    )


def _read_lut(path: bytes, each: Slice) -> Lut:
    """Read the first item of Modality LUT Sequence; pydicom, for it is rare and nested."""
    from pydicom import dcmread  # noqa: PLC0415  (1 s of start-up, for rare series)
    from pydicom.errors import InvalidDicomError  # noqa: PLC0415  (as above)

    try:
        with open(path, "rb") as file:  # noqa: PTH123  (raw bytes)
            item = dcmread(
                file, stop_before_pixels=True, specific_tags=["ModalityLUTSequence"], force=True
            ).ModalityLUTSequence[0]
        entries, first, bits = (int(value) for value in item.LUTDescriptor)
        data = item["LUTData"].value
    except OSError as error:
        raise PixelDataError("unreadable") from error
    except (
        InvalidDicomError,
        AttributeError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
    ) as error:
        raise PixelDataError("modality_lut") from error
    entries = entries or 1 << 16
    signed = bool(each.frame and each.frame.signed)
    if first > _INT16_GREATEST and signed:
        first -= 1 << 16
    values = _lut_values(data, entries, bits, big=each.transfer_syntax_uid == EXPLICIT_BIG)
    if len(values) < entries:
        raise PixelDataError("modality_lut")
    return Lut(first, values[:entries].astype(np.int64))


def _lut_values(data: Any, entries: int, bits: int, *, big: bool) -> Array:
    """Return unsigned entries of 8 or 16 bits, as US values or packed in OW words of the file."""
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, np.int64)) & 0xFFFF
    words = np.frombuffer(data[: len(data) // 2 * 2], ">u2" if big else "<u2")
    packed_bytes = bits <= 8 and len(data) < 2 * entries  # noqa: PLR2004  (bits of a byte)
    return words.astype("<u2").view("u1") if packed_bytes else words


def real_range(each: Slice, stored: Array, lut: Lut | None) -> tuple[float, float]:
    """Return the least and greatest real value of some stored values of a slice."""
    if lut is not None:
        values = lut.look_up(stored)
        return float(values.min()), float(values.max())
    slope, intercept = each.rescale.applied
    ends = [int(end) * slope + intercept for end in (stored.min(), stored.max())]
    return min(ends), max(ends)


def choose_dtype(slices: Sequence[Slice], reader: SliceReader) -> np.dtype[Any]:
    """Return the type of a volume's voxels (V14).

    Integral slopes and intercepts give int16 where the data fit -32767..32767, else int32, else
    float64; anything fractional gives float32. What BitsStored allows decides where it can; else
    the data are read once for their own least and greatest value.

    Raises:
        UnreadableSliceError: a slice cannot be read exactly.
    """
    for each in slices:
        if each.rescale.lut_type is None and not all(v.is_integer() for v in each.rescale.applied):
            return np.dtype("<f4")
    possible = [_possible(each, reader) for each in slices]
    if _fits_int16(possible):
        return np.dtype("<i2")
    actual = [_actual(each, reader) for each in slices]
    if _fits_int16(actual):
        return np.dtype("<i2")
    least, greatest = min(low for low, _ in actual), max(high for _, high in actual)
    fits = least >= _INT32.min and greatest <= _INT32.max
    return np.dtype("<i4") if fits else np.dtype("<f8")


def _fits_int16(ranges: Sequence[tuple[float, float]]) -> bool:
    return all(low >= -_INT16_GREATEST and high <= _INT16_GREATEST for low, high in ranges)


def _possible(each: Slice, reader: SliceReader) -> tuple[float, float]:
    lut = reader.lut(each)
    if lut is not None:
        return float(lut.values.min()), float(lut.values.max())
    return real_range(each, np.array(each.frame.possible if each.frame else (0, 0)), None)


def _actual(each: Slice, reader: SliceReader) -> tuple[float, float]:
    return real_range(each, reader.stored(each), reader.lut(each))


@dataclass(slots=True)
class Padding:
    """Voxels that hold a padding value, kept as they are (V15): how many, and what they became."""

    count: int = 0
    stored: tuple[int, int] | None = None
    least: float = math.inf
    greatest: float = -math.inf

    def add(self, each: Slice, stored: Array, lut: Lut | None) -> None:
        """Count the padding of one slice in its stored values."""
        if each.padding is None:
            return
        low, high = each.padding
        ends = (low, high) if self.stored is None else (*self.stored, low, high)
        self.stored = min(ends), max(ends)
        inside = stored == low if low == high else (stored >= low) & (stored <= high)
        count = int(np.count_nonzero(inside))
        if count == 0:
            return
        least, greatest = real_range(each, stored[inside], lut)
        self.count += count
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)

    def detail(self) -> dict[str, Any] | None:
        """Return what `volumes.detail` says of padding, None where no slice declares any."""
        if self.stored is None:
            return None
        found: dict[str, Any] = {"policy": "keep", "voxels": self.count, "stored": [*self.stored]}
        if self.count:
            found["values"] = [self.least, self.greatest]
        return found


def read_values(each: Slice, reader: SliceReader, out: Array, padding: Padding) -> None:
    """Fill `out` [rows, columns] with real values = stored x slope + intercept (V13).

    Args:
        each: the slice.
        reader: where its pixels come from.
        out: one slice of a C-order slab, of the type that `choose_dtype` gave.
        padding: counts the slice's padding.

    Raises:
        UnreadableSliceError: the frame cannot be read exactly.
    """
    lut = reader.lut(each)
    frame = each.frame
    in_place = (
        lut is None
        and frame is not None
        and out.dtype.kind == "i"
        and frame.bits_allocated == 8 * out.dtype.itemsize
    )
    stored = reader.stored(each, out.view(frame.dtype) if in_place and frame else None)
    padding.add(each, stored, lut)
    if lut is not None:
        out[...] = lut.look_up(stored)
    elif out.dtype.kind == "i":
        _rescale_integers(each, stored, out)
    else:
        slope, intercept = each.rescale.applied
        out[...] = stored.astype(np.float64) * slope + intercept


def _rescale_integers(each: Slice, stored: Array, out: Array) -> None:
    """Rescale by whole numbers in the type of `out`.

    Arithmetic of fixed width is exact modulo 2^bits, and the results are known to fit: nothing
    can be lost on the way, whatever wraps in between.
    """
    slope, intercept = (_wrapped(value, out.dtype) for value in each.rescale.applied)
    if not np.may_share_memory(stored, out):
        np.copyto(out, stored, casting="unsafe")
    if slope != 1:
        np.multiply(out, slope, out=out)
    if intercept != 0:
        np.add(out, intercept, out=out)


def _wrapped(value: float, dtype: np.dtype[Any]) -> Any:
    bits = 8 * dtype.itemsize
    wrapped = int(value) % (1 << bits)
    return dtype.type(wrapped - (1 << bits) if wrapped >> (bits - 1) else wrapped)
