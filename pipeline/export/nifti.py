"""Volumes as NIfTI-1 (NIfTI-2 where an axis is longer than 32,767), in RAS, as they are stored.

Values are not scaled and voxels not moved: the file holds the bytes of the array [z, y, x], which
NIfTI calls (x, y, z) with x fastest. What turns is the affine alone. The sform (code 1, scanner)
always tells the whole of it; the qform can hold no shear, and where it would put a voxel elsewhere
its code is 0, "do not use".
"""

import gzip
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.export.format import BLOCK, Slab, Voxels, digest_of

_LONGEST_1: Final = 32_767
_SCANNER: Final = 1
_UNKNOWN: Final = 0
_EXTENSIONS: Final = b"\0\0\0\0"
"""No header extensions follow."""
_TOLERANCE_MM: Final = 0.01
_TOLERANCE_FRACTION: Final = 0.01
_LEVEL: Final = 1
"""Of gzip, as nibabel's: level 6 takes three times as long for a file 5 % smaller."""


class Nifti:
    """NIfTI, compressed where the name ends in `.gz`."""

    def __init__(self, suffix: str = ".nii.gz") -> None:
        self.suffix: Final = suffix

    def write(self, target: Path, voxels: Voxels, slabs: Iterable[Slab]) -> None:
        """Write the array; the arguments are those of `Format.write`."""
        with _writing(target) as file:
            file.write(header_bytes(voxels))
            for _, slab in slabs:
                file.write(slab.reshape(-1).data)

    def holds(self, target: Path, voxels: Voxels) -> bool:
        """Return whether a file has this header and these voxels, and nothing after them."""
        wanted = header_bytes(voxels)
        try:
            with _reading(target) as file:
                same = file.read(len(wanted)) == wanted
                return same and digest_of(_blocks(file)) == voxels.sha256
        except (OSError, EOFError, zlib.error):
            return False


def affine_ras(affine_lps: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return an affine, 4 x 4, that leads to RAS instead of LPS: first two rows negated."""
    affine = np.array(affine_lps, np.float64).reshape(4, 4)
    affine[:2] *= -1
    return affine + 0.0  # no negative zeros


def header_bytes(voxels: Voxels) -> bytes:
    """Return what stands in a file before the voxels."""
    from nibabel.nifti1 import Nifti1Header  # noqa: PLC0415  (only where NIfTI is asked for)
    from nibabel.nifti2 import Nifti2Header  # noqa: PLC0415  (as above)

    kind = Nifti1Header if max(voxels.shape) <= _LONGEST_1 else Nifti2Header
    header: Any = kind(endianness="<")  # type: ignore[no-untyped-call]  # nibabel is typed in part
    affine = affine_ras(voxels.affine_lps)
    header.set_data_dtype(voxels.dtype)
    header.set_data_shape(voxels.shape[::-1])
    header.set_sform(affine, code=_SCANNER)
    header.set_qform(affine, code=_SCANNER, strip_shears=True)
    if voxels.sheared or not _same_place(header, voxels):
        header.set_qform(None, code=_UNKNOWN)
    header.set_xyzt_units(xyz="mm")
    header.set_slope_inter(1, 0)
    header.set_data_offset(len(header.binaryblock) + len(_EXTENSIONS))
    return bytes(header.binaryblock) + _EXTENSIONS


def _same_place(header: Any, voxels: Voxels) -> bool:
    """Return whether the qform of a header puts the corners of the grid where the affine does."""
    affine = affine_ras(voxels.affine_lps)
    ends = [(0, length - 1) for length in voxels.shape[::-1]]
    corners = np.array([(*corner, 1) for corner in product(*ends)], np.float64)
    apart = corners @ (header.get_qform() - affine).T[:, :3]
    step = float(np.linalg.norm(affine[:3, 2]))
    tolerance = max(_TOLERANCE_MM, _TOLERANCE_FRACTION * step)
    return bool(np.linalg.norm(apart, axis=1).max() <= tolerance)


@contextmanager
def _writing(target: Path) -> Iterator[IO[bytes]]:
    with target.open("wb") as raw:
        if target.suffix != ".gz":
            yield raw
            return
        # No name and no time: the same volume is the same file.
        with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # GzipFile has all of IO[bytes] that is used here


@contextmanager
def _reading(target: Path) -> Iterator[IO[bytes]]:
    if target.suffix == ".gz":
        with gzip.open(target) as packed:
            yield packed  # type: ignore[misc]  # as above
    else:
        with target.open("rb") as raw:
            yield raw


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(BLOCK):
        yield block
