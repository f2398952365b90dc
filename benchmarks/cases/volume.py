"""A CT series to a volume: in memory, and written to Zarr and verified; against SimpleITK."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK
import zarr
from generate import write_series
from runner import Prepared, Scale

import dicomlake
from cases.lakes import do, inline
from dicomlake.pipeline.headers.attempt import Lineage
from dicomlake.pipeline.series.verdict import judge
from dicomlake.pipeline.tables.store import open_version
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.jobs import series_jobs
from dicomlake.pipeline.volumes.values import Padding, SliceReader, choose_dtype, read_values
from dicomlake.pipeline.volumes.work import SeriesJob, SeriesResult
from dicomlake.schemas.evolution import SCHEMA_VERSION


def prepare(folder: Path, scale: Scale) -> Prepared:
    series, lake = folder / "series", folder / "lake"
    n_slices, pixels = (12, 64) if scale.small else (200, 512)
    write_series(series, n_slices, pixels, seed=scale.seed)
    do("ingest", lake, f"bench={series}")
    staging = folder / "lake" / "staging" / "benchmark"
    lineage = Lineage("benchmark", dicomlake.__version__, SCHEMA_VERSION)
    (job,) = series_jobs(open_version(lake), inline(), staging, lineage)

    def clear() -> None:
        for each in (lake / "volumes", staging):
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir(parents=True)

    ours = "dicomlake: judged, written to Zarr, verified"
    return Prepared(
        contenders={
            "SimpleITK: series discovery, read": lambda: _simpleitk(series),
            "dicomlake: judged, in memory": lambda: _in_memory(job),
            ours: lambda: build_series(job),
        },
        before={ours: clear},
        check=lambda results: _check(results, lake, ours),
        baseline="SimpleITK: series discovery, read",
        amount=n_slices,
        unit="slice",
        notes=(f"{n_slices} slices of {pixels} x {pixels}, int16",),
    )


def _simpleitk(series: Path) -> SimpleITK.Image:
    reader = SimpleITK.ImageSeriesReader()
    (uid,) = reader.GetGDCMSeriesIDs(str(series))
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series), uid))
    return reader.Execute()


def _in_memory(job: SeriesJob) -> npt.NDArray[Any]:
    reader = SliceReader(job.roots)
    verdict = judge(job.rows, job.settings.volumes, pixels=reader.digest)
    (stack,) = verdict.stacks
    slices = stack.slices
    voxels = np.empty(stack.shape, choose_dtype(slices, reader))
    padding = Padding()
    for k, each in enumerate(slices):
        read_values(each, reader, voxels[k], padding)
    return voxels


def _check(results: Mapping[str, Any], lake: Path, ours: str) -> None:
    """Hold voxels and affine of all three against each other."""
    image: SimpleITK.Image = results["SimpleITK: series discovery, read"]
    expected = SimpleITK.GetArrayFromImage(image)
    built: SeriesResult = results[ours]
    (row,) = built.volumes.to_pylist()
    assert row["status"] == "accepted", row["reason"]
    array = zarr.open_group(lake / row["path"], mode="r")["0"]
    for found in (results["dicomlake: judged, in memory"], np.asarray(array[:])):
        assert found.dtype == np.int16
        assert np.array_equal(found, expected)
    affine = np.array(row["affine_lps"]).reshape(4, 4)
    for index in ((0, 0, 0), (3, 5, 7)):
        point = affine @ (*index, 1)
        assert np.allclose(point[:3], image.TransformIndexToPhysicalPoint(index), atol=1e-3)
