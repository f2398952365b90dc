"""What DDL of every dialect has in common: quoting, remarks, the order of a script."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.evolution import SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type of a warehouse, and what to know where it is not Arrow's type one to one."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one warehouse wants its tables to be declared."""

    name: str
    title: str
    type_of: Callable[[pa.DataType], SqlType]
    """Raises TypeError for a type it has no counterpart for."""
    ddl: Callable[[Table], str]
    """Return the statements that create a table and describe it."""

    def script(self, tables: Mapping[str, Table]) -> str:
        """Return the statements that create tables, under a heading."""
        head = (
            f"-- Tables of dicomlake, schema version {SCHEMA_VERSION}, for {self.title}. "
            "Generated.\n"
        )
        return "\n".join((head, *(self.ddl(table) for table in tables.values())))


def scalar(types: Mapping[pa.DataType, str], type_: pa.DataType, title: str) -> SqlType:
    """Return the type of a scalar.

    Raises:
        TypeError: the dialect has none for it.
    """
    try:
        return SqlType(types[type_])
    except KeyError:
        raise TypeError(f"no {title} type for Arrow's {type_}") from None


def double_quoted(identifier: str) -> str:
    """Return an SQL identifier between double quotes, so that no name can be a keyword."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as standard SQL writes it, without escapes."""
    return "'" + text.replace("'", "''") + "'"


def remark(column: Column) -> str:
    """Return all that is said of a column in words: description, unit, source, rule, checks."""
    parts = [column.description]
    if column.rule:
        parts.append(f"Rule: {column.rule}.")
    if column.checks:
        parts.append(f"Always {'; '.join(check.description for check in column.checks)}.")
    return " ".join(parts)


def comment(column: Column) -> str:
    """Return the remark with unit and source, for where no column of their own shows them."""
    found = [remark(column)]
    if column.unit:
        found.append(f"Unit: {column.unit}.")
    if column.tag is not None:
        found.append(f"From: {origin(column)}.")
    return " ".join(found)


def origin(column: Column) -> str:
    """Return where a value is copied from: keyword or Private Creator, path of tags, VR."""
    if column.tag is None:
        return ""
    named = column.keyword or f"private {column.creator}"
    every = " of every item" if column.every_item else ""
    return f"{named} {column.path_text} {column.vr}{every}"


def column_lines(
    table: Table,
    line: Callable[[Column, SqlType], str],
    type_of: Callable[[pa.DataType], SqlType],
    last: str = "",
) -> str:
    """Return the lines between the brackets of CREATE TABLE; notes on types stand behind them."""
    lines = []
    for place, column in enumerate(table.columns, 1):
        type_ = type_of(column.type)
        comma = "," if last or place < len(table.columns) else ""
        note = f" -- {type_.note}" if type_.note else ""
        lines.append(f"  {line(column, type_)}{comma}{note}")
    return "\n".join([*lines, *([f"  {last}"] if last else [])])


def proven_key(table: Table) -> bool:
    """Return whether the key is never null, so that it can be a primary key."""
    return not any(table.by_name[name].nullable for name in table.key)
