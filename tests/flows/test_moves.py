"""Files that move: their rows follow, nothing is built or read for doses again."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from make import rdsr
from make.live import LiveLake, Row, settings
from make.series import ct_series, ct_slice, write

EVERYTHING = settings(headers__elements=True, headers__dicom_json=True)
FEW = settings(discovery__delete_guard_files=2)
SMALL = {"rows": 8, "columns": 8}


def ward(folder: Path) -> Path:
    """Make a folder with a CT, a copy, a conflict, a report of its dose, and what is no DICOM."""
    ct_series(folder / "ct", 5, CTDIvol=5.0, **SMALL)
    shutil.copy(folder / "ct" / "IM0001", folder / "ct" / "copy")
    for time in ("110000", "120000"):
        write(ct_slice(9, name="quarrel", ContentTime=time, **SMALL), folder / f"at {time}")
    events = [rdsr.ct_event("a", dlp=(100.0, "mGy.cm"), ctdivol=(5.0, "mGy"))]
    report = rdsr.ct_report(events, name="r", study="dosed", dlp_total=(100.0, "mGy.cm"))
    rdsr.save(report, folder / "report.dcm")
    (folder / "note.txt").write_text("no DICOM")
    (folder / "broken").write_bytes(b"\0" * 128 + b"DICM" + b"x" * 40)
    return folder


def by_file(rows: list[Row]) -> dict[tuple[str, object], str]:
    return {(row["sop_instance_uid"], row["frame_number"]): row["file_id"] for row in rows}


@pytest.fixture
def tree(in_memory: Path) -> Path:
    (in_memory / "tree").mkdir()
    return in_memory / "tree"


def assert_as_made_anew(lake: LiveLake, *sources: Path) -> None:
    fresh = LiveLake(lake.lake.with_name("fresh"), lake.settings)
    fresh.run(*sources)
    said, expected = lake.said(), fresh.said()
    for table in expected:
        assert said[table] == expected[table], table
    assert lake.dangling() == set()


def test_a_renamed_folder_changes_file_ids_alone(in_memory: Path, tree: Path) -> None:
    """Every table says what it said, but of the new paths; volumes and doses are left alone."""
    lake = LiveLake(in_memory / "lake", EVERYTHING)
    ward(tree / "a")
    lake.run(tree)
    before, stores, statuses = lake.said("file_id", "issue_id"), lake.stores(), lake.statuses()
    runs = {row["volume_id"]: row["run_id"] for row in lake.rows("volumes")}
    placed = by_file(lake.rows("volume_instances"))
    (tree / "a").rename(tree / "b")
    done = lake.run(tree)
    assert done.files is not None
    assert (done.files.moved, done.files.deleted, done.files.deletes_withheld) == (11, 0, 0)
    assert done.volumes is not None
    assert done.dose is not None
    assert (done.volumes.series, done.dose.studies) == (0, 0)
    assert lake.stores() == stores
    assert {row["volume_id"]: row["run_id"] for row in lake.rows("volumes")} == runs
    after = lake.said("file_id", "issue_id")
    for table in after.keys() - {"files"}:
        assert after[table] == before[table], table
    assert by_file(lake.rows("volume_instances")).keys() == placed.keys()
    assert lake.statuses() == {
        **{path.replace("/a/", "/b/"): said for path, said in statuses.items()},
        **dict.fromkeys(statuses, ("deleted", "moved")),
    }
    assert_as_made_anew(lake, tree)
    assert lake.run(tree).outcome == "unchanged"


def test_rows_that_follow_say_which_run_changed_them(in_memory: Path, tree: Path) -> None:
    lake = LiveLake(in_memory / "lake")
    ward(tree / "a")
    first = lake.run(tree).run_id
    (tree / "a" / "ct" / "IM0003").rename(tree / "elsewhere")
    (tree / "a" / "report.dcm").rename(tree / "report")
    second = lake.run(tree).run_id
    files = lake.files()
    for path in ("tree/elsewhere", "tree/report"):
        assert files[path]["first_seen_run"] == files[path]["last_changed_run"] == second
    old = files["tree/a/ct/IM0003"]
    assert (old["first_seen_run"], old["last_changed_run"]) == (first, second)
    assert old["deleted_at"] is not None
    moved = {files[path]["file_id"] for path in ("tree/elsewhere", "tree/report")}
    for table in ("instances", "volume_instances", "dose_reports"):
        said = {row["file_id"] in moved: row["run_id"] for row in lake.rows(table)}
        assert said == ({True: second} if table == "dose_reports" else {True: second, False: first})
    for table in ("volumes", "series", "dose_exams", "dose_studies"):
        assert {row["run_id"] for row in lake.rows(table)} == {first}


def copied_with_times(path: Path, to: Path) -> None:
    shutil.copy2(path, to)
    path.unlink()


def copied_without_times(path: Path, to: Path) -> None:
    shutil.copyfile(path, to)
    os.utime(to, ns=(0, path.stat().st_mtime_ns + 1))
    path.unlink()


@pytest.mark.parametrize(
    ("way", "judged"), [(copied_with_times, 0), (copied_without_times, 1)]
)  # fmt: skip
def test_a_move_to_another_source_builds_again_only_what_may_have_other_pixels(
    in_memory: Path, way: Callable[[Path, Path], None], judged: int
) -> None:
    """A header is read, pixels are not: they are taken as the same while size and time are."""
    one, two = in_memory / "one", in_memory / "two"
    ct_series(one, 5, **SMALL)
    ct_series(two, 1, name="other", **SMALL)
    lake = LiveLake(in_memory / "lake")
    lake.run(one, two)
    volumes, stores = lake.rows("volumes"), lake.stores()
    way(one / "IM0002", two / "elsewhere")
    done = lake.run(one, two)
    assert done.files is not None
    assert done.volumes is not None
    assert (done.files.moved, done.files.deleted) == (1, 0)
    assert done.volumes.series == judged
    assert lake.statuses()["one/IM0002"] == ("deleted", "moved")
    assert [row["path"] for row in lake.rows("volumes")] == [row["path"] for row in volumes]
    assert {path for path in lake.stores() if path.endswith(".zarr")} == {
        path for path in stores if path.endswith(".zarr")
    }


def replaced(path: Path, **attributes: object) -> None:
    """Put another file at a path, under its name and with the time of the old one."""
    status = path.stat()
    path.unlink()
    write(ct_slice(2, **SMALL, **attributes), path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def move_and_edit_header(tree: Path) -> None:
    (tree / "a" / "IM0002").rename(tree / "moved")
    replaced(tree / "moved", KVP="100")


def move_and_edit_pixels(tree: Path) -> None:
    path = (tree / "a" / "IM0002").rename(tree / "moved")
    time = path.stat().st_mtime_ns
    with path.open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"\x07\x00")
    os.utime(path, ns=(0, time + 1))  # as an edit leaves it, however coarse the clock


@pytest.mark.parametrize(
    ("change", "reason", "moved"),
    [(move_and_edit_header, None, 0), (move_and_edit_pixels, "moved", 1)],
)
def test_a_file_that_moved_and_changed_takes_its_volume_with_it(
    in_memory: Path, tree: Path, change: Callable[[Path], None], reason: str | None, moved: int
) -> None:
    lake = LiveLake(in_memory / "lake")
    ct_series(tree / "a", 5, **SMALL)
    ct_series(tree / "b", 5, name="b", **SMALL)
    lake.run(tree)
    inodes = {path: inode for path, (inode, _) in lake.stores().items()}
    change(tree)
    done = lake.run(tree)
    assert done.files is not None
    assert done.volumes is not None
    assert (done.files.moved, done.volumes.series) == (moved, 1)
    assert lake.statuses()["tree/a/IM0002"] == ("deleted", reason)
    live = {row["path"]: row for row in lake.rows("volumes")}
    untouched = [path for path, (inode, _) in lake.stores().items() if inodes.get(path) == inode]
    assert sum(path in untouched for path in live) == (1 if change is move_and_edit_pixels else 2)
    assert_as_made_anew(lake, tree)


def test_what_was_put_on_the_path_of_another_file_moved_and_the_other_left(
    in_memory: Path, tree: Path
) -> None:
    """The series of the moved file keeps its volume; that of the file it replaced does not."""
    lake = LiveLake(in_memory / "lake")
    ct_series(tree / "a", 5, **SMALL)
    ct_series(tree / "b", 5, name="b", **SMALL)
    lake.run(tree)
    (tree / "a" / "IM0000").replace(tree / "b" / "IM0000")
    done = lake.run(tree)
    assert done.files is not None
    assert done.volumes is not None
    assert (done.files.moved, done.volumes.series) == (1, 1)
    assert lake.dangling() == set()


def swap(tree: Path) -> None:
    (tree / "a" / "IM0001").rename(tree / "third")
    (tree / "b" / "IM0003").rename(tree / "a" / "IM0001")
    (tree / "third").rename(tree / "b" / "IM0003")


def a_round(tree: Path) -> None:
    """Three files of two series, each at the path of the next."""
    paths = [tree / "a" / "IM0000", tree / "a" / "IM0001", tree / "b" / "IM0001"]
    for k, path in enumerate(paths):
        path.rename(tree / f"aside{k}")
    for k in range(3):
        (tree / f"aside{k}").rename(paths[(k + 1) % 3])


def the_instance_of_two_copies(tree: Path) -> None:
    (tree / "b" / "IM0000").rename(tree / "b" / "0")


def the_instance_below_its_copy(tree: Path) -> None:
    """The copy is the lower path by then: it becomes the instance."""
    (tree / "b" / "0").rename(tree / "z")


def the_copy_alone(tree: Path) -> None:
    (tree / "z").rename(tree / "zz")


def both_copies(tree: Path) -> None:
    (tree / "zz").rename(tree / "copy0")
    (tree / "b" / "copy").rename(tree / "copy1")


def test_however_files_change_places_nothing_is_built_again(in_memory: Path, tree: Path) -> None:
    lake = LiveLake(in_memory / "lake", settings(run__dose=False))
    ct_series(tree / "a", 4, **SMALL)
    ct_series(tree / "b", 4, name="b", **SMALL)
    shutil.copy(tree / "b" / "IM0000", tree / "b" / "copy")
    lake.run(tree)
    stores = lake.stores()
    changes = (swap, a_round, the_instance_of_two_copies, the_instance_below_its_copy,
               the_copy_alone, both_copies)  # fmt: skip
    for change in changes:
        change(tree)
        done = lake.run(tree)
        assert done.outcome == "committed"
        assert done.volumes is not None
        assert done.volumes.series == 0, change.__name__
        assert lake.dangling() == set(), change.__name__
    assert lake.stores() == stores
    assert_as_made_anew(lake, tree)


@pytest.fixture
def halves(in_memory: Path) -> tuple[LiveLake, Path, Path]:
    """A lake whose guard lets two files of a source go, and two sources."""
    one, two = in_memory / "one", in_memory / "two"
    ct_series(one, 8, **SMALL)
    two.mkdir()
    lake = LiveLake(in_memory / "lake", FEW)
    lake.run(one, two, command="ingest")
    return lake, one, two


@pytest.mark.parametrize("touched", [False, True])
def test_the_guard_counts_what_moved_to_another_source_as_no_loss(
    halves: tuple[LiveLake, Path, Path], touched: bool
) -> None:
    """Also where only the headers tell, because the copies have other times."""
    lake, one, two = halves
    for path in sorted(one.iterdir())[:5]:
        (copied_without_times if touched else copied_with_times)(path, two / path.name)
    (one / "IM0005").unlink()
    done = lake.run(one, two, command="ingest")
    assert done.files is not None
    assert (done.files.moved, done.files.deleted, done.files.deletes_withheld) == (5, 1, 0)
    assert done.exit_code == 0
    assert len(lake.rows("instances")) == 7


def test_where_the_guard_withholds_deletes_moves_go_through(
    halves: tuple[LiveLake, Path, Path],
) -> None:
    lake, one, two = halves
    (one / "IM0000").rename(two / "moved")
    for k in range(1, 5):
        (one / f"IM{k:04d}").unlink()
    done = lake.run(one, two, command="ingest")
    assert done.files is not None
    assert (done.files.moved, done.files.deleted, done.files.deletes_withheld) == (1, 0, 4)
    assert done.exit_code == 3
    assert len(lake.rows("instances")) == 8
    assert lake.statuses()["one/IM0000"] == ("deleted", "moved")
    assert lake.statuses()["one/IM0001"] == ("ingested", None)


def test_a_file_that_moved_between_two_runs_of_one_source_each_is_no_move(in_memory: Path) -> None:
    """A run judges the sources it names: the copy waits until the other source is named."""
    one, two = in_memory / "one", in_memory / "two"
    ct_series(one, 3, **SMALL)
    ct_series(two, 1, name="other", **SMALL)
    lake = LiveLake(in_memory / "lake")
    lake.run(one, two, command="ingest")
    (one / "IM0000").rename(two / "moved")
    lake.run(two, command="ingest")
    assert lake.statuses()["one/IM0000"] == ("ingested", None)
    assert lake.statuses()["two/moved"] == ("deferred", "unsettled")
    lake.run(one, two, command="ingest")
    assert lake.statuses()["one/IM0000"] == ("deleted", "moved")
    assert lake.statuses()["two/moved"] == ("ingested", None)
    assert lake.dangling() == set()
