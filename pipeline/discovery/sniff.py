"""What kind of file this is, by its first bytes alone; a name only speaks for archives."""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PREAMBLE: Final = 128
MAGIC_END: Final = 132
SNIFF_BYTES: Final = 4096
"""Bytes from the start of a file that are enough to tell its kind."""

SHORT_VRS: Final = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()
)
"""VRs whose explicit form has a length of 16 bits (PS3.5 section 7.1.2)."""

LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""VRs whose explicit form has two reserved bytes and a length of 32 bits."""

UNDEFINED: Final = 0xFFFFFFFF
_FIRST_GROUPS: Final = (0x0002, 0x0008)
_LAST_GROUP: Final = 0x7FE0
_ELEMENTS_TO_TRY: Final = 4
_DICOM_NAMES: Final = (".dcm", ".dicom", ".dic", ".ima")
_ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b")
_TAR: Final = (257, b"ustar")
_EXECUTABLES: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
)


class Kind(StrEnum):
    """What a file is."""

    DICOM = "dicom"
    """Preamble and `DICM` (PS3.10 section 7.1)."""
    BARE = "bare"
    """A data set without preamble, starting in group 0002 or 0008."""
    EMPTY = "empty"
    ARCHIVE = "archive"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a data set is encoded (PS3.5 section 7.1): with VRs or without, and its byte order."""

    implicit: bool
    little: bool


IMPLICIT_LITTLE: Final = Encoding(implicit=True, little=True)
EXPLICIT_LITTLE: Final = Encoding(implicit=False, little=True)
EXPLICIT_BIG: Final = Encoding(implicit=False, little=False)
_ENCODINGS: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)


def sniff(head: bytes, size: int, name: str) -> Kind:
    """Return the kind of a file.

    Args:
        head: the first `SNIFF_BYTES` of the file, or all of it.
        size: size of the file in bytes.
        name: its name or path. An archive is one by its magic, but one that claims to be DICOM
            by its name is no DICOM file rather than an archive to be unpacked.
    """
    if size == 0:
        return Kind.EMPTY
    if head[PREAMBLE:MAGIC_END] == b"DICM":
        return Kind.DICOM
    if size >= MAGIC_END and bare_encoding(head, size) is not None:
        return Kind.BARE
    at, tar = _TAR
    if head.startswith(_ARCHIVES) or head[at : at + len(tar)] == tar:
        return Kind.OTHER if name.lower().endswith(_DICOM_NAMES) else Kind.ARCHIVE
    return Kind.OTHER


def bare_encoding(head: bytes, size: int) -> Encoding | None:
    """Return the encoding of a data set or file meta that starts at byte 0, None if it is none."""
    for encoding in _ENCODINGS:
        order = "<" if encoding.little else ">"
        group = struct.unpack_from(order + "H", head)[0] if len(head) > 1 else 0
        if group in _FIRST_GROUPS and plausible(head, size, encoding):
            return encoding
    return None


def recognised(head: bytes, size: int, declared: Encoding | None) -> Encoding | None:
    """Return how a data set is encoded: as declared, unless its bytes say otherwise.

    Args:
        head: its first `SNIFF_BYTES`, or all of it.
        size: bytes of the data set.
        declared: what the file says; tried first.

    Returns:
        None where it starts as a data set in no encoding.
    """
    candidates = (declared, *_ENCODINGS) if declared else _ENCODINGS
    return next((each for each in candidates if plausible(head, size, each)), None)


def plausible(head: bytes, size: int, encoding: Encoding) -> bool:
    """Return whether a data element starts here, and nothing after it says otherwise."""
    return chain_length(head, 0, size, encoding) > 0


def chain_length(head: bytes, start: int, size: int, encoding: Encoding) -> int:
    """Return how many data elements follow one another from a place, up to four.

    Their tags must ascend, their VRs be known and their lengths fit the file; where one fails,
    there is no chain: 0. A chain that ends with the file, or goes on in a value of undefined
    length, counts as four. One that leaves `head` is believed as far as it goes.
    """
    order = "<" if encoding.little else ">"
    offset, previous = start, -1
    for count in range(_ELEMENTS_TO_TRY):
        if offset == size and count:
            return _ELEMENTS_TO_TRY
        if offset + 8 > len(head):
            return count
        group, element = struct.unpack_from(order + "HH", head, offset)
        tag = group << 16 | element
        field = _length_field(head, offset, order, encoding.implicit)
        if tag <= previous or group > _LAST_GROUP or field is None:
            return 0
        length, value = field
        if length == UNDEFINED:
            return _ELEMENTS_TO_TRY
        if value + length > size:
            return count
        offset, previous = value + length, tag
    return _ELEMENTS_TO_TRY


def _length_field(head: bytes, offset: int, order: str, implicit: bool) -> tuple[int, int] | None:
    """Return length and start of a value, None where the VR is unknown."""
    if implicit:
        return struct.unpack_from(order + "L", head, offset + 4)[0], offset + 8
    vr = head[offset + 4 : offset + 6]
    if vr in SHORT_VRS:
        return struct.unpack_from(order + "H", head, offset + 6)[0], offset + 8
    if vr in LONG_VRS and offset + 12 <= len(head):
        return struct.unpack_from(order + "L", head, offset + 8)[0], offset + 12
    return None


def suspicious_preamble(head: bytes) -> bool:
    """Return whether the preamble starts like a program: PE, ELF, Mach-O or a script."""
    return head.startswith(_EXECUTABLES)
