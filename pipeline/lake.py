"""The public `Lake`: one version of a lake as tables, SQL and volumes."""

import operator
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, SupportsIndex, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.export.nifti import Nifti, affine_ras
from dicomlake.pipeline.export.volumes import export_volume
from dicomlake.pipeline.tables.kept_versions import KeptVersion, kept_versions
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.volumes.mask import MASK, mask_sha256
from dicomlake.pipeline.volumes.preview import Preview
from dicomlake.pipeline.volumes.resample import Interpolator, Resampled, resample, to_sitk
from dicomlake.pipeline.volumes.store import open_volume, read_slabs
from dicomlake.pipeline.volumes.windows import (
    Window,
    default_window,
    given_window,
    named_window,
)
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd  # type: ignore[import-untyped]  # it ships no types
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
    import zarr

WindowName = Literal[
    "lung",
    "mediastinum",
    "bone",
    "abdomen",
    "liver",
    "spine",
    "angio",
    "brain",
    "stroke",
    "subdural",
    "temporal_bone",
    "suv5",
    "suv7",
    "suv10",
    "suv20",
]
"""Names of `windows.WINDOWS` (CT, in HU) and `windows.SUV_WINDOWS` (PET)."""

_DUCKDB_TYPES: Final = {pa.string(): "VARCHAR", pa.int32(): "INTEGER"}
"""Types of partition columns, which stand in folder names."""


