"""`dicomlake sql` and `dicomlake schema`. Imports little: both answer in under a second of CPU."""

import itertools
import json
import shutil
import sys
import textwrap
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

_MOST: Final = (36, 18, 8, 13)
"""Width at most of name, type, unit and tag; what is longer pushes the rest of its line."""
_LEAST_ROOM: Final = 24
"""Columns below which a description is not wrapped."""


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
    import duckdb  # noqa: PLC0415  (slow import)

    from dicomlake.pipeline.lake import Lake  # noqa: PLC0415  (slow import)

    try:
        relation = Lake(lake, version=version).sql(query)
        if relation is None:  # a statement without rows
            return
        reader = relation.to_arrow_reader(10_000)
        print_result(reader, form or ("table" if sys.stdout.isatty() else "csv"))
    except duckdb.Error as error:
        raise UsageError(
            " ".join(str(error).partition("\n\nLINE")[0].split()),
            "`dicomlake schema` lists tables, `dicomlake schema TABLE` columns.",
        ) from None


def print_result(reader: "pa.RecordBatchReader", form: str) -> None:
    """Print the rows of a query as `table`, `csv` or `json`."""
    names = _told_apart(reader.schema.names)
    rows = _rows(reader, names)
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


def _rows(reader: "pa.RecordBatchReader", names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield rows by column name; maps, which Arrow gives as pairs, as dictionaries."""
    import pyarrow as pa  # noqa: PLC0415  (slow import)

    types = zip(names, reader.schema.types, strict=True)
    maps = [name for name, kind in types if pa.types.is_map(kind)]
    for batch in reader:
        for row in batch.rename_columns(list(names)).to_pylist():
            for name in maps:
                pairs = row[name]
                if pairs is not None and len(dict(pairs)) == len(pairs):
                    row[name] = dict(pairs)
            yield row


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
    from dicomlake.schemas import render  # noqa: PLC0415  (slow import)
    from dicomlake.schemas.tables import TABLES  # noqa: PLC0415  (slow import)

    if table is not None and table not in TABLES:
        raise UsageError(f"There is no table {table}.", f"Tables: {', '.join(TABLES)}.")
    chosen = [TABLES[table]] if table else list(TABLES.values())
    if form == "table":
        _print_schema(chosen, whole=table is not None)
        return
    if form == "markdown":
        text = render.markdown(chosen[0]) if table else render.index_markdown()
    elif form == "json":
        described = {each.name: render.describe(each) for each in chosen}
        text = json.dumps(described[table] if table else described, indent=2, ensure_ascii=False)
    else:
        dialect = render.DIALECTS[form]
        text = dialect.ddl(chosen[0]) if table else dialect.script(TABLES)
    click.echo(text.rstrip("\n"))


def _print_schema(tables: "Sequence[Table]", *, whole: bool) -> None:
    """Print the columns of one table, or a line for each table."""
    if whole:
        for line in _schema_lines(tables[0], _width()):
            click.echo(line)
        return
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


def _width() -> int:
    """Return the columns of the terminal; 0 where there is none, so that no line is broken."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _schema_lines(table: "Table", width: int) -> Iterator[str]:
    """Yield a table's columns: name, type, unit, tag, description.

    A line a column, which other programs can search; on a terminal of `width` columns the
    description goes on below itself.
    """
    from dicomlake.schemas import render  # noqa: PLC0415  (slow import)

    yield f"{table.name}: {table.description}"
    yield f"A row is a {table.grain}; columns of the key bear a *."
    yield ""
    title = ("column", "type", "unit", "tag", "description")
    rows: list[tuple[str, ...]] = [title]
    rows += [_column_cells(each) for each in render.describe(table)]
    columns = zip(*rows, strict=True)
    sizes = [min(max(map(len, each)), most) for each, most in zip(columns, _MOST, strict=False)]
    starts = list(itertools.accumulate((size + 2 for size in sizes), initial=0))
    room = width - starts[-1]
    for *cells, description in rows:
        head = ""
        for start, cell in zip(starts, (*cells, ""), strict=True):
            head = f"{head}  " if start and len(head) > start - 2 else head.ljust(start)
            head += cell
        if room < _LEAST_ROOM:
            yield f"{head}{description}"
            continue
        first, *rest = textwrap.wrap(description, room)
        yield f"{head}{first}"
        yield from (" " * starts[-1] + line for line in rest)


def _column_cells(column: dict[str, Any]) -> tuple[str, ...]:
    """Return what is shown of a column: name, type, unit, tag, description."""
    tag = column["path"] or ""
    if column["creator"]:
        tag = f"{column['creator']} {tag}"
    return (
        column["name"] + (" *" if column["key"] else ""),
        column["type"].replace("item: ", "").replace(": string", ""),
        column["unit"] or "",
        tag,
        column["description"],
    )
