"""Numbers, strictly: DS and IS in text, and the binary VRs (PS3.5 section 6.2)."""

import math
import re
import struct
from typing import Final

from dicomlake.pipeline.headers.temporal import MalformedError

_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
MOST_DIGITS: Final = 40
"""Longer texts are no integer of 64 bits, whatever zeros lead them."""
_INT64: Final = range(-(2**63), 2**63)
_INT32: Final = range(-(2**31), 2**31)
LONGEST_DS: Final = 16
LONGEST_IS: Final = 12

BINARY: Final = {
    "FD": ("d", 8),
    "FL": ("f", 4),
    "SL": ("i", 4),
    "SS": ("h", 2),
    "SV": ("q", 8),
    "UL": ("I", 4),
    "US": ("H", 2),
    "UV": ("Q", 8),
}
"""VRs of binary numbers: struct code and bytes of one value."""


def parse_decimal(text: str) -> tuple[float, str | None]:
    """Return a DS, and how it departs from the standard.

    Raises:
        MalformedError: it is no decimal number, or not a finite one.
    """
    if not _DECIMAL.fullmatch(text):
        raise MalformedError(detail="no decimal number")
    value = float(text)
    if not math.isfinite(value):
        raise MalformedError(detail="number out of range")
    return value, "longer than 16 characters" if len(text) > LONGEST_DS else None


def parse_integer(text: str) -> tuple[int, str | None]:
    """Return an IS, and how it departs from the standard.

    Raises:
        MalformedError: it is no whole number of 64 bits.
    """
    if not _INTEGER.fullmatch(text):
        return _whole(text), "written with a decimal point or exponent"
    if len(text) > MOST_DIGITS or int(text) not in _INT64:
        raise MalformedError(detail="integer out of range")
    value = int(text)
    if value not in _INT32:
        return value, "beyond 32 bits"
    return value, "longer than 12 characters" if len(text) > LONGEST_IS else None


def _whole(text: str) -> int:
    value, _ = parse_decimal(text)
    if not value.is_integer() or int(value) not in _INT64:
        raise MalformedError(detail="no integer")
    return int(value)


def parse_integer_as_float(text: str) -> tuple[float, str | None]:
    """Return an IS that the column holds as a float, decimals kept.

    Raises:
        MalformedError: it is no number, or beyond 64 bits.
    """
    if _INTEGER.fullmatch(text):
        value, departure = parse_integer(text)
        return float(value), departure
    number, _ = parse_decimal(text)
    if abs(number) >= 2.0**63:
        raise MalformedError(detail="number out of range")
    return number, "written with a decimal point or exponent"


def unpack(raw: bytes, vr: str, little: bool) -> tuple[float | int, ...]:
    """Return the numbers of a binary value.

    Raises:
        MalformedError: the length is no multiple of the size, or a number is not finite.
    """
    code, size = BINARY[vr]
    count, rest = divmod(len(raw), size)
    if rest:
        raise MalformedError(detail=f"length is no multiple of {size}")
    numbers: tuple[float | int, ...] = struct.unpack(f"{'<' if little else '>'}{count}{code}", raw)
    if code in "fd" and not all(map(math.isfinite, numbers)):
        raise MalformedError(detail="not a finite number")
    return numbers
