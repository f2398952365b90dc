"""The crawl of a source: one folder after another, in tree order, opening no file.

Folders are listed with `scandir` and files looked at with `lstat`; there is no recursion, and of
the whole tree only the folders still to be entered are in memory.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Final, NamedTuple, Self, cast, overload

from dicomlake.config.settings import DiscoverySettings
from dicomlake.pipeline.discovery.paths import encode_name, encode_names

_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_INT64_MOST: Final = 2**63 - 1


def stored_ns(time_ns: int) -> int:
    """Return a time as the ledger holds it, in 64 bits: what lies beyond, from 2262 on, is cut."""
    return max(-_INT64_MOST, min(time_ns, _INT64_MOST))


def stored_inode(inode: int) -> int:
    """Return an inode number as the ledger holds it, in signed 64 bits."""
    return inode if inode <= _INT64_MOST else inode - 2**64


class Entry(NamedTuple):
    """A regular file as the crawl saw it; times in ns since the Unix epoch, size in bytes.

    A tuple, for there is one for every file of the source: they are made, sorted and compared by
    the thousand without a step of Python for each.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    """In signed 64 bits: greater numbers, which some network file systems have, are negative."""

    @classmethod
    def of(cls, path: str, status: os.stat_result) -> Self:
        """Return the entry of a path with this status."""
        return cls(
            path,
            status.st_size,
            stored_ns(status.st_mtime_ns),
            stored_ns(status.st_ctime_ns),
            stored_inode(status.st_ino),
        )


Columns = tuple[list[str], list[int], list[int], list[int], list[int]]
"""Entries by column: paths, sizes, two times and inodes."""

_Seen = tuple[bytes, int, int, int, int]
"""Raw name, size, times and inode of a regular file."""

_PATH: Final = itemgetter(0)
_entry_of: Final = partial(tuple.__new__, Entry)
"""What `Entry(*values)` comes to, without its step of Python."""


@dataclass(frozen=True, slots=True)
class Files(Sequence[Entry]):
    """The regular files of a folder by path, held by column; an entry is made when asked for.

    Of most folders nobody asks: they are, column by column, as the ledger has them.
    """

    columns: Columns

    def __len__(self) -> int:
        return len(self.columns[0])

    def __iter__(self) -> Iterator[Entry]:
        return map(_entry_of, zip(*self.columns, strict=True))

    @overload
    def __getitem__(self, index: int) -> Entry: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...
    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        if isinstance(index, slice):
            return tuple(self)[index]
        return _entry_of([column[index] for column in self.columns])


