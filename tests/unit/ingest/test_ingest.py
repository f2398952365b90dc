"""Ingest end to end: crawl, plan, stage, change, commit, read back."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from make.content import SETTINGS
from make.ingest import Ingester, add_volume_rows
from make.series import ct_series, ct_slice, uid, write
from make.soak import long
from pydicom.uid import ImplicitVRLittleEndian

from dicomlake.config.settings import Settings
from dicomlake.pipeline.errors import CommitConflictError, ReconciliationError, SourceError
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.ingest import batches, plan_ingest, reconcile, stage
from dicomlake.pipeline.tables.store import open_version


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def with_settings(**sections: dict[str, Any]) -> Settings:
    changed = {
        name: getattr(SETTINGS, name).model_copy(update=values) for name, values in sections.items()
    }
    return SETTINGS.model_copy(update=changed)


def uids(ingest: Ingester) -> dict[str, str]:
    """Return the file of every instance."""
    paths = {row["file_id"]: row["path"] for row in ingest.rows("files", "file_id", "path")}
    rows = ingest.rows("instances", "sop_instance_uid", "file_id")
    return {row["sop_instance_uid"]: paths[row["file_id"]] for row in rows}


def test_every_file_gets_a_row_and_the_sum_holds(tree: Path, ingest: Ingester) -> None:
    ct_series(tree / "a", 3)
    (tree / "note.txt").write_text("no DICOM")
    (tree / "empty").write_bytes(b"")
    os.mkfifo(tree / "pipe")
    (tree / "link").symlink_to("empty")
    done = ingest(tree)
    assert done.version is not None
    assert done.counts.files_seen == 7
    assert done.counts.by_status == {
        "ingested": 3,
        "not_dicom": 1,
        "quarantined": 1,
        "skipped": 2,
    }
    assert done.counts.by_reason == {
        "quarantined/empty": 1,
        "skipped/special_file": 1,
        "skipped/symlink": 1,
    }
    assert len(ingest.rows("files")) == 7
    assert done.counts.instances_added == 3
    assert {name: len(ingest.rows(name)) for name in ("series", "studies", "patients")} == {
        "series": 1,
        "studies": 1,
        "patients": 1,
    }
    assert ingest.rows("series")[0]["n_instances"] == 3


def test_a_run_without_news_commits_nothing_and_reads_nothing(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 4)
    ingest(tree)
    again = ingest(tree)
    assert again.version is None
    assert again.read_paths() == 0
    assert again.counts.unchanged == 4
    assert again.counts.by_status == {"ingested": 4}
    assert open_version(ingest.lake).number == 1


def test_a_time_beyond_the_ledgers_stops_no_run_and_changes_nothing(
    tree: Path, ingest: Ingester
) -> None:
    (first,) = ct_series(tree, 1)
    second = shutil.copy(first, tree / "copy")
    for path in (first, second):
        os.utime(path, ns=(0, 13 * 10**18))
    assert ingest(tree).counts.by_status == {"duplicate": 1, "ingested": 1}
    assert ingest(tree).counts.unchanged == 2


def test_only_new_and_changed_files_are_read(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 4)
    ingest(tree)
    write(ct_slice(4), tree / "IM0004")
    write(ct_slice(1, KVP="140"), tree / "IM0001")
    done = ingest(tree)
    assert done.read_paths() == 2
    assert (done.counts.instances_added, done.counts.instances_changed) == (1, 1)
    rows = {row["sop_instance_uid"]: row for row in ingest.rows("instances")}
    assert len(rows) == 5
    assert rows[uid("series", "instance", 1)]["kvp"] == 140
    assert rows[uid("series", "instance", 1)]["run_id"] == "run-0002"
    assert rows[uid("series", "instance", 0)]["run_id"] == "run-0001"
    files = {row["path"]: row for row in ingest.rows("files")}
    assert files["IM0001"]["first_seen_run"] == "run-0001"
    assert files["IM0001"]["last_changed_run"] == "run-0002"
    assert files["IM0004"]["first_seen_run"] == "run-0002"


def test_a_deleted_file_leaves_its_row_and_takes_its_instance(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 3)
    ingest(tree)
    (tree / "IM0002").unlink()
    done = ingest(tree)
    assert done.counts.deleted == 1
    assert done.counts.files_seen == 2
    assert ingest.statuses()["tree/IM0002"] == ("deleted", None)
    row = next(row for row in ingest.rows("files") if row["path"] == "IM0002")
    assert row["deleted_at"] is not None
    assert len(ingest.rows("instances")) == 2
    assert ingest.rows("series")[0]["n_instances"] == 2
    assert ingest(tree).version is None


def test_a_file_that_comes_back_is_new_but_was_first_seen_then(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree, 2)
    ingest(tree)
    content = (tree / "IM0001").read_bytes()
    (tree / "IM0001").unlink()
    ingest(tree)
    (tree / "IM0001").write_bytes(content)
    done = ingest(tree)
    assert done.read_paths() == 1
    row = next(row for row in ingest.rows("files") if row["path"] == "IM0001")
    assert (row["status"], row["deleted_at"]) == ("ingested", None)
    assert row["first_seen_run"] == "run-0001"
    assert len(ingest.rows("instances")) == 2


def test_parents_without_instances_leave(tree: Path, ingest: Ingester) -> None:
    ct_series(tree / "a", 2, name="a")
    ct_series(tree / "b", 1, name="b", PatientID="P2")
    ingest(tree)
    assert len(ingest.rows("patients")) == 2
    shutil.rmtree(tree / "b")
    done = ingest(tree)
    assert done.counts.instances_removed == 1
    assert {len(ingest.rows(name)) for name in ("series", "studies", "patients")} == {1}


def test_a_file_that_changes_its_uid_takes_the_old_instance_with_it(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree, 2)
    ingest(tree)
    write(ct_slice(7), tree / "IM0001")
    ingest(tree)
    assert uids(ingest) == {
        uid("series", "instance", 0): "IM0000",
        uid("series", "instance", 7): "IM0001",
    }


def test_equal_content_is_one_instance_the_lowest_path(tree: Path, ingest: Ingester) -> None:
    write(ct_slice(0), tree / "b")
    write(ct_slice(0), tree / "a", "1.2.840.10008.1.2")
    os.link(tree / "b", tree / "c")
    done = ingest(tree)
    assert ingest.statuses() == {
        "tree/a": ("ingested", None),
        "tree/b": ("duplicate", None),
        "tree/c": ("duplicate", None),
    }
    assert len(ingest.rows("instances")) == 1
    assert len(done.hashed) == 3
    assert len({row["content_sha256"] for row in ingest.rows("files")}) == 1
    assert ingest.codes() == []


def test_a_lower_copy_that_comes_later_takes_over(tree: Path, ingest: Ingester) -> None:
    write(ct_slice(0), tree / "m")
    ingest(tree)
    write(ct_slice(0), tree / "a")
    write(ct_slice(0), tree / "z")
    done = ingest(tree)
    assert ingest.statuses() == {
        "tree/a": ("ingested", None),
        "tree/m": ("duplicate", None),
        "tree/z": ("duplicate", None),
    }
    assert uids(ingest) == {uid("series", "instance", 0): "a"}
    assert done.counts.by_status == {"duplicate": 2, "ingested": 1}


def test_another_copy_reads_no_content_that_is_known(tree: Path, ingest: Ingester) -> None:
    for name in "ab":
        write(ct_slice(0), tree / name)
    assert len(ingest(tree).hashed) == 2
    write(ct_slice(0), tree / "c")
    assert [job.path for job in ingest(tree).hashed] == ["c"]


def test_the_heir_is_read_again_and_promoted(tree: Path, ingest: Ingester) -> None:
    for name in "abc":
        write(ct_slice(0), tree / name)
    ingest(tree)
    (tree / "a").unlink()
    done = ingest(tree)
    assert done.counts.heirs == 1
    assert done.read_paths() == 0
    assert ingest.statuses() == {
        "tree/a": ("deleted", None),
        "tree/b": ("ingested", None),
        "tree/c": ("duplicate", None),
    }
    assert uids(ingest) == {uid("series", "instance", 0): "b"}
    (tree / "b").unlink()
    ingest(tree)
    assert uids(ingest) == {uid("series", "instance", 0): "c"}
    last = next(row for row in ingest.rows("files") if row["path"] == "c")
    assert last["content_sha256"] is None, "nobody contests it any more"


def test_an_heir_that_is_gone_too_is_passed_over(tmp_path: Path, ingest: Ingester) -> None:
    """Its source is not part of the run, so only reading it tells."""
    for name in "abc":
        write(ct_slice(0), tmp_path / name / "file")
    sources = [tmp_path / name for name in "abc"]
    ingest(*sources)
    (tmp_path / "a" / "file").unlink()
    (tmp_path / "b" / "file").unlink()
    done = ingest(sources[0], allow_deletes=True)
    assert done.counts.files_seen == 0
    assert ingest.statuses() == {
        "a/file": ("deleted", None),
        "b/file": ("skipped", "vanished"),
        "c/file": ("ingested", None),
    }
    assert done.counts.heirs == 2


def test_other_content_is_a_conflict_with_an_issue_on_the_winner(
    tree: Path, ingest: Ingester
) -> None:
    write(ct_slice(0, ContentTime="120000"), tree / "late")
    write(ct_slice(0, ContentTime="110000"), tree / "early")
    ingest(tree)
    assert ingest.statuses() == {
        "tree/early": ("conflict", None),
        "tree/late": ("ingested", None),
    }
    (issue,) = ingest.rows("issues")
    files = {row["path"]: row["file_id"] for row in ingest.rows("files")}
    assert issue["code"] == "conflicting_sop_instance"
    assert issue["file_id"] == files["late"]
    assert issue["sop_instance_uid"] == uid("series", "instance", 0)
    assert issue["series_instance_uid"] == uid("series", "series")
    assert issue["detail"] == "attributes_differ"
    (tree / "late").unlink()
    ingest(tree)
    assert ingest.statuses()["tree/early"] == ("ingested", None)
    assert ingest.codes() == []
    assert str(ingest.rows("instances")[0]["content_time"]) == "11:00:00"


def test_findings_about_values_leave_with_the_row_they_are_about(
    tree: Path, ingest: Ingester
) -> None:
    """A loser keeps findings about the file alone; promoted again, it has all of them."""
    raw = write(ct_slice(0, KVP="100"), tree / "m").read_bytes()
    (tree / "m").write_bytes(raw.replace(b"100 ", b"1_0 "))
    ingest(tree)
    assert ingest.codes() == ["malformed_value"]
    shutil.copy(tree / "m", tree / "a")
    ingest(tree)
    files = {row["file_id"]: row["path"] for row in ingest.rows("files")}
    assert [files[row["file_id"]] for row in ingest.rows("issues")] == ["a"]
    (tree / "a").unlink()
    ingest(tree)
    assert [files[row["file_id"]] for row in ingest.rows("issues")] == ["m"]


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make the system refuse to open or list one name; tests may run as root."""
    really_open, really_scan = os.open, os.scandir
    denied: list[bytes] = []

    def is_denied(path: Any) -> bool:
        return not isinstance(path, int) and os.fsencode(path).split(b"/")[-1] in denied

    def opened(path: Any, *rest: Any, **options: Any) -> int:
        if is_denied(path):
            raise PermissionError(13, "denied")
        return really_open(path, *rest, **options)

    def scanned(path: Any) -> Any:
        if is_denied(path):
            raise PermissionError(13, "denied")
        return really_scan(path)

    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "scandir", scanned)

    def change(name: str) -> None:
        denied[:] = [name.encode()] if name else []

    return change


