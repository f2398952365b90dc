"""Resampling: every new voxel has the value of its place in the patient, shear or not."""

import sys

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from hypothesis import given, settings
from hypothesis import strategies as st

from dicomlake.pipeline.errors import UsageError
from dicomlake.pipeline.volumes.resample import output_grid, resample, to_sitk

SLOPE = np.array([1.5, -0.75, 2.0])
SIGMA_OF_FWHM = 1 / (2 * np.sqrt(2 * np.log(2)))


def affine(shear: tuple[float, float] = (0.0, 0.0), turn: float = 0.0) -> np.ndarray:
    """Return a grid of 0.8 x 1.2 mm, slices 2.5 mm apart, turned about two axes and leaning."""
    a, b = np.cos(turn), np.sin(turn)
    about_z = np.array([[a, -b, 0], [b, a, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, a, -b], [0, b, a]])
    step = np.array([shear[0], shear[1], 2.5])
    made = np.eye(4)
    made[:3, :3] = about_z @ about_x @ np.column_stack([[0.8, 0, 0], [0, 1.2, 0], step])
    made[:3, 3] = -30.0, 12.0, 400.0
    return made


def places(shape: tuple[int, ...], matrix: np.ndarray) -> np.ndarray:
    """Return LPS of every voxel, [z, y, x, 3]."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return np.stack([i, j, k], -1) @ matrix[:3, :3].T + matrix[:3, 3]


GRIDS = [affine(), affine((0.0, 0.9)), affine((0.4, -0.7), 0.5), affine(turn=0.3)]


@pytest.mark.parametrize("matrix", GRIDS)
@pytest.mark.parametrize("spacing", [1.0, (2.5, 1.2, 0.8), (4.0, 0.5, 2.2)])
def test_a_ramp_through_the_patient_stays_the_same_ramp(matrix, spacing) -> None:
    shape = (12, 14, 18)
    ramp = (places(shape, matrix) @ SLOPE).astype(np.float32)
    done = resample(ramp, matrix, spacing, antialias=False)
    expected = places(done.array.shape, done.affine_lps) @ SLOPE
    inside = np.isfinite(done.array)
    index = places(done.array.shape, np.linalg.inv(matrix) @ done.affine_lps)
    # Between the outermost voxel centres, where a ramp is still a ramp.
    within = (index > 1e-6).all(-1) & (index < np.array(shape[::-1]) - 1 - 1e-6).all(-1)
    assert within.sum() > 200
    assert inside[within].all()
    assert np.abs(done.array - expected)[within].max() < 1e-3


@pytest.mark.parametrize("matrix", GRIDS)
def test_the_new_grid_is_orthogonal_and_covers_every_old_voxel(matrix) -> None:
    shape, spacing = (9, 7, 11), (2.0, 1.0, 0.7)
    grid = output_grid(shape, matrix, spacing)
    made = grid.affine_lps
    lengths = np.linalg.norm(made[:3, :3], axis=0)
    np.testing.assert_allclose(lengths, spacing[::-1])
    directions = made[:3, :3] / lengths
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=1e-12)
    assert np.linalg.det(directions) > 0
    ends = np.array([(-0.5, n - 0.5) for n in shape[::-1]])
    edges = np.stack(np.meshgrid(*ends, indexing="ij"), -1).reshape(-1, 3)
    there = edges @ matrix[:3, :3].T + matrix[:3, 3]
    index = (there - made[:3, 3]) @ np.linalg.inv(made[:3, :3]).T
    assert (index >= -0.5 - 1e-6).all()
    assert (index <= np.array(grid.size) - 0.5 + 1e-6).all()
    excess = np.array(grid.size) - (index.max(0) - index.min(0))
    assert (excess < 1).all()


def test_the_same_spacing_of_an_orthogonal_grid_gives_the_same_voxels() -> None:
    voxels = np.random.default_rng(1).integers(-1000, 1000, (6, 9, 8), dtype=np.int16)
    for kind in ("nearest", "linear"):
        done = resample(voxels, affine(), (2.5, 1.2, 0.8), interpolator=kind)
        np.testing.assert_allclose(done.affine_lps, affine(), atol=1e-9)
        np.testing.assert_allclose(done.array, voxels, atol=1e-3)
    assert done.array.dtype == np.float32


def test_no_voxel_of_an_orthogonal_grid_is_lost_or_filled() -> None:
    done = resample(np.full((6, 9, 8), 7, np.int16), affine(turn=0.4), (1.7, 0.9, 1.1))
    assert np.isfinite(done.array).all()
    np.testing.assert_allclose(done.array, 7, rtol=1e-6)


def test_simpleitk_itself_says_the_same_of_an_orthogonal_volume() -> None:
    matrix = affine(turn=0.3)
    voxels = np.random.default_rng(2).normal(size=(8, 9, 10)).astype(np.float32)
    done = resample(voxels, matrix, (1.0, 1.0, 1.0), antialias=False)
    reference = sitk.Resample(
        to_sitk(voxels, matrix, sheared=False), done.to_sitk(), sitk.Transform(), sitk.sitkLinear
    )
    np.testing.assert_allclose(done.array, sitk.GetArrayFromImage(reference), atol=1e-4)


def test_outside_a_leaning_volume_is_the_fill_value() -> None:
    voxels = np.full((20, 10, 10), 5, np.int16)
    done = resample(voxels, affine((0.0, 0.9)), (2.5, 1.2, 0.8))
    assert np.isnan(done.array).any()
    assert np.nanmin(done.array) == np.nanmax(done.array) == 5
    air = resample(voxels, affine((0.0, 0.9)), (2.5, 1.2, 0.8), fill=-1024)
    assert np.array_equal(air.array == -1024, np.isnan(done.array))
    near = resample(voxels, affine((0.0, 0.9)), (2.5, 1.2, 0.8), interpolator="nearest")
    assert near.array.dtype == np.int16
    assert set(np.unique(near.array)) == {-32768, 5}
    with pytest.raises(UsageError, match="int16 cannot hold"):
        resample(voxels, affine(), 1.0, interpolator="nearest", fill=1e6)


def test_missing_voxels_never_mix_with_their_neighbours() -> None:
    voxels = np.full((10, 12, 12), 100, np.int16)
    missing = np.zeros(voxels.shape, bool)
    missing[4] = True
    voxels[missing] = -32768
    for spacing in (1.0, (5.0, 2.4, 1.6)):  # finer, and coarser with smoothing
        done = resample(voxels, affine(), spacing, missing=missing)
        assert np.isnan(done.array).any()
        assert np.allclose(done.array[np.isfinite(done.array)], 100)
    floats = np.where(missing, np.nan, 100.0).astype(np.float32)
    again = resample(floats, affine(), 1.0)
    assert np.array_equal(np.isnan(again.array), np.isnan(resample(
        voxels, affine(), 1.0, missing=missing).array))  # fmt: skip
    near = resample(voxels, affine(), 1.0, interpolator="nearest", missing=missing)
    assert set(np.unique(near.array)) == {-32768, 100}
    with pytest.raises(UsageError, match="every voxel"):
        resample(voxels, affine(), 1.0, interpolator="bspline", missing=missing)


def test_larger_voxels_do_not_alias() -> None:
    stripes = np.tile(np.array([0, 1000], np.int16), (8, 32, 32))  # [8, 32, 64]
    matrix = np.diag([1.0, 1.0, 2.0, 1.0])
    smooth = resample(stripes, matrix, (2.0, 1.0, 3.0)).array[:, :, 3:-3]
    rough = resample(stripes, matrix, (2.0, 1.0, 3.0), antialias=False).array[:, :, 3:-3]
    assert smooth.std() < 60
    assert rough.std() > 300
    assert abs(smooth.mean() - 500) < 20


def test_smoothing_has_the_width_that_the_larger_voxel_asks_for() -> None:
    distances, weights = [], []
    for place in range(200, 205):  # everywhere a new voxel can be against the old ones
        impulse = np.zeros((3, 3, 401), np.float64)
        impulse[:, :, place] = 1
        done = resample(impulse, np.eye(4), (1.0, 1.0, 5.0))
        centres = done.affine_lps[0, 3] + 5.0 * np.arange(done.array.shape[2])
        distances.extend(centres - place)
        weights.extend(done.array[1, 1])
    share = np.array(weights) / np.sum(weights)
    variance = share @ np.square(distances)
    # Linear interpolation between old voxels, 1 mm wide, adds at most a quarter of a square mm.
    assert variance == pytest.approx((25 - 1) * SIGMA_OF_FWHM**2, abs=0.3)


def test_types_of_results_hold_what_they_are_made_of() -> None:
    for dtype, result in [("i2", "f4"), ("i4", "f8"), ("f4", "f4"), ("f8", "f8")]:
        array = np.ones((4, 4, 4), f"<{dtype}")
        assert resample(array, affine(), 2.0).array.dtype == np.dtype(result)
        assert resample(array, affine(), 2.0, interpolator="nearest").array.dtype == array.dtype
    deep = np.full((4, 4, 4), 2**24 + 1, np.int32)
    assert (resample(deep, affine(), (2.5, 1.2, 0.8)).array == 2**24 + 1).all()


@pytest.mark.parametrize("spacing", [0.0, -1.0, float("nan"), (1.0, 0.0, 1.0), float("inf")])
def test_a_spacing_that_cannot_be_is_refused(spacing) -> None:
    with pytest.raises(UsageError, match="above 0"):
        resample(np.ones((4, 4, 4), np.int16), affine(), spacing)


def test_an_unknown_interpolator_is_refused() -> None:
    with pytest.raises(UsageError, match="nearest, linear, bspline"):
        resample(np.ones((4, 4, 4), np.int16), affine(), 1.0, interpolator="cubic")  # type: ignore[arg-type]  # the point


def test_without_simpleitk_one_line_says_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(UsageError, match=r"pip install 'dicomlake\[sitk\]'"):
        resample(np.ones((4, 4, 4), np.int16), affine(), 1.0)
    with pytest.raises(UsageError, match=r"pip install 'dicomlake\[sitk\]'"):
        to_sitk(np.ones((4, 4, 4), np.int16), affine(), sheared=False)


def test_an_image_of_simpleitk_has_every_voxel_where_the_affine_has_it() -> None:
    matrix = affine(turn=0.7)
    voxels = np.arange(4 * 5 * 6, dtype=np.int32).reshape(4, 5, 6)
    image = to_sitk(voxels, matrix, sheared=False)
    assert image[5, 2, 3] == voxels[3, 2, 5]
    for index in [(0, 0, 0), (5, 4, 3), (1, 3, 2)]:
        there = image.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(there, (matrix @ [*index, 1])[:3], atol=1e-9)
    with pytest.raises(UsageError, match="sheared"):
        to_sitk(voxels, affine((0.0, 0.9)), sheared=True)


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.floats(-3, 3),
    st.tuples(*[st.floats(0.6, 6.0)] * 3),
)  # fmt: skip
def test_nearest_is_the_voxel_that_holds_the_place(lean, drift, turn, spacing) -> None:
    matrix = affine((lean, drift), turn)
    voxels = np.arange(5 * 6 * 7, dtype=np.int32).reshape(5, 6, 7)
    done = resample(voxels, matrix, spacing, interpolator="nearest")
    index = places(done.array.shape, np.linalg.inv(matrix) @ done.affine_lps)
    nearest = np.rint(index).astype(int)
    inside = (np.abs(index - nearest) < 0.499).all(-1)  # not on the edge of two voxels
    held = ((nearest >= 0) & (nearest < (7, 6, 5))).all(-1)
    i, j, k = np.moveaxis(np.clip(nearest, 0, (6, 5, 4)), -1, 0)
    expected = np.where(held, voxels[k, j, i], -32768)
    assert np.array_equal(done.array[inside], expected[inside])
