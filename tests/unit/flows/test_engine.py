"""The engine without a cluster: where it would run, and how it draws jobs."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from make.jobs import square

from dicomlake.config.settings import EngineSettings, load_settings
from dicomlake.flows import cluster, volume_stages
from dicomlake.flows import engine as module
from dicomlake.flows.engine import Engine
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.series.committed import SeriesKey
from dicomlake.pipeline.series.slices import SeriesRows
from dicomlake.pipeline.volumes.work import SeriesJob


def settings(**changes: object) -> EngineSettings:
    return load_settings(environment={}).engine.model_copy(update=changes)


def no_cluster(*args: object) -> None:
    raise AssertionError("a cluster was started")


def test_inline_yields_every_result_in_order(tmp_path: Path) -> None:
    with Engine(settings(workers=0), folder=tmp_path) as engine:
        results = list(engine.map(square, range(5), cost_s=1e9, name=str))
    assert results == [0, 1, 4, 9, 16]
    assert (engine.workers_used, engine.where) == (0, "inline")


def test_inline_draws_a_job_only_when_its_result_is_wanted(tmp_path: Path) -> None:
    drawn: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    with Engine(settings(workers=0), folder=tmp_path) as engine:
        results = engine.map(square, jobs(), cost_s=0, name=str)
        next(results)
        next(results)
    assert drawn == [0, 1]


def test_auto_is_inline_below_the_cost_of_a_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "start", no_cluster)
    monkeypatch.setattr(module, "cores", lambda: 8)
    with Engine(settings(workers="auto", inline_below_s=6), folder=tmp_path) as engine:
        assert list(engine.map(square, [2], cost_s=5.9, name=str)) == [4]
        with pytest.raises(AssertionError, match="a cluster was started"):
            list(engine.map(square, [2], cost_s=6.1, name=str))


def test_auto_is_inline_on_one_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "start", no_cluster)
    monkeypatch.setattr(module, "cores", lambda: 1)
    with Engine(settings(workers="auto"), folder=tmp_path) as engine:
        assert list(engine.map(square, [2], cost_s=1e9, name=str)) == [4]


def test_no_jobs_start_no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "start", no_cluster)
    with Engine(settings(workers=2), folder=tmp_path) as engine:
        assert list(engine.map(square, [], cost_s=1e9, name=str)) == []


def test_cores_are_at_least_one_and_at_most_those_of_the_machine() -> None:
    assert 1 <= module.cores() <= (__import__("os").cpu_count() or 1)


def test_inline_work_never_imports_dask(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from dicomlake.config.settings import load_settings\n"
        "from dicomlake.flows.engine import Engine\n"
        "settings = load_settings(environment={}).engine.model_copy(update={'workers': 0})\n"
        "with Engine(settings, folder=pathlib.Path('.')) as engine:\n"
        "    assert list(engine.map(abs, [-1], cost_s=1e9, name=str)) == [1]\n"
        "print(sorted({'dask', 'distributed', 'prefect'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_a_series_is_named_by_a_file_of_it_and_by_no_dicom_value() -> None:
    key = SeriesKey("1.2.3", "1.2.4")
    rows = SeriesRows(pa.table({"file_id": ["ab12", "cd34"]}), pa.table({}))
    lineage = Lineage("run", "0", 1)
    job = SeriesJob(key, rows, {}, "lake", "staging", load_settings(environment={}), lineage, 1, "")
    assert volume_stages._series_name(job) == "The series of file ab12"
