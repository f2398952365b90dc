"""Several writers at once lose nothing, and a reader beside them never sees two versions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from make.rows import default_settings, generation
from make.stranger import Stranger

from dicomlake.pipeline.tables.commit import open_for_writing
from dicomlake.pipeline.tables.layout import version_numbers
from dicomlake.pipeline.tables.locks import Writer
from dicomlake.pipeline.tables.runs_log import read_runs
from dicomlake.pipeline.tables.snapshot import publish
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.tables.verify import verify

MAKE = Path(__file__).resolve().parents[1] / "make"
SETTINGS = default_settings()


def start(lake: Path, name: str, count: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(MAKE / "committer.py"), str(lake), name, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(("writers", "count"), [(2, 5), (4, 3)])
def test_concurrent_committers_lose_nothing(in_memory: Path, writers: int, count: int) -> None:
    lake = in_memory / "lake"
    with open_for_writing(lake, SETTINGS):
        pass
    stranger = Stranger()
    processes = [start(lake, f"w{i}", count) for i in range(writers)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    seen: list[int] = []
    while any(process.poll() is None for process in processes):
        look = stranger.look(lake)
        if look["version"] is None:
            continue
        # one file, one instance and one run a version: two versions mixed would not add up
        assert look["n_files"] == look["n_instances"] == len(look["runs"]) == int(look["version"])
        assert look["unmatched"] == 0
        seen.append(int(look["version"]))
    stranger.close()
    for process in processes:
        assert process.communicate()[0] == "done\n"
        assert process.returncode == 0
    total = writers * count
    assert version_numbers(lake) == list(range(1, total + 1))
    assert os.readlink(lake / "current") == f"snapshots/{total:08d}"
    assert seen == sorted(seen)  # `current` never went back
    names = {f"w{i}/{n}" for i in range(writers) for n in range(count)}
    assert set(open_version(lake).read("files", ["path"])["path"].to_pylist()) == names
    assert {f["run_id"] for f in read_runs(lake)} == {name.replace("/", "-") for name in names}
    assert {f.code for f in verify(lake, deep=True)} <= {"unreferenced"}


def test_a_temporary_of_a_living_writer_stays_and_of_a_dead_one_goes(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    code = (
        "import sys; from pathlib import Path\n"
        "from dicomlake.pipeline.tables.locks import Writer\n"
        "from dicomlake.pipeline.tables.layout import Access\n"
        "lake = Path(sys.argv[1]); writer = Writer(lake, Access(0o700, 0o600, None))\n"
        "writer.temporary(lake / 'data', '.parquet').write_text('x')\n"
        "folder = writer.temporary(lake / 'snapshots'); folder.mkdir(); (folder / 'y').touch()\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
    )
    with open_for_writing(lake, SETTINGS):
        pass
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(lake)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "ready\n"
    mine = open_for_writing(lake, SETTINGS)
    own = mine.writer.temporary(lake / "data")
    own.touch()
    with open_for_writing(lake, SETTINGS):
        assert own.exists()
        assert len(list((lake / "data").iterdir())) == 2
        assert len(list((lake / "snapshots").iterdir())) == 1
    other.kill()
    other.wait()
    other.stdin.close()
    other.stdout.close()
    with open_for_writing(lake, SETTINGS):
        assert list((lake / "data").iterdir()) == [own]
        assert list((lake / "snapshots").iterdir()) == []
    mine.close()
    assert list((lake / "data").iterdir()) == []
    assert [path.name for path in (lake / ".locks").iterdir()] in ([], ["commit"])


def test_the_line_of_a_run_that_still_lives_is_left_to_it(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with open_for_writing(lake, SETTINGS) as alive:
        alive.commit("g1", lambda _: generation(1))
        with open_for_writing(lake, SETTINGS):
            assert read_runs(lake) == []
        alive.record_run({"run_id": "g1", "seen": 6})
    assert [line.get("seen") for line in read_runs(lake)] == [6]


def test_a_snapshot_left_of_a_version_that_was_taken_back_is_replaced(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with open_for_writing(lake, SETTINGS) as writer:
        writer.commit("g1", lambda _: generation(1))
        shutil.copytree(lake / "snapshots/00000001", lake / "snapshots/00000002")
        (lake / f"snapshots/00000002/files/{'a' * 32}.parquet").write_text("x")
        writer.commit("g2", lambda _: generation(2))
    assert {f.code for f in verify(lake, deep=True)} == set()


def test_a_slow_writer_does_not_set_current_back(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    with open_for_writing(lake, SETTINGS) as writer:
        versions = [writer.commit(f"g{n}", lambda _, n=n: generation(n)) for n in (1, 2, 3)]
        slow = Writer(lake.resolve(), writer.access)
        assert versions[1] is not None
        publish(slow, versions[1].manifest)
        slow.close()
    assert os.readlink(lake / "current") == "snapshots/00000003"
