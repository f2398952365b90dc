"""What a format of exported volumes has to do, and what it is given."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt

Slab = tuple[int, npt.NDArray[Any]]
"""First slice, and voxels [slices, rows, columns], C-order, little-endian."""

BLOCK: Final = 1 << 24
"""Bytes of a file that are read at a time."""


@dataclass(frozen=True, slots=True)
class Voxels:
    """An array [z, y, x] to be exported: its type, where it lies, and its digest."""

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    affine_lps: tuple[float, ...]
    """16 numbers, row by row, from index (column, row, slice) to LPS, mm."""
    sheared: bool
    """Slices drift in their own plane by more than the tolerance."""
    sha256: str
    """Digest of the C-order little-endian array."""

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Self:
        """Return what a row of `volumes` says of its array."""
        depth, rows, columns = row["shape"]
        return cls(
            (depth, rows, columns),
            np.dtype(row["dtype"]),
            tuple(row["affine_lps"]),
            "sheared" in row["flags"],
            row["sha256"],
        )

    @property
    def n_bytes(self) -> int:
        """Return the bytes of the array."""
        return int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize


class Format(Protocol):
    """A format that volumes are exported to, one file each; see `formats.FORMATS`."""

    @property
    def suffix(self) -> str:
        """Return the end of a file's name, with its dot."""
        ...

    def write(self, target: Path, voxels: Voxels, slabs: Iterable[Slab]) -> None:
        """Write a file from slabs in order, in bounded memory; its bytes depend on them alone.

        Args:
            target: a file that does not exist; its name ends in `suffix`.
            voxels: what the slabs are of.
            slabs: the voxels; raises when they are not those of `voxels.sha256`.
        """
        ...

    def holds(self, target: Path, voxels: Voxels) -> bool:
        """Return whether a file is what `write` would write."""
        ...


def temporary(target: Path) -> Path:
    """Return the name that a file has until it is complete."""
    return target.with_name(f".{os.getpid()}.{target.name}")


def digest_of(blocks: Iterable[bytes | memoryview]) -> str:
    """Return the sha256 of blocks of bytes, one after the other."""
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
