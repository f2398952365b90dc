"""Staging: the tables of a batch, whole or not at all, and given back mapped from disk."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.content import SETTINGS
from make.ingest import Ingester
from make.rows import file_row, instance_row, rows
from make.series import ct_series

from dicomlake.config.settings import Settings
from dicomlake.pipeline.discovery.sources import Source
from dicomlake.pipeline.errors import ReconciliationError
from dicomlake.pipeline.headers.attempt import Attempt, Batch, Lineage
from dicomlake.pipeline.tables import staging
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.ingest import batches, plan_ingest, stage
from dicomlake.pipeline.tables.staging import FOLLOWERS, Making, gather, write_batch
from dicomlake.schemas.tables import TABLES

MAKING = Making("s", "/s", "0.1.0", 1, "0" * 64)


def found(*paths: str, instances: bool = True) -> Attempt:
    """Return an attempt with a row of `files` for each path."""
    made = [instance_row(f"1.{path}") for path in paths] if instances else []
    return Attempt(
        rows("files", [file_row(path) for path in paths]),
        rows("instances", made),
        TABLES["issues"].empty(),
    )


def test_what_was_staged_comes_back_in_batch_order(tmp_path: Path) -> None:
    second, first = found("c"), found("a", "b")
    write_batch(tmp_path, 1, second, MAKING)
    write_batch(tmp_path, 0, first, MAKING)
    back = gather(tmp_path, [2, 1])
    assert back.files.equals(pa.concat_tables([first.files, second.files]))
    assert back.instances.equals(pa.concat_tables([first.instances, second.instances]))
    for name in ("issues", *FOLLOWERS):
        assert getattr(back, name).schema.equals(TABLES[name].schema()), name
        assert not getattr(back, name).num_rows


def test_a_table_without_rows_has_no_file(tmp_path: Path) -> None:
    write_batch(tmp_path, 0, found("a", instances=False), MAKING)
    (folder,) = (tmp_path / "batches").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["batch.json", "files.arrow"]
    assert gather(tmp_path, [1]).instances.num_rows == 0


def test_staged_rows_take_no_memory(tmp_path: Path) -> None:
    many = pa.concat_tables([found("a").instances] * 20_000)
    files = rows("files", [file_row("a")])
    write_batch(tmp_path, 0, Attempt(files, many, TABLES["issues"].empty()), MAKING)
    before = pa.total_allocated_bytes()
    back = gather(tmp_path, [1])
    assert back.instances.num_rows == 20_000
    assert back.instances.nbytes > 10_000_000
    assert pa.total_allocated_bytes() - before < back.instances.nbytes / 20


def test_many_batches_are_joined_so_that_few_files_are_open(tmp_path: Path) -> None:
    """A mapped file stays open; a process may have no more than 1,024 of them."""
    every = [found(f"{number:03d}", instances=number != 7) for number in range(40)]
    for number, each in enumerate(every):
        write_batch(tmp_path, number, each, MAKING)
    before = len(os.listdir("/dev/fd"))
    back = gather(tmp_path, [1] * 40)
    again = gather(tmp_path, [1] * 40)  # as when another run committed first
    assert len(os.listdir("/dev/fd")) - before <= 4, "one of each table, twice"
    for name in ("files", "instances", "issues"):
        rows = pa.concat_tables([getattr(each, name) for each in every])
        assert getattr(back, name).equals(rows), name
        assert getattr(again, name).equals(rows), name
    assert sorted(path.name for path in (tmp_path / "joined").iterdir()) == [
        "files.arrow",
        "instances.arrow",
    ]
    with pytest.raises(ReconciliationError, match="Batch 3 has 1 rows for 2 files"):
        gather(tmp_path, [1, 1, 1, 2, *[1] * 36])


def test_a_batch_tried_twice_is_that_of_one_try(tmp_path: Path) -> None:
    write_batch(tmp_path, 0, found("a"), MAKING)
    write_batch(tmp_path, 0, found("b", instances=False), MAKING)
    back = gather(tmp_path, [1])
    assert back.files.column("path").to_pylist() == ["a"]
    assert back.instances.num_rows == 1
    assert len(list((tmp_path / "batches").iterdir())) == 1


def test_a_batch_that_could_not_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, schema: pa.Schema, pieces: Iterable[pa.Table]) -> None:
        if path.name == "instances.arrow":
            raise OSError(28, "no space")
        written(path, schema, pieces)

    written = staging.write_rows
    monkeypatch.setattr(staging, "write_rows", full)
    with pytest.raises(OSError, match="no space"):
        write_batch(tmp_path, 0, found("a"), MAKING)
    assert not list((tmp_path / "batches").iterdir())
    with pytest.raises(ReconciliationError, match="Batch 0 was never staged"):
        gather(tmp_path, [1])


def test_a_batch_with_a_row_too_few_is_named(tmp_path: Path) -> None:
    write_batch(tmp_path, 0, found("a"), MAKING)
    write_batch(tmp_path, 1, found("b"), MAKING)
    with pytest.raises(ReconciliationError, match="Batch 1 has 1 rows for 2 files"):
        gather(tmp_path, [1, 2])


def jobs_of(tree: Path, tmp_path: Path, settings: Settings = SETTINGS) -> tuple[list[Batch], Path]:
    ingest = Ingester(tmp_path / "lake", settings)
    with open_for_writing(ingest.lake, settings) as writer:
        folder = tmp_path / "staging"
        plan = plan_ingest(writer.base, [Source("tree", str(tree))], settings, folder)
        return list(batches(plan, settings, Lineage("r", "0", 1))), folder


def test_a_staged_batch_says_which_reader_read_and_why_not_the_fast_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ct_series(tmp_path / "tree", 3)
    (tmp_path / "tree" / "note.txt").write_text("no DICOM")
    ((job,), folder) = jobs_of(tmp_path / "tree", tmp_path)
    really: Any = staging.attempt

    def fell_back(batch: Batch) -> Attempt:
        return replace(really(batch), readers={}, fallbacks={"odd": 2, "big_endian": 1})

    monkeypatch.setattr(staging, "attempt", fell_back)
    staged = stage(job, folder)
    by_reader = gather(folder, [4]).files.column("reader").value_counts().to_pylist()
    counted = {each["values"]: each["counts"] for each in by_reader if each["values"]}
    assert staged.readers == counted
    assert sum(staged.readers.values()) == 3
    assert staged.fallbacks == {"big_endian": 1, "odd": 2}
    assert staged.rows["files"] == 4
    assert staged.rows["instances"] == 3
