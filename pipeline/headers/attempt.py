"""One batch of files: open, sniff, read, parse; whatever a file holds, it gets its row.

The same function runs inline and on a worker. It opens files without following links and without
blocking, reads no pixel, and gives the status of the very file that was read. A file that takes too
long, or more memory than there is, is quarantined, and the others are read.
"""

import errno
import gc
import os
import stat
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa

from dicomlake.config.settings import HeaderSettings
from dicomlake.pipeline.discovery.paths import decode_path, file_id
from dicomlake.pipeline.discovery.sniff import Kind, sniff
from dicomlake.pipeline.discovery.walk import Entry
from dicomlake.pipeline.errors import DicomLakeError
from dicomlake.pipeline.headers.batch import Attempt, Batch, Part, empty, joined
from dicomlake.pipeline.headers.columns import (
    NO_CLAIM,
    Claim,
    Lineage,
    Outcome,
    files_table,
    issue_of,
    issues_table,
    table_of,
)
from dicomlake.pipeline.headers.compare import disagreements
from dicomlake.pipeline.headers.decode import Decoder
from dicomlake.pipeline.headers.derive import limited
from dicomlake.pipeline.headers.elements_table import header_bytes
from dicomlake.pipeline.headers.fast_reader import FastReader
from dicomlake.pipeline.headers.followers import Followers
from dicomlake.pipeline.headers.issues import Fault
from dicomlake.pipeline.headers.layout import Layout, layout_of
from dicomlake.pipeline.headers.notes import NOWHERE
from dicomlake.pipeline.headers.octets import FIRST_READ, RejectedHeaderError
from dicomlake.pipeline.headers.private import PrivateValues, private_attributes
from dicomlake.pipeline.headers.reader import HeaderReader, OpenFile, RawHeader
from dicomlake.pipeline.headers.scanned import OddHeaderError
from dicomlake.pipeline.headers.sheet import Rows, SheetMaker
from dicomlake.pipeline.headers.watch import TimeLimitError, Watch, watched
from dicomlake.schemas.tables.instances import INSTANCES

__all__ = ["Attempt", "Batch", "Lineage", "Part", "attempt", "make_reference_reader"]

_MIXER: Final = 0x9E3779B97F4A7C15
_MOST_MIXED: Final = (1 << 64) - 1
_FAULTS_PER_CODE: Final = 50
_MOST_NAMED: Final = 20
"""Differences of two readers that are named in one finding."""
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


