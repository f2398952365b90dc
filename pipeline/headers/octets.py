"""The bytes of a header, read as far as they are asked for and never beyond a limit."""

import os
import zlib
from typing import Final, Protocol

FIRST_READ: Final = 16_384
"""Bytes read when a file is opened: most headers and not much more."""

_CHUNK: Final = 1 << 20
_INFLATE_CHUNK: Final = 1 << 16


class RejectedHeaderError(Exception):
    """A header that cannot be used: why, as in `files.reason`, and where."""

    def __init__(self, reason: str, tag: int = -1, detail: str | None = None) -> None:
        super().__init__(reason, tag, detail)
        self.reason = reason
        self.tag = tag
        self.detail = detail


class Octets(Protocol):
    """A growing piece of bytes from the start of a file or of a data set."""

    data: bytes

    def ensure(self, end: int) -> bool:
        """Read on until `data` has `end` bytes; False when there are not as many.

        Raises:
            RejectedHeaderError: `end` is beyond the limit of a header.
            OSError: the file cannot be read.
        """

    @property
    def size(self) -> int:
        """Return how many bytes there are in all."""


class FileOctets:
    """The bytes of an open file."""

    def __init__(self, descriptor: int, size: int, limit: int) -> None:
        """Start with nothing read.

        Args:
            descriptor: an open file, read with `pread`.
            size: its size in bytes.
            limit: most bytes that may be read.
        """
        self._descriptor = descriptor
        self._limit = limit
        self.size = size
        self.data = b""

    def ensure(self, end: int) -> bool:
        """Read on until `data` has `end` bytes, doubling what is there."""
        if end <= len(self.data):
            return True
        if end > self.size:
            return False
        if end > self._limit:
            raise RejectedHeaderError("too_large", detail=f"header beyond {self._limit} bytes")
        self._read_to(min(self.size, self._limit, max(end, 2 * len(self.data), FIRST_READ)))
        return len(self.data) >= end

    def _read_to(self, end: int) -> None:
        if len(self.data) >= end:
            return
        parts = [self.data]
        have = len(self.data)
        while have < end:
            part = os.pread(self._descriptor, min(end - have, _CHUNK), have)
            if not part:  # cut shorter since it was opened; the status afterwards tells
                break
            parts.append(part)
            have += len(part)
        self.data = b"".join(parts)


class InflatedOctets:
    """The data set of a deflated transfer syntax (PS3.5 section A.5), inflated as needed."""

    def __init__(self, file: "FileOctets", descriptor: int, start: int, limit: int) -> None:
        """Start with nothing inflated.

        Args:
            file: the file, of which `start` bytes are file meta.
            descriptor: the open file.
            start: offset of the deflated bytes.
            limit: most bytes of the header.
        """
        self._descriptor = descriptor
        self._at = start
        self._end = file.size
        self._limit = limit
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self.data = b""
        self.total = 0
        self.complete = True
        """Whether the stream ended where it should, as far as it was inflated."""

    @property
    def size(self) -> int:
        """Return how many bytes were inflated; all of them once `ensure` said False."""
        return self.total

    def ensure(self, end: int) -> bool:
        """Inflate on until `data` has `end` bytes."""
        if end <= len(self.data):
            return True
        parts = [self.data]
        while self.total < min(end, self._limit + 1):
            part = self._inflate()
            if not part:
                break
            parts.append(part)
        self.data = b"".join(parts)
        if len(self.data) > self._limit:
            raise RejectedHeaderError("too_large", detail=f"header beyond {self._limit} bytes")
        return len(self.data) >= end

    def drain(self, cap: int) -> None:
        """Inflate what follows the header and forget it, so that a bomb is found.

        Raises:
            RejectedHeaderError: the data set has more than `cap` bytes.
        """
        while self.total <= cap:
            if not self._inflate():
                return
        raise RejectedHeaderError("too_large", detail=f"data set beyond {cap} bytes")

    def _inflate(self) -> bytes:
        """Return the next bytes, nothing at the end of the stream or where it is broken."""
        while not self._inflater.eof:
            deflated = self._inflater.unconsumed_tail
            if not deflated:
                length = min(_INFLATE_CHUNK, self._end - self._at)
                deflated = os.pread(self._descriptor, length, self._at) if length > 0 else b""
                self._at += len(deflated)
                if not deflated:
                    self.complete = False
                    return b""
            try:
                part = self._inflater.decompress(deflated, _CHUNK)
            except zlib.error:
                self.complete = False
                self._at = self._end
                return b""
            if part:
                self.total += len(part)
                return part
        return b""
