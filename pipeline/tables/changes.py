"""What a version changed, as rows of `changes`: made of whole columns, never row by row.

The key of a row is the JSON list of its values as DuckDB's `json_array` writes it, so that a
loader can join on it without knowing this code: no spaces, numbers as they are, `null`, dates as
text, and only `"`, the backslash and control characters escaped (the latter as `\\b`, `\\t`, `\\n`,
`\\f`, `\\r`, or in upper-case hex as in `\\u001F`).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pyarrow as pa

from dicomlake import __version__
from dicomlake.pipeline.tables.arrow_files import map_rows, write_rows
from dicomlake.pipeline.tables.columnar import Array, pc, texts
from dicomlake.pipeline.tables.merge import CAME, REPLACED, RowChange
from dicomlake.pipeline.tables.order import RUN
from dicomlake.pipeline.tables.part_reader import constant
from dicomlake.schemas.column import Table
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables.changes import CHANGES, DELETE, INSERT, UNRECORDED, UPDATE
from dicomlake.schemas.tables.files import FILES

if TYPE_CHECKING:  # see layout.py
    from dicomlake.config.settings import TableSettings

Piece = tuple[Table, str, pa.Table]
"""A table, what became of some of its rows, and their key columns; `RUN` rows at most."""

_ESCAPES: Final = {
    **{number: f"\\u{number:04X}" for number in range(0x20)},
    **dict(zip(map(ord, '\b\t\n\f\r"\\'), ("\\b", "\\t", "\\n", "\\f", "\\r", '\\"', "\\\\"),
               strict=True)),
}  # fmt: skip
_TO_ESCAPE: Final = r'[\x00-\x1f"\\]'
_QUOTE, _COMMA, _NULL, _NOTHING, _OPEN, _CLOSE = texts('"', ",", "null", "", "[", "]")


def is_recorded(table: Table, settings: "TableSettings") -> bool:
    """Return whether the changed keys of a table are recorded."""
    if table.name == FILES.name:
        return settings.changes_of_files
    return table.name not in UNRECORDED


def json_keys(keys: pa.Table) -> Array:
    """Return the JSON list of each row's values.

    Args:
        keys: columns of text, integers or dates.

    Raises:
        TypeError: a column of another type.
    """
    parts = [_json_values(column.combine_chunks()) for column in keys.columns]
    inside: Any = pc.binary_join_element_wise(*parts, _COMMA) if len(parts) > 1 else parts[0]
    return cast("Array", pc.binary_join_element_wise(_OPEN, inside, _CLOSE, _NOTHING))


def _json_values(values: Array) -> Array:
    if pa.types.is_integer(values.type):
        found = pc.cast(values, pa.string())
    elif pa.types.is_string(values.type) or pa.types.is_date(values.type):
        text = _escaped(pc.cast(values, pa.string()))
        found = pc.binary_join_element_wise(_QUOTE, text, _QUOTE, _NOTHING)
    else:
        raise TypeError(f"a key of type {values.type} has no fixed form")
    return cast("Array", pc.fill_null(found, _NULL) if found.null_count else found)


def _escaped(values: Array) -> Array:
    """Return texts with what JSON escapes; only those that hold such a character are rewritten."""
    if not _holds_any_to_escape(values):
        return values
    mask = pc.fill_null(pc.match_substring_regex(values, _TO_ESCAPE), False)
    if not pc.any(mask).as_py():
        return values
    found: list[Any] = values.filter(mask).to_pylist()
    rewritten = texts(*(text.translate(_ESCAPES) for text in found))
    return cast("Array", pc.replace_with_mask(values, mask, rewritten))


def _holds_any_to_escape(values: Array) -> bool:
    """Return whether the bytes of texts hold what JSON escapes; hardly any key ever does."""
    buffers: list[Any] = values.buffers()  # the stubs do not know that numpy takes them
    _, offsets, data = buffers
    if offsets is None or data is None or not len(values):
        return False
    starts = np.frombuffer(offsets, dtype=np.int32)
    first, end = starts[values.offset], starts[values.offset + len(values)]
    held = np.frombuffer(data, dtype=np.uint8)[first:end]
    return bool(((held < ord(" ")) | (held == ord('"')) | (held == ord("\\"))).any())


def changed_keys(change: RowChange) -> Iterator[Piece]:
    """Yield the keys of a change: of rows that come, of rows replaced by others, of rows gone."""
    table, inserted = change.table, change.inserted
    names = list(table.key)
    for start in range(0, inserted.num_rows if inserted is not None else 0, RUN):
        keys = cast("pa.Table", inserted).select(names).slice(start, RUN)
        kinds = np.zeros(0) if change.kinds is None else change.kinds[start : start + RUN]
        for kind, op in ((CAME, INSERT), (REPLACED, UPDATE)):
            chosen = kinds == kind
            if chosen.all():
                yield table, op, keys
            elif chosen.any():
                yield table, op, keys.filter(pa.array(chosen))
    for gone in change.gone:
        for start in range(0, gone.num_rows, RUN):
            yield table, DELETE, gone.slice(start, RUN)


def as_rows(pieces: Iterable[Piece], version: int, run_id: str) -> Iterator[pa.Table]:
    """Yield rows of `changes` for keys, a piece at a time."""
    for table, op, keys in pieces:
        count = keys.num_rows
        values: dict[str, Any] = {
            "version": constant(version, pa.int64(), count),
            "table_name": constant(table.name, pa.string(), count),
            "row_key": json_keys(keys),
            "op": constant(op, pa.string(), count),
            "run_id": constant(run_id, pa.string(), count),
            "pipeline_version": constant(__version__, pa.string(), count),
            "schema_version": constant(SCHEMA_VERSION, pa.int16(), count),
        }
        columns = [values[column.name] for column in CHANGES.columns]
        yield pa.Table.from_arrays(columns, schema=CHANGES.schema())


def gathered(rows: Iterable[pa.Table], file: Callable[[], Path]) -> pa.Table:
    """Return rows of `changes` as one table: few in memory, many mapped from a file.

    Args:
        rows: in pieces, of which few are held.
        file: gives the path of a file that is not there yet; called when there are many rows.
    """
    pieces = iter(rows)
    held: list[pa.Table] = []
    for piece in pieces:
        held.append(piece)
        if sum(each.num_rows for each in held) > RUN:
            path = file()
            # No column is ever null, as one piece shows; all of them need not be looked at.
            write_rows(path, CHANGES.schema(), chain(held, pieces), held=piece)
            return map_rows(path, CHANGES.schema())
    return pa.concat_tables(held) if held else CHANGES.empty()
