"""Dates and times, strictly: DA, TM and DT of PS3.5 section 6.2.

Values are integers as Arrow stores them: days and microseconds since the Unix epoch, microseconds
since midnight. A form that is not the standard's but can be read in one way only is nonconforming.
"""

import datetime
import re
from typing import Final, NamedTuple

_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
DAY_US: Final = 86_400_000_000
MINUTE_US: Final = 60_000_000
_LAST_MICROSECOND_DIGIT: Final = 6
_LEAP_SECOND: Final = 60
_FIRST_US: Final = (1 - _EPOCH_DAY) * DAY_US
_LAST_US: Final = (datetime.date.max.toordinal() - _EPOCH_DAY + 1) * DAY_US - 1
_OFFSETS: Final = range(-12 * 60, 14 * 60 + 1)
"""Offsets from UTC that PS3.5 allows, in minutes."""

_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_OLD_DATE: Final = re.compile(r"([0-9]{4})([.-])([0-9]{2})\2([0-9]{2})")
_TIME: Final = re.compile(r"([0-9]{2})(?:([0-9]{2})(?:([0-9]{2})(?:\.([0-9]+))?)?)?")
_OLD_TIME: Final = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?")
_DATE_TIME: Final = re.compile(
    r"([0-9]{4})(?:([0-9]{2})(?:([0-9]{2})([0-9]{2}(?:[0-9]{2}(?:[0-9]{2}(?:\.[0-9]+)?)?)?)?)?)?"
    r"([+-][0-9]{4})?"
)
_OFFSET: Final = re.compile(r"([+-])([0-9]{2})([0-9]{2})")


class MalformedError(ValueError):
    """A value that cannot be read, or not in one way only; `code` is that of the finding."""

    def __init__(self, code: str = "malformed_value", detail: str | None = None) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class Moment(NamedTuple):
    """A DT value: local microseconds since the epoch, and the offset in minutes if written."""

    local_us: int
    offset_minutes: int | None


def parse_date(text: str) -> tuple[int, str | None]:
    """Return days since the epoch of a DA, and how it departs from the standard.

    Raises:
        MalformedError: it is no date of the calendar.
    """
    if found := _DATE.fullmatch(text):
        year, month, day = found.groups()
        return _days(year, month, day), None
    if found := _OLD_DATE.fullmatch(text):
        year, _, month, day = found.groups()
        return _days(year, month, day), "date with separators"
    raise MalformedError(detail="no date")


def _days(year: str, month: str, day: str) -> int:
    try:
        return datetime.date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
    except ValueError as error:
        raise MalformedError(detail="no date of the calendar") from error


def parse_time(text: str) -> tuple[int, str | None]:
    """Return microseconds since midnight of a TM, and how it departs from the standard.

    Raises:
        MalformedError: it is no time of the day, or a leap second.
    """
    departure = None
    found = _TIME.fullmatch(text)
    if found is None:
        found = _OLD_TIME.fullmatch(text)
        departure = "time with separators"
    if found is None:
        raise MalformedError(detail="no time")
    hour, minute, second, fraction = found.groups()
    micros, cut = _micros(hour, minute or "0", second or "0", fraction or "")
    return micros, departure or cut


def _micros(hour: str, minute: str, second: str, fraction: str) -> tuple[int, str | None]:
    hours, minutes, seconds = int(hour), int(minute), int(second)
    if seconds == _LEAP_SECOND and minutes < 60 and hours < 24:  # noqa: PLR2004  (a clock's)
        raise MalformedError("unrepresentable_value", "leap second")
    if hours > 23 or minutes > 59 or seconds > 59:  # noqa: PLR2004  (a clock's)
        raise MalformedError(detail="no time of the day")
    whole = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000
    part = int(fraction[:_LAST_MICROSECOND_DIGIT].ljust(_LAST_MICROSECOND_DIGIT, "0"))
    cut = None
    if len(fraction) > _LAST_MICROSECOND_DIGIT:
        cut = "fraction of a second with more than six digits"
    return whole + part, cut


def parse_offset(text: str) -> int:
    """Return minutes east of UTC of `&ZZXX`, as in Timezone Offset From UTC (0008,0201).

    Raises:
        MalformedError: it is no offset of the standard.
    """
    found = _OFFSET.fullmatch(text)
    if found is None:
        raise MalformedError(detail="no offset from UTC")
    sign, hours, minutes = found.groups()
    offset = int(hours) * 60 + int(minutes)
    offset = -offset if sign == "-" else offset
    if offset not in _OFFSETS or int(minutes) > 59:  # noqa: PLR2004  (a clock's)
        raise MalformedError(detail="offset from UTC out of range")
    return offset


def parse_date_time(text: str) -> tuple[Moment, str | None]:
    """Return a DT, and how it departs from the standard.

    A value without its hour is valid, but no instant: 2024 must not become 1 January.

    Raises:
        MalformedError: it is none, or partial.
    """
    found = _DATE_TIME.fullmatch(text)
    if found is None:
        raise MalformedError(detail="no date and time")
    year, month, day, clock, zone = found.groups()
    offset = parse_offset(zone) if zone else None
    days = _days(year, month or "01", day or "01")
    if clock is None:
        raise MalformedError("partial_date_time", "no hour")
    micros, departure = parse_time(clock)
    moment = Moment(days * DAY_US + micros, offset)
    in_utc(moment, offset or 0)
    return moment, departure


def in_utc(moment: Moment, offset_minutes: int) -> int:
    """Return microseconds since the epoch in UTC of a moment at an offset from UTC.

    Raises:
        MalformedError: it lies outside the years 1 to 9999.
    """
    micros = moment.local_us - offset_minutes * MINUTE_US
    if not _FIRST_US <= micros <= _LAST_US:
        raise MalformedError("unrepresentable_value", "outside the years 1 to 9999")
    return micros
