"""Charts of the dose report as SVG: box plots, cumulative curves and trends.

Colours are classes of the page's style sheet, so that they follow light, dark and print. Every
chart has a title that screen readers speak; every mark one that a pointer shows.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

WIDTH: Final = 400
COLOURS: Final = 8
"""Colours of the style sheet, `c0` to `c7`; what comes after them is grey, `c8`."""
CURVE_POINTS: Final = 101
DOTS: Final = 15
"""Values beyond the whiskers that a box shows at most: the farthest."""

_LABEL: Final = 112
_COUNT: Final = 40
_ROW: Final = 26
_AXIS: Final = 34
_TOP: Final = 18
_CURVE_HEIGHT: Final = 190
_LEFT: Final = 38
_LABEL_LETTERS: Final = 15
_DETAIL_LETTERS: Final = 120


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one device."""

    label: str
    detail: str
    values: Numbers
    colour: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A level drawn across a chart."""

    value: float
    label: str
    kind: str
    """Class of the style sheet: `published` or `own`."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The values of one stretch of time."""

    label: str
    values: Numbers


@dataclass(frozen=True, slots=True)
class _Axis:
    """A linear scale from 0 to `top`, between two pixels."""

    top: float
    start: float
    end: float

    def at(self, value: float) -> float:
        return self.start + (self.end - self.start) * min(value, self.top) / self.top

    def ticks(self) -> list[float]:
        step = 10 ** math.floor(math.log10(self.top / 4))
        step *= next(each for each in (1, 2, 2.5, 5, 10) if step * each >= self.top / 4.5)
        return [step * i for i in range(int(self.top / step + 1e-9) + 1)]


