"""Templates: how the files of a series look, cut at the elements that differ in them."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.entries import LONG, Entries, Entry
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import (
    PRIVATE,
    UNWANTED,
    Family,
    PrivateCell,
    private_place,
)
from dicomlake.pipeline.headers.scanned import Found
from dicomlake.pipeline.headers.segments import NO_TAG, Segments, Step, segments_of
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE


@dataclass(frozen=True, slots=True)
class Run:
    """The run of a step once more, for data sets that do not follow it."""

    data: bytes
    first_tag: int
    last_tag: int
    """First and last tag of the run; without one the tag of the element after it, and -1."""
    until: int
    """Tag of the element after it; `NO_TAG` for none."""
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
    lengths: dict[int, int] = field(default_factory=dict)
    """Of the values of such elements that always had the same, by tag."""
    elastic: set[int] = field(default_factory=set)
    """Tags of elements whose length was seen to change."""
    steps: tuple[Step, ...] = ()
    segments: Segments = field(default_factory=dict)
    """The same steps, as far as lengths do not change; none before the first lesson."""
    cells: list[Cell] = field(default_factory=list)
    """Of all runs, by slot of the layout."""
    private: tuple[PrivateCell, ...] = ()
    """Of all runs."""
    runs: dict[int, Run] = field(default_factory=dict)
    """The run of each step, by the tag of the element after it."""
    family: Family = field(default_factory=Family)
    """Of the data sets that follow the steps, and of those that these were made of."""
    end_tag: int = -1
    """Tag of the last element before Pixel Data."""
    lessons: int = 0

    def lacks_after(self, tag: int) -> int:
        """Return how many runs a data set lacks that ends before the element of a step."""
        return sum(1 for until, run in self.runs.items() if until > tag and run.data)


class TemplateMaker:
    """Makes the steps of templates for one encoding."""

    def __init__(self, entries: Entries) -> None:
        self._entries = entries

    def make_steps(
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
        template.runs[NO_TAG] = self._run(data, run, NO_TAG, found)
        steps.append(self._step(template.runs[NO_TAG], data, len(data)))
        template.steps, template.segments = tuple(steps), {}
        template.cells = [None] * len(self._entries.layout.tags)
        for step in steps:
            template.cells[step.first_slot : step.end_slot] = step.cells
        template.private = tuple(each for run in template.runs.values() for each in run.private)
        slots = {tag: self._entries.layout.slot_of(tag) for tag in varying}
        template.family.slots = frozenset(slots.values()) - {UNWANTED, PRIVATE}
        template.family.private = frozenset(
            private_place(tag) for tag, slot in slots.items() if slot == PRIVATE
        )
        ends = [stop for tag, _, stop in elements if tag in varying]
        self.make_segments(template, template.start, ends)

    def make_segments(self, template: Template, start: int, ends: Sequence[int]) -> None:
        """Note which lengths changed, and join the steps between elements whose length does.

        Args:
            template: with its steps.
            start: where a data set starts that followed them all.
            ends: offsets in it after the element of each step.
        """
        lengths: dict[int, int] = {}
        at = start
        for step, end in zip(template.steps[:-1], ends, strict=True):
            length = end - at - step.length - step.width
            if template.lengths.get(step.tag, length) != length:
                template.elastic.add(step.tag)
            if step.width:
                lengths[step.tag] = length
            at = end
        lengths = {tag: each for tag, each in lengths.items() if tag not in template.elastic}
        if not template.segments or lengths != template.lengths:
            template.lengths = lengths
            implicit, known = self._entries.implicit, template.segments
            template.segments = segments_of(template.steps, lengths, implicit, known)

    def _run(
        self, data: bytes, elements: list[tuple[int, int, int]], until: int, found: Found
    ) -> Run:
        """Return a run of elements, tag and offsets of each, of a file in which this was found."""
        if not elements:
            return Run(b"", until, -1, until, 0, 0, (), (), ())
        first_tag, start, _ = elements[0]
        last_tag, _, stop = elements[-1]
        tags = self._entries.layout.tags
        first, end = bisect_left(tags, first_tag), bisect_right(tags, last_tag)
        cells = tuple(found.cells[first:end])
        if cells.count(None) == len(cells):
            first = end = 0
            cells = ()
        return Run(
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

    def _step(self, run: Run, data: bytes, at: int) -> Step:
        """Return the step of a run, and of the element after it that stands at an offset."""
        head, width, slot, vr = b"", 0, UNWANTED, ""
        if run.until != NO_TAG:
            key = data[at : at + 8]
            entry = self._entries.of(key)
            if not (self._entries.implicit and data.startswith(ITEM_BYTES_LITTLE, at + 8)):
                head, width = self._head(key, entry)
            slot, vr = entry.slot, entry.vr
        others = (run.private, run.carriers)
        return Step(
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

    def _head(self, key: bytes, entry: Entry) -> tuple[bytes, int]:
        """Return what stands before the length of an element, and how many bytes the length has.

        Nothing and 0 where its value has to be looked into.
        """
        if entry.size > 0:
            return (key[:4], 4) if self._entries.implicit else (key[:6], 2)
        return (key, 4) if entry.size == LONG else (b"", 0)
