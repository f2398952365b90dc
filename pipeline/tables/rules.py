"""The rules that rows must obey to be committed; one broken rule stops the whole commit."""

import pyarrow as pa

from dicomlake.pipeline.errors import BlockedByRuleError
from dicomlake.pipeline.tables.keys import duplicate_keys
from dicomlake.schemas.column import Table

_FIX = "Nothing was committed. This is a defect of dicomlake: please report this line."


def conform(table: Table, rows: pa.Table) -> pa.Table:
    """Return rows with exactly the table's columns, in its order and types.

    Raises:
        BlockedByRuleError: a column is missing, unknown, or of a type that does not convert.
    """
    names = [column.name for column in table.columns]
    if sorted(rows.column_names) != sorted(names):
        odd = sorted(set(rows.column_names) ^ set(names))
        raise BlockedByRuleError(
            f"Table {table.name}: columns missing or unknown: {', '.join(odd)}.", _FIX
        )
    schema = table.schema()
    columns = []
    for field in schema:
        column = rows.column(field.name)
        if not column.type.equals(field.type, check_metadata=True):
            try:
                column = column.cast(field.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                # the error's text would show a value
                raise BlockedByRuleError(
                    f"Table {table.name}, column {field.name}: type {column.type} is not "
                    f"{field.type}.",
                    _FIX,
                ) from None
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def check_rows(table: Table, rows: pa.Table) -> None:
    """Return if the key is unique, required columns have values, and every check holds.

    Args:
        table: the definition.
        rows: what `conform` returned.

    Raises:
        BlockedByRuleError: naming table, column and rule.
    """
    for column in table.columns:
        values = rows.column(column.name)
        if not column.nullable and values.null_count:
            raise BlockedByRuleError(
                f"Table {table.name}, column {column.name}: {values.null_count} rows have no "
                "value, and it must have one.",
                _FIX,
            )
        for check in column.checks:
            broken = check.violations(values)
            if broken:
                raise BlockedByRuleError(
                    f"Table {table.name}, column {column.name}: {broken} values break the rule "
                    f"`{check.description}`.",
                    _FIX,
                )
    repeated = duplicate_keys(rows, table.key)
    if repeated:
        raise BlockedByRuleError(
            f"Table {table.name}, key ({', '.join(table.key)}): {repeated} rows repeat the key of "
            "another.",
            _FIX,
        )
