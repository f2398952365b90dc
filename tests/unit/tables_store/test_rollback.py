"""Rules of `rollback` and `compact`: same rows as wanted, parts by reference, history kept."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from make.replay import operations, replayed, rows_of
from make.rows import (
    Change,
    TableDelta,
    default_settings,
    file_row,
    hex_id,
    instance_row,
    rows,
    run_row,
)

from dicomlake.pipeline.errors import LakeNotFoundError, UsageError
from dicomlake.pipeline.tables import commit as commit_module
from dicomlake.pipeline.tables import difference
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.compact import compact
from dicomlake.pipeline.tables.layout import part_path
from dicomlake.pipeline.tables.rollback import rollback
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables import TABLES

APART = default_settings(tables={"small_part_bytes": 0})
SETTINGS = default_settings()
VOLUME = {"volume_id": hex_id("v"), "study_instance_uid": "1", "series_instance_uid": "1.1",
          "status": "accepted", "path": "volumes/v.zarr"}  # fmt: skip


def change(value: int, count: int = 4) -> Change:
    found = [
        instance_row(f"1.{i}", instance_number=value, modality=("CT", "MR")[(i + value) % 2])
        for i in range(count)
    ]
    issue = {"issue_id": hex_id(f"i{value}"), "code": "bad_value", "severity": "info"}
    tables = {
        "instances": found,
        "files": [file_row(f"{i}", size=value) for i in range(count)],
        "issues": [issue],
        "volumes": [VOLUME] if value == 1 else [],
        "runs": [run_row(f"r{value}")],
    }
    deltas = {name: TableDelta(rows(name, made)) for name, made in tables.items()}
    return Change(deltas, {f"s{value}": f"/data/{value}"})


@pytest.fixture(scope="module")
def three_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions: rows change and move to another partition, the third adds two."""
    lake = tmp_path_factory.mktemp("made") / "lake"
    with open_for_writing(lake, APART) as writer:
        for value, count in ((1, 4), (2, 4), (2, 6)):
            writer.commit(f"r{value}", lambda _, v=value, n=count: change(v, n))
            writer.record_run({"run_id": f"r{value}"})
    (lake / "volumes" / "v.zarr").mkdir()
    return lake


@pytest.fixture
def lake(three_versions: Path, tmp_path: Path) -> Path:
    """A copy of that lake."""
    return Path(shutil.copytree(three_versions, tmp_path / "lake", symlinks=True))


def without_history(version: Version) -> dict[str, set[str]]:
    return {
        name: {part.id for part in parts}
        for name, parts in version.manifest.tables.items()
        if name not in {"runs", "changes"}
    }


def lines(lake: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (lake / "runs.jsonl").read_text().splitlines()]


def test_a_rollback_is_a_new_version_of_the_very_parts_of_the_old_one(lake: Path) -> None:
    version = rollback(lake, 1, SETTINGS, "back")
    assert version is not None
    assert version.number == 4
    old = open_version(lake, 1)
    assert without_history(version) == without_history(old)
    assert version.sources == old.sources == {"s1": "/data/1"}
    runs = version.read("runs", ["run_id", "command", "base_version"]).to_pylist()
    assert {row["run_id"] for row in runs} == {"r1", "r2", "back"}
    assert {"run_id": "back", "command": "rollback", "base_version": 3} in runs
    last = lines(lake)[-1]
    assert (last["run_id"], last["command"], last["outcome"]) == ("back", "rollback", "committed")
    assert (last["version_before"], last["version_after"]) == (3, 4)
    assert len([line for line in lines(lake) if line["run_id"] == "back"]) == 1


