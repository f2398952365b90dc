"""What travels between the driver and a worker for one series, and back."""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dicomlake.config.settings import Settings
from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.series.committed import SeriesKey
from dicomlake.pipeline.series.slices import SeriesRows
from dicomlake.pipeline.series.verdict import Rejection, SeriesVerdict
from dicomlake.pipeline.volumes.seen import Seen

if TYPE_CHECKING:
    from dicomlake.pipeline.headers.attempt import Lineage


@dataclass(frozen=True, slots=True)
class SeriesJob:
    """One series to judge and build; self-contained, so that it can be done anywhere."""

    key: SeriesKey
    rows: SeriesRows
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
    task_s: float = 1.0
    """Work of one task, in seconds; a volume of more than twice that is built by several."""


@dataclass(frozen=True, slots=True)
class SeriesResult:
    """Rows of one series; its volumes stand below the lake, complete and verified."""

    key: SeriesKey
    volumes: pa.Table
    volume_instances: pa.Table
    planned: str
    version: int


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """A series of which some volumes are too large for one task; the others stand."""

    job: SeriesJob
    verdict: SeriesVerdict
    built: tuple[dict[str, Any] | Rejection | None, ...]
    """What each stack became; None where shards are still to be written."""


@dataclass(frozen=True, slots=True)
class LargeVolume:
    """A volume whose shards are written by tasks of their own."""

    stack: int
    """Which stack of the verdict."""
    shape: tuple[int, int, int]
    dtype: str
    """Type of voxels that is tried first."""
    slices_per_task: int


@dataclass(frozen=True, slots=True)
class SeriesBegun:
    """A series under way, as the driver knows it: what is large of it stands in staging."""

    key: SeriesKey
    label: str
    """File of the series; no DICOM value."""
    folder: str
    """Folder of the series in staging."""
    digest: str
    """Of the file that holds its plan."""
    chunks: str | tuple[int, int, int]
    volumes: tuple[LargeVolume, ...]


@dataclass(frozen=True, slots=True)
class ShardJob:
    """Some shards of one volume; no other job writes them."""

    series: SeriesBegun
    volume: LargeVolume
    dtype: str
    """Type of voxels that is tried."""
    first: int
    last: int
    """First and last + 1 shard."""


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What became of the shards of a job."""

    folder: str
    stack: int
    dtype: str
    first: int
    digests: tuple[str, ...] = ()
    """sha256 of each shard of voxels, and of each shard of the mask where there is one."""
    mask_digests: tuple[str, ...] = ()
    seen: Seen | None = None
    wider: str | None = None
    """The type that the values need, where they do not fit."""
    unreadable: tuple[str, str, bool] | None = None
    """Cause, SOP Instance UID, and whether it lies outside the file."""


@dataclass(frozen=True, slots=True)
class FinishJob:
    """A series whose shards are all written: to be read back and given its names."""

    series: SeriesBegun
    results: tuple[ShardResult, ...]
    threads: int
    """Threads that decode: no shards are left to write, so that cores are free."""


PLAN_FILE = "plan.pickle"


def save_plan(plan: SeriesPlan, folder: Path) -> str:
    """Write the plan of a series into its folder in staging; return its digest."""
    data = pickle.dumps(plan)
    (folder / PLAN_FILE).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def load_plan(begun: SeriesBegun) -> SeriesPlan:
    """Return the plan of a series under way.

    Raises:
        CorruptLakeError: it is not the one that was written.
    """
    data = (Path(begun.folder) / PLAN_FILE).read_bytes()
    if hashlib.sha256(data).hexdigest() != begun.digest:
        raise CorruptLakeError(
            "A plan read back from staging is not what was written; nothing was committed.",
            "Check the disk and the memory of this machine, then run again.",
        )
    plan: SeriesPlan = pickle.loads(data)  # noqa: S301  (our own bytes: the digest says so)
    return plan
