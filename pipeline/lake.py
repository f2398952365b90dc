"""The public `Lake`: one version of a lake as tables, SQL and volumes."""

import math
import operator
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, SupportsIndex, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.volumes.store import open_volume
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import pandas as pd  # type: ignore[import-untyped]  # it ships no types
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    import zarr

WINDOWS: Final = {
    "lung": (-600.0, 1500.0),
    "mediastinum": (40.0, 400.0),
    "bone": (400.0, 1800.0),
}
"""Centre and width of the named windows, in HU."""

WindowName = Literal["lung", "mediastinum", "bone"]

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

    def sql(self, query: str) -> "duckdb.DuckDBPyRelation":
        """Return the result of a query over the tables of this version, as a DuckDB relation.

        Every table is a view of its name: `lake.sql("SELECT count(*) FROM instances").df()`.

        Raises:
            duckdb.Error: the query is wrong.
            LakeFormatError: the version has no snapshot.
        """
        return self._connection.sql(query)

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

    @property
    def affine_lps(self) -> npt.NDArray[np.float64]:
        """Return the 4 x 4 matrix from index (column, row, slice) to LPS coordinates in mm."""
        return np.array(self.row["affine_lps"], np.float64).reshape(4, 4)

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

    @overload
    def window(self, window: WindowName | tuple[float, float]) -> npt.NDArray[np.uint8]: ...
    @overload
    def window(
        self, window: WindowName | tuple[float, float], index: SupportsIndex | slice
    ) -> npt.NDArray[np.uint8]: ...
    def window(
        self,
        window: WindowName | tuple[float, float],
        index: SupportsIndex | slice | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Return voxels as grey values 0 to 255 by the linear VOI function.

        Args:
            window: `lung`, `mediastinum`, `bone`, or (centre, width) in the unit of the voxels.
            index: one slice or a range of slices; all where None.

        Returns:
            [z, y, x], or [y, x] for one slice.

        Raises:
            UsageError: an unknown window, a width below 1, or a number that is not finite.
        """
        centre, width = _window(window)
        if index is not None and not isinstance(index, slice):
            return linear_voi(np.asarray(self.array[operator.index(index)]), centre, width)
        first, last, stride = (index or slice(None)).indices(self.array.shape[0])
        chosen = range(first, last, stride)
        grey = np.empty((len(chosen), *self.array.shape[1:]), np.uint8)
        depth = (self.array.shards or self.array.chunks)[0]
        held, slab = -1, np.empty(0)
        for place, k in enumerate(chosen):
            if k // depth != held:
                held = k // depth
                slab = np.asarray(self.array[held * depth : (held + 1) * depth])
            grey[place] = linear_voi(slab[k - held * depth], centre, width)
        return grey


def _window(window: str | tuple[float, float]) -> tuple[float, float]:
    if isinstance(window, str):
        if window not in WINDOWS:
            raise UsageError(f"There is no window {window}.", f"Windows: {', '.join(WINDOWS)}.")
        return WINDOWS[window]
    centre, width = window
    if not (width >= 1 and math.isfinite(centre) and math.isfinite(width)):
        raise UsageError(
            "The width of a window is at least 1, and both are finite.", "Give (centre, width)."
        )
    return float(centre), float(width)


def linear_voi(values: npt.NDArray[Any], centre: float, width: float) -> npt.NDArray[np.uint8]:
    """Return grey values 0 to 255 by the linear VOI function (PS3.3 section C.11.2.1.2.1).

    Args:
        values: real values, any shape.
        centre: Window Center.
        width: Window Width, at least 1; 1 is a threshold.
    """
    middle, half = centre - 0.5, (width - 1) / 2
    real = values.astype(np.float64)
    if half == 0:
        return np.where(real <= middle, 0, 255).astype(np.uint8)
    grey = ((real - middle) / (width - 1) + 0.5) * 255
    return np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
