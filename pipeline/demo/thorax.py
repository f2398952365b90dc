"""The shape of the thorax: rib cage, lungs, mediastinum, diaphragm.

All lengths are mm. x grows to the patient's left, y to posterior, z to the head; z 0 is the level
of the carina. Distances are signed, negative inside.
"""

from typing import Any, Final

import numpy as np

from dicomlake.pipeline.demo.canvas import Canvas, Ellipse

RIB_STEP: Final = 25.0
"""Vertical distance between ribs, and height of a vertebra with its disc."""
PLEURA: Final = 8.5
"""From the outer surface of the ribs to the lung."""

ARCH_TOP: Final = 46.0
"""Above it the aorta has become its three branches."""

_LEVELS: Final = (-120.0, -60.0, -10.0, 30.0, 60.0, 85.0, 110.0)
_CAGE_A: Final = (136.0, 136.0, 133.0, 126.0, 112.0, 92.0, 68.0)
_CAGE_B: Final = (98.0, 96.0, 92.0, 86.0, 77.0, 66.0, 52.0)
_CAGE_Y: Final = (0.0, 0.0, 2.0, 6.0, 13.0, 22.0, 32.0)
_CORE_A: Final = (30.0, 34.0, 40.0, 38.0, 35.0, 32.0, 30.0)
_FRONT_A: Final = (34.0, 26.0, 15.0, 13.0, 20.0, 28.0, 30.0)


def at(z: float, values: tuple[float, ...]) -> float:
    """Return a quantity tabulated by level at height z."""
    return float(np.interp(z, _LEVELS, values))


def cage(x: Any, y: Any, z: float) -> tuple[Any, Any]:
    """Return the distance from the outer surface of the ribs, and the angle around the cage.

    The angle is 0 behind, pi in front, the same on both sides.
    """
    a, b = at(z, _CAGE_A), at(z, _CAGE_B)
    u, v = np.abs(x) / a, (y - at(z, _CAGE_Y)) / b
    norm = (u**2.35 + np.abs(v) ** 2.35) ** (1 / 2.35) + 1e-6
    # A flat back: behind, the cage follows the spine inwards a little.
    dent = 9 * np.exp(-((x / 26) ** 2)) * np.clip(v, 0, 1)
    radius = np.hypot(x, y - at(z, _CAGE_Y))
    return radius * (1 - 1 / norm) + dent, np.arctan2(u, v)


def mediastinum(z: float) -> tuple[Ellipse, ...]:
    """Return the shapes whose union no lung enters at height z."""
    parts = [
        Ellipse(0, 62 + at(z, _CAGE_Y) * 0.4, 25, 30),
        Ellipse(0, 6 + at(z, _CAGE_Y) * 0.5, at(z, _CORE_A), 46),
        Ellipse(2, -66 + at(z, _CAGE_Y), at(z, _FRONT_A), 34),
    ]
    if z < ARCH_TOP:
        parts.append(Ellipse(25, 40, 16, 16))
    if (scale := heart_scale(z)) > 0:
        parts.append(heart(scale).shrunk(-5))
    if -35 < z < 25:
        hilum = 12 * float(np.cos((z + 5) / 30 * np.pi / 2))
        parts += [Ellipse(side * 40, 8, 8 + hilum, 9 + hilum * 0.5) for side in (1, -1)]
    return tuple(parts)


def heart_scale(z: float) -> float:
    """Return the size of the heart at height z against its largest section; 0 where it is not."""
    return float(np.sqrt(max(0.0, 1 - ((z + 62) / 56) ** 2)))


def heart(scale: float) -> Ellipse:
    """Return the outline of the heart, apex to the left and front."""
    return Ellipse(14 + 7 * scale, -22, 24 + 44 * scale, 20 + 29 * scale, -33)


def domes(z: float) -> tuple[Ellipse, ...]:
    """Return the sections of the diaphragm's domes at height z: right, then left."""
    found = []
    for x, y, top, a, b in ((-66.0, 2.0, -62.0, 82.0, 84.0), (74.0, 12.0, -82.0, 70.0, 78.0)):
        if z < top:
            size = float(np.sqrt(1 - min(1.0, ((z - (top - 85)) / 85) ** 2)))
            found.append(Ellipse(x, y, a * size, b * size))
    return tuple(found)


def lung(canvas: Canvas, z: float, from_cage: Any) -> Any:
    """Return the distance from the lungs' surface for every pixel of a slice, true to 8 mm.

    `from_cage` is the first of what `cage` returns for the slice.
    """
    distance = from_cage + PLEURA
    for shape in (*mediastinum(z), *domes(z)):
        rows, columns = canvas.window(shape.x, shape.y, max(shape.a, shape.b) + 8)
        area = distance[rows, columns]
        np.maximum(area, -canvas.distance(shape, rows, columns), out=area)
    return distance


def rib_height(angle: Any, z: float, side: Any) -> Any:
    """Return how far above the nearest rib's middle the level z lies, at an angle of the cage.

    A rib starts behind at its vertebra, falls by 105 mm to the front of its arc, and its cartilage
    climbs back to the sternum.
    """
    fall = 105 * np.sin(np.clip(angle / (0.80 * np.pi), 0, 1) * np.pi / 2) ** 1.4
    climb = 45 * np.clip((angle - 0.80 * np.pi) / (0.2 * np.pi), 0, 1)
    height = z + fall - climb + 1.5 * side
    return (height + RIB_STEP / 2) % RIB_STEP - RIB_STEP / 2
