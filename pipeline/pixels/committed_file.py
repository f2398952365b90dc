"""Opening a file whose pixels are to be read: only the one that was committed."""

import os

from dicomlake.pipeline.discovery.walk import stored_ns
from dicomlake.pipeline.pixels.frame import PixelDataError, StoredFrame

# A FIFO that took the file's place must not block.
_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


def open_committed(path: bytes, frame: StoredFrame) -> int:
    """Return a descriptor of the file that holds a frame; the caller closes it.

    Raises:
        PixelDataError: `missing`, `unreadable`, or `changed` since it was committed.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except FileNotFoundError as error:
        raise PixelDataError("missing") from error
    except OSError as error:
        raise PixelDataError("unreadable") from error
    try:
        _check(descriptor, frame)
    except PixelDataError:
        os.close(descriptor)
        raise
    return descriptor


def _check(descriptor: int, frame: StoredFrame) -> None:
    try:
        state = os.fstat(descriptor)
    except OSError as error:
        raise PixelDataError("unreadable") from error
    if state.st_size != frame.size or stored_ns(state.st_mtime_ns) != frame.mtime_ns:
        raise PixelDataError("changed")


def read_exactly(descriptor: int, offset: int, count: int) -> bytes:
    """Return `count` bytes at an offset.

    Raises:
        PixelDataError: `truncated` where the file ends before, or `unreadable`.
    """
    try:
        found = os.pread(descriptor, count, offset)
        while len(found) < count and (more := os.pread(descriptor, count - len(found),
                                                       offset + len(found))):  # fmt: skip
            found += more
    except OSError as error:
        raise PixelDataError("unreadable") from error
    if len(found) < count:
        raise PixelDataError("truncated")
    return found
