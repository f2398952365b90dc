"""The elements of one data set, top level, by pydicom's element generator held on a short lead.

pydicom reads a header that was cut as if it were whole, allocates what a length claims, recurses
into nested items and stops silently at a stray delimiter. So before it reads a value, `stop_when`
sees its tag and length here; whatever is odd ends the generator, is dealt with, and the generator
starts again after it. It therefore only ever reads values that are there.
"""

import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from pydicom.datadict import dictionary_VR
from pydicom.filereader import data_element_generator

from dicomlake.pipeline.discovery.sniff import (
    IMPLICIT_LITTLE,
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED,
    Encoding,
    chain_length,
)
from dicomlake.pipeline.headers.attributes import PIXEL_DATA, SPECIFIC_CHARACTER_SET
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.layout import PrivateCell, is_candidate
from dicomlake.pipeline.headers.octets import Octets, RejectedHeaderError
from dicomlake.pipeline.headers.structure import (
    ITEM_BYTES_BIG,
    ITEM_BYTES_LITTLE,
    ITEM_END,
    SOP_REFERENCE,
    SOP_REFERENCE_BIG,
    BrokenSequenceError,
    Budget,
    Walk,
)
from dicomlake.pipeline.headers.values import Raw

_LONG: Final = frozenset(vr.decode() for vr in LONG_VRS)
_SHORT: Final = frozenset(vr.decode() for vr in SHORT_VRS)
_BULK: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
_ITEM_GROUP: Final = 0xFFFE
_HEADER: Final = 12
"""Bytes of the longest element header: tag, VR, reserved, length."""
_LONGEST_SHORT: Final = 0xFFFF
_SEARCH: Final = 65_536
"""Bytes after a length that does not fit that are searched for the elements it hides."""
_MOST_PADDING: Final = 65_536
_ANY_VR: Final = re.compile(b"|".join(sorted(SHORT_VRS | LONG_VRS)))


@dataclass(frozen=True, slots=True)
class Stop:
    """An element the generator was stopped at; `vr` None where it has none or an invalid one."""

    tag: int
    vr: str | None
    length: int
    start: int
    value: int
    """Offsets of the element and of its value."""


