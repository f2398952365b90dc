"""Water-equivalent diameter of each slice of a CT volume (AAPM 220).

    Dw = 2 * sqrt((mean of HU / 1000 + 1) * area / pi)

over the body: the largest component of the slice above a threshold, with all that it encloses, so
that lungs count with their HU. What is beside it, such as the table, does not count.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.dose.components import Mask, components, dilated, eroded, filled

THRESHOLD_HU: Final = -600.0
"""HU above which a pixel is of the body.

Half-way from air to soft tissue is -500, where an outline is unbiased. Somewhat below it, uniform
material of -500 HU with noise is still a body, and a pixel of air that comes in adds nothing to a
water-equivalent area; mattresses and blankets, at -850 and less, stay out.
"""
_THIN_MM: Final = 4.0
"""Thickness up to which an attached structure is the shell of a table or the fold of a sheet."""
_LOST: Final = 0.05
"""Part of the body's attenuation that may go with attached structures: more was no table."""
_SPECK: Final = 0.05
"""Part of the median body below which a slice shows no body, but what is left beyond it."""
_LEAST_MM: Final = 20.0
_LEAST_DENSITY: Final = 0.2
_LEAST_FILLING: Final = 0.15
"""What is lower or narrower, lighter (parts of water), or fills less of its bounding box is the
table or the head rest of a slice beyond the patient: flat, hollow, or a bowl."""
_DARKEST_HU: Final = -1024.0
"""Padding is written lower than the HU of any matter, which is air at -1000 with its noise."""
_SLAB_VOXELS: Final = 8 << 20
"""Voxels read at a time, as stored."""
_WORKED_VOXELS: Final = 1 << 20
"""Voxels worked on at a time, in several arrays of float64."""
_FIELD_MARGIN: Final = 1.5
"""Pixels from the edge of a circular field within which an outline is on the edge."""


Numbers = npt.NDArray[np.float64]


class Volume(Protocol):
    """An array [z, y, x] of HU of which slabs are read: numpy or zarr."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Return slices, rows, columns."""

    def __getitem__(self, slab: slice, /) -> Any:
        """Return slices."""


@dataclass(frozen=True, slots=True)
class SliceSize:
    """What a slice says of the patient's size."""

    dw_mm: float | None
    """Water-equivalent diameter; None where the slice shows no body."""
    truncated_fraction: float | None
    """Part of the body's outline on the edge of the reconstructed field, 0 to 1."""
    area_mm2: float = 0.0
    """Area of the body."""


_NOTHING: Final = SliceSize(None, None)


