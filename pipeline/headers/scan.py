"""A scan over the top level of a data set: wanted values out of raw bytes, fast and never guessing.

Files of one device look alike, and files of one series nearly so. The scan lives on that. Each
distinct element header is understood once (a memo over its eight bytes). Of each series a template
is kept: the runs of elements that do not change, compared as bytes at once, and between them the
elements that do. A template is only ever a short cut: every byte of a header is either equal to
bytes that were understood before, or is understood now.

It reads little endian data sets that are perfectly regular. Whatever is not - an unknown VR, tags
out of order, a length that does not fit - raises `OddHeaderError`: the reference reader decides.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from dicomlake.pipeline.discovery.sniff import UNDEFINED
from dicomlake.pipeline.headers.attributes import SERIES_INSTANCE_UID
from dicomlake.pipeline.headers.entries import PIXELS, SEQUENCE, Entries, Entry
from dicomlake.pipeline.headers.items import NeedMoreError, OddItemsError
from dicomlake.pipeline.headers.layout import PRIVATE, Layout
from dicomlake.pipeline.headers.scanned import Found, OddHeaderError, Pixels
from dicomlake.pipeline.headers.segments import NO_TAG, SEQUENCE_AT_END, VALUE_AT_END, Segment
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE, MANY
from dicomlake.pipeline.headers.templates import Run, Template, TemplateMaker
from dicomlake.pipeline.headers.top_sequences import TopSequences, widest
from dicomlake.pipeline.headers.values import Raw

_HEADER: Final = 8
"""Bytes of the shortest element header."""
_SERIES_TAG: Final = b"\x20\x00\x0e\x00"
_STRAY: Final = 8
"""A file with more elements outside its template than this teaches the template."""
_LESSONS: Final = 8
"""How often one series may teach; where that did not help, nothing will."""
_TEMPLATES_KEPT: Final = 1024
_TEMPLATE_BYTES: Final = 8 << 20


class Scanner:
    """Scans data sets of one encoding; remembers what it has understood, within bounds."""

    def __init__(self, layout: Layout, implicit: bool, max_depth: int, max_elements: int) -> None:
        """Start with nothing understood.

        Args:
            layout: the wanted attributes.
            implicit: elements have no VR.
            max_depth: sequences that may be nested.
            max_elements: most elements of a data set, and of an item.
        """
        self.layout = layout
        self.implicit = implicit
        self.max_elements = max_elements
        self._entries = Entries(layout, implicit)
        self._sequences = TopSequences(implicit, max_depth)
        self._maker = TemplateMaker(self._entries)
        self._templates: dict[bytes, Template] = {}
        self._kept_bytes = 0
        """Of the headers that templates were made of."""
        self._strays = 0
        """Elements outside a template in the data set that is being scanned."""
        self._walked: list[tuple[int, int]] = []
        """Tag and offset of the elements of it that were walked one by one."""
        self._begun: tuple[Template, list[tuple[int, int, int]]] | None = None
        """The template made last, and the elements of its file: the next file is mostly like it."""

    def scan(self, data: bytes, start: int, size: int) -> Found:
        """Return what stands in a data set.

        Args:
            data: the first bytes of the file.
            start: where the data set starts.
            size: bytes of the whole file.

        Raises:
            OddHeaderError: it is not perfectly regular.
            NeedMoreError: the header goes on after `data`.
        """
        series = self._series_hint(data, start)
        template = self._templates.get(series)
        try:
            found = self._found(template, data, start, size)
        except OddItemsError as error:
            raise OddHeaderError("odd_sequence") from error
        if found.end - start > _HEADER * self.max_elements:
            self._count(data, start, found.end)
        if template is None:
            self._begin(series, data, start, found)
        elif not self._strays:
            found.family = template.family
        elif self._strays > _STRAY and template.lessons < _LESSONS:
            self._teach(template, data, start, found)
            found.family = template.family
        return found

    def _series_hint(self, data: bytes, start: int) -> bytes:
        """Return what looks like Series Instance UID: a guess that only costs time when wrong."""
        at = data.find(_SERIES_TAG, start)
        if at < 0 or at + _HEADER > len(data):
            return b""
        value = at + _HEADER
        return data[value : value + data[at + 4 if self.implicit else at + 6]]

    def _found(self, template: Template | None, data: bytes, start: int, size: int) -> Found:
        """Return what stands in a data set, by the shortest way there is."""
        self._strays = 0
        self._walked = []
        if template is not None and template.segments:
            found = Found(template.cells.copy(), [], [], of_series=template.private)
            if self._along(template.segments.values(), data, start, size, found):
                self._walk(data, found.end, size, template.end_tag, NO_TAG, found)
                return found
        found = Found([None] * len(self.layout.tags), [], [])
        if template is None:
            self._walk(data, start, size, -1, NO_TAG, found)
            return found
        ends = self._follow(template, data, start, size, found)
        if template.segments and not self._strays and len(ends) + 1 == len(template.steps):
            self._maker.make_segments(template, start, ends)
        return found

    def _along(  # noqa: C901  (a loop written out, for it is where the time goes)
        self, segments: Iterable[Segment], data: bytes, at: int, size: int, found: Found
    ) -> bool:
        """Read segments up to `found.end`; returns False where a data set has others."""
        cells, room, implicit = found.cells, len(data), self.implicit
        for (
            span, head, fixed_of, fixed, values_of, slots, marks, carriers, kind, tag, slot, vr,
        ) in segments:  # fmt: skip
            value = at + span
            if (
                value > room
                or not data.startswith(head, at)
                or (fixed and fixed_of(data, at) != fixed)
                or (marks >= 0 and data.count(ITEM_BYTES_LITTLE, at, value) != marks)
            ):
                return False
            values = values_of(data, at)
            for place, each in zip(slots, values, strict=False):
                cells[place] = each
            if carriers:
                found.carriers += carriers
            at = value
            if kind == VALUE_AT_END:
                at += values[-1]
                if at > size or (implicit and data.startswith(ITEM_BYTES_LITTLE, value)):
                    return False
                if slot >= 0:
                    cells[slot] = Raw(vr, data[value:at]) if vr else data[value:at]
                elif slot == PRIVATE:
                    found.private.append((tag, vr, data[value:at]))
            elif kind == SEQUENCE_AT_END:
                if implicit and not self._has_items(data, value, values[-1], slot):
                    return False
                at = self._sequence(data, size, tag, slot, value, values[-1], found)
        found.end = at
        return True

    def _has_items(self, data: bytes, value: int, length: int, slot: int) -> bool:
        """Return whether an element without VR is a sequence."""
        if length == UNDEFINED or (slot >= 0 and self.layout.is_sequence[slot]):
            return True
        return length > 0 and data.startswith(ITEM_BYTES_LITTLE, value)

    def _follow(  # noqa: C901  (a loop written out)
        self, template: Template, data: bytes, at: int, size: int, found: Found
    ) -> list[int]:
        """Walk the elements along a template; returns where the element of each step ends."""
        cells, implicit = found.cells, self.implicit
        ends: list[int] = []
        last = -1
        for piece, length, width, tag, slot, vr, first, end, values, others in template.steps:
            if not data.startswith(piece, at):
                at = self._stray(template.runs[tag], data, at, size, last, found)
                if found.end:
                    self._strays += template.lacks_after(tag)
                    return ends
                last = tag
                ends.append(at)
                continue
            at += length
            if values:
                cells[first:end] = values
            if others is not None:
                found.private += others[0]
                found.carriers += others[1]
            if width:
                value = at + width
                at = value + int.from_bytes(data[at:value], "little")
                if at > size or (implicit and data.startswith(ITEM_BYTES_LITTLE, value)):
                    if not implicit:
                        raise OddHeaderError("truncated")
                    at = self._expected(tag, data, value - _HEADER, size, last, found)
                elif slot >= 0:
                    cells[slot] = Raw(vr, data[value:at]) if vr else data[value:at]
                elif slot == PRIVATE:
                    found.private.append((tag, vr, data[value:at]))
            elif tag != NO_TAG:
                last = max(last, template.runs[tag].last_tag)
                at = self._expected(tag, data, at, size, last, found)
                if found.end:
                    self._strays += template.lacks_after(tag)
                    return ends
            last = tag
            ends.append(at)
        self._walk(data, at, size, template.end_tag, NO_TAG, found)
        return ends[:-1]

    def _expected(  # noqa: PLR0917  (as `_walk`)
        self, tag: int, data: bytes, at: int, size: int, last: int, found: Found
    ) -> int:
        """Walk up to and with the element that changes; it alone is no stray."""
        at = self._walk(data, at, size, last, tag, found)
        if found.end:
            return at
        strays = self._strays
        at = self._walk(data, at, size, tag - 1, tag + 1, found)
        self._strays = strays
        return at

    def _stray(  # noqa: PLR0917  (as `_walk`)
        self, run: Run, data: bytes, at: int, size: int, last: int, found: Found
    ) -> int:
        """Walk a step that the data set does not follow, as far as it does not."""
        at = self._walk(data, at, size, last, run.first_tag, found)
        if run.data and data.startswith(run.data, at):
            found.cells[run.first_slot : run.end_slot] = run.cells
            found.private += run.private
            found.carriers += run.carriers
            at += len(run.data)
            last = run.last_tag
        elif run.data:  # all of it may be missing, and no element tells that
            self._strays += 1
        return at if found.end else self._expected(run.until, data, at, size, last, found)

    def _walk(  # noqa: C901, PLR0917  (a loop written out; the place, bounds, what is found)
        self, data: bytes, at: int, size: int, last: int, stop: int, found: Found
    ) -> int:
        """Walk elements one by one, up to the first whose tag is not below `stop`.

        Returns where it stands. `found.end` is set where the header has ended.
        """
        entries, implicit = self._entries.known, self.implicit
        cells, walked = found.cells, self._walked
        strays = 0
        while True:
            key = data[at : at + 8]
            entry = entries.get(key)
            if entry is None:
                if len(key) < _HEADER:
                    self._finish(data, at, size, found)
                    break
                entry = self._entries.understand(key)
            tag, length, slot, vr = entry
            if tag >= stop:
                break
            if tag <= last:
                raise OddHeaderError("tag_order")
            last = tag
            strays += 1
            walked.append((tag, at))
            if length > 0:
                if implicit and length > _HEADER and data.startswith(ITEM_BYTES_LITTLE, at + 8):
                    at = self._sequence(data, size, tag, slot, at + 8, length - 8, found)
                    continue
                if slot >= 0:
                    value = data[at + 8 : at + length]
                    cells[slot] = Raw(vr, value) if vr else value
                elif slot == PRIVATE:
                    found.private.append((tag, vr, data[at + 8 : at + length]))
                at += length
            elif length == PIXELS:
                found.end = at
                found.pixels = self._pixels(data, at, tag)
                strays -= 1
                break
            else:
                at = self._long(data, size, at, entry, found)
        self._strays += strays
        return at

    def _count(self, data: bytes, start: int, end: int) -> None:
        """Return if a data set this large has no more elements than the limit.

        Raises:
            OddHeaderError: it has, or may have in its sequences.
        """
        elements = sum(1 for _ in self._elements(data[:end], start))
        if elements > self.max_elements or end - start > MANY * _HEADER * self.max_elements:
            raise OddHeaderError("many_elements")

    def _finish(self, data: bytes, at: int, size: int, found: Found) -> None:
        """End at the end of the file, and only there."""
        if len(data) < size:
            raise NeedMoreError(at + 12)
        if at != size:
            raise OddHeaderError("truncated")
        found.end = at

    def _long(self, data: bytes, size: int, at: int, entry: Entry, found: Found) -> int:
        """Take an element whose length is not in its first eight bytes; return where it ends."""
        if self.implicit:  # a sequence that is wanted, or of undefined length
            length = _length_at(data, at + 4)
            return self._sequence(data, size, entry.tag, entry.slot, at + 8, length, found)
        length = _length_at(data, at + 8)
        value = at + 12
        if entry.size == SEQUENCE:
            return self._sequence(data, size, entry.tag, entry.slot, value, length, found)
        if length == UNDEFINED:
            raise OddHeaderError("undefined_length")
        end = value + length
        _require(data, end, size)
        if entry.slot >= 0:
            raw = data[value:end]
            found.cells[entry.slot] = Raw(entry.vr, raw) if entry.vr else raw
        elif entry.slot == PRIVATE:
            found.private.append((entry.tag, entry.vr, data[value:end]))
        return end

    def _sequence(  # noqa: PLR0917  (the parts of an element)
        self, data: bytes, size: int, tag: int, slot: int, start: int, length: int, found: Found
    ) -> int:
        """Take a sequence whose items start at `start`; return where it ends."""
        if length == UNDEFINED:
            items, end = self._sequences.open(tag, data, start)
        else:
            end = start + length
            _require(data, end, size)
            items = self._sequences.defined(tag, data[start:end])
        if end - start > _HEADER * self.max_elements and widest(items) > self.max_elements:
            raise OddHeaderError("many_elements")
        if slot >= 0:
            if not self.layout.is_sequence[slot]:
                raise OddHeaderError("vr_mismatch")
            found.cells[slot] = items
        elif slot == PRIVATE:
            raise OddHeaderError("vr_mismatch")
        if items.may_refer:
            found.carriers.append((tag, items))
        return end

    def _pixels(self, data: bytes, at: int, tag: int) -> Pixels:
        if self.implicit:
            return Pixels(tag, at, at + 8, _length_at(data, at + 4))
        return Pixels(tag, at, at + 12, _length_at(data, at + 8))

    # Templates.

    def _begin(self, series: bytes, data: bytes, start: int, found: Found) -> None:
        """Keep the first file of a series, to be compared with the next."""
        if found.cells[self.layout.slots[SERIES_INSTANCE_UID]] is None:
            return
        self._kept_bytes += found.end
        if len(self._templates) >= _TEMPLATES_KEPT or self._kept_bytes > _TEMPLATE_BYTES:
            self._templates.clear()
            self._kept_bytes = found.end
        template = self._templates[series] = Template(data[: found.end], start)
        found.family = template.family
        self._begun = template, self._elements_walked(found.end)

    def _teach(self, template: Template, data: bytes, start: int, found: Found) -> None:
        """Compare a file with the one its template was made of, and make it anew of this one."""
        old, new = template.data, data[: found.end]
        known = self._begun
        is_first = known is not None and known[0] is template and not template.steps
        others = known[1] if known and is_first else self._elements(old, template.start)
        before = {tag: old[at:stop] for tag, at, stop in others}
        elements = (
            list(self._elements(new, start)) if template.steps else self._elements_walked(found.end)
        )
        now = {tag: new[at:stop] for tag, at, stop in elements}
        both = before.keys() & now.keys()
        template.elastic |= {tag for tag in both if len(before[tag]) != len(now[tag])}
        template.varying |= {tag for tag, piece in now.items() if before.get(tag) != piece}
        template.varying |= before.keys() - now.keys()
        self._kept_bytes += len(new) - len(old)
        template.data, template.start = new, start
        template.lessons += 1
        self._maker.make_steps(template, elements, found)

    def _elements_walked(self, end: int) -> list[tuple[int, int, int]]:
        """Return tag and offsets of all elements up to `end` of a data set without a template."""
        places = [place for place in self._walked if place[1] < end]
        stops = [*(at for _, at in places[1:]), end]
        return [(*place, stop) for place, stop in zip(places, stops, strict=True)]

    def _elements(self, data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield tag and offsets of the elements of a header that was walked before."""
        nothing = Found([None] * len(self.layout.tags), [], [])
        entries, end = self._entries.known, len(data)
        while at < end:
            key = data[at : at + 8]
            entry = entries.get(key) or self._entries.understand(key)
            tag, size, _, _ = entry
            stop = at + size if size > 0 else self._long(data, end, at, entry, nothing)
            yield tag, at, stop
            at = stop


def _length_at(data: bytes, at: int) -> int:
    if len(data) < at + 4:
        raise NeedMoreError(at + 4)
    return int.from_bytes(data[at : at + 4], "little")


def _require(data: bytes, end: int, size: int) -> None:
    """Return if the bytes of a value are there.

    Raises:
        OddHeaderError: the file ends before.
        NeedMoreError: they were not read yet.
    """
    if end > len(data):
        if end > size:
            raise OddHeaderError("truncated")
        raise NeedMoreError(end)