@dataclass(slots=True)
class Elements:
    """Reads the top level of a data set: wanted values, faults, and where Pixel Data stands.

    Usable once: `read`, then the results.
    """

    octets: Octets
    encoding: Encoding
    wanted: frozenset[int]
    """Tags whose values are kept."""
    budget: Budget
    private: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """As in the layout: groups with wanted private attributes."""
    ends_before: Callable[[int], bool] = lambda _tag: False
    """Tells the first tag that does not belong any more, e.g. after File Meta Information."""
    values: dict[int, Raw] = field(default_factory=dict)
    private_cells: list[PrivateCell] = field(default_factory=list)
    carriers: list[tuple[int, Raw]] = field(default_factory=list)
    """Sequences in which an instance is referred to."""
    faults: list[Fault] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    position: int = 0
    """Offset of the next element; in the end, of what ended the walk."""
    pixel_data: Stop | None = None
    _greatest: int = -1
    _stop: Stop | None = None
    _done: bool = False

    def read(self, start: int) -> None:
        """Walk the elements from an offset to Pixel Data, a foreign tag, or the end.

        Raises:
            RejectedHeaderError: the data set is cut, wrong, or beyond a limit.
            OSError: the file cannot be read.
        """
        self.position = start
        while not self._done:
            if not self.octets.ensure(self.position + _HEADER):
                self._near_the_end()
            if not self._done:
                self._generate()

    def _near_the_end(self) -> None:
        """Decide about less than the longest element header."""
        self.octets.ensure(self.octets.size)
        rest = self.octets.data[self.position :]
        if not rest:
            self._done = True
        elif not any(rest):
            self.faults.append(Fault("trailing_bytes", detail=f"{len(rest)} bytes"))
            self._done = True
        elif len(rest) < 8 or (not self.encoding.implicit and rest[4:6] in LONG_VRS):  # noqa: PLR2004  (bytes of the shortest header)
            raise RejectedHeaderError("truncated", detail="ends in the header of an element")

    def _generate(self) -> None:
        """Let pydicom read elements until one is odd, then deal with that one."""
        stream = BytesIO(self.octets.data)
        stream.seek(self.position)
        self._stop = None
        elements = data_element_generator(
            stream,
            self.encoding.implicit,
            self.encoding.little,
            stop_when=lambda tag, vr, length: self._odd(int(tag), vr, length, stream.tell()),
            specific_tags=list(self.wanted),
        )
        for element in elements:
            self._keep(element)
        if self._stop is not None:
            self._deal_with(self._stop)
        elif not self._done:
            self._after_generator(stream.tell())

    def _keep(self, element: Any) -> None:
        """Take a value over; pydicom's raw elements carry tag, VR and bytes as written."""
        self.values[int(element.tag)] = Raw(element.VR or "", element.value or b"")

    def _after_generator(self, reached: int) -> None:
        """Pydicom ended by itself: at a stray item delimiter, or at the end of the bytes read."""
        if reached < self.position + 8:
            raise RejectedHeaderError("invalid", detail="no element where one should be")
        self.budget.count(ITEM_END)
        self.faults.append(Fault("stray_delimiter", ITEM_END))
        self.position += 8

    def _odd(self, tag: int, vr: str | None, length: int, value: int) -> bool:
        """Return whether pydicom must not read an element; note it if it may."""
        octets = self.octets
        if (
            length == UNDEFINED
            or tag == SPECIFIC_CHARACTER_SET  # pydicom would warn of a term it does not know
            or value + length + _HEADER > len(octets.data)
            or vr == "SQ"
            or tag >> 16 in self.private
            or tag <= self._greatest
            or tag in PIXEL_DATA
            or tag >> 16 == _ITEM_GROUP
            or (vr not in _SHORT and vr not in _LONG and not self.encoding.implicit)
            or self.ends_before(tag)
            or (vr is None and octets.data.startswith((ITEM_BYTES_LITTLE, ITEM_BYTES_BIG), value))
        ):
            self._stop = Stop(tag, vr, length, self.position, value)
            return True
        self.budget.count(tag)
        self.seen.add(tag)
        self._greatest = tag
        self.position = value + length
        return False

    def _deal_with(self, stop: Stop) -> None:
        tag = stop.tag
        if self.ends_before(tag):
            self._done = True
        elif self._is_padding(stop):
            self.faults.append(Fault("trailing_bytes"))
            self._done = True
        elif tag >> 16 == _ITEM_GROUP:
            self.budget.count(tag)
            self.faults.append(Fault("stray_delimiter", tag))
            self.position = stop.value
        elif tag in PIXEL_DATA:
            self.pixel_data = stop
            self._done = True
        else:
            self._take(stop)

    def _is_padding(self, stop: Stop) -> bool:
        """Return whether nothing but zero bytes follows, and not more than a writer pads.

        Raises:
            RejectedHeaderError: zero bytes stand for an element, but it is no padding.
        """
        if stop.tag != 0 or stop.length != 0:
            return False
        left = self.octets.size - stop.start
        readable = left <= _MOST_PADDING and self.octets.ensure(self.octets.size)
        if readable and self.seen and not any(self.octets.data[stop.start :]):
            return True
        raise RejectedHeaderError("invalid", 0, "zero bytes where an element should be")

    def _take(self, stop: Stop) -> None:
        """Read an element that pydicom was stopped at, and go on after it."""
        tag = stop.tag
        self.budget.count(tag)
        stop = self._with_length(stop)
        end = self._end_of(stop)
        if tag in self.seen:
            self.faults.append(Fault("duplicate_tag", tag))
        elif tag < self._greatest:
            self.faults.append(Fault("tag_order", tag))
        if not self.encoding.implicit and stop.vr not in _SHORT and stop.vr not in _LONG:
            self.faults.append(Fault("unknown_vr", tag))
        self._keep_taken(stop, end)
        self.seen.add(tag)
        self._greatest = max(self._greatest, tag)
        self.position = end

    def _keep_taken(self, stop: Stop, end: int) -> None:
        tag, vr = stop.tag, stop.vr or ""
        is_items = self._is_items(stop)
        if is_items and stop.length == UNDEFINED:
            end -= 8  # the delimiter
        raw = Raw(vr, self.octets.data[stop.value : end])
        reference = SOP_REFERENCE if self._inner(stop).little else SOP_REFERENCE_BIG
        if is_items and reference in raw.value:
            self.carriers.append((tag, raw))
        if tag in self.wanted:
            self.values[tag] = raw
        elif is_candidate(self.private, tag):
            self.private_cells.append((tag, raw.vr, raw.value))

    def _with_length(self, stop: Stop) -> Stop:
        """Return an element of unknown VR with its length as the element after it suggests.

        A VR that the standard adds later has a 32 bit length (PS3.5 section 7.1.2), a known one
        that was damaged mostly has one of 16 bits, and some writers leave the VR out.
        """
        if self.encoding.implicit or stop.vr in _SHORT or stop.vr in _LONG:
            return stop
        if self._goes_on(stop.value + stop.length, stop.tag):
            return stop
        if not self.octets.ensure(stop.value + 4):
            return stop
        order = "<" if self.encoding.little else ">"
        short: int = struct.unpack_from(order + "H", self.octets.data, stop.value - 2)[0]
        long: int = struct.unpack_from(order + "L", self.octets.data, stop.value)[0]
        for length, value in ((short, stop.value), (long, stop.value + 4)):
            if self._goes_on(value + length, stop.tag):
                return Stop(stop.tag, stop.vr or "??", length, stop.start, value)
        return stop

    def _goes_on(self, offset: int, tag: int) -> bool:
        """Return whether an element with a later tag, or the end, stands at an offset."""
        size = self.octets.size
        if not self.octets.ensure(min(offset + _HEADER, size)) or offset >= size:
            return offset == size
        order = "<" if self.encoding.little else ">"
        if len(self.octets.data) < offset + 8:
            return False
        group, element = struct.unpack_from(order + "HH", self.octets.data, offset)
        vr = self.octets.data[offset + 4 : offset + 6]
        known = vr in SHORT_VRS or vr in LONG_VRS or (vr.isalpha() and vr.isupper())
        return (group << 16 | element) > tag and (known or self.ends_before(group << 16))

    def _end_of(self, stop: Stop) -> int:
        """Return where an element ends.

        Raises:
            RejectedHeaderError: it ends beyond the file or a limit, or never.
        """
        if self._is_items(stop):
            return self._end_of_items(stop)
        end = stop.value + stop.length
        if not self.octets.ensure(end):
            self._reject_beyond(stop)
        return end

    def _is_items(self, stop: Stop) -> bool:
        return stop.length == UNDEFINED or stop.vr == "SQ" or self._looks_like_items(stop)

    def _inner(self, stop: Stop) -> Encoding:
        """Return how the items of a sequence are encoded (PS3.5 section 6.2.2 for UN)."""
        return IMPLICIT_LITTLE if stop.vr == "UN" else self.encoding

    def _looks_like_items(self, stop: Stop) -> bool:
        if stop.vr is not None or not self.octets.ensure(stop.value + 8):
            return False
        mark = ITEM_BYTES_LITTLE if self.encoding.little else ITEM_BYTES_BIG
        return stop.length > 0 and self.octets.data.startswith(mark, stop.value)

    def _end_of_items(self, stop: Stop) -> int:
        encoding = self._inner(stop)
        defined = stop.length != UNDEFINED
        if defined and not self.octets.ensure(stop.value + stop.length):
            self._reject_beyond(stop)
        walk = Walk(self.octets, encoding, self.budget, stop.tag)
        try:
            end = walk.end_of_items(stop.value, stop.length, fragments=stop.vr in _BULK)
        except BrokenSequenceError as error:
            reason = "truncated" if error.cut and not self._hides_elements(stop) else "invalid"
            raise RejectedHeaderError(reason, stop.tag, error.detail) from error
        if walk.malformed:
            self.faults.append(Fault("malformed_sequence", stop.tag))
        return end

    def _reject_beyond(self, stop: Stop) -> None:
        """Say whether a value beyond the end was cut off, or its length is a lie.

        It is a lie where no header could hold it, where no writer could have written it, or where
        further elements stand in what would be the value.
        """
        detail = f"length {stop.length} beyond the end"
        lies = (
            stop.length > self.budget.max_bytes
            or stop.tag < self._greatest
            or (stop.vr is None and not self.encoding.implicit)
            or (stop.length > _LONGEST_SHORT and _written_short(stop.tag, stop.vr))
            or self._hides_elements(stop)
        )
        raise RejectedHeaderError("invalid" if lies else "truncated", stop.tag, detail)

    def _hides_elements(self, stop: Stop) -> bool:
        """Return whether later elements stand where the value of this one would be."""
        size = self.octets.size
        if not self.octets.ensure(min(size, stop.value + _SEARCH)):
            return False
        data = self.octets.data[: stop.value + _SEARCH]
        if stop.vr == "SQ" or data.startswith((ITEM_BYTES_LITTLE, ITEM_BYTES_BIG), stop.value):
            return self._leaves_items(stop)
        places: Iterable[int]
        if self.encoding.implicit:
            places = range(stop.value, len(data) - 8, 2)
        else:
            places = (found.start() - 4 for found in _ANY_VR.finditer(data, stop.value + 4))
        return any(self._chain_at(data, place, stop.tag) for place in places)

    def _chain_at(self, data: bytes, place: int, after: int) -> bool:
        order = "<" if self.encoding.little else ">"
        group, element = struct.unpack_from(order + "HH", data, place)
        if (group << 16 | element) <= after:
            return False
        return chain_length(data, place, self.octets.size, self.encoding) > 1

    def _leaves_items(self, stop: Stop) -> bool:
        """Return whether the items of a sequence end, and something else follows, before it."""
        walk = Walk(self.octets, self.encoding, self.budget, stop.tag)
        try:
            walk.end_of_items(stop.value, UNDEFINED)
        except BrokenSequenceError as error:
            return not error.cut and walk.stands_at < self.octets.size
        return True


def _written_short(tag: int, vr: str | None) -> bool:
    """Return whether the explicit form of an attribute has a length of 16 bits."""
    if vr is None:
        try:
            vr = dictionary_VR(tag)
        except KeyError:
            return False
    return vr in _SHORT
