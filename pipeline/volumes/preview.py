"""A picture of a volume: its three middle planes as a radiologist looks at them.

The picture is the same for the same voxels, geometry and installed Pillow: it holds no time, no
path and no text chunk. Slices of a tilted gantry are drawn as they lie: every slice is a straight
line, shifted along its own plane against the one before by what the affine says, so that distances
and angles within each picture are true and the picture is a parallelogram on black.
"""

import math
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from itertools import permutations
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.volumes.windows import (
    WINDOWS,
    Window,
    absent,
    default_window,
)

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

Vector = npt.NDArray[np.float64]

LONGEST: Final = 320
"""Length of the longer side of a plane, in pixels."""
LUNG_FRACTION: Final = 0.04
"""A CT is shown in the lung window too where this part of the planes has the values of lung."""
_LUNG_HU: Final = (-950.0, -600.0)
_MARGIN: Final = 20
_TEXT: Final = 13
_CAPTION: Final = 130
"""Least width of a panel in pixels, for the line below it."""
_INK: Final = 200
_OBLIQUE: Final = 0.25
"""Least component of a direction, of its length, that adds a letter: 14.5 degrees."""
_STRAIGHT_PX: Final = 0.5
_RUNS: Final = 3
"""Strategy of zlib: Z_RLE."""

_NAMES: Final = ("sagittal", "coronal", "axial")
"""Name of the plane across the LPS axis of that number."""
_LETTERS: Final = ("RL", "AP", "FH")
"""Letters of the negative and the positive end of each LPS axis."""
_ACROSS_AND_DOWN: Final = {"axial": (0, 1), "coronal": (0, 2), "sagittal": (1, 2)}
"""LPS axis that runs across the picture, and the one that runs down or up."""
_TOWARDS: Final = (1.0, 1.0, -1.0)
"""Sign of each LPS axis to the right or downwards: left, posterior, feet."""


