"""Reading one version of a lake. Nothing here writes.

Rows are read from the immutable parts that the manifest names, so a read never mixes versions,
and a version committed by a run that died before it made the snapshot is readable at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from dicomlake.pipeline.errors import LakeFormatError, UsageError
from dicomlake.pipeline.tables.layout import (
    part_path,
    require_lake,
    root_of,
    snapshot_path,
    version_numbers,
)
from dicomlake.pipeline.tables.manifest import Manifest, Part, no_version, read_manifest
from dicomlake.pipeline.tables.order import BATCH
from dicomlake.pipeline.tables.part_reader import PartReader
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES

if TYPE_CHECKING:
    import pyarrow.compute as pc
    import pyarrow.dataset as ds


@dataclass(frozen=True, slots=True)
class Version:
    """One committed version of a lake, or version 0 of a lake that has none. Pickles small."""

    lake: Path
    manifest: Manifest

    @property
    def number(self) -> int:
        """Return the version's number; 0 before the first commit."""
        return self.manifest.version

    @property
    def sources(self) -> Mapping[str, str]:
        """Return the root of each source by its name; what lies in the lake is where that is."""
        return {name: root_of(self.lake, root) for name, root in self.manifest.sources.items()}

    def rows(self, table: str) -> int:
        """Return how many rows a table has, from the manifest alone."""
        return self.manifest.rows(_definition(table).name)

    def read(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        filter: "pc.Expression | None" = None,  # noqa: A002  (pyarrow's own name for it)
    ) -> pa.Table:
        """Return rows of a table, partition columns included, in the types of the schema.

        Args:
            table: its name.
            columns: names in the order wanted; all where None.
            filter: an expression over any columns; partitions and parts that it rules out are
                not opened.

        Raises:
            UsageError: no such table or column.
            CorruptLakeError: a part is missing or damaged.
        """
        schema = _schema(_definition(table), columns)
        batches = list(self.batches(table, columns, filter))
        if not schema.names:  # a table without columns: batches would lose their rows
            return pa.table({}).select([])
        return pa.Table.from_batches(batches, schema=schema)

    def batches(
        self,
        table: str,
        columns: Sequence[str] | None = None,
        filter: "pc.Expression | None" = None,  # noqa: A002  (as pyarrow has it)
    ) -> Iterator[pa.RecordBatch]:
        """Yield rows as `read` returns them, in batches; memory holds one part's batch.

        Tables kept in ranges (`files`) come in their sort order; the others in the sort order of
        each part.
        """
        definition = _definition(table)
        schema = _schema(definition, columns)
        parts = [part for part in self.manifest.parts(table) if part.rows]
        if filter is not None:
            yield from self._filtered(definition, parts, schema, filter)
            return
        for part in parts:
            with PartReader(self.lake, definition, part) as reader:
                yield from reader.batches(schema.names)

    def _filtered(
        self, table: Table, parts: Sequence[Part], schema: pa.Schema, condition: "pc.Expression"
    ) -> Iterator[pa.RecordBatch]:
        dataset = _dataset(self.lake, table, parts)
        try:
            scanned = dataset.to_batches(
                columns=schema.names,
                filter=condition,
                batch_size=BATCH,
                batch_readahead=2,
                fragment_readahead=1,
            )
            for batch in scanned:
                if batch.num_rows:
                    arrays = [
                        column.cast(field.type)
                        for column, field in zip(batch.columns, schema, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        except (OSError, pa.ArrowInvalid):
            for part in parts:  # name the damaged one, if that is what went wrong
                with PartReader(self.lake, table, part):
                    pass
            raise

    def parts(self, table: str) -> Sequence[tuple[Path, Part]]:
        """Return the files of a table in `data/`, each with what the manifest says of it."""
        found = self.manifest.parts(_definition(table).name)
        return [(part_path(self.lake, part.id), part) for part in found]

    def folder(self, table: str) -> Path:
        """Return the real path of the table's folder in the snapshot of this version.

        Raises:
            UsageError: no such table.
            LakeFormatError: the snapshot is not there: nothing was ever committed, the run that
                committed died before it made it, or a clean-up took it.
        """
        folder = snapshot_path(self.lake, self.number) / _definition(table).name
        if not folder.is_dir():
            raise LakeFormatError(
                f"Version {self.number} has no snapshot.",
                "Any run on the lake, such as `dicomlake ingest SOURCE`, makes it anew."
                if self.number
                else "Nothing was committed yet: `dicomlake run SOURCE`.",
            )
        return folder.resolve()


def _definition(table: str) -> Table:
    if table not in TABLES:
        raise UsageError(f"There is no table {table}.", f"Tables: {', '.join(TABLES)}.")
    return TABLES[table]


def _schema(table: Table, columns: Sequence[str] | None) -> pa.Schema:
    if columns is None:
        return table.schema()
    unknown = [name for name in columns if name not in table.by_name]
    if unknown:
        raise UsageError(
            f"Table {table.name} has no column {', '.join(unknown)}.",
            f"`dicomlake schema {table.name}` lists its columns.",
        )
    return pa.schema([table.by_name[name].field() for name in columns])


def _dataset(lake: Path, table: Table, parts: Sequence[Part]) -> "ds.Dataset":
    """Return the parts as a dataset that knows what the manifest knows of each."""
    import pyarrow.dataset as ds  # noqa: PLC0415  (imports pandas: only a filter pays for it)
    from pyarrow import fs  # noqa: PLC0415  (slow import)

    local = fs.LocalFileSystem()
    form = ds.ParquetFileFormat()
    fragments = [
        form.make_fragment(
            str(part_path(lake, part.id)),
            filesystem=local,
            partition_expression=_guarantee(table, part),
        )
        for part in parts
    ]
    return ds.FileSystemDataset(fragments, table.schema(), form, local)


def _guarantee(table: Table, part: Part) -> "pc.Expression":
    """Return what holds of every row of a part, so that a scan can leave it out unopened."""
    import pyarrow.compute as pc  # noqa: PLC0415  (slow import)

    known: list[Any] = [
        pc.field(name) == pa.scalar(value, type=table.by_name[name].type)
        for name, value in part.partition
    ]
    name = table.order[0]
    column = table.by_name[name]
    if (
        part.first
        and not column.nullable
        and not column.tree_order
        and (pa.types.is_string(column.type) or pa.types.is_integer(column.type))
    ):
        known += [pc.field(name) >= part.first[0], pc.field(name) <= part.last[0]]
    return reduce(and_, known, pc.scalar(True))


def open_version(lake: Path, version: int | None = None) -> Version:
    """Open a version of a lake for reading, the newest where none is named.

    Raises:
        LakeNotFoundError: no lake here, or no such version.
        LakeFormatError: its manifest cannot be read by this code; older versions may be, by
            their number.
    """
    lake = lake.resolve()
    require_lake(lake)
    numbers = version_numbers(lake)
    if version is None:
        version = numbers[-1] if numbers else 0
    if version == 0 and not numbers:
        return Version(lake, no_version())
    return Version(lake, read_manifest(lake, version))
