"""Items of a sequence, by a parser of our own.

It takes perfectly regular bytes only and raises for all else, so that pydicom and the walk of
`structure.py` stay the judges of odd files; what it takes, `pydicom_items.py` reads alike. It
decodes each distinct element header once, and parses nested sequences of equal bytes once: the
frames of an enhanced image are nearly alike, and what is equal is the same `Items` object (PS3.5
sections 7.1 and 7.5).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE, SOP_REFERENCE
from dicomlake.pipeline.headers.values import Raw

Item = Mapping[int, "Raw | Items"]
"""One item of a sequence: every element of it by tag, nested sequences as Items."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The items of a sequence; hashed by identity, so that each distinct one is decoded once."""

    items: tuple[Item, ...]
    whole: bool = True
    """False where items were broken: those that could not be read are missing."""
    may_refer: bool = True
    """False where no item, however deep, refers to an instance."""


class OddItemsError(Exception):
    """Items that are not perfectly regular; the file is one for the pydicom reader."""


class NeedMoreError(Exception):
    """The bytes end before the sequence does."""


NO_ITEMS: Final = Items((), may_refer=False)

_ITEM_END: Final = b"\xfe\xff\x0d\xe0\0\0\0\0"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"
_DELIMITER: Final = b"\xfe\xff"
"""The group of items and delimiters, little endian."""
_MOST_HEADERS: Final = 50_000
_MOST_KNOWN: Final = 4096
_LONGEST_KNOWN: Final = 4096
"""Distinct headers and nested sequences that are remembered, and bytes of such a sequence."""
_HEADER: Final = 8
_PIXEL_GROUP: Final = 0x7FE0
_UNDEFINED: Final = b"\xff\xff\xff\xff"

# Kinds of an element header: a value of known length; its length follows in 32 bits; the same of a
# sequence; the same of UN. In implicit VR: a value; a sequence of undefined length.
_VALUE, _LONG, _SEQUENCE, _UNKNOWN, _IMPLICIT, _OPEN = range(6)
_Header = tuple[int, int, str, int]
"""Tag, kind, VR and length, as the 8 bytes of a header say."""
_EXPLICIT_HEADERS: Final[dict[bytes, _Header]] = {}
_IMPLICIT_HEADERS: Final[dict[bytes, _Header]] = {}
_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_IMPLICIT_HEADER: Final = struct.Struct("<HHL")


def parse_items(raw: bytes, implicit: bool, max_depth: int) -> Items:
    """Return the items of a sequence, little endian.

    Args:
        raw: value of the sequence, without the delimiter that ends one of undefined length.
        implicit: elements have no VR.
        max_depth: sequences that may be nested, this one counted.

    Raises:
        OddItemsError: anything at all is irregular.
    """
    if not raw:
        return NO_ITEMS
    if max_depth < 1:
        raise OddItemsError
    try:
        return _Parser(raw, implicit, max_depth).defined(0, len(raw), 1)
    except RecursionError:  # a limit of depth beyond Python's own
        raise OddItemsError from None


def parse_open(data: bytes, start: int, implicit: bool, max_depth: int) -> tuple[Items, int]:
    """Return the items of a sequence of undefined length, and the offset after its delimiter.

    Args:
        data: bytes that hold the sequence, perhaps not to its end.
        start: offset of its first item.
        implicit: elements have no VR.
        max_depth: sequences that may be nested, this one counted.

    Raises:
        NeedMoreError: the bytes end first.
        OddItemsError: anything at all is irregular.
    """
    try:
        return _Parser(data, implicit, max_depth)._open(start, len(data), 1)
    except RecursionError:
        raise OddItemsError from None
    except OddItemsError:
        sequence_end(data, start, implicit, max_depth)  # says whether the bytes only end too soon
        raise


def sequence_end(data: bytes, start: int, implicit: bool, max_depth: int) -> int:
    """Return the offset after the delimiter of a sequence of undefined length.

    Args:
        data: bytes that hold the sequence, perhaps not to its end.
        start: offset of its first item.
        implicit: elements have no VR.
        max_depth: sequences that may be nested, this one counted.

    Raises:
        NeedMoreError: the bytes end first; `SequenceWalk` goes on where this starts anew.
        OddItemsError: anything that it has to look at is irregular.
    """
    return SequenceWalk(start, implicit, max_depth).end(data)


def _long_length(data: bytes, at: int, kind: int) -> int:
    """Return a length of 32 bits, which only that of a sequence may leave undefined."""
    four = data[at : at + 4]
    if len(four) < 4:  # noqa: PLR2004  (bytes of a length)
        raise NeedMoreError
    if four == _UNDEFINED and kind != _SEQUENCE:
        raise OddItemsError
    return int.from_bytes(four, "little")


