"""A lake kept up with a tree that changes: what is made again, what leaves, what stays."""

import os
import shutil
import time
from pathlib import Path

import pytest
from make import rdsr
from make.live import LiveLake, settings
from make.series import ct_series, ct_slice, uid, write

from dicomlake.pipeline.errors import SourceError

SMALL = {"rows": 8, "columns": 8}
EVERYTHING = settings("nightly", headers__elements=True, headers__dicom_json=True)
"""With a quiet period of two minutes, and the tables that are opt-in."""


@pytest.fixture
def tree(in_memory: Path) -> Path:
    (in_memory / "tree").mkdir()
    return in_memory / "tree"


@pytest.fixture
def lake(in_memory: Path) -> LiveLake:
    return LiveLake(in_memory / "lake")


def aged(folder: Path) -> None:
    """Set the times of files an hour back, past every quiet period."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time.time() - 3600,) * 2)


def volume_of(lake: LiveLake, series: str) -> dict[str, object] | None:
    """Return the volume of a series; None where it has none."""
    own = uid(series, "series")
    return next((r for r in lake.rows("volumes") if r["series_instance_uid"] == own), None)


def test_only_volumes_whose_instances_changed_are_made_again_and_those_of_none_leave(
    tree: Path, lake: LiveLake
) -> None:
    for name in "abc":
        ct_series(tree / name, 4, name=name, **SMALL)
    first = lake.run(tree)
    before, stores = {name: volume_of(lake, name) for name in "abc"}, lake.stores()
    write(ct_slice(1, name="a", KVP="100", **SMALL), tree / "a" / "IM0001")
    write(ct_slice(4, name="b", **SMALL), tree / "b" / "IM0004")
    for path in (tree / "c").iterdir():
        path.unlink()
    done = lake.run(tree)
    assert done.volumes is not None
    assert done.volumes.series == 2
    for name in "ab":
        row = volume_of(lake, name)
        assert row is not None
        assert row["run_id"] == done.run_id
    assert volume_of(lake, "c") is None
    assert {row["volume_id"] for row in lake.rows("volume_instances")} == {
        row["volume_id"] for row in lake.rows("volumes")
    }
    write(ct_slice(5, name="b", **SMALL), tree / "b" / "IM0005")
    again = lake.run(tree)
    row = volume_of(lake, "a")
    assert row is not None
    assert row["run_id"] == done.run_id, "nothing of this series changed since"
    assert again.volumes is not None
    assert again.volumes.series == 1
    assert first.run_id not in {row["run_id"] for row in lake.rows("volumes")}
    untouched = {path: state for path, state in stores.items() if str(before["c"]["path"]) in path}
    assert untouched
    assert untouched.items() <= lake.stores().items(), "what an older version names stays on disk"


BROKEN = {
    "a": (b"", ("quarantined", "empty")),
    "b": (b"\0" * 128 + b"DICM" + b"x" * 40, ("quarantined", "invalid")),
    "c": (b"no DICOM any more", ("not_dicom", None)),
}
"""What becomes of a file of each series, and the outcome."""


def test_a_file_that_breaks_loses_its_row_and_its_volume_until_it_is_mended(
    tree: Path, lake: LiveLake
) -> None:
    files = {name: ct_series(tree / name, 4, name=name, **SMALL)[2] for name in BROKEN}
    lake.run(tree)
    times = ("mtime_ns", "ctime_ns", "inode")
    said, good = lake.said(*times), {name: path.read_bytes() for name, path in files.items()}
    for name, path in files.items():
        path.write_bytes(BROKEN[name][0])
    done = lake.run(tree)
    statuses = lake.statuses()
    for name, (_, status) in BROKEN.items():
        assert statuses[f"tree/{name}/IM0002"] == status
    assert len(lake.rows("instances")) == 9
    assert done.volumes is not None
    assert (done.volumes.accepted, done.volumes.rejected) == (0, {"TOO_FEW_SLICES": 3})
    assert lake.dangling() == set()
    for name, path in files.items():
        path.write_bytes(good[name])
    lake.run(tree)
    assert lake.said(*times) == said


def test_a_path_that_comes_and_goes_has_one_row_that_says_when(tree: Path, lake: LiveLake) -> None:
    """What comes back as it was gives the rows there were; the first run that saw it stays."""
    series = ct_series(tree, 4, **SMALL)
    first = lake.run(tree).run_id
    said, aside = lake.said("ctime_ns"), tree.parent / "aside"
    for _ in range(2):
        series[1].rename(aside)
        gone = lake.run(tree).run_id
        row = lake.files()["tree/IM0001"]
        assert (row["status"], row["reason"]) == ("deleted", None)
        assert (row["first_seen_run"], row["last_changed_run"]) == (first, gone)
        assert row["deleted_at"] is not None
        aside.rename(series[1])
        back = lake.run(tree).run_id
        row = lake.files()["tree/IM0001"]
        assert (row["status"], row["deleted_at"]) == ("ingested", None)
        assert (row["first_seen_run"], row["last_changed_run"]) == (first, back)
        assert lake.said("ctime_ns") == said
        assert len(lake.rows("files")) == 4


def test_what_is_still_being_written_waits_and_a_good_row_stays_until_it_rests(
    in_memory: Path, tree: Path
) -> None:
    lake = LiveLake(in_memory / "lake", settings("nightly"))
    ct_series(tree, 4, **SMALL)
    aged(tree)
    write(ct_slice(4, **SMALL), tree / "IM0004")
    lake.run(tree)
    assert lake.statuses()["tree/IM0004"] == ("deferred", "too_new")
    rows = lake.said()
    write(ct_slice(1, KVP="100", **SMALL), tree / "IM0001")
    assert lake.run(tree).outcome == "unchanged"
    assert lake.said() == rows, "the earlier row stays while the file may be half written"
    aged(tree)
    done = lake.run(tree)
    assert done.files is not None
    assert done.files.by_status == {"ingested": 5}
    assert {row["kvp"] for row in lake.rows("instances")} == {100, 120}


def test_a_source_keeps_its_name_and_may_move_to_another_root(tree: Path, lake: LiveLake) -> None:
    """The same name at a new root is the same source: nothing is read, nothing is gone."""
    ct_series(tree, 4, **SMALL)
    lake.run(tree)
    with pytest.raises(SourceError, match="is already the source 'tree'"):
        lake.run(f"other={tree}")
    stores = lake.stores()
    moved = tree.rename(tree.with_name("moved"))
    done = lake.run(f"tree={moved}")
    assert done.files is not None
    assert (done.files.read, done.files.deleted, done.files.moved) == (0, 0, 0)
    assert lake.stores() == stores
    (moved / "IM0000").unlink()
    assert lake.run(f"tree={moved}").files.deleted == 1  # type: ignore[union-attr]  # counted


def test_a_run_that_changes_nothing_writes_nothing_but_its_line(
    in_memory: Path, tree: Path
) -> None:
    """Also with files of every outcome, volumes, doses, previews and every opt-in table."""
    lake = LiveLake(in_memory / "lake", EVERYTHING)
    ct_series(tree / "ct", 4, CTDIvol=5.0, **SMALL)
    shutil.copy(tree / "ct" / "IM0000", tree / "copy")
    for content_time in ("110000", "120000"):
        data = ct_slice(9, name="quarrel", ContentTime=content_time, **SMALL)
        write(data, tree / f"at {content_time}")
    events = [rdsr.ct_event("a", dlp=(100.0, "mGy.cm"), ctdivol=(5.0, "mGy"))]
    report = rdsr.ct_report(events, name="r", study="dosed", dlp_total=(100.0, "mGy.cm"))
    rdsr.save(report, tree / "report")
    (tree / "empty").write_bytes(b"")
    (tree / "text").write_text("no DICOM")
    (tree / "packed.zip").write_bytes(b"PK\x03\x04" + b"\0" * 200)
    aged(tree)
    write(ct_slice(7, name="young", **SMALL), tree / "young")
    (tree / "link").symlink_to("text")
    os.mkfifo(tree / "pipe")
    first = lake.run(tree)
    assert first.files is not None
    assert first.files.by_status == {
        "conflict": 1, "deferred": 1, "duplicate": 1, "ingested": 6, "not_dicom": 1,
        "quarantined": 1, "skipped": 3,
    }  # fmt: skip
    assert all(first.tables[name] for name in ("volumes", "dose_exams", "elements", "dicom_json"))
    before, record = lake.inventory(), (lake.lake / "runs.jsonl").read_text()
    for command in ("run", "ingest"):
        done = lake.run(tree, command=command)
        assert done.outcome == "unchanged"
        assert lake.inventory() == before
    for command in ("volumes", "dose"):
        assert lake.run(command=command).outcome == "unchanged"
        assert lake.inventory() == before
    now = (lake.lake / "runs.jsonl").read_text()
    assert now.startswith(record)
    assert len(now.splitlines()) == len(record.splitlines()) + 4
