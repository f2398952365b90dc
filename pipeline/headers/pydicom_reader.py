"""The reference reader: pydicom reads the elements, this module decides what it may read."""

import hashlib
from dataclasses import dataclass
from typing import Final

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.sniff import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    MAGIC_END,
    SNIFF_BYTES,
    UNDEFINED,
    Encoding,
    Kind,
    recognised,
    suspicious_preamble,
)
from dicomlake.pipeline.headers.attributes import (
    BITS_ALLOCATED,
    DIRECTORY_RECORD_SEQUENCE,
    MEDIA_STORAGE_SOP_CLASS_UID,
    MEDIA_STORAGE_SOP_INSTANCE_UID,
    PIXEL_DATA_PROVIDER_URL,
    ROWS,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    TRANSFER_SYNTAX_UID,
)
from dicomlake.pipeline.headers.decode import Cell, plain
from dicomlake.pipeline.headers.elements import Elements, Stop
from dicomlake.pipeline.headers.file_meta import (
    MEDIA_STORAGE_DIRECTORY,
    mismatches,
)
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.octets import (
    FileOctets,
    InflatedOctets,
    Octets,
    RejectedHeaderError,
)
from dicomlake.pipeline.headers.pixel_data import encapsulated_fault, native_fault
from dicomlake.pipeline.headers.pydicom_items import pydicom_errors, pydicom_items
from dicomlake.pipeline.headers.reader import OpenFile, RawHeader
from dicomlake.pipeline.headers.structure import Budget
from dicomlake.pipeline.headers.transfer_syntax import DEFLATED, NATIVE_UIDS, declared_encoding
from dicomlake.pipeline.headers.values import Raw, default_text

_SEQUENCES_KEPT: Final = 4096
_PYDICOM_ERRORS: Final = pydicom_errors()
_META_TAGS: Final = frozenset(
    {MEDIA_STORAGE_SOP_CLASS_UID, MEDIA_STORAGE_SOP_INSTANCE_UID, TRANSFER_SYNTAX_UID}
)


@dataclass(slots=True)
class _Meta:
    """File Meta Information: what it says, what was wrong, and where the data set starts."""

    uids: dict[int, str]
    faults: list[Fault]
    end: int


