"""The crawl of a source: one folder after another, in tree order, opening no file.

Folders are listed with `scandir` and files looked at with `lstat`; there is no recursion, and of
the whole tree only the folders still to be entered are in memory.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from dicomlake.config.settings import DiscoverySettings
from dicomlake.pipeline.discovery.paths import encode_name

_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


_INT64_MOST: Final = 2**63 - 1


def stored_ns(time_ns: int) -> int:
    """Return a time as the ledger holds it, in 64 bits: what lies beyond, from 2262 on, is cut."""
    return max(-_INT64_MOST, min(time_ns, _INT64_MOST))


@dataclass(frozen=True, slots=True)
class Entry:
    """A regular file as the crawl saw it; times in ns since the Unix epoch, size in bytes."""

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    """In signed 64 bits: greater numbers, which some network file systems have, are negative."""

    @classmethod
    def of(cls, path: str, status: os.stat_result) -> Self:
        """Return the entry of a path with this status."""
        inode = status.st_ino
        return cls(
            path,
            status.st_size,
            stored_ns(status.st_mtime_ns),
            stored_ns(status.st_ctime_ns),
            inode if inode <= _INT64_MOST else inode - 2**64,
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A path that is not opened, with the reason as it stands in `files`."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder: its files and refused paths by name. Not complete: it could not be listed."""

    path: str
    entries: tuple[Entry, ...]
    refusals: tuple[Refusal, ...]
    complete: bool


@dataclass(slots=True)
class _Listing:
    """What is gathered while one folder is listed."""

    entries: list[Entry] = field(default_factory=list)
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
            tuple(sorted(listing.entries, key=lambda entry: entry.path)),
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
                    self._take(item, path, raw, listing)
        except OSError as error:
            listing.complete = False
            listing.refusals.append(Refusal(path, refusal_reason(error)))
        return listing

    def _take(self, item: "os.DirEntry[bytes]", path: str, raw: bytes, listing: _Listing) -> None:
        name = encode_name(item.name)
        own = f"{path}/{name}" if path else name
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


def _take_file(own: str, status: os.stat_result, listing: _Listing) -> None:
    if not stat.S_ISREG(status.st_mode):
        listing.refusals.append(Refusal(own, "special_file"))
        return
    listing.entries.append(Entry.of(own, status))
