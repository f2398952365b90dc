"""Runs that are killed, ended, refused by the disk, or meet each other: nothing is lost of any.

Beside each test an independent process reads the lake in a loop, and every version that it meets
must be whole. Small and seeded by default; `DICOMLAKE_SOAK=1` (`make soak`) kills a hundred runs
over five thousand files, at any time.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from make.lakes import told
from make.runner import Runner
from make.series import ct_series, ct_slice, write
from make.soak import SOAK
from make.stranger import Watch
from make.tree import clean_environment, command, start

from dicomlake.pipeline.tables import faults
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify
from dicomlake.pipeline.volumes.store import volume_digest

SEED = int(os.environ.get("DICOMLAKE_TEST_SEED", "5"))
FILES = 5_000 if SOAK else 140
KILLS = 100 if SOAK else 5

pytestmark = [pytest.mark.timeout(4 * 3600 if SOAK else 300)]

PASSED = (
    ("spill.open", 3), ("spill.write", 1), ("rows.write", 4), ("batch.write", 1),
    ("batch.staged", 1), ("part.write", 12), ("part.rename", 12), ("manifest.sync", 2),
    ("version.publish", 2), ("versions.sync", 2), ("snapshot.link", 40), ("snapshot.rename", 2),
    ("current.replace", 2), ("shard.write", 8), ("volume.publish", 8), ("picture.publish", 8),
)  # fmt: skip
"""Points that a whole run passes, and how often at least."""
KINDS = ("kill", "term", *faults.ERRORS)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    processes = Runner(tmp_path_factory.mktemp("said"))
    yield processes
    processes.close()


def source(folder: Path, files: int, name: str = "tree") -> Path:
    """Write series of ten files, in every third a copy, rubbish or another slice among them."""
    root = folder / name
    for number in range(files // 10):
        n = 9 if number % 3 == 0 else 10
        series = root / f"{number % 7}" / f"{number:05}"
        paths = ct_series(series, n, name=f"{name} {number}", rows=12, columns=8)
        if number % 3 == 0:
            other = series / "other"
            match number % 4:
                case 0:
                    other.write_bytes(paths[0].read_bytes())
                case 1:
                    other.write_bytes(paths[1].read_bytes()[:500])
                case 2:
                    other.write_text("no DICOM at all\n" * 20)
                case _:
                    changed = ct_slice(2, name=f"{name} {number}", rows=12, columns=8,
                                       SeriesDescription="another")  # fmt: skip
                    write(changed, other)
    assert sum(path.is_file() for path in root.rglob("*")) == files
    return root


def check_whole(lake: Path, expected: dict[str, list[str]]) -> None:
    """Hold a lake against one that nothing befell."""
    found = told(lake)
    for name, rows in expected.items():
        assert found[name] == rows, name
    codes = {f.code for f in verify(lake, deep=True, volume_digest=volume_digest)}
    assert codes <= {"unreferenced"}  # of a commit that was killed; `vacuum` clears them
    assert len(read_runs(lake)) >= open_version(lake).number / 3


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source(tmp_path_factory.mktemp("source"), 140)


@pytest.fixture(scope="module")
def expected(
    tree: Path, tmp_path_factory: pytest.TempPathFactory, runner: Runner
) -> dict[str, list[str]]:
    """What a run leaves that nothing befell."""
    lake = tmp_path_factory.mktemp("whole") / "lake"
    assert runner.run(tree, lake) == 0, runner.said()
    found = told(lake)
    assert len(found["files"]) == 140
    assert len(found["volumes"]) == 14
    return found


def test_killed_runs_end_as_an_undisturbed_one(
    tree: Path, expected: dict[str, list[str]], in_memory: Path, runner: Runner
) -> None:
    lake = in_memory / "lake"
    dice = random.Random(SEED)
    # In the order in which a run passes them: what was killed late has left its early work.
    chosen = sorted(dice.sample(range(len(PASSED)), 5))
    with Watch(lake) as watch:
        for point, most in (PASSED[place] for place in chosen):
            fault = f"{point}:kill:{dice.randint(1, most)}"
            assert runner.run(tree, lake, fault=fault) in (0, -signal.SIGKILL), runner.said()
        assert runner.run(tree, lake) == 0, runner.said()
    watch.check()
    check_whole(lake, expected)


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two series and a text."""
    root = tmp_path_factory.mktemp("few") / "tree"
    ct_series(root / "a", 5, name="a", rows=12, columns=8)
    ct_series(root / "b", 3, name="b", rows=12, columns=8)
    (root / "text").write_text("no DICOM at all\n" * 20)
    return root


