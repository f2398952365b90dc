"""Connected components of slices, in numpy: runs of pixels joined row by row.

A stack of masks is labelled in one go, each slice for itself. Work and memory go with the runs of a
mask, not its pixels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Components:
    """Runs of a stack of masks [z, y, x], and the component that each is of.

    `row` counts the rows of all slices; `start` and `end` (past the last) are columns; `label` is
    the number of a component's first run.
    """

    shape: tuple[int, int, int]
    row: Integers
    start: Integers
    end: Integers
    label: Integers

    def mask(self, chosen: Mask) -> Mask:
        """Return the mask of the chosen runs."""
        depth, height, width = self.shape
        edges = np.zeros((depth * height, width + 1), np.int8)
        edges[self.row[chosen], self.start[chosen]] = 1
        edges[self.row[chosen], self.end[chosen]] = -1
        return np.cumsum(edges[:, :-1], axis=1, dtype=np.int8).astype(np.bool_).reshape(self.shape)

    def largest(self, weight: npt.NDArray[np.float64] | None = None) -> Mask:
        """Return the mask of each slice's largest component, of equal ones the first.

        Args:
            weight: of each pixel [z, y, x]; without it the pixels are counted.
        """
        if not len(self.row):
            return np.zeros(self.shape, np.bool_)
        depth, height, _ = self.shape
        runs = self.end - self.start if weight is None else self._sums(weight)
        size = np.bincount(self.label, weights=runs, minlength=len(self.row))
        slices = self.row // height
        most = np.full(depth, -np.inf)
        np.maximum.at(most, slices, size[self.label])
        best = np.full(depth, len(self.row))
        wins = size[self.label] == most[slices]
        np.minimum.at(best, slices[wins], self.label[wins])
        return self.mask(self.label == best[slices])

    def _sums(self, weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the weight of each run."""
        depth, height, width = self.shape
        sums = np.zeros((depth * height, width + 1))
        np.cumsum(weight.reshape(depth * height, width), axis=1, out=sums[:, 1:])
        found: npt.NDArray[np.float64] = sums[self.row, self.end] - sums[self.row, self.start]
        return found

    def touching_border(self) -> Mask:
        """Return of each run whether its component reaches the edge of its slice."""
        _, height, width = self.shape
        line = self.row % height
        edge = (self.start == 0) | (self.end == width) | (line == 0) | (line == height - 1)
        outer = np.zeros(len(self.row), np.bool_)
        outer[self.label[edge]] = True
        return outer[self.label]


def components(mask: Mask, *, diagonal: bool = False) -> Components:
    """Return the components of each slice of a stack.

    Args:
        mask: [z, y, x].
        diagonal: whether pixels that touch at a corner are connected.
    """
    depth, height, width = mask.shape
    padded = np.zeros((depth * height, width + 2), np.int8)
    padded[:, 1:-1] = mask.reshape(depth * height, width)
    # A run's first pixel and the one after its last: they take turns along a row.
    row, column = np.divmod(np.flatnonzero(np.diff(padded, axis=1)), width + 1)
    row, start, end = row[::2], column[::2], column[1::2]
    upper, lower = _neighbours(row, start, end, height, width + 2, diagonal=diagonal)
    label = _joined(len(row), upper, lower)
    return Components((depth, height, width), row, start, end, label)


def _neighbours(
    row: Integers, start: Integers, end: Integers, height: int, stride: int, *, diagonal: bool
) -> tuple[Integers, Integers]:
    """Return the pairs of runs that touch from one row to the next of a slice."""
    above = (row - 1) * stride
    reach = 1 if diagonal else 0
    first = np.searchsorted(row * stride + end, above + start - reach, side="right")
    last = np.searchsorted(row * stride + start, above + end + reach, side="left")
    count = np.where(row % height == 0, 0, np.maximum(last - first, 0))
    lower = np.repeat(np.arange(len(row)), count)
    offset = np.arange(len(lower)) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + offset, lower


def _joined(n: int, one: Integers, other: Integers) -> Integers:
    """Return of each of n runs the lowest run that pairs connect it with."""
    label: npt.NDArray[Any] = np.arange(n)
    while True:
        a, b = label[one], label[other]
        differ = a != b
        if not differ.any():
            return label
        one, other, a, b = one[differ], other[differ], a[differ], b[differ]
        np.minimum.at(label, np.maximum(a, b), np.minimum(a, b))
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped


def filled(mask: Mask) -> Mask:
    """Return a mask with the holes of its slices: what the outside does not reach."""
    outside = components(~mask, diagonal=True)
    return ~outside.mask(outside.touching_border())


def eroded(mask: Mask, steps: int) -> Mask:
    """Return a mask without its outer pixels, an octagon of `steps`; beyond the edge is inside."""
    for step in range(steps):
        mask = ~_grown(~mask, square=step % 2 == 1)
    return mask


def dilated(mask: Mask, steps: int, within: Mask) -> Mask:
    """Return a mask grown by an octagon of `steps`, never out of another mask."""
    for step in range(steps):
        mask = _grown(mask, square=step % 2 == 1) & within
    return mask


def _grown(mask: Mask, *, square: bool) -> Mask:
    """Return a mask with the neighbours of its pixels: four, or the eight of a square."""
    grown = mask.copy()
    grown[:, :, 1:] |= mask[:, :, :-1]
    grown[:, :, :-1] |= mask[:, :, 1:]
    sideways = grown.copy() if square else mask
    grown[:, 1:] |= sideways[:, :-1]
    grown[:, :-1] |= sideways[:, 1:]
    return grown
