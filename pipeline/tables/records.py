"""Rows that runs write of themselves, those of `runs`, and how one is made without pandas."""

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.json as pj

from dicomlake.schemas.column import Table


def timestamp_text(moment: datetime) -> str:
    """Return a moment as Arrow's JSON parser reads it into a UTC column."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def one_row(table: Table, values: Mapping[str, Any]) -> pa.Table:
    """Return one row of a table.

    Through JSON and Arrow's own parser: `pa.array(list)` and `pa.scalar` import pandas, 1.5 s of
    CPU. The parser knows no maps; they go through it as lists of keys and values.
    """
    schema = table.schema()
    plain = pa.schema([pa.field(each.name, _without_map(each.type)) for each in schema])
    line = {
        name: [{"key": key, "value": each} for key, each in value.items()]
        if isinstance(value, Mapping)
        else value
        for name, value in values.items()
    }
    parsed = pj.read_json(
        io.BytesIO(json.dumps(line).encode()),
        parse_options=pj.ParseOptions(explicit_schema=plain, unexpected_field_behavior="error"),
    )
    columns = [_as_map(parsed.column(each.name).combine_chunks(), each.type) for each in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _without_map(kind: pa.DataType) -> pa.DataType:
    if not isinstance(kind, pa.MapType):
        return kind
    return pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))


def _as_map(column: Any, kind: pa.DataType) -> Any:
    if not isinstance(kind, pa.MapType):
        return column
    if column.null_count:
        return pa.nulls(len(column), kind)
    pairs = column.values
    return pa.MapArray.from_arrays(column.offsets, pairs.field("key"), pairs.field("value"))