@pytest.fixture(scope="module")
def few_told(
    few: Path, tmp_path_factory: pytest.TempPathFactory, runner: Runner
) -> dict[str, list[str]]:
    """What a run leaves of them that nothing befell."""
    lake = tmp_path_factory.mktemp("few whole") / "lake"
    assert runner.run(few, lake) == 0, runner.said()
    return told(lake)


STEPS = (*faults.RUN_POINTS, *faults.STAGING_POINTS)


@pytest.mark.parametrize("point", STEPS)
def test_a_run_that_fails_at_any_step_is_made_good_by_the_next(
    in_memory: Path, runner: Runner, few: Path, few_told: dict[str, list[str]], point: str
) -> None:
    """At a step outside of commits: in turn in one of the ways there are; in a soak in all."""
    lake = in_memory / "lake"
    kinds = KINDS if SOAK else (KINDS[STEPS.index(point) % len(KINDS)],)
    with Watch(lake) as watch:
        for kind in kinds:
            code = runner.run(few, lake, fault=f"{point}:{kind}")
            said = runner.said()
            assert code == {"kill": -signal.SIGKILL, "term": 143}.get(kind, 1), said
            if kind in faults.ERRORS:
                assert os.strerror(faults.ERRORS[kind]) in said
                assert "Traceback" not in said
        assert runner.run(few, lake) == 0, runner.said()
    watch.check()
    check_whole(lake, few_told)


@pytest.mark.parametrize("runs", [2, 4] if SOAK else [4])
def test_runs_at_once_over_disjoint_sources_lose_no_row(
    tmp_path: Path, in_memory: Path, runner: Runner, runs: int
) -> None:
    files = 1_200 if SOAK else 20
    roots = [source(tmp_path, files, name=f"source{number}") for number in range(runs)]
    lake = in_memory / "lake"
    with Watch(lake) as watch:
        started = [runner.start(root, lake) for root in roots]
        codes = [runner.wait(pid) for pid in started]
    assert codes == [0] * runs, runner.said()
    watch.check()
    rows = open_version(lake).read("files", ["source", "path"]).to_pylist()
    stand = {
        (root.name, str(path.relative_to(root)))
        for root in roots
        for path in root.rglob("*")
        if path.is_file()
    }
    assert {(row["source"], row["path"]) for row in rows} == stand
    assert len(rows) == len(stand) == runs * files
    alone = in_memory / "alone"
    for root in roots:  # one after the other
        assert runner.run(root, alone) == 0
    check_whole(lake, told(alone))


@pytest.mark.skipif(not SOAK, reason="an hour: `make soak`")
def test_soak_a_hundred_runs_killed_at_any_time_end_as_an_undisturbed_one(tmp_path: Path) -> None:
    root = source(tmp_path, FILES)
    whole = tmp_path / "whole"
    options = ("--workers", "2", "--no-track")
    began = time.monotonic()
    assert command("run", str(root), "--lake", str(whole), *options, cwd=tmp_path).returncode == 0
    duration = time.monotonic() - began
    expected = told(whole)
    dice = random.Random(SEED)
    kills, lakes = 0, 0
    while kills < KILLS:
        lakes += 1
        lake = tmp_path / f"lake{lakes}"
        with Watch(lake) as watch:
            # Until a run comes through: then the next lake is begun.
            while True:
                arguments = ["run", str(root), "--lake", str(lake), *options]
                with start(arguments, tmp_path, clean_environment()) as process:
                    wait_s = dice.uniform(0, duration) if kills < KILLS else 3600
                    try:
                        process.communicate(timeout=wait_s)
                    except subprocess.TimeoutExpired:
                        process.send_signal(signal.SIGKILL)
                        process.communicate()
                        kills += 1
                assert process.returncode in (0, -signal.SIGKILL)
                if process.returncode == 0:
                    break
        watch.check()
        check_whole(lake, expected)
    assert kills == KILLS
