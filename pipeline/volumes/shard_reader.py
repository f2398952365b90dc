"""Shards of an array, read ahead: one is decoded while the one before is looked at.

Two slabs of memory and one shard's bytes, whatever the length of the series. The format is that of
`shards`; zarr-python reads the same voxels, but holds every chunk of a shard twice.
"""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import google_crc32c
import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.volumes.shards import (
    ENTRY,
    UINT32,
    Layout,
    Triple,
    chunk_places,
    shard_path,
)

Array = npt.NDArray[Any]

_DECODED_BYTES: Final = 4
"""Where a buffer of blosc says how many bytes it decodes to."""


def read_shards(
    array: Path, plan: Layout, *, threads: int, digests: Sequence[str] | None = None
) -> Iterator[tuple[int, Array]]:
    """Yield slabs [slices, rows, columns] with their first slice, in order.

    A slab is overwritten once the next but one is asked for: whoever wants it longer copies it.

    Args:
        array: folder of the array.
        plan: how it is cut.
        threads: that decode.
        digests: sha256 that the file of each shard must have.

    Raises:
        ValueError: a shard is not whole, or not the one of its digest.
        RuntimeError: a chunk cannot be decoded.
        OSError: a shard is missing or cannot be read.
    """
    slabs = plan.slabs()
    memory = [np.empty((plan.shards[0], *plan.shape[1:]), plan.dtype) for _ in slabs[:2]]
    # Never on the caller's thread, where blosc would use threads of its own.
    with ThreadPoolExecutor(threads, thread_name_prefix="chunks") as pool:

        def begin(index: int) -> list[Future[None]]:
            start, stop = slabs[index]
            shard = shard_path(array, index).read_bytes()
            if digests is not None and hashlib.sha256(shard).hexdigest() != digests[index]:
                raise ValueError("another shard than the one that was written")
            slab = memory[index % 2][: stop - start]
            places = list(_places(shard, plan, slab.shape))
            return [pool.submit(_decode, shard, *each, plan, slab) for each in places]

        decoding = begin(0)
        for index, (start, stop) in enumerate(slabs):
            for each in decoding:
                each.result()
            decoding = begin(index + 1) if index + 1 < len(slabs) else []
            yield start, memory[index % 2][: stop - start]


def _places(
    shard: bytes, plan: Layout, shape: tuple[int, ...]
) -> Iterator[tuple[Triple, tuple[int, int]]]:
    """Yield the place of each chunk of a shard that touches the array, with its span of bytes."""
    depth, rows, columns = plan.grid
    size = depth * rows * columns * ENTRY.size
    index, said = shard[-size - UINT32.size : -UINT32.size], shard[-UINT32.size :]
    if len(index) != size or said != UINT32.pack(google_crc32c.value(index)):
        raise ValueError("the index of a shard is damaged")
    entries = list(ENTRY.iter_unpack(index))
    for z, y, x in chunk_places(plan.grid, plan.chunks, shape):
        start, length = entries[(z * rows + y) * columns + x]
        if start + length > len(shard) - size - UINT32.size:
            raise ValueError("a chunk is missing")
        yield (z, y, x), (start, length)


def _decode(shard: bytes, place: Triple, span: tuple[int, int], plan: Layout, out: Array) -> None:
    """Decode one chunk into its place in a slab."""
    from numcodecs.blosc import Blosc  # type: ignore[import-untyped]  # noqa: PLC0415  (no types; only where voxels are read)

    start, length = span
    decoded = np.empty(plan.chunks, plan.dtype)
    if UINT32.unpack_from(shard, start + _DECODED_BYTES) != (decoded.nbytes,):
        raise ValueError("a chunk of another size")
    # A buffer of blosc says itself how it was made.
    Blosc().decode(memoryview(shard)[start : start + length], decoded)
    inside = out[tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, plan.chunks, strict=True))]
    inside[...] = decoded[tuple(slice(0, n) for n in inside.shape)]