class PydicomReader:
    """Reads headers with pydicom, within the limits of the settings."""

    def __init__(self, settings: HeaderSettings, layout: Layout) -> None:
        self._settings = settings
        self._layout = layout
        self._wanted = frozenset(layout.tags)
        self._sequences: dict[tuple[bytes, Encoding], Items] = {}

    @property
    def name(self) -> str:
        """Return `pydicom`."""
        return "pydicom"

    def read(self, file: OpenFile) -> RawHeader:
        """Return the raw header of a file.

        Raises:
            RejectedHeaderError: the header cannot be used.
            OSError: the file cannot be read.
        """
        try:
            return self._read(file)
        except OSError as error:
            if error.errno is not None:
                raise
            raise RejectedHeaderError("invalid", detail="pydicom: OSError") from error
        except _PYDICOM_ERRORS as error:
            name = type(error).__name__  # the message may hold a value
            raise RejectedHeaderError("invalid", detail=f"pydicom: {name}") from error

    def _read(self, file: OpenFile) -> RawHeader:
        octets = FileOctets(file.descriptor, file.size, self._settings.max_header_bytes)
        octets.data = file.head
        meta = _read_meta(octets, file.kind, self._budget())
        if meta.uids.get(MEDIA_STORAGE_SOP_CLASS_UID) == MEDIA_STORAGE_DIRECTORY:
            return _directory(meta)
        syntax = meta.uids.get(TRANSFER_SYNTAX_UID)
        data_set: Octets = octets
        start = meta.end
        if syntax in DEFLATED:
            inflated = InflatedOctets(
                octets, file.descriptor, start, self._settings.max_header_bytes
            )
            if _is_deflated(inflated):
                data_set, start = inflated, 0
        encoding = self._encoding(data_set, start, syntax, meta.faults)
        elements = Elements(
            data_set, encoding, self._wanted, self._budget(), private=self._layout.private
        )
        elements.read(start)
        return self._finish(file, meta, elements, start)

    def _budget(self) -> Budget:
        limits = self._settings
        return Budget(limits.max_elements, limits.max_depth, limits.max_header_bytes)

    def _encoding(
        self, octets: Octets, start: int, syntax: str | None, faults: list[Fault]
    ) -> Encoding:
        """Return how the data set is encoded: as the file says, unless its bytes say otherwise."""
        octets.ensure(start + SNIFF_BYTES)
        head = octets.data[start : start + SNIFF_BYTES]
        size = len(head) if len(head) < SNIFF_BYTES else octets.size - start
        declared = declared_encoding(syntax)
        found = recognised(head, size, declared)
        if found is None:
            if declared is None and head:
                raise RejectedHeaderError("invalid", detail="no data set follows")
            return declared or IMPLICIT_LITTLE
        if found != declared:
            code = "missing_transfer_syntax" if declared is None else "transfer_syntax_mismatch"
            faults.append(Fault(code, TRANSFER_SYNTAX_UID))
        return found

    def _finish(self, file: OpenFile, meta: _Meta, elements: Elements, start: int) -> RawHeader:
        faults = [*meta.faults, *elements.faults]
        values = elements.values
        if not elements.seen:
            raise RejectedHeaderError("invalid", detail="empty data set")
        if suspicious_preamble(file.head) and file.kind is Kind.DICOM:
            faults.append(Fault("suspicious_preamble"))
        syntax = meta.uids.get(TRANSFER_SYNTAX_UID)
        pixels = elements.pixel_data
        if syntax is None and not (pixels and pixels.length == UNDEFINED):
            syntax = NATIVE_UIDS[elements.encoding]
        offset, length = self._place_pixels(file, elements, faults)
        faults += mismatches(
            meta.uids.get(MEDIA_STORAGE_SOP_CLASS_UID, ""),
            meta.uids.get(MEDIA_STORAGE_SOP_INSTANCE_UID, ""),
            values.get(SOP_CLASS_UID),
            values.get(SOP_INSTANCE_UID),
        )
        if _lacks_pixels(elements):
            faults.append(Fault("pixel_data_missing"))
        header = memoryview(elements.octets.data)[start : elements.position]
        return RawHeader(
            cells=[self._cell(elements, slot, faults) for slot in range(len(self._layout.tags))],
            private=tuple(elements.private_cells),
            carriers=tuple(
                (tag, self._items(raw, elements.encoding)) for tag, raw in elements.carriers
            ),
            little=elements.encoding.little,
            transfer_syntax_uid=syntax,
            is_directory=_is_directory(values),
            pixel_offset=offset,
            pixel_length=length,
            header_sha256=hashlib.sha256(header).hexdigest(),
            faults=tuple(faults),
        )

    def _cell(self, elements: Elements, slot: int, faults: list[Fault]) -> Cell:
        """Return the value of a slot; a sequence with what can be read of its items."""
        tag = self._layout.tags[slot]
        raw = elements.values.get(tag)
        if raw is None:
            return None
        if not self._layout.is_sequence[slot]:
            return plain(raw, self._layout.vrs[slot])
        if raw.vr not in ("", "SQ", "UN"):
            faults.append(Fault("vr_mismatch", tag, f"{raw.vr} for SQ"))
            return None
        items = self._items(raw, elements.encoding)
        if not items.whole:
            faults.append(Fault("malformed_sequence", tag))
        return items

    def _items(self, raw: Raw, encoding: Encoding) -> Items:
        """Return the items of a sequence; equal bytes give the same object."""
        inner = IMPLICIT_LITTLE if raw.vr == "UN" else encoding
        key = (raw.value, inner)
        if key not in self._sequences:
            if len(self._sequences) >= _SEQUENCES_KEPT:
                self._sequences.clear()
            self._sequences[key] = pydicom_items(raw.value, inner, self._settings.max_depth)
        return self._sequences[key]

    def _place_pixels(
        self, file: OpenFile, elements: Elements, faults: list[Fault]
    ) -> tuple[int | None, int | None]:
        """Return offset and length of Pixel Data in the file, and note what is wrong with it."""
        pixels = elements.pixel_data
        octets = elements.octets
        if isinstance(octets, InflatedOctets):
            self._finish_stream(octets, pixels, faults)
            return None, None
        if pixels is None:
            return None, None
        if pixels.length == UNDEFINED:
            fault = encapsulated_fault(file.descriptor, pixels, file.size)
            length = file.size - pixels.value
        else:
            fault = native_fault(pixels, file.size)
            length = min(pixels.length, file.size - pixels.value)
        if fault:
            faults.append(fault)
        return pixels.value, length

    def _finish_stream(
        self, octets: InflatedOctets, pixels: Stop | None, faults: list[Fault]
    ) -> None:
        """Inflate the rest of a deflated data set without keeping it, to find a bomb or a cut."""
        octets.drain(self._settings.max_inflated_bytes)
        fault = None
        if pixels is not None and pixels.length != UNDEFINED:
            fault = native_fault(pixels, octets.total)
        if fault is None and not octets.complete:
            if pixels is None:
                raise RejectedHeaderError("truncated", detail="deflated data end early")
            fault = Fault("pixel_data_truncated", pixels.tag, "deflated data end early")
        if fault:
            faults.append(fault)


def _read_meta(octets: FileOctets, kind: Kind, budget: Budget) -> _Meta:
    """Read File Meta Information, which is Explicit VR Little Endian (PS3.10 section 7.1)."""
    start = MAGIC_END if kind is Kind.DICOM else 0
    faults = [] if kind is Kind.DICOM else [Fault("no_preamble")]
    octets.ensure(start + 12)
    if octets.data[start : start + 2] != b"\x02\x00":
        return _Meta({}, [*faults, Fault("no_file_meta")], start)
    elements = Elements(
        octets,
        EXPLICIT_LITTLE,
        _META_TAGS,
        budget,
        ends_before=lambda tag: tag >> 16 != 2,  # noqa: PLR2004  (its group)
    )
    elements.read(start)
    uids = {}
    for tag, raw in elements.values.items():
        if text := default_text(raw.value):
            uids[tag] = text
    faults += [Fault("bad_file_meta", fault.tag, fault.code) for fault in elements.faults]
    return _Meta(uids, faults, elements.position)


def _is_deflated(inflated: InflatedOctets) -> bool:
    """Return whether anything could be inflated; some files say so and are not."""
    inflated.ensure(8)
    return inflated.total > 0


def _directory(meta: _Meta) -> RawHeader:
    syntax = meta.uids.get(TRANSFER_SYNTAX_UID)
    return RawHeader([], (), (), True, syntax, True, None, None, None, ())


def _is_directory(values: dict[int, Raw]) -> bool:
    sop_class = values.get(SOP_CLASS_UID, Raw("", b"")).value.rstrip(b" \0")
    if sop_class:
        return sop_class == MEDIA_STORAGE_DIRECTORY.encode()
    return DIRECTORY_RECORD_SEQUENCE in values


def _lacks_pixels(elements: Elements) -> bool:
    """Return whether an image is described without Pixel Data or a provider of it."""
    described = {ROWS, BITS_ALLOCATED} <= elements.seen
    return (
        described and elements.pixel_data is None and PIXEL_DATA_PROVIDER_URL not in elements.seen
    )
