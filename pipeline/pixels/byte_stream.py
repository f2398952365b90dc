"""Forward-only bytes of a data set, from a file or inflated from one, in bounded memory."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, Protocol

CHUNK: Final = 1 << 20
"""Most bytes held of a value at once."""


class BrokenDataSetError(Exception):
    """The bytes are no data set that can be walked to its end, or go beyond a limit."""


class Readable(Protocol):
    """What gives bytes one after another; fewer than asked for only at the end."""

    def read(self, count: int, /) -> bytes:
        """Return the next `count` bytes."""


class Inflated:
    """The data set of a deflated file (PS3.5 section A.5), never longer than a cap."""

    def __init__(self, file: BinaryIO, cap: int) -> None:
        self._file = file
        self._left = cap
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._ready = b""

    def read(self, count: int, /) -> bytes:
        """Return the next inflated bytes.

        Raises:
            BrokenDataSetError: the stream is damaged or inflates beyond the cap.
        """
        parts = [self._ready]
        held = len(self._ready)
        while held < count and (more := self._more()):
            parts.append(more)
            held += len(more)
        joined = b"".join(parts)
        self._ready = joined[count:]
        return joined[:count]

    def _more(self) -> bytes:
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(CHUNK)
            try:
                plain = self._inflate.decompress(packed, CHUNK) if packed else self._inflate.flush()
            except zlib.error:
                raise BrokenDataSetError("damaged deflate stream") from None
            self._left -= len(plain)
            if self._left < 0:
                raise BrokenDataSetError("inflates beyond the cap")
            if plain or not packed:
                return plain
        return b""


class ByteStream:
    """Bytes read once, front to back, with the position counted and one look ahead."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._ahead = b""
        self.position = 0

    def peek(self, count: int) -> bytes:
        """Return up to `count` bytes without passing them."""
        if len(self._ahead) < count:
            self._ahead += self._source.read(count - len(self._ahead))
        return self._ahead[:count]

    def take(self, count: int) -> bytes:
        """Return up to `count` bytes; fewer only at the end of the stream."""
        taken = self._ahead[:count]
        self._ahead = self._ahead[count:]
        if len(taken) < count:
            taken += self._source.read(count - len(taken))
        self.position += len(taken)
        return taken

    def exactly(self, count: int) -> bytes:
        """Return `count` bytes, at most a few chunks of them.

        Raises:
            BrokenDataSetError: the stream ends before.
        """
        taken = self.take(count)
        if len(taken) < count:
            raise BrokenDataSetError("ends inside an element")
        return taken

    def chunks(self, count: int) -> Iterator[bytes]:
        """Yield the next `count` bytes in pieces; fewer where the stream ends before."""
        while count:
            piece = self.take(min(count, CHUNK))
            if not piece:
                return
            count -= len(piece)
            yield piece

    def skip(self, count: int) -> None:
        """Pass over up to `count` bytes."""
        for _ in self.chunks(count):
            pass
