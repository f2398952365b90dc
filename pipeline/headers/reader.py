"""The interface of header readers, and what they give: raw values of the wanted attributes.

Every reader feeds the same value parsers (`values.py`), so readers differ in speed only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from dicomlake.pipeline.discovery.sniff import Kind
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.values import Raw


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that was opened and sniffed: descriptor, size in bytes, its kind, its first bytes."""

    descriptor: int
    size: int
    kind: Kind
    head: bytes


@dataclass(frozen=True, slots=True)
class RawHeader:
    """What a reader takes out of a file, before any value is parsed.

    Offsets and lengths are in bytes of the file; they are None without Pixel Data and where the
    data set is deflated.
    """

    values: Mapping[int, Raw]
    """Raw values by tag: the wanted attributes of the data set that are there."""
    little: bool
    transfer_syntax_uid: str | None
    """As File Meta Information names it; where it does not, as the data set was recognised."""
    is_directory: bool
    """The file is a DICOMDIR: what it refers to is never opened."""
    modality_lut_type: Raw | None
    """Modality LUT Type of the first item of Modality LUT Sequence; empty where it says none."""
    pixel_offset: int | None
    pixel_length: int | None
    header_sha256: str | None
    faults: tuple[Fault, ...]


class HeaderReader(Protocol):
    """Reads headers of files that `sniff` calls DICOM, one after another."""

    @property
    def name(self) -> str:
        """Return what `files.reader` says."""

    def read(self, file: OpenFile) -> RawHeader:
        """Return the raw header of a file.

        Raises:
            RejectedHeaderError: the header cannot be used; the file is quarantined.
            OSError: the file cannot be read.
        """
