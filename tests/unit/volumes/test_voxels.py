"""V13 to V15: clipping, padding that is masked or filled, floating-point pixels, one reading."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from make.rows import default_settings
from make.series import ct_series, pixels
from make.volumes import build, jobs, volume_rows

from dicomlake.pipeline.pixels.frame_reader import FrameReader
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import Stack, judge
from dicomlake.pipeline.volumes.mask import MASK, MISSING_SLICE, PADDING
from dicomlake.pipeline.volumes.seen import Seen
from dicomlake.pipeline.volumes.store import open_volume
from dicomlake.pipeline.volumes.values import SliceReader, UnreadableSliceError
from dicomlake.pipeline.volumes.voxels import VoxelReader, read_voxels, shaping

MR = "1.2.840.10008.5.1.4.1.1.4"
STORED = np.random.default_rng(5).integers(0, 4096, (6, 32, 32)).astype("<u2")


def made(tmp_path: Path, **settings: Any) -> tuple[dict[str, Any], np.ndarray, np.ndarray | None]:
    """Build the single series below `tmp_path/in`; return its row, voxels and mask."""
    chosen = default_settings(volumes=settings)
    (row,) = volume_rows(build(tmp_path / "in", tmp_path / "lake", chosen))
    assert row["reason"] is None, row["detail"]
    path = tmp_path / "lake" / row["path"]
    mask = np.asarray(open_volume(path, MASK)[:]) if (path / MASK).exists() else None
    return row, np.asarray(open_volume(path)[:]), mask


def series(tmp_path: Path, **attributes: Any) -> None:
    ct_series(tmp_path / "in", 6, vary=lambda k: {"PixelData": STORED[k].tobytes()}, **attributes)


@pytest.mark.parametrize(("slope", "dtype"), [("1", "int16"), ("0.5", "float32")])
def test_hu_clip_clips_real_values_and_says_so(tmp_path: Path, slope: str, dtype: str) -> None:
    series(tmp_path, RescaleSlope=slope)
    exact = STORED * float(slope) - 1024
    row, voxels, mask = made(tmp_path, hu_clip=(-1000, 500))
    np.testing.assert_array_equal(voxels, np.clip(exact, -1000, 500))
    assert (row["dtype"], mask, row["flags"]) == (dtype, None, ["clipped"])
    assert json.loads(row["detail"])["clip"] == {
        "limits": [-1000.0, 500.0],
        "voxels": int(((exact < -1000) | (exact > 500)).sum()),
    }
    assert (row["value_min"], row["value_max"]) == (-1000.0, 500.0)


def test_hu_clip_that_changes_nothing_sets_no_flag(tmp_path: Path) -> None:
    series(tmp_path)
    row, voxels, _ = made(tmp_path, hu_clip=(-2000, 9000))
    np.testing.assert_array_equal(voxels, STORED.astype(int) - 1024)
    assert row["flags"] == []
    assert json.loads(row["detail"])["clip"]["voxels"] == 0


def test_hu_clip_leaves_other_units_alone(tmp_path: Path) -> None:
    series(tmp_path, RescaleType="US")
    row, voxels, _ = made(tmp_path, hu_clip=(-1000, 500))
    np.testing.assert_array_equal(voxels, STORED.astype(int) - 1024)
    assert (row["flags"], "clip" in json.loads(row["detail"])) == ([], False)


def test_v14_what_clipping_leaves_decides_the_type(tmp_path: Path) -> None:
    series(tmp_path, RescaleSlope="40")
    assert made(tmp_path)[0]["dtype"] == "int32"
    row, voxels, _ = made(tmp_path, hu_clip=(-1024, 3071))
    assert row["dtype"] == "int16"
    np.testing.assert_array_equal(voxels, np.clip(STORED.astype(int) * 40 - 1024, -1024, 3071))


@pytest.mark.parametrize("policy", ["mask", "fill"])
@pytest.mark.parametrize("slope", ["1", "0.5"])
def test_v15_padding_is_masked_or_filled(tmp_path: Path, policy: str, slope: str) -> None:
    series(tmp_path, RescaleSlope=slope, PixelPaddingValue=100, PixelPaddingRangeLimit=300)
    inside = (STORED >= 100) & (STORED <= 300)
    exact = STORED * float(slope) - 1024
    row, voxels, mask = made(tmp_path, padding=policy)
    assert mask is not None
    assert mask.dtype == np.uint8
    np.testing.assert_array_equal(mask, np.where(inside, PADDING, 0))
    np.testing.assert_array_equal(voxels[~inside], exact[~inside])
    if policy == "mask":
        np.testing.assert_array_equal(voxels[inside], exact[inside])
        assert row["flags"] == []
    else:
        filled = voxels[inside]
        assert (filled == -32_768).all() if slope == "1" else np.isnan(filled).all()
        assert row["flags"] == ["filled"]
        kept = exact[~inside]
        assert (row["value_min"], row["value_max"]) == (kept.min(), kept.max())
    found = json.loads(row["detail"])["padding"]
    assert (found["policy"], found["voxels"], found["stored"]) == (
        policy, int(inside.sum()), [100, 300],
    )  # fmt: skip
    assert found["values"] == [exact[inside].min(), exact[inside].max()]


def test_v15_without_a_padding_value_there_is_no_mask(tmp_path: Path) -> None:
    series(tmp_path)
    assert made(tmp_path, padding="fill")[2] is None


def test_v15_filled_padding_does_not_widen_the_type(tmp_path: Path) -> None:
    stored = np.full((32, 32), 40, np.int16)
    stored[:9] = -32_768
    ct_series(tmp_path / "in", 6, BitsStored=16, HighBit=15, PixelRepresentation=1,
              PixelPaddingValue=-32_768, PixelData=stored.tobytes())  # fmt: skip
    assert made(tmp_path)[0]["dtype"] == "int32"
    row, voxels, _ = made(tmp_path, padding="fill")
    assert (row["dtype"], row["value_min"], row["value_max"]) == ("int16", -984.0, -984.0)
    assert (voxels[:, :9] == -32_768).all()


def test_v15_a_volume_of_padding_alone_has_no_range(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 6, PixelPaddingValue=7,
              PixelData=np.full((32, 32), 7, np.uint16).tobytes())  # fmt: skip
    row, voxels, _ = made(tmp_path, padding="fill")
    assert (row["value_min"], row["value_max"]) == (None, None)
    assert (voxels == -32_768).all()


def test_padding_and_clipping_are_other_volumes_than_the_plain_one(tmp_path: Path) -> None:
    series(tmp_path, PixelPaddingValue=100)
    ids = {
        made(tmp_path, **settings)[0]["volume_id"]
        for settings in ({}, {"padding": "fill"}, {"padding": "mask"}, {"hu_clip": (-1000, 500)})
    }
    assert len(ids) == 4


def test_v7_missing_slices_are_filled_and_masked_and_never_interpolated(tmp_path: Path) -> None:
    paths = ct_series(tmp_path / "in", 9, vary=lambda k: {"PixelData": pixels(k, seed=1).tobytes()})
    paths[4].unlink()
    row, voxels, mask = made(tmp_path, on_gap="fill")
    assert mask is not None
    assert row["shape"] == [9, 32, 32]
    assert (row["n_slices"], "filled" in row["flags"]) == (8, True)
    for k in range(9):
        if k == 4:
            assert (voxels[k] == -32_768).all()
            assert (mask[k] == MISSING_SLICE).all()
        else:
            np.testing.assert_array_equal(voxels[k], pixels(k, seed=1).astype(int) - 1024)
            assert not mask[k].any()
    assert row["value_min"] >= -1024


def test_v14_data_are_read_once_where_int16_holds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series(tmp_path, BitsStored=16, HighBit=15)
    read: list[str] = []
    plain = FrameReader.read_many

    def counted(self: FrameReader, frames: Any, out: Any) -> None:
        read.extend(path for path, _ in frames)
        plain(self, frames, out)

    monkeypatch.setattr(FrameReader, "read_many", counted)
    assert made(tmp_path)[0]["dtype"] == "int16"
    assert len(read) == len(set(read)) == 6


def test_voxels_in_memory_are_those_of_the_store(tmp_path: Path) -> None:
    series(tmp_path, BitsStored=16, HighBit=15, RescaleSlope="30")
    row, voxels, _ = made(tmp_path)
    (job,) = jobs(tmp_path / "in", tmp_path / "lake")
    with SliceReader(job.roots, job.settings.pixels) as reader:
        (stack,) = judge(job.rows, job.settings.volumes, pixels=reader.digest).stacks
        found = read_voxels(stack, reader, job.settings.volumes)
    assert (found.dtype, row["dtype"]) == (np.int32, "int32")
    np.testing.assert_array_equal(found, voxels)


def test_pyramid_levels_are_every_second_voxel_at_its_own_place(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 9, rows=33, columns=20,
              vary=lambda k: {"PixelData": pixels(k, 33, 20).tobytes()})  # fmt: skip
    plain, voxels, _ = made(tmp_path)
    row, again, _ = made(tmp_path, pyramid_levels=3)
    np.testing.assert_array_equal(voxels, again)
    assert (row["volume_id"], row["sha256"]) == (plain["volume_id"], plain["sha256"])
    path = tmp_path / "lake" / row["path"]
    said = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]
    assert [each["path"] for each in said["datasets"]] == ["0", "1", "2", "3"]
    for level, each in enumerate(said["datasets"]):
        step = 1 << level
        array = open_volume(path, each["path"])
        np.testing.assert_array_equal(np.asarray(array[:]), voxels[::step, ::step, ::step])
        scale, translation = each["coordinateTransformations"]
        assert scale["scale"] == [2.5 * step, 0.75 * step, 0.75 * step]
        assert translation["translation"] == [-20.0, -12.0, -12.0]


def test_pyramid_levels_end_at_a_single_voxel(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 4, rows=3, columns=2, PixelData=b"\1\0" * 6)
    row, _, _ = made(tmp_path, pyramid_levels=8)
    levels = sorted(path.name for path in (tmp_path / "lake" / row["path"]).iterdir())
    assert levels == ["0", "1", "2", "zarr.json"]


def test_a_preview_stands_beside_the_volume_unless_it_is_switched_off(tmp_path: Path) -> None:
    series(tmp_path)
    row, _, _ = made(tmp_path)
    assert row["preview"] == row["path"].replace(".zarr", ".png")
    assert (tmp_path / "lake" / row["preview"]).read_bytes().startswith(b"\x89PNG")
    assert made(tmp_path, preview=False)[0]["preview"] is None


class Floats(SliceReader):
    """Hands out floating-point pixels of its own."""

    planes: np.ndarray

    def stored_many(self, slices: Sequence[Slice], out: np.ndarray) -> None:
        assert out.dtype == self.planes.dtype
        for each, plane in zip(slices, out, strict=True):
            plane[...] = self.planes[int(each.keys["AcquisitionNumber"] or 0)]


def of_floats(tmp_path: Path, planes: np.ndarray, **attributes: Any) -> tuple[Stack, Floats]:
    """Return a stack whose slices hold planes as (Double) Float Pixel Data."""
    ct_series(tmp_path / "in", len(planes), vary=lambda k: {"AcquisitionNumber": k}, **attributes)
    (job,) = jobs(tmp_path / "in", tmp_path / "lake")
    (stack,) = judge(job.rows, job.settings.volumes, pixels=None).stacks
    reader = Floats(job.roots, job.settings.pixels)
    reader.planes = planes
    silent = dict.fromkeys(("bits_stored", "high_bit", "pixel_representation"))
    slices = tuple(
        replace(
            each,
            keys={**each.keys, "AcquisitionNumber": k},
            frame=replace(
                each.frame,
                bits_allocated=8 * planes.dtype.itemsize,
                length=planes[k].nbytes,
                **silent,
            ),
        )
        for k, each in enumerate(stack.slices)
    )
    return replace(stack, slices=slices), reader


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_v14_floating_point_pixels_are_float32_rounded_once(tmp_path: Path, dtype: str) -> None:
    planes = (np.random.default_rng(1).standard_normal((6, 32, 32)) * 1e3).astype(dtype)
    planes[2, 3, 4:7] = np.nan, np.inf, -np.inf
    stack, reader = of_floats(
        tmp_path, planes, RescaleSlope="0.1", RescaleIntercept="7", SOPClassUID=MR, Modality="MR"
    )
    shape = shaping(stack.slices, default_settings().volumes)
    voxels = VoxelReader(stack, reader, shape)
    out = np.empty(stack.shape, shape.type)
    voxels.fill(0, out)
    exact = (planes.astype(np.float64) * 0.1 + 7).astype(np.float32)
    np.testing.assert_array_equal(out, exact)
    assert out.dtype == np.float32
    finite = exact[np.isfinite(exact)]
    assert voxels.seen.values == (float(finite.min()), float(finite.max()))
    assert voxels.seen.detail("keep", None) == {"not_finite": 3}


def test_floating_point_pixels_beyond_float32_are_refused(tmp_path: Path) -> None:
    planes = np.full((6, 32, 32), 1e39)
    stack, reader = of_floats(tmp_path, planes)
    with pytest.raises(UnreadableSliceError) as caught:
        read_voxels(stack, reader, default_settings().volumes)
    assert (caught.value.cause, caught.value.outside_the_file) == ("range", False)


def test_parts_of_a_volume_add_up_in_any_order() -> None:
    parts = []
    for low in (3.0, -7.0, 5.0):
        each = Seen(missing=1, clipped=2)
        each.add_values((low, low + 1))
        each.add_padding((1, 2), 4, (low, low))
        parts.append(each)
    sums = []
    for order in (parts, parts[::-1]):
        total = Seen()
        for each in order:
            total.add(each)
        sums.append(total)
    assert sums[0] == sums[1]
    assert (sums[0].values, sums[0].padded, sums[0].missing) == ((-7.0, 6.0), 12, 3)
