"""Files that end, hold or bloat whoever reads them: found, set apart, and nothing else is lost."""

import json
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from make.jobs import slow_square
from make.killers import MARKS, MODULE, do
from make.one_run import Outcome
from make.rdsr import document
from make.series import ct_series, uid, write

from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows import cluster as cluster_module
from dicomlake.flows.engine import Engine
from dicomlake.flows.kills import once_more
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.errors import EngineError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    # Of connections to workers that died.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]

FILES = 60 + 3 * 6 + 3
LIMIT_S = 3.0
MEMORY = 700_000_000
"""Bytes of a worker, of which it has 150 million before it begins."""
_RUN = frozenset({"run_id", "first_seen_run", "last_changed_run"})


class _Silent:
    def advance(self, files: int, size: int = 0) -> None: ...

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture(scope="module", autouse=True)
def _killers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cluster_module, "PRELOAD", (*cluster_module.PRELOAD, MODULE))
        patched.setenv(MARKS, str(tmp_path_factory.mktemp("marks")))
        yield


def settings(workers: int) -> Settings:
    flags = {
        "engine.workers": workers,
        "engine.worker_memory_bytes": MEMORY,
        "engine.batch_files": 30,
        "headers.read_timeout_s": LIMIT_S,
    }
    return load_settings(None, None, flags, {})


def ends(tree: Path, lake: Path, workers: int) -> tuple[RunSummary, Outcome]:
    request = RunRequest(lake=lake, sources=(f"ward={tree}",))
    chosen = settings(workers)
    summary = execute(request, "run", chosen, DirectReporter(lambda *_, **__: _Silent()))
    return summary, Outcome(tree, lake)


def renamed(paths: list[Path], *names: str) -> None:
    """Give files of a series names that make them killers, spread over it."""
    for place, name in enumerate(names):
        path = paths[3 + 4 * place]
        path.rename(path.with_name(name))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 slices of which 5 kill; a series whose voxels do, reports that do; and healthy ones."""
    tree = tmp_path_factory.mktemp("sources") / "tree"
    many = ct_series(tree / "a", 60, name="many", rows=8, columns=8)
    names = ("segfault", "loop", "sleep", "bloat", "once")
    renamed(many, *(f"header-{name}" for name in names))
    ct_series(tree / "b", 6, name="healthy")
    voxels = ct_series(tree / "c", 6, name="voxels")
    voxels[2].rename(voxels[2].with_name("voxels-segfault"))
    again = ct_series(tree / "d", 6, name="again")
    again[2].rename(again[2].with_name("voxels-once"))
    for name in ("report-segfault", "report-loop", "plain"):
        write(document(name=name, study=name), tree / "e" / name)
    return tree


@pytest.fixture(scope="module")
def found(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RunSummary, Outcome, float]:
    started = time.monotonic()
    summary, outcome = ends(tree, tmp_path_factory.mktemp("lake") / "lake", 2)
    return summary, outcome, time.monotonic() - started


def by_name(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Return the rows of `files` by the names that no two files have."""
    return {row["path"].rpartition("/")[2]: row for row in outcome.files.values()}


def test_each_killer_is_quarantined_with_its_reason_and_all_others_are_read(
    found: tuple[RunSummary, Outcome, float],
) -> None:
    summary, outcome, _ = found
    rows = by_name(outcome)
    names = ("segfault", "loop", "sleep", "bloat")
    reasons = {name: rows[f"header-{name}"]["reason"] for name in names}
    assert reasons == {
        "segfault": "crashed", "loop": "timeout", "sleep": "timeout", "bloat": "memory",
    }  # fmt: skip
    assert rows["header-once"]["status"] == "ingested"
    assert summary.files is not None
    assert summary.files.by_status == {"ingested": FILES - 4, "quarantined": 4}
    issues = outcome._rows("issues")
    told = {row["file_id"] for row in issues if row["code"] == "unreadable_header"}
    assert told == {rows[f"header-{name}"]["file_id"] for name in names}
    paths = sorted(row["path"] for row in outcome.files.values())
    tree = outcome.root
    assert paths == sorted(
        str(each.relative_to(tree)) for each in tree.rglob("*") if each.is_file()
    )