def test_what_lies_outside_the_file_keeps_its_earlier_row(
    tree: Path, ingest: Ingester, deny: Callable[[str], None]
) -> None:
    ct_series(tree, 2)
    ingest(tree)
    before = ingest.rows("files")
    write(ct_slice(1, KVP="140"), tree / "IM0001")
    deny("IM0001")
    for _ in range(2):
        done = ingest(tree)
        assert done.version is None, "the same outcome writes nothing"
        assert done.counts.by_reason == {"skipped/permission": 1}
        assert done.counts.by_status == {"ingested": 1, "skipped": 1}
    assert ingest.rows("files") == before
    deny("")
    assert ingest(tree).read_paths() == 1
    assert {row["kvp"] for row in ingest.rows("instances")} == {120, 140}


def test_a_new_file_that_cannot_be_read_is_skipped_and_tried_again(
    tree: Path, ingest: Ingester, deny: Callable[[str], None]
) -> None:
    ct_series(tree, 2)
    deny("IM0001")
    ingest(tree)
    assert ingest.statuses()["tree/IM0001"] == ("skipped", "permission")
    assert ingest(tree).version is None
    deny("")
    ingest(tree)
    assert ingest.statuses()["tree/IM0001"] == ("ingested", None)


def test_nothing_below_an_unlistable_folder_counts_as_deleted(
    tree: Path, ingest: Ingester, deny: Callable[[str], None]
) -> None:
    ct_series(tree / "a" / "deep", 3, name="a")
    write(ct_slice(9), tree / "a" / "file")
    ct_series(tree / "b", 2, name="b")
    ingest(tree)
    deny("a")
    done = ingest(tree)
    assert done.counts.files_seen == 3, "two files and the folder"
    assert done.counts.hidden == 4
    assert done.counts.by_status == {"ingested": 2, "skipped": 1}
    assert len(ingest.rows("instances")) == 6
    assert ingest.statuses()["tree/a"] == ("skipped", "permission")
    deny("")
    done = ingest(tree)
    assert done.counts.by_status == {"ingested": 6}
    assert ingest.statuses()["tree/a"] == ("deleted", None)


