"""`dicomlake sql` and `dicomlake schema`. Imports little: both answer in under a second of CPU."""

import itertools
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from dicomlake.flows import printing
from dicomlake.pipeline.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from dicomlake.schemas.column import Table

TABLE_ROWS: Final = 1000
"""Rows that a table on a terminal shows; the other formats give all."""


def sql(lake: Path, query: str, form: str | None, version: int | None) -> None:
    """Run a query over the tables of a version, and print its rows.

    Args:
        lake: folder of the lake.
        query: for DuckDB; every table of the lake is a view of its name.
        form: `table`, `csv` or `json`; None: a table on a terminal, else CSV.
        version: number of the version, the newest where None.

    Raises:
        UsageError: the query is wrong.
    """
    import duckdb  # noqa: PLC0415

    from dicomlake.pipeline.lake import Lake  # noqa: PLC0415

    try:
        relation = Lake(lake, version=version).sql(query)
        if relation is None:  # a statement without rows
            return
        reader = relation.to_arrow_reader(10_000)
        _print(reader, form or ("table" if sys.stdout.isatty() else "csv"))
    except duckdb.Error as error:
        raise UsageError(
            " ".join(str(error).partition("\n\nLINE")[0].split()),
            "`dicomlake schema` lists tables, `dicomlake schema TABLE` columns.",
        ) from None


def _print(reader: "pa.RecordBatchReader", form: str) -> None:
    names = _told_apart(reader.schema.names)
    rows = (row for batch in reader for row in batch.rename_columns(names).to_pylist())
    if form == "csv":
        for line in printing.csv_lines(names, rows):
            click.echo(line, nl=False)
    elif form == "json":
        for line in _json_lines(rows):
            click.echo(line)
    else:
        shown = [row for row, _ in zip(rows, range(TABLE_ROWS), strict=False)]
        printing.print_rows(printing.screen(), shown, names=names)
        if next(rows, None) is not None:
            click.echo(f"The first {TABLE_ROWS:,} rows; --format csv gives all.", err=True)


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names of columns, each once: a join has `run_id` of both sides, and shows both."""
    told: list[str] = []
    for name in names:
        numbered = (f"{name}_{number}" for number in itertools.count(1))
        told.append(next(each for each in itertools.chain([name], numbered) if each not in told))
    return told


def _json_lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    """Yield a JSON list, a row a line, without holding it whole."""
    before = "["
    for row in rows:
        yield f"{before}{json.dumps(printing.json_value(row), ensure_ascii=False)}"
        before = ","
    yield "[]" if before == "[" else "]"


def schema(table: str | None, form: str) -> None:
    """Print the definition of one table, or of all.

    Raises:
        UsageError: there is no such table.
    """
    from dicomlake.schemas import render  # noqa: PLC0415
    from dicomlake.schemas.tables import TABLES  # noqa: PLC0415

    if table is not None and table not in TABLES:
        raise UsageError(f"There is no table {table}.", f"Tables: {', '.join(TABLES)}.")
    chosen = [TABLES[table]] if table else list(TABLES.values())
    if form == "markdown":
        text = render.markdown(chosen[0]) if table else render.index_markdown()
    elif form == "duckdb":
        text = render.duckdb_ddl(chosen[0]) if table else render.duckdb_script()
    elif form == "json":
        described = {each.name: render.describe(each) for each in chosen}
        text = json.dumps(described[table] if table else described, indent=2, ensure_ascii=False)
    else:
        _print_schema(chosen, whole=table is not None)
        return
    click.echo(text.rstrip("\n"))


def _print_schema(tables: "Sequence[Table]", *, whole: bool) -> None:
    """Print the columns of one table, or a line for each table."""
    from dicomlake.schemas import render  # noqa: PLC0415

    if whole:
        click.echo(f"{tables[0].name}: {tables[0].description}")
        rows = [_column_row(each) for each in render.describe(tables[0])]
    else:
        rows = [
            {
                "table": each.name,
                "columns": len(each.columns),
                "a row is": each.grain,
                "key": ", ".join(each.key),
            }
            for each in tables
        ]
    printing.print_rows(printing.screen(), rows)


def _column_row(column: dict[str, Any]) -> dict[str, object]:
    """Return what a terminal shows of a column: name, type, where from, what it is."""
    notes = [column["description"]]
    if column["unit"]:
        notes.append(f"[{column['unit']}]")
    return {
        "column": column["name"] + (" *" if column["key"] else ""),
        "type": column["type"],
        "from": column["tag"] or "",
        "what": " ".join(notes),
    }