def _header(raw: bytes, implicit: bool) -> _Header:
    """Return what 8 bytes say, and remember it.

    Raises:
        OddItemsError: they are no header of an element.
    """
    if len(raw) < _HEADER:
        raise OddItemsError
    known = _IMPLICIT_HEADERS if implicit else _EXPLICIT_HEADERS
    if len(known) >= _MOST_HEADERS:
        known.clear()
    header = known[raw] = _implicit_header(raw) if implicit else _explicit_header(raw)
    return header


def _implicit_header(raw: bytes) -> _Header:
    group, element, length = _IMPLICIT_HEADER.unpack(raw)
    if group == 0xFFFE:  # noqa: PLR2004  (the group of items and delimiters)
        raise OddItemsError
    if length != UNDEFINED:
        return group << 16 | element, _IMPLICIT, "", length
    if group == _PIXEL_GROUP:
        raise OddItemsError
    return group << 16 | element, _OPEN, "", 0


def _explicit_header(raw: bytes) -> _Header:
    group, element, vr, length = _SHORT_HEADER.unpack(raw)
    tag = group << 16 | element
    if group == 0xFFFE:  # noqa: PLR2004  (as above)
        raise OddItemsError
    if vr in SHORT_VRS:
        return tag, _VALUE, vr.decode(), length
    if vr not in LONG_VRS or length:
        raise OddItemsError
    kind = {b"SQ": _SEQUENCE, b"UN": _UNKNOWN}.get(vr, _LONG)
    return tag, kind, vr.decode(), 0


@dataclass(slots=True)
class _Parser:
    """Parses one stretch of bytes of one encoding; depth counts the open sequences."""

    data: bytes
    implicit: bool
    max_depth: int
    _known: dict[tuple[int, bytes], Items] = field(default_factory=dict)
    """Nested sequences of defined length by depth and bytes."""
    _last: dict[tuple[int, int], tuple[bytes, Items]] = field(default_factory=dict)
    """By depth and tag the nested sequence of undefined length met last, with its delimiter."""

    def defined(self, at: int, end: int, depth: int) -> Items:
        """Return the items between two offsets."""
        if at == end:
            return NO_ITEMS
        if depth > self.max_depth:
            raise OddItemsError
        items = []
        may_refer = self.data.find(SOP_REFERENCE, at, end) >= 0
        while at < end:
            item, at = self._item(at, end, depth)
            items.append(item)
        return Items(tuple(items), may_refer=may_refer)

    def _open(self, at: int, limit: int, depth: int) -> tuple[Items, int]:
        """Return items up to a delimiter that must stand before the limit, and the offset after."""
        if depth > self.max_depth:
            raise OddItemsError
        items = []
        start = at
        while not self.data.startswith(_SEQUENCE_END, at):
            item, at = self._item(at, limit, depth)
            items.append(item)
        if at + _HEADER > limit:
            raise OddItemsError
        if not items:
            return NO_ITEMS, at + _HEADER
        may_refer = self.data.find(SOP_REFERENCE, start, at) >= 0
        return Items(tuple(items), may_refer=may_refer), at + _HEADER

    def _item(self, at: int, limit: int, depth: int) -> tuple[Item, int]:
        """Return one item, and the offset after it, which is not beyond the limit."""
        data = self.data
        if not data.startswith(ITEM_BYTES_LITTLE, at):
            raise OddItemsError
        start = at + _HEADER
        length = data[at + 4 : start]
        if length == _UNDEFINED:
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
        headers = _IMPLICIT_HEADERS if self.implicit else _EXPLICIT_HEADERS
        item: dict[int, Raw | Items] = {}
        last = -1
        while at < end:
            eight = data[at : at + 8]
            found = headers.get(eight)
            if found is None:
                if is_open and eight == _ITEM_END and at + _HEADER <= end:
                    return item, at + _HEADER
                found = _header(eight, self.implicit)
            tag, kind, vr, length = found
            if tag <= last:
                raise OddItemsError
            last = tag
            start = at + 8
            if kind == _VALUE:
                at = start + length
                item[tag] = Raw(vr, data[start:at])
            else:
                item[tag], at = self._other(found, start, end, depth)
            if at > end:
                raise OddItemsError
        if is_open:
            raise OddItemsError
        return item, at

    def _other(
        self, header: _Header, start: int, limit: int, depth: int
    ) -> tuple[Raw | Items, int]:
        """Return an element that is no short explicit value, and the offset after it."""
        tag, kind, vr, length = header
        data = self.data
        if kind == _OPEN:
            return self._undefined(tag, start, limit, depth)
        if kind != _IMPLICIT:
            four = data[start : start + 4]
            start += 4
            if four == _UNDEFINED:
                if kind != _SEQUENCE:
                    raise OddItemsError
                return self._undefined(tag, start, limit, depth)
            length = int.from_bytes(four, "little")
        end = start + length
        if end > limit:
            raise OddItemsError
        if kind == _SEQUENCE or (
            kind == _IMPLICIT and length and data.startswith(ITEM_BYTES_LITTLE, start)
        ):
            return self._remembered(start, end, depth + 1), end
        value = data[start:end]
        if kind == _UNKNOWN and value.startswith(ITEM_BYTES_LITTLE):
            # Items in UN are implicit, whatever is around them (PS3.5 section 6.2.2).
            return _Parser(value, True, self.max_depth).defined(0, length, depth + 1), end
        return Raw(vr, value), end

    def _remembered(self, start: int, end: int, depth: int) -> Items:
        if end - start > _LONGEST_KNOWN:
            return self.defined(start, end, depth)
        key = depth, self.data[start:end]
        items = self._known.get(key)
        if items is None:
            items = self.defined(start, end, depth)
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
        items, end = self._open(start, limit, depth + 1)
        if end - start <= _LONGEST_KNOWN:
            self._last[key] = self.data[start:end], items
        return items, end


