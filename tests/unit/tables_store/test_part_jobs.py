"""Parts written by other processes: the same bytes, and a process that dies harms nothing."""

import multiprocessing
import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from make.parts import change_of
from make.rows import default_settings

from dicomlake.pipeline.tables import commit as commit_module
from dicomlake.pipeline.tables import faults, order, part_jobs, parts, rewrite
from dicomlake.pipeline.tables.commit import Change, MapParts, TableDelta, open_for_writing
from dicomlake.pipeline.tables.keys import equal_rows
from dicomlake.pipeline.tables.layout import TEMPORARY, part_path
from dicomlake.pipeline.tables.order import merge_sorted, sorted_batches, sorted_rows
from dicomlake.pipeline.tables.part_jobs import PartJob, PartsWritten
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.schemas.column import Table
from dicomlake.schemas.tables import TABLES


def pickled(
    sizes: list[int],
) -> Callable[[Callable[[PartJob], PartsWritten], Sequence[PartJob]], Iterable[PartsWritten]]:
    """Return what does jobs as a worker gets them, the last one first."""

    def do(
        function: Callable[[PartJob], PartsWritten], jobs: Sequence[PartJob]
    ) -> Iterator[PartsWritten]:
        for job in reversed(jobs):
            sent = pickle.dumps((function, job))
            sizes.append(len(sent))
            again, own = pickle.loads(sent)
            yield pickle.loads(pickle.dumps(again(own)))

    return do


def history(lake: Path, map_parts: MapParts | None, changes: Sequence[Change]) -> Version:
    with open_for_writing(lake, default_settings(tables={"merge_small_parts": 3})) as writer:
        for number, each in enumerate(changes):
            writer.commit(f"r{number}", lambda _, each=each: each, map_parts)
        assert not list((lake / "staging").rglob("*.arrow"))
    return open_version(lake)


def test_parts_are_the_same_whoever_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0)
    changes = [
        change_of(0, 200, 1),
        change_of(100, 50, 2),
        change_of(300, 30, 3),
        change_of(0, 9, 4),
    ]
    sizes: list[int] = []
    sent = history(tmp_path / "sent", pickled(sizes), changes)
    own = history(tmp_path / "own", None, changes)
    assert sent.manifest.tables == own.manifest.tables
    assert len(sizes) >= 2 * len(changes)
    assert verify(sent.lake, deep=True) == []


def test_rows_do_not_travel_with_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0)
    few: list[int] = []
    many: list[int] = []
    history(tmp_path / "few", pickled(few), [change_of(0, 20, 1)])
    history(tmp_path / "many", pickled(many), [change_of(0, 2000, 1), change_of(500, 1500, 2)])
    assert max(many) < max(few) + 1000


def test_jobs_that_cost_little_are_not_sent(tmp_path: Path) -> None:
    def never(*_: object) -> Iterable[PartsWritten]:
        raise AssertionError("a job was sent")

    assert history(tmp_path / "lake", never, [change_of(0, 20, 1)]).rows("instances") == 20


def test_a_job_alone_is_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0.001)
    costly = Change({"files": change_of(0, 2000, 1).tables["files"]})

    def never(*_: object) -> Iterable[PartsWritten]:
        raise AssertionError("the only job was sent while nobody else had one")

    assert history(tmp_path / "lake", never, [costly]).rows("files") == 2000


@pytest.mark.parametrize("point", ["part.open", "part.write", "part.sync", "part.rename"])
def test_a_worker_killed_while_it_writes_leaves_the_old_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0)
    lake, settings = tmp_path / "lake", default_settings()
    history(lake, None, [change_of(0, 20, 1)])
    monkeypatch.setenv(faults.VARIABLE, f"{point}:kill")  # passed by the workers alone
    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool,
        open_for_writing(lake, settings) as writer,
        pytest.raises(BrokenProcessPool),
    ):
        writer.commit("r", lambda _: change_of(10, 20, 2), pool.map)
    monkeypatch.delenv(faults.VARIABLE)
    assert not [path.name for path in lake.rglob(f"{TEMPORARY}*")]
    assert open_version(lake).number == 1
    with open_for_writing(lake, settings) as writer:
        assert writer.commit("r", lambda _: change_of(10, 20, 2)) is not None
    assert {found.code for found in verify(lake, deep=True)} <= {"unreferenced"}


