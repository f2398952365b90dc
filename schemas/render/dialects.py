"""DDL for DuckDB, PostgreSQL, BigQuery and Snowflake: one Dialect each, every identifier quoted."""

import json
from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.render.sql import (
    Dialect,
    SqlType,
    column_lines,
    comment,
    double_quoted,
    literal,
    proven_key,
    scalar,
)

_UTC: Final = pa.timestamp("us", tz="UTC")

DUCKDB_SCALARS: Final[Mapping[pa.DataType, str]] = {
    pa.bool_(): "BOOLEAN",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint64(): "UBIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
    _UTC: "TIMESTAMP WITH TIME ZONE",
}
POSTGRESQL_SCALARS: Final[Mapping[pa.DataType, str]] = {
    **DUCKDB_SCALARS,
    pa.uint64(): "NUMERIC(20)",
    pa.float32(): "REAL",
    pa.float64(): "DOUBLE PRECISION",
    pa.string(): "TEXT",
}
BIGQUERY_SCALARS: Final[Mapping[pa.DataType, str]] = {
    pa.bool_(): "BOOL",
    pa.int16(): "INT64",
    pa.int32(): "INT64",
    pa.int64(): "INT64",
    pa.uint64(): "NUMERIC",
    pa.float32(): "FLOAT64",
    pa.float64(): "FLOAT64",
    pa.string(): "STRING",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "DATETIME",
    _UTC: "TIMESTAMP",
}
SNOWFLAKE_SCALARS: Final[Mapping[pa.DataType, str]] = {
    pa.bool_(): "BOOLEAN",
    pa.int16(): "NUMBER(5, 0)",
    pa.int32(): "NUMBER(10, 0)",
    pa.int64(): "NUMBER(19, 0)",
    pa.uint64(): "NUMBER(20, 0)",
    pa.float32(): "FLOAT",
    pa.float64(): "FLOAT",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME(6)",
    pa.timestamp("us"): "TIMESTAMP_NTZ(6)",
    _UTC: "TIMESTAMP_TZ(6)",
}
_CLUSTER_COLUMNS: Final = 4
"""Most columns that BigQuery clusters a table by."""


def _fields(type_: pa.StructType) -> "list[pa.Field[pa.DataType]]":
    return [type_.field(place) for place in range(type_.num_fields)]


def duckdb_type(type_: pa.DataType) -> SqlType:
    """Return the DuckDB type that holds an Arrow type without loss.

    Raises:
        TypeError: no DuckDB type is known for it.
    """
    if isinstance(type_, pa.ListType):
        return SqlType(f"{duckdb_type(type_.value_type).text}[]")
    if isinstance(type_, pa.MapType):
        key, item = duckdb_type(type_.key_type), duckdb_type(type_.item_type)
        return SqlType(f"MAP({key.text}, {item.text})")
    if isinstance(type_, pa.StructType):
        each = (f"{double_quoted(f.name)} {duckdb_type(f.type).text}" for f in _fields(type_))
        return SqlType(f"STRUCT({', '.join(each)})")
    return scalar(DUCKDB_SCALARS, type_, "DuckDB")


def postgresql_type(type_: pa.DataType) -> SqlType:
    """Return the PostgreSQL type for an Arrow type: arrays of scalars, JSON for what nests.

    Raises:
        TypeError: no PostgreSQL type is known for it.
    """
    if pa.types.is_nested(type_):
        _refuse_unknown(POSTGRESQL_SCALARS, type_, "PostgreSQL")
        if isinstance(type_, pa.ListType) and not pa.types.is_nested(type_.value_type):
            return SqlType(f"{postgresql_type(type_.value_type).text}[]")
        return SqlType("JSONB", f"{type_} as JSON")
    return scalar(POSTGRESQL_SCALARS, type_, "PostgreSQL")


def bigquery_type(type_: pa.DataType) -> SqlType:
    """Return the BigQuery type for an Arrow type.

    An array of BigQuery holds no null, which a list here may (a component that is empty), so that
    its elements are structs of one field.

    Raises:
        TypeError: no BigQuery type is known for it.
    """
    if isinstance(type_, pa.MapType):
        key, item = bigquery_type(type_.key_type), bigquery_type(type_.item_type)
        return SqlType(f"ARRAY<STRUCT<`key` {key.text}, `value` {item.text}>>", f"{type_}")
    if isinstance(type_, pa.ListType):
        value = bigquery_type(type_.value_type).text
        return SqlType(f"ARRAY<STRUCT<`element` {value}>>", "an element may be null")
    if isinstance(type_, pa.StructType):
        each = (f"{_ticked(f.name)} {bigquery_type(f.type).text}" for f in _fields(type_))
        return SqlType(f"STRUCT<{', '.join(each)}>")
    return scalar(BIGQUERY_SCALARS, type_, "BigQuery")


def snowflake_type(type_: pa.DataType) -> SqlType:
    """Return the Snowflake type for an Arrow type: semi-structured for what nests.

    Raises:
        TypeError: no Snowflake type is known for it.
    """
    if pa.types.is_nested(type_):
        _refuse_unknown(SNOWFLAKE_SCALARS, type_, "Snowflake")
        return SqlType("ARRAY" if isinstance(type_, pa.ListType) else "OBJECT", f"{type_}")
    return scalar(SNOWFLAKE_SCALARS, type_, "Snowflake")