class SequenceWalk:
    """Finds the end of a sequence of undefined length, in bytes that may grow meanwhile.

    It looks no deeper than it has to: what has a defined length is passed over.
    """

    def __init__(self, start: int, implicit: bool, max_depth: int) -> None:
        self._at = start
        self._implicit = implicit
        self._max_depth = max_depth
        self._in_item = [False]
        """For each open sequence whether an open item of it is being walked."""
        self._starts = [(-1, start)]
        """Tag and first item of each."""
        self._last: dict[int, bytes] = {}
        """The nested sequence met last, by tag: that of the next frame is mostly the same."""

    def end(self, data: bytes) -> int:
        """Return the offset after the delimiter; `data` starts as in the calls before.

        Raises:
            NeedMoreError: the bytes end first; call again with more.
            OddItemsError: anything that it has to look at is irregular.
        """
        while self._in_item:
            if self._in_item[-1]:
                self._elements(data)
            else:
                self._items(data)
        return self._at

    def _items(self, data: bytes) -> None:
        """Walk items up to an open one, or the end of the innermost sequence."""
        at = self._at
        while True:
            self._at = at
            eight = data[at : at + 8]
            if len(eight) < _HEADER:
                raise NeedMoreError
            if eight == _SEQUENCE_END:
                self._close(data, at + _HEADER)
                return
            if not eight.startswith(ITEM_BYTES_LITTLE):
                raise OddItemsError
            if eight.endswith(_UNDEFINED):
                self._in_item[-1] = True
                self._at = at + _HEADER
                return
            at += _HEADER + int.from_bytes(eight[4:], "little")

    def _elements(self, data: bytes) -> None:
        """Walk the elements of an open item up to its end, or into an open sequence."""
        at = self._at
        implicit = self._implicit
        headers = _IMPLICIT_HEADERS if implicit else _EXPLICIT_HEADERS
        while True:
            self._at = at
            eight = data[at : at + 8]
            found = headers.get(eight)
            if found is None:
                if len(eight) < _HEADER:
                    raise NeedMoreError
                if eight == _ITEM_END:
                    self._in_item[-1] = False
                    self._at = at + _HEADER
                    return
                found = _header(eight, implicit)
            tag, kind, _, length = found
            at += 8
            if kind in (_VALUE, _IMPLICIT):
                at += length
                continue
            if kind != _OPEN:
                length = _long_length(data, at, kind)
                at += 4
                if length != UNDEFINED:
                    at += length
                    continue
            known = self._known(data, tag, at)
            if not known:
                self._descend(tag, at)
                return
            at += known

    def _known(self, data: bytes, tag: int, at: int) -> int:
        """Return the length of an open sequence that is the one met last; 0 where it is not."""
        last = self._last.get(tag)
        if last is None or len(self._in_item) > 1 or not data.startswith(last, at):
            return 0
        return len(last)

    def _descend(self, tag: int, at: int) -> None:
        if len(self._in_item) >= self._max_depth:
            raise OddItemsError
        self._at = at
        self._in_item.append(False)
        self._starts.append((tag, at))

    def _close(self, data: bytes, end: int) -> None:
        """Leave the innermost sequence, which ends here."""
        self._at = end
        self._in_item.pop()
        tag, start = self._starts.pop()
        if len(self._in_item) == 1 and end - start <= _LONGEST_KNOWN:
            # Of the first level only: at another depth there might be no room for what it nests.
            self._last[tag] = data[start:end]
