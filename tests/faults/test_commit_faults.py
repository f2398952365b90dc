"""A commit that fails at any step leaves all of the old version or all of the new one.

The same commit is tried again and again, and fails at one step until it succeeds: by SIGKILL and,
in turn, by SIGTERM and each error of a disk; in every way at every step with `DICOMLAKE_SOAK=1`.
After each failure an independent process reads through `current`; then the lake is opened again,
which repairs it.
"""

import errno
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from make.killed import killed
from make.lakes import copy_lake
from make.rows import default_settings, generation
from make.soak import SOAK
from make.stranger import Stranger

from dicomlake.flows.exits import Terminated, end_on_sigterm
from dicomlake.pipeline.tables import faults
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import TEMPORARY, version_numbers
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify

SETTINGS = default_settings()
KINDS = ("term", *faults.ERRORS)

PASSAGES = [
    *faults.POINTS,
    # inside: a part half written, another than the first part, a snapshot half linked
    *(f"{point}::{nth}" for point, nth in (("part.write", 2), ("part.write", 5),
                                           ("part.rename", 4), ("snapshot.link", 7))),
]  # fmt: skip


@pytest.fixture(scope="module")
def stranger() -> Iterator[Stranger]:
    reader = Stranger()
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def first_generation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("first") / "lake"
    put(lake, 1)
    return lake


@pytest.fixture
def lake(in_memory: Path, first_generation: Path) -> Path:
    """A lake of generation 1."""
    return copy_lake(first_generation, in_memory / "lake")


def put(lake: Path, number: int) -> None:
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit(f"g{number}", lambda _: generation(number)) is not None
        writer.record_run({"run_id": f"g{number}"})


def leftovers(lake: Path) -> list[str]:
    return [path.name for path in lake.rglob(f"{TEMPORARY}*")]


def is_committed(point: str) -> bool:
    return faults.POINTS.index(point) > faults.POINTS.index(faults.COMMIT_POINT)


def after_failure(lake: Path, old: int, point: str, stranger: Stranger) -> int:
    """Check what readers see, and that opening repairs; return the version that stands."""
    new = old + 1 if is_committed(point) else old
    assert version_numbers(lake) == list(range(1, new + 1))
    assert stranger.generation(lake) in {old, new}
    found = open_version(lake)
    assert found.number == new
    assert set(found.read("files", ["size"])["size"].to_pylist()) == {new}
    number = found.read("instances", ["instance_number"])["instance_number"]
    assert set(number.to_pylist()) == {new}
    with open_for_writing(lake, SETTINGS):
        # opening alone repairs, before anything is committed
        assert stranger.generation(lake) == new
        assert leftovers(lake) == []
    return new


def fail(lake: Path, number: int, point: str, kind: str) -> None:
    """Commit a generation on a disk that fails."""
    raised = faults.ERRORS[kind]
    with open_for_writing(lake, SETTINGS) as writer:
        staged = writer.staging(f"g{number}")
        if is_committed(point):
            version = writer.commit(f"g{number}", lambda _: generation(number))
            assert version is not None
            assert version.number == number
        else:
            with pytest.raises(OSError, match=re.escape(os.strerror(raised))) as failure:
                writer.commit(f"g{number}", lambda _: generation(number))
            assert failure.value.errno == raised
            assert leftovers(lake) == []  # the incomplete file is removed at once
        if point == "runs.append":
            with pytest.raises(OSError, match=re.escape(os.strerror(raised))):
                writer.record_run({"run_id": f"g{number}"})
    assert staged.exists() == (not is_committed(point))  # finished batches stay for the resume


def end(lake: Path, number: int) -> None:
    """Commit a generation in a process that is told to end meanwhile."""
    before = signal.getsignal(signal.SIGTERM)
    end_on_sigterm()
    try:
        with pytest.raises(Terminated):
            put(lake, number)
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("passage", PASSAGES)
def test_a_failure_at_any_step_leaves_all_old_or_all_new_until_it_succeeds(
    lake: Path,
    stranger: Stranger,
    monkeypatch: pytest.MonkeyPatch,
    passage: str,
) -> None:
    point, _, nth = passage.partition("::")
    version = 1
    for kind in ("kill", *(KINDS if SOAK else KINDS[PASSAGES.index(passage) % len(KINDS) :][:1])):
        fault = f"{point}:{kind}:{nth or 1}"
        if kind == "kill":
            assert killed(lambda: put(lake, version + 1), fault)  # noqa: B023  (done at once)
        else:
            faults._passages.clear()
            with monkeypatch.context() as armed:
                armed.setenv(faults.VARIABLE, fault)
                if kind == "term":
                    end(lake, version + 1)
                else:
                    fail(lake, version + 1, point, kind)
        version = after_failure(lake, version, point, stranger)
    assert (version > 1) == is_committed(point)
    if not is_committed(point):
        put(lake, version + 1)
        version += 1
    assert stranger.generation(lake) == version
    ran = [f"g{number}" for number in range(1, version + 1)]
    assert [line["run_id"] for line in read_runs(lake)] == ran
    assert {f.code for f in verify(lake, deep=True)} <= {"unreferenced"}
    assert leftovers(lake) == []
    assert [p.name for p in (lake / ".locks").iterdir()] == ["commit"]


@pytest.mark.parametrize("passage", ["part.write", faults.COMMIT_POINT, "snapshot.rename",
                                     "current.create", "current.replace"])  # fmt: skip
def test_kill_in_the_first_commit_leaves_a_lake_without_versions_or_with_the_first(
    tmp_path: Path, stranger: Stranger, passage: str
) -> None:
    lake = tmp_path / "lake"
    assert killed(lambda: put(lake, 1), f"{passage}:kill")
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
