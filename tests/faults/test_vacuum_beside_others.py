"""A vacuum without any grace, beside a commit and beside a rollback, met at a step of each.

At a step of the one, the other begins in a process of its own; it comes through at once, or waits
for the lock, and then for the first to end. Whatever comes of it, every version in sight is whole.
"""

import os
import random
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from make.rows import default_settings, generation
from make.soak import SOAK

from dicomlake.pipeline.errors import DicomLakeError
from dicomlake.pipeline.tables import faults
from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import version_numbers
from dicomlake.pipeline.tables.rollback import rollback
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.vacuum import vacuum
from dicomlake.pipeline.tables.verify import Severity, verify

SETTINGS = default_settings()
SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "5"))
REFUSED = 3
WAIT_S = 0.3
"""After this the other is taken to wait for the lock."""
HAPPENED: tuple[str, ...] = ("vacuum.versions", "vacuum.look", "vacuum.remove")
"""Points that the vacuum of these lakes passes; in a soak all of them."""
COMMITTING: tuple[str, ...] = ("part.write", "version.publish", "snapshot.link", "current.replace")
"""Points of a commit; in a soak all of them."""
if SOAK:
    HAPPENED += ("vacuum.snapshots", "vacuum.parts")
    COMMITTING = tuple(point for point in faults.POINTS if point != "runs.append")

