"""`rollback`, `compact` and `vacuum` from the command line: exit codes, records, what is told."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from make.commands import inventory, say
from make.rows import default_settings, generation

from dicomlake import Lake
from dicomlake.flows.maintenance import _spans
from dicomlake.pipeline.tables import vacuum as vacuum_module
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import open_version


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of three generations, each of which replaces the one before."""
    path = tmp_path_factory.mktemp("made") / "lake"
    for number in (1, 2, 3):
        with open_for_writing(path, default_settings()) as writer:
            assert writer.commit(f"g{number}", lambda _, n=number: generation(n)) is not None
    return path


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake", symlinks=True))


def lines_of(lake: Path, command: str) -> list[dict[str, Any]]:
    return [line for line in read_runs(lake) if line.get("command") == command]


def sizes(lake: Path, version: int | None = None) -> set[int]:
    return set(open_version(lake, version).read("files", ["size"])["size"].to_pylist())


def test_rollback_commits_the_tables_of_an_earlier_version_and_is_recorded_once(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = say(capsys, "rollback", "1", "--json", "--lake", lake)
    document = json.loads(said.out)
    assert said.code == 0
    assert (document["version"], document["to"]) == (4, 1)
    assert sizes(lake) == sizes(lake, 1) == {1}
    assert sizes(lake, 3) == {3}
    (line,) = [each for each in read_runs(lake) if each["run_id"] == document["run_id"]]
    assert (line["command"], line["outcome"]) == ("rollback", "committed")
    commands = open_version(lake).read("runs", ["run_id", "command"]).to_pylist()
    assert {"run_id": document["run_id"], "command": "rollback"} in commands


def test_rollback_says_how_to_undo_it_and_when_there_is_nothing_to_do(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "dicomlake rollback 3 --lake" in say(capsys, "rollback", "1", "--lake", lake).out
    again = say(capsys, "rollback", "1", "--lake", lake)
    assert again.code == 0
    assert "nothing differs from version 1" in again.out
    assert open_version(lake).number == 4
    assert [line["outcome"] for line in lines_of(lake, "rollback")] == ["committed", "unchanged"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rollback", "9"), "no version 9"),
        (("rollback", "first"), "not a valid integer"),
        (("rollback",), "Missing argument"),
        (("vacuum", "--keep-hours", "-1"), "--keep-hours"),
        (("compact", "--preset", "nightli"), "did you mean nightly"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_wrong_usage_is_one_line_and_exit_code_2_and_leaves_no_trace(
    lake: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    before = inventory(lake)
    done = say(capsys, *arguments, "--lake", lake)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert said in done.err
    assert inventory(lake) == before


@pytest.mark.parametrize("command", [("rollback", "1"), ("compact",), ("vacuum",), ("issues",)])
def test_none_of_them_makes_a_lake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    done = say(capsys, *command, "--json", "--lake", tmp_path / "absent")
    assert done.code == 2
    assert "There is no lake" in done.err
    assert list(tmp_path.iterdir()) == []
    if command != ("issues",):
        assert json.loads(done.out)["exit_code"] == 2


def test_compact_says_how_many_parts_there_were_and_are(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def parts() -> int:
        return sum(map(len, open_version(lake).manifest.tables.values()))

    before, rows = parts(), sizes(lake)
    document = json.loads(say(capsys, "compact", "--json", "--lake", lake).out)
    assert (document["parts_before"], document["parts_after"]) == (before, parts())
    assert sizes(lake) == rows
    again = say(capsys, "compact", "--lake", lake)
    if document["version"] is not None:
        assert parts() < before
    assert "nothing to merge" in again.out
    assert lines_of(lake, "compact")[-1]["outcome"] == "unchanged"


def test_a_dry_run_of_vacuum_says_what_would_go_and_writes_nothing(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = inventory(lake)
    told = say(capsys, "vacuum", "--dry-run", "--keep-hours", "0", "--lake", lake)
    assert "would be freed, version 3 kept" in told.out
    assert "2 versions" in told.out
    document = json.loads(
        say(capsys, "vacuum", "--dry-run", "--keep-hours", "0", "--json", "--lake", lake).out
    )
    assert document["dry_run"] is True
    assert document["removed"]["version"] == 2
    assert document["freed_bytes"] == sum(each["bytes"] for each in document["removals"])
    assert inventory(lake) == before


def test_vacuum_removes_what_the_dry_run_named_and_is_recorded(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--keep-hours", "0", "--json", "--lake", lake)
    named = json.loads(say(capsys, "vacuum", "--dry-run", *options).out)["removals"]
    done = json.loads(say(capsys, "vacuum", *options).out)
    assert done["removals"] == named
    assert done["kept_versions"] == [3]
    assert [each.number for each in Lake(lake).versions()] == [3]
    assert sizes(lake) == {3}
    (line,) = lines_of(lake, "vacuum")
    assert (line["outcome"], line["version_after"]) == ("removed", 3)
    assert line["vacuum"] == {name: done[name] for name in ("removed", "freed_bytes")}


def test_vacuum_keeps_the_grace_period_of_the_settings(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = say(capsys, "vacuum", "--lake", lake)
    assert "nothing went, versions 1 to 3 kept" in said.out
    assert lines_of(lake, "vacuum")[0]["outcome"] == "unchanged"


def test_a_vacuum_that_fails_is_recorded_as_failed(
    lake: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vacuum_module, "vacuum", full)
    done = say(capsys, "vacuum", "--lake", lake)
    assert done.code == 1
    assert "No space left on device" in done.err
    assert [line["outcome"] for line in lines_of(lake, "vacuum")] == ["failed"]


def test_numbers_in_a_row_are_told_as_a_span() -> None:
    assert _spans((3, 5, 6, 7, 9)) == "3, 5 to 7, 9"
    assert _spans(()) == ""


def test_an_earlier_version_is_read_by_its_number(
    lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sql --version`, `Lake(version=…)`, and the list of them, `Lake.versions()`."""
    kept = Lake(lake).versions()
    assert [each.number for each in kept] == [1, 2, 3]
    assert [each.run_id for each in kept] == ["g1", "g2", "g3"]
    assert all(each.readable and each.has_snapshot for each in kept)
    for each in kept:
        old = Lake(lake, version=each.number)
        assert each.rows == sum(len(old.table(name)) for name in old.tables)
        query = "SELECT DISTINCT size FROM files"
        said = say(capsys, "sql", query, "--version", str(each.number), "--lake", lake)
        assert said.out == f"size\n{each.number}\n"


def test_values_of_a_query_are_given_beside_it(lake: Path) -> None:
    opened = Lake(lake)
    text = "d0/f0'; DROP VIEW files; --"
    query = "SELECT count(*) FROM files WHERE path = $path"
    assert opened.sql(query, {"path": text}).fetchall() == [(0,)]
    assert opened.sql(query, {"path": "d0/f0"}).fetchall() == [(1,)]
    assert opened.sql("SELECT count(*) FROM files WHERE path = ?", ["d0/f0"]).fetchall() == [(1,)]
