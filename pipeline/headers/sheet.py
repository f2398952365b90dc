"""Rows of `instances` from raw headers, column by column.

Byte order, character set and sign decide how bytes are read. Headers of one byte order make one
sheet. Character sets differ in bytes beyond ASCII only, and the sign matters to attributes that
are US or SS; only a column to which it matters is decoded in parts. What is alike in all headers of
a family is decoded once and spread over its rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import Codes, array, repeated, spread_out
from dicomlake.pipeline.headers.attributes import (
    PIXEL_REPRESENTATION,
    SPECIFIC_CHARACTER_SET,
    TIMEZONE_OFFSET,
    Attribute,
    attributes_of,
)
from dicomlake.pipeline.headers.decode import Cell, Decoded, Decoder, Value, is_plain_ascii, plain
from dicomlake.pipeline.headers.derive import (
    age_in_years_of,
    modality_of,
    offset_of,
    patient_key,
    study_year_of,
    with_unspecified,
)
from dicomlake.pipeline.headers.identity import attribute_called, without_identity
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Layout, PrivateKey, private_key, private_values
from dicomlake.pipeline.headers.octets import RejectedHeaderError
from dicomlake.pipeline.headers.private import COLUMN, PrivateValues
from dicomlake.pipeline.headers.reader import RawHeader
from dicomlake.pipeline.headers.text import Problem, charset_of
from dicomlake.pipeline.headers.values import IN_CHARSET, INVALID, Context, Raw
from dicomlake.schemas.tables.instances import INSTANCES

_WORTH: Final = 2
"""Rows of a family, on average, from which on families are worth their trouble."""
_OFFSET_MINUTES: Final = "_offset_minutes"


@dataclass(frozen=True, slots=True)
class Rows:
    """The decoded rows of a sheet.

    `columns` hold what comes from headers, by name; the rest of a row is known to the batch.
    """

    places: tuple[int, ...]
    """Of the headers in the batch, a row each."""
    headers: tuple[RawHeader, ...]
    contexts: tuple[Context, ...]
    """How each header is read."""
    file_offsets: tuple[int | None, ...]
    """Timezone Offset From UTC of each header, in minutes."""
    columns: dict[str, "pa.Array[Any]"]
    faults: dict[int, list[Fault]]
    """Findings by place, also of those rejected."""
    rejected: dict[int, RejectedHeaderError]
    """Headers that cannot be rows, by place."""


_Value = TypeVar("_Value")


class _Cells(NamedTuple):
    """Cells of an attribute, of every family or of every row."""

    cells: Sequence[Cell]
    by_family: bool


class SheetMaker:
    """Sorts the headers of a batch into sheets and decodes them."""

    def __init__(self, layout: Layout, decoder: Decoder, private: PrivateValues) -> None:
        self._layout = layout
        self._decoder = decoder
        self._private = private
        self._sheets: dict[bool, _Sheet] = {}

    def add(self, place: int, header: RawHeader) -> None:
        """Put a header into its sheet."""
        sheet = self._sheets.get(header.little)
        if sheet is None:
            sheet = _Sheet(self._layout, self._decoder, self._private, header.little)
            self._sheets[header.little] = sheet
        sheet.places.append(place)
        sheet.headers.append(header)

    def rows(self) -> list[Rows]:
        """Return the decoded sheets."""
        return [sheet.rows() for sheet in self._sheets.values()]


@dataclass(slots=True)
class _Sheet:
    """Headers of one byte order."""

    layout: Layout
    decoder: Decoder
    private: PrivateValues
    little: bool
    places: list[int] = field(default_factory=list)
    headers: list[RawHeader] = field(default_factory=list)
    _contexts: list[Context] = field(default_factory=list)
    """By row; those that are equal are one object."""
    _distinct: tuple[Context, ...] = ()
    _heads: list[int] = field(default_factory=list)
    """For each family a row of it; a header without family is one of its own."""
    _spread: Codes | None = None
    """The place of each row's family in `_heads`; None where families do not pay."""
    _full: dict[int, Sequence[Cell]] = field(default_factory=dict)
    """Columns of cells of the slots in which headers of a family may differ, a cell a row."""
    _varying: frozenset[int] = frozenset()
    """Slots in which headers of a family may differ."""
    _cells: list[tuple[Cell, ...]] = field(default_factory=list)
    """Columns of cells, by slot; a cell for each of `_heads`."""
    _private_values: list[Mapping[PrivateKey, Raw]] = field(default_factory=list)
    """The private values of each row; those of a series are mostly one object."""
    _columns: dict[str, "pa.Array[Any]"] = field(default_factory=dict)
    _by_family: dict[str, "pa.Array[Any]"] = field(default_factory=dict)
    """Columns with a value for each of `_heads`, to be spread over the rows."""
    _faults: dict[int, list[Fault]] = field(default_factory=dict)
    """By row of the sheet."""
    _invalid: dict[int, list[str]] = field(default_factory=dict)

    def rows(self) -> Rows:
        """Decode the columns and derive what is derived."""
        rejected = without_identity(self.headers, self.layout, self.decoder, little=self.little)
        if rejected:
            kept = [row for row in range(len(self.headers)) if row not in rejected]
            errors = {self.places[row]: error for row, error in rejected.items()}
            self.headers = [self.headers[row] for row in kept]
            self.places = [self.places[row] for row in kept]
        else:
            errors = {}
        self._find_families()
        self._cells = list(zip(*(self.headers[row].cells for row in self._heads), strict=True))
        offsets: list[int | None] = []
        if self.headers:
            self._contexts = self._contexts_of()
            self._distinct = tuple(dict.fromkeys(self._contexts))
            distinct = {id(header.private): header.private for header in self.headers}
            known = {number: private_values(cells) for number, cells in distinct.items()}
            self._private_values = [known[id(header.private)] for header in self.headers]
            offsets = self._file_offsets()
            for attribute in attributes_of(INSTANCES):
                self._decode(attribute, offsets)
            if self._spread is not None:
                self._columns |= spread_out(self._by_family, self._spread)
            self._derive()
        return Rows(
            tuple(self.places),
            tuple(self.headers),
            tuple(self._contexts),
            tuple(offsets),
            self._columns,
            {self.places[row]: faults for row, faults in self._faults.items()},
            errors,
        )

    def _find_families(self) -> None:
        """Group the rows by family, unless most rows have none or it decides how they are read."""
        places: dict[int, int] = {}
        heads: list[int] = []
        codes: list[int] = []
        varying: set[int] = set()
        for row, header in enumerate(self.headers):
            key = row if header.family is None else -id(header.family)
            place = places.get(key)
            if place is None:
                place = places[key] = len(heads)
                heads.append(row)
                if header.family is not None:
                    varying |= header.family.slots
            codes.append(place)
        deciding = (SPECIFIC_CHARACTER_SET, PIXEL_REPRESENTATION, TIMEZONE_OFFSET)
        if _WORTH * len(heads) > len(codes) or varying & {self.layout.slots[t] for t in deciding}:
            self._heads, self._spread = list(range(len(self.headers))), None
        else:
            self._heads, self._spread = heads, np.array(codes, np.int32)
            self._varying = frozenset(varying)
            self._full = self._columns_of(sorted(varying))

    def _columns_of(self, slots: Sequence[int]) -> dict[int, Sequence[Cell]]:
        """Return the cells of every row in certain slots."""
        if len(slots) < 2:  # noqa: PLR2004  (of one, `itemgetter` makes no tuple)
            return {slot: [header.cells[slot] for header in self.headers] for slot in slots}
        cells = map(itemgetter(*slots), [header.cells for header in self.headers])
        return dict(zip(slots, zip(*cells, strict=True), strict=True))

    def _spread_out(self, values: Sequence[_Value]) -> Sequence[_Value]:
        """Return for each row the value of its family."""
        if self._spread is None:
            return values
        return list(map(values.__getitem__, self._spread.tolist()))

    def _contexts_of(self) -> list[Context]:
        """Return how each header is read; what is odd about a character set is a finding."""
        one = b"\x01\x00" if self.little else b"\x00\x01"
        pairs = list(
            zip(
                self._rows_at(SPECIFIC_CHARACTER_SET),
                self._rows_at(PIXEL_REPRESENTATION),
                strict=True,
            )
        )
        known: dict[tuple[Cell, Cell], Context] = {}
        odd: dict[Cell, tuple[Problem, ...]] = {}
        for charset, sign in set(pairs):
            named, problems = charset_of(_bytes(charset))
            signed = _bytes(sign) == one
            known[charset, sign] = Context(self.little, named, signed, self.decoder.max_values)
            if problems:
                odd[charset] = problems
        for row, (charset, _) in enumerate(pairs) if odd else ():
            if charset in odd:
                self._fault(row, SPECIFIC_CHARACTER_SET, odd[charset])
        same = {context: context for context in known.values()}
        return [same[known[pair]] for pair in pairs]

    def _cells_at(self, tag: int) -> _Cells:
        """Return the cells of every family, or of every row where a family does not decide."""
        slot = self.layout.slots[tag]
        if self._spread is None or slot not in self._varying:
            return _Cells(self._cells[slot], self._spread is not None)
        return _Cells(self._full[slot], by_family=False)

    def _fault(self, row: int, tag: int, problems: Sequence[tuple[str, str | None]]) -> None:
        faults = self._faults.setdefault(row, [])
        faults += [Fault(code, tag, text) for code, text in problems]

    # Attributes.

    def _decode(self, attribute: Attribute, offsets: Sequence[int | None]) -> None:
        kind = INSTANCES.by_name[attribute.name].type
        minutes_name = attribute.name + _OFFSET_MINUTES
        cells, by_family = self._cells_of(attribute)
        if cells.count(None) == len(cells):
            self._columns[attribute.name] = repeated(None, len(self.headers), kind)
            if minutes_name in INSTANCES.by_name:
                self._set(minutes_name, [None] * len(self.headers))
            return
        if attribute.every_item:
            decoded = self._every_item(attribute, cells, by_family, kind)
        elif attribute.vr == "DT":
            values: Sequence[Value] = cells  # type: ignore[assignment]  # no sequence is a DT
            known = [offsets[row] for row in self._heads] if by_family else offsets
            decoded, minutes = self.decoder.date_times(attribute, values, self._distinct[0], known)
            if minutes_name in INSTANCES.by_name:
                self._set(minutes_name, self._spread_out(minutes) if by_family else minutes)
        else:
            decoded = self._values_decoded(attribute, cells, by_family, kind)  # type: ignore[arg-type]  # as before
        (self._by_family if by_family else self._columns)[attribute.name] = decoded.array
        for place, problems in decoded.problems.items():
            rows = np.flatnonzero(self._spread == place).tolist() if by_family else (place,)
            for row in rows:
                self._fault(row, attribute.tag, problems)
                if any(code in INVALID for code, _ in problems):
                    self._invalid.setdefault(row, []).append(_called(attribute))

    def _cells_of(self, attribute: Attribute) -> _Cells:
        """Return the raw values of an attribute; of one read of every item, its sequence."""
        if attribute.within:
            cells, by_family = self._cells_at(attribute.within[0])
            if not attribute.every_item and cells.count(None) != len(cells):
                cells = self.decoder.inner(attribute, cells)
            return _Cells(cells, by_family)
        if attribute.creator:
            key = private_key(attribute)
            by_family = self._spread is not None and self._all_share(key)
            rows = self._private_values
            said = [rows[head] for head in self._heads] if by_family else rows
            found = [values.get(key) for values in said]
            raws = [None if raw is None else plain(raw, attribute.vr) for raw in found]
            return _Cells(raws, by_family)
        cells, by_family = self._cells_at(attribute.tag)
        for tag in attribute.otherwise:
            cells = self._spread_out(cells) if by_family else cells
            by_family = False
            cells = [
                cell if other is None or _bytes(cell).strip(b" \0") else other
                for cell, other in zip(cells, self._rows_at(tag), strict=True)
            ]
        return _Cells(cells, by_family)

    def _all_share(self, key: PrivateKey) -> bool:
        """Return whether a private attribute is the same in all headers of each family."""
        group, _, element = key
        families = (self.headers[head].family for head in self._heads)
        return all(each is None or each.shares(group, element) for each in families)

    def _rows_at(self, tag: int) -> Sequence[Cell]:
        """Return the cells of every row."""
        cells, by_family = self._cells_at(tag)
        return self._spread_out(cells) if by_family else cells

    def _every_item(
        self, attribute: Attribute, cells: Sequence[Cell], by_family: bool, kind: pa.DataType
    ) -> Decoded:
        alike = len(self._distinct) == 1 or attribute.vr not in IN_CHARSET
        contexts: Sequence[Context] = self._distinct[:1]
        if not alike and not self.decoder.is_ascii_within(attribute, cells):
            contexts = self._contexts_for(by_family)
        return self.decoder.every_item(attribute, cells, contexts, kind)

    def _values_decoded(
        self, attribute: Attribute, cells: Sequence[Value], by_family: bool, kind: pa.DataType
    ) -> Decoded:
        if len(self._distinct) == 1 or not self._matters(attribute, cells):
            return self.decoder.column(attribute, cells, self._distinct[0], kind)
        contexts = self._contexts_for(by_family)
        return self.decoder.mixed_column(attribute, cells, contexts, kind)

    def _contexts_for(self, by_family: bool) -> Sequence[Context]:
        """Return the contexts of the families, or of the rows."""
        if not by_family:
            return self._contexts
        return [self._contexts[row] for row in self._heads]

    def _matters(self, attribute: Attribute, cells: Sequence[Value]) -> bool:
        """Return whether equal cells of a column may mean different things in its rows."""
        if attribute.vr == "US or SS":
            return True
        return attribute.vr in IN_CHARSET and not all(map(is_plain_ascii, set(cells)))

    # What is derived.

    def _file_offsets(self) -> list[int | None]:
        """Return Timezone Offset From UTC in minutes of each header."""
        cells = self._rows_at(TIMEZONE_OFFSET)
        values: Sequence[Value] = cells  # type: ignore[assignment]  # no sequence is an SH
        contexts: Sequence[Context] = self._contexts
        if all(map(is_plain_ascii, set(values))):
            contexts = self._distinct[:1] * len(cells)
        known: dict[tuple[Cell, int], tuple[int | None, tuple[Problem, ...]]] = {}
        offsets: list[int | None] = []
        for row, (cell, context) in enumerate(zip(cells, contexts, strict=True)):
            key = cell, id(context)
            if key not in known:
                known[key] = offset_of(_raw(cell), context)
            offset, problems = known[key]
            offsets.append(offset)
            if problems:
                self._fault(row, TIMEZONE_OFFSET, problems)
        return offsets

    def _derive(self) -> None:
        columns = self._columns
        identity = ("issuer_of_patient_id", "patient_id", "study_instance_uid")
        texts: list[list[Any]] = [columns[name].to_pylist() for name in identity]
        who = list(zip(*texts, strict=True))
        keys = {each: patient_key(*each) for each in set(who)}
        self._set("patient_key", [keys[each] for each in who])
        self._set_modality()
        for name, source, function in (
            ("study_year", "study_date", study_year_of),
            ("age_years", "patient_age", age_in_years_of),
        ):
            parsed = self._parsed(source)
            known = {value: function(value) for value in set(parsed)}
            self._set(name, [known[value] for value in parsed])
        self._set_lut_type()
        self._columns[COLUMN] = self.private.column(
            self._private_values, self._contexts, self.decoder, self._fault
        )
        none: list[str] | None = None
        invalid = [
            sorted(set(self._invalid[row])) if row in self._invalid else none
            for row in range(len(self.headers))
        ]
        self._set("invalid_attributes", invalid)

    def _set_modality(self) -> None:
        raws: list[Any] = self._columns["modality_raw"].to_pylist()
        known = {raw: modality_of(raw) for raw in set(raws)}
        self._set("modality", [known[raw][0] for raw in raws])
        for row, raw in enumerate(raws):
            if known[raw][1]:
                self._fault(row, _tag_of("modality_raw"), known[raw][1])

    def _parsed(self, name: str) -> Sequence[Any]:
        """Return the parsed values of a column that does not depend on the context."""
        attribute = attribute_called(name)
        cells, by_family = self._cells_of(attribute)
        values: Sequence[Value] = cells  # type: ignore[assignment]  # no sequence
        parsed = self.decoder.parsed(attribute, values, self._distinct[0])
        return self._spread_out(parsed) if by_family else parsed

    def _set_lut_type(self) -> None:
        """Say `UNSPECIFIED` where a Modality LUT does not say what its values are."""
        name = "modality_lut_type"
        cells = self._rows_at(attribute_called(name).within[0])
        if any(isinstance(cell, Items) and cell.items for cell in set(cells)):
            self._set(name, with_unspecified(cells, self._columns[name].to_pylist()))

    def _set(self, name: str, values: Sequence[Any]) -> None:
        kind = INSTANCES.by_name[name].type
        alike = values.count(values[0]) == len(values)
        self._columns[name] = (
            repeated(values[0], len(values), kind) if alike else array(values, kind)
        )


def _called(attribute: Attribute) -> str:
    """Return what `invalid_attributes` calls it; within sequences a keyword is no name."""
    return attribute.name if attribute.within or attribute.creator else attribute.keyword


def _tag_of(name: str) -> int:
    return attribute_called(name).tag


def _bytes(cell: Cell) -> bytes:
    if isinstance(cell, bytes):
        return cell
    return cell.value if isinstance(cell, Raw) else b""


def _raw(cell: Cell) -> Raw | None:
    if cell is None:
        return None
    return cell if isinstance(cell, Raw) else Raw("", _bytes(cell))