def test_what_killers_leave_of_the_tables_is_what_an_undisturbed_run_makes(
    found: tuple[RunSummary, Outcome, float], tmp_path: Path
) -> None:
    _, outcome, _ = found
    killers = {row["file_id"] for row in outcome.files.values() if row["status"] == "quarantined"}
    _, undisturbed = ends(outcome.root, tmp_path / "lake", 0)

    def rows(of: Outcome, table: str) -> list[dict[str, Any]]:
        return [
            {name: value for name, value in row.items() if name not in _RUN}
            for row in of._rows(table)
            if row["file_id"] not in killers
        ]

    for table in ("files", "instances"):
        assert rows(outcome, table) == rows(undisturbed, table)
    volumes = undisturbed.bytes_of_volumes()
    assert outcome.bytes_of_volumes().items() <= volumes.items()


def test_a_series_whose_voxels_kill_is_rejected_and_its_files_stay(
    found: tuple[RunSummary, Outcome, float],
) -> None:
    _, outcome, _ = found
    folders = outcome.by_folder()
    (rejected,) = folders["c"]
    assert (rejected["status"], rejected["reason"]) == ("rejected", "PIXEL_DATA_ERROR")
    assert json.loads(rejected["detail"])["cause"] == "crashed"
    assert [row["status"] for row in (*folders["b"], *folders["d"])] == ["accepted"] * 2
    assert by_name(outcome)["voxels-segfault"]["status"] == "ingested"


def test_a_report_that_kills_leaves_its_study_unread_and_a_slow_one_is_unreadable(
    found: tuple[RunSummary, Outcome, float],
) -> None:
    _, outcome, _ = found
    outcomes = {row["study_instance_uid"]: row["outcome"] for row in outcome._rows("dose_studies")}
    assert outcomes[uid("study", "report-segfault")] == "unreadable"
    assert outcomes[uid("study", "plain")] != "unreadable"
    reports = {row["study_instance_uid"]: row["status"] for row in outcome._rows("dose_reports")}
    assert reports[uid("study", "report-loop")] == "unreadable"
    assert reports[uid("study", "plain")] != "unreadable"


def test_killers_cost_a_bounded_time_and_leave_nothing_behind(
    found: tuple[RunSummary, Outcome, float],
) -> None:
    summary, outcome, took_s = found
    assert took_s < 150  # most of it the starts of workers, on a machine that is busy
    assert summary.files is not None
    staging = outcome.lake / "staging"
    assert not [path for path in staging.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with Engine(settings(2).engine, folder=tmp_path_factory.mktemp("work")) as engine:
        yield engine


def given_up(name: str, reason: str) -> str:
    return f"{name}: {reason}"


def test_jobs_that_waited_where_a_worker_died_are_not_blamed(engine: Engine) -> None:
    jobs = [f"plain {number}" for number in range(20)]
    jobs[3:3] = ["segfault 1", "once 1", "segfault 2"]
    found = list(engine.map(do, jobs, cost_s=0, name=str, on_killed=once_more(given_up)))
    blamed = {"segfault 1": "segfault 1: crashed", "segfault 2": "segfault 2: crashed"}
    assert sorted(found) == sorted(blamed.get(name, name) for name in jobs)


def test_memory_that_runs_out_is_told_and_the_worker_goes_on(engine: Engine) -> None:
    jobs = ["plain 1", "bloat", "plain 2"]
    found = list(engine.map(do, jobs, cost_s=0, name=str, on_killed=once_more(given_up)))
    assert sorted(found) == ["bloat: memory", "plain 1", "plain 2"]


def test_a_job_that_nobody_judges_ends_the_run_with_its_name(engine: Engine) -> None:
    with pytest.raises(EngineError, match="Job segfault ended its worker process each time"):
        list(engine.map(do, ["segfault"], cost_s=0, name=lambda job: f"Job {job}"))


def test_workers_killed_from_outside_lose_no_job(engine: Engine) -> None:
    stop = threading.Event()

    def kill() -> None:
        for _ in range(3):
            if stop.wait(0.7):
                return
            for child in multiprocessing.active_children()[:1]:
                if child.pid is not None and child.name.startswith("Dask Worker"):
                    os.kill(child.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    jobs = range(60)
    found = sorted(engine.map(slow_square, jobs, cost_s=0, name=str))
    stop.set()
    killer.join()
    assert found == [number * number for number in jobs]
