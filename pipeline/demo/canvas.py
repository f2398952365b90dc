"""Painting soft-edged shapes onto one axial slice of CT numbers."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
"""CT numbers, coordinates or coverage, [y, x] or broadcastable to it; float32 but for scalars."""

MATRIX: Final = 512
"""Rows and columns of a slice."""
PIXEL_MM: Final = 0.78125
"""Distance between pixels: a field of view of 400 mm."""
AIR: Final = -1000.0


def coverage(distance: Array) -> Array:
    """Return the part of a pixel that lies inside, from signed distance in mm (inside < 0)."""
    part: Array = np.clip(0.5 - distance / PIXEL_MM, 0.0, 1.0)
    return part


@dataclass(frozen=True, slots=True)
class Ellipse:
    """An ellipse in the axial plane: centre and semi-axes in mm, angle in degrees.

    The angle turns the first axis from +x (patient's left) towards +y (posterior).
    """

    x: float
    y: float
    a: float
    b: float
    angle: float = 0.0

    def mirrored(self, side: int) -> "Ellipse":
        """Return it on the left (`side` 1) or, mirrored at the median plane, right (-1)."""
        return Ellipse(side * self.x, self.y, self.a, self.b, side * self.angle)

    def shrunk(self, margin: float) -> "Ellipse":
        """Return it with both semi-axes shorter by `margin` mm."""
        a, b = max(self.a - margin, 0.1), max(self.b - margin, 0.1)
        return Ellipse(self.x, self.y, a, b, self.angle)


class Canvas:
    """One axial slice: CT numbers in HU, and the coordinates of its pixels in mm.

    `x` [1, n] grows to the patient's left, `y` [n, 1] to posterior; the origin is the centre.
    """

    def __init__(self) -> None:
        axis = ((np.arange(MATRIX) - (MATRIX - 1) / 2) * PIXEL_MM).astype(np.float32)
        self.x: Array = axis[np.newaxis, :]
        self.y: Array = axis[:, np.newaxis]
        self.hu: Array = np.full((MATRIX, MATRIX), AIR, np.float32)

    def window(self, x: float, y: float, reach: float) -> tuple[slice, slice]:
        """Return the rows and columns within `reach` mm of a point."""
        middle = (MATRIX - 1) / 2
        low_y, high_y = (int(middle + (y + s) / PIXEL_MM) for s in (-reach, reach))
        low_x, high_x = (int(middle + (x + s) / PIXEL_MM) for s in (-reach, reach))
        return slice(max(low_y, 0), max(high_y + 2, 0)), slice(max(low_x, 0), max(high_x + 2, 0))

    def distance(self, shape: Ellipse, rows: slice, columns: slice) -> Array:
        """Return about the signed distance in mm from an ellipse, inside negative."""
        turn = np.deg2rad(shape.angle)
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        x, y = self.x[:, columns] - np.float32(shape.x), self.y[rows] - np.float32(shape.y)
        u, v = (x * cos + y * sin) / shape.a, (y * cos - x * sin) / shape.b
        norm = np.sqrt(u * u + v * v) + np.float32(1e-6)
        slope = np.sqrt((u / shape.a) ** 2 + (v / shape.b) ** 2) / norm + np.float32(1e-6)
        distance: Array = (norm - 1.0) / slope
        return distance

    def blend(
        self,
        part: Array,
        value: Array | float,
        rows: slice = slice(None),
        columns: slice = slice(None),
    ) -> None:
        """Mix a CT number into pixels by the part of each that it covers."""
        area = self.hu[rows, columns]
        area += part * (value - area)

    def ellipse(self, shape: Ellipse, value: float, *, strength: float = 1.0) -> None:
        """Paint an ellipse; `strength` below 1 leaves part of what was there."""
        rows, columns = self.window(shape.x, shape.y, max(shape.a, shape.b) + 2)
        part = coverage(self.distance(shape, rows, columns)) * np.float32(strength)
        self.blend(part, value, rows, columns)

    def bone(self, shape: Ellipse, marrow: float, cortex: float, shell: float) -> None:
        """Paint a bone: a cortex of `shell` mm around marrow."""
        self.ellipse(shape, cortex)
        self.ellipse(shape.shrunk(shell), marrow)

    def capsule(
        self, start: tuple[float, float], end: tuple[float, float], radius: float, value: float
    ) -> None:
        """Paint all that lies within `radius` mm of a line between two points."""
        (x0, y0), (x1, y1) = start, end
        reach = float(np.hypot(x1 - x0, y1 - y0)) / 2 + radius + 2
        rows, columns = self.window((x0 + x1) / 2, (y0 + y1) / 2, reach)
        x, y = self.x[:, columns] - np.float32(x0), self.y[rows] - np.float32(y0)
        dx, dy = np.float32(x1 - x0), np.float32(y1 - y0)
        along = np.clip((x * dx + y * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
        distance = np.hypot(x - along * dx, y - along * dy) - np.float32(radius)
        self.blend(coverage(distance), value, rows, columns)
