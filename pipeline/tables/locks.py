"""Who is writing: one lock for the swap of `current`, and one a writer that names its temporaries.

A temporary is `.tmp-<writer>-…`. A writer holds a flock on `.locks/<writer>` from before its first
temporary until it closes; the kernel drops it when the process dies, however it dies. So a
temporary is dead exactly when its writer's lock is free: no guess by process number, which means
nothing across hosts, containers and restarts.

The lock's file says from which version on its writer may need what older ones hold: a clean-up
leaves these. The folder of a run in staging names its writer.
"""

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from dicomlake.pipeline.tables.layout import LOCKS, TEMPORARY, UNPACKED, Access

_COMMIT: Final = "commit"
_WRITER = re.compile(r"[0-9a-f]{16}")
_TEMPORARY = re.compile(re.escape(TEMPORARY) + r"([0-9a-f]{16})-.+")
_NO_LOCKS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK})
_SWEPT: Final = (".", "data", "versions", "snapshots", "volumes", "staging", UNPACKED)
_OWNER: Final = "writer"
"""File in the folder of a run that names its writer."""

_alive_here: set[str] = set()
"""Writers of this process: some network file systems grant a lock twice to one process."""


def _try_lock(descriptor: int) -> bool | None:
    """Take a lock without waiting; False when another holds it, None without locks here."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return None
        raise
    return True


@contextlib.contextmanager
def commit_lock(lake: Path, access: Access) -> Iterator[None]:
    """Hold the lake's one lock: for swaps of `current`, claims and repairs; waits for it.

    Where the file system has no locks this holds nothing; `swap_current` then relies on looking
    again after it swapped.
    """
    folder = lake / LOCKS
    access.make_folder(folder)
    path = folder / _COMMIT
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, access.file_mode)
    try:
        with contextlib.suppress(PermissionError):
            access.apply(descriptor)  # another account of the group may own it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield
    finally:
        os.close(descriptor)


class Names(Protocol):
    """Who gives out names of temporaries: a writer, or a process that works for one."""

    @property
    def lake(self) -> Path:
        """Return the folder of the lake."""

    @property
    def access(self) -> Access:
        """Return the access that files get."""

    def temporary(self, folder: Path, suffix: str = "") -> Path:
        """Return a free temporary name in a folder of the lake."""


@dataclass(frozen=True, slots=True)
class Delegate:
    """A process that writes for a writer elsewhere; its temporaries die with that writer's lock."""

    lake: Path
    access: Access
    id: str
    """Of the writer."""

    def temporary(self, folder: Path, suffix: str = "") -> Path:
        """Return a free temporary name in a folder of the lake; the writer's names are numbers."""
        return folder / f"{TEMPORARY}{self.id}-w{secrets.token_hex(8)}{suffix}"


class Writer:
    """The identity of one writer: its lock, made when the first temporary is, and its names."""

    def __init__(self, lake: Path, access: Access) -> None:
        self.lake = lake
        self.access = access
        self.id = secrets.token_hex(8)
        self._descriptor = -1
        self._count = 0
        self._needs: int | None = None

    def needs(self, version: int) -> None:
        """Say, before it is read, that this writer needs a version and all newer ones.

        Until it closes, no clean-up takes what they name.
        """
        if self._needs is None or version < self._needs:
            self._needs = version
            if self._descriptor >= 0:
                self._say(self._descriptor)
        if self._descriptor < 0:
            self._take()

    def own(self, folder: Path) -> None:
        """Name this writer in the folder of a run; while it lives no other run touches that."""
        if self._descriptor < 0:
            self._take()
        path = folder / _OWNER
        if not path.exists():
            path.write_text(self.id, encoding="ascii")

    def _say(self, descriptor: int) -> None:
        """Write what is needed into the lock's file, which keeps the time it was made at."""
        times = os.fstat(descriptor)
        with contextlib.suppress(OSError):  # a full disk: who says nothing may need all
            os.pwrite(descriptor, b"%-20d" % (self._needs or 0), 0)
        os.utime(descriptor, ns=(times.st_atime_ns, times.st_mtime_ns))

    def temporary(self, folder: Path, suffix: str = "") -> Path:
        """Return a free temporary name in a folder of the lake; nobody else removes it."""
        if self._descriptor < 0:
            self._take()
        self._count += 1
        return folder / f"{TEMPORARY}{self.id}-{self._count}{suffix}"

    def delegate(self) -> Delegate:
        """Return what another process needs to write for this one."""
        if self._descriptor < 0:
            self._take()
        return Delegate(self.lake, self.access, self.id)

    def _take(self) -> None:
        self.access.make_folder(self.lake / LOCKS)
        path = self.lake / LOCKS / self.id
        while True:
            descriptor = self.access.create(path)
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._needs is not None:
                self._say(descriptor)
            # A sweep that saw the file before it was locked may have taken the name away.
            if path.exists() and os.path.samestat(path.stat(), os.fstat(descriptor)):
                break
            os.close(descriptor)
        self._descriptor = descriptor
        _alive_here.add(self.id)

    def close(self) -> None:
        """Remove what temporaries are left, then the lock. Safe to call twice."""
        if self._descriptor < 0:
            return
        for path, writer in temporaries(self.lake):
            if writer == self.id:
                remove(path)
        (self.lake / LOCKS / self.id).unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1
        _alive_here.discard(self.id)


