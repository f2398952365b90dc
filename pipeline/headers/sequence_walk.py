"""The end of a sequence of undefined length, in bytes that may grow (PS3.5 section 7.5)."""

from typing import Final

from dicomlake.pipeline.discovery.sniff import UNDEFINED
from dicomlake.pipeline.headers.items import (
    EXPLICIT_HEADERS,
    HEADER_BYTES,
    IMPLICIT,
    IMPLICIT_HEADERS,
    ITEM_END,
    OPEN,
    SEQUENCE,
    SEQUENCE_END,
    UNDEFINED_BYTES,
    VALUE,
    NeedMoreError,
    OddItemsError,
    header_of,
)
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE

_LONGEST_KNOWN: Final = 4096
"""Bytes of a nested sequence that is remembered."""


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
    if four == UNDEFINED_BYTES and kind != SEQUENCE:
        raise OddItemsError
    return int.from_bytes(four, "little")


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
            if len(eight) < HEADER_BYTES:
                raise NeedMoreError
            if eight == SEQUENCE_END:
                self._close(data, at + HEADER_BYTES)
                return
            if not eight.startswith(ITEM_BYTES_LITTLE):
                raise OddItemsError
            if eight.endswith(UNDEFINED_BYTES):
                self._in_item[-1] = True
                self._at = at + HEADER_BYTES
                return
            at += HEADER_BYTES + int.from_bytes(eight[4:], "little")

    def _elements(self, data: bytes) -> None:
        """Walk the elements of an open item up to its end, or into an open sequence."""
        at = self._at
        implicit = self._implicit
        headers = IMPLICIT_HEADERS if implicit else EXPLICIT_HEADERS
        while True:
            self._at = at
            eight = data[at : at + 8]
            found = headers.get(eight)
            if found is None:
                if len(eight) < HEADER_BYTES:
                    raise NeedMoreError
                if eight == ITEM_END:
                    self._in_item[-1] = False
                    self._at = at + HEADER_BYTES
                    return
                found = header_of(eight, implicit)
            tag, kind, _, length = found
            at += 8
            if kind in (VALUE, IMPLICIT):
                at += length
                continue
            if kind != OPEN:
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
