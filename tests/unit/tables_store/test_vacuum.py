"""Vacuum: what goes, what stays for whom, and that a crash anywhere leaves what stays whole."""

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.killed import killed
from make.rows import Change, TableDelta, default_settings, generation, rows

from dicomlake.pipeline.errors import LakeFormatError, LakeNotFoundError, UsageError
from dicomlake.pipeline.tables import commit, faults
from dicomlake.pipeline.tables import vacuum as module
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import manifest_path, part_path, version_numbers
from dicomlake.pipeline.tables.locks import live_writers
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.vacuum import vacuum
from dicomlake.pipeline.tables.verify import Severity, verify

SETTINGS = default_settings()
HOUR = 3600
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20) + b"IEND\xaeB`\x82"


def with_volume(number: int) -> Change:
    """Return the change to a generation, with its volume and picture."""
    change = generation(number)
    names = {"path": f"volumes/v{number}.zarr", "preview": f"volumes/v{number}.png"}
    row = {"volume_id": "a" * 32, "status": "accepted", "sha256": "b" * 64, **names}
    return Change({**change.tables, "volumes": TableDelta(rows("volumes", [row]))}, change.sources)


def put(lake: Path, number: int) -> None:
    folder = lake / f"volumes/v{number}.zarr" / "0"
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text("{}")
    (lake / f"volumes/v{number}.png").write_bytes(PNG)
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit(f"g{number}", lambda _: with_volume(number)) is not None


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of three generations, each with a volume of its own."""
    lake = tmp_path_factory.mktemp("made") / "lake"
    open_for_writing(lake, SETTINGS).close()
    for number in (1, 2, 3):
        put(lake, number)
    return lake


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake", symlinks=True))


def inventory(lake: Path) -> dict[str, tuple[int, int, int]]:
    """Return every name below a lake but its locks."""
    return {
        str(path.relative_to(lake)): (status.st_ino, status.st_size, status.st_mtime_ns)
        for path in lake.rglob("*")
        if ".locks" not in path.parts and not path.is_dir()
        for status in (path.lstat(),)
    }


def errors(lake: Path) -> list[str]:
    found = verify(lake, deep=True, volume_digest=lambda _: "b" * 64)
    return [each.code for each in found if each.severity is not Severity.INFO]


def parts(lake: Path, *numbers: int) -> set[str]:
    return {
        part.id
        for number in numbers
        for each in open_version(lake, number).manifest.tables.values()
        for part in each
    }


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * HOUR
    os.utime(path, (then, then), follow_symlinks=False)


def test_without_grace_all_goes_that_the_newest_version_does_not_name(lake: Path) -> None:
    kept, gone = parts(lake, 3), parts(lake, 1, 2) - parts(lake, 3)
    sizes = {part: part_path(lake, part).stat().st_size for part in gone}
    done = vacuum(lake, SETTINGS, keep_s=0)
    assert done.kept_versions == tuple(version_numbers(lake)) == (3,)
    assert {path.stem for path in (lake / "data").iterdir()} == kept
    assert sorted(path.name for path in (lake / "snapshots").iterdir()) == ["00000003"]
    assert sorted(path.name for path in (lake / "volumes").iterdir()) == ["v3.png", "v3.zarr"]
    assert [(each.what, each.name) for each in done.removed] == [
        *(("version", f"versions/0000000{k}.json") for k in (1, 2)),
        *(("snapshot", f"snapshots/0000000{k}") for k in (1, 2)),
        *(("part", f"data/{part}.parquet") for part in sorted(gone)),
        *(
            (what, f"volumes/v{k}.{suffix}")
            for k in (1, 2)
            for what, suffix in (("preview", "png"), ("volume", "zarr"))
        ),
    ]  # fmt: skip
    assert {e.name[5:37]: e.bytes for e in done.removed if e.what == "part"} == sizes
    assert errors(lake) == []
    assert [p.name for p in (lake / ".locks").iterdir()] == ["commit"]
    assert vacuum(lake, SETTINGS, keep_s=0).removed == ()
    with pytest.raises(LakeNotFoundError, match="no version 1"):
        open_version(lake, 1)
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit("g4", lambda _: generation(4)) is not None
    assert version_numbers(lake) == [3, 4]


def test_a_version_stays_until_the_one_after_it_is_older_than_the_grace_period(lake: Path) -> None:
    """A reader may have opened it until that moment."""
    for number, hours in ((1, 99), (2, 10), (3, 1)):
        age(manifest_path(lake, number), hours)
    for path in [*(lake / "data").iterdir(), *(lake / "volumes").iterdir()]:
        age(path, 99)
    assert vacuum(lake, SETTINGS, keep_s=11 * HOUR).removed == ()
    done = vacuum(lake, SETTINGS, keep_s=2 * HOUR)
    assert done.kept_versions == (2, 3)
    assert {each.name for each in done.removed if each.what in ("volume", "preview")} == {
        "volumes/v1.png",
        "volumes/v1.zarr",
    }
    assert errors(lake) == []


def test_what_no_version_names_stays_for_the_grace_period(lake: Path) -> None:
    """It may be of a run that has not committed yet."""
    stray = lake / f"data/{'a' * 32}.parquet"
    array, picture = lake / "volumes/x.zarr", lake / "volumes/x.png"
    stray.write_text("x")
    array.mkdir()
    picture.write_text("x")
    before = inventory(lake)
    assert vacuum(lake, SETTINGS).removed == ()
    assert inventory(lake) == before
    for path in (stray, array, picture):
        age(path, 169)
    found = [(each.what, each.name) for each in vacuum(lake, SETTINGS).removed]
    assert found == [
        ("part", f"data/{'a' * 32}.parquet"),
        ("preview", "volumes/x.png"),
        ("volume", "volumes/x.zarr"),
    ]


def test_strange_files_are_not_touched(lake: Path) -> None:
    strange = [lake / place for place in ("data/notes.txt", "volumes/notes", "versions/1.json.bad")]
    for path in strange:
        path.write_text("mine")
        age(path, 999)
    vacuum(lake, SETTINGS, keep_s=0)
    assert all(path.exists() for path in strange)


def test_a_dry_run_says_what_would_go_and_writes_nothing(lake: Path) -> None:
    dead = lake / "staging/dead"
    dead.mkdir()
    (dead / "writer").write_text("0" * 16)
    (lake / f"data/.tmp-{'0' * 16}-1.parquet").write_text("x")
    before = inventory(lake)
    said = vacuum(lake, SETTINGS, keep_s=0, dry_run=True)
    assert inventory(lake) == before
    done = vacuum(lake, SETTINGS, keep_s=0)
    assert said.removed == done.removed
    assert said.kept_versions == done.kept_versions
    assert {each.what for each in done.removed} == {
        "version", "snapshot", "part", "volume", "preview", "staging", "temporary"
    }  # fmt: skip


def test_the_versions_and_all_volumes_stay_that_a_live_run_may_need(lake: Path) -> None:
    with open_for_writing(lake, SETTINGS) as run:
        run.staging("run")
        put(lake, 4)
        done = vacuum(lake, SETTINGS, keep_s=0)
        assert done.kept_versions == (3, 4)
        assert len(list((lake / "volumes").glob("*.zarr"))) == 4
        assert (lake / "staging/run").is_dir()
        assert errors(lake) == []
    assert vacuum(lake, SETTINGS, keep_s=0).kept_versions == (4,)
    assert len(list((lake / "volumes").glob("*.zarr"))) == 1


def test_a_writer_whose_version_went_before_it_said_so_begins_with_the_newest(lake: Path) -> None:
    with open_for_writing(lake, SETTINGS) as run:
        put(lake, 4)
        assert vacuum(lake, SETTINGS, keep_s=0).kept_versions == (4,)
        run.staging("run")
        assert run.base.number == 4


def test_no_part_is_lost_that_a_commit_has_written_or_used_again(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = commit.publish_manifest
    done: list[module.Vacuumed] = []

    def vacuum_first(*given: Any) -> bool:
        done.append(vacuum(lake, SETTINGS, keep_s=0))
        return publish(*given)

    shutil.rmtree(lake / "snapshots/00000001")
    manifest_path(lake, 1).unlink()  # what it named is of no version now
    for path in (lake / "data").iterdir():
        age(path, 999)
    with monkeypatch.context() as between:
        between.setattr(commit, "publish_manifest", vacuum_first)
        with open_for_writing(lake, SETTINGS) as writer:
            writer.staging("g1")
            # The same rows as in version 1: the same bytes, the parts lie there already.
            assert writer.commit("g1", lambda _: generation(1)) is not None
    assert done[0].kept_versions == (3,)
    assert any(each.what == "part" for each in done[0].removed)
    assert errors(lake) == []
    assert set(open_version(lake).read("files", ["size"])["size"].to_pylist()) == {1}


@pytest.mark.parametrize("what", ["writer", "commit"])
def test_everything_is_put_back_where_a_run_began_while_it_was_chosen(
    lake: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[Any] = []

    def begin(point: str) -> None:
        if point == "vacuum.look":
            assert version_numbers(lake) == [3]
            begun.append(open_for_writing(lake, SETTINGS))
            if what == "commit":
                monkeypatch.setattr(commit, "publish", lambda *_: None)  # it waits for the lock
                begun[0].commit("g4", lambda _: generation(4))
                begun[0].close()
            else:
                begun[0].staging("run")

    before = inventory(lake)
    before.pop("runs.jsonl")
    monkeypatch.setattr(module, "reach", begin)
    done = vacuum(lake, SETTINGS, keep_s=0)
    begun[0].close()
    assert done.removed == ()
    assert done.kept_versions[:3] == (1, 2, 3)
    assert before.items() <= inventory(lake).items()


def test_what_is_used_while_it_is_chosen_stays(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[Path] = []

    def use(point: str) -> None:
        if point == "vacuum.look":
            chosen.extend((lake / "data").glob(".tmp-*"))
            os.utime(chosen[0])

    monkeypatch.setattr(module, "reach", use)
    done = vacuum(lake, SETTINGS, keep_s=0)
    removed = sum(each.what == "part" for each in done.removed)
    assert removed == len(chosen) - 1
    assert len(list((lake / "data").iterdir())) == len(parts(lake, 3)) + 1


def test_staging_of_dead_runs_goes_at_once_and_that_of_nobody_known_with_age(lake: Path) -> None:
    for name, writer in (("dead", "0" * 16), ("unknown", None), ("old", None)):
        (lake / "staging" / name / "batches").mkdir(parents=True)
        if writer:
            (lake / "staging" / name / "writer").write_text(writer)
    for path in (lake / "staging/old/batches", lake / "staging/old"):
        age(path, 169)
    found = [each.name for each in vacuum(lake, SETTINGS).removed]
    assert found == ["staging/dead", "staging/old"]
    assert [path.name for path in (lake / "staging").iterdir()] == ["unknown"]


def test_claims_without_a_version_go_with_age(lake: Path) -> None:
    old, young, held = (lake / f"versions/0000000{k}.claim" for k in (0, 9, 3))
    for path in (old, young, held):
        path.mkdir()
        age(path, 169)
    assert [each.name for each in vacuum(lake, SETTINGS).removed] == ["versions/00000000.claim"]
    assert (young.exists(), held.exists()) == (True, True)


def test_nothing_goes_where_a_version_that_stays_cannot_be_read(lake: Path) -> None:
    manifest_path(lake, 3).write_text("{")
    before = inventory(lake)
    with pytest.raises(LakeFormatError, match="set it aside"):
        vacuum(lake, SETTINGS, keep_s=0)
    assert inventory(lake) == before


def test_the_version_that_is_shown_stays(lake: Path) -> None:
    (lake / "current").unlink()
    (lake / "current").symlink_to("snapshots/00000002")
    assert vacuum(lake, SETTINGS, keep_s=0).kept_versions == (2, 3)


def test_where_there_is_no_lake_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(LakeNotFoundError):
        vacuum(tmp_path / "typo", SETTINGS)
    assert not (tmp_path / "typo").exists()


def test_a_negative_grace_period_is_refused(lake: Path) -> None:
    with pytest.raises(UsageError):
        vacuum(lake, SETTINGS, keep_s=-1)


KILLED = [*(f"{point}:1" for point in faults.VACUUM_POINTS), "vacuum.parts:2", "vacuum.remove:2",
          "vacuum.remove:9"]  # fmt: skip
FAILED = ["vacuum.versions:2", "vacuum.parts:2", "vacuum.look:1", "vacuum.remove:2",
          "vacuum.staging:2"]  # fmt: skip


def leave_staging(lake: Path) -> None:
    for name in ("one", "two"):
        (lake / "staging" / name / "batches").mkdir(parents=True)
        (lake / "staging" / name / "writer").write_text("0" * 16)


@pytest.mark.parametrize("passage", KILLED)
def test_killed_at_any_step_every_version_in_sight_is_whole(lake: Path, passage: str) -> None:
    point, _, nth = passage.partition(":")
    leave_staging(lake)
    assert killed(lambda: vacuum(lake, SETTINGS, keep_s=0), f"{point}:kill:{nth}")
    assert version_numbers(lake)[-1] == 3
    assert set(errors(lake)) <= {"snapshot_orphan"}
    sizes = open_version(lake).read("files", ["size"])["size"]
    assert set(sizes.to_pylist()) == {3}
    assert live_writers(lake) == {}
    assert vacuum(lake, SETTINGS, keep_s=0).kept_versions == (3,)
    assert errors(lake) == []
    assert {path.stem for path in (lake / "data").iterdir()} == parts(lake, 3)
    assert sorted(path.name for path in (lake / "volumes").iterdir()) == ["v3.png", "v3.zarr"]
    assert list((lake / "staging").iterdir()) == []


@pytest.mark.parametrize("passage", FAILED)
def test_a_failing_disk_takes_nothing_that_a_version_in_sight_names(
    lake: Path, passage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point, _, nth = passage.partition(":")
    leave_staging(lake)
    faults._passages.clear()
    with monkeypatch.context() as failing:
        failing.setenv(faults.VARIABLE, f"{point}:eio:{nth}")
        with pytest.raises(OSError, match="Input/output error"):
            vacuum(lake, SETTINGS, keep_s=0)
    assert set(errors(lake)) <= {"snapshot_orphan"}
    if point not in ("vacuum.remove", "vacuum.staging"):
        assert version_numbers(lake) == [1, 2, 3], "all is put back"
    assert vacuum(lake, SETTINGS, keep_s=0).kept_versions == (3,)
    assert errors(lake) == []


def test_every_point_is_passed_in_the_order_listed(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []
    monkeypatch.setattr(module, "reach", passed.append)
    vacuum(lake, SETTINGS, keep_s=0)
    leave_staging(lake)
    vacuum(lake, SETTINGS)
    assert list(dict.fromkeys(passed)) == list(faults.VACUUM_POINTS)


def test_runs_of_versions_that_went_keep_their_lines(lake: Path) -> None:
    before = (lake / "runs.jsonl").read_bytes()
    vacuum(lake, SETTINGS, keep_s=0)
    assert (lake / "runs.jsonl").read_bytes() == before


def test_an_empty_lake_has_nothing_to_remove(tmp_path: Path) -> None:
    open_for_writing(tmp_path / "lake", SETTINGS).close()
    assert vacuum(tmp_path / "lake", SETTINGS, keep_s=0) == module.Vacuumed((), ())
    assert isinstance(open_version(tmp_path / "lake").read("files"), pa.Table)
