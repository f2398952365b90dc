"""Rules of the commit: what a version is, when there is none, what is refused."""

import json
import os
import pickle
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from make.rows import default_settings, file_row, generation, instance_row, rows, run_row

from dicomlake.pipeline.errors import (
    BlockedByRuleError,
    CommitConflictError,
    CorruptLakeError,
    LakeFormatError,
    LakeNotFoundError,
)
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.layout import manifest_path, part_path
from dicomlake.pipeline.tables.manifest import UNKNOWN_PARTITION
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.schemas.evolution import SCHEMA_VERSION
from dicomlake.schemas.tables import TABLES

SETTINGS = default_settings()


def put(lake: Path, change: Change, run_id: str = "r", **keys: object) -> Version | None:
    """Commit a change; `keys` are settings of the section `lake`."""
    with open_for_writing(lake, default_settings(lake=keys)) as writer:
        return writer.commit(run_id, lambda _: change)


def inventory(lake: Path) -> dict[str, tuple[int, int, int]]:
    found = {}
    for folder, _, names in os.walk(lake):
        for name in (".", *names):
            status = os.lstat(os.path.join(folder, name))
            found[os.path.join(folder, name)] = (
                status.st_ino,
                status.st_size,
                status.st_mtime_ns,
            )
    return found


def test_current_points_to_a_snapshot_of_hard_links_to_the_parts(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    version = put(lake, generation(1))
    assert version is not None
    assert os.readlink(lake / "current") == "snapshots/00000001"
    for table in TABLES:
        for path, part in version.parts(table):
            link = lake / "current" / part.relative(table)
            assert link.name == f"{part.id}.parquet"
            assert os.path.samefile(link, path)
            assert part.sha256.startswith(part.id)
    assert verify(lake, deep=True) == []


def test_every_table_is_in_every_version_an_empty_one_as_one_part_without_rows(
    tmp_path: Path,
) -> None:
    version = put(tmp_path / "lake", Change({"files": TableDelta(rows("files", [file_row("a")]))}))
    assert version is not None
    for name, table in TABLES.items():
        parts = version.manifest.parts(name)
        assert len(parts) == 1
        if name != "files":
            assert parts[0].rows == 0
            expected = UNKNOWN_PARTITION if table.partition_by else {}
            assert dict(parts[0].partition) == expected
        assert version.folder(name).is_dir()


def test_the_empty_part_of_a_partitioned_table_leaves_with_the_first_row_and_comes_back(
    tmp_path: Path,
) -> None:
    lake = tmp_path / "lake"
    put(lake, Change({"files": TableDelta(rows("files", [file_row("a")]))}))
    added = put(lake, Change({"instances": TableDelta(rows("instances", [instance_row("1")]))}))
    assert added is not None
    assert [dict(p.partition) for p in added.manifest.parts("instances")] == [
        {"modality": "CT", "study_year": 2024}
    ]
    gone = rows("instances", [instance_row("1")]).select(["sop_instance_uid"])
    emptied = put(lake, Change({"instances": TableDelta(TABLES["instances"].empty(), gone)}))
    assert emptied is not None
    (part,) = emptied.manifest.parts("instances")
    assert (part.rows, dict(part.partition)) == (0, UNKNOWN_PARTITION)


def test_partition_columns_stand_in_the_path_only_and_every_part_has_the_declared_schema(
    tmp_path: Path,
) -> None:
    version = put(tmp_path / "lake", generation(1))
    assert version is not None
    for name, table in TABLES.items():
        for path, _ in version.parts(name):
            stored = pq.read_schema(path)
            assert stored.equals(table.part_schema())
            assert [f.metadata for f in stored] == [f.metadata for f in table.part_schema()]
            assert [f.nullable for f in stored] == [f.nullable for f in table.part_schema()]


def test_parts_are_zstd_with_statistics_and_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    first, second = put(tmp_path / "a", generation(1)), put(tmp_path / "b", generation(1))
    assert first is not None
    assert second is not None
    assert first.manifest.tables == second.manifest.tables
    path, _ = first.parts("instances")[0]
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    assert column.compression == "ZSTD"
    assert column.statistics.has_min_max


def test_a_change_that_changes_nothing_writes_nothing_below_the_lake(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    before = inventory(lake)
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit("other", lambda _: generation(1)) is None
    assert inventory(lake) == before


def test_rows_that_differ_in_lineage_only_are_no_change(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, Change({"files": TableDelta(rows("files", [file_row("a", run_id="r1")]))}))
    again = file_row("a", run_id="r2", last_changed_run="r2", pipeline_version="9")
    assert put(lake, Change({"files": TableDelta(rows("files", [again]))})) is None


def test_a_new_row_of_runs_alone_is_no_change(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    assert put(lake, Change({"runs": TableDelta(rows("runs", [run_row("r9")]))})) is None


def test_a_moved_root_of_a_source_is_a_change(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    version = put(lake, Change({}, {"s": "/elsewhere", "t": "/more"}))
    assert version is not None
    assert version.sources == {"s": "/elsewhere", "t": "/more"}


def test_a_root_whose_name_is_not_utf8_comes_back_byte_for_byte(tmp_path: Path) -> None:
    root = os.fsdecode(b"/data/\xff\xe9")
    put(tmp_path / "lake", Change(generation(1).tables, {"a": root}))
    assert open_version(tmp_path / "lake").sources == {"a": root}
    manifest_path(tmp_path / "lake", 1).read_bytes().decode("ascii")
    with open_for_writing(tmp_path / "lake", SETTINGS) as writer:
        writer.record_run({"run_id": "r2", "sources": [root]})
    assert read_runs(tmp_path / "lake")[-1]["sources"] == [root]


def test_a_lake_whose_path_is_not_utf8_is_refused_before_it_is_made(tmp_path: Path) -> None:
    lake = tmp_path / os.fsdecode(b"lake\xff")
    with pytest.raises(LakeFormatError, match="not UTF-8"):
        put(lake, generation(1))
    assert not lake.exists()


def test_a_lake_may_be_a_link_to_where_nothing_is_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("disk/lake")
    (tmp_path / "disk").mkdir()
    put(tmp_path / "link", generation(1))
    assert open_version(tmp_path / "disk" / "lake").number == 1


def test_untouched_parts_are_carried_over_by_reference(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    one = put(lake, generation(1))
    row = instance_row("9.9", modality="PT")
    two = put(lake, Change({"instances": TableDelta(rows("instances", [row]))}))
    assert one is not None
    assert two is not None
    assert set(one.manifest.parts("instances")) < set(two.manifest.parts("instances"))
    assert one.manifest.parts("files") == two.manifest.parts("files")


def test_staging_goes_when_the_run_committed_and_stays_when_it_failed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with open_for_writing(lake, SETTINGS) as writer:
        kept = writer.staging("good")
        writer.commit("good", lambda _: generation(1))
        assert kept.is_dir()
    assert not kept.exists()
    failing = open_for_writing(lake, SETTINGS)
    left = failing.staging("bad")

    def build(_: Version) -> Change:
        raise RuntimeError

    with pytest.raises(RuntimeError), failing:
        failing.commit("bad", build)
    assert left.is_dir()


def test_a_committed_run_gets_its_line_even_if_nobody_wrote_it(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1), "r7")
    assert [line["run_id"] for line in read_runs(lake)] == ["r7"]


def test_a_line_cut_short_in_runs_jsonl_does_not_swallow_the_next(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1), "r1")
    with (lake / "runs.jsonl").open("ab") as file:
        file.write(b'{"run_id": "r2", "out')
    put(lake, generation(2), "r3")
    assert [line["run_id"] for line in read_runs(lake)] == ["r1", "r3"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, "0750"), (0o077, "0700"), (0, "0700")])
def test_folders_and_files_have_the_mode_of_the_settings_whatever_the_umask(
    tmp_path: Path, umask: int, mode: str
) -> None:
    lake = tmp_path / "lake"
    old = os.umask(umask)
    try:
        put(lake, generation(1), mode=mode)
    finally:
        os.umask(old)
    bits = int(mode, 8)
    for folder, folders, names in os.walk(lake):
        for name in (*folders, *names):
            status = os.lstat(os.path.join(folder, name))
            if not stat.S_ISLNK(status.st_mode):
                wanted = bits if stat.S_ISDIR(status.st_mode) else bits & 0o666
                assert stat.S_IMODE(status.st_mode) == wanted, name
    assert stat.S_IMODE(lake.stat().st_mode) == bits


def test_a_commit_that_loses_the_race_builds_again_on_the_winner(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    seen: list[int] = []

    def build(base: Version) -> Change:
        seen.append(base.number)
        if len(seen) == 1:
            put(lake, generation(1), "winner")
        return Change({"files": TableDelta(rows("files", [file_row("mine")]))})

    with open_for_writing(lake, SETTINGS) as writer:
        version = writer.commit("loser", build)
    assert version is not None
    assert (version.number, seen) == (2, [0, 1])
    assert version.rows("files") == generation(1).tables["files"].upserts.num_rows + 1


def test_a_commit_that_always_loses_gives_up(tmp_path: Path) -> None:
    lake = tmp_path / "lake"

    def build(base: Version) -> Change:
        put(lake, generation(base.number + 1), "winner")
        return generation(1000 + base.number)

    settings = default_settings(lake={"commit_attempts": 3})
    with open_for_writing(lake, settings) as writer, pytest.raises(CommitConflictError):
        writer.commit("loser", build)
    assert open_version(lake).number == 3
    assert verify(lake, deep=True) != []  # the loser's parts are left, as unreferenced
    assert {finding.code for finding in verify(lake, deep=True)} == {"unreferenced"}


def broken_rows() -> list[tuple[str, Change]]:
    good = file_row("a")
    unknown = {**good, "status": "whatever"}
    missing = {**good, "source": None}
    return [
        ("status", Change({"files": TableDelta(rows("files", [unknown]))})),
        ("source", Change({"files": TableDelta(rows("files", [missing]))})),
        ("key", Change({"files": TableDelta(rows("files", [good, good]))})),
        ("reason", Change({"files": TableDelta(rows("files", [good]).drop_columns("reason"))})),
    ]


@pytest.mark.parametrize("case", range(4))
def test_rows_that_break_a_rule_block_the_whole_commit(tmp_path: Path, case: int) -> None:
    lake = tmp_path / "lake"
    word, change = broken_rows()[case]
    put(lake, generation(1))
    before = inventory(lake)
    with pytest.raises(BlockedByRuleError, match=word):
        put(lake, change)
    assert inventory(lake) == before


def test_an_unreadable_newest_manifest_is_refused_and_the_one_before_stays_readable(
    tmp_path: Path,
) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    put(lake, generation(2))
    manifest_path(lake, 2).write_text("{garbage")
    for attempt in (lambda: open_version(lake), lambda: open_for_writing(lake, SETTINGS)):
        with pytest.raises(LakeFormatError, match=r"00000002\.json.*bad"):
            attempt()
    assert open_version(lake, 1).rows("files") == 6
    # the way out that the message names
    manifest_path(lake, 2).rename(manifest_path(lake, 2).with_suffix(".json.bad"))
    version = put(lake, generation(3))
    assert version is not None
    assert version.number == 2
    assert set(version.read("files", ["size"])["size"].to_pylist()) == {3}
    assert os.readlink(lake / "current") == "snapshots/00000002"
    assert not [f for f in verify(lake, deep=True) if f.severity == "error"]


@pytest.mark.parametrize("key", ["format", "schema_version"])
def test_a_version_newer_than_the_code_is_refused(tmp_path: Path, key: str) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    document = json.loads(manifest_path(lake, 1).read_text())
    document[key] += 1
    manifest_path(lake, 1).write_text(json.dumps(document))
    before = inventory(lake)
    with pytest.raises(LakeFormatError, match="newer dicomlake"):
        open_for_writing(lake, SETTINGS)
    assert inventory(lake) == before
    assert SCHEMA_VERSION >= 1


def test_a_lake_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, generation(1))
    (lake / "lake.toml").write_text("format = 99\n")
    with pytest.raises(LakeFormatError, match="newer dicomlake"):
        open_version(lake)


@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_damaged_part_of_the_base_stops_the_commit(tmp_path: Path, damage: str) -> None:
    lake = tmp_path / "lake"
    version = put(lake, generation(1))
    assert version is not None
    path, _ = version.parts("series")[0]
    if damage == "missing":
        path.unlink()
    else:
        os.truncate(path, 10)
    with pytest.raises(CorruptLakeError, match="series"):
        put(lake, generation(2))
    assert open_version(lake).number == 1


def test_a_folder_with_other_files_never_becomes_a_lake(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(LakeFormatError):
        open_for_writing(tmp_path, SETTINGS)
    assert os.listdir(tmp_path) == ["mine.txt"]


def test_an_empty_folder_becomes_a_lake_and_an_interrupted_making_is_taken_up(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / ".tmp-0123456789abcdef-1.toml").write_text("form")
    assert put(tmp_path, generation(1)) is not None


def test_where_there_is_no_lake_readers_are_told_so(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFoundError):
        open_version(tmp_path)
    with open_for_writing(tmp_path / "lake", SETTINGS):
        assert open_version(tmp_path / "lake").number == 0
    with pytest.raises(LakeNotFoundError):
        open_version(tmp_path / "lake", 7)


def test_a_part_reused_is_checked_and_replaced_when_damaged(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    one = put(lake, generation(1))
    put(lake, generation(2))
    assert one is not None
    _, part = one.parts("files")[0]
    target = part_path(lake, part.id)
    data = bytearray(target.read_bytes())
    data[100] ^= 0xFF
    target.write_bytes(data)
    three = put(lake, generation(1))  # the same rows, so the same part again
    assert three is not None
    assert three.parts("files")[0][1].id == part.id
    assert set(three.read("files", ["size"])["size"].to_pylist()) == {1}


def test_versions_pickle(tmp_path: Path) -> None:
    version = put(tmp_path / "lake", generation(1))
    assert version is not None
    copy = pickle.loads(pickle.dumps(version))
    assert copy == version
    assert copy.read("instances").equals(version.read("instances"))
