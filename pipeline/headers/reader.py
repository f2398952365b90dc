"""The interface of header readers, and what they give: raw values of the wanted attributes.

Every reader fills the same cells and feeds the same value parsers, so readers differ in speed only.
"""

from typing import NamedTuple, Protocol

from dicomlake.pipeline.discovery.sniff import Kind
from dicomlake.pipeline.headers.decode import Cell
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.items import Items
from dicomlake.pipeline.headers.layout import Family, PrivateCell


class OpenFile(NamedTuple):
    """A file that was opened and sniffed: descriptor, size in bytes, its kind, its first bytes."""

    descriptor: int
    size: int
    kind: Kind
    head: bytes


class RawHeader(NamedTuple):
    """What a reader takes out of a file, before any value is parsed.

    Offsets and lengths are in bytes of the file; they are None without Pixel Data and where the
    data set is deflated.
    """

    cells: list[Cell]
    """Values of the wanted attributes, by slot of the layout."""
    private: tuple[PrivateCell, ...]
    """Private Creators and candidates of wanted private attributes."""
    carriers: tuple[tuple[int, Items], ...]
    """Sequences that refer to instances, by tag."""
    little: bool
    transfer_syntax_uid: str | None
    """As File Meta Information names it; where it does not, as the data set was recognised."""
    is_directory: bool
    """The file is a DICOMDIR: what it refers to is never opened."""
    pixel_offset: int | None
    pixel_length: int | None
    header_sha256: str | None
    faults: tuple[Fault, ...]
    family: Family | None = None
    """Headers of one family have equal cells but in its slots; None: this one has none."""


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
