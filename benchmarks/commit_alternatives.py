"""Measures what decision 0001 (docs/decisions/0001-own-commit.md) says of the commit.

    python benchmarks/commit_alternatives.py [--rows 100000] [--seconds 20] [--nights 365]

Makes lakes below a temporary folder and prints one line a figure, with the versions used:

1. An upsert of 16 % new and 1 % changed rows: how long, and how many rows plain readers count.
2. Reads beside back-to-back commits, through `current` and through its resolved path: how many
   fail or mix two versions.
3. Small commits, one a night: how many parts and links, with and without merging small parts.
"""

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import version as installed
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dicomlake.config import settings as settings_module
from dicomlake.config.settings import Settings
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version
from dicomlake.schemas.tables import TABLES

READERS = ("pyarrow", "duckdb", "polars", "pandas")


def settings(**tables: Any) -> Settings:
    text = (Path(settings_module.__file__).parent / "default.toml").read_text()
    values = tomllib.loads(text)
    values["tables"].update(tables)
    return Settings.model_validate(values)


def instances(first: int, rows: int, generation: int, partitions: int = 4) -> pa.Table:
    """Return rows of `instances`, each saying its generation in `instance_number`."""
    schema = TABLES["instances"].schema()
    numbers = np.arange(first, first + rows)
    columns: dict[str, Any] = {
        "sop_instance_uid": pa.array([f"1.2.840.99.{n:09d}" for n in numbers]),
        "series_instance_uid": pa.array([f"1.2.840.99.1.{n // 200}" for n in numbers]),
        "study_instance_uid": pa.array([f"1.2.840.99.2.{n // 1000}" for n in numbers]),
        "modality": pa.array([("CT", "MR", "PT", "US")[n % partitions] for n in numbers]),
        "study_year": pa.array(np.full(rows, 2024, np.int32)),
        "instance_number": pa.array(np.full(rows, generation)),
        "patient_key": pa.array(["0" * 32] * rows),
        "schema_version": pa.array(np.ones(rows, np.int16)),
    }
    for field in schema:
        if field.name not in columns:
            filler = pa.array(["x"] * rows) if not field.nullable else pa.nulls(rows, field.type)
            columns[field.name] = filler
    return pa.table([columns[field.name] for field in schema], schema=schema)


def change(rows: pa.Table) -> Change:
    return Change({"instances": TableDelta(rows)}, {"s": "/data"})


def seen(reader: str, folder: str) -> Counter[int]:
    """Return how many rows of each generation a reader finds in the folder of `instances`."""
    if reader == "duckdb":
        import duckdb  # noqa: PLC0415  (only the reader measured)

        query = f"""SELECT instance_number, count(*) FROM read_parquet(
            '{folder}/**/*.parquet', hive_partitioning=true) GROUP BY 1"""
        return Counter(dict(duckdb.connect().execute(query).fetchall()))
    column: Any
    if reader == "pyarrow":
        import pyarrow.parquet as pq  # noqa: PLC0415  (slow import)

        column = pq.read_table(folder, columns=["instance_number"])["instance_number"].to_pylist()
    elif reader == "polars":
        import polars  # noqa: PLC0415  (slow import)

        column = polars.read_parquet(f"{folder}/**/*.parquet")["instance_number"].to_list()
    else:
        import pandas  # noqa: PLC0415  (slow import)

        column = pandas.read_parquet(folder, columns=["instance_number"])["instance_number"]
    return Counter(column)


def upsert(base: Path, rows: int) -> Iterator[str]:
    lake = base / "upsert"
    with open_for_writing(lake, settings()) as writer:
        writer.commit("first", lambda _: change(instances(0, rows, 1)))
        delta = pa.concat_tables(
            [instances(0, rows // 100, 2), instances(rows, rows * 16 // 100, 2)]
        )
        start = time.perf_counter()
        writer.commit("second", lambda _: change(delta))
        took = time.perf_counter() - start
    expected = rows + rows * 16 // 100
    yield f"upsert of {delta.num_rows:,} rows into {rows:,}: {took:.2f} s"
    folder = os.path.realpath(lake / "current") + "/instances"
    for reader in READERS:
        found = sum(seen(reader, folder).values())
        yield f"rows that {reader} counts after it: {found:,}, right are {expected:,}"


def commit_for_ever(lake: str, rows: int, stop: Any) -> None:
    with open_for_writing(Path(lake), settings()) as writer:
        for number in count(2):
            if stop.is_set():
                return

            def build(_: Version, generation: int = number) -> Change:
                return change(instances(0, rows, generation))

            writer.commit(f"r{number}", build)


def race(base: Path, seconds: float) -> Iterator[str]:
    """Read beside commits that replace every row, through the link and through the real path."""
    rows = 2000
    lake = base / "race"
    with open_for_writing(lake, settings()) as writer:
        writer.commit("first", lambda _: change(instances(0, rows, 1)))
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=commit_for_ever, args=(str(lake), rows, stop))
    process.start()
    places: dict[str, Callable[[], str]] = {
        "through the link": lambda: str(lake / "current"),
        "through the resolved path": lambda: os.path.realpath(lake / "current"),
    }
    reads: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, place in places.items():
            for reader in READERS:
                reads[name] += 1
                try:
                    found = seen(reader, place() + "/instances")
                except Exception:  # noqa: BLE001  (every reader fails in its own way)
                    wrong[f"{name}, failed"] += 1
                    continue
                if len(found) != 1 or sum(found.values()) != rows:
                    wrong[f"{name}, mixed"] += 1
    stop.set()
    process.join()
    commits = len(list((lake / "versions").glob("*.json"))) - 1
    yield f"commits back to back meanwhile: {commits}"
    for name in places:
        failed, mixed = wrong[f"{name}, failed"], wrong[f"{name}, mixed"]
        yield f"reads {name}: {reads[name]}, of them failed {failed}, mixed {mixed}"


def nights(base: Path, number: int) -> Iterator[str]:
    for label, merge in (("merged", 8), ("never merged", number * 2)):
        lake = base / label.replace(" ", "-")
        start = time.perf_counter()
        with open_for_writing(lake, settings(merge_small_parts=merge)) as writer:
            for night in range(number):
                new = instances(night * 14, 14, night, partitions=4)

                def build(_: Version, rows: pa.Table = new) -> Change:
                    return change(rows)

                writer.commit(f"n{night}", build)
            parts = len(writer.base.parts("instances"))
        links = sum(len(names) for _, _, names in os.walk(lake / "snapshots"))
        took = time.perf_counter() - start
        yield (
            f"{number} nightly commits, small parts {label}: {parts:,} parts of instances, "
            f"{links:,} links, {took:.0f} s"
        )
        shutil.rmtree(lake)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--nights", type=int, default=365)
    arguments = parser.parse_args()
    names = ("pyarrow", "duckdb", "polars", "pandas")
    print("versions: " + ", ".join(f"{name} {installed(name)}" for name in names), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        for part in (
            upsert(base, arguments.rows),
            race(base, arguments.seconds),
            nights(base, arguments.nights),
        ):
            for line in part:
                print(line, flush=True)


if __name__ == "__main__":
    main()
