"""Shards of an array, written as zarr-python writes them, each read back before it counts.

The format is the `sharding_indexed` codec of Zarr v3 over blosc: chunks in Morton order, then an
index of their places with its CRC-32C. The bytes are those of zarr-python itself (a test holds them
against each other). Written here because every chunk is then encoded, read back and compared while
it is in the processor's cache, and a shard is one file written once.
"""

import hashlib
import os
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import google_crc32c
import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import Access

if TYPE_CHECKING:
    from dicomlake.config.settings import VolumeSettings

Array = npt.NDArray[Any]
Triple = tuple[int, int, int]

_THREADS: Final = 2
"""Threads that encode and compare chunks where a run is one process; the bytes do not depend on it.
"""
ENTRY: Final = struct.Struct("<QQ")
"""Start and length of a chunk in the index of a shard."""
UINT32: Final = struct.Struct("<I")
"""The CRC-32C behind the index (RFC 3720, section 12.1)."""
_ABSENT: Final = (1 << 64) - 1
"""Place and length of a chunk that lies outside the array."""
_SHUFFLES: Final = {"shuffle": 1, "bitshuffle": 2}


@dataclass(frozen=True, slots=True)
class Layout:
    """How an array is cut: chunks are read, shards are files. Slices, rows, columns."""

    shape: Triple
    dtype: np.dtype[Any]
    chunks: Triple
    shards: Triple

    def slabs(self) -> list[tuple[int, int]]:
        """Return first and last + 1 slice of each slab, a slab being one shard deep."""
        depth = self.shards[0]
        return [
            (start, min(start + depth, self.shape[0])) for start in range(0, self.shape[0], depth)
        ]

    @property
    def grid(self) -> Triple:
        """Return how many chunks a shard has along each axis."""
        depth, rows, columns = (s // c for s, c in zip(self.shards, self.chunks, strict=True))
        return depth, rows, columns


def fill_value(dtype: np.dtype[Any]) -> float:
    """Return what a lost chunk reads back as, and a filled voxel holds: no plausible value."""
    return {"i": -32_768, "u": 255}.get(dtype.kind, float("nan"))


def shard_path(array: Path, index: int) -> Path:
    """Return the file of a shard: arrays are cut along the slices only."""
    return array / "c" / str(index) / "0" / "0"


def usual_threads() -> int:
    """Return how many threads work on chunks: one in a worker, whose share is one core.

    Workers are told by the variable that blosc has for it.
    """
    said = os.environ.get("BLOSC_NTHREADS", "")
    return min(_THREADS, max(1, int(said))) if said.isdecimal() else _THREADS


class ShardWriter:
    """Writes the shards of one array whose metadata stand; slabs in any order, each once."""

    def __init__(
        self,
        array: Path,
        plan: Layout,
        settings: "VolumeSettings",
        access: Access,
        *,
        digests: bool = False,
    ) -> None:
        """Start the threads.

        Args:
            array: folder of the array.
            plan: how it is cut.
            settings: codec of the chunks.
            access: permission bits and group of every file.
            digests: whether the digests of shards are wanted.
        """
        from numcodecs.blosc import (  # type: ignore[import-untyped]  # noqa: PLC0415  (no types; only where voxels are written)
            Blosc,
        )

        self._array = array
        self._plan = plan
        self._fill = fill_value(plan.dtype)
        self._access = access
        self._codec = Blosc(
            cname=settings.codec,
            clevel=settings.codec_level,
            shuffle=_SHUFFLES[settings.codec_shuffle],
            typesize=plan.dtype.itemsize,
        )
        # Never on the main thread, where blosc would use threads of its own.
        self._pool = ThreadPoolExecutor(usual_threads(), thread_name_prefix="chunks")
        self._synced: list[Future[None]] = []
        self._wants_digests = digests
        self.digests: list[str] = []
        """sha256 of the file of each shard where wanted, in the order in which they were written.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the threads once they have done what they began."""
        # Nothing is cancelled: it is a slab at most, and each sync closes its file.
        self._pool.shutdown()

    def begin(self, slab: Array) -> "list[Future[bytes]]":
        """Start to encode a slab [slices, rows, columns], of the array's type, C-order."""
        places = chunk_places(self._plan.grid, self._plan.chunks, slab.shape)
        return [self._pool.submit(self._encode, slab, place) for place in places]

    def finish(self, index: int, slab: Array, encoding: "Sequence[Future[bytes]]") -> None:
        """Write a slab whose encoding was begun as shard `index`, and read it back.

        Raises:
            CorruptLakeError: what is read back is not the slab.
        """
        encoded = [each.result() for each in encoding]
        path = shard_path(self._array, index)
        path.parent.mkdir(parents=True, exist_ok=True)
        places = chunk_places(self._plan.grid, self._plan.chunks, slab.shape)
        spans = list(_spans(encoded))
        # Named once it is whole, and written outside the group: of a process that was killed
        # nothing but whole shards is ever in it.
        partial = self._array.parents[1] / f".{os.getpid()}-{os.urandom(4).hex()}"
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            digest = hashlib.sha256()
            for piece in (*encoded, _index(self._plan.grid, places, spans)):
                _write_all(descriptor, piece)
                if self._wants_digests:
                    digest.update(piece)
            del encoded
            self._require_same(descriptor, spans, slab, places)
            self._access.apply(descriptor)
        except BaseException:
            os.close(descriptor)
            partial.unlink(missing_ok=True)
            raise
        partial.rename(path)
        if self._wants_digests:
            self.digests.append(digest.hexdigest())
        self._synced.append(self._pool.submit(_sync, descriptor))

    def write(self, index: int, slab: Array) -> None:
        """Write a slab as shard `index` and read it back.

        Raises:
            CorruptLakeError: what is read back is not the slab.
        """
        self.finish(index, slab, self.begin(slab))

    def wait(self) -> None:
        """Return once every shard is durable.

        Raises:
            OSError: the disk failed.
        """
        for each in self._synced:
            each.result()
        self._synced.clear()

    def _encode(self, slab: Array, place: Triple) -> bytes:
        chunk = _chunk(slab, place, self._plan.chunks)
        if chunk.shape != self._plan.chunks:
            whole = np.full(self._plan.chunks, self._fill, self._plan.dtype)
            whole[tuple(slice(0, n) for n in chunk.shape)] = chunk
            chunk = whole
        encoded: bytes = self._codec.encode(np.ascontiguousarray(chunk))
        return encoded

    def _require_same(
        self,
        descriptor: int,
        spans: Sequence[tuple[int, int]],
        slab: Array,
        places: Sequence[Triple],
    ) -> None:
        """Read back every chunk and see that it is the slab's."""
        compared = [
            self._pool.submit(self._same, descriptor, span, slab, place)
            for span, place in zip(spans, places, strict=True)
        ]
        # All are waited for: the descriptor must outlive them.
        if not all([each.result() for each in compared]):  # noqa: C419  (as above)
            raise not_what_was_written()

    def _same(self, descriptor: int, span: tuple[int, int], slab: Array, place: Triple) -> bool:
        """Return whether the chunk that stands in the file is that of the slab, bit for bit."""
        start, length = span
        decoded = np.empty(self._plan.chunks, self._plan.dtype)
        try:
            self._codec.decode(os.pread(descriptor, length, start), decoded)
        except (RuntimeError, ValueError):
            return False
        bits = f"u{self._plan.dtype.itemsize}"
        chunk = _chunk(slab, place, self._plan.chunks).view(bits)
        inside = decoded.view(bits)[tuple(slice(0, n) for n in chunk.shape)]
        return np.array_equal(inside, chunk)


def not_what_was_written() -> CorruptLakeError:
    """Return the error of a volume that does not read back."""
    return CorruptLakeError(
        "A volume read back is not what was written; nothing was committed.",
        "Check the disk and the memory of this machine, then run again.",
    )


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    reach("shard.write")
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _chunk(slab: Array, place: Triple, chunks: Triple) -> Array:
    return slab[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunks, strict=True))]


