"""The parents of one level, each summed up from its instances, column by column.

Work is done on stretches of rows that are alike, not on rows: the instances of a series mostly
stand together and mostly agree. One column at a time is in memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.headers.columns import Lineage
from dicomlake.pipeline.tables.columnar import Array, Chunked, flat, integers, pc
from dicomlake.pipeline.tables.keys import equal_rows, key_column
from dicomlake.schemas.column import LINEAGE, Column, Table
from dicomlake.schemas.tables.modality_series import How

PARENT_COLUMNS: Final = ("patient_key", "study_instance_uid", "series_instance_uid")
LINEAGE_NAMES: Final = frozenset(column.name for column in LINEAGE)
COUNTS: Final[Mapping[str, tuple[str, ...]]] = {
    "n_series": ("study_instance_uid", "series_instance_uid"),
    "n_studies": ("study_instance_uid",),
}
"""What is counted, by column: different values of these."""
SETS: Final = {"sop_class_uids": "sop_class_uid", "modalities": "modality"}
"""What is listed, by column: the different values of this."""

Positions = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_EXTREMES: Final = {How.MIN: "value_min", How.MAX: "value_max", How.COUNT: "value_count_distinct"}
_MISSING: Final = "\0"
"""Stands for a component that is null where components are joined."""


class Runs:
    """Instances as stretches of rows that have the same parents."""

    def __init__(self, instances: pa.Table) -> None:
        """Find the stretches.

        Args:
            instances: rows with `sop_instance_uid`, the parents, and what is to be summed up.
        """
        self.instances = instances
        self.starts = _starts(instances)
        self.lengths: Positions = np.diff(self.starts, append=instances.num_rows)
        self.heads = instances.select(PARENT_COLUMNS).take(integers(self.starts))
        order = pc.sort_indices(instances.column("sop_instance_uid")).to_numpy().astype(np.int64)
        self.by_uid: Positions = order
        """Rows in the order of their UIDs."""
        self.rank: Positions = np.empty_like(order)
        self.rank[order] = np.arange(len(order))

    @staticmethod
    def heads_of(instances: pa.Table) -> pa.Table:
        """Return the parents of the first row of each stretch."""
        return instances.select(PARENT_COLUMNS).take(integers(_starts(instances)))

    def rows_of(self, runs: Positions) -> Positions | None:
        """Return the rows of stretches, one after another; None where these are all, in order."""
        if len(runs) == len(self.starts) and (np.diff(runs) == 1).all():
            return None
        lengths = self.lengths[runs]
        shift = self.starts[runs] - np.concatenate(([0], np.cumsum(lengths)[:-1]))
        rows: Positions = np.repeat(shift, lengths) + np.arange(lengths.sum())
        return rows


def _starts(instances: pa.Table) -> Positions:
    new = np.zeros(instances.num_rows, dtype=np.bool_)
    new[:1] = True
    for name in PARENT_COLUMNS:
        new |= breaks(flat(instances, name))
    return np.flatnonzero(new)


def breaks(values: Array) -> Mask:
    """Return which values differ from the one before; the first one counts as alike.

    Where in doubt, as with NaN, a value counts as different.
    """
    mask = np.zeros(len(values), dtype=np.bool_)
    if len(values) > 1 and values.null_count < len(values):
        mask[1:] = _differ(values, 1)
    return mask


def _differ(values: Any, step: int) -> Mask:
    """Return for all but the first `step` values whether they differ from the one `step` before."""
    after, before = values.slice(step), values.slice(0, len(values) - step)
    if pa.types.is_list(values.type):
        lengths = pc.list_value_length(values)
        least, greatest = (each.as_py() for each in pc.min_max(lengths).values())
        if lengths.null_count or least != greatest or not least:
            return ~equal_rows(*(pa.table({"value": each}) for each in (after, before)))
        components = _differ(values.flatten(), step * least).reshape(-1, least)
        return cast("Mask", components.any(axis=1))
    if pa.types.is_struct(values.type):
        differ: Mask = pc.xor(after.is_valid(), before.is_valid()).to_numpy(zero_copy_only=False)
        for child in values.flatten():
            differ |= _differ(child, step)
        return differ
    unequal = pc.not_equal(after, before)
    if unequal.null_count:
        one_is_null = pc.xor(after.is_valid(), before.is_valid())
        unequal = pc.if_else(unequal.is_valid(), unequal, one_is_null)
    return cast("Mask", unequal.to_numpy(zero_copy_only=False))


@dataclass(frozen=True, slots=True)
class _Alike:
    """Values of a column, one for each stretch of rows of a parent that hold the same one."""

    values: Array
    parents: Positions
    lengths: Positions


class Level:
    """The parents of one level, numbered from 0, with the instances of each."""

    def __init__(
        self,
        table: Table,
        runs: Runs,
        touched: Array,
        sources: Mapping[str, tuple[str, How]] | None = None,
    ) -> None:
        """Number the parents.

        Args:
            table: what is made.
            runs: the instances.
            touched: keys of the parents to sum up, as `key_column` returns them.
            sources: by column: the column of `instances` it sums up and how; where it is not
                named, the commonest value of the column of the same name.
        """
        self._table = table
        self._runs = runs
        self._sources = sources or {}
        keys = key_column(runs.heads, table.key)
        kept = np.flatnonzero(pc.is_in(keys, value_set=touched).to_numpy(zero_copy_only=False))
        encoded = keys.take(integers(kept)).dictionary_encode()
        self.count = len(encoded.dictionary)
        parents = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        order = np.argsort(parents, kind="stable")
        self._own_runs: Positions = kept[order]
        self._run_parents: Positions = parents[order]
        self._rows = runs.rows_of(self._own_runs)
        self._parents: Positions = np.repeat(self._run_parents, runs.lengths[self._own_runs])
        self._starts: Positions = np.flatnonzero(np.diff(self._parents, prepend=-1))
        self._new: Mask = np.zeros(len(self._parents), dtype=np.bool_)
        self._new[self._starts] = True
        self._first = self._smallest_uids()
        self._ranges: dict[str, pa.Table] = {}
        self.inconsistent: dict[str, Positions] = {}
        """Parents whose instances disagree, by column; known after `rows`."""

    def rows(self, lineage: Lineage) -> pa.Table:
        """Return one row per parent, by the schema of the table."""
        if not self.count:
            return self._table.empty()
        schema = self._table.schema()
        arrays = [self._column(column, lineage) for column in self._table.columns]
        return pa.Table.from_arrays(arrays, schema=schema)

    def keys_of(self, parents: Positions) -> list[dict[str, str]]:
        """Return the keys of some parents."""
        rows = self._runs.instances.select(list(self._table.key))
        return rows.take(integers(self._first[parents])).to_pylist()

    def _smallest_uids(self) -> Positions:
        """Return for each parent the row of its instance with the smallest UID in text order."""
        if not self.count:
            return np.empty(0, dtype=np.int64)
        rank = self._runs.rank if self._rows is None else self._runs.rank[self._rows]
        first: Positions = self._runs.by_uid[np.minimum.reduceat(rank, self._starts)]
        return first

    def _values(self, name: str) -> Array:
        """Return a column of the instances, those of a parent together."""
        values = self._runs.instances.column(name)
        if self._rows is not None:
            values = values.take(integers(self._rows))
        return values.combine_chunks()

    def _column(self, column: Column, lineage: Lineage) -> "Array | Chunked":
        name = column.name
        if name in LINEAGE_NAMES:
            return pa.array([getattr(lineage, name)] * self.count, column.type)
        if name == "n_instances":
            return integers(np.bincount(self._parents, minlength=self.count))
        if name in COUNTS:
            return self._count_of(COUNTS[name])
        if name in self._table.key or name in self._table.partition_by:
            return self._runs.instances.column(name).take(integers(self._first))
        return self._summed_up(column)

    def _summed_up(self, column: Column) -> Array:
        name = column.name
        source, how = self._sources.get(name, (name, How.COMMONEST))
        if name in SETS:
            source, how = SETS[name], How.DISTINCT
        if how is How.COMMONEST:
            return self._commonest(name, self._values(source))
        if how is How.DISTINCT:
            return self._set_of(self._values(source), column)
        return self._range_of(source, how).cast(column.type)

    def _alike(self, values: Array) -> _Alike:
        """Return a column without the values that repeat the one before in the same parent."""
        return _without_repeats(values, self._parents, breaks(values) | self._new)

    def _commonest(self, name: str, values: Array) -> Array:
        """Return the commonest non-null value per parent, and note where there are several."""
        alike = self._alike(values)
        if len(alike.values) == self.count:
            return alike.values  # every parent has one
        counted = _counted(alike)
        parents = counted.column("parent").to_numpy()
        winners = np.flatnonzero(np.diff(parents, prepend=-1))
        places = np.full(self.count, -1, dtype=np.int64)
        places[parents[winners]] = counted.column("row_min").to_numpy()[winners]
        several = np.bincount(parents, minlength=self.count) > 1
        if several.any():
            self.inconsistent[name] = np.flatnonzero(several)
        return alike.values.take(integers(places, places < 0))

    def _count_of(self, names: Sequence[str]) -> Array:
        heads = self._runs.heads.take(integers(self._own_runs))
        codes = key_column(heads, names).dictionary_encode().indices.to_numpy(zero_copy_only=False)
        pairs = np.unique(np.stack([self._run_parents, codes.astype(np.int64)]), axis=1)
        return integers(np.bincount(pairs[0], minlength=self.count))

    def _set_of(self, values: Array, column: Column) -> Array:
        """Return the different non-null values per parent as texts, sorted."""
        alike = self._alike(values)
        texts = pa.table({"parent": alike.parents, "text": texts_of(alike.values, "")})
        found = (
            _with_text(texts)
            .group_by(["parent", "text"], use_threads=False)
            .aggregate([])
            .sort_by([("parent", "ascending"), ("text", "ascending")])
        )
        counts = np.bincount(found.column("parent").to_numpy(), minlength=self.count)
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        none = counts == 0 if column.nullable else np.zeros(self.count, dtype=np.bool_)
        return _lists(offsets, flat(found, "text"), pa.array(none))

    def _range_of(self, source: str, how: How) -> Array:
        """Return the least or greatest value, or how many different ones, per parent."""
        if source not in self._ranges:
            self._ranges[source] = self._ranges_of(source)
        found = self._ranges[source]
        places = np.full(self.count, -1, dtype=np.int64)
        places[found.column("parent").to_numpy()] = np.arange(found.num_rows)
        result = flat(found, _EXTREMES[how]).take(integers(places, places < 0))
        return cast("Array", pc.fill_null(result, 0)) if how is How.COUNT else result

    def _ranges_of(self, source: str) -> pa.Table:
        values: Any = self._values(source)
        if pa.types.is_list(values.type):
            of_values = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
            values, parents = values.flatten(), self._parents[of_values]
            new = breaks(values)
            new |= np.diff(parents, prepend=-1) != 0
            alike = _without_repeats(values, parents, new)
        else:
            alike = self._alike(values)
        grouped = pa.table({"parent": alike.parents, "value": alike.values}).group_by(
            "parent", use_threads=False
        )
        return grouped.aggregate([("value", each) for each in ("min", "max", "count_distinct")])


def _without_repeats(values: Array, parents: Positions, new: Mask) -> _Alike:
    """Return the values that `new` marks, each with how many rows it stands for."""
    if new.all():
        return _Alike(values, parents, np.ones(len(values), dtype=np.int64))
    first = np.flatnonzero(new)
    lengths = np.diff(first, append=len(values))
    return _Alike(values.take(integers(first)), parents[first], lengths)


def _counted(alike: _Alike) -> pa.Table:
    """Return each non-null value of each parent with its first place, the commonest first."""
    texts = pa.table(
        {
            "parent": alike.parents,
            "text": texts_of(alike.values),
            "row": np.arange(len(alike.values)),
            "length": alike.lengths,
        }
    )
    return (
        _with_text(texts)
        .group_by(["parent", "text"], use_threads=False)
        .aggregate([("row", "min"), ("length", "sum")])
        .sort_by([("parent", "ascending"), ("length_sum", "descending"), ("text", "ascending")])
    )


def _with_text(rows: pa.Table) -> pa.Table:
    # By a mask: to filter by an expression takes ten times as long.
    text = rows.column("text")
    return rows.filter(text.is_valid()) if text.null_count else rows


def texts_of(values: Any, missing: str = _MISSING) -> Any:
    """Return each value as a text that is equal for equal values only; null stays null.

    Args:
        values: an array; lists are joined by a backslash, fields of a struct by `=`.
        missing: stands for a component that is null.
    """
    if pa.types.is_string(values.type):
        return values
    if pa.types.is_struct(values.type):
        parts = [pc.fill_null(texts_of(child, missing), missing) for child in values.flatten()]
        joined = pc.binary_join_element_wise(*parts, "=")
        return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.string()))
    if pa.types.is_list(values.type):
        elements = pc.fill_null(texts_of(values.flatten(), missing), missing)
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
        joined = pc.binary_join(_lists(offsets, elements), "\\")
        return pc.if_else(values.is_valid(), joined, pa.scalar(None, pa.string()))
    return values.cast(pa.string())


def _lists(offsets: npt.NDArray[np.int32], values: Any, none: "Array | None" = None) -> Array:
    """Return lists that start at the offsets, one fewer than these, null where `none` says so."""
    make: Any = pa.ListArray.from_arrays  # the stubs do not know that offsets are integers
    return cast("Array", make(integers(offsets), values, mask=none))
