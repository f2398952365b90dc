"""What changed since the last run: the crawl merge-joined with the ledger, folder by folder.

Both come in tree order, so that memory is bounded by one folder of the source.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import pyarrow as pa

from dicomlake.config.settings import DiscoverySettings
from dicomlake.pipeline.discovery.walk import Entry, Folder, Refusal, columns_of

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


_State = tuple[int | None, int | None, int | None, int | None]
"""Size, times and inode of a file as the ledger knows it."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """The live rows of a folder, by column, in tree order.

    `matching` says whether a row can equal a file at all: one that was skipped or deferred is
    tried again whatever it says.
    """

    paths: list[str]
    sizes: list[int | None]
    mtimes_ns: list[int | None]
    ctimes_ns: list[int | None]
    inodes: list[int | None]
    matching: list[bool]

    def part(self, start: int, end: int) -> "_Rows":
        """Return some of the rows."""
        return _Rows(*(column[start:end] for column in self._columns()))

    def extend(self, more: "_Rows") -> None:
        """Add rows after these."""
        for column, values in zip(self._columns(), more._columns(), strict=True):
            column.extend(values)

    def _columns(self) -> tuple[list[Any], ...]:
        return (
            self.paths,
            self.sizes,
            self.mtimes_ns,
            self.ctimes_ns,
            self.inodes,
            self.matching,
        )

    def equals(self, entries: Sequence[Entry], compare_inode: bool) -> bool:
        """Return whether these are exactly the files of a folder, none of them changed."""
        if len(entries) != len(self.paths):
            return False
        if not entries:
            return True
        paths, sizes, mtimes_ns, ctimes_ns, inodes = columns_of(entries)
        return (
            all(self.matching)
            and self.mtimes_ns == mtimes_ns
            and self.sizes == sizes
            and self.ctimes_ns == ctimes_ns
            and self.paths == paths
            and not (compare_inode and self.inodes != inodes)
        )

    def states(self) -> dict[str, _State | None]:
        """Return what is known of each path; None where that is no reason not to read it."""
        states = zip(self.sizes, self.mtimes_ns, self.ctimes_ns, self.inodes, strict=True)
        return {
            path: state if usable else None
            for path, state, usable in zip(self.paths, states, self.matching, strict=True)
        }


_NO_ROWS: Final = _Rows([], [], [], [], [], [])


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


def _plan(folder: Folder, rows: _Rows, settings: DiscoverySettings) -> FolderPlan:
    count = len(folder.entries)
    if not folder.refusals and rows.equals(folder.entries, settings.compare_inode):
        return FolderPlan((), (), (), count, count, 0)
    known = rows.states()
    compared = len(Entry._fields) - (1 if settings.compare_inode else 2)
    to_read = tuple(
        entry
        for entry in folder.entries
        if (state := known.get(entry.path)) is None or state[:compared] != entry[1 : 1 + compared]
    )
    present = {entry.path for entry in folder.entries}
    present.update(refusal.path for refusal in folder.refusals)
    missing = tuple(path for path in rows.paths if path not in present)
    return FolderPlan(
        to_read=to_read,
        refusals=folder.refusals,
        vanished=missing if folder.complete else (),
        unchanged=count - len(to_read),
        seen=count + len(folder.refusals),
        hidden=0 if folder.complete else len(missing),
    )


def _only_known(groups: Iterable[tuple[str, _Rows]], blind: "_Blind") -> Iterator[FolderPlan]:
    """Yield the plans of folders that the crawl did not meet: gone, or out of sight."""
    for key, rows in groups:
        hidden = blind.covers(key)
        vanished = () if hidden else tuple(rows.paths)
        yield FolderPlan((), (), vanished, 0, 0, len(rows.paths) if hidden else 0)


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

    def before(self, key: str) -> Iterator[tuple[str, _Rows]]:
        while self._next is not None and self._next[0] < key:
            yield self._take()

    def at(self, key: str) -> _Rows:
        if self._next is None or self._next[0] != key:
            return _NO_ROWS
        return self._take()[1]

    def rest(self) -> Iterator[tuple[str, _Rows]]:
        while self._next is not None:
            yield self._take()

    def _take(self) -> tuple[str, _Rows]:
        taken, self._next = self._next, next(self._groups, None)
        assert taken is not None
        return taken


def _folders(ledger: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, _Rows]]:
    """Yield the live rows of each folder, with the folder's sort key."""
    folder: str | None = None
    rows = _NO_ROWS
    for batch in ledger:
        for own, part in _split(_live(batch)):
            if own == folder:
                rows.extend(part)
                continue
            if folder is not None:
                yield folder.replace("/", "\0"), rows
            folder, rows = own, part
    if folder is not None:
        yield folder.replace("/", "\0"), rows


def _live(batch: pa.RecordBatch) -> _Rows:
    """Return the rows of a batch whose files are not deleted."""
    different = set(batch.column("status").dictionary_encode().dictionary.to_pylist())
    if _GONE in different:
        statuses = batch.column("status").to_pylist()
        batch = batch.filter(pa.array([status != _GONE for status in statuses], pa.bool_()))
    if _TRY_AGAIN.isdisjoint(different):
        matching = [True] * batch.num_rows
    else:
        matching = [each not in _TRY_AGAIN for each in batch.column("status").to_pylist()]
    columns: list[Any] = [_values(batch.column(name)) for name in LEDGER_COLUMNS[:-1]]
    columns.append(matching)
    return _Rows(*columns)


def _values(column: Any) -> list[Any]:
    """Return the values of a column; `to_pylist` takes five times as long where none is null."""
    if column.null_count:
        return cast("list[Any]", column.to_pylist())
    return cast("list[Any]", column.to_numpy(zero_copy_only=False).tolist())


def _split(rows: _Rows) -> Iterator[tuple[str, _Rows]]:
    """Yield the rows of each folder; those of one stand together, so that few are looked at."""
    paths = rows.paths
    start = 0
    while start < len(paths):
        folder = _folder_of(paths[start])
        end = _end_of_run(paths, start, folder)
        yield folder, rows.part(start, end)
        start = end


def _end_of_run(paths: Sequence[str], start: int, folder: str) -> int:
    """Return where the paths of a folder end: steps that double, then halves."""
    step = 1
    while start + step < len(paths) and _folder_of(paths[start + step]) == folder:
        step *= 2
    last = min(start + step, len(paths))
    inside = range(start + step // 2, last)
    return inside.start + bisect_left(inside, 1, key=lambda i: _folder_of(paths[i]) != folder)


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0]
