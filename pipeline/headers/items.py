"""Items of sequences as values, and what the headers of their elements say.

Each distinct element header is understood once (PS3.5 sections 7.1 and 7.5).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED
from dicomlake.pipeline.headers.values import Raw

Item = Mapping[int, "Raw | Items"]
"""One item of a sequence: every element of it by tag, nested sequences as Items."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The items of a sequence; hashed by identity, so that each distinct one is decoded once."""

    items: tuple[Item, ...]
    whole: bool = True
    """False where items were broken: those that could not be read are missing."""
    may_refer: bool = True
    """False where no item, however deep, refers to an instance."""


class OddItemsError(Exception):
    """Items that are not perfectly regular; the file is one for the pydicom reader."""


class NeedMoreError(Exception):
    """The bytes end before the sequence does."""


NO_ITEMS: Final = Items((), may_refer=False)

ITEM_END: Final = b"\xfe\xff\x0d\xe0\0\0\0\0"
SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0\0\0\0\0"
UNDEFINED_BYTES: Final = b"\xff\xff\xff\xff"
HEADER_BYTES: Final = 8
"""Of the header of an item, of a delimiter, and of the shortest of an element."""
_MOST_HEADERS: Final = 50_000
"""Distinct headers that are remembered."""
_PIXEL_GROUP: Final = 0x7FE0

# Kinds of an element header: a value of known length; its length follows in 32 bits; the same of a
# sequence; the same of UN. In implicit VR: a value; a sequence of undefined length.
VALUE, LONG, SEQUENCE, UNKNOWN, IMPLICIT, OPEN = range(6)
Header = tuple[int, int, str, int]
"""Tag, kind, VR and length, as the 8 bytes of a header say."""
EXPLICIT_HEADERS: Final[dict[bytes, Header]] = {}
IMPLICIT_HEADERS: Final[dict[bytes, Header]] = {}
_SHORT_HEADER: Final = struct.Struct("<HH2sH")
_IMPLICIT_HEADER: Final = struct.Struct("<HHL")


def header_of(raw: bytes, implicit: bool) -> Header:
    """Return what 8 bytes say, and remember it.

    Raises:
        OddItemsError: they are no header of an element.
    """
    if len(raw) < HEADER_BYTES:
        raise OddItemsError
    known = IMPLICIT_HEADERS if implicit else EXPLICIT_HEADERS
    if len(known) >= _MOST_HEADERS:
        known.clear()
    header = known[raw] = _implicit_header(raw) if implicit else _explicit_header(raw)
    return header


def _implicit_header(raw: bytes) -> Header:
    group, element, length = _IMPLICIT_HEADER.unpack(raw)
    if group == 0xFFFE:  # noqa: PLR2004  (the group of items and delimiters)
        raise OddItemsError
    if length != UNDEFINED:
        return group << 16 | element, IMPLICIT, "", length
    if group == _PIXEL_GROUP:
        raise OddItemsError
    return group << 16 | element, OPEN, "", 0


def _explicit_header(raw: bytes) -> Header:
    group, element, vr, length = _SHORT_HEADER.unpack(raw)
    tag = group << 16 | element
    if group == 0xFFFE:  # noqa: PLR2004  (as above)
        raise OddItemsError
    if vr in SHORT_VRS:
        return tag, VALUE, vr.decode(), length
    if vr not in LONG_VRS or length:
        raise OddItemsError
    kind = {b"SQ": SEQUENCE, b"UN": UNKNOWN}.get(vr, LONG)
    return tag, kind, vr.decode(), 0
