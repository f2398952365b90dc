"""A commit that fails at any step leaves all of the old version or all of the new one.

After each failure an independent process reads through `current`; then the lake is opened again,
which repairs it, and the same commit succeeds.
"""

import errno
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from make.rows import default_settings, generation
from make.stranger import Stranger

from dicomlake.pipeline.tables import faults
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import TEMPORARY, version_numbers
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify

MAKE = Path(__file__).resolve().parents[1] / "make"
SETTINGS = default_settings()

PASSAGES = [
    *faults.POINTS,
    # inside: a part half written, another than the first part, a snapshot half linked
    *(f"{point}::{nth}" for point, nth in (("part.write", 2), ("part.write", 5),
                                           ("part.rename", 4), ("snapshot.link", 7))),
]  # fmt: skip


def armed(passage: str, kind: str) -> tuple[str, str]:
    """Return the point of a passage, and what the environment must say."""
    point, _, nth = passage.partition("::")
    return point, f"{point}:{kind}:{nth or 1}"


@pytest.fixture(scope="module")
def stranger() -> Iterator[Stranger]:
    reader = Stranger()
    yield reader
    reader.close()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake of generation 1."""
    with open_for_writing(tmp_path / "lake", SETTINGS) as writer:
        writer.commit("g1", lambda _: generation(1))
        writer.record_run({"run_id": "g1"})
    return tmp_path / "lake"


def leftovers(lake: Path) -> list[str]:
    return [path.name for path in lake.rglob(f"{TEMPORARY}*")]


def after_failure(lake: Path, point: str, stranger: Stranger) -> None:
    """Check what readers see, then that opening repairs and the same commit succeeds."""
    committed = faults.POINTS.index(point) > faults.POINTS.index(faults.COMMIT_POINT)
    assert version_numbers(lake) == ([1, 2] if committed else [1])
    assert stranger.generation(lake) in ((1, 2) if committed else (1,))
    found = open_version(lake)
    assert set(found.read("files", ["size"])["size"].to_pylist()) == {found.number}
    number = found.read("instances", ["instance_number"])["instance_number"]
    assert set(number.to_pylist()) == {found.number}

    with open_for_writing(lake, SETTINGS) as writer:
        # opening alone repairs, before anything is committed
        assert stranger.generation(lake) == found.number
        assert leftovers(lake) == []
        again = writer.commit("g2", lambda _: generation(2))
        assert (again is None) == committed
    assert stranger.generation(lake) == 2
    assert version_numbers(lake) == [1, 2]
    assert [line["run_id"] for line in read_runs(lake)] == ["g1", "g2"]
    assert {f.code for f in verify(lake, deep=True)} <= {"unreferenced"}
    assert leftovers(lake) == []
    assert [p.name for p in (lake / ".locks").iterdir()] == ["commit"]


@pytest.mark.parametrize("passage", PASSAGES)
def test_kill_at_any_step_leaves_all_old_or_all_new(
    lake: Path, stranger: Stranger, passage: str
) -> None:
    point, fault = armed(passage, "kill")
    process = subprocess.run(
        [sys.executable, str(MAKE / "committer.py"), str(lake), "x", "1", "generation", "2"],
        env={**os.environ, faults.VARIABLE: fault}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL, process.stderr
    after_failure(lake, point, stranger)


@pytest.mark.parametrize("kind", list(faults.ERRORS))
@pytest.mark.parametrize("passage", PASSAGES)
def test_a_failing_disk_at_any_step_leaves_all_old_or_all_new(
    lake: Path, stranger: Stranger, passage: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point, fault = armed(passage, kind)
    faults._passages.clear()
    monkeypatch.setenv(faults.VARIABLE, fault)
    number = faults.ERRORS[kind]
    committed = faults.POINTS.index(point) > faults.POINTS.index(faults.COMMIT_POINT)
    writer = open_for_writing(lake, SETTINGS)
    staged = writer.staging("g2")
    if committed:
        version = writer.commit("g2", lambda _: generation(2))
        assert version is not None
        assert version.number == 2
    else:
        with pytest.raises(OSError, match=re.escape(os.strerror(number))) as raised:
            writer.commit("g2", lambda _: generation(2))
        assert raised.value.errno == number
        assert leftovers(lake) == []  # the incomplete file is removed at once
    if point == "runs.append":
        with pytest.raises(OSError, match=re.escape(os.strerror(number))):
            writer.record_run({"run_id": "g2"})
    monkeypatch.delenv(faults.VARIABLE)
    writer.close()
    assert staged.exists() == (not committed)  # finished batches stay for the resume
    after_failure(lake, point, stranger)


@pytest.mark.parametrize("passage", ["part.write", faults.COMMIT_POINT, "snapshot.rename",
                                     "current.create", "current.replace"])  # fmt: skip
def test_kill_in_the_first_commit_leaves_a_lake_without_versions_or_with_the_first(
    tmp_path: Path, stranger: Stranger, passage: str
) -> None:
    lake = tmp_path / "lake"
    subprocess.run(
        [sys.executable, str(MAKE / "committer.py"), str(lake), "x", "1", "generation", "1"],
        env={**os.environ, faults.VARIABLE: f"{passage}:kill"}, capture_output=True, check=False,
    )  # fmt: skip
    assert stranger.look(lake)["version"] is None
    assert open_version(lake).number in (0, 1)
    with open_for_writing(lake, SETTINGS) as writer:
        writer.commit("g1", lambda _: generation(1))
    assert stranger.generation(lake) == 1


def test_every_point_is_passed_by_a_commit_in_the_order_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A point that nothing reaches would make the tests above pass for nothing."""
    passed: list[str] = []
    for module in ("durable", "parts", "version_claims", "snapshot", "runs_log"):
        monkeypatch.setattr(f"dicomlake.pipeline.tables.{module}.reach", passed.append)
    with open_for_writing(tmp_path / "lake", SETTINGS) as writer:
        writer.commit("g1", lambda _: generation(1))
        writer.record_run({"run_id": "g1"})
    assert list(dict.fromkeys(passed)) == list(faults.POINTS)


def test_a_fault_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(faults.VARIABLE, "part.wriet:kill")
    with pytest.raises(ValueError, match="no such fault"):
        faults.reach("part.write")


def test_a_link_whose_reply_was_lost_is_recognised_by_its_inode(
    lake: Path, stranger: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.link

    def link(source: Any, target: Any, **more: Any) -> None:
        real(source, target, **more)
        if str(target).endswith(".json"):
            raise OSError(errno.EIO, "lost reply")

    monkeypatch.setattr(os, "link", link)
    with open_for_writing(lake, SETTINGS) as writer:
        version = writer.commit("g2", lambda _: generation(2))
    assert version is not None
    assert version_numbers(lake) == [1, 2]
    assert stranger.generation(lake) == 2
