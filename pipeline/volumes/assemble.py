"""The bytes of one volume: slabs to shards, their digests, levels, picture, attributes, name."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.config.settings import Settings
from dicomlake.pipeline.series.verdict import Stack
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes import rows as make
from dicomlake.pipeline.volumes.mask import MASK
from dicomlake.pipeline.volumes.preview import Preview
from dicomlake.pipeline.volumes.pyramid import Pyramid, level_shapes
from dicomlake.pipeline.volumes.rows import Row
from dicomlake.pipeline.volumes.seen import Seen
from dicomlake.pipeline.volumes.shard_reader import read_shards
from dicomlake.pipeline.volumes.shards import Layout, ShardWriter, not_what_was_written
from dicomlake.pipeline.volumes.store import (
    ARRAY,
    Written,
    create_array,
    describe,
    layout,
    publish,
    publish_picture,
)
from dicomlake.pipeline.volumes.values import SliceReader
from dicomlake.pipeline.volumes.voxels import (
    Shaping,
    VoxelReader,
    WiderTypeError,
    shaping,
    wants_mask,
)
from dicomlake.pipeline.volumes.work import SeriesJob, ShardResult

NAMESPACE: Final = "dicomlake"
"""Key of our own attributes of a Zarr group."""
Array = npt.NDArray[Any]
OnSlab = Callable[[int, Array, Array | None], None]


@dataclass(frozen=True, slots=True)
class Source:
    """What the voxels of a volume are made from, and how."""

    stack: Stack
    reader: SliceReader
    shape: Shaping
    settings: Settings

    @property
    def plan(self) -> Layout:
        """Return how the array is cut."""
        return layout(self.stack.shape, self.shape.type, self.settings.volumes.chunks)


@dataclass(frozen=True, slots=True)
class ShardDigests:
    """sha256 of each shard of voxels, and of the mask where there is one."""

    voxels: tuple[str, ...]
    mask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A volume whose shards stand in staging, and what is known of it."""

    sha256: str
    mask_sha256: str | None
    seen: Seen
    picture: bytes | None


class _Whole:
    """What is made of all slabs of a volume in order: digests, coarser levels, the picture."""

    def __init__(self, job: SeriesJob, stack: Stack, group: Path, shape: Shaping) -> None:
        settings = job.settings.volumes
        self._voxels = hashlib.sha256()
        self._mask = hashlib.sha256() if wants_mask(stack, settings) else None
        self._picture = _preview(job, stack) if settings.preview else None
        self.pyramid = Pyramid(
            group, stack.shape, shape.type, settings, Access.of(job.settings.lake)
        )

    def add(self, start: int, slab: Array, mask: Array | None) -> None:
        self._voxels.update(slab.reshape(-1).data)
        if self._mask is not None and mask is not None:
            self._mask.update(mask.reshape(-1).data)
        if self._picture is not None:
            self._picture.add(start, slab)
        self.pyramid.add(start, slab)

    def made(self, seen: Seen) -> Made:
        self.pyramid.wait()
        return Made(
            self._voxels.hexdigest(),
            None if self._mask is None else self._mask.hexdigest(),
            seen,
            None if self._picture is None else self._picture.png(),
        )


def _preview(job: SeriesJob, stack: Stack) -> Preview:
    said = job.rows.instances.column("modality_raw").to_pylist()
    return Preview(
        stack.shape,
        np.array(stack.affine_lps).reshape(4, 4),
        stack.spacing,
        min((each for each in said if each), default=None),
        stack.slices[0].units,
    )


def write_volume(job: SeriesJob, stack: Stack, reader: SliceReader, group: Path) -> Row:
    """Write a volume in one go and give it its name; return its row.

    Raises:
        UnreadableSliceError: a slice cannot be read exactly.
        CorruptLakeError: a shard read back is not what was written.
    """
    shape = shaping(stack.slices, job.settings.volumes)
    while True:
        try:
            made = _write_whole(job, stack, reader, group, shape)
        except WiderTypeError as error:
            shutil.rmtree(group, ignore_errors=True)
            shape = replace(shape, dtype=error.dtype)
        else:
            return publish_volume(job, stack, group, shape, made)


def _write_whole(
    job: SeriesJob, stack: Stack, reader: SliceReader, group: Path, shape: Shaping
) -> Made:
    _create(group, stack, shape, job.settings)
    whole = _Whole(job, stack, group, shape)
    source = Source(stack, reader, shape, job.settings)
    with whole.pyramid:
        _, seen = _write(group, source, range(len(source.plan.slabs())), whole.add)
        return whole.made(seen)


def write_shards_of(group: Path, source: Source, which: range) -> tuple[ShardDigests, Seen]:
    """Write some slabs of a volume as shards, each read back and compared.

    Args:
        group: of the volume.
        source: what its voxels are made from.
        which: indices of the slabs.

    Raises:
        UnreadableSliceError: a slice cannot be read exactly.
        WiderTypeError: the values do not fit the type.
        CorruptLakeError: a shard read back is not what was written.
    """
    return _write(group, source, which, None)


