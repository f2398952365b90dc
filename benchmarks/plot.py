"""Draws what a run measured: CPU time of a file by contender, on a logarithmic scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

_PANELS: Final[Mapping[str, str]] = {
    "header": "Header to typed columns, CPU a file",
    "frames": "Frames of multi-frame headers, CPU a frame",
    "ingest": "Crawl to committed tables, CPU a file, whole process",
}
_WIDTH: Final = 1400
_LABELS: Final = 470
_NUMBERS: Final = 120
_MARGIN: Final = 36
_BAR: Final = 30
_STEP: Final = 44
_HEAD: Final = 74
_FOOT: Final = 44
_GROUND: Final = (255, 255, 255)
_INK: Final = (31, 35, 40)
_QUIET: Final = (110, 118, 129)
_GRID: Final = (222, 226, 230)
_OURS: Final = (14, 116, 144)
_FLOOR: Final = (166, 173, 181)
_OTHER: Final = (217, 119, 6)


@dataclass(frozen=True, slots=True)
class Bar:
    """One contender: median, least and greatest microseconds a unit."""

    name: str
    median: float
    least: float
    most: float

    @property
    def colour(self) -> tuple[int, int, int]:
        """Return the colour by kind of contender."""
        if self.name.startswith("dicomlake"):
            return _OURS
        return _FLOOR if self.name.startswith("floor") else _OTHER


def draw(found: Mapping[str, Any]) -> Image.Image:
    """Return the picture, a panel for each case that has one and was measured."""
    panels = [
        (title, _bars(found["cases"][name]))
        for name, title in _PANELS.items()
        if name in found["cases"]
    ]
    height = sum(_HEAD + len(bars) * _STEP + _FOOT for _, bars in panels) + _MARGIN
    picture = Image.new("RGB", (_WIDTH, max(height, _HEAD)), _GROUND)
    top = 0
    for title, bars in panels:
        _panel(ImageDraw.Draw(picture), top, title, bars)
        top += _HEAD + len(bars) * _STEP + _FOOT
    return picture


def _bars(case: Mapping[str, Any]) -> list[Bar]:
    bars = []
    for name, each in case["contenders"].items():
        if each["amount"] != case["amount"]:
            continue  # a start-up: another number of files
        scale = 1e6 / each["amount"]
        rounds = each["cpu_s"]
        bars.append(Bar(name, each["cpu_us"], min(rounds) * scale, max(rounds) * scale))
    return sorted(bars, key=lambda bar: bar.median)


def _panel(pen: ImageDraw.ImageDraw, top: int, title: str, bars: Sequence[Bar]) -> None:
    least = math.floor(math.log10(max(min(bar.least for bar in bars), 0.1)))
    most = math.ceil(math.log10(max(bar.most for bar in bars)))
    left, right = _MARGIN + _LABELS, _WIDTH - _MARGIN - _NUMBERS

    def x(value: float) -> float:
        share = (math.log10(max(value, 10.0**least)) - least) / max(most - least, 1)
        return left + share * (right - left)

    pen.text((_MARGIN, top + _HEAD / 2), title, _INK, _font(27), anchor="lm")
    bottom = top + _HEAD + len(bars) * _STEP
    for power in range(least, most + 1):
        place = x(10.0**power)
        pen.line((place, top + _HEAD - 6, place, bottom), _GRID, 2)
        pen.text((place, bottom + 14), _micros(10.0**power), _QUIET, _font(19), anchor="mm")
    for number, bar in enumerate(bars):
        middle = top + _HEAD + number * _STEP + _STEP / 2
        pen.text((left - 16, middle), bar.name, _INK, _font(21), anchor="rm")
        end = x(bar.median)
        pen.rectangle((left, middle - _BAR / 2, end, middle + _BAR / 2), bar.colour)
        pen.line((x(bar.least), middle, x(bar.most), middle), _INK, 3)
        for edge in (x(bar.least), x(bar.most)):
            pen.line((edge, middle - 7, edge, middle + 7), _INK, 3)
        place = max(end, x(bar.most)) + 12
        pen.text((place, middle), _micros(bar.median), _INK, _font(21), anchor="lm")


def _micros(value: float) -> str:
    if value >= 1_000:
        return f"{value / 1_000:,.{0 if value >= 10_000 or value == 1_000 else 1}f} ms"
    # us: the font has no letter mu.
    return f"{value:,.{0 if value >= 10 or value == int(value) else 1}f} us"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
