"""Items of a sequence, by a parser of our own.

It takes perfectly regular bytes only and raises for all else, so that pydicom and the walk of
`structure.py` stay the judges of odd files; what it takes, `pydicom_items.py` reads alike. It
parses nested sequences of equal bytes once, and those of equal form by a pattern: the frames of an
enhanced image are nearly alike (PS3.5 sections 7.1 and 7.5).
"""

from dataclasses import dataclass, field
from typing import Final

from dicomlake.pipeline.headers.forms import Forms, worth_learning
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
    Header,
    Item,
    Items,
    OddItemsError,
    header_of,
)
from dicomlake.pipeline.headers.sequence_walk import sequence_end
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE, SOP_REFERENCE
from dicomlake.pipeline.headers.values import Raw

_MOST_KNOWN: Final = 4096
_LONGEST_KNOWN: Final = 4096
"""Nested sequences that are remembered, and bytes of one."""

_NESTED: Final = 2
"""Depth of the sequences in an outermost item."""


def parse_items(raw: bytes, implicit: bool, max_depth: int, forms: Forms | None = None) -> Items:
    """Return the items of a sequence, little endian.

    Args:
        raw: value of the sequence, without the delimiter that ends one of undefined length.
        implicit: elements have no VR.
        max_depth: sequences that may be nested, this one counted.
        forms: what is known of sequences of this encoding and depth, learnt from now on.

    Raises:
        OddItemsError: anything at all is irregular.
    """
    if not raw:
        return NO_ITEMS
    if max_depth < 1:
        raise OddItemsError
    forms = Forms(implicit) if forms is None else forms
    try:
        return _Parser(raw, implicit, max_depth, forms).defined(0, len(raw), 1)
    except RecursionError:  # a limit of depth beyond Python's own
        raise OddItemsError from None


class OpenSequence:
    """Parses a sequence of undefined length, in bytes that may grow meanwhile."""

    def __init__(
        self, tag: int, start: int, implicit: bool, max_depth: int, forms: Forms | None = None
    ) -> None:
        """Start before the first item.

        Args:
            tag: of the sequence.
            start: offset of its first item.
            implicit: elements have no VR.
            max_depth: sequences that may be nested, this one counted.
            forms: as for `parse_items`.
        """
        self._place = tag, start
        self._at = start
        forms = Forms(implicit) if forms is None else forms
        self._parser = _Parser(b"", implicit, max_depth, forms)
        self._items: list[Item] = []

    def goes_on(self, tag: int, start: int, data: bytes) -> bool:
        """Return whether this is the sequence at an offset of these bytes, as far as read."""
        seen = self._parser.data[start : self._at]
        return self._place == (tag, start) and data.startswith(seen, start)

    def parse(self, data: bytes) -> tuple[Items, int]:
        """Return the items, and the offset after their delimiter.

        Args:
            data: bytes that hold the sequence, perhaps not to its end; they start as before.

        Raises:
            NeedMoreError: the bytes end first; call again with more.
            OddItemsError: anything at all is irregular.
        """
        parser = self._parser
        parser.data = data
        if parser.max_depth < 1:
            raise OddItemsError
        try:
            while not data.startswith(SEQUENCE_END, self._at):
                item, self._at = parser.item(self._at, len(data), 1)
                self._items.append(item)
        except RecursionError:
            raise OddItemsError from None
        except OddItemsError:
            # Says whether the bytes only end too soon.
            sequence_end(data, self._at, parser.implicit, parser.max_depth)
            raise
        end = self._at + HEADER_BYTES
        if not self._items:
            return NO_ITEMS, end
        may_refer = data.find(SOP_REFERENCE, self._place[1], self._at) >= 0
        return Items(tuple(self._items), may_refer=may_refer), end


