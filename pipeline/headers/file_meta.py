"""File Meta Information (PS3.10 section 7.1): regular ones scanned, and what they contradict."""

from typing import Final, NamedTuple

from dicomlake.pipeline.discovery.sniff import LONG_VRS, SHORT_VRS, UNDEFINED
from dicomlake.pipeline.headers.attributes import (
    MEDIA_STORAGE_SOP_CLASS_UID,
    MEDIA_STORAGE_SOP_INSTANCE_UID,
    TRANSFER_SYNTAX_UID,
)
from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.scanned import OddHeaderError
from dicomlake.pipeline.headers.values import Raw, default_text

MEDIA_STORAGE_DIRECTORY: Final = "1.2.840.10008.1.3.10"
_META_GROUP: Final = b"\x02\x00"
_WANTED: Final = {
    MEDIA_STORAGE_SOP_CLASS_UID: 0,
    MEDIA_STORAGE_SOP_INSTANCE_UID: 1,
    TRANSFER_SYNTAX_UID: 2,
}
_INSTANCE: Final = 1
_LONG: Final = 0
_KEY: Final = 64
"""First bytes by which a form of File Meta Information is looked up: its length and SOP class."""
_PATTERNS: Final = 4
"""Forms that start alike and are known again."""
_MEMO_ENTRIES: Final = 4096
_MOST_BYTES: Final = 2048
"""Of File Meta Information that is kept; it rarely has more, and a hostile one must not stay."""


class FileMeta(NamedTuple):
    """What File Meta Information says; `end` is where the data set starts."""

    sop_class_raw: bytes
    sop_instance_raw: bytes
    sop_class: str
    syntax: str
    end: int


class _Pattern(NamedTuple):
    """File Meta Information of many files, but for the SOP Instance UID between its two parts."""

    before: bytes
    length: int
    after: bytes
    meta: FileMeta


class MetaScanner:
    """Scans File Meta Information; what differs in the SOP Instance UID alone is known again."""

    def __init__(self) -> None:
        self._entries: dict[bytes, tuple[int, int, int]] = {}
        self._texts: dict[bytes, str] = {}
        self._patterns: dict[bytes, list[_Pattern]] = {}

    def scan(self, data: bytes, at: int) -> FileMeta:
        """Return what elements of group 0002 say, which are Explicit VR Little Endian.

        Raises:
            OddHeaderError: there are none, or they are not perfectly regular.
        """
        for before, length, after, meta in self._patterns.get(data[at : at + _KEY], ()):
            if data.startswith(before, at):
                start = at + len(before)
                end = start + length
                if data.startswith(after, end) and not data.startswith(
                    _META_GROUP, end + len(after)
                ):
                    return FileMeta(meta[0], data[start:end], meta[2], meta[3], end + len(after))
        return self._walk(data, at)

    def _walk(self, data: bytes, start: int) -> FileMeta:
        """Walk the elements; what they say is kept as a form to be known again, if it is short."""
        places, end = self._places(data, start)
        sop_class, sop_instance, syntax = (data[at:stop] for at, stop in places)
        meta = FileMeta(sop_class, sop_instance, self._text(sop_class), self._text(syntax), end)
        if sop_instance and end - start <= _MOST_BYTES:
            uid, after = places[_INSTANCE]
            if len(self._patterns) >= _MEMO_ENTRIES:
                self._patterns.clear()
            alike = self._patterns.setdefault(data[start : start + _KEY], [])
            alike.insert(0, _Pattern(data[start:uid], after - uid, data[after:end], meta))
            del alike[_PATTERNS:]
        return meta

    def _places(self, data: bytes, at: int) -> tuple[list[tuple[int, int]], int]:
        """Return where the wanted values stand, and where the elements end."""
        places = [(0, 0)] * len(_WANTED)
        last = -1
        while data.startswith(_META_GROUP, at):
            key = data[at : at + 8]
            tag, size, wanted = self._entries.get(key) or self._understand(key)
            if tag <= last:
                raise OddHeaderError("file_meta")
            last = tag
            if size == _LONG:
                length = int.from_bytes(data[at + 8 : at + 12], "little")
                if length == UNDEFINED:
                    raise OddHeaderError("file_meta")
                at += 12 + length
            else:
                if wanted >= 0:
                    places[wanted] = at + 8, at + size
                at += size
        if last < 0 or at > len(data):
            raise OddHeaderError("file_meta")
        return places, at

    def _understand(self, key: bytes) -> tuple[int, int, int]:
        """Return tag, bytes of header and value (`_LONG`: not in these), and which value it is."""
        tag = int.from_bytes(key[:2], "little") << 16 | int.from_bytes(key[2:4], "little")
        vr, wanted = key[4:6], _WANTED.get(tag, -1)
        if vr in SHORT_VRS:
            entry = (tag, 8 + int.from_bytes(key[6:], "little"), wanted)
        elif vr in LONG_VRS and vr != b"SQ" and wanted < 0:
            entry = (tag, _LONG, wanted)
        else:
            raise OddHeaderError("file_meta")
        if len(self._entries) >= _MEMO_ENTRIES:
            self._entries.clear()
        self._entries[key] = entry
        return entry

    def _text(self, raw: bytes) -> str:
        text = self._texts.get(raw)
        if text is None:
            if len(self._texts) >= _MEMO_ENTRIES:
                self._texts.clear()
            text = default_text(raw)
            if len(raw) <= _MOST_BYTES:
                self._texts[raw] = text
        return text


def mismatches(
    sop_class: str, sop_instance: str, sop_class_cell: Cell, sop_instance_cell: Cell
) -> list[Fault]:
    """Return findings where File Meta Information names another instance; the data set wins.

    Args:
        sop_class: as File Meta Information names it, empty where it does not.
        sop_instance: the same.
        sop_class_cell: SOP Class UID of the data set.
        sop_instance_cell: SOP Instance UID of the data set.
    """
    pairs = (
        (MEDIA_STORAGE_SOP_CLASS_UID, sop_class, sop_class_cell),
        (MEDIA_STORAGE_SOP_INSTANCE_UID, sop_instance, sop_instance_cell),
    )
    return [
        Fault("meta_uid_mismatch", tag)
        for tag, in_meta, cell in pairs
        if in_meta and cell is not None and in_meta != default_text(_bytes_of(cell))
    ]


def _bytes_of(cell: Cell) -> bytes:
    if isinstance(cell, Raw):
        return cell.value
    return cell if isinstance(cell, bytes) else b""
