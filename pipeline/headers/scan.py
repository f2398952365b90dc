"""A scan over the top level of a data set: wanted values out of raw bytes, fast and never guessing.

Files of one device look alike, and files of one series nearly so. The scan lives on that. Each
distinct element header is understood once (a memo over its eight bytes). Of each series a template
is kept: the runs of elements that do not change, compared as bytes at once, and between them the
elements that do. A template is only ever a short cut: every byte of a header is either equal to
bytes that were understood before, or is understood now.

It reads little endian data sets that are perfectly regular. Whatever is not - an unknown VR, tags
out of order, a length that does not fit - raises `OddHeaderError`: the reference reader decides.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED
from dicomlake.pipeline.headers.attributes import PIXEL_DATA, SERIES_INSTANCE_UID
from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.items import (
    Items,
    NeedMoreError,
    OddItemsError,
    parse_items,
    parse_open,
)
from dicomlake.pipeline.headers.layout import PRIVATE, UNWANTED, Family, Layout, PrivateCell
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE, MANY
from dicomlake.pipeline.headers.values import Raw

_HEADER: Final = 8
"""Bytes of the shortest element header."""
_LAST_TAG: Final = 0x7FE0FFFF
_NO_TAG: Final = 1 << 32
"""Greater than every tag."""
_SEQUENCE: Final = 0
_LONG: Final = -1
_PIXELS: Final = -2
_SERIES_TAG: Final = b"\x20\x00\x0e\x00"
_STRAY: Final = 8
"""A file with more elements outside its template than this teaches the template."""
_LESSONS: Final = 8
"""How often one series may teach; where that did not help, nothing will."""
_TEMPLATES_KEPT: Final = 1024
_TEMPLATE_BYTES: Final = 8 << 20
_MEMO_ENTRIES: Final = 65_536
_SEQUENCES_KEPT: Final = 2_048
_SEQUENCE_KEPT_BYTES: Final = 8_192


class OddHeaderError(Exception):
    """A data set that the scan does not read; `why` is a stable code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Pixels(NamedTuple):
    """Where Pixel Data stands; `length` is `UNDEFINED` where it is encapsulated."""

    tag: int
    start: int
    value: int
    length: int


class _Entry(NamedTuple):
    """What the eight bytes at the start of an element say."""

    tag: int
    size: int
    """Bytes of header and value where these eight bytes tell it; else the kind of the element."""
    slot: int
    vr: str
    """VR as written where it is not the attribute's own; else empty."""


class _Step(NamedTuple):
    """A run of elements that do not change in a series, and the one after it that does."""

    data: bytes
    """The run, and of the element after it what stands before its length, if that is told."""
    length: int
    """Of `data`."""
    width: int
    """Bytes of that length: 2 or 4; 0 where the element has to be looked into, or there is none."""
    tag: int
    """Of the element that changes; `_NO_TAG` after the last run."""
    slot: int
    vr: str
    first_slot: int
    end_slot: int
    cells: tuple[Cell, ...]
    """Of the run, for the slots from `first_slot` to `end_slot`."""
    others: tuple[tuple[PrivateCell, ...], tuple[tuple[int, Items], ...]] | None
    """Private elements and carriers of the run, if it has any."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The run of a step once more, for data sets that do not follow it."""

    data: bytes
    first_tag: int
    last_tag: int
    """First and last tag of the run; without one the tag of the element after it, and -1."""
    until: int
    """Tag of the element after it; `_NO_TAG` for none."""
    first_slot: int
    end_slot: int
    cells: tuple[Cell, ...]
    private: tuple[PrivateCell, ...]
    carriers: tuple[tuple[int, Items], ...]


@dataclass(eq=False, slots=True)
class Template:
    """How the files of a series look."""

    data: bytes
    """The header of one of them, from the start of its file."""
    start: int
    varying: set[int] = field(default_factory=set)
    """Tags of elements that were seen to change, come or go."""
    steps: tuple[_Step, ...] = ()
    runs: dict[int, _Run] = field(default_factory=dict)
    """The run of each step, by the tag of the element after it."""
    family: Family | None = None
    """Of the data sets that follow the steps; None while there are none."""
    end_tag: int = -1
    """Tag of the last element before Pixel Data."""
    lessons: int = 0

    def lacks_after(self, tag: int) -> int:
        """Return how many runs a data set lacks that ends before the element of a step."""
        return sum(1 for until, run in self.runs.items() if until > tag and run.data)


