"""Grey values of voxels: the named windows of each modality, and the VOI functions of DICOM."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import UsageError

WINDOWS: Final = {
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
    "abdomen": (50.0, 400.0),
    "liver": (30.0, 150.0),
    "spine": (50.0, 250.0),
    "angio": (300.0, 600.0),
    "brain": (40.0, 80.0),
    "stroke": (40.0, 40.0),
    "subdural": (75.0, 215.0),
    "temporal_bone": (600.0, 2800.0),
}
"""Centre and width of the named windows of CT, in HU."""

SUV_WINDOWS: Final = {
    "suv5": (2.5, 5.0),
    "suv7": (3.5, 7.0),
    "suv10": (5.0, 10.0),
    "suv20": (10.0, 20.0),
}
"""Centre and width of the named windows of PET, in SUV by body weight (g/ml)."""

DEFAULT_CT: Final = "mediastinum"
"""The window of CT where none is named: soft tissue."""

EMISSION: Final = frozenset({"PT", "NM"})
"""Modalities that are looked at dark on light, from zero."""

ROBUST: Final = (1.0, 99.0)
"""Percentiles of voxels that a window without a unit spans."""
ROBUST_EMISSION: Final = 99.5
"""Percentile of the voxels above zero that is full scale in PET and NM."""

_FILL: Final = -32_768
_INT16: Final = np.arange(1 << 16, dtype=np.uint16).view(np.int16)
"""Every value of int16, in the order of its bits: many voxels are looked up instead."""
_BLOCK: Final = 1 << 16
"""Voxels that are made grey at a time: their float64 copies stay small."""
_SAMPLE: Final = 1 << 20
"""Voxels that percentiles are taken of at most, evenly spread."""


@dataclass(frozen=True, slots=True)
class Window:
    """How values become grey: centre and width, and which of DICOM's functions."""

    centre: float
    width: float
    exact: bool = False
    """LINEAR_EXACT, whose width may be any above 0; else LINEAR, made for whole numbers."""
    inverted: bool = False
    """Greater values are darker."""

    def grey(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Return grey values 0 to 255; what is no number is 0.

        Args:
            values: real values, any shape.
        """
        if values.dtype == np.int16 and values.size > _INT16.size:
            grey_of: npt.NDArray[np.uint8] = self._grey(_INT16)
            return grey_of[values.view(np.uint16)]
        grey = np.empty(values.shape, np.uint8)
        flat, out = values.reshape(-1), grey.reshape(-1)
        for start in range(0, flat.size, _BLOCK):
            out[start : start + _BLOCK] = self._grey(flat[start : start + _BLOCK])
        return grey

    def _grey(self, values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        missing = absent(values)
        if missing.any():
            values = np.where(missing, np.array(0, values.dtype), values)
        function = linear_exact_voi if self.exact else linear_voi
        grey = function(values, self.centre, self.width)
        if self.inverted:
            grey = 255 - grey
        grey[missing] = 0
        return grey


def absent(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where there is no value: NaN, infinity, or the fill value of integer volumes."""
    if values.dtype.kind == "i":
        return np.asarray(values == _FILL)
    return np.asarray(~np.isfinite(values))


def linear_voi(values: npt.NDArray[Any], centre: float, width: float) -> npt.NDArray[np.uint8]:
    """Return grey values 0 to 255 by the function LINEAR (PS3.3 section C.11.2.1.2.1).

    Args:
        values: real values, any shape.
        centre: Window Center.
        width: Window Width, at least 1; 1 is a threshold.
    """
    middle, half = centre - 0.5, (width - 1) / 2
    real = values.astype(np.float64)
    if half == 0:
        return np.where(real <= middle, 0, 255).astype(np.uint8)
    grey = ((real - middle) / (width - 1) + 0.5) * 255
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def linear_exact_voi(
    values: npt.NDArray[Any], centre: float, width: float
) -> npt.NDArray[np.uint8]:
    """Return grey values 0 to 255 by the function LINEAR_EXACT (PS3.3 section C.11.2.1.3.2).

    Args:
        values: real values, any shape.
        centre: Window Center.
        width: Window Width, above 0.
    """
    # Divided first: the difference of two huge values may be more than float64 holds.
    with np.errstate(over="ignore"):
        grey = (values.astype(np.float64) / width - centre / width + 0.5) * 255
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)


def named_window(name: str, units: str | None, suv_bw_factor: float | None) -> Window:
    """Return a named window in the unit of the voxels.

    Args:
        name: a key of `WINDOWS` or `SUV_WINDOWS`.
        units: of the voxels.
        suv_bw_factor: what a voxel in BQML is multiplied by for SUV.

    Raises:
        UsageError: no such window, or it is in a unit that these voxels do not have.
    """
    if name in WINDOWS:
        if units != "HU":
            raise UsageError(
                f"The window {name} is in HU, and these voxels are in {units or 'no known unit'}.",
                "Give (centre, width) in their unit, or None for the modality's own window.",
            )
        return Window(*WINDOWS[name])
    if name in SUV_WINDOWS:
        if suv_bw_factor is None or units != "BQML":
            raise UsageError(
                f"The window {name} is in SUV, and this volume has no factor for it.",
                "Give (centre, width) in its unit, or None for the modality's own window.",
            )
        centre, width = SUV_WINDOWS[name]
        return Window(centre / suv_bw_factor, width / suv_bw_factor, exact=True, inverted=True)
    raise UsageError(
        f"There is no window {name}.", f"Windows: {', '.join((*WINDOWS, *SUV_WINDOWS))}."
    )


def given_window(centre: float, width: float) -> Window:
    """Return the window of a centre and a width in the unit of the voxels.

    Raises:
        UsageError: a width below 1, or a number that is not finite.
    """
    if not (width >= 1 and math.isfinite(centre) and math.isfinite(width)):
        raise UsageError(
            "The width of a window is at least 1, and both are finite.", "Give (centre, width)."
        )
    return Window(float(centre), float(width))


def default_window(
    modality: str | None, units: str | None, sample: Sequence[npt.NDArray[Any]]
) -> Window:
    """Return the window that voxels are looked at in where none is named.

    Args:
        modality: of the series.
        units: of the voxels.
        sample: arrays of voxels that the robust percentiles are taken of.

    Returns:
        CT in HU: `mediastinum`. PET and NM: 0 to a high percentile of what is above 0, inverted.
        Everything else: between two percentiles.
    """
    if modality == "CT" and units == "HU":
        return Window(*WINDOWS[DEFAULT_CT])
    values = _present(sample)
    if modality in EMISSION:
        above = values[values > 0]
        top = float(np.percentile(above, ROBUST_EMISSION)) if above.size else 1.0
        return Window(top / 2, top, exact=True, inverted=True)
    low, high = np.percentile(values, ROBUST).tolist() if values.size else (0.0, 1.0)
    if high <= low:  # nearly all voxels are one value: show what there is
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    with np.errstate(over="ignore"):
        width = float(np.float64(high) - low)
    return Window(low / 2 + high / 2, width or 1.0, exact=True)


def _present(sample: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float64]:
    """Return the values of a sample that are there; every n-th where they are many."""
    stride = -(-sum(each.size for each in sample) // _SAMPLE) | 1  # odd: not always one column
    flat = [each.reshape(-1)[::stride] for each in sample]
    return np.concatenate([each[~absent(each)].astype(np.float64) for each in flat])
