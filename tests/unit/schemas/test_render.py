"""What is derived from the columns: DDL that loads, pages that are current, plain descriptions."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dicomlake.schemas import render
from dicomlake.schemas.checks import AtLeast, OneOf
from dicomlake.schemas.column import Column, Table
from dicomlake.schemas.render.sql import double_quoted
from dicomlake.schemas.tables import TABLES

ROOT = Path(__file__).resolve().parents[3]


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def example(type_: pa.DataType) -> Any:
    """Return a value of a type that is neither empty nor zero."""
    if pa.types.is_list(type_):
        return [example(type_.value_type), None]
    if pa.types.is_map(type_):
        return [(example(type_.key_type), example(type_.item_type))]
    if pa.types.is_struct(type_):
        return {type_.field(i).name: example(type_.field(i).type) for i in range(type_.num_fields)}
    if pa.types.is_string(type_):
        return "text with 'quotes'"
    if pa.types.is_boolean(type_):
        return True
    return pa.scalar(19_000, pa.int64()).cast(pa.int64()).as_py() if _whole(type_) else 1.5


def _whole(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_))


def row_of(table: Table) -> pa.Table:
    """Return one row of a table with a value in every column."""
    columns = []
    for column in table.columns:
        if pa.types.is_temporal(column.type):
            integer = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
            columns.append(pa.array([19_000], integer).cast(column.type))
        else:
            columns.append(pa.array([example(column.type)], column.type))
    return pa.Table.from_arrays(columns, schema=table.schema())


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(render.DIALECTS["duckdb"].script(TABLES))
    return connection


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_ddl_accepts_a_row_of_the_tables_parquet(
    table: Table, database: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = row_of(table)
    pq.write_table(row, tmp_path / "part.parquet")
    source = tmp_path / "part.parquet"
    database.execute(f"INSERT INTO {double_quoted(table.name)} SELECT * FROM '{source}'")
    back = database.sql(f"SELECT * FROM {double_quoted(table.name)}").to_arrow_table()
    assert back.column_names == [column.name for column in table.columns]
    plain = [pa.Table.from_arrays(t.columns, names=t.column_names) for t in (row, back)]
    assert plain[1].cast(plain[0].schema).to_pylist() == plain[0].to_pylist()


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_ddl_refuses_null_where_the_schema_does(
    table: Table, database: duckdb.DuckDBPyConnection
) -> None:
    declared = {
        name: null == "YES"
        for name, null in database.execute(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = ?",
            [table.name],
        ).fetchall()
    }
    assert declared == {column.name: column.nullable for column in table.columns}


def test_ddl_describes_every_table_and_column(database: duckdb.DuckDBPyConnection) -> None:
    count = "SELECT count(*) FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
    assert database.execute(count).fetchone() == (0,)
    count = "SELECT count(*) FROM duckdb_tables() WHERE comment IS NOT NULL"
    assert database.execute(count).fetchone() == (len(TABLES),)


def test_identifiers_and_texts_of_the_ddl_are_quoted() -> None:
    column = Column('select"', pa.string(), "It's a 'text'; DROP TABLE x.", nullable=False)
    table = Table("order", "An 'order'.", "order", ('select"',), (column,))
    connection = duckdb.connect()
    connection.execute(render.DIALECTS["duckdb"].ddl(table))
    found = connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    assert found == [('select"', "It's a 'text'; DROP TABLE x.")]


def test_description_is_plain_and_complete() -> None:
    for table in TABLES.values():
        records = render.describe(table)
        assert [record["name"] for record in records] == list(table.by_name)
        assert json.loads(json.dumps(records)) == records
        assert [r["name"] for r in records if r["key"]] == [
            column.name for column in table.columns if column.name in table.key
        ]
    by_name = {record["name"]: record for record in render.describe(TABLES["instances"])}
    assert by_name["slice_thickness"]["tag"] == "(0018,0050)"
    assert by_name["slice_thickness"]["unit"] == "mm"
    assert by_name["modality"]["partition"]
    assert by_name["age_years"]["checks"] == ["at least 0"]
    assert by_name["radionuclide_total_dose"]["path"] == "(0054,0016) > (0018,1074)"
    assert by_name["siemens_b_value"]["creator"] == "SIEMENS MR HEADER"
    assert by_name["patient_name"]["postgresql_type"] == "JSONB"


def test_markdown_says_where_a_column_comes_from_and_escapes_pipes() -> None:
    page = render.markdown(TABLES["instances"])
    assert "| `slice_thickness` | `double` | yes | SliceThickness (0018,0050) DS | mm |" in page
    assert "| **`sop_instance_uid`** |" in page
    column = Column("a", pa.string(), "One | two.", checks=(OneOf(("x",)), AtLeast(1)))
    row = render.markdown(Table("t", "T.", "t", ("a",), (column,))).splitlines()[-1]
    assert row.endswith("One \\| two. Always one of `x`; at least 1. |")


def test_index_names_every_table() -> None:
    page = render.index_markdown()
    for name in TABLES:
        assert f"[{name}]({name}.md)" in page


def test_generated_documents_are_current() -> None:
    generator = load_generator()
    assert generator.outdated(ROOT / "docs") == [], "run `make docs`"


def test_generator_finds_changed_missing_and_left_over_pages(tmp_path: Path) -> None:
    generator = load_generator()
    generator.write(tmp_path)
    assert generator.outdated(tmp_path) == []
    (tmp_path / "tables" / "files.md").write_text("old", encoding="utf-8")
    (tmp_path / "tables" / "runs.md").unlink()
    (tmp_path / "tables" / "gone.md").write_text("left over", encoding="utf-8")
    (tmp_path / "ddl" / "gone.sql").write_text("left over", encoding="utf-8")
    (tmp_path / "dbt" / "schema.yml").unlink()
    names = [path.name for path in generator.outdated(tmp_path)]
    assert names == ["schema.yml", "gone.sql", "files.md", "gone.md", "runs.md"]
    generator.write(tmp_path)
    assert generator.outdated(tmp_path) == []
    assert not (tmp_path / "tables" / "gone.md").exists()
