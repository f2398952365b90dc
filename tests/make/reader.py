"""A process that reads a lake as a stranger does: DuckDB over the folders, nothing of ours.

For each line on standard input, a lake's path, it resolves `current` once, and answers with one
line of JSON: what each table says its generation is, how many rows it has, and how many instances
have no file and the other way round.
"""

import json
import os
import sys

import duckdb


def resolve(lake: str) -> str | None:
    if os.path.islink(f"{lake}/current"):
        return os.path.realpath(f"{lake}/current")
    try:
        with open(f"{lake}/current.json") as file:
            return f"{lake}/{json.load(file)['snapshot']}"
    except FileNotFoundError:
        return None


def answer(connection: "duckdb.DuckDBPyConnection", lake: str) -> dict[str, object]:
    folder = resolve(lake)
    if folder is None:
        return {"version": None}

    def table(name: str) -> str:
        return f"read_parquet('{folder}/{name}/**/*.parquet', hive_partitioning=true)"

    def ask(query: str) -> list[tuple[object, ...]]:
        return connection.execute(query).fetchall()

    return {
        "version": os.path.basename(folder),
        "files": sorted(row[0] for row in ask(f"SELECT DISTINCT size FROM {table('files')}")),
        "n_files": ask(f"SELECT count(*) FROM {table('files')}")[0][0],
        "instances": sorted(
            row[0] for row in ask(f"SELECT DISTINCT instance_number FROM {table('instances')}")
        ),
        "n_instances": ask(f"SELECT count(*) FROM {table('instances')}")[0][0],
        "runs": sorted(row[0] for row in ask(f"SELECT run_id FROM {table('runs')}")),
        "unmatched": ask(
            f"SELECT count(*) FROM {table('files')} f FULL JOIN {table('instances')} i "
            "USING (file_id) WHERE f.path IS NULL OR i.modality IS NULL"
        )[0][0],
    }


def main() -> None:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for line in sys.stdin:
        print(json.dumps(answer(connection, line.strip())), flush=True)


if __name__ == "__main__":
    main()
