"""One batch of files: open, sniff, read, parse; whatever a file holds, it gets its row.

The same function runs inline and on a worker. It opens files without following links and without
blocking, reads no pixel, and gives the status of the very file that was read.
"""

import errno
import gc
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from dicomlake.config.settings import HeaderSettings, Settings
from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.discovery.sniff import SNIFF_BYTES, Kind, sniff
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.headers.columns import BatchRows, Lineage, Outcome
from dicomlake.pipeline.headers.derive import InstanceParser
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.octets import FIRST_READ, RejectedHeaderError
from dicomlake.pipeline.headers.reader import HeaderReader, OpenFile, RawHeader

__all__ = ["Attempt", "Batch", "Lineage", "attempt", "make_reader"]

_OPEN: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_TRIES: Final = 2
_REASONS: Final = {
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ESTALE: "vanished",
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.ELOOP: "symlink",
    errno.ENXIO: "special_file",
    errno.ENODEV: "special_file",
}
"""Reasons by what the system says; anything else is `io_error`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Files of one source to be read together; `root` is the real path of the source."""

    number: int
    source: str
    root: str
    entries: tuple[Entry, ...]
    settings: Settings
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of a batch, as tables of the schema; `files` has one row an entry, in order."""

    files: pa.Table
    instances: pa.Table
    issues: pa.Table


class _ChangedError(Exception):
    """The file changed since the crawl, or while it was read; `entry` is its new status."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


def attempt(batch: Batch) -> Attempt:
    """Return the rows of every file of a batch; bad input never raises."""
    rows = BatchRows(batch.source, batch.lineage)
    opener = _Opener(batch)
    with _no_garbage_collection():
        for entry in batch.entries:
            rows.add(opener.outcome(entry))
    return Attempt(rows.files(), rows.instances(), rows.issues())


def make_reader(settings: HeaderSettings) -> HeaderReader:
    """Return the header reader that the settings name."""
    from dicomlake.pipeline.headers.pydicom_reader import PydicomReader  # noqa: PLC0415  (slow)

    return PydicomReader(settings)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Keep the collector from walking the batch's many small objects, none of them in cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Opener:
    """Opens the files of a batch, one after another."""

    def __init__(self, batch: Batch) -> None:
        discovery = batch.settings.discovery
        self._prefix = os.fsencode(batch.root).rstrip(b"/") + b"/"
        self._flags = _OPEN if discovery.follow_symlinks else _OPEN | os.O_NOFOLLOW
        self._quiet_ns = int(discovery.quiet_period_s * 1e9)
        self._now_ns = time.time_ns()
        self._reader = make_reader(batch.settings.headers)
        self._parser = InstanceParser(batch.settings.headers)

    def outcome(self, entry: Entry) -> Outcome:
        """Return what became of a file, tried again once where it changed meanwhile."""
        for _ in range(_TRIES):
            if 0 <= self._now_ns - entry.mtime_ns < self._quiet_ns:
                return Outcome(entry, "deferred", "too_new")
            try:
                return self._open(entry)
            except _ChangedError as changed:
                entry = changed.entry
            except OSError as error:
                reason = _REASONS.get(error.errno or 0, "io_error")
                return Outcome(entry, "skipped", reason)
        return Outcome(entry, "deferred", "unstable")

    def _open(self, entry: Entry) -> Outcome:
        """Read a file that is as the entry says, before and after.

        Raises:
            _ChangedError: it is not.
            OSError: it cannot be opened or read.
        """
        descriptor = os.open(self._prefix + decode_path(entry.path), self._flags)
        try:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return Outcome(entry, "skipped", "special_file")
            found = Entry.of(entry.path, before)
            if _content_of(found) != _content_of(entry):
                raise _ChangedError(found)
            outcome = self._read(found, descriptor)
            after = Entry.of(entry.path, os.fstat(descriptor))
            if _content_of(after) != _content_of(found):
                raise _ChangedError(after)
            return outcome
        finally:
            os.close(descriptor)

    def _read(self, entry: Entry, descriptor: int) -> Outcome:
        head = os.pread(descriptor, min(entry.size, FIRST_READ), 0)
        name = entry.path.rpartition("/")[2]
        kind = sniff(head[:SNIFF_BYTES], entry.size, name)
        if kind is Kind.EMPTY:
            return Outcome(entry, "quarantined", "empty")
        if kind is Kind.ARCHIVE:
            return Outcome(entry, "skipped", "archive")
        if kind is Kind.OTHER:
            return Outcome(entry, "not_dicom")
        try:
            header = self._reader.read(OpenFile(descriptor, entry.size, kind, head))
            if header.is_directory:
                return self._directory(entry, header)
            return self._instance(entry, header)
        except RejectedHeaderError as rejected:
            fault = Fault("unreadable_header", rejected.tag, rejected.detail)
            return Outcome(
                entry, "quarantined", rejected.reason, self._reader.name, faults=(fault,)
            )

    def _directory(self, entry: Entry, header: RawHeader) -> Outcome:
        return Outcome(
            entry,
            "dicomdir",
            reader=self._reader.name,
            transfer_syntax_uid=header.transfer_syntax_uid,
        )

    def _instance(self, entry: Entry, header: RawHeader) -> Outcome:
        return Outcome(
            entry,
            "ingested",
            reader=self._reader.name,
            transfer_syntax_uid=header.transfer_syntax_uid,
            pixel_offset=header.pixel_offset,
            pixel_length=header.pixel_length,
            header_sha256=header.header_sha256,
            instance=self._parser.row(header),
            faults=header.faults,
        )


def _content_of(entry: Entry) -> tuple[int, int]:
    """Return what changes with the content of a file; ctime also changes with its permissions."""
    return entry.size, entry.mtime_ns
