"""What the readers of image headers share: values on which images agree, derived UIDs, devices.

A row is a dict by column name of committed rows; an absent key is a null. Nothing here depends on
the order of rows.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from dicomlake.pipeline.dose.codes import Code, coded

Row = dict[str, Any]
T = TypeVar("T")

SOURCE_KIND: Final = "IMAGE_HEADER"

DEVICE_COLUMNS: Final = (
    "manufacturer",
    "manufacturer_model_name",
    "device_serial_number",
    "station_name",
    "institution_name",
)
"""What an image says of its device."""

IDENTITY_COLUMNS: Final = (
    "sop_instance_uid",
    "sop_class_uid",
    "series_instance_uid",
    "study_instance_uid",
    "modality",
    "modality_raw",
    "image_type",
    "series_number",
    "acquisition_number",
    "acquisition_date",
    "acquisition_time",
    "acquisition_date_time",
    "acquisition_date_time_offset_minutes",
    "irradiation_event_uid",
    *DEVICE_COLUMNS,
)
"""What every reader needs of an image."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A date and time as the dose tables hold it: UTC with the offset beside it, else local."""

    at: datetime
    offset_minutes: int | None

    @property
    def local(self) -> datetime:
        """Return the time on the wall, so that moments with and without offset compare."""
        return self.at + timedelta(minutes=self.offset_minutes or 0)


def said(rows: Iterable[Mapping[str, Any]], column: str) -> list[Any]:
    """Return the values of a column that are not null."""
    return [value for row in rows if (value := row.get(column)) is not None]


def commonest(values: Iterable[T]) -> T | None:
    """Return the commonest value, of equally common ones the first in order; None without any."""
    counted = Counter(values)
    if not counted:
        return None
    most = max(counted.values())
    return min((value for value, n in counted.items() if n == most), key=_order)


def _order(value: object) -> tuple[bool, Any]:
    """Return a key by which numbers sort as numbers, and everything else as text."""
    number = isinstance(value, (int, float))
    return not number, value if number else str(value)


def only(values: Iterable[T]) -> T | None:
    """Return the value on which all agree; None where they differ, or there is none."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def mean(values: Sequence[float]) -> float | None:
    """Return the arithmetic mean, exact where all values are equal; None without any."""
    if not values:
        return None
    # Sorted: the sum of floats depends on their order, a table may not.
    return values[0] if min(values) == max(values) else sum(sorted(values)) / len(values)


def first_known(row: Mapping[str, Any], *scaled: tuple[str, float]) -> float | None:
    """Return the first value of (column, divisor) pairs that is not null, divided."""
    for column, divisor in scaled:
        value = row.get(column)
        if value is not None:
            return float(value) / divisor
    return None


def events_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the Irradiation Event UIDs (0008,3010) of an image, without empty ones, sorted."""
    return tuple(sorted({uid for uid in row.get("irradiation_event_uid") or () if uid}))


def is_primary(image: Mapping[str, Any]) -> bool:
    """Return whether an image is of the examination, not a capture, by value 2 of Image Type."""
    kind: Sequence[str | None] = image.get("image_type") or ()
    return len(kind) < 2 or kind[1] != "SECONDARY"  # noqa: PLR2004  (value 2)


def acquired(row: Mapping[str, Any]) -> Moment | None:
    """Return when an image was acquired: Acquisition DateTime, else Date and Time together."""
    at = row.get("acquisition_date_time")
    if isinstance(at, datetime):
        return Moment(at, row.get("acquisition_date_time_offset_minutes"))
    day, clock = row.get("acquisition_date"), row.get("acquisition_time")
    if isinstance(day, date) and isinstance(clock, time):
        return Moment(datetime.combine(day, clock), None)
    return None


def clock_key(row: Mapping[str, Any]) -> str:
    """Return the time of acquisition as a part of a key, '' where there is none.

    A time without a date tells acquisitions of one study apart as well.
    """
    moment = acquired(row)
    if moment is not None:
        return moment.local.isoformat()
    clock = row.get("acquisition_time")
    return clock.isoformat() if isinstance(clock, time) else ""


def earliest(moments: Iterable[Moment | None]) -> Moment | None:
    """Return the earliest moment by the time on the wall."""
    known = [moment for moment in moments if moment is not None]
    return min(
        known,
        key=lambda each: (each.local, each.offset_minutes is None, each.offset_minutes or 0),
        default=None,
    )


def start_columns(moment: Moment | None, name: str) -> Row:
    """Return a start and its offset as columns `name` and `name_offset_minutes`."""
    if moment is None:
        return {}
    return {name: moment.at, f"{name}_offset_minutes": moment.offset_minutes}


def derived_uid(study_instance_uid: str, *key: object) -> str:
    """Return the UID of what has none of its own: 2.25 and a UUID of study and key (PS3.5 B.2)."""
    text = "\0".join((study_instance_uid, *("" if part is None else str(part) for part in key)))
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, text).int}"


def device_of(rows: Sequence[Mapping[str, Any]]) -> Row:
    """Return what images say of their device, each fact the commonest."""
    facts = {column: commonest(said(rows, column)) for column in DEVICE_COLUMNS}
    return {column: value for column, value in facts.items() if value is not None}


def code_of(row: Mapping[str, Any], base: str) -> Code | None:
    """Return a code of the three columns `base_code_value`, `_scheme` and `_meaning`."""
    value = row.get(f"{base}_code_value")
    if not value:
        return None
    scheme, meaning = row.get(f"{base}_code_scheme"), row.get(f"{base}_code_meaning")
    return Code(scheme or "", value, meaning or "")


def commonest_code(rows: Iterable[Mapping[str, Any]], base: str) -> Code | None:
    """Return the commonest code of images, None where none has one."""
    found = [code for row in rows if (code := code_of(row, base)) is not None]
    key: Callable[[Code], tuple[str, str, str]] = lambda code: (  # noqa: E731  (typed, used twice)
        code.scheme,
        code.value,
        code.meaning,
    )
    most = commonest(key(code) for code in found)
    return None if most is None else Code(*most)


def code_columns(name: str, code: Code | None) -> Row:
    """Return the four columns of a code as written, nothing where there is none."""
    return {} if code is None else coded(name, code)


def term_columns(name: str, code: Code | None, term: str) -> Row:
    """Return the four columns of a header's word: its code, where there is one, and the word."""
    columns: Row = {} if code is None else dict(coded(name, code))
    columns[f"{name}_raw_scheme"] = None
    columns[f"{name}_raw_code"] = term
    if code is None:
        columns[f"{name}_meaning"] = term
    return columns


def shifted(value: float, places: int) -> float:
    """Return a value times a power of ten, as its decimal digits say: 0.01373 by 2 is 1.373."""
    return float(Decimal(repr(float(value))).scaleb(places))


def raw(value: float, unit: str) -> str:
    """Return a quantity as the source writes it."""
    return f"{value:.15g} {unit}"


def known_only(row: Row) -> Row:
    """Return a row without its nulls: an absent key is a null."""
    return {column: value for column, value in row.items() if value is not None}