class BrokenListing:
    """A listing that ends in an I/O error after some entries."""

    def __init__(self, entries: list[Any]) -> None:
        self._entries = entries

    def __enter__(self) -> "BrokenListing":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __iter__(self) -> Iterator[Any]:
        yield from self._entries
        raise OSError(5, "broken")


@pytest.mark.parametrize("whole", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("broken", ["tree", "a"])
def test_a_listing_that_breaks_off_deletes_nothing_and_the_sum_holds(
    tree: Path, ingest: Ingester, monkeypatch: pytest.MonkeyPatch, broken: str, whole: int
) -> None:
    """What was listed is seen, folders below it are crawled, the rest is out of sight."""
    for folder in (tree, tree / "a"):
        ct_series(folder, 2, name=folder.name)
        for name in ("sub", "zub"):
            ct_series(folder / name, 1, name=folder.name + name)
    ingest(tree)
    (tree / "a" / "sub" / "IM0000").unlink()
    really = os.scandir

    def scanned(path: Any) -> Any:
        if not isinstance(path, int) and os.fsencode(path).endswith(b"/" + broken.encode()):
            with really(path) as listing:
                return BrokenListing(sorted(listing, key=lambda entry: entry.name)[:whole])
        return really(path)

    monkeypatch.setattr(os, "scandir", scanned)
    done = ingest(tree)
    assert sum(done.counts.by_status.values()) == done.counts.files_seen
    assert done.counts.by_reason == {"skipped/io_error": 1}
    assert done.counts.deleted <= 1
    monkeypatch.undo()
    done = ingest(tree)
    assert done.counts.by_status == {"ingested": 7}
    assert len(ingest.rows("instances")) == 7


def test_the_guard_withholds_deletes_and_commits_the_rest(tmp_path: Path, tree: Path) -> None:
    ingest = Ingester(
        tmp_path / "lake",
        with_settings(discovery={"delete_guard_files": 2, "delete_guard_fraction": 0.4}),
    )
    ct_series(tree, 6)
    ingest(tree)
    for k in range(3):
        (tree / f"IM{k:04d}").unlink()
    write(ct_slice(8), tree / "new")
    done = ingest(tree)
    assert done.counts.withheld == 3
    assert done.counts.deleted == 0
    assert done.counts.files_seen == 4
    assert done.counts.by_status == {"ingested": 4}
    assert len(ingest.rows("instances")) == 7
    done = ingest(tree, allow_deletes=True)
    assert (done.counts.withheld, done.counts.deleted) == (0, 3)
    assert len(ingest.rows("instances")) == 4


@pytest.mark.parametrize(("gone", "withheld"), [(2, 0), (3, 3)])
def test_the_guard_needs_more_than_its_number_of_files(
    tmp_path: Path, tree: Path, gone: int, withheld: int
) -> None:
    ingest = Ingester(
        tmp_path / "lake",
        with_settings(discovery={"delete_guard_files": 2, "delete_guard_fraction": 0.2}),
    )
    ct_series(tree, 4)
    ingest(tree)
    for k in range(gone):
        (tree / f"IM{k:04d}").unlink()
    assert ingest(tree).counts.withheld == withheld


def test_a_renamed_folder_is_no_loss(tmp_path: Path, tree: Path) -> None:
    ingest = Ingester(
        tmp_path / "lake",
        with_settings(discovery={"delete_guard_files": 2, "delete_guard_fraction": 0.2}),
    )
    ct_series(tree / "a", 6)
    ingest(tree)
    (tree / "a").rename(tree / "b")
    done = ingest(tree)
    assert (done.counts.withheld, done.counts.deleted, done.counts.moved) == (0, 0, 6)
    assert set(uids(ingest).values()) == {f"b/IM{k:04d}" for k in range(6)}
    (tree / "b").rename(tree / "c")
    for k in range(3):
        (tree / "c" / f"IM{k:04d}").unlink()
    done = ingest(tree)
    assert (done.counts.withheld, done.counts.deleted, done.counts.moved) == (3, 0, 3)


def test_an_empty_root_withholds_however_few_files_are_gone(tree: Path, ingest: Ingester) -> None:
    write(ct_slice(0), tree / "only")
    ingest(tree)
    (tree / "only").unlink()
    done = ingest(tree)
    assert done.counts.withheld == 1
    assert len(ingest.rows("instances")) == 1
    assert ingest(tree, allow_deletes=True).counts.deleted == 1


def test_copies_of_withheld_files_wait(tmp_path: Path, tree: Path, ingest: Ingester) -> None:
    """The file that is the instance cannot be compared with: it stays, the other one waits."""
    write(ct_slice(0), tree / "only")
    ingest(tree)
    other = tmp_path / "other"
    write(ct_slice(0), other / "copy", ImplicitVRLittleEndian)
    (tree / "only").unlink()
    done = ingest(tree, other)
    assert done.counts.withheld == 1
    assert ingest.statuses()["other/copy"] == ("deferred", "unsettled")
    assert uids(ingest) == {uid("series", "instance", 0): "only"}
    assert ingest(tree, other).version is None
    ingest(tree, other, allow_deletes=True)
    assert ingest.statuses() == {
        "tree/only": ("deleted", None),
        "other/copy": ("ingested", None),
    }


def test_a_root_that_is_gone_is_an_error_of_the_source(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 2)
    ingest(tree)
    shutil.rmtree(tree)
    with pytest.raises(SourceError):
        ingest(tree)
    assert len(ingest.rows("instances")) == 2


def test_what_is_to_be_read_is_told_while_the_crawl_goes_on(
    tmp_path: Path, ingest: Ingester
) -> None:
    from dicomlake.pipeline.discovery.sources import Source  # noqa: PLC0415  (slow import)

    for name in "ab":
        for sub in ("one", "two"):
            ct_series(tmp_path / name / sub, 2, name=f"{name}{sub}")
    ingest(tmp_path / "a")
    ct_series(tmp_path / "a" / "three", 1, name="three")
    told: list[int] = []
    with open_for_writing(ingest.lake, SETTINGS) as writer:
        sources = [Source(name, str(tmp_path / name)) for name in "ab"]
        staging = writer.staging("r")
        plan = plan_ingest(writer.base, sources, SETTINGS, staging, on_to_read=told.append)
    assert told == [1, 3, 5]
    assert plan.to_read == 5


def test_only_failed_reads_only_what_failed(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 3)
    (tree / "broken").write_bytes(b"")
    (tree / "pipe").symlink_to("nowhere")
    ingest(tree)
    write(ct_slice(5), tree / "new")
    done = ingest(tree, only_failed=True)
    assert done.read_paths() == 1
    assert done.version is None
    assert done.counts.files_seen == 2
    assert done.counts.by_status == {"quarantined": 1, "skipped": 1}
    write(ct_slice(6), tree / "broken")
    done = ingest(tree, only_failed=True)
    assert done.read_paths() == 1
    assert done.counts.by_status == {"ingested": 1, "skipped": 1}
    assert "tree/new" not in ingest.statuses()
    (tree / "pipe").unlink()
    done = ingest(tree, only_failed=True)
    assert (done.counts.files_seen, done.counts.deleted) == (0, 1)
    assert len(ingest.rows("instances")) == 4


def test_only_failed_reads_what_was_deferred_and_not_what_was_ingested(
    tree: Path, tmp_path: Path
) -> None:
    waiting = SETTINGS.discovery.model_copy(update={"quiet_period_s": 3600.0})
    ingest = Ingester(tmp_path / "lake", SETTINGS.model_copy(update={"discovery": waiting}))
    old, young = ct_series(tree, 1)[0], tree / "young"
    os.utime(old, (1e9, 1e9))
    write(ct_slice(5), young)
    ingest(tree)
    assert ingest.statuses()["tree/young"] == ("deferred", "too_new")
    os.utime(old, (1e9 + 1, 1e9 + 1))  # changed since, but no concern of this run
    os.utime(young, (1e9, 1e9))
    done = ingest(tree, only_failed=True)
    assert (done.read_paths(), done.counts.files_seen) == (1, 1)
    assert ingest.statuses()["tree/young"] == ("ingested", None)
    assert ingest(tree).read_paths() == 1


def test_sources_not_named_are_not_judged(tmp_path: Path, ingest: Ingester) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    ct_series(first, 2, name="first")
    ct_series(second, 2, name="second")
    ingest(first, second)
    shutil.rmtree(second)
    done = ingest(first)
    assert done.version is None
    assert done.counts.files_seen == 2
    assert len(ingest.rows("instances")) == 4


def test_two_runs_at_once_lose_nothing(tmp_path: Path, ingest: Ingester) -> None:
    """The second to commit works on what the first committed: duplicates across both."""
    first, second = tmp_path / "first", tmp_path / "second"
    ct_series(first, 3)
    ct_series(second, 4)
    done = ingest(second, before_commit=lambda: ingest(first))
    assert done.version is not None
    assert done.version.number == 2
    assert done.counts.files_seen == 4
    assert done.counts.by_status == {"duplicate": 3, "ingested": 1}
    assert len(ingest.rows("instances")) == 4
    assert ingest.rows("series")[0]["n_instances"] == 4
    assert sum(s == ("ingested", None) for s in ingest.statuses().values()) == 4


def test_two_runs_at_once_never_take_two_folders_for_one_source(
    tmp_path: Path, ingest: Ingester
) -> None:
    first, second = tmp_path / "a" / "scans", tmp_path / "b" / "scans"
    ct_series(first, 3, name="first")
    ct_series(second, 2, name="second")
    with pytest.raises(CommitConflictError):
        ingest(first, before_commit=lambda: ingest(second))
    assert len(ingest.rows("instances")) == 2
    ingest(first)
    assert len(ingest.rows("instances")) == 5


def test_a_delete_spares_a_row_that_another_run_changed_meanwhile(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree, 3)
    ingest(tree)
    (tree / "IM0002").unlink()

    def put_back_and_ingest() -> None:
        write(ct_slice(2, KVP="80"), tree / "IM0002")
        ingest(tree)

    done = ingest(tree, before_commit=put_back_and_ingest)
    assert done.counts.deleted == 0
    assert done.version is None
    assert ingest.statuses()["tree/IM0002"] == ("ingested", None)


def test_changed_series_lose_their_volume_rows_and_others_keep_them(
    tree: Path, ingest: Ingester
) -> None:
    ct_series(tree / "a", 2, name="a")
    ct_series(tree / "b", 2, name="b")
    ingest(tree)
    add_volume_rows(ingest)
    assert len(ingest.rows("volumes")) == 2
    os.utime(tree / "a" / "IM0000")
    ingest(tree)
    (volume,) = ingest.rows("volumes")
    assert volume["series_instance_uid"] == uid("b", "series")
    assert {row["series_instance_uid"] for row in ingest.rows("volume_instances")} == {
        uid("b", "series")
    }
    shutil.copy(tree / "b" / "IM0000", tree / "z")
    ingest(tree)
    assert ingest.rows("volumes") == []
    assert ingest.rows("volume_instances") == []


def test_batches_hold_consecutive_files_of_one_source(tmp_path: Path, ingest: Ingester) -> None:
    for name in "ab":
        ct_series(tmp_path / name / "x", 3, name=name)
        ct_series(tmp_path / name / "y", 2, name=name + "y")
    settings = with_settings(engine={"batch_files": 2})
    with open_for_writing(ingest.lake, settings) as writer:
        staging = writer.staging("r")
        from dicomlake.pipeline.discovery.sources import Source  # noqa: PLC0415  (slow import)

        sources = [Source(name, str(tmp_path / name)) for name in "ab"]
        seen: list[tuple[int, int]] = []
        plan = plan_ingest(
            writer.base, sources, settings, staging, on_seen=lambda *n: seen.append(n)
        )
        cut = list(batches(plan, settings, Lineage("r", "0", 1)))
    assert [b.number for b in cut] == list(range(6))
    assert [len(b.entries) for b in cut] == [2, 2, 1, 2, 2, 1]
    assert [b.source for b in cut] == ["a"] * 3 + ["b"] * 3
    assert [e.path for e in cut[1].entries] == ["x/IM0002", "y/IM0000"]
    assert sum(files for files, _ in seen) == plan.seen == plan.to_read == 10
    assert sum(size for _, size in seen) == plan.bytes_to_read


@pytest.mark.parametrize(
    ("files", "workers", "limits", "expected"),
    [
        (10, 1, {"batch_files": 4}, [4, 4, 2]),
        (10, 1, {"batch_bytes": 3 * 512}, [3, 3, 3, 1]),
        (10, 1, {"batch_bytes": 1}, [1] * 10),
        (600, 1, {}, [600]),
        (600, 64, {}, [250, 250, 100]),
        (1200, 2, {}, [300, 250, 250, 250, 150]),
        (600, 64, {"batch_files": 200}, [200, 200, 200]),
    ],
)
def test_batches_are_cut_by_files_by_bytes_and_so_that_workers_have_work(
    tmp_path: Path,
    ingest: Ingester,
    files: int,
    workers: int,
    limits: dict[str, int],
    expected: list[int],
) -> None:
    (tmp_path / "a").mkdir()
    for k in range(files):
        (tmp_path / "a" / f"{k:04d}").write_bytes(bytes(512))
    settings = with_settings(engine=limits)
    with open_for_writing(ingest.lake, settings) as writer:
        from dicomlake.pipeline.discovery.sources import Source  # noqa: PLC0415  (slow import)

        sources = [Source("a", str(tmp_path / "a"))]
        staging = writer.staging("r")
        plan = plan_ingest(writer.base, sources, settings, staging, workers=workers)
        cut = list(batches(plan, settings, Lineage("r", "0", 1)))
    assert list(plan.batches) == [len(each.entries) for each in cut] == expected


def test_a_batch_tried_twice_is_staged_once(tree: Path, tmp_path: Path) -> None:
    settings = with_settings(engine={"batch_files": 2})
    ingest = Ingester(tmp_path / "lake", settings)
    ct_series(tree, 5)
    with open_for_writing(ingest.lake, settings) as writer:
        staging = writer.staging("r")
        from dicomlake.pipeline.discovery.sources import Source  # noqa: PLC0415  (slow import)

        plan = plan_ingest(writer.base, [Source("tree", str(tree))], settings, staging)
        jobs = list(batches(plan, settings, Lineage("r", "0", 1)))
        first = [stage(job, staging) for job in jobs]
        again = stage(jobs[1], staging)
        assert again == first[1]
        assert len(list((staging / "batches").iterdir())) == 3
        reconcile([*first, again], [2, 2, 1])
        with pytest.raises(ReconciliationError):
            reconcile(first[:2], [2, 2, 1])
        with pytest.raises(ReconciliationError):
            reconcile(first, [2, 2, 2])


def test_a_batch_that_was_never_staged_stops_the_commit(tree: Path, ingest: Ingester) -> None:
    ct_series(tree, 2)

    def lose() -> None:
        for path in (ingest.lake / "staging").rglob("files.arrow"):
            path.unlink()

    with pytest.raises(ReconciliationError):
        ingest(tree, before_commit=lose)
    assert open_version(ingest.lake).number == 0


@long
def test_the_whole_corpus_has_a_row_for_every_file(
    shared: Path, tmp_path: Path, ingest: Ingester
) -> None:
    corpus = shared / "corpus"
    done = ingest(corpus)
    on_disk = sum(1 for path in corpus.rglob("*") if path.is_file() or path.is_symlink())
    assert done.counts.files_seen == on_disk == len(ingest.rows("files"))
    assert sum(done.counts.by_status.values()) == on_disk
    ingested = {row["file_id"] for row in ingest.rows("files") if row["status"] == "ingested"}
    assert ingested == {row["file_id"] for row in ingest.rows("instances")}
    again = ingest(corpus)
    assert again.version is None
    assert again.read_paths() == sum(
        done.counts.by_status.get(status, 0) for status in ("skipped", "deferred")
    )
    assert again.counts.by_status == done.counts.by_status
