"""What a reader takes out of a data set: slots for the wanted attributes, in the order of tags.

Both readers fill the same cells, so that everything after them is one code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from dicomlake.pipeline.headers.attributes import (
    EXTRA_TAGS,
    Attribute,
    attributes_of,
)
from dicomlake.pipeline.headers.frames import FRAMES_TOP_TAGS
from dicomlake.pipeline.headers.values import Raw, default_text
from dicomlake.schemas.tables.instances import INSTANCES

PrivateCell = tuple[int, str, bytes]
"""Tag, VR as written (empty: none) and value of a private element."""

UNWANTED: Final = -1
PRIVATE: Final = -2
CREATORS: Final = -1
"""Stands for a low byte where the creator of a block changes."""
_FIRST_BLOCK: Final = 0x10
_CREATORS_END: Final = 0x100
_BLOCKS_START: Final = 0x1000
"""Elements (gggg,0010-00FF) name the creators of the blocks (gggg,1000-FFFF): PS3.5 section 7.8."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The slots of the wanted attributes, and which private elements may be wanted."""

    tags: tuple[int, ...]
    """Ascending."""
    vrs: tuple[str, ...]
    """The attribute's own VR, by slot."""
    is_sequence: tuple[bool, ...]
    slots: dict[int, int]
    private: dict[int, frozenset[int]]
    """Low bytes of the elements of wanted private attributes, by group."""

    def slot_of(self, tag: int) -> int:
        """Return the slot of a tag, `PRIVATE` for a candidate, else `UNWANTED`."""
        slot = self.slots.get(tag)
        if slot is not None:
            return slot
        return PRIVATE if is_candidate(self.private, tag) else UNWANTED


@dataclass(eq=False, slots=True)
class Family:
    """Data sets of a series that differ in the same few elements at most.

    These become more with what the series shows.
    """

    slots: frozenset[int] = frozenset()
    """Of these elements, where they are wanted."""
    private: frozenset[tuple[int, int]] = frozenset()
    """Group and low byte of those that may be wanted private attributes, or name a creator."""

    def shares(self, group: int, element: int) -> bool:
        """Return whether a private attribute is the same in all of them.

        Args:
            group: of the attribute.
            element: low byte of its element.
        """
        return not any(
            number == group and low in {element, CREATORS} for number, low in self.private
        )


def is_candidate(private: Mapping[int, frozenset[int]], tag: int) -> bool:
    """Return whether a private element is a creator, or may be a wanted attribute of one.

    Args:
        private: as in the layout.
        tag: of the element.
    """
    wanted = private.get(tag >> 16)
    if wanted is None:
        return False
    element = tag & 0xFFFF
    if element < _CREATORS_END:
        return element >= _FIRST_BLOCK
    return element >= _BLOCKS_START and element & 0xFF in wanted


@lru_cache(maxsize=8)
def layout_of(private: tuple[Attribute, ...] = ()) -> Layout:
    """Return the layout for the columns of the schema, and further private attributes.

    Args:
        private: the private attributes that the settings name.
    """
    vrs: dict[int, str] = {**EXTRA_TAGS, **FRAMES_TOP_TAGS}
    groups: dict[int, set[int]] = {}
    for attribute in (*attributes_of(INSTANCES), *private):
        if attribute.creator and not attribute.within:
            groups.setdefault(attribute.tag >> 16, set()).add(attribute.tag & 0xFF)
        elif attribute.within:
            vrs[attribute.within[0]] = "SQ"
        else:
            vrs[attribute.tag] = attribute.vr
            vrs.update(dict.fromkeys(attribute.otherwise, attribute.vr))
    tags = tuple(sorted(vrs))
    return Layout(
        tags,
        tuple(vrs[tag] for tag in tags),
        tuple(vrs[tag] == "SQ" for tag in tags),
        {tag: slot for slot, tag in enumerate(tags)},
        {group: frozenset(elements) for group, elements in groups.items()},
    )


def private_place(tag: int) -> tuple[int, int]:
    """Return group and low byte of the element of a private tag, `CREATORS` for a creator."""
    element = tag & 0xFFFF
    return tag >> 16, element & 0xFF if element >= _CREATORS_END else CREATORS


PrivateKey = tuple[int, str, int]
"""Group, Private Creator and low byte of the element of a private attribute."""


def private_key(attribute: Attribute) -> PrivateKey:
    """Return what names a private attribute, in whichever block it stands."""
    return attribute.tag >> 16, attribute.creator, attribute.tag & 0xFF


def private_values(cells: Sequence[PrivateCell]) -> dict[PrivateKey, Raw]:
    """Return the values of private attributes by what names them.

    Args:
        cells: the private elements of a data set, creators among them, in the order of tags.
    """
    creators: dict[tuple[int, int], str] = {}
    found: dict[PrivateKey, Raw] = {}
    for tag, vr, raw in cells:
        group, element = tag >> 16, tag & 0xFFFF
        if element < _CREATORS_END:
            creators[group, element] = default_text(raw)
        elif (creator := creators.get((group, element >> 8))) is not None:
            found.setdefault((group, creator, element & 0xFF), Raw(vr, raw))
    return found
