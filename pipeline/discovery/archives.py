"""What is in an archive: its regular members as a stream of pieces, held to limits on the way.

zip, tar, gzip, and a tar in gzip, told apart by their bytes. Nothing that an archive says of itself
is believed: no name is looked at, no declared size is trusted, and what is counted is what comes
out. Memory holds a piece of a member and the directory of a zip, which is bounded too. An archive
in an archive is a member like any other.
"""

import gzip
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import IO, Final, Protocol, cast

from dicomlake.config.settings import ArchiveSettings

PIECE: Final = 1 << 20
"""Most bytes of a member that are in memory at a time."""

RATIO_FROM: Final = 1 << 24
"""Bytes unpacked up to which no ratio is a bomb: a black image is packed a thousandfold."""

_MOST_HEADER: Final = 1 << 22
"""Most bytes that describe one member of a tar."""
_DIRECTORY_ENTRY: Final = b"PK\x01\x02"
_LEAST_DIRECTORY: Final = 1 << 20
_BYTES_PER_ENTRY: Final = 1 << 10
"""Bytes that the directory of a zip may have for each member that is allowed."""
_BLOCK: Final = tarfile.BLOCKSIZE
_USTAR: Final = slice(257, 262)
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Compressions that can be inflated piece by piece; zipfile inflates others all at once."""
_UNIX: Final = (3, 19)
"""Systems that write a file's mode into a zip: Unix and macOS."""
_FILE_TYPES: Final = (0, stat.S_IFREG)


class ArchiveError(Exception):
    """What is in an archive cannot be had; `detail` says why, and holds no name."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ArchiveLimitError(ArchiveError):
    """It is beyond a limit."""


class ArchiveDamagedError(ArchiveError):
    """It is cut, or not what its first bytes say."""


class ArchiveUnreadError(ArchiveError):
    """The disk or the network failed: nothing is said about the archive."""


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """Return up to so many bytes."""


@dataclass(slots=True)
class _Meter:
    """Counts what comes out of an archive, and stops it at its limits."""

    limits: ArchiveSettings
    packed: int
    entries: int = 0
    total: int = 0
    member: int = 0
    ends: float = field(init=False)

    def __post_init__(self) -> None:
        self.ends = monotonic() + self.limits.timeout_s

    def entry(self) -> None:
        """Count a member, whatever it is."""
        self.entries += 1
        self.member = 0
        if self.entries > self.limits.max_members:
            raise ArchiveLimitError(f"more than {self.limits.max_members} members (max_members)")

    def of_member(self, count: int) -> None:
        """Count bytes of a member that is unpacked."""
        self.member += count
        if self.member > self.limits.max_member_bytes:
            most = self.limits.max_member_bytes
            raise ArchiveLimitError(f"a member has more than {most} bytes (max_member_bytes)")

    def unpacked(self, count: int) -> None:
        """Count bytes that came out of the compression."""
        self.total += count
        if self.total > self.limits.max_bytes:
            raise ArchiveLimitError(f"more than {self.limits.max_bytes} bytes unpacked (max_bytes)")
        if self.total > RATIO_FROM and self.total > self.limits.max_ratio * self.packed:
            most = self.limits.max_ratio
            raise ArchiveLimitError(f"unpacked more than {most:g} times its size (max_ratio)")

    def time(self) -> None:
        """Look at the clock."""
        if self.limits.timeout_s and monotonic() > self.ends:
            raise ArchiveLimitError(f"took longer than {self.limits.timeout_s:g} s (timeout_s)")


class _File:
    """The file of an archive; the libraries read it in this way alone."""

    def __init__(self, file: IO[bytes], meter: _Meter) -> None:
        self._file = file
        self._meter = meter

    def read(self, size: int = -1) -> bytes:
        """Return bytes; refuse more at once than any sound archive asks for."""
        self._meter.time()
        most = max(_LEAST_DIRECTORY, self._meter.limits.max_members * _BYTES_PER_ENTRY)
        asked = size if size >= 0 else self._meter.packed - self.tell()
        if asked > most:
            raise ArchiveLimitError("its directory is larger than that of max_members members")
        try:
            data = self._file.read(size)
        except OSError as error:
            raise ArchiveUnreadError(type(error).__name__) from error
        if len(data) > PIECE and data.count(_DIRECTORY_ENTRY) > self._meter.limits.max_members:
            raise ArchiveLimitError(
                f"more than {self._meter.limits.max_members} members (max_members)"
            )
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return that one can go to any place."""
        return True


