"""One series on workers: its verdict, its voxels written and verified, its rows.

A series of little work is done by one task (`begin_series`). A large volume is built by several:
`begin_series` leaves a plan in staging, `write_shards` writes some of its shards, `finish_series`
reads the whole back and gives it its name. A task that is done again writes the same bytes to the
same names, so that a lost worker loses nothing.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from dicomlake.pipeline.pixels.syntaxes import CODEC_OF
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import Rejection, SeriesVerdict, Stack, judge
from dicomlake.pipeline.volumes import rows as make
from dicomlake.pipeline.volumes.assemble import (
    Source,
    publish_volume,
    read_back,
    write_shards_of,
    write_volume,
)
from dicomlake.pipeline.volumes.rows import Row
from dicomlake.pipeline.volumes.store import layout
from dicomlake.pipeline.volumes.values import SliceReader, UnreadableSliceError
from dicomlake.pipeline.volumes.voxels import Shaping, WiderTypeError, shaping
from dicomlake.pipeline.volumes.work import (
    FinishJob,
    LargeVolume,
    SeriesBegun,
    SeriesJob,
    SeriesPlan,
    SeriesResult,
    ShardJob,
    ShardResult,
    load_plan,
    save_plan,
)

MapShards = Callable[[Iterable[ShardJob]], Iterable[ShardResult]]
"""Maps `write_shards` over jobs, in any order."""
_STAGED: Final = "volumes"
_READERS: Final = 4
"""Most threads that decode for one digest: it is made by one, and is slower than so many."""
_BYTES_PER_S: Final = 130e6
"""Voxels read, written and verified by one core in a second."""
_DECODE_S: Final = {"rle": 10e-9, "jpeg": 20e-9, "jpeg_ls": 35e-9, "jpeg_2000": 110e-9}
"""Work to decode one pixel, in seconds, by codec."""


def build_series(job: SeriesJob) -> SeriesResult:
    """Judge a series, write its volumes below the lake, and return its rows.

    Volumes are complete and verified when this returns; they belong to the lake once their rows
    are committed. The same job gives the same rows and bytes wherever it runs, and however it is
    cut into tasks.

    Raises:
        CorruptLakeError: a volume read back is not what was written.
        OSError: the lake's disk failed.
    """
    begun = begin_series(job)
    if isinstance(begun, SeriesResult):
        return begun
    try:
        (finish,) = written_shards([begun], lambda jobs: map(write_shards, jobs))
        return finish_series(finish)
    finally:
        shutil.rmtree(begun.folder, ignore_errors=True)


def begin_series(job: SeriesJob) -> SeriesResult | SeriesBegun:
    """Judge a series and build its volumes of little work; leave the plan of large ones.

    Raises:
        CorruptLakeError: a volume read back is not what was written.
        OSError: the lake's disk failed.
    """
    with SliceReader(job.roots, job.settings.pixels) as reader:
        verdict = _verdict(job, reader)
        large: dict[int, LargeVolume] = {}
        built: list[Row | Rejection | None] = []
        for n, stack in enumerate(verdict.stacks):
            several = _large(job, n, stack)
            if several is None:
                built.append(_build_volume(job, stack, reader))
            else:
                large[n] = several
                built.append(None)
    plan = SeriesPlan(job, verdict, tuple(built))
    if not large:
        return _result(plan)
    folder = _folder(job, "series-")
    return SeriesBegun(
        job.key,
        verdict.stacks[min(large)].slices[0].file_id,
        str(folder),
        save_plan(plan, folder),
        job.settings.volumes.chunks,
        tuple(large.values()),
    )


def give_up_series(job: SeriesJob, cause: str) -> SeriesResult:
    """Return the rows of a series with which processes have ended: it is judged unseen.

    No pixel is read; all that needs one is rejected.

    Args:
        job: the series.
        cause: why, as in `files.reason`.
    """
    verdict = judge(job.rows, job.settings.volumes, pixels=None)
    waiting = [
        Rejection("PIXEL_DATA_ERROR", {"cause": cause}, slices) for slices in verdict.undecided
    ]
    rejections = (*verdict.rejections, *waiting)
    error = UnreadableSliceError(cause, "", outside_the_file=False)
    plan = SeriesPlan(
        job,
        replace(verdict, rejections=rejections, undecided=()),
        tuple(_pixel_data_error(stack, error) for stack in verdict.stacks),
    )
    return _result(plan)


def give_up_shards(job: ShardJob, cause: str) -> ShardResult:
    """Return what makes `finish_series` reject a volume, with whose shards processes have ended."""
    return ShardResult(
        job.series.folder, job.volume.stack, job.dtype, job.first, unreadable=(cause, "", False)
    )


def give_up_finishing(job: FinishJob, cause: str) -> SeriesResult:
    """Return the rows of a series that could not be finished: its large volumes are rejected."""
    failed = [
        ShardResult(job.series.folder, each.stack, each.dtype, 0, unreadable=(cause, "", False))
        for each in job.series.volumes
    ]
    return finish_series(replace(job, results=tuple(failed)))


def _verdict(job: SeriesJob, reader: SliceReader) -> SeriesVerdict:
    """Judge a series; groups whose repeats cannot be told now are rejected until another run."""
    try:
        return judge(job.rows, job.settings.volumes, pixels=reader.digest)
    except UnreadableSliceError as error:
        verdict = judge(job.rows, job.settings.volumes, pixels=None)
        waiting = [
            Rejection("PIXEL_DATA_ERROR", _what_failed(error), slices)
            for slices in verdict.undecided
        ]
        return replace(verdict, rejections=(*verdict.rejections, *waiting), undecided=())


def _large(job: SeriesJob, number: int, stack: Stack) -> LargeVolume | None:
    """Return how a volume is cut into tasks, None where one task does it."""
    cost_s = sum(_cost_s(each) for each in stack.slices)
    if cost_s <= 2 * job.task_s:
        return None
    shape = shaping(stack.slices, job.settings.volumes)
    if len(layout(stack.shape, shape.type, job.settings.volumes.chunks).slabs()) == 1:
        return None
    per_task = max(1, round(stack.depth * job.task_s / cost_s))
    return LargeVolume(number, stack.shape, shape.dtype, per_task)


def _cost_s(each: Slice) -> float:
    """Return the work of one slice, in seconds of one core."""
    frame = each.frame
    if frame is None:
        return 0.0
    pixels = (frame.rows or 0) * (frame.columns or 0)
    codec = CODEC_OF.get(frame.transfer_syntax_uid)
    return 2 * pixels / _BYTES_PER_S + (pixels * _DECODE_S[codec] if codec else 0.0)


def _folder(job: SeriesJob, prefix: str) -> Path:
    """Return a new folder: a job that a lost worker still runs may be given to another one."""
    working = Path(job.staging) / _STAGED
    working.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=prefix, dir=working))


def _build_volume(job: SeriesJob, stack: Stack, reader: SliceReader) -> Row | Rejection:
    """Write one volume; returns its row, or its rejection where a slice cannot be read."""
    folder = _folder(job, "volume-")
    try:
        return write_volume(job, stack, reader, folder / "volume.zarr")
    except UnreadableSliceError as error:
        return _pixel_data_error(stack, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pixel_data_error(stack: Stack, error: UnreadableSliceError) -> Rejection:
    return Rejection(
        "PIXEL_DATA_ERROR",
        _what_failed(error),
        stack.slices,
        stack.positions_mm,
        stack.channel_key,
        stack.channel_value,
    )


def _what_failed(error: UnreadableSliceError) -> dict[str, Any]:
    """Return the detail of PIXEL_DATA_ERROR; `retry` where another run may read the file."""
    detail: dict[str, Any] = {"cause": error.cause}
    if error.sop_instance_uid:
        detail["sop_instance_uid"] = error.sop_instance_uid
    return detail | {"retry": True} if error.outside_the_file else detail


def shard_jobs(begun: SeriesBegun, volume: LargeVolume, dtype: str) -> Iterator[ShardJob]:
    """Yield the jobs that write the shards of a large volume, each shard in one job."""
    plan = layout(volume.shape, _type(dtype), begun.chunks)
    count = len(plan.slabs())
    each = max(1, volume.slices_per_task // plan.shards[0])
    for first in range(0, count, each):
        yield ShardJob(begun, volume, dtype, first, min(first + each, count))


def _type(dtype: str) -> Any:
    return Shaping(dtype, "keep", None).type


def shard_cost_s(begun: Iterable[SeriesBegun], task_s: float) -> float:
    """Return the work of all shards of large volumes, in seconds of one core."""
    return sum(
        task_s * volume.shape[0] / volume.slices_per_task
        for each in begun
        for volume in each.volumes
    )


def write_shards(job: ShardJob) -> ShardResult:
    """Write some shards of a large volume, each read back and compared.

    Raises:
        CorruptLakeError: a shard read back is not what was written.
        OSError: the lake's disk failed.
    """
    plan = load_plan(job.series)
    stack = plan.verdict.stacks[job.volume.stack]
    settings = plan.job.settings
    shape = replace(shaping(stack.slices, settings.volumes), dtype=job.dtype)
    said = ShardResult(job.series.folder, job.volume.stack, job.dtype, job.first)
    group = _group(job.series, job.volume.stack, job.dtype)
    try:
        with SliceReader(plan.job.roots, settings.pixels) as reader:
            source = Source(stack, reader, shape, settings)
            digests, seen = write_shards_of(group, source, range(job.first, job.last))
    except WiderTypeError as error:
        return replace(said, wider=error.dtype)
    except UnreadableSliceError as error:
        failed = error.cause, error.sop_instance_uid, error.outside_the_file
        return replace(said, unreadable=failed)
    return replace(said, digests=digests.voxels, mask_digests=digests.mask, seen=seen)


def _group(begun: SeriesBegun, stack: int, dtype: str) -> Path:
    return Path(begun.folder) / f"{stack}-{dtype.strip('<')}" / "volume.zarr"


def written_shards(
    begun: Sequence[SeriesBegun], do: MapShards, *, cores: int = 1
) -> list[FinishJob]:
    """Have all shards of large volumes written, again where their type proves too narrow.

    Args:
        begun: series under way.
        do: maps `write_shards` over jobs, in any order.
        cores: that all series may take together when they are finished.

    Returns:
        What is to be finished, in the order of `begun`.
    """
    tried = {(each.folder, v.stack): v.dtype for each in begun for v in each.volumes}
    done: dict[tuple[str, int], list[ShardResult]] = {}
    waiting = set(tried)
    while waiting:
        jobs = _jobs_of(begun, {key: tried[key] for key in waiting})
        for key in waiting:
            done[key] = []
        for result in do(jobs):
            done[result.folder, result.stack].append(result)
        waiting = set()
        for key, results in done.items():
            wider = [each.wider for each in results if each.wider]
            if wider:
                tried[key] = max(wider, key=_type_rank)
                waiting.add(key)
    threads = min(_READERS, max(1, cores // max(1, len(begun))))
    return [
        FinishJob(
            each,
            tuple(
                result
                for v in each.volumes
                for result in sorted(done[each.folder, v.stack], key=lambda r: r.first)
            ),
            threads,
        )
        for each in begun
    ]


def _jobs_of(begun: Iterable[SeriesBegun], types: dict[tuple[str, int], str]) -> Iterator[ShardJob]:
    for each in begun:
        for volume in each.volumes:
            dtype = types.get((each.folder, volume.stack))
            if dtype is not None:
                yield from shard_jobs(each, volume, dtype)


def _type_rank(dtype: str) -> int:
    size: int = _type(dtype).itemsize
    return size


def finish_series(job: FinishJob) -> SeriesResult:
    """Read back the large volumes of a series, give them their names, and return its rows.

    Raises:
        CorruptLakeError: a volume read back is not what was written.
        OSError: the lake's disk failed.
    """
    plan = load_plan(job.series)
    built = list(plan.built)
    for volume in job.series.volumes:
        results = [each for each in job.results if each.stack == volume.stack]
        built[volume.stack] = _finish_volume(plan, job.series, volume, results, threads=job.threads)
    return _result(replace(plan, built=tuple(built)))


def clear_staging(staging: Path) -> None:
    """Remove what series left in the staging of a run: once no task of it can be done again."""
    shutil.rmtree(staging / _STAGED, ignore_errors=True)


def _finish_volume(
    plan: SeriesPlan,
    begun: SeriesBegun,
    volume: LargeVolume,
    results: Sequence[ShardResult],
    *,
    threads: int,
) -> Row | Rejection:
    stack = plan.verdict.stacks[volume.stack]
    for each in results:
        if each.unreadable is not None:
            cause, uid, outside = each.unreadable
            return _pixel_data_error(
                stack, UnreadableSliceError(cause, uid, outside_the_file=outside)
            )
    shape = replace(shaping(stack.slices, plan.job.settings.volumes), dtype=results[0].dtype)
    group = _group(begun, volume.stack, shape.dtype)
    if not group.is_dir():
        # A worker gave it its name and was lost before it could say so: the same bytes again.
        with SliceReader(plan.job.roots, plan.job.settings.pixels) as reader:
            return _build_volume(plan.job, stack, reader)
    made = read_back(plan.job, stack, group, shape, results, threads=threads)
    return publish_volume(plan.job, stack, group, shape, made)


def _result(plan: SeriesPlan) -> SeriesResult:
    """Return the rows of a series of which every volume stands."""
    job, settings = plan.job, plan.job.settings.volumes
    volumes: list[Row] = []
    instances: list[Row] = []
    rejections = list(plan.verdict.rejections)
    for stack, built in zip(plan.verdict.stacks, plan.built, strict=True):
        if isinstance(built, Rejection):
            rejections.append(built)
        elif built is not None:
            volumes.append(built)
            instances.extend(make.slice_rows(job.key, stack, settings))
    for rejection in rejections:
        volumes.append(make.rejected_row(job.key, rejection))
        instances.extend(make.rejected_slice_rows(job.key, rejection))
    instances.extend(make.aside_rows(job.key, plan.verdict.set_aside, instances))
    instances.sort(key=lambda row: (row["file_id"], row["frame_number"] or 0))
    lineage = {
        "run_id": job.lineage.run_id,
        "pipeline_version": job.lineage.pipeline_version,
        "schema_version": job.lineage.schema_version,
    }
    volumes.sort(key=lambda row: row["volume_id"])
    return SeriesResult(
        key=job.key,
        volumes=make.volumes_table(volumes, lineage),
        volume_instances=make.volume_instances_table(instances, lineage),
        planned=job.planned,
        version=job.version,
    )
