"""What pydicom finds for the columns of a table, in the simplest way that its users write it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.valuerep import PersonName

from dicomlake.schemas.column import Column, Table

Row = dict[str, Any]
"""pydicom's value of each column, by the column's name; lists for columns of every item."""


@dataclass(frozen=True, slots=True)
class Place:
    """Columns that stand in the same sequence, or at the top where `within` is empty."""

    within: tuple[int, ...]
    every_item: bool
    columns: tuple[Column, ...]


@lru_cache(maxsize=8)
def places(table: Table) -> tuple[Place, ...]:
    """Return the columns of a table that are copied from one attribute, by where it stands."""
    found: dict[tuple[tuple[int, ...], bool], list[Column]] = {}
    for column in table.columns:
        if column.tag is not None and not column.rule:
            found.setdefault((column.within, column.every_item), []).append(column)
    return tuple(Place(*where, tuple(columns)) for where, columns in found.items())


def columns_of(table: Table) -> tuple[Column, ...]:
    """Return the columns of a table that pydicom's values can be held against."""
    return tuple(column for place in places(table) for column in place.columns)


def read(dataset: Dataset, where: Sequence[Place]) -> Row:
    """Return pydicom's value for every column; None where there is none."""
    row: Row = {}
    for place in where:
        items = _items(dataset, place.within)
        for column in place.columns:
            if place.every_item:
                row[column.name] = [_value(item, column) for item in items]
            else:
                row[column.name] = _value(items[0], column) if items else None
    return row


def _items(dataset: Dataset, within: Sequence[int]) -> Sequence[Dataset]:
    """Return the items of a nested sequence, by the first item of those around it."""
    items: Sequence[Dataset] = (dataset,)
    for tag in within:
        element = items[0].get(tag) if items else None
        items = () if element is None or element.VR != "SQ" else element.value
    return items


def _value(item: Dataset, column: Column) -> Any:
    if column.creator:
        return _private_value(item, column)
    for tag in (column.tag, *column.otherwise):
        element = item.get(tag)
        if element is not None and element.value not in (None, "", b""):
            return element.value
    return None


def _private_value(item: Dataset, column: Column) -> Any:
    assert column.tag is not None
    try:
        block = item.private_block(column.tag >> 16, column.creator)
        return block[column.tag & 0xFF].value
    except KeyError:
        return None


def plain(column: Column, value: Any) -> Any:
    """Return pydicom's value as the column holds it."""
    if column.every_item:
        return [_plain_cell(column, each) for each in value] or None
    return _plain_cell(column, value)


def _plain_cell(column: Column, value: Any) -> Any:
    if isinstance(value, bytes) and column.vr not in ("OB", "OW", "UN"):
        # Private, without VR and unknown to pydicom's dictionary.
        value = value.decode("ascii").strip("\0 ")
    if value is None or value == "" or (isinstance(value, MultiValue | list) and not value):
        return None
    if column.vm != "1":
        many = value if isinstance(value, MultiValue | list | tuple) else [value]
        return [_one(column, each) for each in many]
    return _one(column, value)


def _one(column: Column, value: Any) -> Any:
    if value is None or value == "":
        return None
    convert = _CONVERTERS.get(column.vr)
    if convert is not None:
        return convert(str(value))
    kind = column.type
    while isinstance(kind, pa.ListType):
        kind = kind.value_type
    if pa.types.is_floating(kind):
        return float(value)
    if pa.types.is_integer(kind):
        return int(value)
    return str(value).strip() or None


def _name(text: str) -> Mapping[str, str | None]:
    name = PersonName(text)
    groups = (name.alphabetic, name.ideographic, name.phonetic)
    keys = ("alphabetic", "ideographic", "phonetic")
    return {key: group or None for key, group in zip(keys, groups, strict=True)}


def _time(text: str) -> dt.time:
    whole, _, part = text.partition(".")
    time = dt.datetime.strptime(whole, "%H%M%S").time()
    return time.replace(microsecond=int(part.ljust(6, "0")) if part else 0)


def _moment(text: str) -> dt.datetime:
    day = dt.datetime.strptime(text[:8], "%Y%m%d").date()
    return dt.datetime.combine(day, _time(text[8:]))


def _date(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%Y%m%d").date()


_CONVERTERS: Final = {"PN": _name, "DA": _date, "TM": _time, "DT": _moment}
