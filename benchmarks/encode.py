"""Encodes data elements byte by byte, so that a tree of many thousand headers is made in seconds.

Explicit and implicit VR little endian, sequences of defined and undefined length (PS3.5 section
7). No other library encodes what the benchmarks read: a mistake here is not repeated there.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from pydicom.datadict import dictionary_VR, tag_for_keyword


class Own(NamedTuple):
    """A value with its VR, where no dictionary knows it: private, or one of two."""

    vr: str
    value: "Simple"


Simple = str | bytes | int | float | tuple[int | float, ...]
Item = Mapping["str | int", "Value"]
Value = Simple | Own | Sequence[Item]
"""Text (backslashes between several values), bytes, numbers, or the items of a sequence."""

_LONG: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UC", "UN", "UR", "UT"})
_NUMBERS: Final = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "AT": "I"}
_IN_CHARSET: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_ITEM: Final = b"\xfe\xff\x00\xe0"
_ITEM_END: Final = b"\xfe\xff\x0d\xe0\x00\x00\x00\x00"
_SEQUENCE_END: Final = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_UNDEFINED: Final = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Charset:
    """A value of Specific Character Set, and Python's codec for it."""

    name: str
    codec: str

    def encode(self, text: str, *, is_name: bool) -> bytes:
        """Return encoded text; escapes end before a delimiter of names (PS3.5 section 6.1.2.5)."""
        if not is_name or not self.codec.startswith("iso2022"):
            return text.encode(self.codec)
        return b"=".join(
            b"^".join(part.encode(self.codec) for part in group.split("^"))
            for group in text.split("=")
        )


LATIN_1: Final = Charset("ISO_IR 100", "latin-1")


@lru_cache(maxsize=4096)
def tag_and_vr(keyword: str) -> tuple[int, str]:
    """Return the tag of a keyword and its VR.

    Raises:
        KeyError: there is no such keyword.
    """
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise KeyError(keyword)
    return tag, dictionary_VR(tag)


@dataclass(frozen=True, slots=True)
class Encoder:
    """How a maker's equipment encodes: VRs left out, lengths of sequences left open, charset."""

    implicit: bool = False
    undefined: bool = False
    charset: Charset = LATIN_1

    def elements(self, values: Item) -> dict[int, bytes]:
        """Return encoded elements by tag."""
        found = {}
        for key, value in values.items():
            tag, vr = tag_and_vr(key) if isinstance(key, str) else (key, "UN")
            if isinstance(value, Own):
                found[tag] = self._element(tag, value.vr, value.value)
            else:
                found[tag] = self._element(tag, vr, value)
        return found

    def data_set(self, *parts: Mapping[int, bytes]) -> bytes:
        """Return encoded elements in the order of their tags; later parts win."""
        merged: dict[int, bytes] = {}
        for part in parts:
            merged.update(part)
        return b"".join([merged[tag] for tag in sorted(merged)])

    def _element(self, tag: int, vr: str, value: Simple | Sequence[Item]) -> bytes:
        if vr == "SQ":
            assert not isinstance(value, str | bytes | int | float)
            return self._sequence(tag, value)  # type: ignore[arg-type]  # items, as the VR says
        body = self._body(vr, value)  # type: ignore[arg-type]  # no items, as the VR says
        return self._head(tag, vr, len(body)) + body

    def _head(self, tag: int, vr: str, length: int) -> bytes:
        start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        if self.implicit:
            return start + struct.pack("<I", length)
        if vr in _LONG:
            return start + vr.encode() + b"\0\0" + struct.pack("<I", length)
        return start + vr.encode() + struct.pack("<H", length)

    def _body(self, vr: str, value: Simple) -> bytes:
        if vr in _NUMBERS:
            numbers = value if isinstance(value, tuple) else (value,)
            return struct.pack(f"<{len(numbers)}{_NUMBERS[vr]}", *numbers)
        assert not isinstance(value, tuple), f"{vr} is text: write several values with backslashes"
        if isinstance(value, bytes):
            body = value
        elif vr in _IN_CHARSET:
            body = self.charset.encode(str(value), is_name=vr == "PN")
        else:
            body = str(value).encode("ascii")
        if len(body) % 2:
            body += b"\0" if vr in ("UI", "OB", "UN") else b" "
        return body

    def _sequence(self, tag: int, items: Sequence[Item]) -> bytes:
        body = b"".join([self._item(self.data_set(self.elements(item))) for item in items])
        if not self.undefined:
            return self._head(tag, "SQ", len(body)) + body
        return self._head(tag, "SQ", 0)[:-4] + _UNDEFINED + body + _SEQUENCE_END

    def _item(self, body: bytes) -> bytes:
        if self.undefined:
            return _ITEM + _UNDEFINED + body + _ITEM_END
        return _ITEM + struct.pack("<I", len(body)) + body


def file_head(syntax: str, sop_class: str, sop_instance: str, version: str) -> bytes:
    """Return preamble, prefix and File Meta Information (PS3.10 section 7.1)."""
    meta = Encoder().data_set(
        Encoder().elements(
            {
                "FileMetaInformationVersion": b"\0\1",
                "MediaStorageSOPClassUID": sop_class,
                "MediaStorageSOPInstanceUID": sop_instance,
                "TransferSyntaxUID": syntax,
                "ImplementationClassUID": "1.2.826.0.1.3680043.10.1717",
                "ImplementationVersionName": version,
            }
        )
    )
    length = b"\2\0\0\0UL\4\0" + struct.pack("<I", len(meta))
    return bytes(128) + b"DICM" + length + meta


def encapsulated(fragment: bytes) -> bytes:
    """Return Pixel Data with an empty offset table and one fragment (PS3.5 section A.4)."""
    fragment += b"\0" * (len(fragment) % 2)
    head = b"\xe0\x7f\x10\x00OB\0\0" + _UNDEFINED
    table = _ITEM + bytes(4)
    return head + table + _ITEM + struct.pack("<I", len(fragment)) + fragment + _SEQUENCE_END
