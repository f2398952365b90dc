"""Whole columns of different values converted at once, where all of them are in their plain form.

A screen accepts a column only where the strict parser would accept each value without a finding;
in doubt it says None, and the parser is asked. UIDs, numbers, times and short ASCII texts are what
varies from file to file, and they are nearly always plain.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.headers.arrays import Distinct, Lists
from dicomlake.pipeline.headers.attributes import Attribute
from dicomlake.pipeline.headers.numeric import BINARY, LONGEST_DS, LONGEST_IS, MOST_DIGITS
from dicomlake.pipeline.headers.temporal import DAY_US, MalformedError, parse_date
from dicomlake.pipeline.headers.text import Problem
from dicomlake.pipeline.headers.values import GREATEST_FLOAT, LONGEST, LONGEST_UID

Numbers = npt.NDArray[Any]
Screen = Callable[[Attribute, list[bytes]], "list[bytes] | Numbers | None"]


class Screened(NamedTuple):
    """Plain values, and which of them are longer than they should be, by place."""

    values: Distinct
    problems: dict[int, tuple[Problem, ...]]


_NONE_LONGER: Final[dict[int, tuple[Problem, ...]]] = {}
_LONGEST_NUMBER: Final = {"DS": LONGEST_DS, "IS": LONGEST_IS}

_DIGITS: Final = b"0123456789"
_UID_BYTES: Final = _DIGITS + b".\n"
_DECIMAL_BYTES: Final = _DIGITS + b"+-.eE \n"
_INTEGER_BYTES: Final = _DIGITS + b"+- \n"
_TIME_BYTES: Final = _DIGITS + b". \n"
_CODE_BYTES: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _\n"
_PRINTABLE: Final = bytes(byte for byte in range(0x20, 0x7F) if byte != ord("\\")) + b"\n"
_INT32: Final = range(-(2**31), 2**31)
_LONGEST_TIME: Final = 13
_DATE: Final = 8
"""Digits of a date."""
_CENTURIES: Final = (-100_000, 100_000)
"""Days since the epoch between which every offset from UTC leaves a date a date."""
_CLOCK: Final = 6
"""Digits of hour, minute and second."""
_WEIGHTS: Final = np.array(
    [36_000_000_000, 3_600_000_000, 600_000_000, 60_000_000, 10_000_000, 1_000_000]
    + [10**power for power in range(5, -1, -1)],
    dtype=np.int64,
)
"""Microseconds of each digit of a TM: of the clock, then of the fraction."""


def screened(attribute: Attribute, cells: Sequence[object], max_values: int) -> Screened | None:
    """Return plain values, None where the strict parsers have to be asked.

    Args:
        attribute: what the values should be.
        cells: raw values; one of another VR than the attribute's is not plain.
        max_values: most values of a multi-valued attribute.
    """
    screen = _SCREENS.get(attribute.vr)
    if screen is None or not all(type(cell) is bytes for cell in cells):
        return None
    values: list[bytes] = cells  # type: ignore[assignment]  # all of them bytes, as just seen
    if attribute.vr == "UI":
        values = [value[:-1] if value.endswith(b"\0") else value for value in values]
    if not attribute.many:
        plain = screen(attribute, values)
        return None if plain is None else Screened(plain, _longer(attribute, values))
    counts = _counts(attribute, values, max_values)
    if counts is None:
        return None
    parts = b"\\".join(values).split(b"\\")
    plain = screen(attribute, parts)
    if plain is None:
        return None
    lists = Lists(plain, np.array(counts, np.int32))
    problems = _longer(attribute, parts)
    if problems:
        owner = np.repeat(np.arange(len(counts)), counts)
        problems = {int(owner[place]): said for place, said in problems.items()}
    return Screened(lists, problems)


def _longer(attribute: Attribute, values: list[bytes]) -> dict[int, tuple[Problem, ...]]:
    """Return the finding about numbers that are longer than their VR allows, by place."""
    longest = _LONGEST_NUMBER.get(attribute.vr)
    if longest is None or max(map(len, values)) <= longest:
        return _NONE_LONGER
    said = (("nonconforming_value", f"longer than {longest} characters"),)
    return {place: said for place, value in enumerate(values) if len(value.strip(b" ")) > longest}


def _counts(attribute: Attribute, values: list[bytes], max_values: int) -> list[int] | None:
    """Return how many values each cell has; None where that is not as the standard wants it."""
    if attribute.vr in BINARY:
        return None
    counts = [value.count(b"\\") + 1 for value in values]
    most = max_values if attribute.vm_max is None else min(attribute.vm_max, max_values)
    least = 1 if attribute.vm_max is None else attribute.vm_min
    return counts if counts and least <= min(counts) and max(counts) <= most else None


def _lines(values: list[bytes], allowed: bytes) -> bytes | None:
    """Return values joined by line feeds; None where another byte is in them, or one is empty."""
    blob = b"\n".join(values)
    if blob.translate(None, allowed) or blob.count(b"\n") != len(values) - 1:
        return None
    return blob


def _uids(_attribute: Attribute, values: list[bytes]) -> list[bytes] | None:
    blob = _lines(values, _UID_BYTES)
    if blob is None or max(map(len, values)) > LONGEST_UID:
        return None
    framed = np.frombuffer(b"\n" + blob + b"\n", np.uint8)
    ends = framed < ord("0")  # a dot, or a line feed between values
    empty = ends[1:] & ends[:-1]
    leading = ends[:-2] & (framed[1:-1] == ord("0")) & ~ends[2:]
    return None if empty.any() or leading.any() else values


def _decimals(_attribute: Attribute, values: list[bytes]) -> Numbers | None:
    if _lines(values, _DECIMAL_BYTES) is None:
        return None
    try:
        numbers = np.fromiter(map(float, values), np.float64, len(values))
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def _integers(attribute: Attribute, values: list[bytes]) -> Numbers | None:
    if _lines(values, _INTEGER_BYTES) is None or max(map(len, values)) > MOST_DIGITS:
        return None
    try:
        found = list(map(int, values))
    except ValueError:
        return None
    if min(found) not in _INT32 or max(found) not in _INT32:
        return None
    return np.array(found, np.float64 if attribute.as_float else np.int64)


def _times(_attribute: Attribute, values: list[bytes]) -> Numbers | None:
    return _micros(values)


def _micros(values: list[bytes]) -> Numbers | None:
    """Return times of the day in microseconds."""
    if _lines(values, _TIME_BYTES) is None:
        return None
    stripped = [value.strip(b" ") for value in values]
    if max(map(len, stripped)) > _LONGEST_TIME:
        return None
    matrix = np.array(stripped, dtype=f"S{_LONGEST_TIME}").view(np.uint8)
    matrix = matrix.reshape(len(values), _LONGEST_TIME)
    point, fraction = matrix[:, _CLOCK], matrix[:, _CLOCK + 1 :]
    digits = np.concatenate((matrix[:, :_CLOCK], fraction), axis=1)
    ended = digits == 0
    ended[:, :_CLOCK] = False
    digits = np.where(ended, 0, digits - ord("0"))
    follows = fraction[:, 0] != 0
    plain = (
        (digits <= 9).all()  # noqa: PLR2004  (a digit; other bytes wrap around or lie above)
        and ((point == ord(".")) == follows).all()
        and ((point == 0) | (point == ord("."))).all()
    )
    if not plain:
        return None
    clock = digits[:, 0:_CLOCK:2] * 10 + digits[:, 1:_CLOCK:2]
    if (clock >= np.array([24, 60, 60])).any():
        return None
    micros: Numbers = digits.astype(np.int64) @ _WEIGHTS
    return micros


def plain_date_times(cells: Sequence[object]) -> Numbers | None:
    """Return DT values in microseconds since the epoch, local time; 0 where one is absent.

    None where one has an offset of its own, no second, or is not plain.
    """
    present = [cell for cell in cells if cell is not None]
    if not present or not all(type(cell) is bytes for cell in present):
        return None
    values: list[bytes] = present  # type: ignore[assignment]  # all of them bytes, as just seen
    dates = [value[:_DATE] for value in values]
    clocks = [value[_DATE:] for value in values]
    if any(clock.startswith(b" ") for clock in set(clocks)):  # it is padding around a TM only
        return None
    try:
        known = {date: parse_date(date.decode("ascii"))[0] for date in set(dates)}
    except (MalformedError, UnicodeDecodeError):
        return None
    if min(known.values()) < _CENTURIES[0] or max(known.values()) > _CENTURIES[1]:
        return None
    times = _micros(clocks)
    if times is None:
        return None
    days = np.fromiter(map(known.__getitem__, dates), np.int64, len(values))
    found = days * DAY_US + times
    if len(values) < len(cells):
        some = found
        found = np.zeros(len(cells), np.int64)
        found[[cell is not None for cell in cells]] = some
    return found


def _texts(attribute: Attribute, values: list[bytes]) -> list[bytes] | None:
    allowed = _CODE_BYTES if attribute.vr == "CS" else _PRINTABLE
    if _lines(values, allowed) is None:
        return None
    stripped = [value.strip(b" ") for value in values]
    longest = LONGEST[attribute.vr]
    return stripped if all(0 < len(value) <= longest for value in stripped) else None


def _binary(attribute: Attribute, values: list[bytes]) -> Numbers | None:
    code, size = BINARY[attribute.vr]
    if any(len(value) != size for value in values):
        return None
    numbers = np.frombuffer(b"".join(values), dtype=f"<{_NUMPY[code]}")
    if code in "fd" and not np.isfinite(numbers).all():
        return None
    if code == "f" and (np.abs(numbers) > GREATEST_FLOAT).any():
        return None
    return numbers


_NUMPY: Final = {
    "d": "f8", "f": "f4", "i": "i4", "h": "i2", "q": "i8", "I": "u4", "H": "u2", "Q": "u8",
}  # fmt: skip

_SCREENS: Final[Mapping[str, Screen]] = {
    "CS": _texts,
    "DS": _decimals,
    "IS": _integers,
    "LO": _texts,
    "SH": _texts,
    "TM": _times,
    "UI": _uids,
    **dict.fromkeys(BINARY, _binary),
}
