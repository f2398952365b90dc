"""The fast reader: a memoised scan of regular little endian files; it refuses all others.

What it refuses is no verdict: the reference reader reads such a file, and its word counts.
"""

import hashlib
import os
from typing import Final

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.sniff import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    MAGIC_END,
    UNDEFINED,
    Encoding,
    Kind,
    suspicious_preamble,
)
from dicomlake.pipeline.headers.attributes import (
    BITS_ALLOCATED,
    DIRECTORY_RECORD_SEQUENCE,
    PIXEL_DATA_PROVIDER_URL,
    ROWS,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
)
from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.file_meta import (
    MEDIA_STORAGE_DIRECTORY,
    FileMeta,
    MetaScanner,
    mismatches,
)
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import NeedMoreError
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.octets import FIRST_READ
from dicomlake.pipeline.headers.pixel_data import encapsulated_fault, native_fault
from dicomlake.pipeline.headers.reader import OpenFile, RawHeader
from dicomlake.pipeline.headers.scan import Scanner
from dicomlake.pipeline.headers.scanned import Found, OddHeaderError
from dicomlake.pipeline.headers.transfer_syntax import DEFLATED, declared_encoding
from dicomlake.pipeline.headers.values import default_text

_MOST_READ: Final = 1 << 20
_GROWTH: Final = 4
_MARGIN: Final = 2_048
_MOST_SYNTAXES: Final = 256
"""Remembered; a hostile file may name any."""


class FastReader:
    """Reads headers by scanning, as far as they are regular."""

    def __init__(self, settings: HeaderSettings, layout: Layout) -> None:
        self._limit = settings.max_header_bytes
        self._meta = MetaScanner()
        self._scanners = {
            encoding: Scanner(layout, encoding.implicit, settings.max_depth, settings.max_elements)
            for encoding in (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
        }
        self._by_syntax: dict[str, Scanner] = {}
        slots = layout.slots
        self._rows, self._bits = slots[ROWS], slots[BITS_ALLOCATED]
        self._provider = slots[PIXEL_DATA_PROVIDER_URL]
        self._directory = slots[DIRECTORY_RECORD_SEQUENCE]
        self._sop_class, self._sop_instance = slots[SOP_CLASS_UID], slots[SOP_INSTANCE_UID]
        self.first_read = FIRST_READ
        """Bytes that the next file should be opened with: what this one took, and a margin."""

    @property
    def name(self) -> str:
        """Return `fast`."""
        return "fast"

    def read(self, file: OpenFile) -> RawHeader:
        """Return the raw header of a file.

        Raises:
            OddHeaderError: it is none for this reader.
            OSError: the file cannot be read.
        """
        if file.kind is not Kind.DICOM:
            raise OddHeaderError("no_preamble")
        meta = self._meta.scan(file.head, MAGIC_END)
        if meta.sop_class == MEDIA_STORAGE_DIRECTORY:
            raise OddHeaderError("directory")
        scanner = self._by_syntax.get(meta.syntax) or self._scanner_of(meta)
        data, found = self._scan(scanner, file, meta.end)
        if found.end == meta.end:
            raise OddHeaderError("empty")
        understood = found.end if found.pixels is None else found.pixels.value
        if understood > max(self._limit, FIRST_READ):
            raise OddHeaderError("too_large")
        enough = found.end + _MARGIN
        self.first_read = FIRST_READ if enough <= FIRST_READ else min(enough, _MOST_READ)
        faults = self._faults(data, meta, found.cells)
        offset, length, fault = self._pixels(file, found)
        if fault is not None:
            faults.append(fault)
        header = memoryview(data)[meta.end : found.end]
        return RawHeader(
            found.cells,
            found.all_private(),
            tuple(found.carriers),
            True,
            meta.syntax,
            False,
            offset,
            length,
            hashlib.sha256(header).hexdigest(),
            tuple(faults),
            found.family,
        )

    def _scanner_of(self, meta: FileMeta) -> Scanner:
        """Return what scans data sets of a transfer syntax, if these can be scanned.

        Raises:
            OddHeaderError: they cannot, or the file does not name it.
        """
        if len(self._by_syntax) >= _MOST_SYNTAXES:
            self._by_syntax.clear()
        scanner = self._by_syntax[meta.syntax] = self._scanners[_encoding(meta)]
        return scanner

    def _scan(self, scanner: Scanner, file: OpenFile, start: int) -> tuple[bytes, Found]:
        """Scan the data set, and again with more of the file while its header goes on."""
        data = file.head
        while True:
            try:
                return data, scanner.scan(data, start, file.size)
            except NeedMoreError as need:
                wanted = max(need.args[0] if need.args else _MOST_READ, _GROWTH * len(data))
                data = self._grown(file, data, wanted)

    def _grown(self, file: OpenFile, data: bytes, wanted: int) -> bytes:
        """Return more of the file; never more than a header may have."""
        end = min(wanted, file.size, self._limit)
        if end <= len(data):
            raise OddHeaderError("truncated" if end == file.size else "too_large")
        parts = [data]
        have = len(data)
        while have < end:
            part = os.pread(file.descriptor, end - have, have)
            if not part:
                raise OddHeaderError("truncated")
            parts.append(part)
            have += len(part)
        return b"".join(parts)

    def _faults(self, data: bytes, meta: FileMeta, cells: list[Cell]) -> list[Fault]:
        """Return the findings about file meta and preamble.

        Raises:
            OddHeaderError: the data set is that of a directory.
        """
        faults: list[Fault] = []
        sop_class, sop_instance = cells[self._sop_class], cells[self._sop_instance]
        if not isinstance(sop_class, bytes) or not sop_class:
            raise OddHeaderError("no_sop_class")
        if sop_class != meta.sop_class_raw or sop_instance != meta.sop_instance_raw:
            in_meta = default_text(meta.sop_instance_raw)
            faults += mismatches(meta.sop_class, in_meta, sop_class, sop_instance)
            if default_text(sop_class) == MEDIA_STORAGE_DIRECTORY:
                raise OddHeaderError("directory")
        if cells[self._directory] is not None:
            raise OddHeaderError("directory")
        if data[0] and suspicious_preamble(data):
            faults.append(Fault("suspicious_preamble"))
        return faults

    def _pixels(self, file: OpenFile, found: Found) -> tuple[int | None, int | None, Fault | None]:
        """Return offset and length of Pixel Data in the file, and what is wrong with them."""
        pixels = found.pixels
        if pixels is None:
            return None, None, Fault("pixel_data_missing") if self._lacks(found.cells) else None
        there = file.size - pixels.value
        if pixels.length == UNDEFINED:
            return pixels.value, there, encapsulated_fault(file.descriptor, pixels, file.size)
        return pixels.value, min(pixels.length, there), native_fault(pixels, file.size)

    def _lacks(self, cells: list[Cell]) -> bool:
        """Return whether a data set without Pixel Data describes an image, and points to none."""
        return (
            cells[self._rows] is not None
            and cells[self._bits] is not None
            and cells[self._provider] is None
        )


def _encoding(meta: FileMeta) -> Encoding:
    """Return how the data set is encoded, if it is so that it can be scanned.

    Raises:
        OddHeaderError: it is not, or the file does not say.
    """
    if not meta.syntax:
        raise OddHeaderError("no_transfer_syntax")
    if meta.syntax in DEFLATED:
        raise OddHeaderError("deflated")
    encoding = declared_encoding(meta.syntax)
    if encoding is None or not encoding.little:
        raise OddHeaderError("big_endian")
    return encoding
