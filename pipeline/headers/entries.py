"""What the eight bytes at the start of an element say, each distinct eight understood once."""

from typing import Final, NamedTuple

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED
from dicomlake.pipeline.headers.attributes import PIXEL_DATA
from dicomlake.pipeline.headers.layout import UNWANTED, Layout
from dicomlake.pipeline.headers.scanned import OddHeaderError

SEQUENCE: Final = 0
LONG: Final = -1
PIXELS: Final = -2
"""Kinds of elements whose length these bytes do not tell, or need not."""
_LAST_TAG: Final = 0x7FE0FFFF
_MEMO_ENTRIES: Final = 65_536


class Entry(NamedTuple):
    """What the eight bytes at the start of an element say."""

    tag: int
    size: int
    """Bytes of header and value where these eight bytes tell it; else the kind of the element."""
    slot: int
    vr: str
    """VR as written where it is not the attribute's own; else empty."""


class Entries:
    """The element headers of one encoding that were met so far, within bounds."""

    def __init__(self, layout: Layout, implicit: bool) -> None:
        self.layout = layout
        self.implicit = implicit
        self.known: dict[bytes, Entry] = {}

    def of(self, key: bytes) -> Entry:
        """Return what eight bytes say."""
        return self.known.get(key) or self.understand(key)

    def understand(self, key: bytes) -> Entry:
        """Return what eight bytes say, and remember it."""
        tag = int.from_bytes(key[:2], "little") << 16 | int.from_bytes(key[2:4], "little")
        if tag > _LAST_TAG:
            raise OddHeaderError("unknown_tag")
        entry = self._implicit(key, tag) if self.implicit else self._explicit(key, tag)
        if len(self.known) >= _MEMO_ENTRIES:
            self.known.clear()
        self.known[key] = entry
        return entry

    def _implicit(self, key: bytes, tag: int) -> Entry:
        length = int.from_bytes(key[4:], "little")
        slot = self.layout.slot_of(tag)
        if tag in PIXEL_DATA:
            return Entry(tag, PIXELS, UNWANTED, "")
        if length == UNDEFINED or (slot >= 0 and self.layout.is_sequence[slot]):
            return Entry(tag, SEQUENCE, slot, "")
        return Entry(tag, 8 + length, slot, "")

    def _explicit(self, key: bytes, tag: int) -> Entry:
        vr, slot = key[4:6], self.layout.slot_of(tag)
        written = vr.decode("ascii", "replace")
        if tag in PIXEL_DATA:
            if vr not in (b"OB", b"OW", b"OF", b"OD"):
                raise OddHeaderError("unknown_vr")
            return Entry(tag, PIXELS, UNWANTED, "")
        if slot >= 0 and self.layout.vrs[slot] == written:
            written = ""
        if slot >= 0 and self.layout.is_sequence[slot] and vr != b"SQ":
            raise OddHeaderError("vr_mismatch")
        if vr in SHORT_VRS:
            return Entry(tag, 8 + int.from_bytes(key[6:], "little"), slot, written)
        if vr == b"SQ":
            return Entry(tag, SEQUENCE, slot, "")
        if vr in LONG_VRS:
            return Entry(tag, LONG, slot, written)
        raise OddHeaderError("unknown_vr")
