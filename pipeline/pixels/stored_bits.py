"""Stored values out of samples: the bits outside BitsStored dropped, the sign extended."""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.pixels.frame import StoredFrame

Array = npt.NDArray[Any]


def keep_stored_bits(frame: StoredFrame, values: Array) -> None:
    """Drop the bits outside BitsStored, in place; overlays and garbage live there.

    Args:
        frame: how samples are packed (PS3.5 section 8.1.1).
        values: samples of `frame.dtype`, any shape, as they stand in the file.
    """
    if frame.bits_stored == frame.bits_allocated or frame.floating:
        return
    keep_bits(values, frame.bits_stored or 0, frame.top_bit, signed=frame.signed)


def keep_bits(values: Array, stored: int, top_bit: int, *, signed: bool) -> None:
    """Drop the bits outside `stored` bits that end at `top_bit`, in place."""
    if not values.size or (top_bit + 1 == stored and _within(values, stored, signed)):
        return
    mask, left, right = _steps(values.dtype, stored, top_bit, signed)
    if mask is not None:
        np.bitwise_and(values, mask, out=values)
        return
    # The shift to the right is arithmetic on signed types: it extends the sign.
    if left:
        np.left_shift(values, left, out=values)
    np.right_shift(values, right, out=values)


def _within(values: Array, stored: int, signed: bool) -> bool:
    """Return whether there is nothing to drop, as with most writers: to look is half the work."""
    if signed:
        high = (1 << stored - 1) - 1
        return bool(values.max() <= high and values.min() >= -high - 1)
    return bool(values.max() < 1 << stored)


@lru_cache(maxsize=256)
def _steps(dtype: np.dtype[Any], stored: int, top_bit: int, signed: bool) -> tuple[Any, Any, Any]:
    """Return the mask, or how far to shift to the left and back."""
    allocated = 8 * dtype.itemsize
    if not signed and top_bit + 1 == stored:
        return dtype.type((1 << stored) - 1), None, None
    return None, dtype.type(allocated - 1 - top_bit), dtype.type(allocated - stored)
