"""What is found of a series, as data: its stacks, its rejections, and what is set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dicomlake.pipeline.series.slices import Slice

UNDECIDED: Final = "undecided until pixels are read"


@dataclass(frozen=True, slots=True)
class Stack:
    """Slices that form one exact volume, in order, and where they lie."""

    slices: tuple[Slice, ...]
    indices: tuple[int, ...]
    """Index k of each slice in the volume; places between them are empty (`on_gap = fill`)."""
    positions_mm: tuple[float, ...]
    """Distance of each slice's first pixel along the normal."""
    affine_lps: tuple[float, ...]
    """4 x 4, row by row."""
    spacing: tuple[float, float, float]
    """Between slices, rows, columns, mm."""
    flags: tuple[str, ...]
    channel_key: str | None
    channel_value: str | None
    max_position_error_mm: float
    tolerance_mm: float
    suv_bw_factor: float | None
    """What a voxel in BQML is multiplied by for SUV by body weight, g/Bq."""
    facts: Mapping[str, Any]
    """What more `volumes.detail` says of it."""

    @property
    def depth(self) -> int:
        """Return the slices of the volume, those that are missing included."""
        return self.indices[-1] + 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return slices, rows, columns."""
        return self.depth, self.slices[0].rows or 0, self.slices[0].columns or 0


@dataclass(frozen=True, slots=True)
class Rejection:
    """A series or group that is no volume."""

    reason: str
    detail: Mapping[str, Any]
    slices: tuple[Slice, ...]
    """Its slices, in order where they have one, else by UID."""
    positions_mm: tuple[float, ...] | None = None
    channel_key: str | None = None
    channel_value: str | None = None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file or frame that is no slice: excluded, or a duplicate of what is kept."""

    file_id: str
    sop_instance_uid: str
    frame_number: int | None
    """None: the object as a whole, not one frame of it."""
    role: str
    reason: str
    duplicate_of: str | None = None
    """File that is kept in its place."""
    duplicate_of_frame: int | None = None
    """Frame of that file; None where the whole file repeats it."""


@dataclass(frozen=True, slots=True)
class SeriesVerdict:
    """What becomes of every file and frame of a series."""

    stacks: tuple[Stack, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    undecided: tuple[tuple[Slice, ...], ...] = ()
    """Groups of which pixels must be read before more can be said; only without pixels."""