def columns_of(entries: Sequence[Entry]) -> Columns:
    """Return entries by column."""
    if isinstance(entries, Files):
        return entries.columns
    columns = zip(*entries, strict=True) if entries else ((),) * len(Entry._fields)
    return cast("Columns", tuple(map(list, columns)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that is not opened, with the reason as it stands in `files`."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder: its files and refused paths by name. Not complete: it could not be listed."""

    path: str
    entries: Sequence[Entry]
    refusals: tuple[Refusal, ...]
    complete: bool

    @property
    def size(self) -> int:
        """Return the bytes of its files."""
        return sum(columns_of(self.entries)[1])


@dataclass(slots=True)
class _Listing:
    """What is gathered while one folder is listed."""

    seen: list[_Seen] = field(default_factory=list)
    """Regular files."""
    entries: list[Entry] = field(default_factory=list)
    """Files that were no regular ones at first sight: behind links."""
    refusals: list[Refusal] = field(default_factory=list)
    subfolders: list[tuple[str, bytes]] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    complete: bool = True


def refusal_reason(error: OSError) -> str:
    """Return the code in `files.reason` for what the system said."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "vanished"
    return "permission" if isinstance(error, PermissionError) else "io_error"


def crawl(root: str, settings: DiscoverySettings) -> Iterator[Folder]:
    """Yield every folder of a tree in the order of `tree_key`.

    A folder that cannot be listed is a refusal among its parent's, and follows as a `Folder` that
    is not complete. With `follow_symlinks`, links to files inside the root are followed; a link
    to a folder never is, because a folder of the tree is entered once, at its own path.

    Args:
        root: real absolute path of the source.
        settings: whether symbolic links are followed.
    """
    crawler = _Crawler(os.fsencode(root), settings.follow_symlinks)
    waiting: list[tuple[str, bytes]] = [("", b"")]
    blocked: set[str] = set()
    while waiting:
        path, raw = waiting.pop()
        if path in blocked:
            blocked.discard(path)
            yield Folder(path, (), (), complete=False)
            continue
        listing = crawler.look_into(path, raw)
        yield Folder(
            path,
            _by_path(path, listing),
            tuple(sorted(listing.refusals, key=lambda refusal: refusal.path)),
            listing.complete,
        )
        blocked |= listing.blocked
        waiting.extend(sorted(listing.subfolders, reverse=True))


class _Crawler:
    def __init__(self, root: bytes, follow: bool) -> None:
        self._root = root
        self._prefix = root.rstrip(b"/") + b"/"
        self._follow = follow
        self._entered: set[tuple[int, int]] = set()

    def look_into(self, path: str, raw: bytes) -> _Listing:
        listing = _Listing()
        place = self._prefix + raw if raw else self._root
        try:
            with os.scandir(place) as found:
                for item in found:
                    if not item.is_file(follow_symlinks=False):
                        self._take(item, path, raw, listing)
                        continue
                    try:
                        status = item.stat(follow_symlinks=False)
                    except OSError as error:
                        self._refuse(item, path, error, listing)
                        continue
                    listing.seen.append(
                        (
                            item.name,
                            status.st_size,
                            status.st_mtime_ns,
                            status.st_ctime_ns,
                            status.st_ino,
                        )
                    )
        except OSError as error:
            listing.complete = False
            listing.refusals.append(Refusal(path, refusal_reason(error)))
        return listing

    @staticmethod
    def _refuse(item: "os.DirEntry[bytes]", path: str, error: OSError, listing: _Listing) -> None:
        listing.refusals.append(
            Refusal(_below(path, encode_name(item.name)), refusal_reason(error))
        )

    def _take(self, item: "os.DirEntry[bytes]", path: str, raw: bytes, listing: _Listing) -> None:
        """Note what is no regular file at first sight."""
        own = _below(path, encode_name(item.name))
        try:
            if item.is_symlink():
                self._take_link(item, own, listing)
            elif item.is_dir(follow_symlinks=False):
                self._take_folder(item, own, raw + b"/" + item.name if raw else item.name, listing)
            else:
                _take_file(own, item.stat(follow_symlinks=False), listing)
        except OSError as error:
            listing.refusals.append(Refusal(own, refusal_reason(error)))

    def _take_folder(
        self, item: "os.DirEntry[bytes]", own: str, raw: bytes, listing: _Listing
    ) -> None:
        """Note a subfolder; try now whether it opens, since its refusal stands in this folder."""
        try:
            descriptor = os.open(item.path, _OPEN_FOLDER)
        except OSError as error:
            reason = refusal_reason(error)
            listing.refusals.append(Refusal(own, reason))
            if reason == "vanished":
                return
            listing.blocked.add(own)
        else:
            seen = self._seen_before(descriptor)
            os.close(descriptor)
            if seen:
                listing.refusals.append(Refusal(own, "symlink"))
                return
        listing.subfolders.append((own, raw))

    def _seen_before(self, descriptor: int) -> bool:
        """Return whether a folder was entered before: a mount of the tree inside itself."""
        if not self._follow:
            return False
        status = os.fstat(descriptor)
        identity = (status.st_dev, status.st_ino)
        seen = identity in self._entered
        self._entered.add(identity)
        return seen

    def _take_link(self, item: "os.DirEntry[bytes]", own: str, listing: _Listing) -> None:
        status = self._target(item) if self._follow else None
        if status is None:
            listing.refusals.append(Refusal(own, "symlink"))
        else:
            _take_file(own, status, listing)

    def _target(self, item: "os.DirEntry[bytes]") -> os.stat_result | None:
        """Return the status of a file inside the root that a link leads to, else None."""
        if not os.path.realpath(item.path).startswith(self._prefix):
            return None
        try:
            status = item.stat()
        except OSError:  # dangling, a loop, or behind a folder we may not enter
            return None
        return status if stat.S_ISREG(status.st_mode) else None


def _below(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _by_path(path: str, listing: _Listing) -> Sequence[Entry]:
    """Return the files of one folder in the order of their paths."""
    files = _files(path, listing.seen) if listing.seen else ()
    if not listing.entries:
        return files
    return tuple(sorted((*files, *listing.entries), key=_PATH))


def _files(path: str, seen: Sequence[_Seen]) -> Files:
    above = f"{path}/" if path else ""
    raw, sizes, mtimes, ctimes, inodes = cast("tuple[Sequence[int], ...]", zip(*seen, strict=True))
    paths = [above + name for name in encode_names(cast("Sequence[bytes]", raw))]
    order = sorted(range(len(paths)), key=paths.__getitem__)
    numbers = (
        sizes,
        _all_stored_ns(mtimes),
        _all_stored_ns(ctimes),
        inodes if max(inodes) <= _INT64_MOST else list(map(stored_inode, inodes)),
    )
    columns = (list(map(each.__getitem__, order)) for each in (paths, *numbers))
    return Files(cast("Columns", tuple(columns)))


def _all_stored_ns(times: Sequence[int]) -> Sequence[int]:
    """Return times as the ledger holds them, mostly as they are."""
    if max(times) <= _INT64_MOST and min(times) >= -_INT64_MOST:
        return times
    return [stored_ns(each) for each in times]


def _take_file(own: str, status: os.stat_result, listing: _Listing) -> None:
    if not stat.S_ISREG(status.st_mode):
        listing.refusals.append(Refusal(own, "special_file"))
        return
    listing.entries.append(Entry.of(own, status))
