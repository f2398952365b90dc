"""The content of a file, as two files that claim one SOP Instance UID are compared by.

Content is all attributes but the file meta information, and the pixels; transfer syntax and file
bytes do not count. Pixels are compared by value, those of lossless syntaxes decoded. Lossy or
undecodable ones are compared by their bytes, so that equal ones are equal and others undecided.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from dicomlake.pipeline.discovery.paths import decode_path
from dicomlake.pipeline.discovery.sniff import SNIFF_BYTES, Encoding, recognised
from dicomlake.pipeline.discovery.walk import stored_ns
from dicomlake.pipeline.headers.transfer_syntax import (
    DEFLATED,
    IMPLICIT_LITTLE_UID,
    declared_encoding,
)
from dicomlake.pipeline.headers.watch import TimeLimitError, watched
from dicomlake.pipeline.pixels.byte_stream import (
    CHUNK,
    BrokenDataSetError,
    ByteStream,
    Inflated,
    Readable,
)
from dicomlake.pipeline.pixels.data_set_digest import (
    CONTENT_DATE,
    CONTENT_TIME,
    DataSetDigest,
    DataSetWalker,
)
from dicomlake.pipeline.pixels.decoded_digest import ContentJob, decoded_pixels
from dicomlake.pipeline.pixels.file_meta import file_meta
from dicomlake.pipeline.pixels.frame import PixelDataError

_LEAST_BYTES_PER_S: Final = 1e6
"""Pace at which a file must be read and decoded, beyond the time that its header may take."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file as digests (hex); None throughout where it could not be read."""

    file_id: str
    attributes_sha256: str | None = None
    pixels_sha256: str | None = None
    pixels_comparable: bool = True
    """False: other pixel bytes may still be the same pixels."""
    content_sha256: str | None = None
    content_date: str = ""
    """Content Date as YYYYMMDD; empty where it is absent or malformed."""
    content_time: str = ""
    """Content Time as HHMMSS.FFFFFF, missing parts as zeros; empty as above."""
    fault: str = ""
    """Why it could not be read, a reason outside the file: vanished, permission, unstable, …"""


def read_content(job: ContentJob) -> Content:
    """Read a whole file, in bounded memory, and return its content.

    A data set that cannot be walked (damaged behind its header, over a limit, too slow) is compared
    by its bytes. Never raises for what a file holds or for a file that is gone.
    """
    limit_s = job.settings.headers.read_timeout_s
    if limit_s:
        limit_s += job.size / _LEAST_BYTES_PER_S
    with watched(limit_s) as watch:
        try:
            return watch.do(_read_values, job)
        except (TimeLimitError, MemoryError):
            pass
    return read_bytes(job)


def read_bytes(job: ContentJob) -> Content:
    """Read a whole file, in bounded memory, and return its content by its bytes alone.

    So is compared what ends the process that looks into it. Never raises for a file that is gone.
    """
    return _read(job, lambda job, file: _with_digests(Content(job.file_id), _by_bytes(file, "")))


def _read_values(job: ContentJob) -> Content:
    return _read(job, _content)


def _read(job: ContentJob, read: Callable[[ContentJob, BinaryIO], Content]) -> Content:
    try:
        with _opened(job) as file:
            content = read(job, file)
            if not _unchanged(job, os.fstat(file.fileno())):
                return Content(job.file_id, fault="unstable")
            return content
    except FileNotFoundError:
        return Content(job.file_id, fault="vanished")
    except PermissionError:
        return Content(job.file_id, fault="permission")
    except (_ChangedError, PixelDataError):
        return Content(job.file_id, fault="unstable")
    except OSError:
        return Content(job.file_id, fault="io_error")


class _ChangedError(Exception):
    """The file is no longer the one that the ledger knows."""


def _unchanged(job: ContentJob, now: os.stat_result) -> bool:
    found = now.st_size, stored_ns(now.st_mtime_ns)
    return stat.S_ISREG(now.st_mode) and found == (job.size, job.mtime_ns)


@contextmanager
def _opened(job: ContentJob) -> Iterator[BinaryIO]:
    """Open the file of a job; neither a link nor a pipe is ever waited on."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    if not job.settings.discovery.follow_symlinks:
        flags |= os.O_NOFOLLOW
    descriptor = os.open(os.path.join(os.fsencode(job.root), decode_path(job.path)), flags)  # noqa: PTH118  (bytes: names need not be UTF-8)
    with os.fdopen(descriptor, "rb", buffering=CHUNK) as file:
        if not _unchanged(job, os.fstat(descriptor)):
            raise _ChangedError
        yield file


def _content(job: ContentJob, file: BinaryIO) -> Content:
    limits = job.settings.headers
    syntax, start = file_meta(file)
    file.seek(start)
    source: Readable = file
    size = job.size - start
    if syntax in DEFLATED:
        size = limits.max_inflated_bytes
        source = Inflated(file, size)
    stream = ByteStream(source)
    try:
        encoding = _encoding(stream, size, syntax)
        found = DataSetWalker(stream, limits, syntax or IMPLICIT_LITTLE_UID).walk(encoding)
        by_value = decoded_pixels(job, syntax, start, found)
        if by_value is not None:
            found = replace(found, pixels=by_value, comparable=True)
    except BrokenDataSetError:
        file.seek(0)
        found = _by_bytes(file, syntax)
    return _with_digests(Content(job.file_id), found)


def _with_digests(content: Content, found: DataSetDigest) -> Content:
    return replace(
        content,
        attributes_sha256=found.attributes.hex(),
        pixels_sha256=found.pixels.hex(),
        pixels_comparable=found.comparable,
        content_sha256=hashlib.sha256(found.attributes + found.pixels).hexdigest(),
        content_date=_date(found.values.get(CONTENT_DATE, b"")),
        content_time=_time(found.values.get(CONTENT_TIME, b"")),
    )


def _by_bytes(file: BinaryIO, syntax: str) -> DataSetDigest:
    """Return digests of the bytes as they are, for a data set that cannot be walked."""
    digest = hashlib.sha256(b"bytes\0" + syntax.encode() + b"\0")
    while piece := file.read(CHUNK):
        digest.update(piece)
    return DataSetDigest(digest.digest(), digest.digest(), comparable=False)


def _encoding(stream: ByteStream, size: int, syntax: str) -> Encoding:
    """Return how the data set is written, by the rule that its header was read by.

    Raises:
        BrokenDataSetError: it starts as no data set does.
    """
    head = stream.peek(SNIFF_BYTES)
    declared = declared_encoding(syntax)
    whole = len(head) if len(head) < SNIFF_BYTES else size
    found = recognised(head, whole, declared) or declared
    if found is None:
        raise BrokenDataSetError("no data set")
    return found


def _date(raw: bytes) -> str:
    return raw.decode() if re.fullmatch(rb"[0-9]{8}", raw) else ""


def _time(raw: bytes) -> str:
    found = re.fullmatch(rb"([0-9]{2}(?:[0-9]{2}(?:[0-9]{2})?)?)(?:\.([0-9]{1,6}))?", raw)
    if not found or (found[2] and len(found[1]) < len("HHMMSS")):
        return ""
    return f"{found[1].decode():0<6}.{(found[2] or b'').decode():0<6}"


__all__ = ["Content", "ContentJob", "read_bytes", "read_content"]
