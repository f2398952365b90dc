"""Judges volumes that a tool made of a series: each voxel's place and value against its slice.

Nothing here knows a tool. A plane of a tool's array is recognised by its content among the slices
that the files hold, whatever the tool did to order and direction; then the tool's own affine says
where it put the plane, and the slice's position and orientation say where it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SAME_CONTENT: Final = 0.99
"""Least correlation of a plane with the slice it is taken for; less: it is none of them."""
_TIE: Final = 1e-6
_POSITION_MM: Final = 0.01
_OF_STEP: Final = 0.01
_ROUNDED: Final = 1e-5
"""Of the greatest value: what single precision may have changed."""
_BUGS: Final = frozenset(
    {
        "AssertionError",
        "AttributeError",
        "IndexError",
        "KeyError",
        "NameError",
        "TypeError",
        "UnboundLocalError",
        "ZeroDivisionError",
    }
)
"""What is raised where a tool did not foresee the input: no refusal, though it makes no volume."""


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A slice as its file has it: values [rows, columns], and LPS positions in millimetres.

    `steps` [3, 2] goes one column on (along the row), and one row on. Values are None where the
    pixels cannot be read, origin and steps where the file does not say them.
    """

    values: Array | None
    origin: Array | None
    steps: Array | None

    def corners(self) -> tuple[tuple[tuple[int, int], Array], ...]:
        """Return (column, row) of the corner voxels and where they are."""
        assert self.values is not None
        assert self.origin is not None
        assert self.steps is not None
        rows, columns = self.values.shape
        return tuple(
            (at, self.origin + self.steps @ at) for at in product((0, columns - 1), (0, rows - 1))
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """What a series is: its slices, and the members of each volume, by index, in order.

    A series that must be refused has no volumes.
    """

    sources: tuple[Source, ...]
    volumes: tuple[tuple[int, ...], ...]
    reason: str | None = None
    units: str = "HU"

    def same(self, index: int) -> int:
        """Return the first slice with this one's content and place: a duplicate counts as it."""
        this = self.sources[index]
        for first, other in enumerate(self.sources[:index]):
            if (
                other.values is not None
                and this.values is not None
                and np.array_equal(other.values, this.values)
                and _equal(other.origin, this.origin)
                and _equal(other.steps, this.steps)
            ):
                return first
        return index


def _equal(a: Array | None, b: Array | None) -> bool:
    return (a is None and b is None) or (a is not None and b is not None and np.array_equal(a, b))


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A volume that a tool made: array [i, j, k], and its affine from i, j, k to LPS."""

    array: npt.NDArray[Any]
    affine: Array


@dataclass(frozen=True, slots=True)
class Fit:
    """A volume's planes taken for slices.

    Attributes:
        slices: of each plane its slice, or None: it is none of them.
        errors_mm: of each plane the greatest distance of a corner from where the slice's own
            position puts it; None where it says none, so that the tool made one up.
        value_errors: of each plane the greatest difference of a value.
    """

    slices: tuple[int | None, ...]
    errors_mm: tuple[float | None, ...]
    value_errors: tuple[float, ...]

    @classmethod
    def nothing(cls, planes: int) -> "Fit":
        """Return a volume none of whose planes is a slice."""
        return cls((None,) * planes, (0.0,) * planes, (0.0,) * planes)

    @property
    def known(self) -> frozenset[int]:
        """Return the slices that were recognised."""
        return frozenset(each for each in self.slices if each is not None)

    def worst_value(self, allowed: Callable[[int], bool]) -> float:
        """Return the greatest difference of a value among slices that count."""
        pairs = zip(self.slices, self.value_errors, strict=True)
        return max((e for n, e in pairs if n is not None and allowed(n)), default=0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a series: one of a few kinds, and in words."""

    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How a tool ended: `made`, `nothing`, `raised`, `killed` or `timeout`; and what it raised."""

    how: str
    error: str = ""
    made: tuple[Made, ...] = field(default=())


def fit(made: Made, sources: Sequence[Source]) -> Fit:
    """Recognise the planes of a volume among slices, along the axis and directions that fit best.

    Slices of other sizes are simply not recognised.
    """
    best = (-1.0, Fit.nothing(made.array.shape[-1]))
    for axis, turned, flips in product(range(3), (False, True), product((1, -1), repeat=2)):
        planes = np.moveaxis(made.array, axis, 0).astype(np.float64)
        # Planes as [rows, columns] of a slice, and the affine from (plane, row, column).
        affine = made.affine[:, [axis, *[n for n in range(3) if n != axis], 3]]
        if turned:
            planes, affine = planes.transpose(0, 2, 1), affine[:, [0, 2, 1, 3]]
        planes, affine = _flipped(planes, affine, flips)
        score, found = _recognised(planes, affine, sources)
        if score > best[0]:
            best = score, found
    return best[1]


def _flipped(planes: Array, affine: Array, flips: tuple[int, ...]) -> tuple[Array, Array]:
    affine = affine.copy()
    for axis, flip in enumerate(flips, start=1):
        if flip < 0:
            planes = np.flip(planes, axis)
            affine[:, 3] += affine[:, axis] * (planes.shape[axis] - 1)
            affine[:, axis] *= -1
    return planes, affine


def _recognised(planes: Array, affine: Array, sources: Sequence[Source]) -> tuple[float, Fit]:
    """Return the mean of the planes' best correlations, and the planes taken for slices."""
    usable = [
        (index, each.values)
        for index, each in enumerate(sources)
        if each.values is not None and each.values.shape == planes.shape[1:]
    ]
    if not usable:
        return -1.0, Fit.nothing(len(planes))
    likeness = _correlations(planes, np.stack([values for _, values in usable]))
    found: list[tuple[int | None, float | None, float]] = []
    for k, alike in enumerate(likeness):
        if alike.max() < SAME_CONTENT:
            found.append((None, 0.0, 0.0))
            continue
        candidates = [usable[n][0] for n in np.flatnonzero(alike >= alike.max() - _TIE)]
        costs = [(n, *_apart(planes[k], affine, k, sources[n])) for n in candidates]
        found.append(min(costs, key=lambda cost: (cost[2], cost[1] is None, cost[1] or 0)))
    slices, errors, differences = zip(*found, strict=True)
    return float(likeness.max(axis=1).mean()), Fit(slices, errors, differences)


def _correlations(planes: Array, slices: Array) -> Array:
    """Return how alike each plane [n] and each slice [m] are: the size of their correlation.

    An inverted picture is still recognised; a constant one is like every constant one.
    """
    unit = []
    for stack in (planes, slices):
        flat = stack.reshape(len(stack), -1)
        flat = np.where(np.isfinite(flat), flat, 0.0)
        flat = flat - flat.mean(axis=1, keepdims=True)
        size = np.linalg.norm(flat, axis=1, keepdims=True)
        unit.append((np.divide(flat, size, out=np.zeros_like(flat), where=size > 0), size[:, 0]))
    (a, a_size), (b, b_size) = unit
    found: Array = np.abs(a @ b.T)
    found[np.ix_(a_size == 0, b_size == 0)] = 1.0
    return found


def _apart(plane: Array, affine: Array, k: int, source: Source) -> tuple[float | None, float]:
    """Return the greatest difference in place, where the slice has one, and in value."""
    assert source.values is not None
    same = (plane == source.values) | (np.isnan(plane) & np.isnan(source.values))
    difference = 0.0 if same.all() else float(np.abs(plane - source.values)[~same].max())
    if source.origin is None or source.steps is None:
        return None, difference
    distances = [
        np.linalg.norm((affine @ (k, row, column, 1.0))[:3] - place)
        for (column, row), place in source.corners()
    ]
    return float(max(distances)), difference


def judge(truth: Truth, ended: Ended) -> Verdict:
    """Return what a tool made of a series, the worst first."""
    if not ended.made:
        if ended.how in ("killed", "timeout") or ended.error in _BUGS:
            return Verdict("crashed", f"crashed ({ended.error or ended.how})")
        return Verdict("refused", "refused")
    fits = [fit(each, truth.sources) for each in ended.made]
    faults = [*_faults(truth, ended.made, fits)]
    if faults:
        return Verdict(faults[0][0], ", ".join(words for _, words in faults))
    if truth.volumes:
        return Verdict("exact", "exact")
    dropped = len(
        {truth.same(n) for n, each in enumerate(truth.sources) if each.values is not None}
    )
    dropped -= len({truth.same(n) for each in fits for n in each.known})
    return Verdict("accepted", f"accepted, {_slices(dropped)} dropped" if dropped else "accepted")


def _faults(truth: Truth, made: Sequence[Made], fits: Sequence[Fit]) -> Iterator[tuple[str, str]]:
    """Yield each kind of fault with its words."""
    volume_of = {truth.same(n): v for v, members in enumerate(truth.volumes) for n in members}
    parts = [{volume_of.get(truth.same(n)) for n in each.known} for each in fits]
    # A scout in a volume of its own harms nobody.
    counted = [n for n, part in enumerate(parts) if not truth.volumes or part != {None}]
    merged = bool(truth.volumes) and any(len(parts[n]) > 1 for n in counted)
    if merged:
        yield "merged", "merged"
    errors = [error for n in counted for error in fits[n].errors_mm]
    error = max((each for each in errors if each is not None), default=0.0)
    step = max((_step(made[n]) for n in counted), default=0.0)
    if error > max(_POSITION_MM, _OF_STEP * step):
        yield "wrong geometry", f"wrong geometry ({error:.{1 if error >= 0.1 else 2}f} mm)"
    if None in errors:
        yield "wrong geometry", f"position made up ({_slices(errors.count(None))})"

    def counts(index: int) -> bool:
        return not truth.volumes or truth.same(index) in volume_of

    difference = max((fits[n].worst_value(counts) for n in counted), default=0.0)
    if difference > _ROUNDED * _greatest(truth):
        size = f"{difference:,.0f}" if difference >= 100 else f"{difference:.3g}"
        yield "wrong values", f"wrong values (max {size} {truth.units})"
    strange = sum(fits[n].slices.count(None) for n in counted)
    if strange:
        yield "wrong values", f"values of no file ({_slices(strange)})"
    yield from _lost_or_cut(truth, [fits[n] for n in counted], merged=merged)


def _lost_or_cut(truth: Truth, fits: Sequence[Fit], *, merged: bool) -> Iterator[tuple[str, str]]:
    """Yield slices of a volume that are nowhere, and a volume that came in pieces."""
    if not truth.volumes:
        return
    found = {truth.same(n) for each in fits for n in each.known}
    lost = sum(truth.same(n) not in found for members in truth.volumes for n in members)
    if lost:
        yield "incomplete", f"{_slices(lost)} lost"
    for members in () if merged else truth.volumes:
        wanted = {truth.same(n) for n in members} & found
        pieces = [{truth.same(n) for n in each.known} & wanted for each in fits]
        if not any(piece == wanted for piece in pieces):
            yield "cut", f"cut into {sum(map(bool, pieces))}"
            return


def _slices(count: int) -> str:
    return "1 slice" if count == 1 else f"{count} slices"


def _step(made: Made) -> float:
    """Return the greatest of the three steps: tolerances are a part of that between slices."""
    return float(np.linalg.norm(made.affine[:3, :3], axis=0).max())


def _greatest(truth: Truth) -> float:
    values = [np.nanmax(np.abs(s.values)) for s in truth.sources if s.values is not None]
    return float(max(values, default=1.0))
