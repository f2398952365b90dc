"""Columns of raw values to columns of typed ones: each distinct value is parsed once.

The strict parsers of `values.py` decide about every value. A column with many different values is
first held against a screen: what passes as a whole is in the plain form that the strict parser
would accept without a finding, and is converted in one go (`screens.py`); else each distinct value
is parsed on its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow as pa

from dicomlake.pipeline.headers.arrays import (
    Codes,
    array,
    chosen,
    repeated,
)
from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET, Attribute
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.screens import Numbers, plain_date_times, screened
from dicomlake.pipeline.headers.temporal import MINUTE_US, MalformedError, Moment, in_utc
from dicomlake.pipeline.headers.text import Problem, charset_of
from dicomlake.pipeline.headers.values import Context, Parsed, Raw, default_text, parse

Cell = bytes | Raw | Items | None
"""A value as it stands in a data set: its bytes where its VR is the attribute's own or none is
written, else both; the items of a sequence; None where it is absent."""

Value = bytes | Raw | None
"""A cell that is no sequence."""

_UTC: Final = pa.timestamp("us")
_LONG_CODES: Final = {0x00080119: "UC", 0x00080120: "UR"}
"""Long and URN Code Value, which stand in for Code Value and have a VR of their own."""
_BLOCKS: Final = range(0x10, 0x100)
_NO_TAG: Final = -1
_SOME: Final = 16
"""More different values than this are held against a screen before each is parsed."""
_MOST_KEPT: Final = 20_000
_MOST_KEPT_BYTES: Final = 2 << 20
"""Values remembered from batch to batch, and their bytes."""
_NOTHING: Final = Parsed(None, ())


@dataclass(frozen=True, slots=True)
class Decoded:
    """A typed column, and the findings about its values by position.

    A position with an invalidating finding is null.
    """

    array: "pa.Array[Any]"
    problems: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)


class Decoder:
    """Decodes columns, and remembers the values that it parsed, within bounds from batch to batch.

    What one batch may hold is bounded by the files in it; `trim` bounds what outlives it.
    """

    def __init__(self, max_values: int) -> None:
        """Start with nothing known.

        Args:
            max_values: most values kept of a multi-valued attribute.
        """
        self.max_values = max_values
        self._known: dict[Context, dict[Attribute, dict[Value, Parsed]]] = {}
        self._kept = 0
        """Values that are remembered."""
        self._kept_bytes = 0

    def trim(self) -> None:
        """Forget all where it has become much; to be called between batches."""
        if self._kept > _MOST_KEPT or self._kept_bytes > _MOST_KEPT_BYTES:
            self._known.clear()
            self._kept = self._kept_bytes = 0

    def column(
        self,
        attribute: Attribute,
        cells: Sequence[Value],
        context: Context,
        kind: pa.DataType,
    ) -> Decoded:
        """Return the typed values of an attribute in several data sets of one context.

        Args:
            attribute: what the values should be.
            cells: the raw values.
            context: byte order, character set and limits, the same for all.
            kind: Arrow type of the column.
        """
        distinct = set(cells)
        if context.little and len(distinct) > _SOME:
            whole = self._screened(attribute, cells, distinct, kind)
            if whole is not None:
                return whole
        known = self._parse(attribute, distinct, context)
        return _column(known, distinct, cells, kind)

    def _screened(
        self,
        attribute: Attribute,
        cells: Sequence[Value],
        distinct: set[Value],
        kind: pa.DataType,
    ) -> Decoded | None:
        """Return a column whose values pass their screen, None where they do not."""
        order: list[Value]
        if len(distinct) * 2 > len(cells):  # hardly a value stands twice
            order = [cell for cell in cells if cell is not None]
            codes = _places(cells)
        else:
            order = list(distinct - {None})
            codes = _codes(order, cells)
        plain = screened(attribute, order, self.max_values)
        if plain is None:
            return None
        said = {order[place]: each for place, each in plain.problems.items()}
        problems = _by_place(said, cells) if said else {}
        return Decoded(chosen(plain.values, codes, kind), problems)

    def one(self, attribute: Attribute, cell: Value, context: Context) -> Parsed:
        """Return the parsed value of one cell, with the findings about it."""
        return self._parse(attribute, (cell,), context)[cell]

    def parsed(self, attribute: Attribute, cells: Sequence[Value], context: Context) -> list[Any]:
        """Return the parsed values of cells, as the parsers give them."""
        known = self._parse(attribute, set(cells), context)
        return [known[cell].value for cell in cells]

    def date_times(
        self,
        attribute: Attribute,
        cells: Sequence[Value],
        context: Context,
        file_offsets: Sequence[int | None],
    ) -> tuple[Decoded, list[int | None]]:
        """Return DT values as microseconds since the epoch, and their offsets from UTC in minutes.

        Args:
            attribute: of VR DT.
            cells: the raw values.
            context: the same for all.
            file_offsets: what Timezone Offset From UTC (0008,0201) says of each; for values that
                have no offset of their own. Without any a value is local time.
        """
        local = plain_date_times(cells) if len(cells) > _SOME else None
        if local is not None:
            return _plain_moments(local, cells, file_offsets)
        known = self._parse(attribute, set(cells), context)
        micros: list[int | None] = []
        minutes: list[int | None] = []
        problems: dict[int, tuple[Problem, ...]] = {}
        for place, (cell, file_offset) in enumerate(zip(cells, file_offsets, strict=True)):
            moment, said = known[cell]
            utc = offset = None
            if isinstance(moment, Moment):
                offset = file_offset if moment.offset_minutes is None else moment.offset_minutes
                try:
                    utc = in_utc(moment, offset or 0)
                except MalformedError as error:
                    said = (*said, (error.code, error.detail))
            micros.append(utc)
            minutes.append(None if utc is None else offset)
            if said:
                problems[place] = said
        return Decoded(array(micros, _UTC), problems), minutes

    def inner(self, attribute: Attribute, cells: Sequence[Cell]) -> list[Value]:
        """Return the raw values of an attribute within a sequence, given that sequence."""
        distinct = set(cells)
        found: dict[Cell, Value] = dict.fromkeys(distinct)
        found.update((c, cell_in(c, attribute)) for c in distinct if isinstance(c, Items))
        return list(map(found.__getitem__, cells))

    def is_ascii_within(self, attribute: Attribute, cells: Sequence[Cell]) -> bool:
        """Return whether no text of an attribute within sequences needs a character set."""
        return all(
            is_plain_ascii(value)
            for cell in set(cells)
            if isinstance(cell, Items)
            for value in _cells_in(cell, attribute)
        )

    def every_item(
        self,
        attribute: Attribute,
        cells: Sequence[Cell],
        contexts: Sequence[Context],
        kind: pa.DataType,
    ) -> Decoded:
        """Return a column of lists: the values of an attribute in each item of a sequence.

        A list without any value is null.

        Args:
            attribute: that is read of every item.
            cells: the outermost sequence.
            contexts: of each cell, or one for all.
            kind: Arrow type of the column.
        """
        keys, known = _keys(cells, contexts)
        parsed = {
            (cell, number): self._each(attribute, list(_cells_in(cell, attribute)), context)
            if isinstance(cell, Items)
            else _NOTHING
            for (cell, number), context in known.items()
        }
        return _column(parsed, set(parsed), keys, kind)

    def mixed_column(
        self,
        attribute: Attribute,
        cells: Sequence[Value],
        contexts: Sequence[Context],
        kind: pa.DataType,
    ) -> Decoded:
        """Return the typed values of an attribute where equal bytes may mean different values.

        Args:
            attribute: what the values should be.
            cells: the raw values.
            contexts: of each of them.
            kind: Arrow type of the column.
        """
        keys, known = _keys(cells, contexts)
        parsed = {
            (cell, number): self.one(attribute, cell, context)
            for (cell, number), context in known.items()
        }
        return _column(parsed, set(parsed), keys, kind)

    def _parse(
        self, attribute: Attribute, distinct: Iterable[Value], context: Context
    ) -> dict[Value, Parsed]:
        """Return what is known of an attribute in a context, these values included."""
        known = self._known.setdefault(context, {}).setdefault(attribute, {None: _NOTHING})
        for cell in distinct:
            if cell not in known:
                known[cell] = _parsed(attribute, cell, context)
                self._kept += 1
                self._kept_bytes += len(cell.value if isinstance(cell, Raw) else cell or b"")
        return known

    def _each(self, attribute: Attribute, values: Sequence[Value], context: Context) -> Parsed:
        """Return the values of one attribute of several items as one list."""
        problems: list[Problem] = []
        if len(values) > context.max_values:
            values = values[: context.max_values]
            problems.append(("too_many_values", None))
        known = self._parse(attribute, values, context)
        found = [known[cell].value for cell in values]
        problems += [problem for cell in values for problem in known[cell].problems]
        unique = tuple(dict.fromkeys(problems))
        return Parsed(found if any(value is not None for value in found) else None, unique)


def _plain_moments(
    local: Numbers, cells: Sequence[Value], file_offsets: Sequence[int | None]
) -> tuple[Decoded, list[int | None]]:
    """Return a column of DT values without offsets of their own, and their offsets in minutes."""
    pairs = zip(cells, file_offsets, strict=True)
    minutes = [None if cell is None else offset for cell, offset in pairs]
    shift = np.fromiter((minute or 0 for minute in minutes), np.int64, len(minutes))
    there = np.fromiter((cell is not None for cell in cells), np.bool_, len(cells))
    codes = np.where(there, np.arange(len(cells), dtype=np.int32), np.int32(-1))
    return Decoded(chosen(local - shift * MINUTE_US, codes, _UTC)), minutes


def _parsed(attribute: Attribute, cell: Value, context: Context) -> Parsed:
    raw = cell if isinstance(cell, Raw) else Raw("", cell or b"")
    if attribute.otherwise and raw.vr in _LONG_CODES.values():
        attribute = replace(attribute, vr=raw.vr)
    if raw.charset is None:
        return parse(attribute, raw, context)
    charset, problems = charset_of(raw.charset)
    value, said = parse(attribute, raw, replace(context, charset=charset))
    return Parsed(value, (*problems, *said))


_Kind = TypeVar("_Kind", bound=Cell)


def _keys(
    cells: Sequence[_Kind], contexts: Sequence[Context]
) -> tuple[list[tuple[_Kind, int]], dict[tuple[_Kind, int], Context]]:
    """Return each cell with a number for its context, and the context of each distinct pair."""
    numbers: dict[int, int] = {}
    if len(contexts) == 1:
        contexts = [contexts[0]] * len(cells)
    keys = []
    known = {}
    for cell, context in zip(cells, contexts, strict=True):
        key = cell, numbers.setdefault(id(context), len(numbers))
        keys.append(key)
        known[key] = context
    return keys, known


def _column(
    known: Mapping[Any, Parsed],
    distinct: set[Any],
    cells: Sequence[Any],
    kind: pa.DataType,
) -> Decoded:
    """Return the column of cells whose values are known."""
    said = {cell: known[cell].problems for cell in distinct if known[cell].problems}
    problems = _by_place(said, cells) if said else {}
    if len(distinct) == 1:
        (only,) = distinct
        return Decoded(repeated(known[only].value, len(cells), kind), problems)
    order = list(distinct)
    values = [known[cell].value for cell in order]
    return Decoded(chosen(values, _codes(order, cells), kind), problems)


def _by_place(
    said: Mapping[Any, tuple[Problem, ...]], cells: Sequence[Any]
) -> dict[int, tuple[Problem, ...]]:
    """Return the findings about distinct cells by the places where these stand."""
    return {place: said[cell] for place, cell in enumerate(cells) if cell in said}


def _places(cells: Sequence[Any]) -> Codes:
    """Return the place of each cell among those that are there; -1 for an absent one."""
    if None not in cells:
        return np.arange(len(cells), dtype=np.int32)
    there = np.fromiter((cell is not None for cell in cells), np.bool_, len(cells))
    return np.where(there, np.cumsum(there) - 1, -1).astype(np.int32)


def _codes(order: Sequence[Any], cells: Sequence[Any]) -> Codes:
    """Return the place of each cell among the distinct ones; -1 for an absent one."""
    places: dict[Any, int] = {None: -1}
    places.update((cell, place) for place, cell in enumerate(order))
    return np.fromiter(map(places.__getitem__, cells), np.int32, len(cells))


def is_plain_ascii(cell: Value) -> bool:
    """Return whether the bytes of a cell are the same text in every character set."""
    raw = cell.value if isinstance(cell, Raw) else cell
    return raw is None or (raw.isascii() and b"\x1b" not in raw)


def cell_in(items: Items | None, attribute: Attribute) -> Value:
    """Return the raw value of an attribute within a sequence: of the first item at each level.

    Args:
        items: the outermost sequence of `attribute.within`; None where it is absent.
        attribute: the attribute.
    """
    return next(iter(_cells_in(items, attribute)), None)


def _cells_in(items: Items | None, attribute: Attribute) -> Iterator[Value]:
    """Yield the raw value of an attribute in each item of the innermost sequence."""
    charset = None
    for tag in attribute.within[1:]:
        if items is None or not items.items:
            return
        charset = _charset_of_item(items.items[0], charset)
        inner = items.items[0].get(tag)
        items = inner if isinstance(inner, Items) else None
    for item in items.items if items is not None else ():
        yield value_in(item, attribute, charset)


def value_in(item: Item, attribute: Attribute, charset: bytes | None = None) -> Value:
    """Return the raw value of an attribute in an item, or of what may stand in for it.

    Args:
        item: that holds it.
        attribute: the attribute.
        charset: Specific Character Set of an enclosing item, where one names its own.
    """
    charset = _charset_of_item(item, charset)
    found: Value = None
    for tag in (_tag_in(item, attribute), *attribute.otherwise):
        cell = item.get(tag)
        if isinstance(cell, Raw):
            vr = cell.vr if tag not in attribute.otherwise else _LONG_CODES.get(tag, cell.vr)
            found = plain(Raw(vr, cell.value), attribute.vr)
            if charset is not None and not is_plain_ascii(cell):
                found = Raw(vr, cell.value, charset)
            if cell.value.strip(b" \0"):
                return found
    return found


def _tag_in(item: Item, attribute: Attribute) -> int:
    """Return the tag of an attribute in an item; of a private one in its creator's block."""
    if not attribute.creator:
        return attribute.tag
    group = attribute.tag & 0xFFFF0000
    for block in _BLOCKS:
        creator = item.get(group | block)
        if isinstance(creator, Raw) and default_text(creator.value) == attribute.creator:
            return group | block << 8 | attribute.tag & 0xFF
    return _NO_TAG


def _charset_of_item(item: Item, outer: bytes | None) -> bytes | None:
    """Return the character set of an item: its own, else that around it (PS3.3 C.12.1.1.2)."""
    own = item.get(SPECIFIC_CHARACTER_SET)
    return own.value if isinstance(own, Raw) else outer


def plain(raw: Raw, vr: str) -> Value:
    """Return a raw value as a cell: bytes alone where the VR says nothing new."""
    return raw.value if raw.vr in ("", vr) else raw
