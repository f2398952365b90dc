"""Where Pixel Data stands in a file, and whether all of it is there; its values are not read."""

import os
import struct
from typing import Final, Protocol

from dicomlake.pipeline.discovery.sniff import UNDEFINED
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.structure import ITEM, SEQUENCE_END


class PixelData(Protocol):
    """Where Pixel Data stands, as either reader found it."""

    @property
    def tag(self) -> int:
        """Return the tag: of integer, float or double float Pixel Data."""

    @property
    def value(self) -> int:
        """Return the offset of its value."""

    @property
    def length(self) -> int:
        """Return its length, `UNDEFINED` where it is encapsulated."""


_END: Final = b"\xfe\xff\xdd\xe0\x00\x00\x00\x00"
_MOST_FRAGMENTS: Final = 1_000_000


def native_fault(found: PixelData, size: int) -> Fault | None:
    """Return the finding about Pixel Data of a defined length in `size` bytes, if there is one."""
    missing = found.value + found.length - size
    if missing <= 0:
        return None
    return Fault("pixel_data_truncated", found.tag, f"{missing} bytes of {found.length} missing")


def encapsulated_fault(descriptor: int, found: PixelData, size: int) -> Fault | None:
    """Return the finding about encapsulated Pixel Data, if there is one (PS3.5 section A.4).

    Its items are followed by their headers alone, and only where the file does not simply end
    with the Sequence Delimitation Item.
    """
    if os.pread(descriptor, 8, size - 8) == _END and size - 8 >= found.value:
        return None
    offset = found.value
    for _ in range(_MOST_FRAGMENTS):
        header = os.pread(descriptor, 8, offset)
        if len(header) < 8:  # noqa: PLR2004  (bytes of an item's header)
            break
        group, element, length = struct.unpack("<HHL", header)
        tag = group << 16 | element
        if tag == SEQUENCE_END:
            return None
        if tag != ITEM or length == UNDEFINED:
            return Fault("pixel_data_unterminated", found.tag, "no item where one should be")
        offset += 8 + length
        if offset > size:
            return Fault("pixel_data_truncated", found.tag, f"{offset - size} bytes missing")
    return Fault("pixel_data_unterminated", found.tag)
