"""Data sets byte by byte, right and wrong: what no library would write can be written here.

A data set is a tuple of elements; `encoded` writes it in any of the encodings of PS3.5 section 7.1,
exactly as told: no value is padded, ordered, checked or completed.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

UNDEFINED: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_END: Final = 0xFFFEE00D
SEQUENCE_END: Final = 0xFFFEE0DD

EXPLICIT_UID: Final = "1.2.840.10008.1.2.1"
IMPLICIT_UID: Final = "1.2.840.10008.1.2"
BIG_UID: Final = "1.2.840.10008.1.2.2"
DEFLATED_UID: Final = "1.2.840.10008.1.2.1.99"
JPEG_UID: Final = "1.2.840.10008.1.2.4.50"

CT: Final = "1.2.840.10008.5.1.4.1.1.2"
LONG_VRS: Final = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
SIZES: Final = {
    **dict.fromkeys(("OW", "SS", "US", "AT"), 2),
    **dict.fromkeys(("FL", "OF", "OL", "SL", "UL"), 4),
    **dict.fromkeys(("FD", "OD", "OV", "SV", "UV"), 8),
}
"""Bytes of one number, by VR; what else is not swapped in big endian."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a data set is encoded, and the Transfer Syntax that says so."""

    uid: str
    implicit: bool = False
    big: bool = False
    deflated: bool = False