def _spans(encoded: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    start = 0
    for each in encoded:
        yield start, len(each)
        start += len(each)


def chunk_places(grid: Triple, chunks: Triple, shape: Sequence[int]) -> tuple[Triple, ...]:
    """Return the places of a shard's chunks that touch the array, in Morton order.

    Args:
        grid: chunks of a shard along each axis.
        chunks: shape of a chunk.
        shape: part of the shard that lies in the array.
    """
    used = [-(-n // c) for n, c in zip(shape, chunks, strict=True)]
    return tuple(
        place for place in _morton(grid) if all(p < n for p, n in zip(place, used, strict=True))
    )


@lru_cache(maxsize=16)
def _morton(grid: Triple) -> tuple[Triple, ...]:
    """Return all places of a grid in compressed Morton order, the first axis' bits lowest."""
    bits = [(n - 1).bit_length() for n in grid]

    def code(place: Triple) -> int:
        interleaved, to = 0, 0
        for level in range(max(bits)):
            for p, n in zip(place, bits, strict=True):
                if level < n:
                    interleaved |= (p >> level & 1) << to
                    to += 1
        return interleaved

    return tuple(sorted(((z, y, x) for z, y, x in product(*map(range, grid))), key=code))


def _index(grid: Triple, places: Sequence[Triple], spans: Sequence[tuple[int, int]]) -> bytes:
    """Return the index of a shard: start and length of each chunk in C order, and its CRC-32C."""
    entries = [(_ABSENT, _ABSENT)] * (grid[0] * grid[1] * grid[2])
    for (z, y, x), span in zip(places, spans, strict=True):
        entries[(z * grid[1] + y) * grid[2] + x] = span
    packed = b"".join(ENTRY.pack(*entry) for entry in entries)
    return packed + UINT32.pack(google_crc32c.value(packed))
