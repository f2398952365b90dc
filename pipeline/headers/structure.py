"""Walking nested items without recursion, so that no file can make a reader nest, grow or hang.

A walk finds where a sequence ends and holds its content to the limits of a header. It keeps no
value (PS3.5 section 7.5).
"""

import struct
from dataclasses import dataclass, field
from typing import Final, NoReturn

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED, Encoding
from dicomlake.pipeline.headers.octets import Octets, RejectedHeaderError

ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD
ITEM_BYTES_LITTLE: Final = b"\xfe\xff\x00\xe0"
SOP_REFERENCE: Final = b"\x08\x00\x55\x11"
SOP_REFERENCE_BIG: Final = b"\x00\x08\x11\x55"
"""Referenced SOP Instance UID (0008,1155): a sequence without these bytes refers to none."""
ITEM_BYTES_BIG: Final = b"\xff\xfe\xe0\x00"

_BULK: Final = frozenset((b"OB", b"OW", b"OD", b"OF", b"OL", b"OV"))
_PIXEL_DATA: Final = 0x7FE00010
MANY: Final = 100


class BrokenSequenceError(Exception):
    """Items that do not follow the rules, where no enclosing length says how to go on.

    `cut`: the bytes end in the middle of an element, rather than being wrong.
    """

    def __init__(self, detail: str, *, cut: bool = False) -> None:
        super().__init__(detail)
        self.detail = detail
        self.cut = cut


@dataclass(slots=True)
class Budget:
    """How much a header may hold: elements of a data set, depth of sequences, bytes of a value.

    Each item is a data set of its own (PS3.5 section 7.5), so that thousands of frames with a few
    elements each are no fault; all of them together have a limit `MANY` times as high.
    """

    max_elements: int
    max_depth: int
    max_bytes: int
    _elements: int = 0
    _nested: int = 0

    def count(self, tag: int) -> None:
        """Count an element of the file's own data set.

        Raises:
            RejectedHeaderError: there are too many.
        """
        self._elements += 1
        if self._elements > self.max_elements:
            self._reject(tag)

    def count_nested(self, tag: int, in_item: int) -> None:
        """Count an item, or element number `in_item` of one, within the sequence `tag`.

        Raises:
            RejectedHeaderError: there are too many.
        """
        self._nested += 1
        if in_item > self.max_elements or self._nested > MANY * self.max_elements:
            self._reject(tag)

    def _reject(self, tag: int) -> NoReturn:
        detail = f"more than {self.max_elements} elements"
        raise RejectedHeaderError("too_many_elements", tag, detail)


@dataclass(slots=True)
class _Frame:
    """A sequence or an item that is open; `end` is None where its length is undefined."""

    is_sequence: bool
    end: int | None
    encoding: Encoding
    fragments: bool = False
    elements: int = 0


