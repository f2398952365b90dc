"""The content tree of a structured report, read leniently (PS3.3 section C.17.3).

The readers of `headers` find the elements; here items become nodes that are asked by concept. What
a node is tells what it holds, not its Value Type: writers spell that in many ways, and carry UIDs
as text. A node without a value has none, and what cannot be read is told by the document, so that
no report is lost for one bad item.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from dicomlake.pipeline.dose.codes import Code
from dicomlake.pipeline.dose.units import convert
from dicomlake.pipeline.headers.attributes import SPECIFIC_CHARACTER_SET
from dicomlake.pipeline.headers.items import Item, Items
from dicomlake.pipeline.headers.numeric import parse_decimal, unpack
from dicomlake.pipeline.headers.temporal import (
    MalformedError,
    Moment,
    in_utc,
    parse_date,
    parse_date_time,
    parse_time,
)
from dicomlake.pipeline.headers.text import Charset, charset_of, decode, without_controls
from dicomlake.pipeline.headers.values import Raw, default_text

_CODE_VALUES: Final = (0x00080100, 0x00080119, 0x00080120)
"""Code Value, Long Code Value, URN Code Value: one of them is there (PS3.3 section 8)."""
_SCHEME: Final = 0x00080102
_MEANING: Final = 0x00080104
CONCEPT_NAME: Final = 0x0040A043
CONTENT: Final = 0x0040A730
_CONCEPT_CODE: Final = 0x0040A168
_MEASURED: Final = 0x0040A300
_NUMERIC_VALUE: Final = 0x0040A30A
_FLOATING_VALUE: Final = 0x0040A161
_UNITS: Final = 0x004008EA
_VALUE_TYPE: Final = 0x0040A040
_VALUE_TYPES: Final = frozenset(
    b"CODE COMPOSITE CONTAINER DATE DATETIME IMAGE NUM PNAME SCOORD SCOORD3D TABLE TCOORD TEXT TIME"
    b" UIDREF WAVEFORM".split()
)
_TEXT_VALUE: Final = 0x0040A160
_PERSON_NAME: Final = 0x0040A123
_DATE_TIME: Final = 0x0040A120
_DATE: Final = 0x0040A121
_TIME: Final = 0x0040A122
_UID: Final = 0x0040A124
_REFERENCED_SOP: Final = 0x00081199
_REFERENCED_UID: Final = 0x00081155

_EPOCH: Final = datetime(1970, 1, 1)
"""Of local times, or of UTC: as the offset column beside a time says."""
_MOST_NODES: Final = 1_000_000
"""Content items of a report that are walked; more are none of this world."""


@dataclass(frozen=True, slots=True)
class Instant:
    """A point in time: UTC where its offset in minutes is known, else local."""

    at: datetime
    offset_minutes: int | None


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of one or more NUM items of a concept, with their unit, as written."""

    values: tuple[float, ...]
    """Those that could be read, in order."""
    unit: Code | None
    raw: str
    """Numbers as written, with a backslash between; without control characters."""
    malformed: bool
    """Whether a number could not be read."""
    one_unit: bool = True
    """Whether all numbers have the same unit."""


@dataclass(slots=True)
class Document:
    """What the nodes of a report share: how it is written, and what could not be read."""

    charset: Charset
    little: bool
    offset_minutes: int | None
    whole: bool = True
    """False once a part of the content could not be read."""
    tolerated: set[str] = field(default_factory=set)
    """Flags of what departs from the standard, but is clear."""
    codes: dict[Items, tuple[Code, ...]] = field(default_factory=dict)
    """Codes of the sequences met so far: equal ones are one object."""

    def text(self, cell: "Raw | Items | None", charset: Charset, *, is_name: bool = False) -> str:
        """Return the text of an element, empty where there is none."""
        if not isinstance(cell, Raw) or not cell.value:
            return ""
        found, clean = decode(cell.value, charset, is_name=is_name)
        if not clean:
            self.whole = False
        return without_controls(found, lines=True)[0].strip(" \0")

    def codes_of(self, cell: "Raw | Items | None", charset: Charset) -> tuple[Code, ...]:
        """Return the codes of a code sequence; an item without a code value is none."""
        if not isinstance(cell, Items):
            return ()
        known = self.codes.get(cell)
        if known is None:
            found = (self._code(item, charset) for item in cell.items)
            known = self.codes[cell] = tuple(code for code in found if code is not None)
        return known

    def _code(self, item: Item, charset: Charset) -> Code | None:
        for tag in _CODE_VALUES:
            if value := self.text(item.get(tag), charset):
                scheme = self.text(item.get(_SCHEME), charset)
                return Code(scheme, value, self.text(item.get(_MEANING), charset))
        return None


