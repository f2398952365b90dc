"""Archives in a source, read on demand: what is in them comes, changes and leaves as files do."""

import errno
import gzip
import json
import os
import shutil
import signal
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from make.live import LiveLake, settings
from make.series import ct_series
from make.tree import clean_environment, command

from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.discovery.archives import ArchiveUnreadError
from dicomlake.pipeline.tables import durable, unpacking
from dicomlake.pipeline.tables.vacuum import vacuum
from dicomlake.pipeline.tables.verify import Severity, verify

SMALL = {"rows": 8, "columns": 8}
OFF = settings(run__dose=False)
ON = settings(run__dose=False, archives__read=True)
OF_A_COPY = ("ctime_ns", "inode")
COMPARED = ("instances", "series", "studies", "patients", "volumes", "volume_instances")


class Tables(LiveLake):
    """A lake whose runs make the tables only."""

    def run(self, *sources: Path | str, command: Any = "ingest", **request: Any) -> RunSummary:
        return super().run(*sources, command=command, **request)


def put_zip(path: Path, files: Iterable[Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, f"../../{file.name}")


def put_tgz(path: Path, files: Iterable[Path]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for file in files:
            archive.add(file, f"/tmp/{file.name}")


def tables_in(folder: Path, name: str = "lake") -> LiveLake:
    return Tables(folder / name, ON)


def switched(lake: LiveLake, chosen: Settings) -> LiveLake:
    return type(lake)(lake.lake, chosen)


def unpacked(lake: LiveLake) -> set[str]:
    """Return what lies below `unpacked/`: `source/key`, notes left out."""
    folder = lake.lake / "unpacked"
    return {str(path.relative_to(folder)) for path in folder.glob("*/*") if path.is_dir()}


def codes(lake: LiveLake) -> dict[str, str | None]:
    return {row["code"]: row["detail"] for row in lake.rows("issues")}


def uids(lake: LiveLake) -> int:
    return len(lake.rows("instances"))


def assert_healthy(lake: LiveLake) -> None:
    assert [each for each in verify(lake.lake) if each.severity is not Severity.INFO] == []
    assert lake.dangling() == set()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    plain, ward = folder / "plain", folder / "ward"
    loose = ct_series(plain / "loose", 5, name="loose", **SMALL)
    shutil.copytree(loose[0].parent, ward / "loose")
    put_zip(ward / "a.zip", ct_series(plain / "zipped", 5, name="zipped", **SMALL))
    put_tgz(ward / "b.tar.gz", ct_series(plain / "tarred", 5, name="tarred", **SMALL))
    single = ct_series(plain / "single", 1, name="single", **SMALL)[0]
    (ward / "c.gz").write_bytes(gzip.compress(single.read_bytes()))
    return folder


@pytest.fixture
def ward(made: Path, in_memory: Path) -> Path:
    """A source with a loose series and three archives; beside it all of it as files, `plain`."""
    shutil.copytree(made, in_memory, dirs_exist_ok=True)
    return in_memory / "ward"


def test_members_are_as_good_as_files_and_a_run_without_news_writes_nothing(
    in_memory: Path, ward: Path
) -> None:
    """One run reads them and builds their volumes; the next ones, on or off, change nothing."""
    lake = LiveLake(in_memory / "lake", ON)
    done = lake.run(ward)
    loose = LiveLake(in_memory / "of-files", ON)
    loose.run(in_memory / "plain")
    for table in COMPARED:
        but = ("file_id", "detail")
        assert lake.said(*but)[table] == loose.said(*but)[table], table
    assert len([row for row in lake.rows("volumes") if row["status"] == "accepted"]) == 3
    assert done.files is not None
    assert done.files.by_reason == {"skipped/archive": 3}
    archives = {r["file_id"]: r for r in lake.rows("files") if r["reason"] == "archive"}
    members = [row for row in lake.rows("files") if row["source"] == "ward.archives"]
    assert {row["path"][:32] for row in members} == archives.keys()
    assert {row["mtime_ns"] for row in members} == {row["mtime_ns"] for row in archives.values()}
    names = {path.name for path in (lake.lake / "unpacked").rglob("*") if path.is_file()}
    assert {name for name in names if not name.endswith(".json")} == {
        f"{number:06d}" for number in range(1, 6)
    }
    assert_healthy(lake)
    before = lake.inventory()
    for chosen in (ON, OFF):
        assert switched(lake, chosen).run(ward).outcome == "unchanged"
    assert lake.inventory() == before
    stores = lake.stores()
    (ward / "b.tar.gz").rename(ward / "moved.tgz")
    assert lake.run(ward).outcome == "committed"
    assert lake.stores() == stores


def test_a_changed_archive_is_unpacked_again_and_the_old_folder_goes(
    in_memory: Path, ward: Path
) -> None:
    lake = tables_in(in_memory)
    lake.run(ward)
    before = unpacked(lake)
    files = ct_series(in_memory / "plain" / "zipped", 6, name="zipped", **SMALL)
    put_zip(ward / "a.zip", files)
    os.rename(ward / "b.tar.gz", ward / "moved.tgz")
    lake.run(ward)
    fresh = tables_in(in_memory, "fresh")
    fresh.run(ward)
    assert lake.said(*OF_A_COPY) == fresh.said(*OF_A_COPY)
    assert len(unpacked(lake) & before) == 1
    assert len(unpacked(lake)) == 3
    assert_healthy(lake)


def test_members_of_an_archive_that_is_gone_leave_when_archives_are_looked_at(
    in_memory: Path, ward: Path
) -> None:
    lake = tables_in(in_memory)
    lake.run(ward)
    for path in ("a.zip", "b.tar.gz", "c.gz"):
        (ward / path).unlink()
    said = lake.said("issue_id")
    switched(lake, OFF).run(ward)
    for table in COMPARED:
        assert lake.said("issue_id")[table] == said[table]
    lake.run(ward, only_failed=True)  # sees archives, and leaves them alone
    assert (uids(lake), len(unpacked(lake))) == (16, 3)
    done = lake.run(ward)
    assert done.files is not None
    assert (done.files.deleted, done.files.deletes_withheld) == (11, 0)
    assert uids(lake) == 5
    assert unpacked(lake) == set()
    assert list((lake.lake / "unpacked" / "ward").iterdir()) == []
    assert_healthy(lake)


def test_the_guard_counts_members_and_their_folder_stays_with_them(
    in_memory: Path, ward: Path
) -> None:
    guarded = settings(archives__read=True, discovery__delete_guard_files=2)
    lake = Tables(in_memory / "lake", guarded)
    lake.run(ward)
    folders = unpacked(lake)
    (ward / "a.zip").unlink()
    done = lake.run(ward)
    assert done.files is not None
    assert (done.files.deleted, done.files.deletes_withheld) == (1, 5)
    assert (uids(lake), unpacked(lake)) == (16, folders)
    lake.run(ward, allow_deletes=True)
    assert (uids(lake), len(unpacked(lake))) == (11, 2)
    assert_healthy(lake)


def test_members_stay_where_it_is_not_known_what_became_of_the_archive(
    in_memory: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An emptied root, and an archive that cannot be read to its end, take no row away."""
    lake = tables_in(in_memory)
    lake.run(ward)
    said, folders = lake.said("issue_id"), unpacked(lake)
    ward.rename(in_memory / "unmounted")
    ward.mkdir()
    done = lake.run(ward)
    assert done.files is not None
    assert done.files.deletes_withheld == 8
    assert (lake.said("issue_id")["instances"], unpacked(lake)) == (said["instances"], folders)
    ward.rmdir()
    (in_memory / "unmounted").rename(ward)
    os.utime(ward / "a.zip")

    def failing(*_: object) -> Any:
        raise ArchiveUnreadError("OSError")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(unpacking, "pieces", failing)
        lake.run(ward)
    assert codes(lake)["archive_unread"] == "OSError"
    assert unpacked(lake) == folders
    for table in COMPARED:
        assert lake.said("issue_id")[table] == said[table]
    lake.run(ward)
    assert "archive_unread" not in codes(lake)
    assert len(unpacked(lake) - folders) == 1
    assert_healthy(lake)


def test_what_cannot_be_had_is_told_and_tried_again_when_a_limit_changed(
    in_memory: Path, ward: Path
) -> None:
    """All or nothing: an archive beyond a limit leaves no member; a run without the flag no gap."""
    (ward / "cut.zip").write_bytes((ward / "a.zip").read_bytes()[:-30])
    with tarfile.open(ward / "d.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
        for name, kind in (("l", tarfile.SYMTYPE), ("f", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    (ward / "c.gz").unlink()
    (ward / "b.tar.gz").unlink()
    lake = tables_in(in_memory)
    few = switched(lake, settings(run__dose=False, archives__read=True, archives__max_members=4))
    few.run(ward)
    expected = {
        "archive_limit": "more than 4 members (max_members)",
        "archive_damaged": "BadZipFile",
        "archive_unpacked": "1 members",
        "archive_members_passed_over": "1 link, 1 special file",
    }
    assert codes(lake) == expected
    assert (uids(lake), len(unpacked(lake))) == (5, 1)
    for again in (few, switched(lake, OFF)):
        again.run(ward)
        assert codes(lake) == expected
    lake.run(ward)
    assert uids(lake) == 10
    assert "archive_limit" not in codes(lake)
    assert_healthy(lake)


def test_a_copy_in_an_archive_is_the_heir_of_a_file(in_memory: Path, ward: Path) -> None:
    """Also where the file leaves in a run that looks into no archive."""
    put_zip(ward / "copy.zip", (ward / "loose").iterdir())
    lake = tables_in(in_memory)
    lake.run(ward)
    assert [row["status"] for row in lake.rows("files")].count("duplicate") == 5
    shutil.rmtree(ward / "loose")
    switched(lake, OFF).run(ward)
    assert uids(lake) == 16
    assert {row["source"] for row in lake.rows("files") if row["status"] == "ingested"} == {
        "ward.archives"
    }
    assert_healthy(lake)


def test_a_lake_that_moves_takes_what_it_has_unpacked_along(in_memory: Path, ward: Path) -> None:
    lake = tables_in(in_memory)
    lake.run(ward)
    lake.lake.rename(in_memory / "elsewhere")
    moved = tables_in(in_memory, "elsewhere")
    moved.run(command="volumes")
    assert len([row for row in moved.rows("volumes") if row["status"] == "accepted"]) == 3
    assert moved.run(ward).outcome == "unchanged"


def test_what_a_killed_run_has_read_of_members_is_taken_up(in_memory: Path, ward: Path) -> None:
    lake = tables_in(in_memory)
    arguments = ("ingest", f"ward={ward}", "--lake", str(lake.lake), "--workers", "0", "--archives")
    fault = {"DICOMLAKE_FAULT": "batch.staged:kill:2"}
    ended = command(*arguments, cwd=in_memory, environment=clean_environment(**fault))
    assert ended.returncode == -signal.SIGKILL
    notes = list((lake.lake / "unpacked" / "ward").glob("*.json"))
    done = switched(lake, load_settings(None, None, {"archives.read": True})).run(ward)
    assert done.files is not None
    assert done.files.resumed == 5 + 11
    assert list((lake.lake / "unpacked" / "ward").glob("*.json")) == notes
    assert_healthy(lake)


@pytest.mark.slow
def test_workers_unpack_what_one_process_does(in_memory: Path, ward: Path) -> None:
    for workers in ("0", "2"):
        done = command(
            "ingest", f"ward={ward}", "--lake", workers, "--workers", workers, "--archives",
            "--no-track", "--json", cwd=in_memory,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["workers"] == int(workers)
    alone, together = (LiveLake(in_memory / workers, ON) for workers in ("0", "2"))
    assert together.said(*OF_A_COPY) == alone.said(*OF_A_COPY)
    assert unpacked(together) == unpacked(alone)
    assert len(unpacked(alone)) == 3
    assert_healthy(together)


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(
    in_memory: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole archives stay unpacked, of the others nothing; a crash before the note is mended."""
    lake = tables_in(in_memory)
    real: Callable[[int, bytes], None] = durable.write_all
    left = 8

    def full(descriptor: int, data: bytes) -> None:
        nonlocal left
        left -= bool(data)
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor, data)

    with monkeypatch.context() as patched:
        patched.setattr(unpacking, "write_all", full)
        with pytest.raises(OSError, match="No space"):
            lake.run(ward)
    assert len(unpacked(lake)) == 1
    assert list((lake.lake / "unpacked").glob(".tmp-*")) == []
    for note in (lake.lake / "unpacked" / "ward").glob("*.json"):
        note.unlink()
    lake.run(ward)
    fresh = tables_in(in_memory, "fresh")
    fresh.run(ward)
    assert lake.said(*OF_A_COPY) == fresh.said(*OF_A_COPY)
    assert len(list((lake.lake / "unpacked" / "ward").glob("*.json"))) == 3


def test_a_vacuum_takes_what_runs_left_and_nothing_that_rows_need(
    in_memory: Path, ward: Path
) -> None:
    lake = tables_in(in_memory)
    (ward / "cut.zip").write_bytes((ward / "a.zip").read_bytes()[:-30])
    lake.run(ward)
    folder = lake.lake / "unpacked" / "ward"
    needed = set(folder.iterdir())
    key = f"{'0' * 32}-{'0' * 16}"
    (folder / key).mkdir()
    (folder / key / "000001").write_bytes(b"x" * 100)
    (folder / f"{key}.json").write_text("{}")
    dead = lake.lake / "unpacked" / f".tmp-{'a' * 16}-w0"
    dead.mkdir()
    assert not [each for each in vacuum(lake.lake, ON).removed if each.what == "unpacked"]
    assert not dead.exists()
    gone = vacuum(lake.lake, ON, keep_s=0)
    assert {each.name: each.bytes for each in gone.removed if each.what == "unpacked"} == {
        f"unpacked/ward/{key}": 100,
        f"unpacked/ward/{key}.json": 2,
    }
    assert set(folder.iterdir()) == needed
    assert lake.run(ward).outcome == "unchanged"
