"""The engine on real processes: results, dying workers, unreachable schedulers, no leftovers."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import distributed
import pytest
from make.jobs import (
    end_process,
    end_process_once,
    parent_id,
    process_id,
    refuse,
    slow_square,
    square,
    threads_of_pyarrow,
)

from dicomlake.config.settings import EngineSettings, load_settings
from dicomlake.flows import cluster as cluster_module
from dicomlake.flows.cluster import JOBS_PER_WORKER
from dicomlake.flows.engine import Engine
from dicomlake.pipeline.errors import CorruptLakeError, EngineError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
    # Of connections to workers that died.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


def settings(**changes: object) -> EngineSettings:
    return load_settings(environment={}).engine.model_copy(update={"workers": 2, **changes})


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with Engine(settings(), folder=tmp_path) as engine:
        yield engine
    left = [each for each in multiprocessing.active_children() if "Dask" in each.name]
    assert left == []


def test_processes_do_every_job_once_and_share_one_cluster(engine: Engine) -> None:
    results = list(engine.map(process_id, range(40), cost_s=0, name=str))
    again = list(engine.map(process_id, range(10), cost_s=0, name=str))
    assert sorted(number for number, _ in results) == list(range(40))
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes
    assert {process for _, process in again} <= processes
    assert (engine.workers_used, engine.where) == (2, "on 2 processes")


def test_processes_that_were_expected_are_those_that_work(engine: Engine) -> None:
    engine.expect(0)
    engine.expect(0)
    results = list(engine.map(process_id, range(20), cost_s=0, name=str))
    assert sorted(number for number, _ in results) == list(range(20))
    assert engine.workers_used == 2


def test_processes_that_were_expected_in_vain_are_ended(tmp_path: Path) -> None:
    with Engine(settings(), folder=tmp_path) as engine:
        engine.expect(0)
    assert [each for each in multiprocessing.active_children() if "Dask" in each.name] == []
    assert (engine.workers_used, engine.where) == (0, "inline")


def test_what_goes_wrong_in_an_expected_start_is_raised_where_workers_are_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> None:
        raise OSError(24, "too many open files")

    monkeypatch.setattr(distributed, "LocalCluster", refused)
    with Engine(settings(), folder=tmp_path) as engine:
        engine.expect(0)
        with pytest.raises(EngineError, match="Cannot start 2 worker processes"):
            list(engine.map(square, [1], cost_s=0, name=str))


def test_the_process_that_workers_are_forked_from_ends_with_them(tmp_path: Path) -> None:
    with Engine(settings(), folder=tmp_path) as engine:
        (((_, worker), *_),) = [list(engine.map(parent_id, [1], cost_s=0, name=str))]
        assert Path(f"/proc/{worker}").exists()
    assert worker != os.getpid()
    assert not Path(f"/proc/{worker}").exists()


def test_jobs_are_drawn_within_a_bounded_window(engine: Engine) -> None:
    drawn = 0
    ahead = 0

    def jobs() -> Iterator[int]:
        nonlocal drawn
        for number in range(100):
            drawn += 1
            yield number

    for done, _ in enumerate(engine.map(square, jobs(), cost_s=0, name=str)):
        ahead = max(ahead, drawn - done)
    assert drawn == 100
    assert ahead <= 2 * JOBS_PER_WORKER


def test_libraries_of_a_worker_use_one_thread(engine: Engine) -> None:
    results = list(engine.map(threads_of_pyarrow, range(4), cost_s=0, name=str))
    assert {each[1:] for each in results} == {(1, "1")}


def test_a_worker_that_dies_once_costs_no_job(engine: Engine, tmp_path: Path) -> None:
    jobs = [(number, str(tmp_path / "mark")) for number in range(20)]
    assert sorted(engine.map(end_process_once, jobs, cost_s=0, name=str)) == list(range(20))
    assert (tmp_path / "mark").exists()


def test_a_job_that_keeps_ending_workers_is_named(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"batch \d+ ended its worker") as caught:
        list(engine.map(end_process, range(4), cost_s=0, name=lambda job: f"batch {job}"))
    assert "\n" not in str(caught.value)


def test_an_error_of_the_tree_crosses_from_a_worker_whole(engine: Engine) -> None:
    with pytest.raises(CorruptLakeError) as caught:
        list(engine.map(refuse, [7], cost_s=0, name=str))
    assert caught.value.fix == "Run dicomlake verify."


def test_a_map_that_is_left_early_leaves_the_engine_usable(engine: Engine) -> None:
    left = engine.map(slow_square, range(100), cost_s=0, name=str)
    next(left)
    left.close()
    assert sorted(engine.map(square, range(4), cost_s=0, name=str)) == [0, 1, 4, 9]


def test_an_unreachable_scheduler_is_one_line_and_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "CONNECT_S", 1)
    started = time.monotonic()
    with (
        Engine(settings(scheduler="tcp://127.0.0.1:9"), folder=tmp_path) as engine,
        pytest.raises(EngineError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9") as said,
    ):
        list(engine.map(square, [1], cost_s=0, name=str))
    assert time.monotonic() - started < 6
    assert "\n" not in str(said.value)


def test_a_malformed_address_is_one_line(tmp_path: Path) -> None:
    with (
        Engine(settings(scheduler="nonsense://x"), folder=tmp_path) as engine,
        pytest.raises(EngineError, match="No Dask scheduler answers"),
    ):
        list(engine.map(square, [1], cost_s=0, name=str))


def test_a_start_cut_short_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class CutShort(distributed.LocalCluster):  # type: ignore[misc]  # Dask is untyped
        def __init__(self, **options: object) -> None:
            super().__init__(**options)
            assert len(multiprocessing.active_children()) >= 2
            raise KeyboardInterrupt

    monkeypatch.setattr(distributed, "LocalCluster", CutShort)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Engine(settings(), folder=tmp_path) as engine, pytest.raises(KeyboardInterrupt):
        list(engine.map(square, [1], cost_s=0, name=str))
    assert [each for each in multiprocessing.active_children() if "Dask" in each.name] == []
    assert list(tmp_path.iterdir()) == []


DRIVER = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {tests!r})
    from make.jobs import process_id, sleep
    from dicomlake.config.settings import load_settings
    from dicomlake.flows.engine import Engine

    if __name__ == "__main__":
        settings = load_settings(flags={{"engine.workers": 2}}).engine
        with Engine(settings, folder=Path(".")) as engine:
            results = engine.map(process_id, range(20), cost_s=0, name=str)
            print(*sorted({{process for _, process in results}}), flush=True)
            list(engine.map(sleep, [60.0] * 4, cost_s=0, name=str))
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_worker_outlives_its_driver(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, sent: signal.Signals
) -> None:
    script = tmp_path / "driver.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(textwrap.dedent(DRIVER).format(tests=tests))
    driver = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("temporary"))},
    )
    assert driver.stdout is not None
    with driver:
        workers = [int(text) for text in driver.stdout.readline().split()]
        assert len(workers) == 2
        driver.send_signal(sent)
        driver.wait(30)
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline, "a worker outlived its driver"
        time.sleep(0.1)
    # A driver that is killed leaves its notes in the folder of its run, which others clear.
    assert {each.name for each in tmp_path.iterdir()} <= {"driver.py", "notes"}
