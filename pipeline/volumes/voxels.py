"""V13 to V16: the voxels of a volume, slab by slab, exactly, in the narrowest type that holds them.

Nothing is read twice to find that type: the narrowest is tried, and `WiderTypeError` says which one
the values need after all. Each slice is read, rescaled and counted while it is in the processor's
cache.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.pixels.frame import StoredFrame
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import Stack
from dicomlake.pipeline.volumes.mask import MISSING_SLICE, PADDING
from dicomlake.pipeline.volumes.seen import Seen
from dicomlake.pipeline.volumes.shards import fill_value
from dicomlake.pipeline.volumes.values import Lut, SliceReader, UnreadableSliceError

if TYPE_CHECKING:
    from dicomlake.config.settings import VolumeSettings

Array = npt.NDArray[Any]

_INT16: Final = (-32_767, 32_767)
_INT32: Final = (-(1 << 31), (1 << 31) - 1)
_RUN_BYTES: Final = 1 << 20
"""Native slices are read this many bytes at a time, so that they are still cached when rescaled."""
_HOUNSFIELD: Final = "HU"


class WiderTypeError(Exception):
    """Values do not fit the type that was tried."""

    def __init__(self, dtype: str) -> None:
        super().__init__(dtype)
        self.dtype = dtype
        """The next one to try."""


@dataclass(frozen=True, slots=True)
class Shaping:
    """What shapes the voxels of one volume, besides its slices."""

    dtype: str
    padding: Literal["keep", "mask", "fill"]
    clip: tuple[float, float] | None

    @property
    def type(self) -> np.dtype[Any]:
        """Return the type of a voxel, little-endian."""
        return np.dtype(self.dtype)


def shaping(slices: Sequence[Slice], settings: "VolumeSettings") -> Shaping:
    """Return what shapes a volume, with the first type to try (V14).

    Integral slopes and intercepts of integers give int16 where the data fit -32767..32767, else
    int32, else float64; anything fractional, and floating-point pixels, give float32.

    Raises:
        UnreadableSliceError: a Modality LUT cannot be read.
    """
    limits = settings.hu_clip
    clip = (limits[0], limits[1]) if limits and slices[0].units == _HOUNSFIELD else None
    fractional = any(_fractional(each) for each in slices)
    return Shaping("<f4" if fractional else "<i2", settings.padding, clip)


def wants_mask(stack: Stack, settings: "VolumeSettings") -> bool:
    """Return whether a volume has the array `mask`: what the slices say decides, not the voxels."""
    padded = settings.padding != "keep" and any(each.padding for each in stack.slices)
    return padded or stack.depth > len(stack.slices)


def _fractional(each: Slice) -> bool:
    if each.frame is not None and each.frame.floating:
        return True
    return each.rescale.lut_type is None and not all(v.is_integer() for v in each.rescale.applied)


def _clipped(ends: tuple[float, float], clip: tuple[float, float]) -> tuple[float, float]:
    low, high = (min(max(end, clip[0]), clip[1]) for end in ends)
    return low, high


def _ends(each: Slice, least: float, greatest: float) -> tuple[float, float]:
    """Return the least and greatest real value of stored ones; exact where all are whole."""
    slope, intercept = each.rescale.applied
    if slope.is_integer() and intercept.is_integer() and isinstance(least, int):
        ends = [int(end) * int(slope) + int(intercept) for end in (least, greatest)]
        return min(ends), max(ends)
    values = [end * slope + intercept for end in (least, greatest)]
    return min(values), max(values)


def _fits(ends: tuple[float, float], limits: tuple[int, int]) -> bool:
    return ends[0] >= limits[0] and ends[1] <= limits[1]


class VoxelReader:
    """Fills slabs of one volume, and counts what it sees."""

    def __init__(
        self, stack: Stack, reader: SliceReader, shape: Shaping, *, counting: bool = True
    ) -> None:
        """Hold what is to be read.

        Args:
            stack: slices in order, each with its index.
            reader: where their pixels come from.
            shape: what shapes them.
            counting: whether `seen` is wanted; without it slices that cannot leave the type are
                not searched for their extremes and padding.
        """
        self._counting = counting
        self._stack = stack
        self._reader = reader
        self._shape = shape
        self._dtype = shape.type
        self._fill = fill_value(self._dtype)
        self._real = np.empty(0, np.float64)
        self._inside = np.empty(0, np.bool_)
        self.seen = Seen()

    def fill(self, start: int, out: Array, mask: Array | None = None) -> None:
        """Fill `out` [slices, rows, columns] with the voxels from slice `start` on (V13).

        Args:
            start: index of the first slice.
            out: C-contiguous, of the type that is tried.
            mask: uint8 of the same shape, filled too where given.

        Raises:
            UnreadableSliceError: a frame cannot be read exactly, or its values cannot be held.
            WiderTypeError: the values do not fit the type.
        """
        if mask is not None:
            mask[...] = 0
        indices = self._stack.indices
        first = bisect_left(indices, start)
        last = bisect_left(indices, start + len(out))
        self._fill_missing(set(indices[first:last]), start, out, mask)
        for begin, end in self._runs(first, last):
            self._fill_run(begin, end, start, out, mask)

    def _fill_missing(self, there: set[int], start: int, out: Array, mask: Array | None) -> None:
        for k in range(len(out)):
            if start + k not in there:
                out[k] = self._fill
                self.seen.missing += 1
                if mask is not None:
                    mask[k] = MISSING_SLICE

    def _runs(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Cut slices into runs that are read at once: neighbours with pixels of one kind.

        Compressed ones a slab at a time, so that a decoding process is asked once.
        """
        slices, indices = self._stack.slices, self._stack.indices
        begin = first
        while begin < last:
            frame = slices[begin].frame
            end, size = begin + 1, frame.n_bytes if frame else 0
            while end < last and indices[end] == indices[end - 1] + 1:
                other = slices[end].frame
                if frame is None or other is None or _kind(frame) != _kind(other):
                    break
                size += other.n_bytes
                if frame.native and size > _RUN_BYTES:
                    break
                end += 1
            yield begin, end
            begin = end

    def _fill_run(self, begin: int, end: int, start: int, out: Array, mask: Array | None) -> None:
        slices = self._stack.slices[begin:end]
        k = self._stack.indices[begin] - start
        targets = out[k : k + len(slices)]
        frame = slices[0].frame
        # A frame that is nowhere is refused by the reader.
        kind = frame.dtype if frame is not None and frame.problem() is None else self._dtype
        in_place = (
            self._dtype.kind == "i"
            and kind.kind in "iu"
            and kind.itemsize == self._dtype.itemsize
            and all(each.rescale.lut_type is None for each in slices)
        )
        stored = targets.view(kind) if in_place else np.empty(targets.shape, kind)
        self._reader.stored_many(slices, stored)
        masks = [None] * len(slices) if mask is None else mask[k : k + len(slices)]
        for each, values, target, marks in zip(slices, stored, targets, masks, strict=True):
            self._fill_slice(each, values, target, marks)

    def _fill_slice(self, each: Slice, stored: Array, out: Array, mask: Array | None) -> None:
        """Make the voxels of one slice; `stored` may be the memory of `out`."""
        lut = self._reader.lut(each)
        if not self._counting and lut is None and self._is_plain(each):
            _rescale_integers(each, stored, out)
            return
        ends = _extremes(stored)
        inside = self._padding(each, stored, ends, lut)
        dropped = inside if self._shape.padding == "fill" else None
        if lut is not None:
            self._wide(lut.look_up(stored), out, dropped)
        elif self._dtype.kind == "i":
            self._whole(each, stored, out, ends, dropped)
        else:
            self._floating(each, stored, out, dropped)
        if dropped is not None:
            out[dropped] = self._fill
            self.seen.filled += int(np.count_nonzero(dropped))
        if inside is not None and mask is not None:
            mask[inside] |= PADDING

    def _is_plain(self, each: Slice) -> bool:
        """Return whether rescaling is all that a slice needs, whatever its stored values are."""
        if self._dtype.kind != "i" or self._shape.clip is not None or each.frame is None:
            return False
        if each.padding is not None and self._shape.padding != "keep":
            return False
        narrow = self._dtype.itemsize == np.dtype(np.int16).itemsize
        return _fits(_ends(each, *each.frame.possible), _INT16 if narrow else _INT32)

    def _padding(
        self, each: Slice, stored: Array, ends: tuple[Any, Any], lut: Lut | None
    ) -> Array | None:
        """Count the padding of a slice; return where it is, None where there is none (V15)."""
        if each.padding is None:
            return None
        low, high = each.padding
        if ends[1] < low or ends[0] > high:
            self.seen.add_padding(each.padding, 0, None)
            return None
        # Memory of this size would be mapped and cleared anew for every slice.
        if self._inside.shape != stored.shape:
            self._inside = np.empty(stored.shape, np.bool_)
        inside = self._inside
        if low == high:
            np.equal(stored, low, out=inside)
        else:
            np.logical_and(stored >= low, stored <= high, out=inside)
        count = int(np.count_nonzero(inside))
        values = None
        if count:
            padding = stored[inside] if low != high else np.array([low], stored.dtype)
            values = _extremes(lut.look_up(padding)) if lut else _ends(each, *_extremes(padding))
        self.seen.add_padding(each.padding, count, values and (float(values[0]), float(values[1])))
        return inside if count else None

    def _whole(
        self,
        each: Slice,
        stored: Array,
        out: Array,
        extremes: tuple[Any, Any],
        dropped: Array | None,
    ) -> None:
        """Rescale integers by whole numbers; `extremes` are those of all stored values."""
        if dropped is not None:
            kept = stored[~dropped]
            if kept.size == 0:
                return
            extremes = _extremes(kept)
        ends = _ends(each, *extremes)
        clip = self._shape.clip
        if clip is not None and not (clip[0] <= ends[0] and ends[1] <= clip[1]):
            # Beyond 2^53 a float64 is not exact, and no limit lies there.
            slope, intercept = each.rescale.applied
            self._wide(stored.astype(np.float64) * slope + intercept, out, dropped)
            return
        self._require(ends)
        self.seen.add_values((float(ends[0]), float(ends[1])))
        _rescale_integers(each, stored, out)

    def _wide(self, real: Array, out: Array, dropped: Array | None) -> None:
        """Clip whole values of a wide type and put them into `out`."""
        kept = real if dropped is None else real[~dropped]
        if kept.size == 0:
            return
        clip = self._shape.clip
        ends = _extremes(kept)
        if clip is not None:
            self.seen.clipped += _count_beyond(kept, clip)
            ends = _clipped(ends, clip)
            np.clip(real, *(real.dtype.type(end) for end in clip), out=real)
        if self._dtype.kind == "i":
            self._require(ends)
        self.seen.add_values((float(ends[0]), float(ends[1])))
        if dropped is not None:
            real[dropped] = 0  # may fit no integer; the fill value comes in its place
        np.copyto(out, real, casting="unsafe")

    def _require(self, ends: tuple[float, float]) -> None:
        """See that integers fit the type that is tried (V14)."""
        narrow = self._dtype.itemsize == np.dtype(np.int16).itemsize
        if not _fits(ends, _INT16 if narrow else _INT32):
            raise WiderTypeError("<i4" if _fits(ends, _INT32) else "<f8")

    def _floating(self, each: Slice, stored: Array, out: Array, dropped: Array | None) -> None:
        """Rescale in float64, and round once where the type is float32."""
        slope, intercept = each.rescale.applied
        if self._real.shape != stored.shape:
            self._real = np.empty(stored.shape, np.float64)
        real = self._real
        with np.errstate(over="ignore", invalid="ignore"):
            np.multiply(stored, slope, out=real, dtype=np.float64)
            np.add(real, intercept, out=real)
        kept = real if dropped is None else real[~dropped]
        finite = kept
        if stored.dtype.kind == "f":
            said = np.isfinite(stored if dropped is None else stored[~dropped])
            self.seen.not_finite += said.size - int(np.count_nonzero(said))
            finite = kept[said]
        ends = _extremes(finite) if finite.size else None
        clip = self._shape.clip
        if clip is not None and ends is not None:
            self.seen.clipped += _count_beyond(kept, clip)
            np.clip(real, *clip, out=real)
            ends = _clipped(ends, clip)
        if ends is not None:
            self.seen.add_values(self._rounded(each, ends))
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(out, real, casting="same_kind")

    def _rounded(self, each: Slice, ends: tuple[float, float]) -> tuple[float, float]:
        """Return ends as they are in the volume's type, which must be able to hold them."""
        with np.errstate(over="ignore"):
            low, high = (float(self._dtype.type(end)) for end in ends)
        if not (math.isfinite(low) and math.isfinite(high)):
            raise UnreadableSliceError("range", each.sop_instance_uid, outside_the_file=False)
        return low, high


def _kind(frame: StoredFrame) -> tuple[bool, bool, int | None, int | None]:
    """Return what frames share that one call may read."""
    return frame.native, frame.floating, frame.bits_allocated, frame.pixel_representation


def _extremes(values: Array) -> tuple[Any, Any]:
    return values.min().item(), values.max().item()


def _count_beyond(values: Array, clip: tuple[float, float]) -> int:
    return int(np.count_nonzero((values < clip[0]) | (values > clip[1])))


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


def read_voxels(stack: Stack, reader: SliceReader, settings: "VolumeSettings") -> Array:
    """Return all voxels [slices, rows, columns] of a volume in memory.

    Raises:
        UnreadableSliceError: a slice cannot be read exactly.
    """
    shape = shaping(stack.slices, settings)
    while True:
        voxels = np.empty(stack.shape, shape.type)
        try:
            VoxelReader(stack, reader, shape, counting=False).fill(0, voxels)
        except WiderTypeError as error:
            shape = replace(shape, dtype=error.dtype)
        else:
            return voxels