def _refuse_unknown(scalars: Mapping[pa.DataType, str], type_: pa.DataType, title: str) -> None:
    """Raise TypeError for a leaf of a nested type that a dialect has no type for."""
    if isinstance(type_, pa.ListType):
        leaves = [type_.value_type]
    elif isinstance(type_, pa.MapType):
        leaves = [type_.key_type, type_.item_type]
    elif isinstance(type_, pa.StructType):
        leaves = [f.type for f in _fields(type_)]
    else:
        scalar(scalars, type_, title)
        return
    for leaf in leaves:
        _refuse_unknown(scalars, leaf, title)


def _ticked(identifier: str) -> str:
    return "`" + identifier.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _declared(
    quote: Callable[[str], str], after: Callable[[Column], str]
) -> Callable[[Column, SqlType], str]:
    def line(column: Column, type_: SqlType) -> str:
        return f"{quote(column.name)} {type_.text}{after(column)}"

    return line


def _null(column: Column) -> str:
    return "" if column.nullable else " NOT NULL"


def _primary_key(table: Table, quote: Callable[[str], str], ending: str = "") -> str:
    """Return the clause of the primary key; none where a column of the key may be null."""
    if not proven_key(table):
        return ""
    return f"PRIMARY KEY ({', '.join(map(quote, table.key))}){ending}"


def _with_comments(table: Table, type_of: Callable[[pa.DataType], SqlType], key_clause: str) -> str:
    """Return CREATE TABLE and COMMENT ON statements, as DuckDB and PostgreSQL take them."""
    name = double_quoted(table.name)
    columns = column_lines(table, _declared(double_quoted, _null), type_of, key_clause)
    lines = [
        f"-- Key: {', '.join(map(double_quoted, table.key))}",
        f"CREATE TABLE {name} (\n{columns}\n);",
        f"COMMENT ON TABLE {name} IS {literal(table.description)};",
    ]
    lines += [
        f"COMMENT ON COLUMN {name}.{double_quoted(c.name)} IS {literal(comment(c))};"
        for c in table.columns
    ]
    return "\n".join(lines) + "\n"


def duckdb_ddl(table: Table) -> str:
    """Return the statements that create a table in DuckDB and describe it there.

    The key is a comment: the commit proves it, and an index would only slow down loading.
    """
    return _with_comments(table, duckdb_type, "")


def postgresql_ddl(table: Table) -> str:
    """Return the statements that create a table in PostgreSQL, with its key, and describe it."""
    return _with_comments(table, postgresql_type, _primary_key(table, double_quoted))


def bigquery_ddl(table: Table) -> str:
    """Return the statement that creates a table in BigQuery, clustered as its rows are sorted."""

    def after(column: Column) -> str:
        repeated = bigquery_type(column.type).text.startswith("ARRAY")  # these take no NOT NULL
        null = "" if repeated else _null(column)
        return f"{null} OPTIONS (description = {_escaped(comment(column))})"

    key = _primary_key(table, _ticked, " NOT ENFORCED")
    columns = column_lines(table, _declared(_ticked, after), bigquery_type, key)
    cluster = ", ".join(map(_ticked, table.order[:_CLUSTER_COLUMNS]))
    return (
        f"-- Key: {', '.join(map(_ticked, table.key))}\n"
        f"CREATE TABLE {_ticked(table.name)} (\n{columns}\n)\nCLUSTER BY {cluster}\n"
        f"OPTIONS (description = {_escaped(table.description)});\n"
    )


def _escaped(text: str) -> str:
    """Return a text as GoogleSQL writes it: its escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)


def snowflake_ddl(table: Table) -> str:
    """Return the statement that creates a table in Snowflake; its names are case-sensitive."""

    def after(column: Column) -> str:
        return f"{_null(column)} COMMENT {_snowflake_literal(comment(column))}"

    key = _primary_key(table, double_quoted)
    columns = column_lines(table, _declared(double_quoted, after), snowflake_type, key)
    return (
        f"-- Key: {', '.join(map(double_quoted, table.key))}\n"
        f"CREATE TABLE {double_quoted(table.name)} (\n{columns}\n)\n"
        f"COMMENT = {_snowflake_literal(table.description)};\n"
    )


def _snowflake_literal(text: str) -> str:
    """Return a text between quotes, where Snowflake reads a backslash as an escape."""
    return literal(text.replace("\\", "\\\\"))


DIALECTS: Final[Mapping[str, Dialect]] = {
    each.name: each
    for each in (
        Dialect("duckdb", "DuckDB", duckdb_type, duckdb_ddl),
        Dialect("postgresql", "PostgreSQL", postgresql_type, postgresql_ddl),
        Dialect("bigquery", "BigQuery", bigquery_type, bigquery_ddl),
        Dialect("snowflake", "Snowflake", snowflake_type, snowflake_ddl),
    )
}
"""The warehouses that DDL is written for, by name."""
