"""One series on a worker: its verdict, its voxels written and verified, its rows."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.series.verdict import Rejection, SeriesVerdict, Stack, judge
from dicomlake.pipeline.tables.layout import Access
from dicomlake.pipeline.volumes import rows as make
from dicomlake.pipeline.volumes.rows import Row
from dicomlake.pipeline.volumes.store import (
    ARRAY,
    Layout,
    describe,
    layout,
    publish,
    volume_digest,
    write_array,
)
from dicomlake.pipeline.volumes.values import (
    Padding,
    SliceReader,
    UnreadableSliceError,
    choose_dtype,
    read_values,
)
from dicomlake.pipeline.volumes.work import SeriesJob, SeriesResult

NAMESPACE: Final = "dicomlake"
"""Key of our own attributes of a Zarr group."""


def build_series(job: SeriesJob) -> SeriesResult:
    """Judge a series, write its volumes below the lake, and return its rows.

    Volumes are complete and verified when this returns; they belong to the lake once their rows
    are committed. The same job gives the same rows and bytes wherever it runs.

    Raises:
        CorruptLakeError: a volume read back is not what was written.
        OSError: the lake's disk failed.
    """
    reader = SliceReader(job.roots)
    verdict = _verdict(job, reader)
    volumes: list[Row] = []
    instances: list[Row] = []
    for stack in verdict.stacks:
        built = _build_volume(job, stack, reader)
        if isinstance(built, Rejection):
            volumes.append(make.rejected_row(job.key, built))
            instances.extend(make.rejected_slice_rows(job.key, built))
        else:
            volumes.append(built)
            instances.extend(make.slice_rows(job.key, stack))
    for rejection in verdict.rejections:
        volumes.append(make.rejected_row(job.key, rejection))
        instances.extend(make.rejected_slice_rows(job.key, rejection))
    instances.extend(_aside_rows(job, verdict, instances))
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


def _verdict(job: SeriesJob, reader: SliceReader) -> SeriesVerdict:
    """Judge a series; groups whose repeats cannot be told now are rejected until another run."""
    try:
        return judge(job.rows, job.settings.volumes, pixels=reader.digest)
    except UnreadableSliceError as error:
        verdict = judge(job.rows, job.settings.volumes)
        waiting = [
            Rejection("PIXEL_DATA_ERROR", _what_failed(error), slices)
            for slices in verdict.undecided
        ]
        return replace(verdict, rejections=(*verdict.rejections, *waiting), undecided=())


def _aside_rows(job: SeriesJob, verdict: SeriesVerdict, placed: Sequence[Row]) -> list[Row]:
    """Return the rows of files that are no slices; a copy of a repeated slice goes with it."""
    volume_of = {row["file_id"]: row["volume_id"] for row in placed}
    for aside in verdict.set_aside:
        if aside.reason == "DUPLICATE_POSITION":
            volume_of[aside.file_id] = volume_of.get(aside.duplicate_of)
    return [make.aside_row(job.key, aside, volume_of) for aside in verdict.set_aside]


def _build_volume(job: SeriesJob, stack: Stack, reader: SliceReader) -> Row | Rejection:
    """Write one volume; returns its row, or its rejection where a slice cannot be read."""
    identity = make.volume_id(stack.slices, stack.channel_key, stack.channel_value)
    # A folder of its own: a job that a lost worker still runs may be given to another one.
    working = Path(job.staging) / "volumes"
    working.mkdir(parents=True, exist_ok=True)
    group = Path(tempfile.mkdtemp(prefix=f"{identity}-", dir=working)) / "volume.zarr"
    try:
        return _write_volume(job, stack, reader, group)
    finally:
        shutil.rmtree(group.parent, ignore_errors=True)


def _write_volume(
    job: SeriesJob, stack: Stack, reader: SliceReader, group: Path
) -> Row | Rejection:
    settings = job.settings.volumes
    padding = Padding()
    try:
        dtype = choose_dtype(stack.slices, reader)
        plan = layout(stack.shape, dtype, settings.chunks)
        written = write_array(group, plan, _slabs(stack, plan, reader, padding), settings)
    except UnreadableSliceError as error:
        return _pixel_data_error(stack, error)
    if volume_digest(group) != written.sha256:
        raise CorruptLakeError(
            "A volume read back is not what was written; nothing was committed.",
            "Check the disk and the memory of this machine, then run again.",
        )
    detail: dict[str, Any] = {"tolerance_mm": stack.tolerance_mm}
    if (padded := padding.detail()) is not None:
        detail["padding"] = padded
    if (excess := max(each.frame.excess for each in stack.slices if each.frame)) > 1:
        detail["excess_bytes"] = excess
    row = make.accepted_row(job.key, stack, dtype.name, written, detail)
    describe(group, _attributes(stack, row))
    lake = Path(job.lake)
    published = publish(group, lake / row["path"], Access.of(job.settings.lake))
    return row | {"path": str(published.relative_to(lake))}


def _slabs(
    stack: Stack, plan: Layout, reader: SliceReader, padding: Padding
) -> Iterator[npt.NDArray[Any]]:
    """Yield the voxels slab by slab, in one buffer that is filled anew each time."""
    buffer = np.empty((plan.shards[0], *plan.shape[1:]), plan.dtype)
    for start, stop in plan.slabs():
        slab = buffer[: stop - start]
        for each, out in zip(stack.slices[start:stop], slab, strict=True):
            read_values(each, reader, out, padding)
        yield slab


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
    detail: dict[str, Any] = {"cause": error.cause, "sop_instance_uid": error.sop_instance_uid}
    return detail | {"retry": True} if error.outside_the_file else detail


def _attributes(stack: Stack, row: Row) -> dict[str, Any]:
    """Return the attributes of a group: OME-Zarr 0.5 multiscales, and ours.

    OME-Zarr 0.5 has scale and translation only: of an oblique or sheared grid it tells spacing and
    origin. The full affine stands in our own.
    """
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in "zyx"]
    x, y, z = (stack.affine_lps[index] for index in (3, 7, 11))
    transformations = [
        {"type": "scale", "scale": list(stack.spacing)},
        {"type": "translation", "translation": [z, y, x]},
    ]
    scales = [{"path": ARRAY, "coordinateTransformations": transformations}]
    matrix = [list(stack.affine_lps[4 * index : 4 * index + 4]) for index in range(4)]
    # Without its own path: the same volume has the same bytes under whatever name.
    said = {name: value for name, value in row.items() if name != "path"}
    volume = said | {"detail": json.loads(row["detail"])}
    return {
        "ome": {
            "version": "0.5",
            "multiscales": [{"name": row["volume_id"], "axes": axes, "datasets": scales}],
        },
        NAMESPACE: {"affine_lps": matrix, "volume": volume},
    }
