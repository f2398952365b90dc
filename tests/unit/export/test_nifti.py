"""NIfTI: voxels as they are, where they are, as nibabel and SimpleITK read them back."""

import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from make.lakes import build_volumes, ingest
from make.series import ct_series

from dicomlake import Lake
from dicomlake.pipeline.export.format import Slab, Voxels
from dicomlake.pipeline.export.nifti import Nifti, affine_ras, header_bytes

OBLIQUE = {"ImageOrientationPatient": [0.8, 0.6, 0, -0.36, 0.48, 0.8]}
NORMAL = np.cross([0.8, 0.6, 0], [-0.36, 0.48, 0.8])
SERIES = {
    "axial": {},
    "fraction": {"RescaleSlope": "0.25"},
    "oblique": {**OBLIQUE, "step": tuple(3 * NORMAL)},
    "tilted": {"step": (0.0, 0.6, 2.5)},
    "flipped": {"ImageOrientationPatient": [-1, 0, 0, 0, 1, 0]},
    "anisotropic": {"PixelSpacing": ["0.5", "1.25"], "rows": 20, "columns": 48},
}


@pytest.fixture(scope="module", params=SERIES)
def volume(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("nifti")
    ct_series(folder / "in", 6, **SERIES[request.param])
    ingest(folder / "in", folder / "lake")
    build_volumes(folder / "lake")
    lake = Lake(folder / "lake")
    ((identity,),) = lake.sql("SELECT volume_id FROM volumes WHERE status='accepted'").fetchall()
    return lake.volume(identity)


def corners(shape: tuple[int, ...]) -> np.ndarray:
    """Return indices (i, j, k, 1) of the corner voxels of an array [z, y, x]."""
    axes = [(0, length - 1) for length in reversed(shape)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    return np.column_stack([grid, np.ones(len(grid))])


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_nibabel_reads_the_same_voxels_at_the_same_places(volume, tmp_path, suffix) -> None:
    image = nibabel.load(volume.to_nifti(tmp_path / f"v{suffix}"))
    held = np.asarray(image.dataobj)
    assert held.dtype == volume.array.dtype
    assert np.array_equal(held.T, volume.to_numpy())
    assert (image.dataobj.slope, image.dataobj.inter) == (1, 0)
    assert image.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(image.header.get_zooms(), volume.spacing[::-1], rtol=1e-6)
    points = corners(volume.array.shape)
    lps = points @ volume.affine_lps.T
    np.testing.assert_allclose(
        (points @ image.affine.T)[:, :3], lps[:, :3] * (-1, -1, 1), atol=1e-4
    )
    np.testing.assert_allclose(image.affine, volume.affine_ras, atol=1e-5)


def test_the_qform_is_given_up_where_it_would_lie_and_only_there(volume, tmp_path) -> None:
    header = nibabel.load(volume.to_nifti(tmp_path / "v.nii.gz")).header
    sheared = "sheared" in volume.row["flags"]
    assert int(header["sform_code"]) == 1
    assert int(header["qform_code"]) == (0 if sheared else 1)
    if not sheared:
        np.testing.assert_allclose(header.get_qform(), volume.affine_ras, atol=1e-4)


def test_simpleitk_reads_the_same_voxels_at_the_same_places(volume, tmp_path) -> None:
    path = volume.to_nifti(tmp_path / "v.nii.gz")
    if "sheared" in volume.row["flags"]:
        with pytest.raises(RuntimeError, match="orthonormal"):  # it cannot, and says so
            sitk.ReadImage(str(path))
        return
    image = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(image), volume.to_numpy())
    for point in corners(volume.array.shape):
        there = image.TransformIndexToPhysicalPoint([int(each) for each in point[:3]])
        np.testing.assert_allclose(there, (volume.affine_lps @ point)[:3], atol=1e-3)


def test_axes_that_are_out_of_square_have_no_qform_either() -> None:
    lean = np.deg2rad(0.05)  # within the tolerance of orientation, but 0.35 mm over 400 mm
    affine = np.eye(4)
    affine[:2, 1] = np.sin(lean), np.cos(lean)
    big = Voxels((5, 400, 400), np.dtype(np.int16), tuple(affine.ravel()), False, "")
    small = Voxels((5, 8, 8), np.dtype(np.int16), tuple(affine.ravel()), False, "")
    codes = []
    for voxels in (big, small):
        header = nibabel.Nifti1Header(header_bytes(voxels)[:348])
        assert int(header["sform_code"]) == 1
        codes.append(int(header["qform_code"]))
    assert codes == [0, 1]


def test_an_axis_too_long_for_nifti_1_is_written_as_nifti_2(tmp_path: Path) -> None:
    array = np.arange(40_000, dtype="<i2").reshape(1, 1, 40_000) % 1000
    voxels = Voxels(array.shape, array.dtype, tuple(np.eye(4).ravel()), False, "")
    Nifti().write(tmp_path / "long.nii.gz", voxels, iter([(0, array)]))
    image = nibabel.load(tmp_path / "long.nii.gz")
    assert isinstance(image, nibabel.Nifti2Image)
    assert np.array_equal(np.asarray(image.dataobj).T, array)


def test_the_file_holds_no_name_and_no_time(volume, tmp_path: Path) -> None:
    data = volume.to_nifti(tmp_path / "some name.nii.gz").read_bytes()
    assert data[3] == 0  # FLG: no name, no comment
    assert data[4:8] == bytes(4)  # MTIME
    assert gzip.decompress(data)[:4] == (348).to_bytes(4, "little")


def test_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path) -> None:
    def slabs(depth: int) -> Iterator[Slab]:
        for start in range(0, depth, 8):
            yield start, np.zeros((8, 256, 256), "<i2")

    peaks = []
    for depth in (16, 256):
        voxels = Voxels((depth, 256, 256), np.dtype("i2"), tuple(np.eye(4).ravel()), False, "")
        tracemalloc.start()
        Nifti().write(tmp_path / f"{depth}.nii.gz", voxels, slabs(depth))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 8 * 256 * 256 * 2


def test_lps_becomes_ras_by_two_signs() -> None:
    lps = np.arange(16.0).reshape(4, 4)
    ras = affine_ras(lps)
    assert np.array_equal(ras[:2], -lps[:2])
    assert np.array_equal(ras[2:], lps[2:])
    assert not np.signbit(affine_ras(np.zeros(16))).any()