class Lake:
    """One committed version of a lake. It stays that version while others are committed.

    Args:
        path: folder of the lake.
        version: number of the version; the newest where None.

    Raises:
        LakeNotFoundError: no lake, or no such version.
        LakeFormatError: the lake cannot be read by this code.
    """

    def __init__(self, path: str | Path = "lake", version: int | None = None) -> None:
        self._version: Version = open_version(Path(path), version)

    def __repr__(self) -> str:
        return f"Lake({str(self._version.lake)!r}, version={self.version})"

    @property
    def version(self) -> int:
        """Return the number of the version."""
        return self._version.number

    def versions(self) -> tuple[KeptVersion, ...]:
        """Return the versions that the lake has now, the oldest first.

        Each can be opened by its number: `Lake(path, version=3)`.
        """
        return tuple(reversed(list(kept_versions(self._version.lake))))

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of the tables."""
        return tuple(TABLES)

    def table(self, name: str) -> "TableView":
        """Return a table of this version.

        Raises:
            UsageError: there is no such table.
        """
        if name not in TABLES:
            raise UsageError(f"There is no table {name}.", f"Tables: {', '.join(TABLES)}.")
        return TableView(self._version, name)

    def sql(
        self, query: str, params: Mapping[str, object] | Sequence[object] | None = None
    ) -> "duckdb.DuckDBPyRelation":
        """Return the result of a query over the tables of this version, as a DuckDB relation.

        Every table is a view of its name: `lake.sql("SELECT count(*) FROM instances").df()`.

        Args:
            query: in DuckDB's SQL.
            params: values of its `$name`, or of its `?` in order; text that somebody typed
                belongs here, not into the query.

        Raises:
            duckdb.Error: the query is wrong.
            LakeFormatError: the version has no snapshot.
        """
        return self._connection.sql(query, params=params)

    @cached_property
    def _connection(self) -> "duckdb.DuckDBPyConnection":
        import duckdb  # noqa: PLC0415  (only where SQL is asked for)

        connection = duckdb.connect(":memory:")
        for name in TABLES:
            connection.execute(_view(self._version, name))
        return connection

    def volume(self, volume_id: str) -> "Volume":
        """Return an accepted volume.

        Raises:
            UsageError: there is no such volume, or it was rejected.
        """
        import pyarrow.compute as pc  # noqa: PLC0415  (a filter needs it)

        found = self._version.read("volumes", filter=pc.field("volume_id") == volume_id).to_pylist()
        if not found:
            raise UsageError(
                f"There is no volume {volume_id} in version {self.version}.",
                '`lake.table("volumes")` lists them.',
            )
        if found[0]["status"] != "accepted":
            raise UsageError(
                f"Volume {volume_id} was rejected: {found[0]['reason']}.",
                '`lake.table("volumes")` says more under `detail`.',
            )
        return Volume(self._version, found[0])


def _view(version: Version, name: str) -> str:
    """Return the statement that makes a table a view: resolved path, partitions typed."""
    table = TABLES[name]
    # A lake may lie below a folder whose name reads as a pattern.
    folder = "".join(f"[{c}]" if c in "*?[" else c for c in str(version.folder(name)))
    types = ", ".join(f"{p}: {_DUCKDB_TYPES[table.by_name[p].type]}" for p in table.partition_by)
    hive = f", hive_partitioning = true, hive_types = {{{types}}}" if types else ""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    files = f"{folder}/**/*.parquet".replace("'", "''")
    # Names come from the schema and the path is quoted: no part is a user's text.
    return f"CREATE VIEW {name} AS SELECT {columns} FROM read_parquet('{files}'{hive})"  # noqa: S608


class TableView:
    """A table of one version, read when asked: as Arrow, pandas or a pyarrow dataset."""

    def __init__(self, version: Version, name: str) -> None:
        self._version = version
        self.name = name

    def __repr__(self) -> str:
        return f"<table {self.name}: {len(self)} rows>"

    def __len__(self) -> int:
        return self._version.rows(self.name)

    @property
    def schema(self) -> pa.Schema:
        """Return the Arrow schema; the metadata of a field hold description, tag and unit."""
        return TABLES[self.name].schema()

    @property
    def dataset(self) -> "ds.Dataset":
        """Return the table as a pyarrow dataset over the snapshot of this version."""
        import pyarrow.dataset as ds  # noqa: PLC0415  (imports pandas)

        table = TABLES[self.name]
        folders = pa.schema([table.by_name[name].field() for name in table.partition_by])
        return ds.dataset(
            self._version.folder(self.name),
            schema=table.schema(),
            format="parquet",
            partitioning=ds.partitioning(folders, flavor="hive"),
        )

    def to_arrow(
        self,
        columns: Sequence[str] | None = None,
        filter: "pc.Expression | None" = None,  # noqa: A002  (pyarrow's own name for it)
    ) -> pa.Table:
        """Return rows as an Arrow table.

        Args:
            columns: names; all where None.
            filter: an expression, such as `pc.field("modality") == "CT"`.
        """
        return self._version.read(self.name, columns, filter)

    def to_pandas(
        self,
        columns: Sequence[str] | None = None,
        filter: "pc.Expression | None" = None,  # noqa: A002  (as above)
    ) -> "pd.DataFrame":
        """Return rows as a pandas data frame; the arguments are those of `to_arrow`."""
        return self.to_arrow(columns, filter).to_pandas()


class Volume:
    """An accepted volume: voxels [z, y, x], where they lie, and the slices they came from."""

    def __init__(self, version: Version, row: dict[str, Any]) -> None:
        self._version = version
        self.row = row
        """Row of the table `volumes`."""

    def __repr__(self) -> str:
        return f"<volume {self.row['volume_id']}: {self.row['shape']} {self.row['dtype']}>"

    @cached_property
    def array(self) -> "zarr.Array[Any]":
        """Return the voxels [z, y, x] as a Zarr array; indexing reads what is asked for."""
        return open_volume(self._version.lake / self.row["path"])

    @cached_property
    def mask(self) -> "zarr.Array[Any] | None":
        """Return which voxels are no image: bit 1 padding, bit 2 a missing slice; None: all are."""
        if mask_sha256(self.row) is None:
            return None
        return open_volume(self._version.lake / self.row["path"], MASK)

    @property
    def affine_lps(self) -> npt.NDArray[np.float64]:
        """Return the 4 x 4 matrix from index (column, row, slice) to LPS coordinates in mm."""
        return np.array(self.row["affine_lps"], np.float64).reshape(4, 4)

    @property
    def affine_ras(self) -> npt.NDArray[np.float64]:
        """Return the same to RAS coordinates, as nibabel and MONAI have it."""
        return affine_ras(self.row["affine_lps"])

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Return the distance between slices, rows and columns, mm: in the order of the array."""
        return (
            self.row["spacing_slice_mm"],
            self.row["spacing_row_mm"],
            self.row["spacing_column_mm"],
        )

    @cached_property
    def slices(self) -> pa.Table:
        """Return the rows of `volume_instances` of the slices, in the order of the array."""
        import pyarrow.compute as pc  # noqa: PLC0415  (a filter needs it)

        mine = (pc.field("volume_id") == self.row["volume_id"]) & (pc.field("role") == "slice")
        return self._version.read("volume_instances", filter=mine).sort_by("slice_index")

    def to_numpy(self) -> npt.NDArray[Any]:
        """Return all voxels [z, y, x] in memory."""
        return np.asarray(self.array[:])

    @cached_property
    def modality(self) -> str | None:
        """Return the Modality of the series."""
        import pyarrow.compute as pc  # noqa: PLC0415  (a filter needs it)

        mine = (pc.field("study_instance_uid") == self.row["study_instance_uid"]) & (
            pc.field("series_instance_uid") == self.row["series_instance_uid"]
        )
        found = self._version.read("series", ["modality"], mine)["modality"].to_pylist()
        return found[0] if found else None

    @overload
    def window(
        self, window: WindowName | tuple[float, float] | None = None
    ) -> npt.NDArray[np.uint8]: ...
    @overload
    def window(
        self, window: WindowName | tuple[float, float] | None, index: SupportsIndex | slice
    ) -> npt.NDArray[np.uint8]: ...
    def window(
        self,
        window: WindowName | tuple[float, float] | None = None,
        index: SupportsIndex | slice | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Return voxels as grey values 0 to 255.

        Args:
            window: a name of `windows.WINDOWS` (in HU) or `windows.SUV_WINDOWS` (PET with a factor
                for SUV, dark on light); (centre, width) in the unit of the voxels, by the linear
                VOI function (PS3.3 section C.11.2.1.2.1); or None for the modality's own: soft
                tissue in CT, 0 to a high percentile and dark on light in PET and NM, percentiles
                1 to 99 of the three middle planes elsewhere.
            index: one slice or a range of slices; all where None.

        Returns:
            [z, y, x], or [y, x] for one slice. What is no number (padding that was filled, missing
            slices) is 0.

        Raises:
            UsageError: an unknown window or one in another unit, a width below 1, or a number that
                is not finite.
        """
        chosen = self._window(window)
        if index is not None and not isinstance(index, slice):
            return chosen.grey(np.asarray(self.array[operator.index(index)]))
        first, last, stride = (index or slice(None)).indices(self.array.shape[0])
        wanted = range(first, last, stride)
        grey = np.empty((len(wanted), *self.array.shape[1:]), np.uint8)
        depth = (self.array.shards or self.array.chunks)[0]
        held, slab = -1, np.empty(0)
        for place, k in enumerate(wanted):
            if k // depth != held:
                held = k // depth
                slab = np.asarray(self.array[held * depth : (held + 1) * depth])
            grey[place] = chosen.grey(slab[k - held * depth])
        return grey

    def _window(self, window: str | tuple[float, float] | None) -> Window:
        units = self.row["units"]
        if window is None:
            z, y, x = (length // 2 for length in self.array.shape)
            planes = (self.array[z], self.array[:, y], self.array[:, :, x])
            return default_window(self.modality, units, [np.asarray(each) for each in planes])
        if isinstance(window, str):
            return named_window(window, units, self.row["suv_bw_factor"])
        return given_window(*window)

    @property
    def preview_path(self) -> Path | None:
        """Return where the picture of the three middle planes stands; None where none was made."""
        path = self.row["preview"]
        return None if path is None else self._version.lake / path

    def preview(self) -> bytes:
        """Return the picture of the three middle planes, as PNG; drawn now where none stands."""
        if self.preview_path is not None and self.preview_path.is_file():
            return self.preview_path.read_bytes()
        depth, rows, columns = self.array.shape
        drawing = Preview(
            (depth, rows, columns), self.affine_lps, self.spacing, self.modality, self.row["units"]
        )
        for start, slab in read_slabs(self._version.lake / self.row["path"]):
            drawing.add(start, slab)
        return drawing.png()

    def _repr_png_(self) -> bytes:
        """Return what a notebook shows."""
        return self.preview()

    def resample(
        self,
        spacing: float | tuple[float, float, float],
        *,
        interpolator: Interpolator = "linear",
        antialias: bool = True,
        fill: float | None = None,
    ) -> Resampled:
        """Return the voxels on an orthogonal grid of another spacing, shear undone on the way.

        Masked voxels count as missing. The whole volume is in memory. Needs `dicomlake[sitk]`.

        Args:
            spacing: slices, rows, columns, mm, in the order of the array; one number for all.
            interpolator: `nearest` keeps values and type, `linear` or `bspline` give float32 (of
                int32 and float64: float64).
            antialias: smooth before voxels become larger; `volumes.resample` tells how.
            fill: value where the volume has none, such as -1024 in HU for air; NaN where None
                (`nearest` of integers: -32768).

        Raises:
            UsageError: SimpleITK is not installed, or an argument cannot be.
        """
        missing = None if self.mask is None else np.asarray(self.mask[:]) != 0
        return resample(
            self.to_numpy(),
            self.affine_lps,
            spacing,
            interpolator=interpolator,
            antialias=antialias,
            fill=fill,
            missing=missing,
        )

    def to_nifti(self, path: str | Path) -> Path:
        """Write the volume as NIfTI in RAS, `.nii.gz` or `.nii`; return the path.

        A file that stands there is kept if it is this volume. A mask goes beside it, `.mask` before
        the suffix.

        Raises:
            UsageError: another suffix, or a file with other content, which is not overwritten.
            CorruptLakeError: the volume is missing or damaged.
        """
        target = Path(path)
        suffix = next((each for each in (".nii.gz", ".nii") if target.name.endswith(each)), None)
        if suffix is None:
            raise UsageError(f"{target.name} is no name of a NIfTI file.", "End it in .nii.gz.")
        export_volume(self._version.lake, self.row, target, Nifti(suffix))
        return target

    def to_sitk(self) -> "sitk.Image":
        """Return the voxels as an image of SimpleITK, in place. Needs `dicomlake[sitk]`.

        Raises:
            UsageError: SimpleITK is not installed, or the volume is sheared.
        """
        return to_sitk(self.to_numpy(), self.affine_lps, sheared="sheared" in self.row["flags"])
