"""The vocabulary of the schema: columns and tables.

A column is defined in exactly one place. Arrow schemas, documentation, DDL and checks derive from
the records made here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import pyarrow as pa

from dicomlake.schemas.checks import Check

PERSON_NAME: Final = pa.struct(
    [("alphabetic", pa.string()), ("ideographic", pa.string()), ("phonetic", pa.string())]
)
"""Arrow type of a PN value: its three component groups (PS3.5 section 6.2.1)."""

VR_TYPES: Final[Mapping[str, pa.DataType]] = {
    "AE": pa.string(),
    "AS": pa.string(),
    "CS": pa.string(),
    "DA": pa.date32(),
    "DS": pa.float64(),
    "DT": pa.timestamp("us"),
    "FD": pa.float64(),
    "FL": pa.float32(),
    "IS": pa.int64(),
    "LO": pa.string(),
    "LT": pa.string(),
    "PN": PERSON_NAME,
    "SH": pa.string(),
    "SL": pa.int64(),
    "SS": pa.int32(),
    "ST": pa.string(),
    "SV": pa.int64(),
    "TM": pa.time64("us"),
    "UC": pa.string(),
    "UI": pa.string(),
    "UL": pa.int64(),
    "UR": pa.string(),
    "US": pa.int32(),
    "US or SS": pa.int32(),
    "UT": pa.string(),
    "UV": pa.uint64(),
}
"""Arrow type of one value of each VR (PS3.5 section 6.2) that a column may be copied from."""


class Privacy(StrEnum):
    """What kind of personal data a column holds; privacy profiles decide by it."""

    IDENTIFYING = "identifying"
    KEY = "key"
    UID = "uid"
    DATE = "date"
    DEMOGRAPHIC = "demographic"
    DEVICE = "device"
    FREE_TEXT = "free_text"
    PATH = "path"
    PRIVATE = "private"
    TECHNICAL = "technical"


class Level(StrEnum):
    """Information entity an attribute belongs to (PS3.3 section A.1.2); tables roll up by it."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"


