"""Units of measured values, as vendors spell them, to the units of the columns.

UCUM codes and their misspellings are read alike; what is not known is never guessed (UCUM; the
units of dose are in PS3.16 TID 10001 to 10024).
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from dicomlake.pipeline.dose.codes import Code

_Unit = tuple[str, Fraction]
"""Dimension, and how many of its base unit make one."""

_UCUM: Final = frozenset({"UCUM", ""})
"""Canonical schemes of units: some writers leave the scheme out."""
_PREFIXES: Final[Mapping[str, Fraction]] = {
    "": Fraction(1),
    "G": Fraction(10**9),
    "M": Fraction(10**6),
    "k": Fraction(10**3),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
    "m": Fraction(1, 10**3),
    "u": Fraction(1, 10**6),
    "n": Fraction(1, 10**9),
}
_LENGTHS: Final = tuple((p, _PREFIXES[p]) for p in ("", "d", "c", "m", "u"))
_DOSES: Final = tuple((p, _PREFIXES[p]) for p in ("", "k", "d", "c", "m", "u", "n"))


def _dose_units() -> Iterator[tuple[str, str, Fraction]]:
    """Yield spelling, dimension and factor of kerma, its products, and dose."""
    for prefix, factor in _DOSES:
        yield f"{prefix}Gy", "kerma", factor
        yield f"{prefix}Sv", "effective dose", factor
        for length, of_metre in _LENGTHS:
            # Never the length first: `m.Gy` without its point is the milligray.
            yield f"{prefix}Gy{length}m", "kerma length", factor * of_metre
            for spelling in (f"{prefix}Gy{length}m2", f"{length}m2{prefix}Gy"):
                yield spelling, "kerma area", factor * of_metre**2


def _activity_units() -> Iterator[tuple[str, str, Fraction]]:
    for prefix, factor in _PREFIXES.items():
        yield f"{prefix}Bq", "activity", factor
        yield f"{prefix}Ci", "activity", factor * 37 * 10**9
        for mole, count in (("mol", 1), ("mmol", 10**3), ("umol", 10**6), ("nmol", 10**9)):
            yield f"{prefix}Bq/{mole}", "molar activity", factor * count


def _space_units() -> Iterator[tuple[str, str, Fraction]]:
    for length, of_metre in _LENGTHS:
        yield f"{length}m", "length", of_metre
        yield f"{length}m2", "area", of_metre**2
        yield f"{length}m3", "volume", of_metre**3
    for prefix, factor in _LENGTHS:
        for litre in ("L", "l"):
            yield f"{prefix}{litre}", "volume", factor / 1000
            yield f"{prefix}mol/{litre}", "concentration", factor * 1000


def _other_units() -> Iterator[tuple[str, str, Fraction]]:
    for prefix in ("", "k", "m", "u"):
        factor = _PREFIXES[prefix]
        yield f"{prefix}A", "current", factor
        yield f"{prefix}As", "charge", factor
        yield f"{prefix}Ams", "charge", factor / 1000
        yield f"{prefix}V", "voltage", factor
        yield f"{prefix}N", "force", factor
        yield f"{prefix}g", "mass", factor / 1000
    for prefix in ("", "m", "u", "n"):
        yield f"{prefix}s", "time", _PREFIXES[prefix]


_OTHERS: Final[Mapping[str, _Unit]] = {
    "1": ("number", Fraction(1)),
    "": ("number", Fraction(1)),
    "%": ("percent", Fraction(1)),
    "percent": ("percent", Fraction(1)),
    "/s": ("rate", Fraction(1)),
    "1/s": ("rate", Fraction(1)),
    "s-1": ("rate", Fraction(1)),
    "Hz": ("rate", Fraction(1)),
    "pulse/s": ("rate", Fraction(1)),
    "pulses/s": ("rate", Fraction(1)),
    "pps": ("rate", Fraction(1)),
    "frame/s": ("rate", Fraction(1)),
    "frames/s": ("rate", Fraction(1)),
    "fps": ("rate", Fraction(1)),
    "deg": ("angle", Fraction(1)),
    "degree": ("angle", Fraction(1)),
    "degrees": ("angle", Fraction(1)),
    "sec": ("time", Fraction(1)),
    "second": ("time", Fraction(1)),
    "seconds": ("time", Fraction(1)),
    "msec": ("time", Fraction(1, 1000)),
    "min": ("time", Fraction(60)),
    "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86_400)),
    "kVp": ("voltage", Fraction(1000)),
    "KV": ("voltage", Fraction(1000)),
    "cc": ("volume", Fraction(1, 10**6)),
    "daN": ("force", Fraction(10)),
    "kgf": ("force", Fraction("9.80665")),
    "[lbf_av]": ("force", Fraction("4.4482216152605")),
    "[lb_av]": ("mass", Fraction("0.45359237")),
    "[in_i]": ("length", Fraction("0.0254")),
    "[ft_i]": ("length", Fraction("0.3048")),
    "a": ("age", Fraction(1)),
    "a_j": ("age", Fraction(1)),
    "a_g": ("age", Fraction(1)),
    "a_t": ("age", Fraction(1)),
    "year": ("age", Fraction(1)),
    "years": ("age", Fraction(1)),
    "mo": ("age", Fraction(1, 12)),
    "wk": ("age", Fraction(7 * 4, 1461)),
    "mSv/mGycm": ("effective dose per kerma length", Fraction(1)),
    "mSv/(mGycm)": ("effective dose per kerma length", Fraction(1)),
    "Sv/Gycm": ("effective dose per kerma length", Fraction(1)),
    "mGy/mAs": ("kerma per charge", Fraction(1)),
    "Gy/mAs": ("kerma per charge", Fraction(1000)),
    "uGy/mAs": ("kerma per charge", Fraction(1, 1000)),
}
"""Units by their squeezed spelling, with dimension and factor; a day of age is read in `_found`."""

_PRODUCTS: Final = frozenset({"charge", "kerma area", "kerma length"})
"""Dimensions whose units are written with a point: `mGy.cm`."""
_WORDS: Final = frozenset(
    {"KV", "cc", "degree", "degrees", "fps", "frame/s", "frames/s", "kVp", "kgf", "msec", "percent"}
    | {"pps", "pulse/s", "pulses/s", "sec", "second", "seconds", "year", "years"}
)
"""Spellings that UCUM does not have."""
_COUNTED: Final = frozenset(
    {"event", "events", "frame", "frames", "nounit", "nounits", "pulse", "pulses", "ratio"}
    | {"source", "sources", "unitless", "xraysource", "xraysources"}
)
"""What a number is of, where it is no annotation as it should be; in lower case."""
_AGE_DAY: Final = Fraction(4, 1461)
"""Years of 365.25 days in a day."""
_ANNOTATIONS: Final = re.compile(r"\{[^{}]*\}")
"""Annotations of UCUM: they have no meaning, `{pulse}/s` is `/s`."""
_SEPARATORS: Final = re.compile(r"[\s.·⋅∙•*×]|(?<=[A-Za-z0-9])-(?=[A-Za-z])")
_SQUARES: Final = (("^", ""), ("²", "2"), ("³", "3"), ("µ", "u"), ("μ", "u"), ("°", "deg"))


@lru_cache(maxsize=1)
def _units() -> Mapping[str, _Unit]:
    made = (*_dose_units(), *_activity_units(), *_space_units(), *_other_units())
    units = {spelling: (dimension, factor) for spelling, dimension, factor in made}
    return {**units, **_OTHERS}


_COLUMNS: Final[Mapping[str, _Unit]] = {
    "": ("number", Fraction(1)),
    "%": ("percent", Fraction(1)),
    "1/s": ("rate", Fraction(1)),
    "Bq/mol": ("molar activity", Fraction(1)),
    "Gy cm2": ("kerma area", Fraction(1, 10**4)),
    "MBq": ("activity", Fraction(10**6)),
    "N": ("force", Fraction(1)),
    "a": ("age", Fraction(1)),
    "cm": ("length", Fraction(1, 100)),
    "cm3": ("volume", Fraction(1, 10**6)),
    "degree": ("angle", Fraction(1)),
    "kV": ("voltage", Fraction(1000)),
    "kg": ("mass", Fraction(1)),
    "m": ("length", Fraction(1)),
    "m2": ("area", Fraction(1)),
    "mA": ("current", Fraction(1, 1000)),
    "mA s": ("charge", Fraction(1, 1000)),
    "mGy": ("kerma", Fraction(1, 1000)),
    "mGy cm": ("kerma length", Fraction(1, 10**5)),
    "mGy/(mA s)": ("kerma per charge", Fraction(1)),
    "mSv": ("effective dose", Fraction(1, 1000)),
    "mSv/(mGy cm)": ("effective dose per kerma length", Fraction(1)),
    "mm": ("length", Fraction(1, 1000)),
    "mmol/l": ("concentration", Fraction(1)),
    "ms": ("time", Fraction(1, 1000)),
    "s": ("time", Fraction(1)),
}
"""Units of columns, as the schema writes them."""


def convert(value: float, unit: Code | None, to: str) -> float | None:
    """Return a measured value in the unit of a column.

    Args:
        value: the number as written.
        unit: the coded unit beside it; None where there is none.
        to: unit of the column as the schema writes it, such as `mGy cm`; empty for a number.

    Returns:
        None where the unit is absent, unknown, or of another dimension: never a guess.
    """
    factor = None if unit is None else factor_to(unit, to)
    return None if factor is None else scaled(value, factor)


def scaled(value: float, factor: Fraction) -> float:
    """Return a value times a factor, as the decimal numbers that people write: 0.009 Gy is 9 mGy.

    The float nearest to the product, which that of floats need not be.
    """
    return float(Decimal(repr(value)) * factor.numerator / factor.denominator)


def factor_to(unit: Code, to: str) -> Fraction | None:
    """Return what a number in a unit is multiplied by for a column; None where it cannot be."""
    return _factor(unit.canonical_scheme, unit.value, to)


@lru_cache(maxsize=4096)
def _factor(scheme: str, spelling: str, to: str) -> Fraction | None:
    dimension, column = _COLUMNS[to]
    found = _found(spelling, dimension) if scheme in _UCUM else None
    if found is None or found[0] != dimension:
        return None
    return found[1] / column


def _found(spelling: str, dimension: str) -> _Unit | None:
    """Return dimension and factor of a unit by its spelling, in a column of a dimension."""
    if not spelling.strip():
        return None
    name = squeezed(spelling)
    if dimension == "age" and name in ("d", "day", "days"):
        return "age", _AGE_DAY
    if dimension == "number" and name.lower() in _COUNTED:
        return "number", Fraction(1)
    unit = _units().get(name)
    if unit is not None and (unit[0], dimension) == ("percent", "number"):
        return "number", unit[1] / 100
    return unit


def is_conforming(unit: Code) -> bool:
    """Return whether a unit that is understood is written as UCUM writes it."""
    return unit.scheme == "UCUM" and _is_conforming(unit.value)


@lru_cache(maxsize=4096)
def _is_conforming(spelling: str) -> bool:
    name = _ANNOTATIONS.sub("", spelling)
    known = _units().get(squeezed(name))
    plain = name.isascii() and name == "".join(name.split()) and not set(name) & set("*^-")
    if known is None or not plain:
        return False
    return name not in _WORDS and (known[0] not in _PRODUCTS or "." in name)


def squeezed(spelling: str) -> str:
    """Return a unit without annotations, separators and typography: `mGy·cm` is `mGycm`."""
    name = _ANNOTATIONS.sub("", spelling)
    for written, plain in _SQUARES:
        name = name.replace(written, plain)
    return _SEPARATORS.sub("", name).replace("[degrees]", "deg")
