"""V17: a volume as a Zarr v3 group, written apart, read back, and only then given its name.

The bytes depend on the voxels, the geometry and the settings alone: no time, path or run stands in
a group, and blosc works on one thread.
"""

import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.tables.durable import sync_folder
from dicomlake.pipeline.tables.layout import Access

if TYPE_CHECKING:
    import zarr

    from dicomlake.config.settings import VolumeSettings

ARRAY: Final = "0"
_LAYER_BYTES: Final = 32 << 20
"""Most bytes of one layer of chunks; chunks of greater matrices get fewer slices."""
_SLAB_BYTES: Final = 16 << 20
"""Bytes that a slab, one shard, is filled up to with whole layers of chunks."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How an array is cut: chunks are read, shards are files. Slices, rows, columns."""

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    chunks: tuple[int, int, int]
    shards: tuple[int, int, int]

    def slabs(self) -> list[tuple[int, int]]:
        """Return first and last + 1 slice of each slab, a slab being one shard deep."""
        edges = [*range(0, self.shape[0], self.shards[0]), self.shape[0]]
        return list(pairwise(edges))


def layout(
    shape: tuple[int, int, int], dtype: np.dtype[Any], wanted: tuple[int, int, int]
) -> Layout:
    """Return how an array is cut, so that a slab stays small whatever the series' size.

    Args:
        shape: slices, rows, columns.
        dtype: of a voxel.
        wanted: chunk of the settings; 0 stands for the whole axis.
    """
    depth, height, width = (
        min(want or axis, axis) for want, axis in zip(wanted, shape, strict=True)
    )
    rows, columns = -(-shape[1] // height) * height, -(-shape[2] // width) * width
    plane = rows * columns * dtype.itemsize
    while depth > 1 and depth * plane > _LAYER_BYTES:
        depth = -(-depth // 2)
    layers = min(max(1, _SLAB_BYTES // (depth * plane)), -(-shape[0] // depth))
    return Layout(shape, dtype, (depth, height, width), (depth * layers, rows, columns))


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: digest of the C-order little-endian array, least and greatest voxel."""

    sha256: str
    least: float
    greatest: float


def write_array(
    group: Path, plan: Layout, slabs: Iterable[npt.NDArray[Any]], settings: "VolumeSettings"
) -> Written:
    """Write array `0` of a new group, slab by slab.

    Args:
        group: folder that does not exist.
        plan: how the array is cut.
        slabs: [slices, rows, columns] each, C-order, in order, one per `plan.slabs()`.
        settings: codec of the chunks.
    """
    array = _create(group, plan, settings)
    digest = hashlib.sha256()
    least, greatest = np.inf, -np.inf
    for (start, stop), slab in zip(plan.slabs(), slabs, strict=True):
        digest.update(slab.reshape(-1).data)
        least, greatest = min(least, float(slab.min())), max(greatest, float(slab.max()))
        array[start:stop] = slab
    return Written(digest.hexdigest(), least, greatest)


def _create(group: Path, plan: Layout, settings: "VolumeSettings") -> "zarr.Array[Any]":
    import zarr  # noqa: PLC0415  (0.35 s of start-up, only where voxels are written)
    from zarr.codecs import BloscCodec  # noqa: PLC0415  (as above)

    codec = BloscCodec(
        typesize=plan.dtype.itemsize,
        cname=settings.codec,
        clevel=settings.codec_level,
        shuffle=settings.codec_shuffle,
    )
    return zarr.create_array(
        zarr.storage.LocalStore(group),
        name=ARRAY,
        shape=plan.shape,
        chunks=plan.chunks,
        shards=plan.shards,
        dtype=plan.dtype,
        compressors=codec,
        fill_value=-32_768 if plan.dtype.kind == "i" else float("nan"),
        dimension_names=("z", "y", "x"),
        zarr_format=3,
        config={"write_empty_chunks": True},
    )


def open_volume(path: Path) -> "zarr.Array[Any]":
    """Return the array [z, y, x] of a volume, to read.

    Raises:
        CorruptLakeError: the volume is missing or its metadata cannot be read.
    """
    import zarr  # noqa: PLC0415  (0.35 s of start-up, only where voxels are read)

    try:
        return zarr.open_array(path / ARRAY, mode="r")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error


def read_slabs(path: Path) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Yield the voxels of a volume in slabs [slices, rows, columns], each with its first slice.

    Slabs are C-order and little-endian; one shard is in memory at a time.

    Raises:
        CorruptLakeError: the volume is missing or cannot be decoded.
    """
    array = open_volume(path)
    depth = (array.shards or array.chunks)[0]
    for start in range(0, array.shape[0], depth):
        try:
            slab = np.asarray(array[start : start + depth])
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise _damaged(path) from error
        yield start, slab.astype(slab.dtype.newbyteorder("<"), order="C", copy=False)


def volume_digest(path: Path) -> str:
    """Return the sha256 of the C-order little-endian array [z, y, x] that a volume holds.

    The hook of `dicomlake verify`.

    Raises:
        CorruptLakeError: the volume is missing or cannot be decoded.
    """
    digest = hashlib.sha256()
    for _, slab in read_slabs(path):
        digest.update(slab.reshape(-1).data)
    return digest.hexdigest()


def _damaged(path: Path) -> CorruptLakeError:
    return CorruptLakeError(
        f"The volume {path.name} is missing or damaged.",
        "`dicomlake verify` names what is damaged; restore it from a backup.",
    )


def describe(group: Path, attributes: Mapping[str, Any]) -> None:
    """Write the attributes of a group whose array stands."""
    import zarr  # noqa: PLC0415  (0.35 s of start-up, only where voxels are written)

    zarr.open_group(group, mode="r+").update_attributes(dict(attributes))


def publish(group: Path, target: Path, access: Access) -> Path:
    """Give a finished group its name for good; return it.

    What stands is never touched, an older version may name it: a volume with the same bytes is kept
    and used; beside one with other bytes (a corrected header under the same UIDs, other chunks, or
    damage) the new one stands under a name that its own digest tells apart.

    Args:
        group: the finished group, on the same file system.
        target: the name it should have, below `volumes/`.
        access: permission bits and group of everything in it.
    """
    access.make_folder(target.parent)
    _settle(group, access)
    name = target
    if not _claim(group, name):
        name = target.with_name(f"{target.stem}-{_digest(group)}.zarr")
        if not _claim(group, name):
            raise CorruptLakeError(
                f"The volume {name.name} stands and is damaged; nothing was committed.",
                "`dicomlake verify` says how; move it away, then run again.",
            )
    shutil.rmtree(group, ignore_errors=True)
    sync_folder(target.parent)
    return name


def _claim(group: Path, name: Path) -> bool:
    """Return whether the name now holds this group's bytes: just renamed, or there before."""
    if not name.exists():
        try:
            group.rename(name)
        except OSError:
            # Another run published a volume of this name in between: compare with that one.
            if not name.exists():
                raise
        else:
            return True
    return _same(group, name)


def _digest(group: Path) -> str:
    """Return 16 hex digits of the sha256 of every file of a group, by name."""
    digest = hashlib.sha256()
    for name in _files(group):
        digest.update(name.encode() + b"\0" + hashlib.sha256((group / name).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _settle(group: Path, access: Access) -> None:
    """Give files and folders their access and make them durable."""
    for folder, _, names in os.walk(group, topdown=False):
        for name in names:
            descriptor = os.open(Path(folder, name), os.O_RDONLY | os.O_CLOEXEC)
            try:
                access.apply(descriptor)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        Path(folder).chmod(access.folder_mode)
        if access.group is not None:
            os.chown(folder, -1, access.group)
        sync_folder(Path(folder))


def _same(one: Path, other: Path) -> bool:
    names = [_files(one), _files(other)]
    return names[0] == names[1] and not any(
        filecmp.cmpfiles(one, other, names[0], shallow=False)[1:]
    )


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
