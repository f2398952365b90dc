"""Branching trees that fill a lung: arteries, veins and airways.

A tree grows into a cloud of points as in Tawhai, Pullan and Hunter, Ann Biomed Eng 28:793 (2000):
a branch runs towards the centroid of its points, a plane through it splits them, each half gets a
branch of its own. Radii follow Murray's law with exponent 2.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.demo.canvas import Canvas, coverage

Points = npt.NDArray[np.float64]
"""Points [n, 3]: x, y, z in mm."""

_REACH: Final = 0.42
"""Part of the way to the centroid that a branch runs."""
_MURRAY: Final = 1 / 2.7
_FEWEST: Final = 1


@dataclass(frozen=True, slots=True)
class Branch:
    """A straight piece of a tree, thinner at its end; points and radii in mm."""

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    start_radius: float
    end_radius: float
    generation: int


class Tree:
    """Branches, and the heights in mm that each spans."""

    def __init__(self, branches: Sequence[Branch]) -> None:
        self.branches = tuple(branches)
        ends = np.array([(b.start[2], b.end[2]) for b in branches])
        radii = np.array([b.start_radius for b in branches])
        self._low = ends.min(axis=1) - radii
        self._high = ends.max(axis=1) + radii

    def near(self, z: float, margin: float) -> list[Branch]:
        """Return the branches that reach a plane, or come within `margin` mm of it."""
        found = np.nonzero((self._low - margin <= z) & (z <= self._high + margin))[0]
        return [self.branches[index] for index in found]


def grow(root: Points, points: Points, radius: float, rng: np.random.Generator) -> list[Branch]:
    """Return the branches from a root [3] into a cloud of points [n, 3], thickest `radius` mm."""
    branches: list[Branch] = []
    total = len(points)
    normal = rng.normal(size=3)
    pending = [(root, points, normal, 0)]
    while pending:
        start, cloud, last_normal, generation = pending.pop()
        middle = cloud.mean(axis=0)
        reach = 1.0 if len(cloud) <= _FEWEST else _REACH
        end = start + (middle - start) * reach
        end += rng.normal(scale=0.06 * float(np.linalg.norm(end - start)) + 1e-9, size=3)
        thick, thin = (radius * (size / total) ** _MURRAY for size in (len(cloud), len(cloud) / 2))
        branches.append(Branch(tuple(start), tuple(end), thick, thin, generation))
        if len(cloud) <= _FEWEST:
            continue
        along = end - start
        normal = _cross(along, last_normal + 0.25 * rng.normal(size=3))
        side = (cloud - middle) @ normal > 0
        if side.all() or not side.any():
            side = np.arange(len(cloud)) % 2 == 0
        pending += [(end, cloud[part], normal, generation + 1) for part in (side, ~side)]
    return branches


def _cross(a: Points, b: Points) -> Points:
    """Return the cross product of two vectors [3]; np.cross costs ten times as much."""
    return np.array(
        (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
    )


def paint(canvas: Canvas, tree: Tree, z: float, value: float, *, widen: float = 0.0) -> None:
    """Paint where the plane `z` cuts branches; `widen` mm is added to every radius."""
    for branch in tree.near(z, widen):
        _paint_one(canvas, branch, z, value, widen)


def _paint_one(canvas: Canvas, branch: Branch, z: float, value: float, widen: float) -> None:
    start, end = np.array(branch.start), np.array(branch.end)
    # Only the piece of the branch near the plane decides which pixels to look at.
    low, high = _part_near(start[2], end[2], z, branch.start_radius + widen + 1)
    first, last = start + (end - start) * low, start + (end - start) * high
    centre = (first + last) / 2
    reach = float(np.hypot(*(last - first)[:2])) / 2 + branch.start_radius + widen + 1.5
    rows, columns = canvas.window(centre[0], centre[1], reach)
    x = canvas.x[:, columns] - np.float32(start[0])
    y = canvas.y[rows] - np.float32(start[1])
    up = np.float32(z - start[2])
    dx, dy, dz = (np.float32(step) for step in end - start)
    length = dx * dx + dy * dy + dz * dz + np.float32(1e-6)
    along = np.clip((x * dx + y * dy + up * dz) / length, 0, 1)
    away = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2 + (up - along * dz) ** 2)
    radius = branch.start_radius + along * (branch.end_radius - branch.start_radius) + widen
    part = coverage(away - radius)
    # Thinner than a pixel: its share of the pixel's area, not of its width.
    canvas.blend(part * np.minimum(radius / 0.55, 1.0), value, rows, columns)


def _part_near(start: float, end: float, z: float, reach: float) -> tuple[float, float]:
    if end == start:
        return 0.0, 1.0
    a, b = (z - reach - start) / (end - start), (z + reach - start) / (end - start)
    return float(np.clip(min(a, b), 0, 1)), float(np.clip(max(a, b), 0, 1))
