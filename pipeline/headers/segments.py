"""Segments: steps on end whose elements have the lengths they had before, read in one go.

What does not change in a series is compared, and what does is cut out, by one call each. A segment
ends at an element that has to be looked at: whose length changes too, a sequence, or a private one.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import PRIVATE, PrivateCell
from dicomlake.pipeline.headers.structure import ITEM_BYTES_LITTLE

NO_TAG: Final = 1 << 32
"""Greater than every tag."""


class Step(NamedTuple):
    """A run of elements that do not change in a series, and the one after it that does."""

    data: bytes
    """The run, and of the element after it what stands before its length, if that is told."""
    length: int
    """Of `data`."""
    width: int
    """Bytes of that length: 2 or 4; 0 where the element has to be looked into, or there is none."""
    tag: int
    """Of the element that changes; `NO_TAG` after the last run."""
    slot: int
    vr: str
    first_slot: int
    end_slot: int
    cells: tuple[Cell, ...]
    """Of the run, for the slots from `first_slot` to `end_slot`."""
    others: tuple[tuple[PrivateCell, ...], tuple[tuple[int, Items], ...]] | None
    """Private elements and carriers of the run, if it has any."""


NOTHING_AT_END, VALUE_AT_END, SEQUENCE_AT_END = range(3)
"""What ends a segment: the last run, an element with a value, or a sequence."""
_LONG: Final = 4
_LONGEST_CUT: Final = 256
"""Bytes of a run that are cut out to be compared; a longer one starts a segment."""
_NUMBERS: Final = {2: "H", _LONG: "L"}
"""How `struct` calls numbers of so many bytes."""

_Cut = Callable[[bytes, int], tuple[Any, ...]]


class Segment(NamedTuple):
    """How to read some steps at once, and the element at their end."""

    span: int
    """Bytes from its start to the value of the element at its end."""
    head: bytes
    """What does not change at its start; compared in place, for it may be long."""
    fixed_of: _Cut
    fixed: tuple[bytes, ...]
    """What does not change after that, and what cuts it out."""
    values_of: _Cut
    slots: tuple[int, ...]
    """What cuts out the wanted values and the length of the element at the end; their slots."""
    marks: int
    """How often the mark of an item stands in implicit VR outside values; -1: not looked at."""
    carriers: tuple[tuple[int, Items], ...]
    ends_with: int
    tag: int
    slot: int
    vr: str
    """Of the element at the end."""


Segments = dict[tuple[int, int], Segment]
"""In their order, by the tags of the elements after their first step and after their last."""


def segments_of(
    steps: Sequence[Step], lengths: Mapping[int, int], implicit: bool, known: Segments
) -> Segments:
    """Return the segments of a template.

    Args:
        steps: of the template.
        lengths: of the values of elements that change, where these do not, by tag.
        implicit: elements have no VR.
        known: segments of the same steps; those that are still the same are not made again.
    """
    segments: Segments = {}
    joined: list[Step] = []
    for step, after in zip_longest(steps, steps[1:]):
        joined.append(step)
        is_plain = step.width and step.slot != PRIVATE and not step.vr
        is_last = after is None or after.length > _LONGEST_CUT
        if is_last or not is_plain or step.tag not in lengths:
            key = joined[0].tag, step.tag
            segments[key] = known.get(key) or _segment(joined, lengths, implicit)
            joined = []
    return segments


def _segment(steps: Sequence[Step], lengths: Mapping[int, int], implicit: bool) -> Segment:
    """Return the segment of some steps; all but the last have an element of a known length."""
    pieces: list[bytes] = []
    fixed = values = "<"
    for step in steps[:-1]:
        length = lengths[step.tag]
        pieces.append(step.data + length.to_bytes(step.width, "little"))
        size = len(pieces[-1])
        fixed += f"{size}{'s' if len(pieces) > 1 else 'x'}{length}x"
        values += f"{size}x{length}{'x' if step.slot < 0 else 's'}"
    last = steps[-1]
    pieces.append(last.data + _head_of_sequence(last, implicit))
    fixed += f"{len(pieces[-1])}{'s' if len(pieces) > 1 else 'x'}"
    if last.tag != NO_TAG:
        width = last.width or _LONG
        fixed += f"{width}x"
        values += f"{len(pieces[-1])}x{_NUMBERS[width]}"
    cut = struct.Struct(fixed)
    looked_at = implicit and len(steps) > 1
    others = [step.others for step in steps if step.others is not None]
    return Segment(
        cut.size,
        pieces[0],
        cut.unpack_from,
        tuple(pieces[1:]),
        struct.Struct(values).unpack_from,
        tuple(step.slot for step in steps[:-1] if step.slot >= 0),
        sum(piece.count(ITEM_BYTES_LITTLE) for piece in pieces) if looked_at else -1,
        tuple(carrier for _, carriers in others for carrier in carriers),
        NOTHING_AT_END if last.tag == NO_TAG else VALUE_AT_END if last.width else SEQUENCE_AT_END,
        last.tag,
        last.slot,
        last.vr,
    )


def _head_of_sequence(step: Step, implicit: bool) -> bytes:
    """Return what stands before the length of a sequence after a step, nothing for no sequence."""
    if step.width or step.tag == NO_TAG:
        return b""
    head = struct.pack("<HH", step.tag >> 16, step.tag & 0xFFFF)
    return head if implicit else head + b"SQ\0\0"