pytestmark = pytest.mark.timeout(600 if SOAK else 120)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of three generations."""
    lake = tmp_path_factory.mktemp("made") / "lake"
    for number in (1, 2, 3):
        with open_for_writing(lake, SETTINGS) as writer:
            assert writer.commit(f"g{number}", lambda _, n=number: generation(n)) is not None
    return lake


@pytest.fixture
def lake(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "lake", symlinks=True))


def clean(lake: Path) -> None:
    vacuum(lake, SETTINGS, keep_s=0)


def roll_back(lake: Path) -> None:
    assert rollback(lake, 2, SETTINGS, "back") is not None


def commit_next(lake: Path) -> None:
    with open_for_writing(lake, SETTINGS) as writer:
        assert writer.commit("g4", lambda _: generation(4)) is not None


WORKS: dict[str, Callable[[Path], None]] = {
    "vacuum": clean, "rollback": roll_back, "commit": commit_next,
}  # fmt: skip


class Helper:
    """Does work in other processes; forked before there are locks, which a fork would share."""

    def __init__(self) -> None:
        asked, self._ask = os.pipe()
        self._answers, answer = os.pipe()
        if not os.fork():
            os.close(self._ask)
            _serve(asked, answer)
        os.close(asked)
        os.close(answer)

    def begin(self, work: str, lake: Path) -> None:
        os.write(self._ask, f"{work} {lake}\n".encode())

    def ended(self, most_s: float) -> int | None:
        """Return how the work ended; None where it did not in this time."""
        if not select.select([self._answers], [], [], most_s)[0]:
            return None
        return int(os.read(self._answers, 100))

    def close(self) -> None:
        os.close(self._ask)
        os.wait()


def _serve(asked: int, answer: int) -> None:
    """Do what is asked for, a fork each; never returns."""
    with os.fdopen(asked) as lines:
        for line in lines:
            work, _, lake = line.strip().partition(" ")
            child = os.fork()
            if not child:
                _do(lambda work=work, lake=lake: WORKS[work](Path(lake)))
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            os.write(answer, b"%d\n" % code)
    os._exit(0)


def _do(work: Callable[[], None]) -> None:
    """Be the process beside; never returns."""
    code = 1
    try:
        signal.alarm(60)
        work()
        code = 0
    except DicomLakeError:
        code = REFUSED
    finally:
        os._exit(code)


@pytest.fixture(scope="module", autouse=True)
def helper() -> Iterator[Helper]:
    made = Helper()
    yield made
    made.close()


Meet = Callable[[str, str, str], int]


@pytest.fixture
def meet(helper: Helper, lake: Path, monkeypatch: pytest.MonkeyPatch) -> Meet:
    """Return what does work, other work beside it from a point on, and returns how that ended."""

    def during(first: str, point: str, other: str) -> int:
        ends: list[int | None] = []

        def begin(passed: str) -> None:
            if passed == point and not ends:
                helper.begin(other, lake)
                ends.append(helper.ended(WAIT_S))

        with monkeypatch.context() as patched:
            real = faults.reach
            for name, module in list(sys.modules.items()):
                if name.startswith("dicomlake.") and getattr(module, "reach", None) is real:
                    patched.setattr(module, "reach", begin)
            WORKS[first](lake)
        assert ends, "the point was not passed"
        code = helper.ended(60) if ends[0] is None else ends[0]
        assert code in (0, REFUSED)
        return code

    return during


def assert_whole(lake: Path, newest: int, generation_of_it: int) -> None:
    """Hold every version in sight against its manifest, and the newest against what it must be."""
    found = verify(lake, deep=True)
    assert [each.code for each in found if each.severity is not Severity.INFO] == []
    version = open_version(lake)
    assert version.number == newest
    assert set(version.read("files", ["size"])["size"].to_pylist()) == {generation_of_it}


@pytest.mark.parametrize("point", HAPPENED)
def test_a_rollback_that_begins_while_a_vacuum_is_at_any_step_succeeds_or_is_refused(
    lake: Path, point: str, meet: Meet
) -> None:
    came = meet("vacuum", point, "rollback") == 0
    assert_whole(lake, *((4, 2) if came else (3, 3)))
    clean(lake)
    assert version_numbers(lake) == [4 if came else 3]
    assert_whole(lake, *((4, 2) if came else (3, 3)))


@pytest.mark.parametrize("point", COMMITTING)
def test_a_vacuum_that_begins_while_a_rollback_is_at_any_step_takes_nothing_from_it(
    lake: Path, point: str, meet: Meet
) -> None:
    assert meet("rollback", point, "vacuum") == 0
    assert_whole(lake, 4, 2)


@pytest.mark.parametrize("point", COMMITTING)
def test_a_vacuum_that_begins_while_a_run_commits_takes_nothing_from_it(
    lake: Path, point: str, meet: Meet
) -> None:
    assert meet("commit", point, "vacuum") == 0
    assert_whole(lake, 4, 4)


@pytest.mark.parametrize("point", HAPPENED)
def test_a_run_that_commits_while_a_vacuum_is_at_any_step_loses_nothing(
    lake: Path, point: str, meet: Meet
) -> None:
    assert meet("vacuum", point, "commit") == 0
    assert_whole(lake, 4, 4)


@pytest.mark.skipif(not SOAK, reason="minutes: `make soak`; every step has its test above")
def test_soak_vacuums_rollbacks_and_commits_at_any_time(lake: Path) -> None:
    dice = random.Random(SEED)
    for count in range(4, 60):
        children = []
        for work in (clean, roll_back_one, next_of(count), clean):
            child = os.fork()
            if not child:
                time.sleep(dice.random() * 0.1)
                _do(lambda work=work: work(lake))
            dice.random()
            children.append(child)
        for child in children:
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, REFUSED)
        found = verify(lake, deep=True)
        assert [each.code for each in found if each.severity is not Severity.INFO] == []
        assert all(open_version(lake, n).read("files").num_rows for n in version_numbers(lake))


def roll_back_one(lake: Path) -> None:
    rollback(lake, max(1, version_numbers(lake)[-1] - 1), SETTINGS, f"back{os.getpid()}")


def next_of(count: int) -> Callable[[Path], None]:
    def commit(lake: Path) -> None:
        with open_for_writing(lake, SETTINGS) as writer:
            writer.commit(f"g{count}", lambda _: generation(count))

    return commit