@dataclass(frozen=True, slots=True)
class View:
    """How one plane of the array [z, y, x] becomes a picture."""

    name: str
    """axial, coronal or sagittal."""
    cut: int
    """Array axis that the plane is taken across: 0 slices, 1 rows, 2 columns."""
    transposed: bool
    """The plane's second array axis runs down, its first one across."""
    flipped: tuple[bool, bool]
    """Down and across: whether the index runs against the picture."""
    down: Vector
    """Step of a pixel downwards, LPS, mm."""
    across: Vector
    """Step of a pixel to the right, LPS, mm."""
    straight_down: bool
    """The lines that are drawn straight run down; else across."""

    def oriented(self, plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a plane of the array as it stands in the picture."""
        turned = plane.T if self.transposed else plane
        return turned[:: -1 if self.flipped[0] else 1, :: -1 if self.flipped[1] else 1]


def views(affine_lps: npt.NDArray[np.float64]) -> tuple[View, View, View]:
    """Return axial, coronal and sagittal view of a grid, by anatomy.

    Args:
        affine_lps: 4 x 4, from index (column, row, slice) to LPS, mm.
    """
    steps = np.asarray(affine_lps, np.float64).reshape(4, 4)[:3, 2::-1].T  # by array axis z, y, x
    lengths = np.linalg.norm(steps, axis=1)
    directions = steps / np.where(lengths > 0, lengths, 1.0)[:, None]
    # Which LPS axis each array axis runs along: one each, the nearest in sum.
    along = max(permutations(range(3)), key=lambda axes: _nearness(directions, axes))
    found = {_NAMES[along[cut]]: _view(cut, along, steps) for cut in range(3)}
    return found["axial"], found["coronal"], found["sagittal"]


def _nearness(directions: Vector, axes: tuple[int, ...]) -> float:
    return float(sum(abs(directions[k, axis]) for k, axis in enumerate(axes)))


def _view(cut: int, along: tuple[int, ...], steps: Vector) -> View:
    name = _NAMES[along[cut]]
    first, second = (axis for axis in range(3) if axis != cut)
    across_lps, _ = _ACROSS_AND_DOWN[name]
    transposed = along[first] == across_lps
    down, across = (second, first) if transposed else (first, second)
    flipped = tuple(steps[axis, along[axis]] * _TOWARDS[along[axis]] < 0 for axis in (down, across))
    return View(
        name=name,
        cut=cut,
        transposed=transposed,
        flipped=(bool(flipped[0]), bool(flipped[1])),
        down=-steps[down] if flipped[0] else steps[down],
        across=-steps[across] if flipped[1] else steps[across],
        # Rows and columns of a slice are straight; a stack of slices may lean.
        straight_down=across == 0,
    )


class Preview:
    """The three middle planes of a volume, gathered while its slabs pass by.

    Args:
        shape: slices, rows, columns.
        affine_lps: 4 x 4 or 16 numbers, from index (column, row, slice) to LPS, mm.
        spacing: distance of slices, rows and columns, mm.
        modality: of the series.
        units: of the voxels.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        affine_lps: npt.NDArray[np.float64],
        spacing: tuple[float, float, float],
        modality: str | None,
        units: str | None,
    ) -> None:
        self._shape = shape
        self._middle = (shape[0] // 2, shape[1] // 2, shape[2] // 2)
        self._views = views(_scaled(affine_lps, spacing))
        self._modality = modality
        self._units = units
        self._planes: tuple[npt.NDArray[Any], ...] = ()
        self._seen = 0

    def add(self, start: int, slab: npt.NDArray[Any]) -> None:
        """Take the slices `start`.. [slices, rows, columns]; each slice comes once, in any order.

        Memory holds three planes; the slab may be overwritten afterwards.
        """
        if not self._planes:
            z, y, x = self._shape
            self._planes = tuple(np.zeros(shape, slab.dtype) for shape in ((y, x), (z, x), (z, y)))
        stop = start + len(slab)
        if start <= self._middle[0] < stop:
            self._planes[0][:] = slab[self._middle[0] - start]
        self._planes[1][start:stop] = slab[:, self._middle[1]]
        self._planes[2][start:stop] = slab[:, :, self._middle[2]]
        self._seen += len(slab)

    def png(self) -> bytes:
        """Return the picture: axial, coronal, sagittal; CT with lungs in two rows.

        Raises:
            ValueError: slices are lacking.
        """
        if self._seen != self._shape[0]:
            raise ValueError(f"{self._seen} of {self._shape[0]} slices were added")
        rows = [
            [_panel(view, self._planes[view.cut], window, said) for view in self._views]
            for window, said in self._windows()
        ]
        return _encoded(_sheet(rows))

    def _windows(self) -> list[tuple[Window, str]]:
        first = default_window(self._modality, self._units, self._planes)
        if not (self._modality == "CT" and self._units == "HU"):
            return [(first, "")]
        chosen = [(first, _said(first))]
        if _lung_part(self._planes) >= LUNG_FRACTION:
            lung = Window(*WINDOWS["lung"])
            chosen.append((lung, _said(lung)))
        return chosen


def _scaled(affine: npt.NDArray[np.float64], spacing: tuple[float, float, float]) -> Vector:
    """Return the affine with steps of exactly these lengths; directions are kept."""
    scaled = np.array(affine, np.float64).reshape(4, 4)
    for column, length in zip((2, 1, 0), spacing, strict=True):
        norm = np.linalg.norm(scaled[:3, column])
        if norm > 0:
            scaled[:3, column] *= length / norm
    return scaled


def _said(window: Window) -> str:
    return f"{window.centre:g} / {window.width:g} HU"


def _lung_part(planes: tuple[npt.NDArray[Any], ...]) -> float:
    """Return the part of the voxels of the planes that has the values of lung."""
    low, high = _LUNG_HU
    count = sum(int(((each > low) & (each < high)).sum()) for each in planes)
    return count / max(1, sum(int((~absent(each)).sum()) for each in planes))


def _panel(view: View, plane: npt.NDArray[Any], window: Window, said: str) -> "Image":
    """Return one plane as a picture with its letters around it."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  (only where a picture is drawn)

    picture = _drawn(view, window.grey(view.oriented(plane)))
    width, height = picture.size
    wide = max(width, _CAPTION) + 2 * _MARGIN
    left = (wide - width) // 2
    panel = Image.new("L", (wide, height + 3 * _MARGIN), 0)
    panel.paste(picture, (left, _MARGIN))
    draw = ImageDraw.Draw(panel)
    middle, half = _MARGIN + height / 2, _MARGIN / 2
    _write(draw, left - half, middle, letters(-view.across), stacked=True)
    _write(draw, left + width + half, middle, letters(view.across), stacked=True)
    _write(draw, wide / 2, half, letters(-view.down))
    _write(draw, wide / 2, _MARGIN + height + half, letters(view.down))
    _write(draw, wide / 2, 2 * _MARGIN + height + half, f"{view.name}  {said}".rstrip())
    return panel


def letters(direction: Vector) -> str:
    """Return the patient's directions that a vector in LPS points to, the greatest part first."""
    parts = direction / (np.linalg.norm(direction) or 1.0)
    order = sorted(range(3), key=lambda axis: -abs(parts[axis]))
    return "".join(
        _LETTERS[axis][int(parts[axis] > 0)]
        for place, axis in enumerate(order)
        if place == 0 or abs(parts[axis]) >= _OBLIQUE
    )


def _write(draw: "ImageDraw", x: float, y: float, text: str, *, stacked: bool = False) -> None:
    font = _font()
    if stacked:  # at the sides there is room for one letter a line
        for place, letter in enumerate(text):
            offset = (place - (len(text) - 1) / 2) * (_TEXT + 1)
            draw.text((x, y + offset), letter, fill=_INK, font=font, anchor="mm")
    else:
        draw.text((x, y), text, fill=_INK, font=font, anchor="mm")


@cache
def _font() -> "FreeTypeFont":
    from PIL import ImageFont  # noqa: PLC0415  (only where a picture is drawn)

    return cast("FreeTypeFont", ImageFont.load_default(_TEXT))


def _drawn(view: View, grey: npt.NDArray[np.uint8]) -> "Image":
    """Return a plane with square pixels, its longer side `LONGEST`."""
    if view.straight_down:  # drawn with its straight lines across, then turned
        return _leaning(grey.T, view.down, view.across).transpose(_transpose())
    return _leaning(grey, view.across, view.down)


def _transpose() -> Any:
    from PIL import Image  # noqa: PLC0415  (only where a picture is drawn)

    return Image.Transpose.TRANSPOSE


def _leaning(grey: npt.NDArray[np.uint8], across: Vector, down: Vector) -> "Image":
    """Return lines [line, pixel] at true distance, each shifted along itself as `down` leans.

    Args:
        grey: grey values.
        across: step along a line, mm.
        down: step from line to line, mm.
    """
    from PIL import Image  # noqa: PLC0415  (only where a picture is drawn)

    lines, pixels = grey.shape
    pitch = float(np.linalg.norm(across)) or 1.0
    lean = float(down @ across) / pitch
    drop = math.sqrt(max(float(down @ down) - lean**2, 0.0)) or 1.0
    drift = lean * (lines - 1)
    scale = LONGEST / max(pitch * pixels + abs(drift), drop * lines)
    size = (max(1, round(pitch * pixels * scale)), max(1, round(drop * lines * scale)))
    # Bilinear with the support of a pixel of the result: shrinking averages, nothing overshoots.
    picture = Image.fromarray(np.ascontiguousarray(grey)).resize(size, Image.Resampling.BILINEAR)
    if abs(drift) * scale < _STRAIGHT_PX:
        return picture
    wider = size[0] + round(abs(drift) * scale)
    slope = lean / drop
    origin = 0.0 if drift >= 0 else wider - size[0]
    middle = 0.5 * drop * scale  # the first line is where it was: its own middle does not move
    return picture.transform(
        (wider, size[1]),
        Image.Transform.AFFINE,
        (1.0, -slope, slope * middle - origin, 0.0, 1.0, 0.0),
        Image.Resampling.BILINEAR,
        fillcolor=0,
    )


def _sheet(rows: list[list["Image"]]) -> "Image":
    """Return the panels side by side, each row centred, columns aligned."""
    from PIL import Image  # noqa: PLC0415  (only where a picture is drawn)

    widths = [max(row[place].width for row in rows) for place in range(len(rows[0]))]
    heights = [max(panel.height for panel in row) for row in rows]
    sheet = Image.new("L", (sum(widths), sum(heights)), 0)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for panel, width in zip(row, widths, strict=True):
            place = (left + (width - panel.width) // 2, top + (height - panel.height) // 2)
            sheet.paste(panel, place)
            left += width
        top += height
    return sheet


def _encoded(picture: "Image") -> bytes:
    """Return a picture as PNG (ISO/IEC 15948)."""
    encoded = BytesIO()
    # Runs alone: half the time of Pillow's own choice, for as many bytes.
    picture.save(encoded, "PNG", compress_level=1, compress_type=_RUNS)
    return encoded.getvalue()