EXPLICIT: Final = Syntax(EXPLICIT_UID)
IMPLICIT: Final = Syntax(IMPLICIT_UID, implicit=True)
BIG: Final = Syntax(BIG_UID, big=True)
DEFLATED: Final = Syntax(DEFLATED_UID, deflated=True)
JPEG: Final = Syntax(JPEG_UID)
SYNTAXES: Final = (EXPLICIT, IMPLICIT, BIG, DEFLATED, JPEG)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a sequence; of undefined length it is closed by a delimiter."""

    elements: "tuple[Element, ...]"
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """An element as it shall stand in the file.

    `value`: bytes, or the items of a sequence, or fragments of encapsulated bytes (a list of bytes
    within a tuple). `length`: what is written instead of the true length. `undefined`: the length
    is written as undefined and the value closed. Items in a VR of UN are in Implicit VR.
    """

    tag: int
    vr: str
    value: "bytes | tuple[Item, ...] | tuple[bytes, ...]"
    length: int | None = None
    undefined: bool = False


def sequence(
    tag: int, *items: Sequence[Element], undefined: bool = False, vr: str = "SQ"
) -> Element:
    """Return a sequence; `undefined` holds for the sequence and for its items."""
    return Element(
        tag, vr, tuple(Item(tuple(each), undefined) for each in items), undefined=undefined
    )


def padded(value: bytes, pad: bytes = b" ") -> bytes:
    """Return a value of even length."""
    return value + pad if len(value) % 2 else value


def text(tag: int, vr: str, value: str | bytes, codec: str = "latin-1") -> Element:
    """Return an element of text, padded as its VR wants."""
    raw = value.encode(codec) if isinstance(value, str) else value
    return Element(tag, vr, padded(raw, b"\0" if vr == "UI" else b" "))


def number(tag: int, vr: str, *values: float) -> Element:
    """Return an element of binary numbers, in little endian as all values here."""
    code = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d"}[vr]
    return Element(tag, vr, struct.pack(f"<{len(values)}{code}", *values))


def encoded(elements: Sequence[Element], syntax: Syntax = EXPLICIT) -> bytes:
    """Return the bytes of elements, in their order."""
    return b"".join(_element(each, syntax) for each in elements)


def _element(element: Element, syntax: Syntax) -> bytes:
    order = ">" if syntax.big else "<"
    inner = replace(IMPLICIT, big=False) if element.vr == "UN" else syntax
    raw = _value(element, inner)
    length = UNDEFINED if element.undefined else len(raw)
    if element.length is not None:
        length = element.length
    if element.undefined:
        raw += _mark(SEQUENCE_END, 0, inner)
    head = struct.pack(order + "HH", element.tag >> 16, element.tag & 0xFFFF)
    if syntax.implicit:
        return head + struct.pack(order + "L", length) + raw
    vr = element.vr.encode("latin-1")
    if element.vr in LONG_VRS:
        return head + vr + b"\0\0" + struct.pack(order + "L", length) + raw
    return head + vr + struct.pack(order + "H", length & 0xFFFF) + raw


def _value(element: Element, syntax: Syntax) -> bytes:
    if isinstance(element.value, bytes):
        return swapped(element.value, element.vr) if syntax.big else element.value
    return b"".join(
        _mark(ITEM, len(part), syntax) + part if isinstance(part, bytes) else _item(part, syntax)
        for part in element.value
    )


def _item(item: Item, syntax: Syntax) -> bytes:
    content = encoded(item.elements, syntax)
    if item.undefined:
        return _mark(ITEM, UNDEFINED, syntax) + content + _mark(ITEM_END, 0, syntax)
    return _mark(ITEM, len(content), syntax) + content


def _mark(tag: int, length: int, syntax: Syntax) -> bytes:
    order = ">" if syntax.big else "<"
    return struct.pack(order + "HHL", tag >> 16, tag & 0xFFFF, length)


def delimiter(tag: int, syntax: Syntax = EXPLICIT) -> bytes:
    """Return a delimitation item by itself."""
    return _mark(tag, 0, syntax)


def swapped(value: bytes, vr: str) -> bytes:
    """Return a value of little endian numbers in big endian."""
    size = SIZES.get(vr, 1)
    whole = len(value) // size * size
    parts = (value[k : k + size][::-1] for k in range(0, whole, size))
    return b"".join(parts) + value[whole:]


META_FORMS: Final = (
    "whole",
    "missing",
    "no group length",
    "wrong group length",
    "starts late",
    "no transfer syntax",
    "empty transfer syntax",
    "padded with spaces",
    "private information",
    "other instance",
)
"""What File Meta Information may look like; the first as the standard wants it."""


def file_meta(
    syntax: Syntax = EXPLICIT, form: str = "whole", sop_class: str = CT, instance: str = "1.2.3.0"
) -> bytes:
    """Return File Meta Information (PS3.10 section 7.1), always Explicit VR Little Endian."""
    if form == "missing":
        return b""
    body = [
        Element(0x00020001, "OB", b"\0\1"),
        text(0x00020002, "UI", sop_class),
        text(0x00020003, "UI", "1.2.3.999" if form == "other instance" else instance),
        text(0x00020010, "UI", syntax.uid),
        text(0x00020012, "UI", "1.2.3.4.5"),
        text(0x00020013, "SH", "TESTS"),
    ]
    if form == "no transfer syntax":
        del body[3]
    elif form == "empty transfer syntax":
        body[3] = Element(0x00020010, "UI", b"")
    elif form == "padded with spaces":
        body[3] = Element(
            0x00020010, "UI", syntax.uid.encode() + b" \0 "[: 2 - len(syntax.uid) % 2]
        )
    elif form == "private information":
        body += [text(0x00020100, "UI", "1.2.3"), Element(0x00020102, "OB", bytes(range(100)))]
    if form == "starts late":
        return encoded(body[1:])
    content = encoded(body)
    if form == "no group length":
        return content
    length = len(content) + (18 if form == "wrong group length" else 0)
    return encoded([number(0x00020000, "UL", length)]) + content


def part10(
    elements: Sequence[Element] | bytes,
    syntax: Syntax = EXPLICIT,
    *,
    meta: str | bytes = "whole",
    preamble: bytes | None = bytes(128),
    tail: bytes = b"",
) -> bytes:
    """Return a file: preamble and prefix (unless None), file meta, data set, and a tail."""
    body = elements if isinstance(elements, bytes) else encoded(elements, syntax)
    if syntax.deflated:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        body = padded(deflater.compress(body) + deflater.flush(), b"\0")
    head = b"" if preamble is None else preamble + b"DICM"
    return head + (meta if isinstance(meta, bytes) else file_meta(syntax, meta)) + body + tail


def identity(number_of: int = 0) -> tuple[Element, ...]:
    """Return what no instance can do without, the SOP Instance UID by a number."""
    return (
        text(0x00080016, "UI", CT),
        text(0x00080018, "UI", f"1.2.3.{number_of}"),
        text(0x00080060, "CS", "CT"),
        text(0x00100010, "PN", "Test^Patient"),
        text(0x00100020, "LO", "P1"),
        text(0x0020000D, "UI", "1.2.3.4"),
        text(0x0020000E, "UI", "1.2.3.5"),
    )


def merged(*parts: Sequence[Element]) -> tuple[Element, ...]:
    """Return elements in ascending order of tags, a later one instead of an earlier."""
    by_tag = {each.tag: each for part in parts for each in part}
    return tuple(by_tag[tag] for tag in sorted(by_tag))


def private_block(
    group: int, block: int, creator: str, *elements: tuple[int, str, bytes]
) -> tuple[Element, ...]:
    """Return a Private Creator and its elements, by their last two digits (PS3.5 section 7.8)."""
    return (
        text(group << 16 | block, "LO", creator),
        *(Element(group << 16 | block << 8 | each, vr, value) for each, vr, value in elements),
    )


PIXELS: Final = Element(0x7FE00010, "OW", bytes(range(200)))
FRAGMENTS: Final = Element(
    0x7FE00010, "OB", (b"", b"\xff\xd8" + bytes(60) + b"\xff\xd9"), undefined=True
)