@dataclass(slots=True)
class Found:
    """What a scan took out of a data set."""

    cells: list[Cell]
    """By slot of the layout."""
    private: list[PrivateCell]
    """Private Creators and candidates of wanted private attributes."""
    carriers: list[tuple[int, Items]]
    """Sequences that refer to instances, by tag."""
    end: int = 0
    """Offset where the header ends: at Pixel Data, or at the end of the file."""
    pixels: Pixels | None = None
    family: Family | None = None
    """Data sets that this one differs from in certain elements at most."""


@dataclass(slots=True)
class Scanner:
    """Scans data sets of one encoding; remembers what it has understood, within bounds."""

    layout: Layout
    implicit: bool
    max_depth: int
    max_elements: int
    _entries: dict[bytes, _Entry] = field(default_factory=dict)
    _sequences: dict[bytes, Items] = field(default_factory=dict)
    _open_sequences: dict[int, tuple[bytes, Items]] = field(default_factory=dict)
    """The last value of undefined length by tag, its delimiter included."""
    _templates: dict[bytes, Template] = field(default_factory=dict)
    _kept_bytes: int = 0
    """Of the headers that templates were made of."""
    _strays: int = 0
    """Elements outside a template in the data set that is being scanned."""

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
        found = Found([None] * len(self.layout.tags), [], [])
        series = self._series_hint(data, start)
        template = self._templates.get(series)
        try:
            if template is None:
                self._walk(data, start, size, -1, _NO_TAG, found)
            else:
                self._follow(template, data, start, size, found)
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
        return found

    def _series_hint(self, data: bytes, start: int) -> bytes:
        """Return what looks like Series Instance UID: a guess that only costs time when wrong."""
        at = data.find(_SERIES_TAG, start)
        if at < 0 or at + _HEADER > len(data):
            return b""
        value = at + _HEADER
        return data[value : value + data[at + 4 if self.implicit else at + 6]]

    def _follow(  # noqa: C901  (a loop written out)
        self, template: Template, data: bytes, at: int, size: int, found: Found
    ) -> None:
        """Walk the elements along a template.

        The loop is written out, for it is where the time goes.
        """
        cells, implicit = found.cells, self.implicit
        self._strays = 0
        last = -1
        for piece, length, width, tag, slot, vr, first, end, values, others in template.steps:
            if not data.startswith(piece, at):
                at = self._stray(template.runs[tag], data, at, size, last, found)
                if found.end:
                    self._strays += template.lacks_after(tag)
                    return
                last = tag
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
            elif tag != _NO_TAG:
                last = max(last, template.runs[tag].last_tag)
                at = self._expected(tag, data, at, size, last, found)
                if found.end:
                    self._strays += template.lacks_after(tag)
                    return
            last = tag
        self._walk(data, at, size, template.end_tag, _NO_TAG, found)

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
        self, run: _Run, data: bytes, at: int, size: int, last: int, found: Found
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
        entries, implicit = self._entries, self.implicit
        cells = found.cells
        strays = 0
        while True:
            key = data[at : at + 8]
            entry = entries.get(key)
            if entry is None:
                if len(key) < _HEADER:
                    self._finish(data, at, size, found)
                    break
                entry = self._understand(key)
            tag, length, slot, vr = entry
            if tag >= stop:
                break
            if tag <= last:
                raise OddHeaderError("tag_order")
            last = tag
            strays += 1
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
            elif length == _PIXELS:
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

    def _long(self, data: bytes, size: int, at: int, entry: _Entry, found: Found) -> int:
        """Take an element whose length is not in its first eight bytes; return where it ends."""
        if self.implicit:  # a sequence that is wanted, or of undefined length
            length = _length_at(data, at + 4)
            return self._sequence(data, size, entry.tag, entry.slot, at + 8, length, found)
        length = _length_at(data, at + 8)
        value = at + 12
        if entry.size == _SEQUENCE:
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
            items, end = self._open_items(data, tag, start)
        else:
            end = start + length
            _require(data, end, size)
            items = self.items(data[start:end])
        if end - start > _HEADER * self.max_elements and _widest(items) > self.max_elements:
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

    def _open_items(self, data: bytes, tag: int, start: int) -> tuple[Items, int]:
        """Return the items of a sequence of undefined length, and the offset after it."""
        before = self._open_sequences.get(tag)
        if before is not None and data.startswith(before[0], start):
            return before[1], start + len(before[0])
        items, end = parse_open(data, start, self.implicit, self.max_depth)
        if end - start <= _SEQUENCE_KEPT_BYTES:
            if len(self._open_sequences) >= _SEQUENCES_KEPT:
                self._open_sequences.clear()
            self._open_sequences[tag] = data[start:end], items
        return items, end

    def items(self, raw: bytes) -> Items:
        """Return the items of a sequence; equal bytes give the same object, as far as kept.

        Raises:
            OddItemsError: they are not perfectly regular.
        """
        items = self._sequences.get(raw)
        if items is None:
            items = parse_items(raw, self.implicit, self.max_depth)
            if len(raw) <= _SEQUENCE_KEPT_BYTES:
                if len(self._sequences) >= _SEQUENCES_KEPT:
                    self._sequences.clear()
                self._sequences[raw] = items
        return items

    def _pixels(self, data: bytes, at: int, tag: int) -> Pixels:
        if self.implicit:
            return Pixels(tag, at, at + 8, _length_at(data, at + 4))
        return Pixels(tag, at, at + 12, _length_at(data, at + 8))

    # Understanding the header of an element.

    def _entry(self, key: bytes) -> _Entry:
        """Return what eight bytes say."""
        return self._entries.get(key) or self._understand(key)

    def _understand(self, key: bytes) -> _Entry:
        """Return what eight bytes say, and remember it."""
        tag = int.from_bytes(key[:2], "little") << 16 | int.from_bytes(key[2:4], "little")
        if tag > _LAST_TAG:
            raise OddHeaderError("unknown_tag")
        entry = self._implicit(key, tag) if self.implicit else self._explicit(key, tag)
        if len(self._entries) >= _MEMO_ENTRIES:
            self._entries.clear()
        self._entries[key] = entry
        return entry

    def _implicit(self, key: bytes, tag: int) -> _Entry:
        length = int.from_bytes(key[4:], "little")
        slot = self.layout.slot_of(tag)
        if tag in PIXEL_DATA:
            return _Entry(tag, _PIXELS, UNWANTED, "")
        if length == UNDEFINED or (slot >= 0 and self.layout.is_sequence[slot]):
            return _Entry(tag, _SEQUENCE, slot, "")
        return _Entry(tag, 8 + length, slot, "")

    def _explicit(self, key: bytes, tag: int) -> _Entry:
        vr, slot = key[4:6], self.layout.slot_of(tag)
        written = vr.decode("ascii", "replace")
        if tag in PIXEL_DATA:
            if vr not in (b"OB", b"OW", b"OF", b"OD"):
                raise OddHeaderError("unknown_vr")
            return _Entry(tag, _PIXELS, UNWANTED, "")
        if slot >= 0 and self.layout.vrs[slot] == written:
            written = ""
        if slot >= 0 and self.layout.is_sequence[slot] and vr != b"SQ":
            raise OddHeaderError("vr_mismatch")
        if vr in SHORT_VRS:
            return _Entry(tag, 8 + int.from_bytes(key[6:], "little"), slot, written)
        if vr == b"SQ":
            return _Entry(tag, _SEQUENCE, slot, "")
        if vr in LONG_VRS:
            return _Entry(tag, _LONG, slot, written)
        raise OddHeaderError("unknown_vr")

    # Templates.

    def _begin(self, series: bytes, data: bytes, start: int, found: Found) -> None:
        """Keep the first file of a series, to be compared with the next."""
        if found.cells[self.layout.slots[SERIES_INSTANCE_UID]] is None:
            return
        self._kept_bytes += found.end
        if len(self._templates) >= _TEMPLATES_KEPT or self._kept_bytes > _TEMPLATE_BYTES:
            self._templates.clear()
            self._kept_bytes = found.end
        self._templates[series] = Template(data[: found.end], start)

    def _teach(self, template: Template, data: bytes, start: int, found: Found) -> None:
        """Compare a file with the one its template was made of, and make it anew of this one."""
        old, new = template.data, data[: found.end]
        before = {tag: old[at:stop] for tag, at, stop in self._elements(old, template.start)}
        elements = list(self._elements(new, start))
        now = {tag: new[at:stop] for tag, at, stop in elements}
        template.varying |= {tag for tag, piece in now.items() if before.get(tag) != piece}
        template.varying |= before.keys() - now.keys()
        self._kept_bytes += len(new) - len(old)
        template.data, template.start = new, start
        template.lessons += 1
        self._make_steps(template, elements, found)

    def _make_steps(
        self, template: Template, elements: list[tuple[int, int, int]], found: Found
    ) -> None:
        """Cut the file of a template, with these elements, at those that change."""
        data, varying = template.data, template.varying
        template.runs = {}
        steps = []
        run: list[tuple[int, int, int]] = []
        for element in elements:
            tag, at, _ = element
            if tag in varying:
                template.runs[tag] = self._run(data, run, tag, found)
                steps.append(self._step(template.runs[tag], data, at))
                run = []
            else:
                run.append(element)
            template.end_tag = tag
        template.runs[_NO_TAG] = self._run(data, run, _NO_TAG, found)
        steps.append(self._step(template.runs[_NO_TAG], data, len(data)))
        template.steps = tuple(steps)
        slots = {self.layout.slot_of(tag) for tag in varying}
        template.family = Family(frozenset(slots) - {UNWANTED, PRIVATE})

    def _elements(self, data: bytes, at: int) -> Iterator[tuple[int, int, int]]:
        """Yield tag and offsets of the elements of a header that was walked before."""
        nothing = Found([None] * len(self.layout.tags), [], [])
        end = len(data)
        while at < end:
            key = data[at : at + 8]
            entry = self._entry(key)
            stop = at + entry.size
            if entry.size <= 0:
                stop = self._long(data, end, at, entry, nothing)
            yield entry.tag, at, stop
            at = stop

    def _run(
        self, data: bytes, elements: list[tuple[int, int, int]], until: int, found: Found
    ) -> _Run:
        """Return a run of elements, tag and offsets of each, of a file in which this was found."""
        if not elements:
            return _Run(b"", until, -1, until, 0, 0, (), (), ())
        first_tag, start, _ = elements[0]
        last_tag, _, stop = elements[-1]
        tags = self.layout.tags
        first, end = bisect_left(tags, first_tag), bisect_right(tags, last_tag)
        cells = tuple(found.cells[first:end])
        if cells.count(None) == len(cells):
            first = end = 0
            cells = ()
        return _Run(
            data[start:stop],
            first_tag,
            last_tag,
            until,
            first,
            end,
            cells,
            tuple(each for each in found.private if first_tag <= each[0] <= last_tag),
            tuple(each for each in found.carriers if first_tag <= each[0] <= last_tag),
        )

    def _step(self, run: _Run, data: bytes, at: int) -> _Step:
        """Return the step of a run, and of the element after it that stands at an offset."""
        head, width, slot, vr = b"", 0, UNWANTED, ""
        if run.until != _NO_TAG:
            key = data[at : at + 8]
            entry = self._entry(key)
            if not (self.implicit and data.startswith(ITEM_BYTES_LITTLE, at + 8)):
                head, width = self._head(key, entry)
            slot, vr = entry.slot, entry.vr
        others = (run.private, run.carriers)
        return _Step(
            run.data + head,
            len(run.data) + len(head),
            width,
            run.until,
            slot,
            vr,
            run.first_slot,
            run.end_slot,
            run.cells,
            others if any(others) else None,
        )

    def _head(self, key: bytes, entry: _Entry) -> tuple[bytes, int]:
        """Return what stands before the length of an element, and how many bytes the length has.

        Nothing and 0 where its value has to be looked into.
        """
        if entry.size > 0:
            return (key[:4], 4) if self.implicit else (key[:6], 2)
        return (key, 4) if entry.size == _LONG else (b"", 0)


def _widest(items: Items) -> int:
    """Return the number of elements of the item that has most, at any depth."""
    widest = 0
    for item in items.items:
        inner = (_widest(each) for each in item.values() if isinstance(each, Items))
        widest = max(widest, len(item), *inner)
    return widest


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
