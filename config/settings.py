"""Typed settings, from defaults, preset, file, environment and flags, in that order.

Every key stands in `default.toml` with a comment; the models here give it its type and bounds. An
unknown key is an error that names the nearest known one.
"""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A section of the settings: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LakeSettings(Section):
    """The lake's files: who may read them, how long a commit is tried."""

    mode: Annotated[str, Field(pattern="^0?[0-7]{3}$")]
    group: str
    commit_attempts: Annotated[int, Field(ge=1)]

    @property
    def folder_mode(self) -> int:
        """Return the permission bits of a folder."""
        return int(self.mode, 8)

    @property
    def file_mode(self) -> int:
        """Return the permission bits of a file."""
        return self.folder_mode & 0o666


class DiscoverySettings(Section):
    """The crawl of a source."""

    follow_symlinks: bool
    quiet_period_s: Annotated[float, Field(ge=0)]
    compare_inode: bool
    delete_guard_fraction: Fraction
    delete_guard_files: Annotated[int, Field(ge=0)]


class HeaderSettings(Section):
    """Reading headers, and the limits a header is held to."""

    reader: Literal["pydicom"]
    max_header_bytes: Annotated[int, Field(ge=4096)]
    max_inflated_bytes: Annotated[int, Field(ge=4096)]
    max_depth: Annotated[int, Field(ge=1, le=200)]
    max_elements: Annotated[int, Field(ge=100)]
    max_values: Annotated[int, Field(ge=16)]


class TableSettings(Section):
    """Parquet parts: when they are cut and merged, how they are compressed."""

    part_bytes: Annotated[int, Field(ge=65_536)]
    small_part_bytes: Annotated[int, Field(ge=0)]
    merge_small_parts: Annotated[int, Field(ge=2)]
    compression_level: Annotated[int, Field(ge=1, le=19)]


class VolumeSettings(Section):
    """Which stacks become volumes, and how these are written."""

    min_slices: Annotated[int, Field(ge=2)]
    position_tolerance_mm: Annotated[float, Field(ge=0)]
    position_tolerance_fraction: Fraction
    same_position_mm: Annotated[float, Field(ge=0)]
    orientation_tolerance: Fraction
    orthonormality_tolerance: Fraction
    pixel_spacing_tolerance: Fraction
    other_orientation_degrees: Annotated[float, Field(ge=0, le=90)]
    thickness_margin: Fraction
    codec: Literal["zstd", "lz4"]
    codec_level: Annotated[int, Field(ge=1, le=9)]
    codec_shuffle: Literal["shuffle", "bitshuffle"]
    chunks: tuple[
        Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]
    ]


class EngineSettings(Section):
    """Where batches run."""

    workers: Annotated[int, Field(ge=0)] | Literal["auto"]
    scheduler: str
    inline_below_s: Annotated[float, Field(ge=0)]
    batch_files: Annotated[int, Field(ge=1)]
    worker_memory_bytes: Annotated[int, Field(ge=0)]


class LogSettings(Section):
    """The log on standard error and in a file."""

    format: Literal["text", "json"]
    file: str
    level: Literal["debug", "info", "warning", "error"]


class Settings(Section):
    """Everything that can be set."""

    lake: LakeSettings
    discovery: DiscoverySettings
    headers: HeaderSettings
    tables: TableSettings
    volumes: VolumeSettings
    engine: EngineSettings
    log: LogSettings

    def sha256(self) -> str:
        """Return the digest that `runs` records of the settings that shape results."""
        shaping = self.model_dump(mode="json", exclude={"log", "engine"})
        return hashlib.sha256(json.dumps(shaping, sort_keys=True).encode()).hexdigest()