class _Forward:
    """Bytes that are read once, from the first to the last; what a tar is read from."""

    def __init__(self, source: _Readable, meter: _Meter) -> None:
        self._source = source
        self._meter = meter
        self._ahead = b""
        self._at = 0
        self._header = 0
        self.last = b""
        """What was last read of a header."""

    def peek(self, size: int) -> bytes:
        """Return the bytes that come next without going on."""
        while len(self._ahead) < size and (more := self._source.read(size - len(self._ahead))):
            self._ahead += more
        return self._ahead

    def take(self, size: int) -> bytes:
        """Return up to so many bytes, or up to a piece; none at the end."""
        size = min(size, PIECE)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        if not data and size:
            data = self._source.read(size)
        self._at += len(data)
        self._meter.time()
        self._meter.unpacked(len(data))
        return data

    def begin(self) -> None:
        """Begin with the header of a member."""
        self._header = 0

    def read(self, size: int = -1) -> bytes:
        """Return bytes of a header, for tarfile."""
        self._header += size
        if size < 0 or self._header > _MOST_HEADER:
            raise ArchiveLimitError(f"the header of a member has more than {_MOST_HEADER} bytes")
        found = b""
        while len(found) < size and (more := self.take(size - len(found))):
            found += more
        self.last = found
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go on to a place; never back."""
        if whence or offset < self._at:
            raise ArchiveDamagedError("a member lies before the one that it follows")
        while self._at < offset and self.take(offset - self._at):
            pass
        return self._at

    def tell(self) -> int:
        """Return the place."""
        return self._at


def pieces(
    file: IO[bytes], size: int, limits: ArchiveSettings, passed_over: Counter[str]
) -> Generator[tuple[int, bytes], None, None]:
    """Yield the regular members of an archive in its own order, in pieces.

    Args:
        file: the archive, open for reading at its start.
        size: its size in bytes.
        limits: what it is held to.
        passed_over: counts what is no regular file or cannot be unpacked, by what it is. Folders
            are not counted.

    Yields:
        Number of the member, from 1, and a piece of its bytes; first of all an empty piece.

    Raises:
        ArchiveLimitError: it is beyond a limit.
        ArchiveDamagedError: it is cut or malformed.
        ArchiveUnreadError: reading it failed for a reason outside it.
    """
    meter = _Meter(limits, size)
    try:
        yield from _members(_File(file, meter), meter, passed_over)
    except ArchiveError:
        raise
    except MemoryError:
        raise ArchiveLimitError("it needs more memory than there is") from None
    except Exception as error:  # noqa: BLE001  (see below)
        # zipfile, tarfile, gzip and zlib raise nearly anything on bytes that lie; what the disk
        # says has its own class by now, and the names in messages are not passed on.
        raise ArchiveDamagedError(type(error).__name__) from None


def _members(file: _File, meter: _Meter, passed_over: Counter[str]) -> Iterator[tuple[int, bytes]]:
    head = file.read(2)
    file.seek(0)
    if head == b"PK":
        yield from _of_zip(file, meter, passed_over)
        return
    inflated = head == b"\x1f\x8b"
    source = gzip.GzipFile(fileobj=cast("IO[bytes]", file)) if inflated else file
    stream = _Forward(source, meter)
    if inflated and stream.peek(_BLOCK)[_USTAR] != b"ustar":
        yield from _alone(stream, meter)
    else:
        yield from _of_tar(stream, meter, passed_over)


def _alone(stream: _Forward, meter: _Meter) -> Iterator[tuple[int, bytes]]:
    """Yield what is in a gzip that holds no tar."""
    meter.entry()
    yield 1, b""
    while piece := stream.take(PIECE):
        meter.of_member(len(piece))
        yield 1, piece


def _of_zip(file: _File, meter: _Meter, passed_over: Counter[str]) -> Iterator[tuple[int, bytes]]:
    number = 0
    with zipfile.ZipFile(cast("IO[bytes]", file)) as archive:
        for info in archive.infolist():
            meter.entry()
            if info.is_dir():
                continue
            if why := _refused(info):
                passed_over[why] += 1
                continue
            number += 1
            yield number, b""
            with archive.open(info) as member:
                while piece := member.read(PIECE):
                    meter.of_member(len(piece))
                    meter.unpacked(len(piece))
                    yield number, piece


def _refused(info: zipfile.ZipInfo) -> str:
    """Return why a member of a zip is passed over; empty where it is not."""
    if info.create_system in _UNIX:
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in _FILE_TYPES:
            return "link" if kind == stat.S_IFLNK else "special file"
    if info.flag_bits & _ENCRYPTED:
        return "encrypted"
    return "" if info.compress_type in _METHODS else "of another compression"


def _of_tar(
    stream: _Forward, meter: _Meter, passed_over: Counter[str]
) -> Iterator[tuple[int, bytes]]:
    number = 0
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r:") as archive:
        while (info := archive.next()) is not None:
            meter.entry()
            if info.isreg() and not info.issparse():
                number += 1
                yield number, b""
                stream.seek(info.offset_data)
                yield from _data(stream, info.size, number, meter)
            elif not info.isdir():
                passed_over[_kind(info)] += 1
            archive.members = []  # type: ignore[attr-defined]  # or it keeps every one
            stream.begin()
    if stream.last != bytes(_BLOCK):  # tarfile also ends, and says nothing, at what is no header
        raise ArchiveDamagedError("it does not end as a tar does")
    while stream.take(PIECE):  # what pads it; behind that stands the checksum of a gzip
        pass


def _data(stream: _Forward, size: int, number: int, meter: _Meter) -> Iterator[tuple[int, bytes]]:
    left = size
    while left > 0:
        piece = stream.take(left)
        if not piece:
            raise ArchiveDamagedError("it ends in a member")
        left -= len(piece)
        meter.of_member(len(piece))
        yield number, piece


def _kind(info: tarfile.TarInfo) -> str:
    if info.issym() or info.islnk():
        return "link"
    return "sparse" if info.issparse() else "special file"