def _write(
    group: Path, source: Source, which: range, on_slab: OnSlab | None
) -> tuple[ShardDigests, Seen]:
    """Write slabs as shards, in one buffer that is filled anew each time.

    Digests of shards are made where nobody looks at the slabs now: somebody will read them again.
    """
    plan, settings = source.plan, source.settings
    access = Access.of(settings.lake)
    voxels = VoxelReader(source.stack, source.reader, source.shape)
    buffer = np.empty((plan.shards[0], *plan.shape[1:]), plan.dtype)
    masked = wants_mask(source.stack, settings.volumes)
    mask_buffer = np.empty(buffer.shape, np.uint8) if masked else None
    mask_plan = replace(plan, dtype=np.dtype(np.uint8))
    later = on_slab is None
    with (
        ShardWriter(group / ARRAY, plan, settings.volumes, access, digests=later) as shards,
        ShardWriter(group / MASK, mask_plan, settings.volumes, access, digests=later) as masks,
    ):
        for index in which:
            start, stop = plan.slabs()[index]
            slab = buffer[: stop - start]
            mask = None if mask_buffer is None else mask_buffer[: stop - start]
            voxels.fill(start, slab, mask)
            encoding = shards.begin(slab)
            if on_slab is not None:
                on_slab(start, slab, mask)
            shards.finish(index, slab, encoding)
            if mask is not None:
                masks.write(index, mask)
        shards.wait()
        masks.wait()
    return ShardDigests(tuple(shards.digests), tuple(masks.digests)), voxels.seen


def read_back(
    job: SeriesJob,
    stack: Stack,
    group: Path,
    shape: Shaping,
    results: Sequence[ShardResult],
    *,
    threads: int,
) -> Made:
    """Read a volume whose shards others wrote, against their digests.

    Args:
        job: series of the volume.
        stack: its slices.
        group: in staging.
        shape: what shaped its voxels.
        results: of its shards, in order.
        threads: that decode.

    Raises:
        CorruptLakeError: it is not what was written.
    """
    _create(group, stack, shape, job.settings)
    plan = layout(stack.shape, shape.type, job.settings.volumes.chunks)
    seen = Seen()
    for each in results:
        seen.add(each.seen or Seen())
    digests = [digest for each in results for digest in each.digests]
    mask_digests = [digest for each in results for digest in each.mask_digests]
    shards = read_shards(group / ARRAY, plan, threads=threads, digests=digests)
    masks: Iterator[tuple[int, Array | None]] = repeat((0, None))
    if wants_mask(stack, job.settings.volumes):
        mask_plan = replace(plan, dtype=np.dtype(np.uint8))
        masks = read_shards(group / MASK, mask_plan, threads=threads, digests=mask_digests)
    whole = _Whole(job, stack, group, shape)
    with whole.pyramid:
        try:
            for (start, slab), (_, mask) in zip(shards, masks, strict=False):
                whole.add(start, slab, mask)
        except (ValueError, RuntimeError, FileNotFoundError) as error:
            raise not_what_was_written() from error
        return whole.made(seen)


def _create(group: Path, stack: Stack, shape: Shaping, settings: Settings) -> None:
    """Write the metadata of the arrays of a volume; shards may stand already."""
    plan = layout(stack.shape, shape.type, settings.volumes.chunks)
    create_array(group, ARRAY, plan, settings.volumes)
    if wants_mask(stack, settings.volumes):
        create_array(group, MASK, replace(plan, dtype=np.dtype(np.uint8)), settings.volumes)


def publish_volume(job: SeriesJob, stack: Stack, group: Path, shape: Shaping, made: Made) -> Row:
    """Write picture and attributes of a volume, and give it its name; return its row."""
    settings = job.settings.volumes
    least, greatest = made.seen.values or (None, None)
    written = Written(made.sha256, least, greatest)
    row = make.accepted_row(
        job.key, stack, shape.type.name, written, _detail(stack, shape, made), settings=settings
    )
    row["flags"] = sorted({*row["flags"], *made.seen.flags()})
    describe(group, _attributes(stack, row, settings.pyramid_levels))
    lake, access = Path(job.lake), Access.of(job.settings.lake)
    published = publish(group, lake / row["path"], access)
    row["path"] = str(published.relative_to(lake))
    if made.picture is not None:
        picture = publish_picture(made.picture, group.parent, published, access)
        row["preview"] = str(picture.relative_to(lake))
    return row


def _detail(stack: Stack, shape: Shaping, made: Made) -> dict[str, Any]:
    detail: dict[str, Any] = {"tolerance_mm": stack.tolerance_mm}
    detail |= made.seen.detail(shape.padding, shape.clip)
    if made.mask_sha256 is not None:
        detail["mask_sha256"] = made.mask_sha256
    native = [each.frame.excess for each in stack.slices if each.frame and each.frame.native]
    if (excess := max(native, default=0)) > 1:
        detail["excess_bytes"] = excess
    return detail


def _attributes(stack: Stack, row: Row, levels: int) -> dict[str, Any]:
    """Return the attributes of a group: OME-Zarr 0.5 multiscales, and ours.

    OME-Zarr 0.5 has scale and translation only: of an oblique or sheared grid it tells spacing and
    origin. The full affine stands in our own.
    """
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    x, y, z = (stack.affine_lps[index] for index in (3, 7, 11))
    count = len(level_shapes(stack.shape, levels))
    # Coarser levels begin with the very same voxel: the translation is the same.
    datasets = [
        {
            "path": ARRAY if level == 0 else str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": [step * (1 << level) for step in stack.spacing]},
                {"type": "translation", "translation": [z, y, x]},
            ],
        }
        for level in range(count + 1)
    ]
    multiscales: dict[str, Any] = {"name": row["volume_id"], "axes": axes, "datasets": datasets}
    if count:
        multiscales["type"] = "decimation"
    matrix = [list(stack.affine_lps[4 * index : 4 * index + 4]) for index in range(4)]
    # Without its own path: the same volume has the same bytes under whatever name.
    said = {name: value for name, value in row.items() if name not in ("path", "preview")}
    volume = said | {"detail": json.loads(row["detail"])}
    return {
        "ome": {"version": "0.5", "multiscales": [multiscales]},
        NAMESPACE: {"affine_lps": matrix, "volume": volume},
    }
