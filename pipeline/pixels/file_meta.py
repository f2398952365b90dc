"""What comes before the data set of a file."""

import struct
from typing import BinaryIO, Final

_PREAMBLE_BYTES: Final = 128
_MAGIC: Final = b"DICM"
_TRANSFER_SYNTAX: Final = 0x00020010
_LONGEST_META: Final = 1 << 20


def file_meta(file: BinaryIO) -> tuple[str, int]:
    """Return the transfer syntax, empty where it is not said, and where the data set starts.

    The file meta information (PS3.10 section 7.1) is explicit VR little endian; it ends at the
    first element of another group, whatever its group length says.
    """
    head = file.read(_PREAMBLE_BYTES + 4)
    start = _PREAMBLE_BYTES + 4 if head[_PREAMBLE_BYTES:] == _MAGIC else 0
    file.seek(start)
    meta = file.read(_LONGEST_META)
    at, syntax = 0, ""
    while meta[at : at + 2] == b"\x02\x00" and at + 12 <= len(meta):
        long = meta[at + 4 : at + 6] in {b"OB", b"OW", b"SQ", b"UN", b"UT"}
        value = at + (12 if long else 8)
        length = struct.unpack_from("<I" if long else "<H", meta, value - (4 if long else 2))[0]
        if struct.unpack_from("<HH", meta, at) == (2, _TRANSFER_SYNTAX & 0xFFFF):
            raw = meta[value : value + length].rstrip(b" \0")
            syntax = raw.decode("ascii", errors="replace")
        at = value + length
    return syntax, start + at