@dataclass(slots=True)
class Walk:
    """One walk over the items of a top-level sequence."""

    octets: Octets
    encoding: Encoding
    budget: Budget
    tag: int
    malformed: bool = False
    """Whether items within a defined length were wrong and were skipped."""
    _frames: list[_Frame] = field(default_factory=list)
    _offset: int = 0

    @property
    def stands_at(self) -> int:
        """Return the offset that the walk has reached."""
        return self._offset

    def end_of_items(self, offset: int, length: int, *, fragments: bool = False) -> int:
        """Return the offset after a sequence.

        Args:
            offset: where its first item starts.
            length: its length, or `UNDEFINED`.
            fragments: its items hold bytes, not elements (encapsulated pixels of an icon).

        Raises:
            BrokenSequenceError: it is of undefined length and never closed, or cut.
            RejectedHeaderError: it is too deep, or holds too many elements.
        """
        self._offset = offset
        end = None if length == UNDEFINED else offset + length
        self._frames = [_Frame(True, end, self.encoding, fragments)]
        while self._frames:
            frame = self._frames[-1]
            if frame.end is not None and self._offset >= frame.end:
                self._close(frame)
                continue
            try:
                if frame.is_sequence:
                    self._sequence_part(frame)
                else:
                    self._element(frame)
            except BrokenSequenceError:
                if not self._skip_to_known_end():
                    raise
        return self._offset

    def _close(self, frame: _Frame) -> None:
        if frame.end is not None and self._offset > frame.end:
            self.malformed = True
            self._offset = frame.end
        self._frames.pop()

    def _skip_to_known_end(self) -> bool:
        """Go on after the innermost part of defined length that the bytes hold, if there is one."""
        while self._frames:
            frame = self._frames.pop()
            if frame.end is not None and self.octets.ensure(frame.end):
                self.malformed = True
                self._offset = frame.end
                return True
        return False

    def _header(self, encoding: Encoding) -> tuple[int, int]:
        """Return tag and the 32 bits that follow it."""
        if not self.octets.ensure(self._offset + 8):
            missing = self.octets.size - self._offset
            raise BrokenSequenceError("sequence of undefined length never closed", cut=missing > 0)
        order = "<" if encoding.little else ">"
        group, element, length = struct.unpack_from(order + "HHL", self.octets.data, self._offset)
        return group << 16 | element, length

    def _sequence_part(self, frame: _Frame) -> None:
        tag, length = self._header(frame.encoding)
        if tag == SEQUENCE_END and frame.end is None:
            self._offset += 8
            self._frames.pop()
            return
        if tag != ITEM:
            raise BrokenSequenceError("no item where one should be")
        self.budget.count_nested(self.tag, 0)
        start = self._offset + 8
        end = None if length == UNDEFINED else start + length
        if end is not None and frame.end is not None and end > frame.end:
            raise BrokenSequenceError("item longer than its sequence")
        if not frame.fragments:
            self._offset = start
            self._frames.append(_Frame(False, end, frame.encoding))
        elif end is None:
            raise BrokenSequenceError("fragment of undefined length")
        else:
            self._skip_value(end)

    def _element(self, frame: _Frame) -> None:
        tag, length = self._header(frame.encoding)
        if tag == ITEM_END and frame.end is None:
            self._offset += 8
            self._frames.pop()
            return
        if tag >> 16 == 0xFFFE:  # noqa: PLR2004  (the group of items and delimiters)
            raise BrokenSequenceError("delimiter where an element should be")
        frame.elements += 1
        self.budget.count_nested(self.tag, frame.elements)
        start = self._offset + 8
        vr = b""
        if not frame.encoding.implicit:
            vr = self.octets.data[self._offset + 4 : self._offset + 6]
            start, length, vr = self._explicit(vr, length, start, frame.encoding)
        self._value(tag, vr, start, length, frame)

    def _explicit(
        self, vr: bytes, length: int, start: int, encoding: Encoding
    ) -> tuple[int, int, bytes]:
        """Return start and length of a value with a VR; without a valid one it is implicit."""
        if vr in LONG_VRS:
            if not self.octets.ensure(start + 4):
                raise BrokenSequenceError("cut in an element", cut=True)
            order = "<" if encoding.little else ">"
            long: int = struct.unpack_from(order + "L", self.octets.data, start)[0]
            return start + 4, long, vr
        if vr in SHORT_VRS or (vr.isalpha() and vr.isupper()):
            return start, length >> 16 if encoding.little else length & 0xFFFF, vr
        return start, length, b""

    def _value(self, tag: int, vr: bytes, start: int, length: int, frame: _Frame) -> None:
        if length == UNDEFINED:
            self._offset = start
            inner = Encoding(True, True) if vr == b"UN" else frame.encoding
            self._open(None, inner, fragments=vr in _BULK or tag == _PIXEL_DATA)
            return
        end = start + length
        if frame.end is not None and end > frame.end:
            raise BrokenSequenceError("element longer than its item")
        if vr == b"SQ" or (not vr and length and self._starts_item(start, frame.encoding)):
            self._offset = start
            self._open(end, frame.encoding)
        else:
            self._skip_value(end)

    def _starts_item(self, start: int, encoding: Encoding) -> bool:
        if not self.octets.ensure(start + 8):
            return False
        mark = ITEM_BYTES_LITTLE if encoding.little else ITEM_BYTES_BIG
        return self.octets.data.startswith(mark, start)

    def _open(self, end: int | None, encoding: Encoding, *, fragments: bool = False) -> None:
        if sum(frame.is_sequence for frame in self._frames) >= self.budget.max_depth:
            raise RejectedHeaderError(
                "too_deep", self.tag, f"sequences nested deeper than {self.budget.max_depth}"
            )
        self._frames.append(_Frame(True, end, encoding, fragments))

    def _skip_value(self, end: int) -> None:
        if not self.octets.ensure(end):
            believable = end - self._offset <= self.budget.max_bytes
            raise BrokenSequenceError("element longer than what is left", cut=believable)
        self._offset = end
