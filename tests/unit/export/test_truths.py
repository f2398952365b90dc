"""Real MR series as NIfTI agree with the NIfTI that others made of them, voxel by voxel."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nibabel
import numpy as np
import pytest

from dicomlake import Lake
from dicomlake.config.settings import load_settings
from dicomlake.flows.reporter import DirectReporter, Progress
from dicomlake.flows.request import RunRequest
from dicomlake.flows.stages import execute


class Silent:
    def advance(self, files: int, size: int = 0) -> None: ...


@contextmanager
def no_meter(*_: object) -> Iterator[Progress]:
    yield Silent()


def run(source: Path, folder: Path) -> Lake:
    request = RunRequest(lake=folder / "lake", sources=(str(source),))
    settings = load_settings(None, None, {"engine.workers": 0, "volumes.min_slices": 3})
    execute(request, "run", settings, DirectReporter(no_meter))
    return Lake(folder / "lake")


def onto(truth: nibabel.Nifti1Image, ours: nibabel.Nifti1Image) -> np.ndarray:
    """Return our voxels in the order of the truth's, each by its place in the patient."""
    way = np.linalg.inv(ours.affine) @ truth.affine
    index = np.stack(np.meshgrid(*map(np.arange, truth.shape[:3]), indexing="ij"), -1)
    exact = index @ way[:3, :3].T + way[:3, 3]
    nearest = np.rint(exact).astype(int)
    assert np.abs(exact - nearest).max() < 0.02, "a voxel lies between two of the truth's"
    return np.asarray(ours.dataobj)[tuple(np.moveaxis(nearest, -1, 0))]


@pytest.mark.parametrize(
    "series",
    [
        "anatomical/001",
        "anatomical/001_implicit",
        "generic/anatomical/001",
        "generic/anatomical/001_implicit",
        "generic/anatomical/002_non_isotropic",
        "generic/compressed/001",
        "generic/compressed_j2k/001",
        "generic/compressed_jpegls/001",
        "generic/compressed_rle/001",
        "hitachi/anatomical/001",
        "hitachi/anatomical/001_implicit",
        "siemens_multiframe/anatomical/001",
    ],
)
def test_an_exported_series_is_the_nifti_that_others_made(
    shared: Path, tmp_path: Path, series: str
) -> None:
    folder = shared / "corpus" / "mr_series_with_nifti_truth" / series
    lake = run(folder, tmp_path)
    found = lake.sql("SELECT volume_id FROM volumes WHERE status = 'accepted'").fetchall()
    assert found, lake.sql("SELECT reason, detail FROM volumes").fetchall()
    for suffix in ("ground_truth", "ground_truth_reoriented"):
        truth = nibabel.load(folder.with_name(f"{folder.name}_{suffix}.nii.gz"))
        wanted = np.asarray(truth.dataobj)
        wanted = wanted[..., None] if wanted.ndim == 3 else wanted
        assert len(found) == wanted.shape[3]
        made = []
        for number, (volume_id,) in enumerate(found):
            path = lake.volume(volume_id).to_nifti(tmp_path / f"{number}.nii.gz")
            made.append(onto(truth, nibabel.load(path)))
        # The truth may be float64; ours is rounded once, to its own type.
        wanted = wanted.astype(made[0].dtype)
        for channel in range(wanted.shape[3]):
            assert any(np.array_equal(each, wanted[..., channel]) for each in made)
