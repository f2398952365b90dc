"""Coarser copies of a volume: every second voxel of the level before, along every axis.

Decimation, not a mean: each voxel of a coarser level is one that was measured, at the very place
that its scale and translation say, so that V0 and V13 hold for every level. A mean would make
values that no file has, mix padding and fill values into tissue, and at an odd edge lie half a
voxel from where the level's grid puts it. The price is aliasing; levels are to look at.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes.shards import Layout, ShardWriter
from dicomlake.pipeline.volumes.store import create_array, layout

if TYPE_CHECKING:
    from dicomlake.config.settings import VolumeSettings

Array = npt.NDArray[Any]


def level_shapes(shape: tuple[int, int, int], levels: int) -> list[tuple[int, int, int]]:
    """Return the shapes of coarser levels; none follows one of a single voxel."""
    found: list[tuple[int, int, int]] = []
    for _ in range(levels):
        if max(shape) == 1:
            break
        depth, rows, columns = (-(-n // 2) for n in shape)
        shape = depth, rows, columns
        found.append(shape)
    return found


class Pyramid:
    """Writes the coarser levels of a volume while its slabs stream; levels are `1`, `2`, ..."""

    def __init__(
        self,
        group: Path,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        settings: "VolumeSettings",
        access: Access,
    ) -> None:
        """Write the metadata of the levels.

        Args:
            group: of the volume.
            shape: of its voxels.
            dtype: of a voxel.
            settings: how many levels, and their codec.
            access: permission bits and group of every file.
        """
        self._levels = []
        for number, each in enumerate(level_shapes(shape, settings.pyramid_levels), 1):
            plan = layout(each, dtype, settings.chunks)
            create_array(group, str(number), plan, settings)
            writer = ShardWriter(group / str(number), plan, settings, access)
            self._levels.append(_Level(1 << number, plan, writer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for level in self._levels:
            level.writer.close()

    def add(self, start: int, slab: Array) -> None:
        """Take the slices [slices, rows, columns] from `start` on; all slabs, in order."""
        for level in self._levels:
            level.add(start, slab)

    def wait(self) -> None:
        """Write what remains, and return once all is durable.

        Raises:
            CorruptLakeError: a level read back is not what was written.
        """
        for level in self._levels:
            level.flush()
            level.writer.wait()


class _Level:
    """One level in the making."""

    def __init__(self, step: int, plan: Layout, writer: ShardWriter) -> None:
        self.writer = writer
        self._step = step
        self._slab = np.empty((plan.shards[0], *plan.shape[1:]), plan.dtype)
        self._filled = 0
        self._index = 0

    def add(self, start: int, slab: Array) -> None:
        step = self._step
        for each in slab[-start % step :: step]:
            self._slab[self._filled] = each[::step, ::step]
            self._filled += 1
            if self._filled == len(self._slab):
                self.flush()

    def flush(self) -> None:
        if self._filled:
            self.writer.write(self._index, self._slab[: self._filled])
            self._index += 1
            self._filled = 0
