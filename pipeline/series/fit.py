"""V4, V7 and V8: order along the normal, and the straight, even line through the positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from typing import Any, Final

import numpy as np

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.finding import Finding
from dicomlake.pipeline.series.grouping import Floats, directions, unit
from dicomlake.pipeline.series.slices import Slice

_PLACES_TOLD: Final = 100


@dataclass(frozen=True, slots=True)
class Ordered:
    """Slices by position along their common normal n = row x column, ascending (V4)."""

    slices: tuple[Slice, ...]
    normal: Floats
    """Unit vector, [3]."""
    positions: Floats
    """Image Position (Patient), mm, [n, 3]."""
    distances: Floats
    """n·IPP, mm, [n], ascending."""

    def take(self, indices: Sequence[int]) -> "Ordered":
        """Return the slices at ascending indices, along the same normal."""
        return Ordered(
            tuple(self.slices[index] for index in indices),
            self.normal,
            self.positions[indices],
            self.distances[indices],
        )

    def places(self, *, same_position_mm: float) -> list[list[int]]:
        """Return indices of slices that share a position, one list a position, in order."""
        starts = np.flatnonzero(np.diff(self.distances) > same_position_mm) + 1
        ends = [0, *starts.tolist(), len(self.slices)]
        return [list(range(start, stop)) for start, stop in pairwise(ends)]

    def n_places(self, *, same_position_mm: float) -> int:
        """Return how many positions there are."""
        return 1 + int(np.count_nonzero(np.diff(self.distances) > same_position_mm))


def order(slices: Sequence[Slice]) -> Ordered:
    """Return slices of one geometry group in order: by n·IPP, then UID, never by a number."""
    rows, columns = directions(slices)
    crosses = np.cross(unit(rows), unit(columns))
    if not (crosses == crosses[0]).all():
        crosses, counts = np.unique(crosses, axis=0, return_counts=True)
        crosses = crosses[int(counts.argmax())][None, :]
    normal = unit(crosses[:1])[0]
    positions = np.array([each.position for each in slices], float)
    distances = positions @ normal
    along = distances.tolist()
    ranks = sorted(
        range(len(slices)),
        key=lambda index: (along[index], slices[index].sop_instance_uid, *slices[index].identity),
    )
    return Ordered(
        tuple(slices[index] for index in ranks), normal, positions[ranks], distances[ranks]
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """The best line P0 + k·s through the positions, and how far they are from it."""

    step: Floats
    """s, mm, [3]: in general not along the normal (V8)."""
    residuals: Floats
    """P_k - (P0 + k·s), mm, [n, 3]."""
    tolerance_mm: float

    indices: tuple[int, ...]
    """k of each position."""

    @property
    def greatest_mm(self) -> float:
        """Return the length of the greatest residual."""
        return float(np.linalg.norm(self.residuals, axis=1).max())

    @property
    def uniform(self) -> bool:
        """Return whether every position is where the affine puts it (V7)."""
        return self.greatest_mm <= self.tolerance_mm


def tolerance_mm(step: Floats, settings: VolumeSettings) -> float:
    """Return V0's tolerance for a step: the larger of a length and a part of the step."""
    return max(
        settings.position_tolerance_mm,
        settings.position_tolerance_fraction * float(np.linalg.norm(step)),
    )


def fit(positions: Floats, settings: VolumeSettings, indices: Sequence[int] | None = None) -> Fit:
    """Return the least-squares step from the first position, which the affine starts at (V7, V9).

    Args:
        positions: mm, [n, 3], n at least 2, in order.
        settings: the tolerances.
        indices: k of each position, from 0; one after the other where None.
    """
    places = range(len(positions)) if indices is None else indices
    k = np.fromiter(places, float, len(positions))
    offsets = positions - positions[0]
    step = (k @ offsets) / (k @ k)
    residuals = offsets - k[:, None] * step
    return Fit(step, residuals, tolerance_mm(step, settings), tuple(places))


def is_uniform(stack: Ordered, settings: VolumeSettings) -> bool:
    """Return whether slices lie on an even line; two always do, one does not say."""
    return len(stack.slices) > 1 and fit(stack.positions, settings).uniform


def not_uniform(stack: Ordered, found: Fit, settings: VolumeSettings) -> Finding | None:
    """Return why positions are no even line: slices missing, a bent line, or uneven steps (V7)."""
    if found.uniform:
        return None
    detail: dict[str, Any] = {
        "residual_mm": round(found.greatest_mm, 6),
        "tolerance_mm": round(found.tolerance_mm, 6),
    }
    times = gaps(stack, settings)
    if times is not None:
        detail["missing_positions_mm"] = _missing_positions(stack, times)
        detail["missing"] = sum(times) - len(times)
        return Finding("MISSING_SLICES", detail)
    along = found.residuals @ stack.normal
    across = found.residuals - along[:, None] * stack.normal
    steps = np.linalg.norm(np.diff(stack.positions, axis=0), axis=1)
    detail["least_step_mm"] = round(float(steps.min()), 6)
    detail["greatest_step_mm"] = round(float(steps.max()), 6)
    if float((across**2).sum()) > float((along**2).sum()):
        return Finding("NON_COLLINEAR_POSITIONS", detail)
    return Finding("NON_UNIFORM_SPACING", detail)


def gaps(stack: Ordered, settings: VolumeSettings) -> list[int] | None:
    """Return how many units each step is where slices are missing; None where none are (V7).

    The unit is the median of the steps below 1.5 x the shortest. All steps are multiples of it,
    one at least twice, and there is no run of `min_slices` - 1 greater steps: that would be a zone
    of another spacing.
    """
    steps = np.diff(stack.positions, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    one = np.median(steps[lengths < 1.5 * lengths.min()], axis=0) if lengths.min() > 0 else None
    if one is None or not float(one @ one) > 0:
        return None
    times = np.rint(steps @ one / float(one @ one))
    errors = np.linalg.norm(steps - times[:, None] * one, axis=1)
    if (times < 1).any() or (errors > tolerance_mm(one, settings)).any() or times.max() == 1:
        return None
    for wide, run in groupby(times > 1):
        if wide and sum(1 for _ in run) >= settings.min_slices - 1:
            return None
    return [int(each) for each in times]


def _missing_positions(stack: Ordered, times: Sequence[int]) -> list[float]:
    """Return where slices are missing along the normal, mm: the first hundred places.

    Each gap is divided evenly, so that no error of a unit adds up over it.
    """
    places = (
        stack.distances[index] + (stack.distances[index + 1] - stack.distances[index]) * k / count
        for index, count in enumerate(times)
        for k in range(1, count)
    )
    return [round(float(place), 4) for place in islice(places, _PLACES_TOLD)]
