"""Rules of `changes`: what counts as a change, how a key is written, and when nothing is."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from make.nights import night
from make.replay import operations
from make.rows import default_settings, file_row, hex_id, instance_row, rows, run_row

from dicomlake.pipeline.tables import changes as changes_module
from dicomlake.pipeline.tables.changes import gathered, json_keys
from dicomlake.pipeline.tables.commit import Change, TableDelta, open_for_writing
from dicomlake.pipeline.tables.store import Version, open_version
from dicomlake.schemas.tables.changes import CHANGES

SETTINGS = default_settings()
NIGHTS = 365 if os.environ.get("DICOMLAKE_SOAK") == "1" else 10
MOST_PARTS = 100


def commit(lake: Path, run_id: str, change: Change, **tables: Any) -> Version | None:
    with open_for_writing(lake, default_settings(tables=tables)) as writer:
        return writer.commit(run_id, lambda _: change)


def instances(*values: dict[str, Any]) -> Change:
    return Change({"instances": TableDelta(rows("instances", values))})


def ops(lake: Path, version: Version | None, table: str = "instances") -> dict[str, str]:
    assert version is not None
    return operations(lake, version.number, table)


def test_rows_that_come_change_and_leave_are_told_by_their_key(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    first = commit(lake, "a", instances(instance_row("1"), instance_row("2"), instance_row("3")))
    assert ops(lake, first) == dict.fromkeys(['["1"]', '["2"]', '["3"]'], "insert")
    upserts = rows("instances", [instance_row("1", instance_number=9), instance_row("2"),
                                 instance_row("4")])  # fmt: skip
    leaving = pa.table({"sop_instance_uid": ["3", "1", "none"]})
    delta = TableDelta(upserts, leaving)
    second = commit(lake, "b", Change({"instances": delta}))
    assert ops(lake, second) == {'["1"]': "update", '["3"]': "delete", '["4"]': "insert"}
    assert second is not None
    found = second.read("changes").sort_by([("version", "ascending")]).to_pylist()
    assert [row["version"] for row in found] == [1, 1, 1, 2, 2, 2]
    assert {row["run_id"] for row in found[3:]} == {"b"}


def test_a_row_written_again_with_the_same_values_is_no_change(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    commit(lake, "a", instances(instance_row("1"), instance_row("2")))
    again = [instance_row("1", schema_version=2), instance_row("2", instance_number=1)]
    version = commit(lake, "b", instances(*again))
    assert ops(lake, version) == {'["2"]': "update"}
    assert version is not None
    assert version.read("instances", ["schema_version"]).to_pydict()["schema_version"] == [2, 1]


def test_rows_that_a_reprocessing_claims_for_its_run_are_no_change(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    commit(lake, "a", instances(instance_row("1", run_id="a")))
    again = rows("instances", [instance_row("1", run_id="b")])
    delta = TableDelta(again, current_runs=pa.array(["b"]))
    version = commit(lake, "b", Change({"instances": delta}))
    assert version is not None
    assert version.read("instances", ["run_id"]).to_pydict() == {"run_id": ["b"]}
    assert ops(lake, version) == {}


def test_issues_and_runs_are_never_told_of_and_files_if_wanted(tmp_path: Path) -> None:
    issue = {"issue_id": hex_id("i"), "code": "bad_value", "severity": "info"}
    change = Change({"files": TableDelta(rows("files", [file_row("a")])),
                     "issues": TableDelta(rows("issues", [issue])),
                     "runs": TableDelta(rows("runs", [run_row("a")]))})  # fmt: skip
    for wanted in (False, True):
        version = commit(tmp_path / f"{wanted}", "a", change, changes_of_files=wanted)
        assert version is not None
        told = version.read("changes", ["table_name"]).to_pydict()["table_name"]
        assert told == ["files"] * wanted


def test_rows_of_changes_are_given_by_nobody(tmp_path: Path) -> None:
    change = Change({"changes": TableDelta(CHANGES.empty())})
    with pytest.raises(KeyError, match="changes"):
        commit(tmp_path / "lake", "a", change)


def test_a_commit_that_loses_the_race_tells_what_it_did_to_the_winners_version(
    tmp_path: Path,
) -> None:
    lake = tmp_path / "lake"
    commit(lake, "start", instances(instance_row("1")))
    change = instances(instance_row("1", instance_number=2), instance_row("2", instance_number=2))
    with open_for_writing(lake, SETTINGS) as writer:
        met: list[int] = []

        def build(base: Version) -> Change:
            if not met:
                commit(lake, "winner", instances(instance_row("2"), instance_row("1")))
            met.append(base.number)
            return change

        version = writer.commit("loser", build)
    assert met == [1, 2]
    assert operations(lake, 2, "instances") == {'["2"]': "insert"}
    assert ops(lake, version) == {'["1"]': "update", '["2"]': "update"}


TEXTS = (
    "1.2.840",
    "",
    'a"b',
    "back\\slash",
    "\x00\x01\b\t\n\x0b\f\r\x1f",
    "\x7f\x80é\u2028😀",
    "/",
)


def test_a_key_is_written_as_duckdbs_json_array_writes_it() -> None:
    import datetime  # noqa: PLC0415  (of this test alone)

    keys = pa.table(
        {
            "text": pa.array([*TEXTS, None]),
            "number": pa.array([1, -2, None, 2**31 - 1, 0, 5, 6, 7], pa.int32()),
            "day": pa.array([None, datetime.date(1895, 1, 2), *[None] * 6], pa.date32()),
        }
    )
    for names in (["text"], ["number"], ["text", "number"], ["day", "number", "text"]):
        with duckdb.connect() as database:
            database.register("keys", keys)
            wanted = database.execute(f"SELECT json_array({', '.join(names)}) FROM keys").fetchall()
        assert json_keys(keys.select(names)).to_pylist() == [text for (text,) in wanted]


def test_many_rows_are_gathered_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_module, "RUN", 10)
    values = [{"version": 1, "table_name": "t", "row_key": f"[{i}]", "op": "insert"}
              for i in range(25)]  # fmt: skip
    pieces = [rows("changes", values[start : start + 5]) for start in range(0, 25, 5)]
    files: list[Path] = []

    def file() -> Path:
        files.append(tmp_path / "changes.arrow")
        return files[-1]

    found = gathered(iter(pieces), file)
    assert found.column("row_key").to_pylist() == [row["row_key"] for row in values]
    assert len(files) == 1
    assert gathered(iter(pieces[:2]), file).num_rows == 10
    assert len(files) == 1


def _seen(version: Version, table: str, names: Sequence[str]) -> list[Any]:
    return sorted(map(repr, version.read(table, names).to_pylist()))


def test_small_commits_leave_few_parts_and_all_their_rows(tmp_path: Path) -> None:
    """365 of them with DICOMLAKE_SOAK=1."""
    lake = tmp_path / "lake"
    most = 0
    with open_for_writing(lake, SETTINGS) as writer:
        for number in range(NIGHTS):
            version = writer.commit(f"n{number}", lambda _, n=number: night(n, NIGHTS))
            assert version is not None
            most = max(most, sum(len(parts) for parts in version.manifest.tables.values()))
    assert most < MOST_PARTS
    newest = open_version(lake)
    keys = newest.read("changes").select(["version", "table_name", "row_key"])
    assert keys.group_by(keys.column_names).aggregate([]).num_rows == keys.num_rows
    assert set(keys.column("version").to_pylist()) == set(range(1, NIGHTS + 1))
    assert len(_seen(newest, "runs", ["run_id"])) == NIGHTS
    assert len(set(_seen(newest, "instances", ["sop_instance_uid"]))) == newest.rows("instances")


def test_versions_before_changes_were_recorded_have_none(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    version = commit(lake, "a", instances(instance_row("1")))
    assert version is not None
    manifest = version.manifest
    tables = {name: parts for name, parts in manifest.tables.items() if name != "changes"}
    old = replace(manifest, schema_version=3, tables=tables)
    (lake / "versions" / "00000001.json").write_bytes(old.to_bytes())
    upgraded = commit(lake, "b", Change({}))
    assert upgraded is not None
    assert upgraded.number == 2
    assert upgraded.rows("changes") == 0
    assert len(upgraded.manifest.parts("changes")) == 1


README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_loader_of_the_readme_takes_over_what_changed(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    commit(lake, "a", instances(instance_row("1"), instance_row("2"), instance_row("3")))
    leaving = pa.table({"sop_instance_uid": ["3"]})
    upserts = rows("instances", [instance_row("1", modality="MR"), instance_row("4")])
    commit(lake, "b", Change({"instances": TableDelta(upserts, leaving)}))
    (text,) = (block for block in README.read_text().split("```") if "IN (FROM changed)" in block)
    text = text.removeprefix("sql\n").replace("loaded = 41", "loaded = 1")
    text = text.replace("lake/snapshots/00000042", f"{lake}/snapshots/00000002")
    with duckdb.connect() as database:
        database.execute(
            "CREATE TABLE instances AS SELECT * FROM read_parquet("
            f"'{lake}/snapshots/00000001/instances/**/*.parquet', hive_partitioning = true)"
        )
        for _ in range(2):
            database.execute(text)
            found = database.execute("SELECT sop_instance_uid, modality FROM instances").fetchall()
            assert sorted(found) == [("1", "MR"), ("2", "CT"), ("4", "CT")]
