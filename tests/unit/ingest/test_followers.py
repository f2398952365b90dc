"""Tables whose rows belong to an instance: staged, committed, replaced and deleted with it."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from make.ingest import Ingester
from make.rows import rows
from make.series import ct_series, ct_slice, write

from dicomlake.pipeline.headers import attempt as attempt_module
from dicomlake.pipeline.headers.attempt import Attempt, Batch
from dicomlake.pipeline.tables import staging
from dicomlake.pipeline.tables.staging import FOLLOWERS
from dicomlake.schemas.tables import TABLES


@dataclass
class Followed:
    """Gives each instance that is read `count` rows in every table that follows instances."""

    count: int = 2
    read: list[str] = field(default_factory=list)

    def __call__(self, batch: Batch) -> Attempt:
        found = attempt_module.attempt(batch)
        instances = found.instances.to_pylist()
        self.read += [row["file_id"] for row in instances]
        return replace(found, **{name: self._rows(name, instances) for name in FOLLOWERS})

    def _rows(self, name: str, instances: list[dict[str, Any]]) -> pa.Table:
        table = TABLES[name]
        made = [
            {column: row[column] for column in table.by_name if column in row}
            | _OTHER_VALUES.get(name, {})
            | {column: _PARTS_OF_KEYS[column](number) for column in table.key[1:2]}
            for row in instances
            for number in range(1, (self.count if len(table.key) > 1 else 1) + 1)
        ]
        return rows(name, made)


_PARTS_OF_KEYS: dict[str, Callable[[int], Any]] = {
    "frame_number": int,
    "referenced_sop_instance_uid": "1.2.{}".format,
    "path": "{:08X}".format,
}
_OTHER_VALUES = {"elements": {"tag": "00100010", "vr": "LO"}}


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Followed]:
    made = Followed()
    monkeypatch.setattr(staging, "attempt", made)
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def expected(ingest: Ingester, name: str, count: int) -> list[tuple[str, str]]:
    """Return UID and file of each instance, as often as it has rows."""
    times = 1 if TABLES[name].key == ("sop_instance_uid",) else count
    found = ingest.rows("instances", "sop_instance_uid", "file_id")
    return sorted((row["sop_instance_uid"], row["file_id"]) for row in found * times)


def held(ingest: Ingester, name: str) -> list[tuple[str, str]]:
    found = ingest.rows(name, "sop_instance_uid", "file_id")
    return sorted((row["sop_instance_uid"], row["file_id"]) for row in found)


def assert_all_follow(ingest: Ingester, count: int = 2) -> None:
    for name in FOLLOWERS:
        assert held(ingest, name) == expected(ingest, name, count), name


def test_every_table_of_an_attempt_that_follows_instances_is_known() -> None:
    assert {"frames", "instance_references"} <= set(FOLLOWERS)
    for name in FOLLOWERS:
        assert TABLES[name].key[0] == "sop_instance_uid"
        assert "file_id" in TABLES[name].by_name


def test_rows_come_with_their_instance_and_leave_with_it(
    tree: Path, ingest: Ingester, followed: Followed
) -> None:
    paths = ct_series(tree, 3)
    ingest(tree)
    assert len(ingest.rows("instances")) == 3
    assert_all_follow(ingest)
    paths[1].unlink()
    ingest(tree)
    assert len(ingest.rows("instances")) == 2
    assert_all_follow(ingest)
    assert ingest(tree).version is None


def test_rows_of_an_instance_read_again_replace_all_it_had(
    tree: Path, ingest: Ingester, followed: Followed
) -> None:
    paths = ct_series(tree, 2)
    ingest(tree)
    followed.count = 1
    write(ct_slice(0, SeriesDescription="changed"), paths[0])
    ingest(tree)
    changed = ingest.rows("files", "path", "file_id")
    again = next(row["file_id"] for row in changed if row["path"] == paths[0].name)
    for name in FOLLOWERS:
        one_row = TABLES[name].key == ("sop_instance_uid",)
        counts = [sum(file == each for _, file in held(ingest, name)) for each in (again,)]
        assert counts == [1], name
        assert len(held(ingest, name)) == (2 if one_row else 3), name


def test_rows_of_a_file_that_changes_its_uid_leave_with_the_old_one(
    tree: Path, ingest: Ingester, followed: Followed
) -> None:
    (path, _) = ct_series(tree, 2)
    ingest(tree)
    write(ct_slice(7), path)
    ingest(tree)
    assert_all_follow(ingest)


def test_duplicates_and_losers_of_a_conflict_bring_no_rows(
    tree: Path, ingest: Ingester, followed: Followed
) -> None:
    write(ct_slice(0), tree / "a")
    shutil.copy(tree / "a", tree / "b")
    write(ct_slice(0, PatientComments="other", ContentTime="090000"), tree / "c")
    done = ingest(tree)
    assert done.counts.by_status == {"conflict": 1, "duplicate": 1, "ingested": 1}
    assert_all_follow(ingest)


def test_a_winner_that_comes_later_takes_over_the_rows(
    tree: Path, ingest: Ingester, followed: Followed
) -> None:
    write(ct_slice(0), tree / "b")
    ingest(tree)
    shutil.copy(tree / "b", tree / "a")
    followed.count = 3
    ingest(tree)
    assert ingest.statuses() == {"tree/a": ("ingested", None), "tree/b": ("duplicate", None)}
    assert_all_follow(ingest, 3)


def test_an_heir_brings_its_rows(tree: Path, ingest: Ingester, followed: Followed) -> None:
    write(ct_slice(0), tree / "a")
    shutil.copy(tree / "a", tree / "b")
    ct_series(tree / "others", 3, name="others")
    ingest(tree)
    (tree / "a").unlink()
    followed.count = 3
    done = ingest(tree)
    assert done.counts.heirs == 1
    assert sum(done.counts.heir_readers.values()) == 1
    instance = next(r for r in ingest.rows("files") if r["path"] == "b")
    assert instance["status"] == "ingested"
    for name in FOLLOWERS:
        times = 1 if TABLES[name].key == ("sop_instance_uid",) else 3
        mine = [file for _, file in held(ingest, name) if file == instance["file_id"]]
        assert len(mine) == times, name


def test_a_file_that_cannot_be_read_now_keeps_its_rows(
    tree: Path, ingest: Ingester, followed: Followed, deny: Callable[[str], None]
) -> None:
    paths = ct_series(tree, 2)
    ingest(tree)
    os.utime(paths[0], ns=(1, 1))
    deny(paths[0].name)
    done = ingest(tree)
    assert done.counts.by_status == {"ingested": 1, "skipped": 1}
    assert_all_follow(ingest)


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what makes the opening of files of a name fail for want of permission."""
    names: set[bytes] = set()
    really = os.open

    def opened(path: Any, *args: Any, **options: Any) -> int:
        if os.path.basename(os.fsencode(path)) in names:
            raise PermissionError(13, "denied")
        return really(path, *args, **options)

    monkeypatch.setattr(os, "open", opened)
    return lambda name: names.add(name.encode())
