"""Previews: planes by anatomy, letters, true aspect, and the same bytes whoever draws them."""

import io
from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dicomlake.pipeline.volumes.preview import LONGEST, Preview, letters, views

SHAPE = (9, 11, 13)


def affine(axes: tuple[int, ...], signs: tuple[int, ...], spacing=(1.0, 1.0, 1.0)) -> np.ndarray:
    """Return a grid whose columns, rows and slices (i, j, k) run along these LPS axes."""
    made = np.eye(4)
    made[:3, :3] = 0
    for index, (axis, sign, step) in enumerate(zip(axes, signs, spacing, strict=True)):
        made[axis, index] = sign * step
    return made


GRIDS = [
    affine(axes, signs)
    for axes in permutations(range(3))
    for signs in product((1, -1), repeat=3)
]  # fmt: skip


def drawn(voxels: np.ndarray, matrix: np.ndarray, modality="MR", units=None) -> Image.Image:
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    preview = Preview(voxels.shape, matrix, tuple(lengths[::-1]), modality, units)
    preview.add(0, voxels)
    return Image.open(io.BytesIO(preview.png()))


@pytest.mark.parametrize("matrix", GRIDS)
def test_planes_are_those_of_simpleitks_reoriented_image(matrix: np.ndarray) -> None:
    voxels = np.random.default_rng(3).integers(0, 1000, SHAPE, dtype=np.int16)
    image = sitk.GetImageFromArray(voxels)
    image.SetDirection(matrix[:3, :3].ravel().tolist())
    oriented = sitk.GetArrayFromImage(sitk.DICOMOrient(image, "LPS"))  # [z up, y back, x left]
    # Odd lengths: the middle stays the middle when an axis is turned round.
    z, y, x = (length // 2 for length in oriented.shape)
    expected = {
        "axial": oriented[z],  # left to the right, posterior downwards
        "coronal": oriented[::-1, y],  # head up
        "sagittal": oriented[::-1, :, x],  # nose to the left
    }
    for view in views(matrix):
        middle = [slice(None)] * 3
        middle[view.cut] = SHAPE[view.cut] // 2
        assert np.array_equal(view.oriented(voxels[tuple(middle)]), expected[view.name])


@pytest.mark.parametrize("matrix", GRIDS)
def test_letters_are_those_of_a_radiologists_picture(matrix: np.ndarray) -> None:
    found = {
        view.name: [letters(each) for each in (-view.across, view.across, -view.down, view.down)]
        for view in views(matrix)
    }
    assert list(found) == ["axial", "coronal", "sagittal"]
    assert found == {
        "axial": ["R", "L", "A", "P"],
        "coronal": ["R", "L", "H", "F"],
        "sagittal": ["A", "P", "H", "F"],
    }


@settings(max_examples=200, deadline=None)
@given(st.tuples(*[st.floats(-1, 1)] * 4), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_any_orientation_has_one_view_of_each_kind_the_right_way_up(turn, lean, drift) -> None:
    w, x, y, z = turn
    norm = w * w + x * x + y * y + z * z
    if norm < 1e-4:
        return
    rotation = np.eye(3) + (2 / norm) * np.array([
        [-y * y - z * z, x * y - z * w, x * z + y * w],
        [x * y + z * w, -x * x - z * z, y * z - x * w],
        [x * z - y * w, y * z + x * w, -x * x - y * y],
    ])  # fmt: skip
    matrix = np.eye(4)
    matrix[:3, :3] = rotation @ np.array([[0.7, 0, lean], [0, 0.9, drift], [0, 0, 2.0]])
    found = {view.name: view for view in views(matrix)}
    assert sorted(view.cut for view in found.values()) == [0, 1, 2]
    assert found["axial"].across[0] >= 0
    assert found["axial"].down[1] >= 0
    assert found["coronal"].across[0] >= 0
    assert found["coronal"].down[2] <= 0
    assert found["sagittal"].across[1] >= 0
    assert found["sagittal"].down[2] <= 0


def test_an_oblique_direction_has_more_letters_the_greatest_first() -> None:
    assert letters(np.array([0.0, 0.0, 3.0])) == "H"
    assert letters(np.array([-0.8, 0.6, 0.0])) == "RP"
    assert letters(np.array([0.5, -0.6, 0.62])) == "HAL"
    assert letters(np.array([0.99, 0.0, -0.1])) == "L"


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.5, 1.0, 2.0), (2.0, 0.7, 1.1)])
def test_aspect_is_that_of_the_patient(spacing) -> None:
    shape = (30, 40, 50)
    sizes = {"axial": (50, 40, 0, 1), "coronal": (50, 30, 0, 2), "sagittal": (40, 30, 1, 2)}
    picture = drawn(
        np.full(shape, 1000, np.int16), affine((0, 1, 2), (1, 1, 1), spacing), "CT", "HU"
    )
    array = np.asarray(picture)
    filled = array == 255
    columns = np.flatnonzero(np.diff(np.r_[0, (filled.sum(0) > 20).astype(int), 0]))
    starts, stops = columns[::2], columns[1::2]
    assert len(starts) == 3
    for (width, height, i, j), start, stop in zip(sizes.values(), starts, stops, strict=True):
        wide, high = width * spacing[i], height * spacing[j]
        scale = LONGEST / max(wide, high)
        # Letters are less bright than the voxels.
        tall = int((filled[:, (start + stop) // 2]).sum())
        assert abs((stop - start) - wide * scale) <= 1
        assert abs(tall - high * scale) <= 1


@pytest.mark.parametrize("lean", [0.0, 0.7, -0.7])
@pytest.mark.parametrize("turned", [False, True])
def test_a_ball_is_round_in_a_sheared_volume(lean: float, turned: bool) -> None:
    """The picture keeps distances and angles: second moments of a ball are the same all round."""
    matrix = np.eye(4)
    matrix[:3, :3] = [[1.0, 0, 0], [0, 1.0, lean * 2], [0, 0, 2.0]]
    if turned:  # acquired sagittally: slices along x, rows down
        matrix[:3, :3] = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]]) @ matrix[:3, :3]
    shape = (41, 81, 81)
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    there = np.stack([i, j, k], -1) @ matrix[:3, :3].T
    centre = matrix[:3, :3] @ (40, 40, 20)
    ball = np.where(np.linalg.norm(there - centre, axis=-1) < 25, 1000, 0).astype(np.int16)
    picture = np.asarray(drawn(ball, matrix, "CT", "HU")).astype(float)
    parts = np.array_split(np.arange(picture.shape[1]), 3)
    for part in parts:
        panel = np.where(picture[20:-44][:, part] > 215, 1.0, 0.0)  # brighter than letters
        down, across = np.nonzero(panel)
        assert len(down) > 1000
        moments = np.cov(np.stack([across, down]))
        assert moments[0, 0] == pytest.approx(moments[1, 1], rel=0.06)
        assert abs(moments[0, 1]) < 0.05 * moments[0, 0]


