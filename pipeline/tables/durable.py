"""Files that survive a crash whole: synced before they are named, named in one step.

The only code that decides what happens where a file system has no hard links or symbolic links.
"""

import errno
import os
import shutil
from pathlib import Path
from typing import Final

from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import Access

NO_LINKS: Final = frozenset(
    {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV}
)
"""Errors of link and symlink that mean: this file system does not do that."""

_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the disk failed. A file system that cannot sync folders is no failure.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def write_synced(path: Path, data: bytes, access: Access, point: str = "") -> None:
    """Write a new file and make its bytes durable; nothing of it stays on an error.

    Args:
        path: must not exist.
        data: what the file holds.
        access: permission bits and group of the file.
        point: prefix of the fault points passed (`.open`, `.write`, `.sync`); empty for none.
    """
    if point:
        reach(f"{point}.open")
    descriptor = access.create(path)
    try:
        with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123  (a descriptor)
            middle = len(data) // 2
            write_all(file.fileno(), data[:middle])
            if point:
                reach(f"{point}.write")
            write_all(file.fileno(), data[middle:])
            if point:
                reach(f"{point}.sync")
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write bytes to an open file, however many a call takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def same_file(first: Path, second: Path) -> bool:
    """Return whether two names are one file; False where either is missing."""
    try:
        return first.stat().st_ino == second.stat().st_ino and os.path.samefile(first, second)  # noqa: PTH121  (device too)
    except FileNotFoundError:
        return False


def put_if_absent(temporary: Path, target: Path) -> bool:
    """Give a synced file its final name unless the name is taken; the name appears whole.

    An error of `link` is not believed before the inodes are compared: over a network the reply of
    a link that succeeded can be lost.

    Returns:
        True when `target` is now our file, False when somebody else's has the name.

    Raises:
        OSError: neither; `NO_LINKS` among its numbers says there are no hard links here.
    """
    try:
        os.link(temporary, target)
    except OSError as error:
        if same_file(temporary, target):
            return True
        if isinstance(error, FileExistsError) or target.exists():
            return False
        raise
    return True


def copy_synced(source: Path, target: Path, access: Access) -> None:
    """Copy a file to a new name and make the copy durable."""
    descriptor = access.create(target)
    try:
        with source.open("rb") as reader, open(descriptor, "wb") as writer:  # noqa: PTH123  (a descriptor)
            shutil.copyfileobj(reader, writer, 1 << 20)
            writer.flush()
            os.fsync(writer.fileno())
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def link_or_copy(source: Path, target: Path, fresh: Path, access: Access) -> None:
    """Give an immutable part a second name.

    A part with as many links as the file system allows (65,000 on ext4) is replaced by a fresh
    copy of itself, which takes the further links. Without hard links the target is a copy.

    Args:
        source: the part in `data/`.
        target: its name in a snapshot.
        fresh: a free temporary name beside `source`.
        access: permission bits and group of a copy.
    """
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno != errno.EMLINK and error.errno not in NO_LINKS:
            raise
        full = error.errno == errno.EMLINK
    else:
        return
    copy_synced(source, fresh, access)
    if full:
        fresh.replace(source)
        os.link(source, target)
    else:
        fresh.replace(target)
