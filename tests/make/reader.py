"""A process that reads a lake as a stranger does: DuckDB over the folders, nothing of ours.

For each line on standard input it resolves `current` once, and answers with one line of JSON. A
lake's path: what each table says its generation is, how many rows it has, and how many instances
have no file and the other way round. `whole` and a lake's path: the rows that do not agree with
those of another table, by the rule they break.
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


RULES = {
    "an ingested file has its instance": """
        SELECT count(*) FROM {files} f FULL JOIN {instances} i USING (file_id)
        WHERE (f.status = 'ingested') IS DISTINCT FROM (i.sop_instance_uid IS NOT NULL)
           OR (i.sop_instance_uid IS NOT NULL AND i.sop_instance_uid <> f.sop_instance_uid)""",
    "a series counts its instances": """
        SELECT count(*) FROM {series} s FULL JOIN (
            SELECT study_instance_uid, series_instance_uid, count(*) AS n FROM {instances}
            GROUP BY ALL) i USING (study_instance_uid, series_instance_uid)
        WHERE s.n_instances IS DISTINCT FROM i.n""",
    "a study counts its series and instances": """
        SELECT count(*) FROM {studies} s FULL JOIN (
            SELECT study_instance_uid, count(*) AS n_series, sum(n_instances) AS n FROM {series}
            GROUP BY ALL) i USING (study_instance_uid)
        WHERE s.n_instances IS DISTINCT FROM i.n OR s.n_series IS DISTINCT FROM i.n_series""",
    "patients count the instances": """
        SELECT abs((SELECT count(*) FROM {instances})
                   - (SELECT coalesce(sum(n_instances), 0) FROM {patients}))""",
    "an issue is of a file": """
        SELECT count(*) FROM {issues} i ANTI JOIN {files} f USING (file_id)
        WHERE i.file_id IS NOT NULL""",
    "what was considered for a volume is an instance of now": """
        SELECT count(*) FROM {volume_instances} v ANTI JOIN {instances} i
        USING (sop_instance_uid, study_instance_uid, series_instance_uid)""",
    "a volume counts its slices": """
        SELECT count(*) FROM {volumes} v FULL JOIN (
            SELECT volume_id, count(*) AS n FROM {volume_instances} WHERE role = 'slice'
            GROUP BY ALL) i USING (volume_id)
        WHERE v.volume_id IS NULL OR v.n_slices <> coalesce(i.n, 0)""",
    "a version has the run that made it": """
        SELECT count(*) FROM {files} f ANTI JOIN {runs} r ON r.run_id = f.last_changed_run""",
}


def broken(connection: "duckdb.DuckDBPyConnection", lake: str) -> dict[str, object]:
    folder = resolve(lake)
    if folder is None:
        return {"version": None, "broken": {}, "files": 0}
    tables = {
        name: f"read_parquet('{folder}/{name}/**/*.parquet', hive_partitioning=true)"
        for name in os.listdir(folder)
    }
    found = {}
    for rule, query in RULES.items():
        row = connection.execute(query.format_map(tables)).fetchone()
        if row is None or row[0]:
            found[rule] = row and row[0]
    paths = connection.execute(
        f"SELECT path FROM {tables['volumes']} WHERE path IS NOT NULL"
    ).fetchall()
    missing = [path for (path,) in paths if not os.path.exists(f"{lake}/{path}/zarr.json")]
    if missing:
        found["a volume is there"] = len(missing)
    count = connection.execute(f"SELECT count(*) FROM {tables['files']}").fetchone()
    return {"version": os.path.basename(folder), "broken": found, "files": count and count[0]}


def main() -> None:
    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    for line in sys.stdin:
        question, _, lake = line.strip().rpartition("\t")
        ask = broken if question == "whole" else answer
        print(json.dumps(ask(connection, lake)), flush=True)


if __name__ == "__main__":
    main()
