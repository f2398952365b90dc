"""V17: a volume as a Zarr v3 group, written apart, read back, and only then given its name.

The bytes depend on the voxels, the geometry and the settings alone: no time, path or run stands in
a group, and blosc works on one thread.
"""

import filecmp
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.tables.durable import sync_folder
from dicomlake.pipeline.tables.faults import reach
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes.shard_reader import read_shards
from dicomlake.pipeline.volumes.shards import Layout, fill_value, usual_threads

if TYPE_CHECKING:
    import zarr

    from dicomlake.config.settings import VolumeSettings

ARRAY: Final = "0"
CHUNK_PRESETS: Final = {"patch": (32, 128, 128), "slices": (1, 0, 0)}
"""Chunks by name: cubes for patches, whole slices for viewers."""
_SYNCS: Final = 8
"""Files and folders that are made durable at once."""
_LAYER_BYTES: Final = 32 << 20
"""Most bytes of one layer of chunks; chunks of greater matrices get fewer slices."""
_SLAB_BYTES: Final = 16 << 20
"""Bytes that a slab, one shard, is filled up to with whole layers of chunks."""


def layout(
    shape: tuple[int, int, int], dtype: np.dtype[Any], wanted: str | tuple[int, int, int]
) -> Layout:
    """Return how an array is cut, so that a slab stays small whatever the series' size.

    Args:
        shape: slices, rows, columns.
        dtype: of a voxel.
        wanted: chunk of the settings: a preset's name, or numbers; 0 stands for the whole axis.
    """
    chunk = CHUNK_PRESETS[wanted] if isinstance(wanted, str) else wanted
    depth, height, width = (
        min(want or axis, axis) for want, axis in zip(chunk, shape, strict=True)
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
    least: float | None
    greatest: float | None
    """Null where no voxel is finite, or all are filled."""


def create_array(group: Path, name: str, plan: Layout, settings: "VolumeSettings") -> None:
    """Write the metadata of a new array of a group, which is made where it is missing.

    Args:
        group: folder of the group.
        name: of the array.
        plan: how it is cut.
        settings: codec of its chunks.
    """
    import zarr  # noqa: PLC0415  (0.35 s of start-up, only where voxels are written)
    from zarr.codecs import BloscCodec  # noqa: PLC0415  (as above)

    codec = BloscCodec(
        typesize=plan.dtype.itemsize,
        cname=settings.codec,
        clevel=settings.codec_level,
        shuffle=settings.codec_shuffle,
    )
    zarr.create_array(
        zarr.storage.LocalStore(group),
        name=name,
        shape=plan.shape,
        chunks=plan.chunks,
        shards=plan.shards,
        dtype=plan.dtype,
        compressors=codec,
        fill_value=fill_value(plan.dtype),
        dimension_names=("z", "y", "x"),
        zarr_format=3,
        config={"write_empty_chunks": True},
    )


def open_volume(path: Path, name: str = ARRAY) -> "zarr.Array[Any]":
    """Return an array [z, y, x] of a volume, to read; that of its voxels unless another is named.

    Raises:
        CorruptLakeError: the volume is missing or its metadata cannot be read.
    """
    import zarr  # noqa: PLC0415  (0.35 s of start-up, only where voxels are read)

    try:
        return zarr.open_array(path / name, mode="r")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path) from error


def read_slabs(path: Path, name: str = ARRAY) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Yield the voxels of a volume in slabs [slices, rows, columns], each with its first slice.

    Slabs are C-order and little-endian. A slab is overwritten once the next but one is asked for.

    Raises:
        CorruptLakeError: the volume is missing or cannot be decoded.
    """
    array = open_volume(path, name)
    depth, rows, columns = array.shape
    plan = Layout(
        (depth, rows, columns),
        array.dtype.newbyteorder("<"),
        _triple(array.chunks),
        _triple(array.shards or array.chunks),
    )
    slabs = read_shards(path / name, plan, threads=usual_threads())
    while True:
        try:
            each = next(slabs, None)
        except (OSError, ValueError, RuntimeError) as error:
            raise _damaged(path) from error
        if each is None:
            return
        yield each


def _triple(sizes: tuple[int, ...]) -> tuple[int, int, int]:
    depth, rows, columns = sizes
    return depth, rows, columns


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
    if group.exists():
        # Renamed first: whoever does this again finds it whole or not at all.
        used = group.with_name("used")
        group.rename(used)
        shutil.rmtree(used, ignore_errors=True)
    sync_folder(target.parent)
    return name


def publish_picture(picture: bytes, working: Path, volume: Path, access: Access) -> Path:
    """Give the picture of a published volume its name, that of the volume with `.png`; return it.

    Beside the volume and no part of it: its bytes depend on the installed libraries, and a listing
    of a Zarr group warns of strange files. One that stands shows the same voxels, and is kept.

    Args:
        picture: PNG.
        working: folder on the same file system to write it in.
        volume: the published group.
        access: permission bits and group of the file.
    """
    target = volume.with_suffix(".png")
    if not target.exists():
        written = working / target.name
        written.write_bytes(picture)
        reach("picture.publish")
        _settle_file(written, access)
        written.rename(target)
        sync_folder(target.parent)
    return target


def _claim(group: Path, name: Path) -> bool:
    """Return whether the name now holds this group's bytes: just renamed, or there before."""
    if not name.exists():
        reach("volume.publish")
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
    """Give files and folders their access and make them durable, many at once: disks like that."""
    found = list(os.walk(group, topdown=False))
    files = [Path(folder, name) for folder, _, names in found for name in names]
    with ThreadPoolExecutor(_SYNCS, thread_name_prefix="sync") as pool:
        # Exhausted, so that an error of any of them is raised; folders once their files are safe.
        list(pool.map(lambda path: _settle_file(path, access), files))
        list(pool.map(lambda each: _settle_folder(Path(each[0]), access), found))


def _settle_file(path: Path, access: Access) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        access.apply(descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _settle_folder(folder: Path, access: Access) -> None:
    folder.chmod(access.folder_mode)
    if access.group is not None:
        os.chown(folder, -1, access.group)
    sync_folder(folder)


def _same(one: Path, other: Path) -> bool:
    names = [_files(one), _files(other)]
    return names[0] == names[1] and not any(
        filecmp.cmpfiles(one, other, names[0], shallow=False)[1:]
    )


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
