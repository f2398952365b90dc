"""Volumes as `.npy`: C-order [z, y, x], little-endian, as NumPy maps it into memory."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np

from dicomlake.pipeline.export.format import BLOCK, Slab, Voxels, digest_of


class Npy:
    """NumPy's own format, version 1.0."""

    suffix: Final = ".npy"

    def write(self, target: Path, voxels: Voxels, slabs: Iterable[Slab]) -> None:
        """Write the array; the arguments are those of `Format.write`."""
        copy = np.lib.format.open_memmap(
            target, mode="w+", dtype=voxels.dtype.newbyteorder("<"), shape=voxels.shape
        )
        for start, slab in slabs:
            copy[start : start + len(slab)] = slab
        copy.flush()

    def holds(self, target: Path, voxels: Voxels) -> bool:
        """Return whether a file has this array, in C order."""
        try:
            array = np.load(target, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError):
            return False
        if array.shape != voxels.shape or array.dtype != voxels.dtype.newbyteorder("<"):
            return False
        if not array.flags.c_contiguous:
            return False
        flat = array.reshape(-1).view(np.uint8)
        blocks = (
            np.ascontiguousarray(flat[start : start + BLOCK]).data
            for start in range(0, len(flat), BLOCK)
        )
        return digest_of(blocks) == voxels.sha256
