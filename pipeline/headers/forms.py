"""Forms of nested sequences: bytes that are laid out alike, and differ in their values only.

The frames of an enhanced image say the same things in the same order, so most of their sequences
have one of a few forms. A form is learnt from bytes that were parsed element by element. Bytes
follow it where everything that is no value, each tag, VR, length and delimiter, is equal and
stands at the same place; then their values are found by cutting at known places.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dicomlake.pipeline.headers.items import (
    EXPLICIT_HEADERS,
    HEADER_BYTES,
    IMPLICIT,
    IMPLICIT_HEADERS,
    ITEM_END,
    NO_ITEMS,
    OPEN,
    SEQUENCE,
    SEQUENCE_END,
    UNDEFINED_BYTES,
    UNKNOWN,
    VALUE,
    Item,
    Items,
    header_of,
)
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE
from dicomlake.pipeline.headers.values import Raw

REFERENCED_SOP_INSTANCE_UID: Final = 0x00081155
_MOST_FORMS: Final = 16
"""Of one sequence that are remembered."""
_MOST_SEQUENCES: Final = 256
_MOST_VALUES: Final = 128
_UNTRIED: Final = 16
_LESSON: Final = 4
"""Forms learnt from one sequence: some, and another for so many items."""


class Leaf(NamedTuple):
    """An element with a value."""

    tag: int
    vr: str
    place: int
    """Of its value among the values of the form."""


class Branch(NamedTuple):
    """An element that is a sequence: the elements of each of its items."""

    tag: int
    items: tuple["Shape", ...]
    may_refer: bool


Shape = tuple[Leaf | Branch, ...]
"""The elements of an item."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """How the items of a sequence are laid out."""

    items: tuple[Shape, ...]
    may_refer: bool
    widest: int
    """Most elements of an item, at any depth."""
    layout: struct.Struct
    """What is no value and what is one, in turns, from the first item to the end."""
    fixed: tuple[bytes, ...]
    """All that is no value."""
    marks: int
    """How often the mark of an item stands in the bytes; -1 where values may well hold it."""

    def values(self, data: bytes, at: int) -> tuple[bytes, ...] | None:
        """Return the values of the bytes at an offset, None where they do not follow the form."""
        layout, fixed = self.layout, self.fixed
        end = at + layout.size
        if end > len(data) or not data.startswith(fixed[0], at):
            return None
        parts: tuple[bytes, ...] = layout.unpack_from(data, at)
        if parts[::2] != fixed:
            return None
        if self.marks >= 0 and data.count(ITEM_BYTES_LITTLE, at, end) != self.marks:
            return None
        return parts[1::2]


class FormedItems(Items):
    """Items that follow a form; their elements are put together when they are asked for."""

    __slots__ = ("_made", "form", "values")
    __setattr__ = object.__setattr__  # slots of its own, filled once
    _made: tuple[Item, ...] | None

    def __init__(self, form: Form, values: tuple[bytes, ...]) -> None:
        self.form = form
        self.values = values
        self._made = None

    @property
    def items(self) -> tuple[Item, ...]:
        """Return the items."""
        made = self._made
        if made is None:
            values = self.values
            made = self._made = tuple(_item(shape, values) for shape in self.form.items)
        return made

    @property
    def whole(self) -> bool:
        """Return True: what was broken has no form."""
        return True

    @property
    def may_refer(self) -> bool:
        """Return whether an item has a reference."""
        return self.form.may_refer


def _item(shape: Shape, values: Sequence[bytes]) -> Item:
    item: dict[int, Raw | Items] = {}
    for element in shape:
        if isinstance(element, Leaf):
            item[element.tag] = Raw(element.vr, values[element.place])
        else:
            inner = tuple(_item(each, values) for each in element.items)
            item[element.tag] = Items(inner, may_refer=element.may_refer) if inner else NO_ITEMS
    return item


@dataclass(slots=True)
class Forms:
    """The forms met so far in data sets of one encoding, by the tag of their sequence."""

    implicit: bool
    _known: dict[tuple[int, bool], list[Form]] = field(default_factory=dict)

    def items(
        self, sequence: tuple[int, bool], data: bytes, at: int, limit: int
    ) -> tuple[FormedItems, int] | None:
        """Return the items at an offset, and the offset after them; None where no form fits.

        Args:
            sequence: its tag, and whether its length is undefined.
            data: bytes that hold it.
            at: offset of its first item.
            limit: offset that it does not reach beyond.
        """
        forms = self._known.get(sequence)
        if forms is None:
            return None
        for place, form in enumerate(forms):
            end = at + form.layout.size
            if end > limit:
                continue
            values = form.values(data, at)
            if values is not None:
                if place:
                    forms.insert(0, forms.pop(place))
                return FormedItems(form, values), end
        return None

    def learn(self, sequence: tuple[int, bool], data: bytes, start: int, end: int) -> None:
        """Remember the form of a sequence that was parsed: its items, and the delimiter if any."""
        form = _Outline(data, self.implicit).form(start, end)
        if form is None:
            return
        if len(self._known) >= _MOST_SEQUENCES:
            self._known.clear()
        forms = self._known.setdefault(sequence, [])
        forms.insert(0, form)
        del forms[_MOST_FORMS:]


def worth_learning(learnt: int, items: int) -> bool:
    """Return whether to learn one more form, of a sequence after so many and so many items."""
    return learnt * _LESSON < items + _UNTRIED


class _Outline:
    """Goes once more over bytes that were parsed, and notes where values stand."""

    def __init__(self, data: bytes, implicit: bool) -> None:
        self._data = data
        self._implicit = implicit
        self._headers = IMPLICIT_HEADERS if implicit else EXPLICIT_HEADERS
        self._cuts: list[tuple[int, int]] = []
        """Start and end of each value."""
        self._marks = 0
        self._widest = 0
        self._has_form = True

    def form(self, start: int, end: int) -> Form | None:
        """Return the form of the items between two offsets, None where it would not be sure."""
        items, _ = self._items(start, end)
        if not self._has_form or not 0 < len(self._cuts) <= _MOST_VALUES:
            return None
        pieces = []
        lengths = []
        at = start
        for value, after in (*self._cuts, (end, end)):
            pieces.append(self._data[at:value])
            lengths += [value - at, after - value]
            at = after
        layout = struct.Struct("<" + "".join(f"{length}s" for length in lengths[:-1]))
        marks = self._data.count(ITEM_BYTES_LITTLE, start, end) if self._implicit else -1
        if self._implicit and marks != self._marks:
            return None
        return Form(items, _refers(items), self._widest, layout, tuple(pieces), marks)

    def _items(self, at: int, end: int) -> tuple[tuple[Shape, ...], int]:
        """Return the shapes of items up to a delimiter or an offset, and the offset after them."""
        data = self._data
        items = []
        while at < end:
            eight = data[at : at + 8]
            at += HEADER_BYTES
            if eight == SEQUENCE_END:
                break
            self._marks += 1
            length = eight[4:]
            stop = end if length == UNDEFINED_BYTES else at + int.from_bytes(length, "little")
            shape, at = self._elements(at, stop)
            self._widest = max(self._widest, len(shape))
            items.append(shape)
        return tuple(items), at

    def _elements(self, at: int, end: int) -> tuple[Shape, int]:
        """Return the elements up to a delimiter or an offset, and the offset after them."""
        data = self._data
        shape: list[Leaf | Branch] = []
        while at < end:
            eight = data[at : at + 8]
            at += HEADER_BYTES
            if eight == ITEM_END:
                break
            tag, kind, vr, length = self._headers.get(eight) or header_of(eight, self._implicit)
            is_open = kind == OPEN
            if kind not in (VALUE, IMPLICIT, OPEN):
                four = data[at : at + 4]
                at += 4
                is_open = four == UNDEFINED_BYTES
                length = int.from_bytes(four, "little")
            stop = end if is_open else at + length
            if (
                is_open
                or kind == SEQUENCE
                or (kind == IMPLICIT and length and data.startswith(ITEM_BYTES_LITTLE, at))
            ):
                items, at = self._items(at, stop)
                shape.append(Branch(tag, items, _refers(items)))
                continue
            if kind == UNKNOWN:  # whose value may be items
                self._has_form = False
            shape.append(Leaf(tag, vr, len(self._cuts)))
            self._cuts.append((at, stop))
            at = stop
        return tuple(shape), at


def _refers(items: Sequence[Shape]) -> bool:
    """Return whether an item refers to an instance, at any depth."""
    return any(
        element.tag == REFERENCED_SOP_INSTANCE_UID
        or (isinstance(element, Branch) and element.may_refer)
        for shape in items
        for element in shape
    )
