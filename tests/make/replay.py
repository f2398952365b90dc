"""A loader that knows only the files of a lake: it merges what `changes` names, with DuckDB."""

from pathlib import Path
from typing import Any

import duckdb

LINEAGE = ("run_id", "pipeline_version", "schema_version", "last_changed_run")

Rows = dict[str, dict[str, Any]]


def snapshot(lake: Path, version: int, table: str) -> str:
    """Return the SQL of a table of one version."""
    folder = lake / "snapshots" / f"{version:08d}" / table
    return f"read_parquet('{folder}/**/*.parquet', hive_partitioning=true)"


def rows_of(lake: Path, version: int, table: str, key: tuple[str, ...]) -> Rows:
    """Return the rows of a version by their key as JSON, without their lineage."""
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t AS SELECT * FROM {snapshot(lake, version, table)}")
        return _by_key(database, key)


def replayed(lake: Path, before: int, after: int, table: str, key: tuple[str, ...]) -> Rows:
    """Return the rows of version `before` with the changes up to `after` merged into them."""
    keys = f"json_array({', '.join(key)})"
    new = snapshot(lake, after, table)
    changed = (
        f"SELECT row_key FROM {snapshot(lake, after, 'changes')} "
        f"WHERE table_name = '{table}' AND version > {before} AND version <= {after}"
    )
    with duckdb.connect() as database:
        database.execute(f"CREATE TABLE t AS SELECT * FROM {snapshot(lake, before, table)}")
        database.execute(f"DELETE FROM t WHERE {keys} IN ({changed})")
        database.execute(f"INSERT INTO t BY NAME SELECT * FROM {new} WHERE {keys} IN ({changed})")
        return _by_key(database, key)


def operations(lake: Path, version: int, table: str) -> dict[str, str]:
    """Return what a version did to each key of a table, by its `changes`."""
    with duckdb.connect() as database:
        found = database.execute(
            f"SELECT row_key, op FROM {snapshot(lake, version, 'changes')} "
            f"WHERE table_name = '{table}' AND version = {version}"
        ).fetchall()
    assert len(dict(found)) == len(found)
    return dict(found)


def expected(before: Rows, after: Rows) -> dict[str, str]:
    """Return what tells two versions of a table apart."""
    ops = dict.fromkeys(before.keys() - after.keys(), "delete")
    ops |= dict.fromkeys(after.keys() - before.keys(), "insert")
    shared = before.keys() & after.keys()
    return ops | {key: "update" for key in shared if before[key] != after[key]}


def _by_key(database: duckdb.DuckDBPyConnection, key: tuple[str, ...]) -> Rows:
    answer = database.execute(f"SELECT json_array({', '.join(key)}) AS row_key, * FROM t")
    names = [each[0] for each in answer.description or ()]
    rows = [dict(zip(names, values, strict=True)) for values in answer.fetchall()]
    found = {
        row["row_key"]: {name: row[name] for name in sorted(names) if name not in LINEAGE}
        for row in rows
    }
    assert len(found) == len(rows)
    return found