class Node:
    """A content item: its concept, its value, and the items below it."""

    __slots__ = ("_by_name", "_charset", "_children", "_item", "document")

    def __init__(self, item: Item, document: Document, charset: Charset) -> None:
        """Take an item of Content Sequence, or the top level."""
        own = item.get(SPECIFIC_CHARACTER_SET)
        self._item = item
        self._charset = charset_of(own.value)[0] if isinstance(own, Raw) else charset
        self._children: tuple[Node, ...] | None = None
        self._by_name: dict[str, list[Node]] | None = None
        self.document = document

    @property
    def name(self) -> Code | None:
        """Return the concept that the item is about."""
        codes = self.document.codes_of(self._item.get(CONCEPT_NAME), self._charset)
        return codes[0] if codes else None

    def children(self, concept: Code | None = None) -> Sequence["Node"]:
        """Return the items right below, all or those of a concept, in the order of the report."""
        if self._children is None:
            self._children = self._made()
        if concept is None:
            return self._children
        if self._by_name is None:
            self._by_name = {}
            for child in self._children:
                if (name := child.name) is not None:
                    self._by_name.setdefault(name.key, []).append(child)
        return self._by_name.get(concept.key, ())

    def _made(self) -> tuple["Node", ...]:
        below = self._item.get(CONTENT)
        if isinstance(below, Items):
            self.document.whole &= below.whole
            return tuple(Node(item, self.document, self._charset) for item in below.items)
        if isinstance(below, Raw) and below.value:  # nested deeper than the limit, or broken
            self.document.whole = False
        return ()

    def first(self, *concepts: Code) -> "Node | None":
        """Return the first item right below of the first of some concepts that has any."""
        for concept in concepts:
            if found := self.children(concept):
                return found[0]
        return None

    def walk(self) -> Iterator["Node"]:
        """Yield all items below, in the order of the report; iterative, so any depth will do."""
        stack = [iter(self.children())]
        seen = 0
        while stack:
            node = next(stack[-1], None)
            if node is None:
                stack.pop()
                continue
            seen += 1
            if seen > _MOST_NODES:
                self.document.whole = False
                return
            yield node
            stack.append(iter(node.children()))

    def outermost(self, concept: Code) -> list["Node"]:
        """Return the items of a concept at any depth, but for those within one another."""
        found = list(self.children(concept))
        waiting = [child for child in self.children() if child.name != concept]
        while waiting:
            deeper: list[Node] = []
            for node in waiting:
                if not node.children():
                    continue
                found += node.children(concept)
                deeper += [child for child in node.children() if child.name != concept]
            waiting = deeper
        return found

    def deep_first(self, concept: Code) -> "Node | None":
        """Return the first item of a concept, right below if there is one, else at any depth."""
        return self.first(concept) or next(iter(self.outermost(concept)), None)

    def code(self) -> Code | None:
        """Return the coded value, None where there is none or Concept Code Sequence is empty."""
        codes = self.codes()
        return codes[0] if codes else None

    def codes(self) -> tuple[Code, ...]:
        """Return all coded values."""
        return self.document.codes_of(self._item.get(_CONCEPT_CODE), self._charset)

    def text(self) -> str | None:
        """Return the text, the person's name or the meaning of the code, None where empty."""
        document = self.document
        if written := document.text(self._item.get(_TEXT_VALUE), self._charset):
            return written
        if name := document.text(self._item.get(_PERSON_NAME), self._charset, is_name=True):
            return name
        code = self.code()
        return None if code is None else code.meaning or code.value or None

    def uid(self) -> str | None:
        """Return the UID, also one that is carried as text."""
        for tag in (_UID, _TEXT_VALUE):
            cell = self._item.get(tag)
            if isinstance(cell, Raw) and (found := default_text(cell.value).strip()):
                if tag == _TEXT_VALUE:
                    self.document.tolerated.add("uid_as_text")
                return found
        return None

    def has_value_type(self) -> bool:
        """Return whether the Value Type is one that there is (PS3.3 section C.17.3.2.1)."""
        cell = self._item.get(_VALUE_TYPE)
        return isinstance(cell, Raw) and cell.value.rstrip(b" \0") in _VALUE_TYPES

    def image_uids(self) -> list[str]:
        """Return the SOP Instance UIDs that the item refers to."""
        cell = self._item.get(_REFERENCED_SOP)
        items = cell.items if isinstance(cell, Items) else ()
        found = (item.get(_REFERENCED_UID) for item in items)
        texts = (default_text(raw.value) for raw in found if isinstance(raw, Raw))
        return [text for text in texts if text]

    def instant(self) -> Instant | None:
        """Return the date and time, also one that is carried as text; None where malformed."""
        for tag in (_DATE_TIME, _TEXT_VALUE):
            cell = self._item.get(tag)
            if isinstance(cell, Raw) and (written := default_text(cell.value)):
                return self._instant(written)
        date, time = self._item.get(_DATE), self._item.get(_TIME)
        if isinstance(date, Raw) and isinstance(time, Raw):
            try:
                days = parse_date(default_text(date.value))[0]
                micros = parse_time(default_text(time.value))[0]
            except MalformedError:
                return None
            return _instant(Moment(days * 86_400_000_000 + micros, None), None)
        return None

    def _instant(self, written: str) -> Instant | None:
        try:
            moment, _ = parse_date_time(written.strip())
        except MalformedError:
            return None
        return _instant(moment, self.document.offset_minutes)

    def measured(self) -> Measured | None:
        """Return the numbers of a NUM item; None where it has no measured value.

        One NumericValue may be a list with backslashes.
        """
        return measured([self])

    def number(self, unit: str) -> float | None:
        """Return the first number in the unit of a column; None without one of a known unit."""
        found = self.measured()
        if found is None or not found.values:
            return None
        return convert(found.values[0], found.unit, unit)

    def written(self) -> list[tuple[str, float | None, Code | None]]:
        """Return each number as written, as read (None: malformed), and its unit."""
        cell = self._item.get(_MEASURED)
        if not isinstance(cell, Items):
            return []
        found: list[tuple[str, float | None, Code | None]] = []
        for item in cell.items:
            units = self.document.codes_of(item.get(_UNITS), self._charset)
            unit = units[0] if units else None
            found += [(text, number, unit) for text, number in self._numbers(item)]
        return found

    def _numbers(self, item: Item) -> list[tuple[str, float | None]]:
        cell = item.get(_NUMERIC_VALUE)
        text = default_text(cell.value) if isinstance(cell, Raw) else ""
        parts = [part.strip() for part in text.split("\\")] if text.strip() else []
        found = [(part, _number(part)) for part in parts if part]
        exact = item.get(_FLOATING_VALUE)
        if len(found) <= 1 and isinstance(exact, Raw) and exact.value:
            precise = _floating(exact.value, self.document.little)
            if precise is not None and (not found or found[0][1] is None):
                return [(repr(precise), precise)]
        return found


def measured(nodes: Sequence[Node]) -> Measured | None:
    """Return the numbers of NUM items of one concept together; None where none has a value."""
    written = [each for node in nodes for each in node.written()]
    if not written:
        return None
    units = [unit for _, _, unit in written]
    texts = (without_controls(text)[0][:64] for text, _, _ in written)
    return Measured(
        tuple(number for _, number, _ in written if number is not None),
        units[0],
        "\\".join(texts),
        any(number is None for _, number, _ in written),
        all(unit == units[0] for unit in units),
    )


def _number(text: str) -> float | None:
    try:
        return parse_decimal(text)[0]
    except MalformedError:
        return None


def _floating(raw: bytes, little: bool) -> float | None:
    try:
        return float(unpack(raw, "FD", little)[0])
    except (MalformedError, IndexError):
        return None


def _instant(moment: Moment, file_offset: int | None) -> Instant | None:
    offset = file_offset if moment.offset_minutes is None else moment.offset_minutes
    try:
        micros = in_utc(moment, offset or 0)
        return Instant(_EPOCH + timedelta(microseconds=micros), offset)
    except (MalformedError, OverflowError):
        return None