def test_slabs_of_any_size_and_order_give_the_same_bytes() -> None:
    voxels = np.random.default_rng(5).integers(-1000, 1000, SHAPE, dtype=np.int16)
    matrix = affine((0, 1, 2), (1, 1, 1))
    results = set()
    for depth, backwards in ((1, False), (4, False), (9, False), (2, True)):
        preview = Preview(SHAPE, matrix, (1.0, 1.0, 1.0), "CT", "HU")
        buffer = np.empty((depth, *SHAPE[1:]), np.int16)
        starts = list(range(0, SHAPE[0], depth))
        for start in reversed(starts) if backwards else starts:
            part = voxels[start : start + depth]
            buffer[: len(part)] = part
            preview.add(start, buffer[: len(part)])
            buffer[:] = 0  # what was given may be overwritten
        results.add(preview.png())
    assert len(results) == 1
    (data,) = results
    chunks = [data[at : at + 4] for at in range(len(data)) if data[at : at + 4].isalpha()]
    assert not {b"tEXt", b"tIME", b"iTXt", b"zTXt"} & set(chunks)


def test_a_volume_with_slices_lacking_has_no_picture() -> None:
    preview = Preview(SHAPE, np.eye(4), (1.0, 1.0, 1.0), "CT", "HU")
    preview.add(0, np.zeros((3, 11, 13), np.int16))
    with pytest.raises(ValueError, match="3 of 9"):
        preview.png()


def test_ct_with_lungs_is_shown_in_their_window_too_and_no_other_is() -> None:
    tissue = np.full((20, 40, 40), 40, np.int16)
    lungs = tissue.copy()
    lungs[5:15, 10:30, 10:30] = -800
    matrix = affine((0, 1, 2), (1, 1, 1))
    plain, chest = drawn(tissue, matrix, "CT", "HU"), drawn(lungs, matrix, "CT", "HU")
    assert plain.size[0] == chest.size[0]
    assert chest.size[1] == 2 * plain.size[1]
    assert drawn(lungs, matrix, "MR").size == plain.size
    assert drawn(lungs, matrix, "CT", "US").size == plain.size


def test_missing_slices_and_padding_are_black() -> None:
    voxels = np.full((20, 20, 20), 500, np.int16)
    voxels[10] = -32768
    picture = np.asarray(drawn(voxels, affine((0, 1, 2), (1, 1, 1)), "PT", "BQML"))
    assert (picture[30:300, 30:300] == 0).all()  # the axial plane is the missing slice
    floats = np.where(voxels == -32768, np.nan, 500.0).astype(np.float32)
    again = np.asarray(drawn(floats, affine((0, 1, 2), (1, 1, 1)), "PT", "BQML"))
    assert np.array_equal(picture, again)


@pytest.mark.parametrize("shape", [(1, 1, 1), (4, 1, 500), (4, 500, 1), (2000, 4, 4)])
def test_extreme_shapes_have_a_picture(shape) -> None:
    picture = drawn(np.ones(shape, np.int16), affine((0, 1, 2), (1, 1, 1), (0.3, 0.3, 5.0)))
    assert picture.size[1] < 2 * LONGEST
    assert picture.mode == "L"