def water_equivalent_diameters(
    volume: Volume, spacing_row_mm: float, spacing_column_mm: float
) -> tuple[SliceSize, ...]:
    """Return the size of the body in each transverse slice.

    Args:
        volume: HU [z, y, x], read slab by slab.
        spacing_row_mm: distance between rows.
        spacing_column_mm: distance between columns.
    """
    depth = _slab_depth(volume)
    sizes: list[SliceSize] = []
    for first in range(0, volume.shape[0], depth):
        slab = np.asarray(volume[first : first + depth])
        step = max(1, _WORKED_VOXELS // max(1, math.prod(slab.shape[1:])))
        for start in range(0, len(slab), step):
            some = slab[start : start + step].astype(np.float32)
            sizes.extend(_sizes(some, spacing_row_mm, spacing_column_mm))
    areas = [each.area_mm2 for each in sizes if each.dw_mm is not None]
    least = _SPECK * float(np.median(areas)) if areas else 0.0
    return tuple(each if each.area_mm2 >= least else _NOTHING for each in sizes)


def _slab_depth(volume: Volume) -> int:
    """Return how many slices are read at a time: whole chunks where there are chunks."""
    depth = max(1, _SLAB_VOXELS // max(1, math.prod(volume.shape[1:])))
    chunk = int(getattr(volume, "chunks", (1,))[0])
    return max(depth // chunk * chunk, 1) if chunk <= depth else depth


def _sizes(
    slab: npt.NDArray[np.float32], spacing_row_mm: float, spacing_column_mm: float
) -> list[SliceSize]:
    """Return the sizes of a slab of slices."""
    np.maximum(slab, _DARKEST_HU, out=slab)
    rows, columns = _bounds(slab > THRESHOLD_HU)
    window = slab[:, rows, columns]
    water = window.astype(np.float64) / 1000.0 + 1.0
    body = np.zeros(slab.shape, np.bool_)
    body[:, rows, columns] = body_mask(window, water, min(spacing_row_mm, spacing_column_mm))
    pixel_mm2 = spacing_row_mm * spacing_column_mm
    water_mm2 = np.where(body[:, rows, columns], water, 0.0).sum(axis=(1, 2)) * pixel_mm2
    areas = body.sum(axis=(1, 2)) * pixel_mm2
    edges = truncation(body, slab)
    solid = _is_solid(body, water_mm2, areas, (spacing_row_mm, spacing_column_mm))
    return [
        SliceSize(2.0 * math.sqrt(float(attenuation) / math.pi), float(edge), float(area))
        if shown
        else _NOTHING
        for attenuation, edge, area, shown in zip(water_mm2, edges, areas, solid, strict=True)
    ]


def _is_solid(
    body: Mask, water_mm2: Numbers, areas_mm2: Numbers, spacing_mm: tuple[float, float]
) -> Mask:
    """Return of each slice whether what was found has the extent and density of a body."""
    sides = [
        _extent(np.asarray(body.any(axis=axis))) * spacing
        for axis, spacing in zip((2, 1), spacing_mm, strict=True)
    ]
    box = sides[0] * sides[1]
    solid: Mask = (
        (np.minimum(*sides) >= _LEAST_MM)
        & (water_mm2 >= _LEAST_DENSITY * areas_mm2)
        & (areas_mm2 >= _LEAST_FILLING * box)
    )
    return solid


def _extent(held: Mask) -> Numbers:
    """Return from the first to the last pixel that is held, of each row of a mask."""
    first = np.argmax(held, axis=1)
    last = held.shape[1] - np.argmax(held[:, ::-1], axis=1)
    return np.where(held.any(axis=1), last - first, 0).astype(np.float64)


def _bounds(mask: Mask) -> tuple[slice, slice]:
    """Return the rows and columns of a slab that hold anything, with a margin of air around it."""
    bounds: list[slice] = []
    for axis, size in ((2, mask.shape[1]), (1, mask.shape[2])):
        held = np.nonzero(mask.any(axis=(0, axis)))[0]
        low, high = (int(held[0]), int(held[-1])) if len(held) else (0, 0)
        bounds.append(slice(max(low - 1, 0), min(high + 2, size)))
    return bounds[0], bounds[1]


def body_mask(hu: npt.NDArray[np.float32], water: Numbers, pixel_mm: float) -> Mask:
    """Return the body in each slice of a slab [z, y, x], filled and without the table.

    What encloses something is one with it. A table that touches the body hangs on by its shell:
    what is thin is cut off, and what it held, unless more goes with it than a table would be (a
    thin chest wall opens, an arm comes off).

    Args:
        hu: the slab.
        water: the same in parts of the attenuation of water.
        pixel_mm: the smaller side of a pixel.
    """
    matter = hu > THRESHOLD_HU
    whole = components(filled(matter)).largest(water)
    matter &= whole
    steps = max(1, round(_THIN_MM / 2 / pixel_mm))
    core = components(eroded(matter, steps)).largest(water)
    trunk = filled(dilated(core, steps + 1, matter))
    kept, total = (np.where(mask, water, 0.0).sum(axis=(1, 2)) for mask in (trunk, whole))
    loses = kept < (1.0 - _LOST) * total
    trunk[loses] = whole[loses]
    return trunk


def truncation(body: Mask, hu: npt.NDArray[np.float32]) -> Numbers:
    """Return the part of each body's outline that lies on the edge of the reconstructed field.

    The field is the matrix, or the circle in it where all pixels outside of the circle have one
    value, as scanners pad them.

    Args:
        body: [z, y, x].
        hu: the slab.
    """
    inner = np.zeros_like(body)
    inner[:, 1:-1, 1:-1] = (
        body[:, 2:, 1:-1] & body[:, :-2, 1:-1] & body[:, 1:-1, 2:] & body[:, 1:-1, :-2]
    )
    outline = body & ~inner
    edge = np.zeros(body.shape[1:], np.bool_)
    edge[[0, -1]] = True
    edge[:, [0, -1]] = True
    distance = _from_centre(body.shape[1], body.shape[2])
    radius = min(body.shape[1:]) / 2
    outside = distance > radius + _FIELD_MARGIN
    on_edge = np.broadcast_to(edge, body.shape)
    if outside.any():
        beyond = hu[:, outside]
        padded = beyond.max(axis=1) == beyond.min(axis=1)
        rim = edge | (distance > radius - _FIELD_MARGIN)
        on_edge = np.where(padded[:, None, None], rim, edge)
    length = outline.sum(axis=(1, 2))
    cut = (outline & on_edge).sum(axis=(1, 2))
    return np.asarray(cut / np.maximum(length, 1), np.float64)


def _from_centre(height: int, width: int) -> Numbers:
    """Return the distance of each pixel from the centre of the matrix, in pixels."""
    y, x = np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2
    return np.asarray(np.hypot(y[:, None], x[None, :]), np.float64)
