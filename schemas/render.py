"""Tables as documentation and DDL: Markdown pages, DuckDB statements, plain descriptions.

Everything derives from the Column records; nothing here reads or writes a file.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from dicomlake.schemas.column import Codes, Column, Table
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES

_DUCKDB_SCALARS: Final[Mapping[pa.DataType, str]] = {
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
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}


def quoted(identifier: str) -> str:
    """Return an SQL identifier between double quotes, so that no name can be a keyword."""
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def duckdb_type(type_: pa.DataType) -> str:
    """Return the DuckDB type that holds an Arrow type without loss.

    Raises:
        TypeError: no DuckDB type is known for it.
    """
    if isinstance(type_, pa.ListType):
        return f"{duckdb_type(type_.value_type)}[]"
    if isinstance(type_, pa.MapType):
        return f"MAP({duckdb_type(type_.key_type)}, {duckdb_type(type_.item_type)})"
    if isinstance(type_, pa.StructType):
        fields = (type_.field(i) for i in range(type_.num_fields))
        return f"STRUCT({', '.join(f'{quoted(f.name)} {duckdb_type(f.type)}' for f in fields)})"
    try:
        return _DUCKDB_SCALARS[type_]
    except KeyError:
        raise TypeError(f"no DuckDB type for Arrow's {type_}") from None


def duckdb_ddl(table: Table) -> str:
    """Return the statements that create a table in DuckDB and describe it there.

    The columns stand in the order of the schema; the key is a comment, because it is proved by the
    commit and an index would only slow down loading.
    """
    columns = ",\n".join(
        f"  {quoted(c.name)} {duckdb_type(c.type)}{'' if c.nullable else ' NOT NULL'}"
        for c in table.columns
    )
    name = quoted(table.name)
    key = ", ".join(quoted(column) for column in table.key)
    lines = [
        f"-- Primary key: {key}",
        f"CREATE TABLE {name} (\n{columns}\n);",
        f"COMMENT ON TABLE {name} IS {_literal(table.description)};",
    ]
    lines += [
        f"COMMENT ON COLUMN {name}.{quoted(c.name)} IS {_literal(_remark(c))};"
        for c in table.columns
    ]
    return "\n".join(lines) + "\n"


def duckdb_script() -> str:
    """Return the statements that create every table of a lake in DuckDB."""
    head = f"-- Tables of dicomlake, schema version {SCHEMA_VERSION}, for DuckDB. Generated.\n"
    return "\n".join((head, *(duckdb_ddl(table) for table in TABLES.values())))


def describe(table: Table) -> list[dict[str, Any]]:
    """Return one plain record a column, in the order of the schema, ready for JSON."""
    return [
        {
            "name": column.name,
            "type": str(column.type),
            "duckdb_type": duckdb_type(column.type),
            "nullable": column.nullable,
            "key": column.name in table.key,
            "partition": column.name in table.partition_by,
            "keyword": column.keyword or None,
            "tag": column.tag_text or None,
            "vr": column.vr or None,
            "unit": column.unit or None,
            "rule": column.rule or None,
            "checks": [check.description for check in column.checks],
            "privacy": column.privacy.value,
            "level": column.level.value,
            "since": column.since,
            "description": column.description,
        }
        for column in table.columns
    ]


def markdown(table: Table) -> str:
    """Return the documentation page of a table."""
    facts = [f"- **Grain**: {table.grain}", f"- **Key**: {_names(table.key)}"]
    if table.partition_by:
        facts.append(f"- **Partitioned by**: {_names(table.partition_by)}")
    facts.append(f"- **Sorted by**: {_names(table.order)}")
    head = "| column | type | null | from | unit | description |\n|---|---|---|---|---|---|"
    rows = "\n".join(_row(table, column) for column in table.columns)
    parts = [_title(table.name), table.description, "\n".join(facts), f"{head}\n{rows}"]
    parts += [
        _codes(column, check)
        for column in table.columns
        for check in column.checks
        if isinstance(check, Codes)
    ]
    return "\n\n".join(parts) + "\n"


def _codes(column: Column, check: Codes) -> str:
    """Return the codes of a column, with what each means."""
    rows = "\n".join(f"| `{code}` | {meaning} |" for code, meaning in check.meanings.items())
    return f"## `{column.name}`\n\n| code | meaning |\n|---|---|\n{rows}"


def index_markdown() -> str:
    """Return the page that lists every table."""
    head = "| table | grain | key | columns |\n|---|---|---|---|"
    rows = "\n".join(
        f"| [{t.name}]({t.name}.md) | {t.grain} | {_names(t.key)} | {len(t.columns)} |"
        for t in TABLES.values()
    )
    text = (
        f"Schema version {SCHEMA_VERSION}. Every version of a lake holds every one of these "
        "tables, an empty one as a part without rows. The statements that create them in DuckDB "
        "are in [`../ddl/duckdb.sql`](../ddl/duckdb.sql)."
    )
    return "\n\n".join((_title("Tables"), text, f"{head}\n{rows}")) + "\n"


def _title(name: str) -> str:
    return f"# {name}\n\n<!-- Generated by docs/generate.py from schemas/. Do not edit. -->"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _row(table: Table, column: Column) -> str:
    name = f"**`{column.name}`**" if column.name in table.key else f"`{column.name}`"
    cells = (
        name,
        f"`{column.type}`",
        "yes" if column.nullable else "no",
        _origin(column),
        column.unit,
        _remark(column),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _origin(column: Column) -> str:
    if not column.keyword:
        return ""
    return f"{column.keyword} {column.tag_text} {column.vr}"


def _remark(column: Column) -> str:
    """Return all that is said of a column in words: description, rule, checks."""
    parts = [column.description]
    if column.rule:
        parts.append(f"Rule: {column.rule}.")
    if column.checks:
        parts.append(f"Always {'; '.join(check.description for check in column.checks)}.")
    return " ".join(parts)
