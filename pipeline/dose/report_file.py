"""Opening a structured report: its tree, by the readers of `headers`.

What the fast reader refuses the reference reader reads, as when it was ingested; so a report that
is deflated, big endian or without file meta is read as any other.
"""

import os
import threading
from dataclasses import dataclass
from typing import Final

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.sniff import Kind, sniff
from dicomlake.pipeline.dose.content import CONCEPT_NAME, CONTENT, Document, Node
from dicomlake.pipeline.headers.attributes import (
    BITS_ALLOCATED,
    DIRECTORY_RECORD_SEQUENCE,
    PIXEL_DATA_PROVIDER_URL,
    ROWS,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    SPECIFIC_CHARACTER_SET,
    TIMEZONE_OFFSET,
    attributes_of,
)
from dicomlake.pipeline.headers.fast_reader import FastReader
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Layout
from dicomlake.pipeline.headers.octets import RejectedHeaderError
from dicomlake.pipeline.headers.reader import HeaderReader, OpenFile, RawHeader
from dicomlake.pipeline.headers.scanned import OddHeaderError
from dicomlake.pipeline.headers.temporal import MalformedError, parse_offset
from dicomlake.pipeline.headers.text import charset_of
from dicomlake.pipeline.headers.values import Context, Raw, default_text, parse
from dicomlake.schemas.tables.instances import INSTANCES

_CONTENT_TEMPLATE: Final = 0x0040A504
_TEMPLATE: Final = 0x0040DB00
_FIRST_READ: Final = 65_536
_OPEN: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC

_VRS: Final = {
    SPECIFIC_CHARACTER_SET: "CS",
    SOP_CLASS_UID: "UI",
    SOP_INSTANCE_UID: "UI",
    TIMEZONE_OFFSET: "SH",
    DIRECTORY_RECORD_SEQUENCE: "SQ",
    SERIES_INSTANCE_UID: "UI",
    ROWS: "US",
    BITS_ALLOCATED: "US",
    PIXEL_DATA_PROVIDER_URL: "UR",
    CONCEPT_NAME: "SQ",
    _CONTENT_TEMPLATE: "SQ",
    CONTENT: "SQ",
}
_LAYOUT: Final = Layout(
    tuple(sorted(_VRS)),
    tuple(_VRS[tag] for tag in sorted(_VRS)),
    tuple(_VRS[tag] == "SQ" for tag in sorted(_VRS)),
    {tag: slot for slot, tag in enumerate(sorted(_VRS))},
    {},
)
"""What is read of the top level; the readers ask for some of it themselves."""
_SOP_INSTANCE: Final = next(
    each for each in attributes_of(INSTANCES) if each.tag == SOP_INSTANCE_UID
)


class UnreadableReportError(Exception):
    """The object cannot be read as a data set; `reason` is one of `files.reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Report:
    """A structured report: its tree and what its head says of it."""

    root: Node
    template: str | None
    sop_instance_uid: str


_known: Final = threading.local()


def open_report(path: bytes, settings: HeaderSettings) -> Report:
    """Return the content of a structured report.

    Args:
        path: of the file.
        settings: the limits that headers are held to.

    Raises:
        UnreadableReportError: it is no data set, or beyond a limit.
        OSError: the file cannot be read.
    """
    descriptor = os.open(path, _OPEN)
    try:
        status = os.fstat(descriptor)
        head = os.pread(descriptor, min(status.st_size, _FIRST_READ), 0)
        kind = sniff(head, status.st_size, os.fsdecode(path).rpartition("/")[2])
        if kind in (Kind.EMPTY, Kind.ARCHIVE, Kind.OTHER):
            raise UnreadableReportError("not_dicom")
        raw = _header(OpenFile(descriptor, status.st_size, kind, head), settings)
    finally:
        os.close(descriptor)
    return _report(raw)


def _header(file: OpenFile, settings: HeaderSettings) -> RawHeader:
    """Return the top level and its sequences, from the reference reader where it is odd."""
    try:
        if settings.reader == "fast":
            return _fast(settings).read(file)
    except OddHeaderError:
        pass
    try:
        return _reference(settings).read(file)
    except RejectedHeaderError as error:
        raise UnreadableReportError(error.reason) from error


def _fast(settings: HeaderSettings) -> FastReader:
    known: tuple[HeaderSettings, FastReader] | None = getattr(_known, "fast", None)
    if known is None or known[0] != settings:
        known = _known.fast = (settings, FastReader(settings, _LAYOUT))
    return known[1]


def _reference(settings: HeaderSettings) -> HeaderReader:
    from dicomlake.pipeline.headers.pydicom_reader import PydicomReader  # noqa: PLC0415  (slow)

    return PydicomReader(settings, _LAYOUT)


def _report(raw: RawHeader) -> Report:
    item = {tag: _cell(cell) for tag, cell in zip(_LAYOUT.tags, raw.cells, strict=True) if cell}
    charset, problems = charset_of(_bytes(item.get(SPECIFIC_CHARACTER_SET)))
    document = Document(
        charset,
        raw.little,
        _file_offset(_bytes(item.get(TIMEZONE_OFFSET))),
        whole=not any(fault.code == "malformed_sequence" for fault in raw.faults),
    )
    if problems:
        document.tolerated.add("unknown_charset")
    root = Node(item, document, document.charset)
    template = None
    templates = item.get(_CONTENT_TEMPLATE)
    if isinstance(templates, Items):
        texts = (default_text(_bytes(each.get(_TEMPLATE))) for each in templates.items)
        template = next((text.strip() for text in texts if text.strip()), None)
    return Report(root, template, _uid(item.get(SOP_INSTANCE_UID)))


def _uid(cell: Raw | Items | None) -> str:
    """Return the UID of the object as `instances` has it, without what is no part of a UID."""
    if not isinstance(cell, Raw):
        return ""
    return str(parse(_SOP_INSTANCE, cell, Context()).value or "")


def _cell(cell: object) -> Raw | Items:
    """Return a cell of a reader as one of items: plain bytes have the VR of their attribute."""
    if isinstance(cell, bytes):
        return Raw("", cell)
    assert isinstance(cell, Raw | Items)
    return cell


def _bytes(cell: Raw | Items | None) -> bytes:
    return cell.value if isinstance(cell, Raw) else b""


def _file_offset(raw: bytes) -> int | None:
    try:
        return parse_offset(default_text(raw)) if raw else None
    except MalformedError:
        return None