def snake_case(keyword: str) -> str:
    """Return the column name of a DICOM keyword, e.g. `XRayTubeCurrent` as `x_ray_tube_current`.

    An underscore stands where a lower-case letter or digit meets an upper-case one, and before the
    last of a run of capitals that a lower-case letter follows; CTDI stays one word.
    """
    keyword = re.sub(r"CTDI(vol)?", lambda found: found.group().capitalize(), keyword)
    keyword = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", keyword)
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", keyword).lower()


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name and type, where its values come from, and what must hold of them."""

    name: str
    type: pa.DataType
    description: str
    nullable: bool = True
    keyword: str = ""
    """DICOM keyword of the attribute the value is copied from; empty where it is derived."""
    tag: int | None = None
    """Its tag; of a private attribute group and element without its block, (gggg,00ee)."""
    vr: str = ""
    vm: str = ""
    """Number of values by the standard, such as `1`, `2-n` or `3`."""
    within: tuple[int, ...] = ()
    """Tags of the sequences that hold the attribute, outermost first; the first item counts."""
    every_item: bool = False
    """A list with a value for each item of the innermost sequence, null where an item has none."""
    otherwise: tuple[int, ...] = ()
    """Tags that are read where the attribute is absent or empty (LongCodeValue for CodeValue)."""
    creator: str = ""
    """Private Creator of a private attribute."""
    rule: str = ""
    """How a derived value is made, where the description does not say it."""
    unit: str = ""
    level: Level = Level.INSTANCE
    privacy: Privacy = Privacy.TECHNICAL
    since: int = 1
    """Schema version that brought the column."""
    checks: tuple[Check, ...] = ()
    tree_order: bool = False
    """A path, sorted as a tree is crawled: a folder, then its subfolders, each by name."""

    @property
    def tag_text(self) -> str:
        """Return the tag as the standard writes it, `(0020,000D)`, or an empty text.

        The block of a private attribute is open, as in `(0019,xx0C)`.
        """
        if self.tag is None:
            return ""
        text = f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"
        return f"{text[:6]}xx{text[8:]}" if self.creator else text

    @property
    def path_text(self) -> str:
        """Return the tags from the top of the data set, `(0054,0016) > (0018,1074)`."""
        outer = [f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in self.within]
        return " > ".join((*outer, self.tag_text)) if self.tag is not None else ""

    @property
    def multi_valued(self) -> bool:
        """Return whether a cell holds a list of values."""
        return bool(pa.types.is_list(self.type))

    def field(self) -> "pa.Field[pa.DataType]":
        """Return the Arrow field, with unit, tag and description as metadata."""
        notes = {"description": self.description, "tag": self.tag_text, "unit": self.unit}
        return pa.field(
            self.name,
            self.type,
            nullable=self.nullable,
            metadata={key: text for key, text in notes.items() if text},
        )


def attribute(
    keyword: str,
    tag: int,
    vr: str,
    description: str,
    *,
    vm: str = "1",
    as_float: bool = False,
    name: str = "",
    within: tuple[int, ...] = (),
    every_item: bool = False,
    otherwise: tuple[int, ...] = (),
    unit: str = "",
    nullable: bool = True,
    level: Level = Level.INSTANCE,
    privacy: Privacy = Privacy.TECHNICAL,
    checks: tuple[Check, ...] = (),
) -> Column:
    """Return the column copied from one DICOM attribute; its name and type follow from it.

    A `vm` other than 1, or `every_item`, makes a list column. `as_float` holds an IS that real
    files write with decimals, such as a tube current of `161.3`. `name` tells apart columns of
    one keyword, `within` names the sequences that hold it.
    """
    value = pa.float64() if as_float else VR_TYPES[vr]
    return Column(
        name=name or snake_case(keyword),
        type=pa.list_(value) if vm != "1" or every_item else value,
        description=description,
        nullable=nullable,
        keyword=keyword,
        tag=tag,
        vr=vr,
        vm=vm,
        within=within,
        every_item=every_item,
        otherwise=otherwise,
        unit=unit,
        level=level,
        privacy=privacy,
        checks=checks,
    )


def private(
    name: str,
    creator: str,
    tag: int,
    vr: str,
    description: str,
    *,
    vm: str = "1",
    within: tuple[int, ...] = (),
    every_item: bool = False,
    unit: str = "",
) -> Column:
    """Return the column copied from a private attribute (PS3.5 section 7.8).

    Args:
        name: of the column.
        creator: Private Creator that reserves the block.
        tag: group and element without the block, 0xgggg00ee.
        vr: what is read where the file does not say, or says UN.
        description: a sentence.
        vm: number of values; other than 1 it makes a list.
        within: tags of the sequences that hold it, outermost first.
        every_item: a list with a value for each item of the innermost sequence.
        unit: of the value.
    """
    value = VR_TYPES[vr]
    return Column(
        name=name,
        type=pa.list_(value) if vm != "1" or every_item else value,
        description=description,
        tag=tag,
        vr=vr,
        vm=vm,
        within=within,
        every_item=every_item,
        creator=creator,
        unit=unit,
        privacy=Privacy.PRIVATE,
    )


CODE_VALUE: Final = 0x00080100
LONG_CODE_VALUE: Final = 0x00080119
URN_CODE_VALUE: Final = 0x00080120


_PARTS_OF_CODE: Final[tuple[tuple[str, int, str, str, str, tuple[int, ...]], ...]] = (
    ("CodeValue", CODE_VALUE, "SH", "value", "Code", (LONG_CODE_VALUE, URN_CODE_VALUE)),
    ("CodingSchemeDesignator", 0x00080102, "SH", "scheme", "Scheme of the code", ()),
    ("CodeMeaning", 0x00080104, "LO", "meaning", "Meaning of the code", ()),
)
"""Keyword, tag and VR, how the name ends, what it is, and tags of which another may stand for it.
"""


def coded(
    sequence: str,
    tag: int,
    what: str,
    *,
    within: tuple[int, ...] = (),
    every_item: bool = False,
    level: Level = Level.INSTANCE,
    privacy: Privacy = Privacy.TECHNICAL,
) -> tuple[Column, ...]:
    """Return the three columns of a code sequence: value, scheme and meaning (PS3.3 section 8).

    Args:
        sequence: keyword of the sequence; the names are its snake_case without a trailing
            `CodeSequence` or `Sequence`.
        tag: of the sequence.
        what: what is coded, to stand after "Code of".
        within: tags of the sequences around it, outermost first.
        every_item: lists with a value for each code, else the first one counts.
        level: information entity.
        privacy: of the meaning, and of the code, which says the same.
    """
    base = snake_case(re.sub(r"(Code)?Sequence$", "", sequence))
    plural = ", one for each" if every_item else ""
    return tuple(
        attribute(
            keyword,
            part,
            vr,
            f"{said} of {what}{plural}.",
            within=(*within, tag),
            every_item=every_item,
            level=level,
            privacy=privacy,
            name=f"{base}_code_{ending}",
            otherwise=otherwise,
        )
        for keyword, part, vr, ending, said, otherwise in _PARTS_OF_CODE
    )


def brought_by(version: int, *columns: Column | tuple[Column, ...]) -> tuple[Column, ...]:
    """Return columns as those that a schema version brought."""
    each = (c for given in columns for c in (given if isinstance(given, tuple) else (given,)))
    return tuple(replace(column, since=version) for column in each)


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its grain, its key, its columns, and how its rows lie on disk."""

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...] = ()
    """Columns that stand in the folder names and not in the files."""
    sort_by: tuple[str, ...] = ()
    """Row order inside a part; empty means by key."""
    rows_per_part: int = 0
    """Rows of a part of a table kept in ranges of its sort order; 0: parts are cut by bytes."""
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)
    _schema: pa.Schema = field(init=False, repr=False, compare=False)
    _part_schema: pa.Schema = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the columns, and refuse a definition that contradicts itself."""
        by_name = {column.name: column for column in self.columns}
        if len(by_name) != len(self.columns):
            raise ValueError(f"table {self.name}: a column name stands twice")
        for name in (*self.key, *self.partition_by, *self.sort_by):
            if name not in by_name:
                raise ValueError(f"table {self.name}: no column {name}")
        object.__setattr__(self, "by_name", by_name)
        fields = [column.field() for column in self.columns]
        object.__setattr__(self, "_schema", pa.schema(fields))
        own = [each for each in fields if each.name not in self.partition_by]
        object.__setattr__(self, "_part_schema", pa.schema(own))

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """Pickle by name, so that workers share the one definition."""
        from dicomlake.schemas.tables import table  # noqa: PLC0415  (tables import this module)

        return table, (self.name,)

    @property
    def order(self) -> tuple[str, ...]:
        """Return the columns that rows are sorted by."""
        return self.sort_by or self.key

    def schema(self) -> pa.Schema:
        """Return the Arrow schema of a row, partition columns included."""
        return self._schema

    def part_schema(self) -> pa.Schema:
        """Return the Arrow schema inside a part: without the partition columns."""
        return self._part_schema

    def empty(self) -> pa.Table:
        """Return a table of this schema with no rows."""
        return self.schema().empty_table()


def take_columns(
    source: Table, names: Sequence[str], *, required: Sequence[str] = ()
) -> tuple[Column, ...]:
    """Return columns of another table under the same definition, null unless `required`."""
    return tuple(replace(source.by_name[name], nullable=name not in required) for name in names)


LINEAGE: Final = (
    Column("run_id", pa.string(), "Run that last changed the row.", nullable=False),
    Column(
        "pipeline_version",
        pa.string(),
        "Version of dicomlake that wrote the row.",
        nullable=False,
    ),
    Column(
        "schema_version",
        pa.int16(),
        "Version of the schema the row was written with.",
        nullable=False,
    ),
)
"""Columns at the end of every table: which run, code and schema a row comes from."""
