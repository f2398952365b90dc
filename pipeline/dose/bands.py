"""Bands of patients and breasts whose doses may be compared: by weight, age or thickness.

Weight and age are not exchangeable, so every band says which of the two it is of. A patient whose
age is unknown is neither adult nor child and is in no band but `ALL`; so is one whose weight is
unknown in bands of weight.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from dicomlake.config.settings import DoseSettings

Numbers = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Band:
    """A range of one basis: `low` belongs to it, `high` only where `closed`."""

    basis: str
    """`weight` (kg), `age` (years), `thickness` (mm) or `none`."""
    name: str
    low: float = -np.inf
    high: float = np.inf
    closed: bool = False
    adults: bool | None = None
    """Whether it is of adults or of children; None: of both."""
    heads: bool | None = None
    """Whether it is of exams of the head or of all others; None: of both."""


ALL: Final = Band("none", "ALL")
"""Everybody, also those of whom neither age nor weight is known."""
ADULT: Final = "adult"


@dataclass(frozen=True, slots=True)
class Measures:
    """What bands are told by, one value per observation; NaN where unknown."""

    age_years: Numbers
    weight_kg: Numbers
    thickness_mm: Numbers
    head: Mask
    """Whether the exam is of the head."""


def bands(settings: "DoseSettings") -> tuple[Band, ...]:
    """Return all bands of the settings, `ALL` first."""
    adult = settings.adult_age_years
    low, high = settings.adult_weight_kg
    return (
        ALL,
        Band("age", ADULT, low=adult),
        Band("weight", f"adult {low:g} to {high:g} kg", low, high, closed=True, adults=True),
        *_child_weights(settings.weight_bands_kg),
        *_child_ages(settings.head_age_bands_years, adult),
        *_thicknesses(settings.thickness_bands_mm),
    )


def _child_weights(ends: Sequence[float]) -> Iterable[Band]:
    for low, high in itertools.pairwise((0.0, *ends)):
        name = f"child {low:g} to <{high:g} kg" if low else f"child under {high:g} kg"
        yield Band("weight", name, low, high, adults=False, heads=False)


def _child_ages(ends: Sequence[float], adult: float) -> Iterable[Band]:
    inner = [end for end in ends if end < adult]
    for low, high in itertools.pairwise((0.0, *inner)):
        name = f"child {_age(low)} to <{_age(high)}" if low else f"child under {_age(high)}"
        yield Band("age", name, low, high, heads=True)
    if inner:
        yield Band("age", f"child {_age(inner[-1])} and over", inner[-1], adult, heads=True)


def _age(years: float) -> str:
    """Return an age in words: months below a year."""
    number, unit = (years, "year") if years >= 1 else (round(years * _MONTHS, 1), "month")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def _thicknesses(ends: Sequence[float]) -> Iterable[Band]:
    if not ends:
        return
    yield Band("thickness", f"under {ends[0]:g} mm", -np.inf, ends[0])
    for low, high in itertools.pairwise(ends):
        yield Band("thickness", f"{low:g} to <{high:g} mm", low, high)
    yield Band("thickness", f"{ends[-1]:g} mm and over", ends[-1])


def members(band: Band, measures: Measures, adult_age_years: float) -> Mask:
    """Return which observations belong to a band.

    Args:
        band: one of `bands`.
        measures: arrays of one length.
        adult_age_years: age from which a patient is an adult.
    """
    values = {
        "weight": measures.weight_kg,
        "age": measures.age_years,
        "thickness": measures.thickness_mm,
        "none": np.zeros(len(measures.head)),
    }[band.basis]
    # A comparison with NaN is false: what is unknown is in no band.
    below = values <= band.high if band.closed else values < band.high
    inside: Mask = (values >= band.low) & below
    if band.adults is not None:
        grown = measures.age_years >= adult_age_years
        inside &= grown if band.adults else measures.age_years < adult_age_years
    if band.heads is not None:
        inside &= measures.head == band.heads
    return inside


def is_of_adults(band: Band) -> bool:
    """Return whether no child can be in a band."""
    return band.adults is True or (band.basis == "age" and band.name == ADULT)


def head_exams(names: Sequence[str], settings: "DoseSettings") -> Mask:
    """Return which standard exams are of the head, by `dose.head_exams`."""
    pattern = re.compile(settings.head_exams) if settings.head_exams else None
    found = [bool(pattern and pattern.search(name)) for name in names]
    return np.array(found, dtype=np.bool_)
