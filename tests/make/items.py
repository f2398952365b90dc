"""Builders of sequences byte by byte: every way of writing items, by Hypothesis or by hand."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

ITEM = b"\xfe\xff\x00\xe0"
ITEM_END = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END = b"\xfe\xff\xdd\xe0\0\0\0\0"
LONG = ("OB", "OW", "UC", "UN", "UT", "UR", "OD", "SV")
SHORT = ("LO", "CS", "DS", "FD", "UI", "US", "SH", "PN", "AT")
SEQUENCES = (0x00089215, 0x00081140, 0x00209113, 0x00280AAA, 0x00400275, 0x52009230, 0x00091001)
"""Tags of sequences, one unknown to the standard and one private among them."""
VALUES = (0x00080100, 0x00081155, 0x0009_0010, 0x00200032, 0x00289110, 0x0041_1002)


@dataclass(frozen=True)
class Element:
    """An element: a value in bytes, or a sequence of items, its lengths defined or not."""

    tag: int
    vr: str
    value: bytes | tuple["ItemToWrite", ...]
    is_open: bool = False
    in_un: bool = False


@dataclass(frozen=True)
class ItemToWrite:
    """An item with its elements, its length defined or not."""

    elements: tuple[Element, ...]
    is_open: bool = False


def written_items(items: Sequence[ItemToWrite], *, implicit: bool) -> bytes:
    """Return the value of a sequence, without a delimiter of its own."""
    return b"".join(_item(item, implicit=implicit) for item in items)


def _item(item: ItemToWrite, *, implicit: bool) -> bytes:
    body = b"".join(written_element(each, implicit=implicit) for each in item.elements)
    if item.is_open:
        return ITEM + b"\xff\xff\xff\xff" + body + ITEM_END
    return ITEM + struct.pack("<L", len(body)) + body


def written_element(element: Element, *, implicit: bool) -> bytes:
    """Return the bytes of an element, little endian."""
    tag = struct.pack("<HH", element.tag >> 16, element.tag & 0xFFFF)
    if isinstance(element.value, bytes):
        length = len(element.value)
        return tag + _head(element.vr, length, implicit=implicit) + element.value
    if element.in_un and not implicit:
        body = written_items(element.value, implicit=True)
        return tag + _head("UN", len(body), implicit=False) + body
    body = written_items(element.value, implicit=implicit)
    if element.is_open:
        return tag + _head("SQ", 0xFFFFFFFF, implicit=implicit) + body + SEQUENCE_END
    return tag + _head("SQ", len(body), implicit=implicit) + body


def _head(vr: str, length: int, *, implicit: bool) -> bytes:
    if implicit:
        return struct.pack("<L", length)
    if vr == "SQ" or vr in LONG:
        return vr.encode() + b"\0\0" + struct.pack("<L", length)
    return vr.encode() + struct.pack("<H", length)


def _values() -> st.SearchStrategy[Element]:
    any_value = st.builds(
        Element,
        tag=st.sampled_from(VALUES),
        vr=st.sampled_from(SHORT + LONG),
        value=st.binary(max_size=6)
        .filter(lambda raw: not raw.startswith(ITEM))
        .map(lambda raw: raw + b" " * (len(raw) % 2)),
    )
    charset = st.sampled_from([b"ISO_IR 100", b"ISO_IR 192", b"ISO 2022 IR 87", b"NONE", b""])
    return any_value | charset.map(lambda raw: Element(0x00080005, "CS", raw))


def _in_order(elements: Sequence[Element]) -> tuple[Element, ...]:
    return tuple(sorted({each.tag: each for each in elements}.values(), key=lambda e: e.tag))


def item_lists(leaves: int = 12) -> st.SearchStrategy[tuple[ItemToWrite, ...]]:
    """Return lists of items with nested items, in every mixture of lengths."""

    def items(elements: st.SearchStrategy[Element]) -> st.SearchStrategy[tuple[ItemToWrite, ...]]:
        item = st.builds(
            ItemToWrite, elements=st.lists(elements, max_size=4).map(_in_order), is_open=_FLAGS
        )
        # Repeated, as the frames of an image are.
        return st.lists(item, max_size=3).flatmap(
            lambda each: st.sampled_from([1, 1, 2]).map(lambda n: tuple(each * n))
        )

    elements = st.recursive(
        _values(),
        lambda inner: st.one_of(
            inner,
            st.builds(
                Element,
                tag=st.sampled_from(SEQUENCES),
                vr=st.just("SQ"),
                value=items(inner),
                is_open=_FLAGS,
                in_un=st.sampled_from([False, False, False, True]),
            ),
        ),
        max_leaves=leaves,
    )
    return items(elements)


_FLAGS = st.booleans()
