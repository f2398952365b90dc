"""What changed since the last run: the crawl merge-joined with the ledger, folder by folder.

Both come in tree order, so that memory is bounded by one folder of the source.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa

from dicomlake.config.settings import DiscoverySettings
from dicomlake.pipeline.discovery.walk import Entry, Folder, Refusal

LEDGER_COLUMNS: Final = ("path", "size", "mtime_ns", "ctime_ns", "inode", "status")
"""Columns of `files` that the comparison needs."""

_TRY_AGAIN: Final = frozenset({"skipped", "deferred"})
_GONE: Final = "deleted"


@dataclass(frozen=True, slots=True)
class FolderPlan:
    """What a run has to do about one folder.

    `seen` counts the files and refused paths of the crawl. `hidden` counts ledger rows that could
    not be judged, because a folder above them could not be listed; they are not seen.
    """

    to_read: tuple[Entry, ...]
    refusals: tuple[Refusal, ...]
    vanished: tuple[str, ...]
    unchanged: int
    seen: int
    hidden: int


class _Row(NamedTuple):
    """A row of the ledger; a tuple, for there is one for every file of the source."""

    size: int | None
    mtime_ns: int | None
    ctime_ns: int | None
    inode: int | None
    status: str


def compare(
    folders: Iterable[Folder],
    ledger: Iterable[pa.RecordBatch],
    settings: DiscoverySettings,
) -> Iterator[FolderPlan]:
    """Yield the plan of every folder crawled, and of every folder that only the ledger knows.

    A file is unchanged when size, times and (by a setting) inode are those of the ledger and it
    was neither skipped nor deferred. Rows of deleted files count as absent.

    Args:
        folders: the crawl of one source, in tree order.
        ledger: the rows of `files` of that source, in tree order, with `LEDGER_COLUMNS`.
        settings: whether inodes are compared.
    """
    known = _Known(ledger)
    blind = _Blind()
    for folder in folders:
        key = folder.path.replace("/", "\0")
        yield from _only_known(known.before(key), blind)
        if not folder.complete:
            blind.below(key)
        yield _plan(folder, known.at(key), settings)
    yield from _only_known(known.rest(), blind)


def _plan(folder: Folder, rows: Mapping[str, _Row], settings: DiscoverySettings) -> FolderPlan:
    to_read = tuple(
        entry
        for entry in folder.entries
        if not _unchanged(entry, rows.get(entry.path), settings.compare_inode)
    )
    present = {entry.path for entry in folder.entries}
    present.update(refusal.path for refusal in folder.refusals)
    missing = tuple(path for path in rows if path not in present)
    return FolderPlan(
        to_read=to_read,
        refusals=folder.refusals,
        vanished=missing if folder.complete else (),
        unchanged=len(folder.entries) - len(to_read),
        seen=len(folder.entries) + len(folder.refusals),
        hidden=0 if folder.complete else len(missing),
    )


def _unchanged(entry: Entry, row: _Row | None, compare_inode: bool) -> bool:
    return (
        row is not None
        and row.mtime_ns == entry.mtime_ns
        and row.size == entry.size
        and row.ctime_ns == entry.ctime_ns
        and row.status not in _TRY_AGAIN
        and not (compare_inode and row.inode != entry.inode)
    )


def _only_known(
    groups: Iterable[tuple[str, Mapping[str, _Row]]], blind: "_Blind"
) -> Iterator[FolderPlan]:
    """Yield the plans of folders that the crawl did not meet: gone, or out of sight."""
    for key, rows in groups:
        hidden = blind.covers(key)
        vanished = () if hidden else tuple(rows)
        yield FolderPlan((), (), vanished, 0, 0, len(rows) if hidden else 0)


class _Blind:
    """The folder that could not be listed and that the comparison is now below."""

    def __init__(self) -> None:
        self._key: str | None = None

    def below(self, key: str) -> None:
        if not self.covers(key):
            self._key = key

    def covers(self, key: str) -> bool:
        if self._key is None:
            return False
        return self._key in ("", key) or key.startswith(self._key + "\0")


class _Known:
    """The ledger as a stream of folders, with one folder of look-ahead."""

    def __init__(self, ledger: Iterable[pa.RecordBatch]) -> None:
        self._groups = _folders(ledger)
        self._next = next(self._groups, None)

    def before(self, key: str) -> Iterator[tuple[str, Mapping[str, _Row]]]:
        while self._next is not None and self._next[0] < key:
            yield self._take()

    def at(self, key: str) -> Mapping[str, _Row]:
        if self._next is None or self._next[0] != key:
            return {}
        return self._take()[1]

    def rest(self) -> Iterator[tuple[str, Mapping[str, _Row]]]:
        while self._next is not None:
            yield self._take()

    def _take(self) -> tuple[str, Mapping[str, _Row]]:
        taken, self._next = self._next, next(self._groups, None)
        assert taken is not None
        return taken


def _folders(ledger: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, Mapping[str, _Row]]]:
    """Yield the live rows of each folder, keyed by path, with the folder's sort key."""
    folder: str | None = None
    rows: dict[str, _Row] = {}
    for batch in ledger:
        columns = [batch.column(name).to_pylist() for name in LEDGER_COLUMNS]
        for path, size, mtime_ns, ctime_ns, inode, status in zip(*columns, strict=True):
            if status == _GONE:
                continue
            own = path.rpartition("/")[0]
            if own != folder:
                if rows and folder is not None:
                    yield folder.replace("/", "\0"), rows
                folder, rows = own, {}
            rows[path] = _Row(size, mtime_ns, ctime_ns, inode, status)
    if rows and folder is not None:
        yield folder.replace("/", "\0"), rows
