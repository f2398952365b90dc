"""`dicomlake status`: all that it tells is so, and telling it writes nothing."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from make.commands import inventory, say
from make.rows import default_settings, file_row, rows, run_row

from dicomlake.pipeline.tables.arrow_files import write_rows
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.layout import Access, manifest_path
from dicomlake.pipeline.tables.locks import Writer
from dicomlake.pipeline.tables.store import open_version
from dicomlake.schemas.tables.files import FILES

NOW = datetime.now(UTC)
SETTINGS = default_settings()


def deferred(path: str, run_id: str, *, days: float = 0) -> dict[str, Any]:
    written = int((NOW - timedelta(days=days)).timestamp() * 1e9)
    return file_row(path, status="deferred", reason="too_new", last_changed_run=run_id,
                    mtime_ns=written, sop_instance_uid=None)  # fmt: skip


def commit(lake: Path, run_id: str, *files: dict[str, Any], days_ago: float = 0) -> None:
    run = run_row(run_id, committed_at=NOW - timedelta(days=days_ago))
    change = Change(
        {"files": TableDelta(rows("files", files)), "runs": TableDelta(rows("runs", [run]))},
        {"s": "/data/s"},
    )
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit(run_id, lambda _: change) is not None


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake of two versions, with a file that is deferred for 9 days and one for 2."""
    path = tmp_path / "lake"
    commit(path, "r1", file_row("a"), file_row("b", status="quarantined", reason="empty"),
           deferred("late", "r1", days=30), days_ago=9)  # fmt: skip
    commit(path, "r2", deferred("later", "r2", days=40), days_ago=2)
    return path


@pytest.fixture
def told(lake: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def told(*options: str) -> dict[str, Any]:
        said = say(capsys, "status", "--json", *options, "--lake", lake)
        assert said.code == 0, said.err
        document: dict[str, Any] = json.loads(said.out)
        return document

    return told


def leave_staging(lake: Path, run_id: str, count: int) -> Writer:
    """Leave the batches of a run in staging; return its writer, which lives until it is closed."""
    writer = Writer(lake, Access.of(SETTINGS.lake))
    folder = lake / "staging" / run_id
    folder.mkdir()
    writer.own(folder)
    for number in range(count):
        batch = folder / "batches" / f"{number:08d}"
        batch.mkdir(parents=True)
        found = rows("files", [file_row(f"x{number}"), file_row(f"y{number}")])
        write_rows(batch / "files.arrow", FILES.schema(), (found,))
    return writer


def test_it_counts_files_and_lists_runs_and_versions(lake: Path, told: Any) -> None:
    document = told()
    assert document["version"] == document["versions_kept"] == 2
    assert document["files"] == [
        {"status": "deferred", "reason": "too_new", "files": 2},
        {"status": "ingested", "reason": "", "files": 1},
        {"status": "quarantined", "reason": "empty", "files": 1},
    ]
    assert document["tables"]["files"] == 4
    assert document["sources"] == {"s": "/data/s"}
    for each, number in zip(document["versions"], (2, 1), strict=True):
        manifest = open_version(lake, number).manifest
        assert each["number"] == number
        assert each["run_id"] == f"r{number}"
        assert each["committed_at"] == manifest.created_at
        assert each["parts"] == sum(map(len, manifest.tables.values()))
    assert [line["run_id"] for line in document["runs"]] == ["r1", "r2"]
    assert [line["run_id"] for line in told("--runs", "1")["runs"]] == ["r2"]
    assert [each["number"] for each in told("--versions", "1")["versions"]] == [2]
    assert document["disk_bytes"]["data"] > 0


def test_the_file_deferred_longest_waits_since_its_row_came_and_is_named_only_when_asked(
    told: Any,
) -> None:
    oldest = told()["oldest_deferred"]
    assert (oldest["source"], oldest["reason"]) == ("s", "too_new")
    assert oldest["age_s"] == pytest.approx(9 * 86_400, abs=3_600)
    assert "path" not in oldest
    assert told("-v")["oldest_deferred"]["path"] == "late"


def test_where_its_run_is_not_known_a_deferred_file_waits_since_it_was_written(
    lake: Path, told: Any
) -> None:
    commit(lake, "r3", deferred("unknown", "gone", days=20))
    oldest = told("-v")["oldest_deferred"]
    assert oldest["path"] == "unknown"
    assert oldest["age_s"] == pytest.approx(20 * 86_400, abs=3_600)


def test_no_file_deferred_none_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commit(tmp_path / "lake", "r1", file_row("a"))
    said = say(capsys, "status", "--json", "--lake", tmp_path / "lake")
    assert json.loads(said.out)["oldest_deferred"] is None


def test_what_a_run_left_that_did_not_end_is_told_and_that_of_a_live_one_is_not(
    lake: Path, told: Any
) -> None:
    writer = leave_staging(lake, "dead", 3)
    try:
        assert told()["unfinished_runs"] == []
    finally:
        writer.close()
    (found,) = told()["unfinished_runs"]
    assert (found["run_id"], found["files"]) == ("dead", 6)
    assert found["bytes"] > 0
    assert told()["vacuum_would_free_bytes"] > 0


def test_a_manifest_that_cannot_be_read_is_told_and_hides_no_other(lake: Path, told: Any) -> None:
    manifest_path(lake, 1).write_text("{")
    newest, broken = told()["versions"]
    assert (newest["number"], newest["readable"]) == (2, True)
    assert (broken["number"], broken["readable"]) == (1, False)


def test_on_a_terminal_it_says_the_same_in_words(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_staging(lake, "dead", 1).close()
    manifest_path(lake, 1).write_text("{")
    lines = say(capsys, "status", "--lake", lake).out.splitlines()
    assert lines[0].startswith(f"{lake}: version 2, committed ")
    assert "deferred longest: a file of source s (-v: which), too_new, for 9 days" in lines
    assert any(line.startswith("run dead did not end: 2 files") for line in lines)
    assert any(line.startswith("disk: data ") for line in lines)
    assert any("manifest cannot be read" in line for line in lines)
    assert "late" not in "\n".join(lines).replace("later", "")


def test_it_writes_nothing(lake: Path, told: Any) -> None:
    leave_staging(lake, "dead", 1).close()
    before = inventory(lake)
    time.sleep(0.01)
    told("-v")
    assert inventory(lake) == before