class _ChangedError(Exception):
    """The file changed since the crawl, or while it was read; `entry` is its new status."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry


_SAID: Final = {
    "timeout": "reading it took longer than the limit",
    "memory": "reading it took more memory than there is",
    "crashed": "it ended the process that read it, twice",
}
"""Details of the finding about a file that its limits have ended, by reason."""


def attempt(batch: Batch) -> Attempt:
    """Return the rows of every file of a batch; bad input never raises."""
    with no_garbage_collection(), watched(batch.settings.headers.read_timeout_s) as watch:
        if batch.part is not None and batch.part.verdict is not None:
            return _Reading(batch, watch).unread(batch.part.verdict)
        return _within_limits(batch, watch, 0)


def _within_limits(batch: Batch, watch: Watch, first: int) -> Attempt:
    """Read a batch; where memory or time is not enough for all of it, read it in pieces.

    Args:
        batch: all of a batch, or a piece of it.
        watch: of this thread.
        first: place of the piece in the batch that the thread was given.
    """
    reading = _Reading(batch, watch, first)
    said = None
    try:
        return reading.attempt()
    except MemoryError:
        watch.note.lacks_memory()
        reason = "memory"
    except TimeLimitError:
        reason = "timeout"
    except DicomLakeError:
        raise
    except Exception as error:  # noqa: BLE001  (whatever nobody foresaw: a file must not end a run)
        reason, said = "crashed", f"{type(error).__name__} in the reader; please report it"
    # Behind the handler, which holds everything that was in the making.
    count, place = len(batch.entries), reading.place
    del reading
    _forget_readers()
    if count == 1:
        return _Reading(batch, watch, first).unread(reason, said)
    cuts = {0, count // 2, count} if place == NOWHERE else {0, place, place + 1, count}
    return joined(
        [
            _within_limits(replace(batch, entries=batch.entries[one:end]), watch, first + one)
            for one, end in pairwise(sorted(cuts))
        ]
    )


def make_reference_reader(settings: HeaderSettings, layout: Layout) -> HeaderReader:
    """Return the reader that decides where the fast one does not."""
    from dicomlake.pipeline.headers.pydicom_reader import PydicomReader  # noqa: PLC0415  (slow)

    return PydicomReader(settings, layout)


_known: Final = threading.local()


def _forget_readers() -> None:
    """Forget what this thread has understood: an interrupt may have left it half changed."""
    _known.__dict__.clear()


def _decoder(max_values: int) -> Decoder:
    """Return the decoder of this thread: the same values come again in later batches."""
    known: Decoder | None = getattr(_known, "decoder", None)
    if known is None or known.max_values != max_values:
        known = _known.decoder = Decoder(max_values)
    known.trim()
    return known


def _fast_reader(settings: HeaderSettings, layout: Layout) -> FastReader:
    """Return the fast reader of this thread: what it has understood serves later batches too."""
    known: tuple[HeaderSettings, Layout, FastReader] | None = getattr(_known, "reader", None)
    if known is None or known[0] != settings or known[1] is not layout:
        known = _known.reader = (settings, layout, FastReader(settings, layout))
    return known[2]


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Keep the collector from walking the batch's many small objects, none of them in cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_UNREAD: Final = Outcome(Entry("", 0, 0, 0, 0), "skipped", "io_error")
"""Stands where an outcome will stand."""


class _Reading:
    """Reads one batch: file by file into raw headers, then column by column into rows."""

    def __init__(self, batch: Batch, watch: Watch, first: int = 0) -> None:
        settings = batch.settings.headers
        self._watch = watch
        self._first = first
        self.place = NOWHERE
        """Of the file that it is at."""
        private = private_attributes(settings.private)
        self._batch = batch
        self._layout = layout_of(private)
        self._opener = _Opener(batch, self._layout)
        self._decoder = _decoder(settings.max_values)
        self._sheets = SheetMaker(self._layout, self._decoder, PrivateValues(private))
        self._identities = [file_id(batch.source, entry.path) for entry in batch.entries]
        self._claims: list[tuple[str | None, ...]] = [NO_CLAIM] * len(batch.entries)
        self._faults: dict[int, list[Fault]] = {}

    def attempt(self) -> Attempt:
        """Return the rows of every file.

        Raises:
            MemoryError: there is not enough for the file at `place`, or for the rows of all.
            TimeLimitError: making the rows took too long.
        """
        outcomes: list[Outcome] = [_UNREAD] * len(self._batch.entries)
        for place in self._neighbours():
            self.place = place
            outcome = outcomes[place] = self._outcome(place)
            if outcome.faults:
                self._faults[place] = list(outcome.faults)
            if outcome.status == "ingested" and outcome.header is not None:
                self._sheets.add(place, outcome.header)
        self.place = NOWHERE
        return self._watch.do(self._made, outcomes)

    def unread(self, reason: str, said: str | None = None) -> Attempt:
        """Return the rows of files that are not read: a limit, or a defect, has ended the attempt.

        Args:
            reason: as in `files.reason`.
            said: detail of the finding, where it is not that of the reason; no DICOM value.
        """
        error = RejectedHeaderError(reason, detail=said or _SAID.get(reason))
        outcomes = [_rejected(entry, error, None) for entry in self._batch.entries]
        self._faults = {place: list(each.faults) for place, each in enumerate(outcomes)}
        return self._made(outcomes)

    def _outcome(self, place: int) -> Outcome:
        """Return what became of a file within the time that it has."""
        entry = self._batch.entries[place]
        try:
            return self._watch.do(self._opener.outcome, entry, self._first + place)
        except TimeLimitError:
            _forget_readers()
            self._opener.forget_readers()
            return _rejected(entry, RejectedHeaderError("timeout", detail=_SAID["timeout"]), None)

    def _made(self, outcomes: list[Outcome]) -> Attempt:
        """Return the rows of outcomes."""
        followers = Followers(
            self._batch.settings.headers, self._layout, self._decoder, self._batch.lineage
        )
        instances = [self._instances(rows, outcomes, followers) for rows in self._sheets.rows()]
        readers = Counter(each.reader for each in outcomes if each.reader is not None)
        return Attempt(
            files=files_table(
                self._batch.source, outcomes, self._identities, self._claims, self._batch.lineage
            ),
            instances=pa.concat_tables(instances) if instances else empty("instances"),
            issues=self._issues(),
            **followers.tables(),
            readers=dict(sorted(readers.items())),
            fallbacks=dict(sorted(self._opener.fallbacks.items())),
        )

    def _neighbours(self) -> list[int]:
        """Return the places of the entries by path: files of one folder look alike."""
        paths = [entry.path for entry in self._batch.entries]
        return sorted(range(len(paths)), key=paths.__getitem__)

    def _instances(self, rows: Rows, outcomes: list[Outcome], followers: Followers) -> pa.Table:
        """Return the instance rows of a sheet; what cannot be one changes its outcome."""
        for place, error in rows.rejected.items():
            outcomes[place] = _rejected(outcomes[place].entry, error, outcomes[place].reader)
            self._faults[place] = list(outcomes[place].faults)
        if not rows.places:
            return empty("instances")
        uids = [rows.columns[name].to_pylist() for name in Claim._fields]
        for place, claim in zip(rows.places, zip(*uids, strict=True), strict=True):
            self._claims[place] = claim
        for place, faults in rows.faults.items():
            self._faults.setdefault(place, []).extend(faults)
        identities = [self._identities[place] for place in rows.places]
        for place, found in followers.add(rows, identities, [outcomes[p].raw for p in rows.places]):
            self._faults.setdefault(place, []).extend(found)
        columns: dict[str, Any] = {**rows.columns, "file_id": identities}
        return table_of(INSTANCES, columns, asdict(self._batch.lineage), len(rows.places))

    def _issues(self) -> pa.Table:
        issues = [
            issue_of(fault, self._identities[place], Claim(*self._claims[place]))
            for place, faults in sorted(self._faults.items())
            for fault in limited(faults, _FAULTS_PER_CODE)
        ]
        return issues_table(issues, self._batch.lineage)


def _rejected(entry: Entry, error: RejectedHeaderError, reader: str | None) -> Outcome:
    fault = Fault("unreadable_header", error.tag, error.detail)
    return Outcome(entry, "quarantined", error.reason, reader, faults=(fault,))


def _same_content(entry: Entry, status: os.stat_result) -> Entry:
    """Return an entry with a newer status: other permissions, or a copy put in place.

    Raises:
        _ChangedError: size or time of modification differ.
    """
    found = Entry.of(entry.path, status)
    if (found.size, found.mtime_ns) != (entry.size, entry.mtime_ns):
        raise _ChangedError(found)
    return found


class _Opener:
    """Opens the files of a batch, one after another."""

    def __init__(self, batch: Batch, layout: Layout) -> None:
        discovery, headers = batch.settings.discovery, batch.settings.headers
        self._prefix = os.fsencode(batch.root).rstrip(b"/") + b"/"
        self._flags = _OPEN if discovery.follow_symlinks else _OPEN | os.O_NOFOLLOW
        self._quiet_ns = int(discovery.quiet_period_s * 1e9)
        self._now_ns = time.time_ns()
        self._layout = layout
        self._settings = headers
        self._reference: HeaderReader | None = None
        self.forget_readers()
        self._checked = int(headers.check_fraction * (_MOST_MIXED + 1))
        self.fallbacks: Counter[str] = Counter()

    def forget_readers(self) -> None:
        """Start with readers that nothing has interrupted."""
        wanted = self._settings.reader == "fast"
        self._fast = _fast_reader(self._settings, self._layout) if wanted else None
        self._reference = None

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
            if (
                before.st_mtime_ns != entry.mtime_ns
                or before.st_size != entry.size
                or before.st_ctime_ns != entry.ctime_ns
                or before.st_ino != entry.inode
            ):
                entry = _same_content(entry, before)
            outcome = self._read(entry, descriptor)
            after = os.fstat(descriptor)
            if after.st_size != before.st_size or after.st_mtime_ns != before.st_mtime_ns:
                raise _ChangedError(Entry.of(entry.path, after))
            return outcome
        finally:
            os.close(descriptor)

    def _read(self, entry: Entry, descriptor: int) -> Outcome:
        first = FIRST_READ if self._fast is None else self._fast.first_read
        head = os.pread(descriptor, min(entry.size, first), 0)
        kind = sniff(head, entry.size, entry.path)
        if kind is Kind.EMPTY:
            return Outcome(entry, "quarantined", "empty")
        if kind is Kind.ARCHIVE:
            return Outcome(entry, "skipped", "archive")
        if kind is Kind.OTHER:
            return Outcome(entry, "not_dicom")
        file = OpenFile(descriptor, entry.size, kind, head)
        reader = "pydicom"
        try:
            header = self._fast_header(file)
            if header is None:
                header = self._reference_header(file)
            elif not self._is_checked(entry) or not (faults := self._differences(file, header)):
                reader = "fast"
            else:
                header = self._reference_header(file)
                header = header._replace(faults=(*header.faults, *faults))
        except RejectedHeaderError as rejected:
            return _rejected(entry, rejected, reader)
        status = "dicomdir" if header.is_directory else "ingested"
        raw = None
        if self._settings.elements or self._settings.dicom_json:
            limit = self._settings.max_header_bytes
            raw = header_bytes(descriptor, entry.size, header.pixel_offset, limit)
        return Outcome(entry, status, None, reader, header, header.faults, raw)

    def _fast_header(self, file: OpenFile) -> RawHeader | None:
        """Return what the fast reader found, None where it leaves the file to pydicom."""
        if self._fast is None:
            return None
        try:
            return self._fast.read(file)
        except OddHeaderError as odd:
            self.fallbacks[odd.why] += 1
            return None

    def _is_checked(self, entry: Entry) -> bool:
        """Return whether both readers read a file: the same files in every run."""
        mixed = (entry.mtime_ns ^ entry.size << 20) * _MIXER & _MOST_MIXED
        return mixed < self._checked

    def _reference_header(self, file: OpenFile) -> RawHeader:
        """Return what the reference reader found.

        Raises:
            RejectedHeaderError: it cannot use the header.
            OSError: the file cannot be read.
        """
        if self._reference is None:
            self._reference = make_reference_reader(self._settings, self._layout)
        return self._reference.read(file._replace(head=file.head[:FIRST_READ]))

    def _differences(self, file: OpenFile, fast: RawHeader) -> tuple[Fault, ...]:
        """Return a finding where the reference reader found something else than the fast one."""
        differs = disagreements(fast, self._reference_header(file), self._layout)
        if not differs:
            return ()
        return (Fault("readers_disagree", -1, ", ".join(differs[:_MOST_NAMED])),)