@dataclass(slots=True)
class _Parser:
    """Parses one stretch of bytes of one encoding; depth counts the open sequences."""

    data: bytes
    implicit: bool
    max_depth: int
    forms: Forms
    """Of the sequences in its outermost items."""
    _known: dict[tuple[int, bytes], Items] = field(default_factory=dict)
    """Nested sequences of defined length by depth and bytes."""
    _last: dict[tuple[int, int], tuple[bytes, Items]] = field(default_factory=dict)
    """By depth and tag the nested sequence of undefined length met last, with its delimiter."""
    _learnt: dict[tuple[int, bool], int] = field(default_factory=dict)
    """By sequence how many forms were learnt."""
    _seen: int = 0
    """Outermost items so far."""

    def defined(self, at: int, end: int, depth: int) -> Items:
        """Return the items between two offsets."""
        if at == end:
            return NO_ITEMS
        if depth > self.max_depth:
            raise OddItemsError
        items = []
        may_refer = self.data.find(SOP_REFERENCE, at, end) >= 0
        while at < end:
            item, at = self.item(at, end, depth)
            items.append(item)
        return Items(tuple(items), may_refer=may_refer)

    def _open(self, at: int, limit: int, depth: int) -> tuple[Items, int]:
        """Return items up to a delimiter that must stand before the limit, and the offset after."""
        if depth > self.max_depth:
            raise OddItemsError
        items = []
        start = at
        while not self.data.startswith(SEQUENCE_END, at):
            item, at = self.item(at, limit, depth)
            items.append(item)
        if at + HEADER_BYTES > limit:
            raise OddItemsError
        if not items:
            return NO_ITEMS, at + HEADER_BYTES
        may_refer = self.data.find(SOP_REFERENCE, start, at) >= 0
        return Items(tuple(items), may_refer=may_refer), at + HEADER_BYTES

    def item(self, at: int, limit: int, depth: int) -> tuple[Item, int]:
        """Return one item, and the offset after it, which is not beyond the limit."""
        data = self.data
        if not data.startswith(ITEM_BYTES_LITTLE, at):
            raise OddItemsError
        if depth == 1:
            self._seen += 1
        start = at + HEADER_BYTES
        length = data[at + 4 : start]
        if length == UNDEFINED_BYTES:
            item, at = self._elements(start, limit, depth, is_open=True)
            return item, at
        end = start + int.from_bytes(length, "little")
        if start > limit or end > limit:
            raise OddItemsError
        return self._elements(start, end, depth, is_open=False)

    def _elements(self, at: int, end: int, depth: int, *, is_open: bool) -> tuple[Item, int]:
        """Return the elements of an item, up to its end or, where it is open, its delimiter.

        The one loop over all nested elements, hence not cut into smaller functions.
        """
        data = self.data
        headers = IMPLICIT_HEADERS if self.implicit else EXPLICIT_HEADERS
        item: dict[int, Raw | Items] = {}
        last = -1
        while at < end:
            eight = data[at : at + 8]
            found = headers.get(eight)
            if found is None:
                if is_open and eight == ITEM_END and at + HEADER_BYTES <= end:
                    return item, at + HEADER_BYTES
                found = header_of(eight, self.implicit)
            tag, kind, vr, length = found
            if tag <= last:
                raise OddItemsError
            last = tag
            start = at + 8
            if kind == VALUE:
                at = start + length
                item[tag] = Raw(vr, data[start:at])
            else:
                item[tag], at = self._other(found, start, end, depth)
            if at > end:
                raise OddItemsError
        if is_open:
            raise OddItemsError
        return item, at

    def _other(self, header: Header, start: int, limit: int, depth: int) -> tuple[Raw | Items, int]:
        """Return an element that is no short explicit value, and the offset after it."""
        tag, kind, vr, length = header
        data = self.data
        if kind == OPEN:
            return self._undefined(tag, start, limit, depth)
        if kind != IMPLICIT:
            four = data[start : start + 4]
            start += 4
            if four == UNDEFINED_BYTES:
                if kind != SEQUENCE:
                    raise OddItemsError
                return self._undefined(tag, start, limit, depth)
            length = int.from_bytes(four, "little")
        end = start + length
        if end > limit:
            raise OddItemsError
        if kind == SEQUENCE or (
            kind == IMPLICIT and length and data.startswith(ITEM_BYTES_LITTLE, start)
        ):
            return self._remembered(tag, start, end, depth + 1), end
        value = data[start:end]
        if kind == UNKNOWN and value.startswith(ITEM_BYTES_LITTLE):
            # Items in UN are implicit, whatever is around them (PS3.5 section 6.2.2).
            return _Parser(value, True, self.max_depth, Forms(True)).defined(
                0, length, depth + 1
            ), end
        return Raw(vr, value), end

    def _remembered(self, tag: int, start: int, end: int, depth: int) -> Items:
        if end - start > _LONGEST_KNOWN:
            return self.defined(start, end, depth)
        key = depth, self.data[start:end]
        items = self._known.get(key)
        if items is not None:
            return items
        formed = self.forms.items((tag, False), self.data, start, end) if depth == _NESTED else None
        if formed is not None and formed[1] == end:
            items = formed[0]
        else:
            items = self.defined(start, end, depth)
            if depth == _NESTED:
                self._learn((tag, False), start, end)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = items
        return items

    def _undefined(self, tag: int, start: int, limit: int, depth: int) -> tuple[Items, int]:
        key = depth, tag
        last = self._last.get(key)
        if last is not None and self.data.startswith(last[0], start):
            # What ends by its own delimiter ends there wherever it stands.
            return last[1], start + len(last[0])
        formed = self.forms.items((tag, True), self.data, start, limit) if depth == 1 else None
        items, end = formed or self._open(start, limit, depth + 1)
        if end - start <= _LONGEST_KNOWN:
            self._last[key] = self.data[start:end], items
            if formed is None and depth == 1:
                self._learn((tag, True), start, end)
        return items, end

    def _learn(self, sequence: tuple[int, bool], start: int, end: int) -> None:
        """Learn the form of a sequence in an outermost item, unless learning does not help."""
        learnt = self._learnt.get(sequence, -1)
        if learnt >= 0 and worth_learning(learnt, self._seen):  # not of the first, perhaps the only
            self.forms.learn(sequence, self.data, start, end)
        self._learnt[sequence] = learnt + 1