def test_what_a_dead_writers_delegate_left_is_swept(tmp_path: Path) -> None:
    lake, settings = tmp_path / "lake", default_settings()
    writer = open_for_writing(lake, settings)
    left = writer.writer.delegate().temporary(lake / "data", ".parquet")
    left.touch()
    with open_for_writing(lake, settings):
        assert left.exists(), "its writer lives"
    writer.close()
    left.touch()
    with open_for_writing(lake, settings):
        assert not left.exists()


def test_many_rows_are_sorted_run_by_run_and_stay_in_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With runs of 50 rows, too many bytes to be sorted at once; written here or elsewhere."""
    monkeypatch.setattr(commit_module, "WORTH_SENDING_S", 0)
    monkeypatch.setattr(order, "AT_ONCE", 0)
    for module in (order, part_jobs, rewrite):
        monkeypatch.setattr(module, "RUN", 50)
    read: list[Any] = []
    real = part_jobs.Incoming.read

    def watched(
        incoming: part_jobs.Incoming, table: Table, stretch: tuple[int, int] | None = None
    ) -> pa.Table:
        read.append(type(incoming.where))
        return real(incoming, table, stretch)

    monkeypatch.setattr(part_jobs.Incoming, "read", watched)
    changes = [change_of(0, 400, 1), change_of(200, 300, 2)]
    sent = history(tmp_path / "sent", pickled([]), changes)
    own = history(tmp_path / "own", None, changes)
    assert sent.manifest.tables == own.manifest.tables
    assert pa.Table not in read
    for _, part in own.parts("instances"):
        stored = pq.read_table(part_path(own.lake, part.id))
        uids = stored["sop_instance_uid"].to_pylist()
        assert uids == sorted(uids)
    assert own.rows("instances") == 500


@pytest.mark.parametrize("piece", [1, 50, 1000])
def test_rows_put_in_order_once_for_all_partitions_make_the_same_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    changes = [change_of(0, 400, 1), change_of(200, 300, 2)]
    monkeypatch.setattr(part_jobs, "_PIECE", piece)
    in_memory = history(tmp_path / "in_memory", None, changes)
    monkeypatch.setattr(order, "AT_ONCE", 0)
    put: list[bool] = []
    real = part_jobs.Incoming.in_file

    def watched(incoming: part_jobs.Incoming, path: Path) -> part_jobs.Incoming:
        put.append(incoming.places is not None)
        return real(incoming, path)

    monkeypatch.setattr(part_jobs.Incoming, "in_file", watched)
    once = history(tmp_path / "once", None, changes)
    assert any(put) == (piece < 300)
    monkeypatch.setattr(rewrite, "RUN", 0)
    each = history(tmp_path / "each", None, changes)
    assert len({part.partition for _, part in once.parts("instances")}) > 1
    assert once.manifest.tables == each.manifest.tables
    assert once.manifest.tables == in_memory.manifest.tables


def test_rows_of_few_bytes_are_put_in_order_without_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (order, part_jobs, rewrite):
        monkeypatch.setattr(module, "RUN", 50)
    monkeypatch.setattr(part_jobs, "_PIECE", 1)
    monkeypatch.setattr(part_jobs.Incoming, "in_file", None)  # nobody may call it
    changes = [change_of(0, 400, 1), change_of(200, 300, 2)]
    few = history(tmp_path / "few", None, changes)
    monkeypatch.undo()
    assert few.manifest.tables == history(tmp_path / "own", None, changes).manifest.tables


def test_a_row_group_ends_where_its_texts_are_too_long_wherever_batches_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "_GROUP_TEXT", 100)
    sizes = [40, 40, 40, 250, 10, 90, 1, *[7] * 30]
    rows = pa.table({"text": ["x" * size for size in sizes], "number": range(len(sizes))})
    found = []
    for at_once in (1, 2, 3, 1000):
        batches = rows.to_batches(max_chunksize=at_once)
        groups = list(parts._row_groups(batches, None))
        assert pa.concat_tables(groups).equals(rows)
        found.append([group.num_rows for group in groups])
    assert found[0][:4] == [2, 1, 1, 2]
    assert all(each == found[0] for each in found)


def test_row_groups_of_parts_of_given_size_end_with_them_also_where_texts_are_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "_GROUP_TEXT", 100)
    rows = pa.table({"text": ["x" * 30] * 10})
    groups = parts._row_groups(rows.to_batches(), (5, 5))
    assert [group.num_rows for group in groups] == [3, 2, 3, 2]


@pytest.mark.parametrize("run", [1, 7, 64, 1000])
@pytest.mark.parametrize("partition", [(), (("modality", "MR"), ("study_year", 2024))])
def test_sorting_by_runs_is_sorting(
    monkeypatch: pytest.MonkeyPatch, run: int, partition: tuple[tuple[str, Any], ...]
) -> None:
    monkeypatch.setattr(order, "RUN", run)
    monkeypatch.setattr(order, "AT_ONCE", 0)
    table = TABLES["instances"]
    found = change_of(0, 150, 1).tables["instances"].upserts
    pieces = pa.Table.from_batches(found.to_batches(max_chunksize=run))
    batches = list(sorted_batches(table, pieces, partition))
    chosen = [not partition or value == "MR" for value in found["modality"].to_pylist()]
    expected = sorted_rows(table, found.filter(pa.array(chosen)))
    got = pa.Table.from_batches(batches)
    assert got.num_rows == expected.num_rows
    assert equal_rows(got, expected).all()


def test_rows_in_order_are_not_copied() -> None:
    table = TABLES["files"]
    found = sorted_rows(table, change_of(0, 50, 1).tables["files"].upserts)
    assert sorted_rows(table, found) is found
    assert order.is_sorted(table, found)
    turned = pa.concat_tables([found.slice(25), found.slice(0, 25)])
    assert not order.is_sorted(table, turned)
    assert sorted_rows(table, turned)["path"].to_pylist() == found["path"].to_pylist()


def test_sortedness_is_seen_across_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "RUN", 10)
    table = TABLES["files"]
    found = sorted_rows(table, change_of(0, 40, 1).tables["files"].upserts)
    assert order.is_sorted(table, found)
    turned = pa.concat_tables([found.slice(20), found.slice(0, 20)])
    assert not order.is_sorted(table, turned)


def test_columns_of_ever_new_values_have_no_dictionary(tmp_path: Path) -> None:
    lake = history(tmp_path / "lake", None, [change_of(0, 300, 1)])
    ((path, _),) = lake.parts("files")
    group = pq.read_metadata(path).row_group(0)
    encodings = {
        group.column(i).path_in_schema: group.column(i).encodings for i in range(group.num_columns)
    }
    assert "RLE_DICTIONARY" not in encodings["path"]
    assert "RLE_DICTIONARY" not in encodings["file_id"]
    assert "RLE_DICTIONARY" in encodings["status"]


def columns_of(lake: Version, table: str) -> Iterator[Any]:
    """Yield what Parquet says of each column of each row group."""
    for path, _ in lake.parts(table):
        read = pq.read_metadata(path)
        for group in map(read.row_group, range(read.num_row_groups)):
            yield from map(group.column, range(group.num_columns))


def test_every_value_is_compressed_and_what_is_null_throughout_is_not(tmp_path: Path) -> None:
    lake = history(tmp_path / "lake", None, [change_of(0, 100, 1)])
    empty = set()
    for column in (each for name in ("instances", "files") for each in columns_of(lake, name)):
        if column.statistics.num_values:
            assert column.compression == "ZSTD", column.path_in_schema
        elif "." not in column.path_in_schema:
            empty.add(column.compression)
    assert empty == {"UNCOMPRESSED"}


def test_values_that_begin_in_a_later_row_group_are_compressed_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "ROW_GROUP", 40)
    found = sorted_rows(TABLES["files"], change_of(0, 100, 1).tables["files"].upserts)
    late = pa.array([None] * 60 + ["vanished"] * 40, pa.string())
    place = found.schema.get_field_index("reason")
    rows = found.set_column(place, found.schema.field(place), late)
    lake = history(tmp_path / "lake", None, [Change({"files": TableDelta(rows)})])
    reasons = [each for each in columns_of(lake, "files") if each.path_in_schema == "reason"]
    assert [each.statistics.num_values for each in reasons] == [0, 20, 20]
    assert {each.compression for each in reasons} == {"ZSTD"}


def test_a_merge_of_nothing_is_nothing() -> None:
    assert list(merge_sorted(TABLES["files"], [iter(())])) == []
    assert partial(sorted_batches, TABLES["files"])(TABLES["files"].empty()) is not None