def shown(value: float) -> str:
    """Return a number for people: three figures, no exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{min(digits, 6)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def box_plots(title: str, unit: str, groups: Sequence[Group], marks: Sequence[Mark]) -> str:
    """Return a box per group: quartiles, whiskers from the 5th to the 95th percentile."""
    axis = _Axis(_top(groups, marks), _LABEL, WIDTH - _COUNT)
    height = _TOP + _ROW * len(groups) + _AXIS
    bottom = _TOP + _ROW * len(groups)
    parts = [*_vertical_axis_lines(axis, unit, _TOP, bottom)]
    for row, group in enumerate(groups):
        parts.extend(_box(group, axis, _TOP + _ROW * row + _ROW / 2))
    parts.extend(_vertical_marks(marks, axis, bottom))
    parts.append(f'<text class="small" x="{WIDTH}" y="10" text-anchor="end">n</text>')
    return _svg(title, height, parts)


def cumulative(title: str, unit: str, groups: Sequence[Group], marks: Sequence[Mark]) -> str:
    """Return the part of the values that is not above a dose, as a curve per group."""
    axis = _Axis(_top(groups, marks), _LEFT, WIDTH - 8)
    bottom = _TOP + _CURVE_HEIGHT
    parts = [*_vertical_axis_lines(axis, unit, _TOP, bottom)]
    percents = np.linspace(0, 100, CURVE_POINTS)
    heights = bottom - (bottom - _TOP) * percents / 100
    for percent in (25, 50, 75, 100):
        y = bottom - (bottom - _TOP) * percent / 100
        kind = "guide" if percent == 75 else "grid"  # noqa: PLR2004  (the percentile of a DRL)
        parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - 8}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="small" x="{_LEFT - 5}" y="{y + 4}" text-anchor="end">{percent} %</text>'
        )
    for group in reversed(groups):  # the first on top
        doses = np.percentile(group.values, percents)
        inside = doses <= axis.top
        points = " ".join(
            f"{axis.at(x):.1f},{y:.1f}"
            for x, y in zip(doses[inside].tolist(), heights[inside].tolist(), strict=True)
        )
        parts.append(
            f'<polyline class="curve c{group.colour}" points="{points}">'
            f"<title>{escape(group.label[:_DETAIL_LETTERS])}</title></polyline>"
        )
    parts.extend(_vertical_marks(marks, axis, bottom))
    return _svg(title, bottom + _AXIS, parts)


def trend(title: str, unit: str, moments: Sequence[Moment], marks: Sequence[Mark]) -> str:
    """Return median and quartiles over time, a point per stretch that has values."""
    quartiles = [np.percentile(each.values, (25, 50, 75)).tolist() for each in moments]
    top = max([q[2] for q in quartiles] + [mark.value for mark in marks], default=1.0) * 1.1 or 1.0
    axis = _Axis(top, _TOP + _CURVE_HEIGHT, _TOP)
    right = WIDTH - 12
    step = (right - _LEFT - 12) / max(1, len(moments) - 1)
    xs = [_LEFT + 12 + step * i for i in range(len(moments))]
    if len(xs) == 1:
        xs = [(_LEFT + right) / 2]
    parts = [f'<text class="small" x="0" y="10">{escape(unit)}</text>']
    for tick in axis.ticks():
        y = axis.at(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="small" x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">'
            f"{shown(tick)}</text>"
        )
    upper = [f"{x:.1f},{axis.at(q[2]):.1f}" for x, q in zip(xs, quartiles, strict=True)]
    lower = [f"{x:.1f},{axis.at(q[0]):.1f}" for x, q in zip(xs, quartiles, strict=True)]
    line = [f"{x:.1f},{axis.at(q[1]):.1f}" for x, q in zip(xs, quartiles, strict=True)]
    parts.append(f'<polygon class="spread" points="{" ".join(upper + lower[::-1])}"/>')
    parts.append(f'<polyline class="curve c0" points="{" ".join(line)}"/>')
    for moment, x, q in zip(moments, xs, quartiles, strict=True):
        note = f"{moment.label}: median {shown(q[1])}, {shown(q[0])} to {shown(q[2])} {unit}, "
        parts.append(
            f'<circle class="point" cx="{x:.1f}" cy="{axis.at(q[1]):.1f}" r="3">'
            f"<title>{escape(note)}n = {len(moment.values)}</title></circle>"
        )
    for mark in marks:
        y = axis.at(mark.value)
        parts.append(
            f'<line class="{mark.kind}" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}">'
            f"<title>{escape(mark.label)}</title></line>"
        )
    every = max(1, math.ceil(len(moments) / 6))
    parts.extend(
        f'<text class="small" x="{xs[i]:.1f}" y="{_TOP + _CURVE_HEIGHT + 16}" '
        f'text-anchor="middle">{escape(moments[i].label)}</text>'
        for i in range(0, len(moments), every)
    )
    return _svg(title, _TOP + _CURVE_HEIGHT + _AXIS, parts)


def bar(part: float) -> str:
    """Return a bar of a part between 0 and 1."""
    width = 100 * min(1.0, max(0.0, part))
    return (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/>'
        f'<rect class="filled" width="{width:.1f}" height="8"/></svg>'
    )


def _top(groups: Sequence[Group], marks: Sequence[Mark]) -> float:
    """Return the end of the axis: what whiskers and levels need, not what one value would."""
    ends = [float(np.percentile(group.values, 95)) for group in groups]
    return max([*ends, *(mark.value for mark in marks)], default=1.0) * 1.15 or 1.0


def _box(group: Group, axis: _Axis, y: float) -> Iterable[str]:
    p5, p25, p50, p75, p95 = np.percentile(group.values, (5, 25, 50, 75, 95)).tolist()
    note = (
        f"{group.detail[:_DETAIL_LETTERS]}: "
        f"median {shown(p50)}, quartiles {shown(p25)} and {shown(p75)}, "
        f"5 to 95 %: {shown(p5)} to {shown(p95)}, n = {len(group.values)}"
    )
    label = group.label
    if len(label) > _LABEL_LETTERS:
        label = label[: _LABEL_LETTERS - 1] + "…"
    left, right, middle = axis.at(p25), axis.at(p75), axis.at(p50)
    yield f'<g class="box c{group.colour}"><title>{escape(note)}</title>'
    yield _text("label", _LABEL - 8, y + 4, label)
    yield f'<line x1="{axis.at(p5):.1f}" x2="{axis.at(p95):.1f}" y1="{y}" y2="{y}"/>'
    for end in (p5, p95):
        yield f'<line x1="{axis.at(end):.1f}" x2="{axis.at(end):.1f}" y1="{y - 4}" y2="{y + 4}"/>'
    yield (
        f'<rect x="{left:.1f}" y="{y - 7.5}" width="{max(1.0, right - left):.1f}" height="15" '
        f'rx="2"/>'
    )
    yield (
        f'<line class="median" x1="{middle:.1f}" x2="{middle:.1f}" y1="{y - 7.5}" y2="{y + 7.5}"/>'
    )
    yield from _dots(group.values, p95, axis, y)
    yield _text("small", WIDTH, y + 4, str(len(group.values))) + "</g>"


def _dots(values: Numbers, p95: float, axis: _Axis, y: float) -> Iterable[str]:
    beyond = np.sort(values[values > p95])[-DOTS:]
    for value in beyond[beyond <= axis.top].tolist():
        yield f'<circle cx="{axis.at(value):.1f}" cy="{y}" r="1.8"/>'
    off = int((values > axis.top).sum())
    if off:
        x = axis.end
        yield (
            f'<path class="off" d="M{x - 4},{y - 4}L{x + 2},{y}L{x - 4},{y + 4}Z"><title>'
            f"{off} beyond the axis, up to {shown(float(values.max()))}</title></path>"
        )


def _vertical_axis_lines(axis: _Axis, unit: str, top: float, bottom: float) -> Iterable[str]:
    ticks = axis.ticks()
    for tick in ticks:
        x = axis.at(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>'
        yield (
            f'<text class="small" x="{x:.1f}" y="{bottom + 15}" text-anchor="middle">'
            f"{shown(tick)}</text>"
        )
    middle = (axis.start + axis.end) / 2
    yield (
        f'<text class="small" x="{middle:.1f}" y="{bottom + 30}" text-anchor="middle">'
        f"{escape(unit)}</text>"
    )


def _vertical_marks(marks: Sequence[Mark], axis: _Axis, bottom: float) -> Iterable[str]:
    for mark in marks:
        x = axis.at(mark.value)
        yield (
            f'<line class="{mark.kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{bottom}">'
            f"<title>{escape(mark.label)}</title></line>"
        )


def _text(kind: str, right: float, y: float, text: str) -> str:
    """Return a text that ends at `right`."""
    return f'<text class="{kind}" x="{right}" y="{y}" text-anchor="end">{escape(text)}</text>'


def _svg(title: str, height: float, parts: Iterable[str]) -> str:
    return (
        f'<svg class="chart" role="img" viewBox="0 0 {WIDTH} {height:g}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )
