import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr

from dicomlake.pipeline.dose.body import SliceSize, water_equivalent_diameters
from dicomlake.pipeline.dose.components import components, dilated, eroded, filled

Slice = npt.NDArray[np.int16]
SPACING = 0.8


def disc(
    diameter_mm: float,
    hu: float,
    *,
    pixels: int = 400,
    spacing: tuple[float, float] = (SPACING, SPACING),
    centre_mm: tuple[float, float] = (0.0, 0.0),
    on: Slice | None = None,
) -> Slice:
    """Return a disc in air, or drawn on another slice."""
    y, x = ((np.arange(pixels) - (pixels - 1) / 2) * each for each in spacing)
    inside = np.hypot(y[:, None] - centre_mm[0], x[None, :] - centre_mm[1]) <= diameter_mm / 2
    drawn = np.full((pixels, pixels), -1000, np.int16) if on is None else on.copy()
    drawn[inside] = hu
    return drawn


def measured(image: Slice, spacing: tuple[float, float] = (SPACING, SPACING)) -> SliceSize:
    (size,) = water_equivalent_diameters(image[None], *spacing)
    return size


def chest() -> Slice:
    """Return a body of 300 mm with two lungs of 90 mm."""
    body = disc(300, 0)
    for side in (-70, 70):
        body = disc(90, -850, centre_mm=(0, side), on=body)
    return body


CHEST_DW = 2 * math.sqrt((300**2 - 2 * 90**2 * 0.85) / 4)


def test_a_water_cylinder_of_200_mm_is_200_mm() -> None:
    assert measured(disc(200, 0)).dw_mm == pytest.approx(200, rel=0.01)


def test_half_the_density_is_the_diameter_times_the_root_of_a_half() -> None:
    assert measured(disc(200, -500)).dw_mm == pytest.approx(200 * math.sqrt(0.5), rel=0.01)


def test_pixels_that_are_no_squares_count_with_their_area() -> None:
    spacing = (0.6, 1.1)
    found = measured(disc(200, 0, spacing=spacing), spacing)
    assert found.dw_mm == pytest.approx(200, rel=0.01)


def test_a_margin_of_air_changes_nothing() -> None:
    image = disc(200, 0)
    assert measured(np.pad(image, 80, constant_values=-1000)) == measured(image)


def test_lungs_count_with_their_own_hu() -> None:
    assert measured(chest()).dw_mm == pytest.approx(CHEST_DW, rel=0.01)


def test_noise_changes_little() -> None:
    noise = np.random.default_rng(6).normal(0, 60, (400, 400))
    noisy = np.clip(chest() + noise, -1024, 3071).astype(np.int16)
    assert measured(noisy).dw_mm == pytest.approx(CHEST_DW, rel=0.01)


@pytest.mark.parametrize("body", [disc(200, 0), chest()], ids=["cylinder", "chest"])
def test_a_table_under_the_patient_changes_nothing(body: Slice) -> None:
    with_table = body.copy()
    bottom = int(np.nonzero((body > -600).any(axis=1))[0][-1])
    with_table[bottom + 6 : bottom + 20, 20:380] = -300
    found, wanted = measured(with_table), measured(body)
    assert found.dw_mm == pytest.approx(wanted.dw_mm, rel=1e-9)
    assert (found.area_mm2, found.truncated_fraction) == (wanted.area_mm2, 0)


@pytest.mark.parametrize("body", [disc(200, 0), chest()], ids=["cylinder", "chest"])
def test_the_shell_of_a_table_that_touches_the_patient_is_cut_off(body: Slice) -> None:
    with_table = body.copy()
    bottom = int(np.nonzero((body > -600).any(axis=1))[0][-1])
    top, below = bottom + 1, bottom + 40
    with_table[top : top + 3, 20:380] = -200
    with_table[below : below + 3, 20:380] = -200
    with_table[top:below, [20, 21, 378, 379]] = -200
    found = measured(with_table)
    assert found.dw_mm == pytest.approx(measured(body).dw_mm, rel=0.005)
    assert found.truncated_fraction == 0


def test_a_thin_chest_wall_is_not_cut_open() -> None:
    body = disc(250, 0)
    body = disc(245, -850, on=body)
    body = disc(120, 0, on=body)
    wanted = 2 * math.sqrt((250**2 - 245**2 + 120**2 + 0.15 * (245**2 - 120**2)) / 4)
    assert measured(body).dw_mm == pytest.approx(wanted, rel=0.01)


def test_an_arm_at_the_body_stays_with_it() -> None:
    body = disc(200, 0)
    with_arm = disc(80, 0, centre_mm=(0, 137), on=body)
    wanted = 2 * math.sqrt((200**2 + 80**2) / 4)
    assert measured(with_arm).dw_mm == pytest.approx(wanted, rel=0.015)


def test_padding_outside_the_field_does_not_count() -> None:
    image = disc(200, 0)
    padded = np.where(disc(320, 1) == 1, image, -3024).astype(np.int16)
    assert measured(padded) == measured(image)


def test_air_alone_has_no_diameter() -> None:
    assert measured(disc(0, -1000)) == SliceSize(None, None)


def test_a_body_within_the_field_is_not_truncated() -> None:
    assert measured(disc(300, 0)).truncated_fraction == 0


def test_a_body_cut_off_by_the_matrix_is_flagged_by_its_share() -> None:
    cut = disc(300, 0)[:, 100:]
    found = measured(cut).truncated_fraction
    chord = 2 * math.sqrt(150**2 - 80**2)
    arc = 2 * 150 * (math.pi - math.acos(80 / 150))
    assert found == pytest.approx(chord / (chord + arc), abs=0.06)


def test_a_body_cut_off_by_the_circle_of_reconstruction_is_flagged() -> None:
    image = disc(260, 0, centre_mm=(0, 60))
    field = disc(320, 1) == 1
    found = measured(np.where(field, image, -2000).astype(np.int16)).truncated_fraction
    assert found is not None
    assert 0.15 < found < 0.5
    everything = np.where(field, 0, -2000).astype(np.int16)
    assert measured(everything).truncated_fraction == 1.0


def test_slices_without_body_are_told_from_their_neighbours() -> None:
    table = disc(0, -1000)
    table[350:353, 20:380] = -200
    body = table.copy()
    body[disc(300, 0) == 0] = 0
    sizes = water_equivalent_diameters(np.stack([body, body, table]), SPACING, SPACING)
    assert [size.dw_mm is None for size in sizes] == [False, False, True]


def test_a_head_rest_alone_is_no_body() -> None:
    bowl = disc(250, -1000, on=disc(260, 100))
    bowl[:200] = -1000
    assert measured(bowl) == SliceSize(None, None)
    hollow = disc(254, -1000, on=disc(260, 0))
    assert measured(hollow) == SliceSize(None, None)


def test_slices_do_not_depend_on_each_other_nor_on_the_slabs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images = [disc(diameter, 0) for diameter in (180, 200, 220, 240, 260)]
    whole = water_equivalent_diameters(np.stack(images), SPACING, SPACING)
    assert whole == tuple(measured(image) for image in images)
    monkeypatch.setattr("dicomlake.pipeline.dose.body._SLAB_VOXELS", 2 * 400 * 400)
    assert water_equivalent_diameters(np.stack(images), SPACING, SPACING) == whole


def test_a_zarr_array_is_read_slab_by_slab(tmp_path: Path) -> None:
    stack = np.stack([disc(diameter, 0) for diameter in (180, 200, 220)])
    array: Any = zarr.create_array(
        tmp_path / "v", shape=stack.shape, chunks=(2, 128, 128), dtype="int16"
    )
    array[:] = stack
    wanted = water_equivalent_diameters(stack, SPACING, SPACING)
    assert water_equivalent_diameters(array, SPACING, SPACING) == wanted


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_every_type_of_voxel_gives_the_same(dtype: str) -> None:
    (found,) = water_equivalent_diameters(chest()[None].astype(dtype), SPACING, SPACING)
    assert found == measured(chest())


# Components, against a flood that walks pixel by pixel.


def flooded(mask: npt.NDArray[np.bool_], *, diagonal: bool) -> list[set[tuple[int, int]]]:
    steps = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    steps += [(1, 1), (1, -1), (-1, 1), (-1, -1)] if diagonal else []
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    found = []
    while left:
        queue = [left.pop()]
        group = set(queue)
        while queue:
            y, x = queue.pop()
            for dy, dx in steps:
                if (y + dy, x + dx) in left:
                    left.remove((y + dy, x + dx))
                    group.add((y + dy, x + dx))
                    queue.append((y + dy, x + dx))
        found.append(group)
    return found


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_components_are_those_of_a_flood_fill(seed: int, diagonal: bool) -> None:
    rng = np.random.default_rng(seed)
    masks = rng.random((3, 17, 23)) < 0.3 + 0.06 * seed
    found = components(masks, diagonal=diagonal)
    for z in range(3):
        groups = {
            frozenset(
                (int(y), int(x)) for y, x in zip(*np.nonzero(found.mask(found.label == n)[z]),
                                                  strict=True)
            )
            for n in np.unique(found.label[found.row // 17 == z])
        }  # fmt: skip
        wanted = flooded(masks[z], diagonal=diagonal)
        assert groups == {frozenset(group) for group in wanted}
        if not diagonal:
            assert found.largest()[z].sum() == max((len(group) for group in wanted), default=0)


@pytest.mark.parametrize("seed", range(4))
def test_holes_are_what_the_outside_does_not_reach(seed: int) -> None:
    mask = np.random.default_rng(seed).random((2, 20, 20)) < 0.55
    for z in range(2):
        air = np.pad(~mask[z], 1, constant_values=True)
        outside = next(group for group in flooded(air, diagonal=True) if (0, 0) in group)
        wanted = np.array([[(y + 1, x + 1) not in outside for x in range(20)] for y in range(20)])
        np.testing.assert_array_equal(filled(mask)[z], wanted)


def test_erosion_and_dilation_are_of_octagons() -> None:
    mask = np.zeros((1, 15, 15), np.bool_)
    mask[0, 7, 7] = True
    grown = dilated(mask, 2, np.ones_like(mask))
    assert grown.sum() == 21
    assert eroded(grown, 2).sum() == 1
    assert eroded(np.ones_like(mask), 3).all()


def test_masks_that_are_empty_or_full_have_their_components() -> None:
    empty = np.zeros((2, 4, 5), np.bool_)
    assert not components(empty).largest().any()
    assert not filled(empty).any()
    assert components(~empty).largest().all()
    assert filled(~empty).all()
