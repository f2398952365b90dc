"""A large volume is built by several tasks: the same bytes and rows as by one, whoever dies."""

import dataclasses
import hashlib
import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make.lakes import ingest, lineage
from make.rows import default_settings
from make.series import ct_series, pixels
from make.shards import write_shards_and_die_once

from dicomlake.flows.engine import Engine
from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.tables.store import Version
from dicomlake.pipeline.volumes import jobs as volume_jobs
from dicomlake.pipeline.volumes.jobs import (
    SeriesBegun,
    SeriesResult,
    begin_series,
    build_series,
    clear_staging,
    finish_series,
    series_jobs,
    write_shards,
    written_shards,
)
from dicomlake.pipeline.volumes.work import ShardJob

SETTINGS = default_settings(engine={"workers": 2})
SIDE = 512


@pytest.fixture
def base(tmp_path: Path) -> Version:
    """A lake with one series of three shards, whose last slice does not fit int16."""
    tile = np.tile(pixels(1, 64, 64), (SIDE // 64, SIDE // 64))

    def vary(k: int) -> dict[str, Any]:
        stored = tile + np.uint16(k)
        if k == 69:
            stored[0, 0] = 65_000
        return {"PixelData": stored.tobytes()}

    ct_series(tmp_path / "in", 70, rows=SIDE, columns=SIDE, vary=vary, BitsStored=16, HighBit=15)
    return ingest(tmp_path / "in", tmp_path / "lake")


def tree_digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def the_job(base: Version, tmp_path: Path, name: str) -> volume_jobs.SeriesJob:
    (job,) = series_jobs(base, SETTINGS, tmp_path / name / "staging", lineage("r"))
    (tmp_path / name).mkdir()
    return dataclasses.replace(job, lake=str(tmp_path / name), task_s=0.05)


def by_tasks(engine: Engine, job: volume_jobs.SeriesJob, write: Any) -> SeriesResult:
    begun = list(engine.map(begin_series, [job], cost_s=0, name=str))
    assert all(isinstance(each, SeriesBegun) for each in begun)
    cut: list[ShardJob] = []

    def mapped(jobs: Any) -> Any:
        cut.extend(each := list(jobs))
        return engine.map(write, each, cost_s=0, name=str)

    written = written_shards(begun, mapped)
    for dtype in ("<i2", "<i4"):
        spans = sorted((each.first, each.last) for each in cut if each.dtype == dtype)
        assert len(spans) > 1
        assert all(one[1] == other[0] for one, other in itertools.pairwise(spans))
    (result,) = engine.map(finish_series, written, cost_s=0, name=str)
    clear_staging(Path(job.staging))
    return result


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_shards_by_workers_are_those_of_one_task_and_a_dead_worker_costs_nothing(
    base: Version, tmp_path: Path
) -> None:
    whole = build_series(dataclasses.replace(the_job(base, tmp_path, "whole"), task_s=1e9))
    inline = build_series(the_job(base, tmp_path, "inline"))
    mark = tmp_path / "mark"
    with Engine(SETTINGS.engine, folder=tmp_path) as engine:
        workers = by_tasks(engine, the_job(base, tmp_path, "workers"), write_shards)
        dying = partial(write_shards_and_die_once, mark=str(mark))
        killed = by_tasks(engine, the_job(base, tmp_path, "killed"), dying)
    assert mark.exists()
    assert whole.volumes["status"].to_pylist() == ["accepted"]
    assert whole.volumes["dtype"].to_pylist() == ["int32"]
    expected = tree_digest(tmp_path / "whole" / "volumes")
    assert len([name for name in expected if "/c/" in name]) > 2
    for name, result in (("inline", inline), ("workers", workers), ("killed", killed)):
        assert result.volumes.equals(whole.volumes)
        assert result.volume_instances.equals(whole.volume_instances)
        assert tree_digest(tmp_path / name / "volumes") == expected
        assert not list((tmp_path / name / "staging").glob("volumes/*"))


def test_a_slice_gone_while_shards_are_written_rejects_as_one_task_does(
    base: Version, tmp_path: Path
) -> None:
    inline, whole = the_job(base, tmp_path, "inline"), the_job(base, tmp_path, "whole")
    (tmp_path / "in" / "IM0030").unlink()
    (tmp_path / "in" / "IM0065").unlink()
    found = build_series(inline)
    assert found.volumes["reason"].to_pylist() == ["PIXEL_DATA_ERROR"]
    assert found.volumes.equals(build_series(dataclasses.replace(whole, task_s=1e9)).volumes)
    assert not list((tmp_path / "inline" / "staging" / "volumes").iterdir())


def test_a_shard_changed_before_the_volume_is_finished_is_found(
    base: Version, tmp_path: Path
) -> None:
    begun = begin_series(the_job(base, tmp_path, "lake2"))
    assert isinstance(begun, SeriesBegun)
    (finish,) = written_shards([begun], lambda jobs: map(write_shards, jobs))
    shards = sorted((Path(begun.folder)).glob("*-i4/volume.zarr/0/c/*/0/0"))
    assert len(shards) > 2
    shards[0].write_bytes(shards[1].read_bytes())
    with pytest.raises(CorruptLakeError, match="not what was written"):
        finish_series(finish)
    assert not (tmp_path / "lake2" / "volumes").exists()


def test_finishing_is_done_again_after_a_worker_was_lost_having_given_a_volume_its_name(
    base: Version, tmp_path: Path
) -> None:
    whole = build_series(dataclasses.replace(the_job(base, tmp_path, "whole"), task_s=1e9))
    begun = begin_series(the_job(base, tmp_path, "again"))
    assert isinstance(begun, SeriesBegun)
    (finish,) = written_shards([begun], lambda jobs: map(write_shards, jobs))
    first = finish_series(finish)
    assert not list(Path(begun.folder).glob("*-i4/volume.zarr"))
    second = finish_series(finish)
    for result in (first, second):
        assert result.volumes.equals(whole.volumes)
        assert result.volume_instances.equals(whole.volume_instances)
    assert tree_digest(tmp_path / "again" / "volumes") == tree_digest(tmp_path / "whole/volumes")
    clear_staging(tmp_path / "again" / "staging")
    assert not list((tmp_path / "again" / "staging").iterdir())


def test_what_a_killed_writer_left_of_a_shard_is_no_part_of_the_volume(
    base: Version, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin_series(the_job(base, tmp_path, "killed"))
    assert isinstance(begun, SeriesBegun)

    def killed(_self: Path, _target: Path) -> None:
        raise SystemExit

    def killed_then_done(jobs: Any) -> Any:
        for each in jobs:
            with monkeypatch.context() as patched:
                patched.setattr(Path, "rename", killed)
                patched.setattr(Path, "unlink", lambda *_, **__: None)
                with pytest.raises(SystemExit):
                    write_shards(each)
            yield write_shards(each)

    wide = dataclasses.replace(
        begun, volumes=tuple(dataclasses.replace(each, dtype="<i4") for each in begun.volumes)
    )
    (finish,) = written_shards([wide], killed_then_done)
    assert list(Path(begun.folder).rglob(".*-*"))
    finish_series(finish)
    build_series(dataclasses.replace(the_job(base, tmp_path, "whole"), task_s=1e9))
    assert tree_digest(tmp_path / "killed" / "volumes") == tree_digest(tmp_path / "whole/volumes")


def test_threads_that_finish_are_the_cores_that_have_no_shard_left_to_write(
    base: Version, tmp_path: Path
) -> None:
    begun = begin_series(the_job(base, tmp_path, "threads"))
    assert isinstance(begun, SeriesBegun)
    for cores, series, threads in ((1, 1, 1), (2, 1, 2), (2, 2, 1), (64, 1, 4), (0, 3, 1)):
        finish = written_shards([begun] * series, lambda _: [], cores=cores)
        assert [each.threads for each in finish] == [threads] * series