def is_alive(lake: Path, writer: str) -> bool:
    """Return whether a writer still runs; True where that cannot be known."""
    if writer in _alive_here:
        return True
    try:
        descriptor = os.open(lake / LOCKS / writer, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        return _try_lock(descriptor) is not True
    finally:
        os.close(descriptor)


def owner(folder: Path) -> str | None:
    """Return the writer that the folder of a run names, None where it names none."""
    try:
        text = (folder / _OWNER).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return text if _WRITER.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Live:
    """A writer that runs."""

    since_ns: int
    """When it took its lock, by the clock of the file system."""
    needs: int
    """It may need this version and all newer ones; 0: any."""


def live_writers(lake: Path, but: str = "") -> dict[str, Live]:
    """Return the writers that run, or may do, by id; `but` is left out."""
    try:
        names = os.listdir(lake / LOCKS)  # noqa: PTH208  (names only)
    except FileNotFoundError:
        return {}
    found = {}
    for name in names:
        if name == but or not _WRITER.fullmatch(name) or not is_alive(lake, name):
            continue
        path = lake / LOCKS / name
        try:
            since, text = path.stat().st_mtime_ns, path.read_bytes().strip()
        except FileNotFoundError:
            continue  # it has just ended
        found[name] = Live(since, int(text) if text.isdigit() else 0)
    return found


def temporaries(lake: Path) -> Iterator[tuple[Path, str]]:
    """Yield every temporary of the lake with the writer it belongs to."""
    unpacked = lake / UNPACKED
    sources = unpacked.iterdir() if unpacked.is_dir() else ()
    for folder in (*(lake / name for name in _SWEPT), *sources):
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in entries:
            match = _TEMPORARY.fullmatch(entry.name)
            if match:
                yield Path(entry.path), match[1]


def remove(path: Path) -> None:
    """Remove a file or a folder with all below it, if it is there."""
    try:
        path.unlink()
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        # unlink of a folder: EISDIR on Linux, EPERM on macOS
        shutil.rmtree(path)


def sweep(lake: Path) -> int:
    """Remove the temporaries and locks of writers that died; return how many temporaries."""
    removed = 0
    for path, writer in temporaries(lake):
        if not is_alive(lake, writer):
            remove(path)
            removed += 1
    try:
        names = os.listdir(lake / LOCKS)  # noqa: PTH208  (names only)
    except FileNotFoundError:
        return removed
    for name in names:
        if _WRITER.fullmatch(name):
            _remove_dead_lock(lake / LOCKS / name)
    return removed


def _remove_dead_lock(path: Path) -> None:
    if path.name in _alive_here:
        return
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if _try_lock(descriptor):
            path.unlink(missing_ok=True)  # while locked: its writer, if just born, looks again
    finally:
        os.close(descriptor)
