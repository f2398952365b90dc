"""Keys of rows as one column, and the comparison of rows, both for whole columns at once."""

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dicomlake.pipeline.tables.columnar import pc, texts

_COLON: Final = texts(":")[0]
_NONE: Final = texts("-")[0]
_NOTHING: Final = texts("")[0]
Mask = npt.NDArray[np.bool_]

MOST_CODES: Final = 2**63 - 1
"""Greatest number that stands for a combination of values."""


def key_column(rows: pa.Table | pa.RecordBatch, names: Sequence[str]) -> "pa.Array[Any]":
    """Return one text value a row that is equal for equal keys, nulls included, and only then.

    Each component stands with its length before it, so that no two keys run together.
    """
    parts = []
    for name in names:
        column = rows.column(name)
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if len(names) == 1 and pa.types.is_string(column.type) and not column.null_count:
            return column
        text = pc.cast(column, pa.string())
        length = pc.cast(pc.binary_length(text), pa.string())
        parts.append(pc.fill_null(pc.binary_join_element_wise(length, text, _COLON), _NONE))
    return cast("pa.Array[Any]", pc.binary_join_element_wise(*parts, _NOTHING))


def positions(keys: "pa.Array[Any]", wanted: "pa.Array[Any]") -> npt.NDArray[np.int64]:
    """Return where in `wanted` each key stands, -1 where it does not; both from `key_column`."""
    found = pc.fill_null(pc.index_in(keys, value_set=wanted), -1)
    return cast("npt.NDArray[np.int64]", found.to_numpy(zero_copy_only=False).astype(np.int64))


def duplicate_keys(rows: pa.Table, names: Sequence[str]) -> int:
    """Return how many rows repeat the key of another.

    Each key column is numbered by its distinct values; keys are compared as numbers, which takes
    a fraction of the memory of their texts.
    """
    codes: npt.NDArray[np.int64] = np.zeros(rows.num_rows, np.int64)
    different = 1
    for name in names:
        column = rows.column(name).combine_chunks().dictionary_encode("encode")
        own = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        values = len(column.dictionary)
        if different * values > MOST_CODES:
            _, codes = np.unique(codes, return_inverse=True)
            different = rows.num_rows
        codes = codes * values + own
        different *= values
    return rows.num_rows - int(pc.count_distinct(pa.array(codes)).as_py())


def equal_rows(first: pa.Table, second: pa.Table) -> Mask:
    """Return which rows are equal, row by row; nulls equal nulls and NaN equals NaN.

    Args:
        first: any types of the schema, nested ones too.
        second: as many rows of the same columns.
    """
    equal = np.ones(first.num_rows, dtype=np.bool_)
    for name in first.column_names:
        pair = (first.column(name).combine_chunks(), second.column(name).combine_chunks())
        equal &= _equal(*pair)
    return equal


def _mask(values: "pa.Array[Any]") -> Mask:
    return cast("Mask", pc.fill_null(values, False).to_numpy(zero_copy_only=False))


def _equal(first: Any, second: Any) -> Mask:
    valid_first, valid_second = _mask(first.is_valid()), _mask(second.is_valid())
    both = valid_first & valid_second
    equal = ~valid_first & ~valid_second
    if not both.any():
        return equal
    if pa.types.is_struct(first.type):
        inside = np.ones(len(first), dtype=np.bool_)
        for one, other in zip(first.flatten(), second.flatten(), strict=True):
            inside &= _equal(one, other)
        return equal | (both & inside)
    if pa.types.is_list(first.type) or pa.types.is_map(first.type):
        return equal | _equal_lists(first, second, both)
    same = _mask(pc.equal(first, second))
    if pa.types.is_floating(first.type):
        same = same | (_mask(pc.is_nan(first)) & _mask(pc.is_nan(second)))
    return equal | (both & same)


def _equal_lists(first: Any, second: Any, both: Mask) -> Mask:
    """Compare lists (or maps, lists of entries) where both are given: lengths, then elements."""
    first, second = _as_list(first), _as_list(second)
    lengths = _mask(pc.equal(pc.list_value_length(first), pc.list_value_length(second)))
    candidates = np.flatnonzero(both & lengths)
    left, right = first.take(candidates), second.take(candidates)
    unequal = ~_equal(left.flatten(), right.flatten())
    parents = pc.list_parent_indices(left).to_numpy(zero_copy_only=False)
    equal = np.zeros(len(first), dtype=np.bool_)
    equal[candidates] = True
    equal[candidates[np.unique(parents[unequal])]] = False
    return equal


def _as_list(values: Any) -> Any:
    """Return a map as the list of its entries; a list as it is."""
    if not pa.types.is_map(values.type):
        return values
    entries = pa.struct([values.type.key_field, values.type.item_field])
    return values.cast(pa.list_(pa.field("entries", entries, nullable=False)))