def test_changes_tell_in_what_the_versions_differ(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(difference, "_KEYS_AT_ONCE", 2)
    assert rollback(lake, 1, SETTINGS, "back") is not None
    told = operations(lake, 4, "instances")
    changed = {f'["1.{i}"]': "update" for i in range(4)}
    assert told == changed | {f'["1.{i}"]': "delete" for i in (4, 5)}
    key = TABLES["instances"].key
    for before in (1, 2, 3):
        assert replayed(lake, before, 4, "instances", key) == rows_of(lake, 1, "instances", key)
    assert operations(lake, 4, "volumes") == {}


def test_parts_that_both_versions_have_are_not_read(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    reader = difference.PartReader

    def counted(lake: Path, table: Any, part: Any) -> Any:
        opened.append(part.id)
        return reader(lake, table, part)

    monkeypatch.setattr(difference, "PartReader", counted)
    assert rollback(lake, 2, SETTINGS, "back") is not None
    old, new = (without_history(open_version(lake, number)) for number in (2, 3))
    shared = {part for name in old for part in old[name] & new[name]}
    assert opened
    assert not shared & set(opened)


def test_a_rollback_to_what_is_there_already_writes_nothing_but_its_line(lake: Path) -> None:
    assert rollback(lake, 3, SETTINGS, "a") is None
    assert rollback(lake, 1, SETTINGS, "b") is not None
    assert rollback(lake, 1, SETTINGS, "c") is None
    assert rollback(lake, 4, SETTINGS, "d") is None
    assert open_version(lake).number == 4
    outcomes = [(line["run_id"], line.get("outcome")) for line in lines(lake)[2:]]
    assert outcomes[-4:] == [("a", "unchanged"), ("b", "committed"), ("c", "unchanged"),
                             ("d", "unchanged")]  # fmt: skip
    assert not list((lake / "staging").iterdir())


def test_a_rollback_is_rolled_back(lake: Path) -> None:
    rollback(lake, 1, SETTINGS, "back")
    version = rollback(lake, 3, SETTINGS, "forth")
    assert version is not None
    assert without_history(version) == without_history(open_version(lake, 3))
    assert version.sources == {"s1": "/data/1", "s2": "/data/2"}


def test_a_rollback_that_loses_the_race_is_held_against_the_winner(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = commit_module.publish_manifest
    met: list[int] = []

    def late(writer: Any, manifest: Any) -> bool:
        met.append(manifest.version)
        if len(met) == 1:
            with open_for_writing(lake, SETTINGS) as other:
                other.commit("winner", lambda _: change(3, 7))
        return publish(writer, manifest)

    monkeypatch.setattr(commit_module, "publish_manifest", late)
    version = rollback(lake, 1, SETTINGS, "back")
    assert version is not None
    assert (met, version.number) == ([4, 4, 5], 5)
    assert without_history(version) == without_history(open_version(lake, 1))
    key = TABLES["instances"].key
    assert replayed(lake, 4, 5, "instances", key) == rows_of(lake, 1, "instances", key)


@pytest.mark.parametrize("to", [0, -1, 4, 99])
def test_a_version_that_never_was_is_named(lake: Path, to: int) -> None:
    with pytest.raises(LakeNotFoundError, match=f"no version {to}"):
        rollback(lake, to, SETTINGS, "back")
    assert open_version(lake).number == 3


def test_a_version_whose_volumes_are_gone_is_refused(lake: Path) -> None:
    shutil.rmtree(lake / "volumes" / "v.zarr")
    with pytest.raises(UsageError, match=r"version 1 are gone.*vacuum"):
        rollback(lake, 1, SETTINGS, "back")


def test_a_version_whose_parts_are_gone_is_refused(lake: Path) -> None:
    (part,) = open_version(lake, 1).manifest.parts("files")
    part_path(lake, part.id).unlink()
    with pytest.raises(UsageError, match=r"1 parts of version 1 are gone.*vacuum"):
        rollback(lake, 1, SETTINGS, "back")
    assert lines(lake)[-1]["outcome"] == "failed"


def test_rollback_and_compact_make_no_lake(tmp_path: Path) -> None:
    for act in (lambda lake: rollback(lake, 1, SETTINGS, "r"), lambda lake: compact(lake, SETTINGS, "r")):  # fmt: skip  # noqa: E501  (a pair)
        with pytest.raises(LakeNotFoundError):
            act(tmp_path / "none")
    assert not list(tmp_path.iterdir())


def test_a_compaction_leaves_every_row_and_one_small_part_a_partition(lake: Path) -> None:
    before = open_version(lake)
    done = compact(lake, SETTINGS, "c")
    assert done.version is not None
    assert done.version.number == 4
    assert done.parts_before == sum(len(parts) for parts in before.manifest.tables.values())
    assert done.parts_after < done.parts_before
    for name, table in TABLES.items():
        if name == "runs":
            continue
        order = [(key, "ascending") for key in table.key]
        read = [version.read(name).sort_by(order) for version in (before, done.version)]
        assert read[0].equals(read[1]), name
        parts = done.version.manifest.parts(name)
        assert len({part.partition for part in parts}) == len(parts), name
    commands = done.version.read("runs", ["command"]).to_pydict()["command"]
    assert sorted(commands) == ["compact", "ingest", "ingest"]
    assert lines(lake)[-1]["outcome"] == "committed"
    again = compact(lake, SETTINGS, "again")
    assert (again.version, again.parts_before) == (None, again.parts_after)
    assert lines(lake)[-1]["outcome"] == "unchanged"


def test_the_same_lake_is_compacted_to_the_same_parts(lake: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    shutil.copytree(lake, twin, symlinks=True)
    found = [compact(each, SETTINGS, "c").version for each in (lake, twin)]
    first, second = (without_history(version) for version in found if version is not None)
    assert first == second
