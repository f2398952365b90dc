"""A CT series to a volume: in memory, and written to Zarr and verified; against SimpleITK."""

import os
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import SimpleITK
import zarr
from generate import write_series
from runner import Prepared, Scale, Target, Timings, ratio

from cases.lakes import do, in_memory, inline, job_of
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.shard_reader import read_shards
from dicomlake.pipeline.volumes.store import ARRAY, layout
from dicomlake.pipeline.volumes.work import SeriesResult

FLOOR: Final = "floor: open, preadv into the array, close"
SITK: Final = "SimpleITK: series discovery, read"
MEMORY: Final = "dicomlake: judged, in memory"
ZARR: Final = "dicomlake: judged, written to Zarr, verified"
LZ4: Final = "dicomlake: the same with lz4"
READ: Final = "dicomlake: the volume of lz4 read back"


def prepare(folder: Path, scale: Scale) -> Prepared:
    series = folder / "series"
    n_slices, pixels = (12, 64) if scale.small else (240, 512)
    paths = write_series(series, n_slices, pixels, seed=scale.seed)
    lakes = {ZARR: folder / "lake", LZ4: folder / "lz4"}
    do("ingest", lakes[ZARR], f"bench={series}")
    shutil.copytree(lakes[ZARR], lakes[LZ4], symlinks=True)
    jobs = {
        ZARR: job_of(lakes[ZARR]),
        LZ4: job_of(lakes[LZ4], _FAST),
    }
    stored = _stored(shutil.copytree(lakes[ZARR], folder / "stored", symlinks=True))
    return Prepared(
        contenders={
            SITK: lambda: _simpleitk(series),
            FLOOR: lambda: _floor(paths, pixels),
            MEMORY: lambda: in_memory(jobs[ZARR]),
            ZARR: lambda: build_series(jobs[ZARR]),
            LZ4: lambda: build_series(jobs[LZ4]),
            READ: lambda: _read_back(stored, (n_slices, pixels, pixels)),
        },
        before={name: partial(_clear, lake) for name, lake in lakes.items()},
        check=lambda results: _check(results, lakes),
        baseline=SITK,
        amount=n_slices,
        unit="slice",
        notes=(
            f"{n_slices} slices of {pixels} x {pixels}, int16",
            "every shard is read back and compared before it counts, with lz4 too: there is no "
            "way to write without it; what the reading back takes is measured by itself",
        ),
        targets=(
            _faster("volume in memory against SimpleITK series discovery", 15, MEMORY),
            Target(
                "volume in memory against the floor of preadv",
                1.5,
                lambda timings: ratio(timings[MEMORY].cpu_us, timings[FLOOR].cpu_us),
                at_least=False,
            ),
            Target(
                "DICOM to Zarr, lz4, the reading back taken out, against SimpleITK merely reading",
                2,
                lambda timings: ratio(
                    timings[SITK].cpu_us, timings[LZ4].without(timings[READ]).cpu_us
                ),
                at_least=True,
            ),
            _faster("DICOM to Zarr, default codec, verified, against the same", 1, ZARR),
        ),
    )


def _faster(what: str, limit: float, name: str) -> Target:
    def figure(timings: Timings) -> float:
        return ratio(timings[SITK].cpu_us, timings[name].cpu_us)

    return Target(what, limit, figure, at_least=True)


_FAST: Final = {"volumes.codec": "lz4", "volumes.codec_shuffle": "shuffle"}


def _stored(lake: Path) -> Path:
    """Write the volume of a lake with lz4; return its array."""
    (row,) = build_series(job_of(lake, _FAST)).volumes.to_pylist()
    return lake / row["path"] / ARRAY


def _read_back(array: Path, shape: tuple[int, int, int]) -> npt.NDArray[np.int16]:
    """Read all voxels; to put each where it belongs takes as long as to compare it."""
    plan = layout(shape, np.dtype("<i2"), inline().volumes.chunks)
    voxels = np.empty(shape, "<i2")
    for start, slab in read_shards(array, plan, threads=1):
        voxels[start : start + len(slab)] = slab
    return voxels


def _clear(lake: Path) -> None:
    for each in (lake / "volumes", lake / "staging" / "benchmark"):
        shutil.rmtree(each, ignore_errors=True)
        each.mkdir(parents=True)


def _simpleitk(series: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    (uid,) = reader.GetGDCMSeriesIDs(str(series))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series), uid))
    return reader.Execute()


def _floor(paths: Sequence[Path], pixels: int) -> npt.NDArray[Any]:
    """Read the last bytes of each file, its pixels, into an array: what no reader can avoid."""
    stored = np.empty((len(paths), pixels, pixels), np.uint16)
    for path, plane in zip(paths, stored, strict=True):
        descriptor = os.open(path, os.O_RDONLY)
        os.preadv(descriptor, [plane.data], os.fstat(descriptor).st_size - plane.nbytes)
        os.close(descriptor)
    return stored


def _check(results: Mapping[str, Any], lakes: Mapping[str, Path]) -> None:
    """Hold voxels and affine of all against each other."""
    image: SimpleITK.Image = results[SITK]
    expected = SimpleITK.GetArrayFromImage(image)
    assert np.array_equal(results[FLOOR].astype(np.int64) - 1024, expected)
    found = [results[MEMORY], results[READ]]
    for name, lake in lakes.items():
        built: SeriesResult = results[name]
        (row,) = built.volumes.to_pylist()
        assert row["status"] == "accepted", row["reason"]
        found.append(np.asarray(zarr.open_group(lake / row["path"], mode="r")["0"]))
        affine = np.array(row["affine_lps"]).reshape(4, 4)
        for index in ((0, 0, 0), (3, 5, 7)):
            point = affine @ (*index, 1)
            assert np.allclose(point[:3], image.TransformIndexToPhysicalPoint(index), atol=1e-3)
    for each in found:
        assert each.dtype == np.int16
        assert np.array_equal(each, expected)
