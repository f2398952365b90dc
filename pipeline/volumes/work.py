"""What travels between the driver and a worker for one series, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.volumes.rows import SeriesKey

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage


@dataclass(frozen=True, slots=True)
class SeriesJob:
    """One series to judge and build; self-contained, so that it can be done anywhere."""

    key: SeriesKey
    rows: pa.Table
    """Its instances beside their files, and the other files that claim their UIDs."""
    roots: Mapping[str, str]
    """Root of each source by its name."""
    lake: str
    staging: str
    settings: Settings
    lineage: "Lineage"
    version: int
    """Version of the lake that the rows were read from."""
    planned: str
    """Digest of the files planned with, each with the run that last changed it."""


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """Rows of one series; its volumes stand below the lake, complete and verified."""

    key: SeriesKey
    volumes: pa.Table
    volume_instances: pa.Table
    planned: str
    version: int
