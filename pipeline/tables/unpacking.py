"""Unpacking an archive of a source into the lake: all of it or nothing, and never twice.

    unpacked/<source>/<key>/000001 …     the members, by their numbers in the archive
    unpacked/<source>/<key>.json         what came of it: members, what was passed over, or why not

The key is the `file_id` of the archive and a digest of its size and time of modification, so that
a member's path leads to its archive. A folder gets its name once all of it is on disk; no name
that an archive holds is ever one here. Members have the archive's time of modification.
"""

import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Final, Literal, TypeAlias

from dicomlake.config.settings import ArchiveSettings
from dicomlake.pipeline.discovery.archives import (
    ArchiveDamagedError,
    ArchiveLimitError,
    ArchiveUnreadError,
    pieces,
)
from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.discovery.walk import stored_ns
from dicomlake.pipeline.tables.durable import sync_folder, write_all, write_synced
from dicomlake.pipeline.tables.layout import UNPACKED
from dicomlake.pipeline.tables.locks import Delegate, remove

_ID: Final = 32
_DIGEST: Final = 16
KEY: Final = re.compile(rf"[0-9a-f]{{{_ID}}}-[0-9a-f]{{{_DIGEST}}}")
"""What the folder of an unpacked archive is called."""
KEY_LENGTH: Final = _ID + 1 + _DIGEST
SUFFIX: Final = ".json"
"""Ends the name of what is noted of an archive."""

End: TypeAlias = Literal["unpacked", "limit", "damaged", "unread"]


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive of a source, as its row in `files` has it."""

    file_id: str
    path: str
    size: int
    mtime_ns: int

    @property
    def key(self) -> str:
        """Return what its members are found by: another for other bytes at the same path."""
        state = hashlib.sha256(f"{self.size} {self.mtime_ns}".encode()).hexdigest()
        return f"{self.file_id}-{state[:_DIGEST]}"


def file_id_of(key: str) -> str:
    """Return the archive of a key."""
    return key[:_ID]


def note_of(folder: Path) -> Path:
    """Return where it stands what came of the archive of a folder."""
    return folder.with_name(folder.name + SUFFIX)


@dataclass(frozen=True, slots=True)
class UnpackJob:
    """An archive to be unpacked."""

    source: str
    root: str
    archive: Archive
    limits: ArchiveSettings
    follow_symlinks: bool
    names: Delegate

    @property
    def folder(self) -> Path:
        """Return where its members are to lie."""
        return self.names.lake / UNPACKED / self.source / self.archive.key


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came of an archive."""

    archive: Archive
    end: End
    members: int = 0
    passed_over: Mapping[str, int] = field(default_factory=dict)
    detail: str = ""


def noted(job: UnpackJob) -> Unpacked | None:
    """Return what came of an archive earlier, None where it is to be unpacked (again).

    One that was beyond a limit is tried again once a limit is another.
    """
    try:
        told = json.loads(note_of(job.folder).read_bytes())
        limits = told.pop("limits")
        found = Unpacked(job.archive, **told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if found.end == "limit" and limits != _limits(job.limits):
        return None
    return found if found.end != "unpacked" or job.folder.is_dir() else None


def unpack(job: UnpackJob) -> Unpacked:
    """Unpack an archive; all of it, or nothing stays. Runs on workers.

    Raises:
        OSError: the lake cannot be written.
    """
    job.names.access.make_folder(job.folder.parent)
    temporary = job.names.temporary(job.names.lake / UNPACKED)
    job.names.access.make_folder(temporary)
    try:
        found = _unpack(job, temporary)
        if found.end == "unpacked":
            sync_folder(temporary)
            _put(temporary, job.folder)
    finally:
        remove(temporary)
    if found.end != "unread":
        _note(job, found)
    return found


def given_up(job: UnpackJob, reason: str) -> Unpacked:
    """Return what is said of an archive that ended worker processes, and note it."""
    found = Unpacked(job.archive, "limit", detail=f"unpacking it ended its process: {reason}")
    job.names.access.make_folder(job.folder.parent)
    _note(job, found)
    return found


def _note(job: UnpackJob, found: Unpacked) -> None:
    """Note what came of an archive, so that it is not unpacked again."""
    told = {key: each for key, each in asdict(found).items() if key != "archive"}
    data = json.dumps({**told, "limits": _limits(job.limits)}).encode()
    temporary = job.names.temporary(job.names.lake / UNPACKED)
    write_synced(temporary, data, job.names.access)
    temporary.replace(note_of(job.folder))
    sync_folder(job.folder.parent)


def _limits(settings: ArchiveSettings) -> dict[str, object]:
    return settings.model_dump(mode="json", exclude={"read"})


def _put(temporary: Path, folder: Path) -> None:
    """Give the folder of the members its name, unless another run was faster."""
    try:
        temporary.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _unpack(job: UnpackJob, folder: Path) -> Unpacked:
    """Write the members of an archive into a folder; what stays of it counts at the end only."""
    archive = job.archive
    passed_over: Counter[str] = Counter()
    try:
        with _opened(job) as file:
            numbers = _write(job, file, folder, passed_over)
            if not _is(os.fstat(file.fileno()), archive):
                return Unpacked(archive, "unread", detail="it changed while it was unpacked")
    except ArchiveLimitError as error:
        return Unpacked(archive, "limit", detail=error.detail)
    except ArchiveDamagedError as error:
        return Unpacked(archive, "damaged", detail=error.detail)
    except ArchiveUnreadError as error:
        return Unpacked(archive, "unread", detail=error.detail)
    return Unpacked(archive, "unpacked", numbers, dict(sorted(passed_over.items())))


def _opened(job: UnpackJob) -> IO[bytes]:
    """Open an archive as its row has it.

    Raises:
        ArchiveUnreadError: it cannot be opened, or is another file by now.
    """
    path = os.fsencode(job.root).rstrip(b"/") + b"/" + decode_path(job.archive.path)
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags if job.follow_symlinks else flags | os.O_NOFOLLOW)
    except OSError as error:
        raise ArchiveUnreadError(type(error).__name__) from None
    if not _is(os.fstat(descriptor), job.archive):
        os.close(descriptor)
        raise ArchiveUnreadError("it changed before it was unpacked")
    return open(descriptor, "rb")  # noqa: PTH123  (a descriptor)


def _is(status: os.stat_result, archive: Archive) -> bool:
    return (stat.S_ISREG(status.st_mode), status.st_size, stored_ns(status.st_mtime_ns)) == (
        True,
        archive.size,
        archive.mtime_ns,
    )


def _write(job: UnpackJob, file: IO[bytes], folder: Path, passed_over: Counter[str]) -> int:
    """Write the members of an open archive, each synced; return how many there are."""
    count = 0
    with closing(pieces(file, job.archive.size, job.limits, passed_over)) as found:
        for number, member in groupby(found, key=itemgetter(0)):
            descriptor = job.names.access.create(folder / f"{number:06d}")
            with open(descriptor, "wb", buffering=0) as written:  # noqa: PTH123  (a descriptor)
                for _, piece in member:
                    write_all(descriptor, piece)
                # Of the archive: a member is as old, and a quiet period is over for it too.
                os.utime(descriptor, ns=(job.archive.mtime_ns, job.archive.mtime_ns))
                os.fsync(written.fileno())
            count = number
    return count
