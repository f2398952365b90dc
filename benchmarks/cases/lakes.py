"""Lakes for the cases: the real stages, reporting to nobody."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

import dicomlake
from dicomlake.config.settings import Settings, load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import Command, RunRequest
from dicomlake.flows.stages import execute
from dicomlake.flows.summary import RunSummary
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.series.verdict import judge
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.volumes.jobs import series_jobs
from dicomlake.pipeline.volumes.values import SliceReader
from dicomlake.pipeline.volumes.voxels import read_voxels
from dicomlake.pipeline.volumes.work import SeriesJob
from dicomlake.schemas.evolution import SCHEMA_VERSION


class _Silent:
    def advance(self, files: int, size: int = 0) -> None:
        """Show nothing."""


@contextlib.contextmanager
def _no_meter(*_: object) -> Iterator[Progress]:
    yield _Silent()


def inline(more: Mapping[str, Any] | None = None) -> Settings:
    """Return the default settings, with all work in this process, and what is given."""
    return load_settings(None, None, {"engine.workers": 0, **(more or {})})


def do(command: Command, lake: Path, *sources: str) -> RunSummary:
    """Do a command inline and return its summary."""
    request = RunRequest(lake=lake, sources=sources)
    return execute(request, command, inline(), DirectReporter(_no_meter))


def job_of(lake: Path, settings: Mapping[str, Any] | None = None) -> SeriesJob:
    """Return the job of the one series of a lake that has only been ingested."""
    staging = lake / "staging" / "benchmark"
    staging.mkdir(parents=True, exist_ok=True)
    lineage = Lineage("benchmark", dicomlake.__version__, SCHEMA_VERSION)
    (job,) = series_jobs(open_version(lake), inline(settings), staging, lineage)
    return job


def in_memory(job: SeriesJob) -> npt.NDArray[Any]:
    """Judge a series that is one volume, and return its voxels [z, y, x]."""
    with SliceReader(job.roots, job.settings.pixels) as reader:
        verdict = judge(job.rows, job.settings.volumes, pixels=reader.digest)
        assert len(verdict.stacks) == 1, verdict.rejections
        (stack,) = verdict.stacks
        return read_voxels(stack, reader, job.settings.volumes)
