"""V9, V0, V8 and V10: the affine of a stack, its greatest error, and what is worth a flag."""

from collections.abc import Collection, Sequence
from statistics import median

import numpy as np

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.fit import Fit, Ordered
from dicomlake.pipeline.series.grouping import Floats, directions, unit
from dicomlake.pipeline.series.slices import Slice


def affine_lps(stack: Ordered, step: Floats) -> Floats:
    """Return the 4 x 4 matrix from index (column, row, slice) to LPS, in mm (V9).

    Directions, spacing and origin are those of the first slice, the third column is the step.
    """
    first = stack.slices[0]
    rows, columns = directions([first])
    between_rows, between_columns = first.spacing or (0.0, 0.0)
    matrix = np.eye(4)
    matrix[:3, 0] = unit(rows)[0] * between_columns
    matrix[:3, 1] = unit(columns)[0] * between_rows
    matrix[:3, 2] = step
    matrix[:3, 3] = stack.positions[0]
    return matrix + 0.0  # a negative zero would be another byte in what is written


def position_error_mm(stack: Ordered, affine: Floats, indices: Sequence[int]) -> float:
    """Return how far the affine puts the corner voxel of any slice from its own place (V0).

    Args:
        stack: the slices.
        affine: 4 x 4.
        indices: k of each slice in the volume.
    """
    k = np.fromiter(indices, float, len(indices))
    rows, columns = directions(stack.slices)
    spacings = np.array([each.spacing for each in stack.slices], float)
    along_row = unit(rows) * spacings[:, 1:] - affine[:3, 0]
    along_column = unit(columns) * spacings[:, :1] - affine[:3, 1]
    origin = stack.positions - (affine[:3, 3] + k[:, None] * affine[:3, 2])
    last_column = (stack.slices[0].columns or 1) - 1
    last_row = (stack.slices[0].rows or 1) - 1
    errors = [
        np.linalg.norm(origin + i * along_row + j * along_column, axis=1).max()
        for i in (0, last_column)
        for j in (0, last_row)
    ]
    return float(max(errors))


def drift_mm(stack: Ordered, found: Fit) -> float:
    """Return how far slices drift in their own plane over the whole stack (V8)."""
    across = found.step - (found.step @ stack.normal) * stack.normal
    return float(np.linalg.norm(across)) * found.indices[-1]


def flags(
    stack: Ordered,
    found: Fit,
    settings: VolumeSettings,
    considered: int,
    incomplete: Collection[str],
) -> set[str]:
    """Return the flags that geometry and declared counts give (V8, V10, V11) and `lossy` (V14).

    Args:
        stack: an accepted stack.
        found: its fit.
        settings: the margins.
        considered: slices of the geometry group before it was split into channels.
        incomplete: concatenations of the series that lack a part.
    """
    found_flags = set()
    n = len(stack.slices)
    if drift_mm(stack, found) > found.tolerance_mm:
        found_flags.add("sheared")
    thicknesses = [each.thickness for each in stack.slices if each.thickness and each.thickness > 0]
    if thicknesses:
        thickness, spacing = median(thicknesses), float(found.step @ stack.normal)
        if thickness > spacing * (1 + settings.thickness_margin):
            found_flags.add("overlapping")
        if thickness < spacing * (1 - settings.thickness_margin):
            found_flags.add("gapped")
    if _declared(stack.slices, "NumberOfSlices") > n:
        found_flags.add("possibly_truncated")
    # All channels of an acquisition are counted together in this one.
    if _declared(stack.slices, "ImagesInAcquisition") > considered:
        found_flags.add("possibly_truncated")
    if any(each.concatenation in incomplete for each in stack.slices):
        found_flags.add("possibly_truncated")
    if any(each.lossy for each in stack.slices):
        found_flags.add("lossy")
    return found_flags


def _declared(slices: Sequence[Slice], keyword: str) -> int:
    return max((each.declared[keyword] or 0 for each in slices), default=0)
