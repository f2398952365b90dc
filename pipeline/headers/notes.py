"""Notes that a worker leaves of what it is at, for whoever asks after it has died.

A note is a small file that is there for as long as a job runs. It is mapped: to say which file of
the job is being read costs a store to memory, and what was stored outlives the process.
"""

import mmap
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

NOWHERE: Final = -1
"""Place of a job that is at no file of its own, or of which it is not known."""
_CELL: Final = 8
_SIZE: Final = 16
"""Bytes of a note: the place, and whether memory ran out; what follows says of a time-out."""


@dataclass(slots=True)
class Note:
    """The note of the job that this thread does; nothing is noted where there is no file."""

    descriptor: int = -1
    cells: memoryview = field(default_factory=lambda: memoryview(bytearray(_SIZE)).cast("q"))
    """The place that the job is at, and whether memory has run out since it began."""

    def lacks_memory(self) -> None:
        """Note that memory has run out: the process may not live to say so."""
        self.cells[1] = 1


class _Of(threading.local):
    note: Note | None = None


_of_thread: Final = _Of()


def current() -> Note:
    """Return the note of this thread; one without a file where it does no noted job."""
    return _of_thread.note or Note()


@contextmanager
def noted(folder: Path, job: str) -> Iterator[None]:
    """Note that this thread does a job.

    Args:
        folder: of the notes; made where it is missing.
        job: name of the job, without dots.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{job}.{os.getpid()}-{uuid4().hex[:8]}"
        note = _opened(path)
    except OSError:  # a full disk: the work itself will say so
        yield
        return
    _of_thread.note = note
    try:
        yield
    finally:
        _of_thread.note = None
        with suppress(OSError):
            path.unlink()
        os.close(note.descriptor)


def _opened(path: Path) -> Note:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        # Written, not only made that long: a store to a page without a block on a full disk kills.
        os.write(descriptor, NOWHERE.to_bytes(_CELL, "little", signed=True))
        os.write(descriptor, bytes(_SIZE - _CELL))
        cells = memoryview(mmap.mmap(descriptor, _SIZE)).cast("q")
    except OSError:
        os.close(descriptor)
        path.unlink()
        raise
    return Note(descriptor, cells)


@dataclass(frozen=True, slots=True)
class Kill:
    """What is known of a job whose worker process ended under it."""

    kills: int
    """How many processes ended while they did it."""
    place: int = NOWHERE
    """Place in the job of the file that the last of them was at."""
    timed_out: bool = False
    """The process ended itself, because a file took too long."""
    memory: bool = False
    """It was ended because it took too much memory."""

    @property
    def reason(self) -> str:
        """Return what `files.reason` says of the file."""
        return "timeout" if self.timed_out else "memory" if self.memory else "crashed"


def take_notes(folder: Path, job: str) -> Kill:
    """Return what the processes that died while they did a job have noted, and forget it."""
    found = []
    with suppress(OSError):
        found = [each for each in folder.iterdir() if each.name.startswith(f"{job}.")]
    kills, place, timed_out, memory = 0, NOWHERE, False, False
    for path in found:
        with suppress(OSError):
            data = path.read_bytes()
            path.unlink()
            kills += 1
            timed_out |= len(data) > _SIZE
            memory |= any(data[_CELL:_SIZE])
            place = max(place, int.from_bytes(data[:_CELL], "little", signed=True))
    return Kill(kills, place, timed_out, memory)
