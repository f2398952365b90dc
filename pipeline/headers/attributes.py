"""Which attributes are read, and as what: the columns that are copied from an attribute."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Table

SPECIFIC_CHARACTER_SET: Final = 0x00080005
SOP_CLASS_UID: Final = 0x00080016
SOP_INSTANCE_UID: Final = 0x00080018
TIMEZONE_OFFSET: Final = 0x00080201
STUDY_INSTANCE_UID: Final = 0x0020000D
SERIES_INSTANCE_UID: Final = 0x0020000E
ROWS: Final = 0x00280010
BITS_ALLOCATED: Final = 0x00280100
PIXEL_REPRESENTATION: Final = 0x00280103
MODALITY_LUT_SEQUENCE: Final = 0x00283000
MODALITY_LUT_TYPE: Final = 0x00283004
DIRECTORY_RECORD_SEQUENCE: Final = 0x00041220
PIXEL_DATA_PROVIDER_URL: Final = 0x00287FE0
PIXEL_DATA: Final = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
"""Float, Double Float and (integer) Pixel Data: one of them ends a header."""

IDENTITY: Final = (SOP_INSTANCE_UID, SERIES_INSTANCE_UID, STUDY_INSTANCE_UID)
"""What an instance cannot do without; kept even where it is no valid UID."""

MEDIA_STORAGE_SOP_CLASS_UID: Final = 0x00020002
MEDIA_STORAGE_SOP_INSTANCE_UID: Final = 0x00020003
TRANSFER_SYNTAX_UID: Final = 0x00020010


@dataclass(frozen=True, eq=False, slots=True)
class Attribute:
    """An attribute to be read into a column, with what its values must be; one object each."""

    name: str
    keyword: str
    tag: int
    vr: str
    many: bool
    as_float: bool
    vm_min: int
    vm_max: int | None
    """Number of values by the standard; None: any number."""
    within: tuple[int, ...] = ()
    """Tags of the sequences that hold it, outermost first; the first item counts."""
    every_item: bool = False
    """It is read from every item of the innermost sequence, into a list."""
    otherwise: tuple[int, ...] = ()
    """Tags that are read where it is absent or empty."""
    creator: str = ""
    """Private Creator of a private attribute, whose tag is (gggg,00ee)."""


@lru_cache(maxsize=8)
def attributes_of(table: Table) -> tuple[Attribute, ...]:
    """Return the attributes copied into columns of a table, in their order."""
    return tuple(_attribute(column) for column in table.columns if column.tag is not None)


def _attribute(column: Column) -> Attribute:
    assert column.tag is not None
    least, most = vm_range(column.vm)
    value = column.type.value_type if isinstance(column.type, pa.ListType) else column.type
    return Attribute(
        column.name,
        column.keyword,
        column.tag,
        column.vr,
        many=column.vm != "1",
        as_float=column.vr == "IS" and value == pa.float64(),
        vm_min=least,
        vm_max=most,
        within=column.within,
        every_item=column.every_item,
        otherwise=column.otherwise,
        creator=column.creator,
    )


def vm_range(vm: str) -> tuple[int, int | None]:
    """Return least and greatest number of values of a VM such as `1`, `1-3`, `2-n` or `2-2n`."""
    least, _, most = vm.partition("-")
    if not most:
        return int(least), int(least)
    return int(least), None if most.endswith("n") else int(most)


EXTRA_TAGS: Final[Mapping[int, str]] = {
    TIMEZONE_OFFSET: "SH",
    DIRECTORY_RECORD_SEQUENCE: "SQ",
    PIXEL_DATA_PROVIDER_URL: "UR",
}
"""Attributes that are read for what is derived from them, with their VR."""
