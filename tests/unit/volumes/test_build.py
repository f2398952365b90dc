"""V13 to V19: values, types, what is written, and that it depends on the files alone."""

import hashlib
import json
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
import xarray as xr
import zarr
from make.rows import default_settings
from make.series import ct_series, ct_slice, pixels, write
from make.volumes import build, instance_rows, jobs, shuffled, volume_rows
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomlake.pipeline.errors import CorruptLakeError
from dicomlake.pipeline.volumes.build import build_series
from dicomlake.pipeline.volumes.jobs import count_unread
from dicomlake.pipeline.volumes.store import layout, open_volume, volume_digest


def one_volume(tmp_path: Path, **settings: Any) -> tuple[dict[str, Any], np.ndarray]:
    """Build the single series below `tmp_path/in`; return its row and voxels."""
    chosen = default_settings(volumes=settings)
    (row,) = volume_rows(build(tmp_path / "in", tmp_path / "lake", chosen))
    assert row["reason"] is None
    return row, np.asarray(open_volume(tmp_path / "lake" / row["path"])[:])


def by_pydicom(folder: Path) -> np.ndarray:
    """Return the values of a series by pydicom, in float64, ordered by z."""
    slices = sorted(
        (pydicom.dcmread(path) for path in folder.iterdir()),
        key=lambda each: float(each.ImagePositionPatient[2]),
    )
    return np.stack(
        [
            each.pixel_array.astype(np.float64) * float(each.get("RescaleSlope", 1))
            + float(each.get("RescaleIntercept", 0))
            for each in slices
        ]
    )


def test_v13_voxels_and_affine_are_those_of_simpleitk_on_a_clean_oblique_series(
    tmp_path: Path,
) -> None:
    rows = np.array([0.8, 0.6, 0.0])
    columns = np.array([-0.48, 0.64, 0.6])
    normal = np.cross(rows, columns)
    paths = ct_series(
        tmp_path / "in",
        8,
        vary=lambda k: {"ImagePositionPatient": [round(float(v), 6) for v in normal * 3.0 * k]},
        ImageOrientationPatient=[*rows, *columns],
        PixelSpacing=["0.5", "0.75"],
        rows=16,
        columns=24,
    )
    row, voxels = one_volume(tmp_path)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in paths])
    image = reader.Execute()
    np.testing.assert_array_equal(voxels, sitk.GetArrayFromImage(image))
    affine = np.array(row["affine_lps"]).reshape(4, 4)
    for index in [(0, 0, 0), (23, 0, 0), (0, 15, 0), (23, 15, 7)]:
        np.testing.assert_allclose(
            (affine @ [*index, 1])[:3], image.TransformIndexToPhysicalPoint(index), atol=1e-4
        )
    assert row["spacing_slice_mm"] == pytest.approx(3.0, abs=1e-5)
    assert (row["spacing_row_mm"], row["spacing_column_mm"]) == (0.5, 0.75)


@pytest.mark.parametrize(
    ("attributes", "dtype"),
    [
        ({}, "int16"),
        ({"RescaleSlope": "2", "RescaleIntercept": "-1000"}, "int16"),
        ({"RescaleSlope": "8", "RescaleIntercept": "1"}, "int16"),
        ({"RescaleSlope": "9"}, "int32"),
        ({"RescaleSlope": "-1", "RescaleIntercept": "32767"}, "int16"),
        ({"RescaleSlope": "1", "RescaleIntercept": "-32768"}, "int32"),
        ({"RescaleSlope": "524288"}, "int32"),
        ({"RescaleSlope": "1048576"}, "float64"),
        ({"RescaleSlope": "0.1"}, "float32"),
        ({"RescaleIntercept": "-1000.5"}, "float32"),
    ],
)
def test_v14_the_type_is_the_narrowest_that_holds_the_values(
    tmp_path: Path, attributes: dict[str, str], dtype: str
) -> None:
    pixels = np.zeros((32, 32), np.uint16)
    pixels[0, :2] = 0, 4095
    ct_series(tmp_path / "in", PixelData=pixels.tobytes(), **attributes)
    row, voxels = one_volume(tmp_path)
    expected = by_pydicom(tmp_path / "in")
    assert row["dtype"] == dtype
    np.testing.assert_array_equal(voxels, expected.astype(dtype))
    assert (row["value_min"], row["value_max"]) == (float(voxels.min()), float(voxels.max()))


@pytest.mark.parametrize(("greatest", "dtype"), [(33_791, "int16"), (33_792, "int32")])
def test_v14_the_datas_own_range_decides_where_the_possible_one_is_wider(
    tmp_path: Path, greatest: int, dtype: str
) -> None:
    pixels = np.full((32, 32), 5, np.uint16)
    pixels[3, 3] = greatest
    ct_series(tmp_path / "in", BitsStored=16, HighBit=15, PixelData=pixels.tobytes())
    row, voxels = one_volume(tmp_path)
    assert row["dtype"] == dtype
    np.testing.assert_array_equal(voxels, by_pydicom(tmp_path / "in"))


def test_v14_minus_32768_is_kept_for_lost_chunks(tmp_path: Path) -> None:
    pixels = np.full((32, 32), -32_768, np.int16)
    ct_series(tmp_path / "in", BitsStored=16, HighBit=15, PixelRepresentation=1,
              RescaleIntercept="0", PixelData=pixels.tobytes())  # fmt: skip
    row, voxels = one_volume(tmp_path)
    assert row["dtype"] == "int32"
    assert (voxels == -32_768).all()


@pytest.mark.parametrize("allocated", [8, 32])
@pytest.mark.parametrize("signed", [0, 1])
def test_v13_samples_of_other_sizes_become_the_same_values(
    tmp_path: Path, allocated: int, signed: int
) -> None:
    pixels = np.random.default_rng(1).integers(0, 120, (32, 32)).astype(f"u{allocated // 8}")
    ct_series(tmp_path / "in", BitsAllocated=allocated, BitsStored=allocated,
              HighBit=allocated - 1, PixelRepresentation=signed,
              PixelData=pixels.tobytes())  # fmt: skip
    row, voxels = one_volume(tmp_path)
    assert row["dtype"] == "int16"
    np.testing.assert_array_equal(voxels, by_pydicom(tmp_path / "in"))


def test_v13_rescale_is_that_of_each_slice(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", vary=lambda k: {"RescaleSlope": f"{0.37 * (k + 1):.4f}"})
    row, voxels = one_volume(tmp_path)
    assert row["dtype"] == "float32"
    np.testing.assert_array_equal(voxels, by_pydicom(tmp_path / "in").astype(np.float32))


def test_v15_padding_is_kept_and_counted_on_stored_values(tmp_path: Path) -> None:
    pixels = np.full((32, 32), 100, np.int16)
    pixels[:4] = -2000
    pixels[4, :7] = -1990
    ct_series(tmp_path / "in", BitsStored=16, HighBit=15, PixelRepresentation=1,
              PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1980,
              PixelData=pixels.tobytes())  # fmt: skip
    row, voxels = one_volume(tmp_path)
    assert voxels.min() == -3024
    assert json.loads(row["detail"])["padding"] == {
        "policy": "keep",
        "voxels": 6 * (4 * 32 + 7),
        "stored": [-2000, -1980],
        "values": [-3024.0, -3014.0],
    }


def _with_lut(k: int, kind: str) -> Dataset:
    dataset = ct_slice(k, RescaleSlope=None, RescaleIntercept=None)
    item = Dataset()
    item.add_new(0x00283002, "US", [3000, 500, 16])
    item.add_new(0x00283004, "LO", kind)
    item.add_new(0x00283006, "OW", (np.arange(3000, dtype="<u2") * 3).tobytes())
    dataset.add_new(0x00283000, "SQ", [item])
    return dataset


def test_v16_a_modality_lut_of_hu_replaces_rescale(tmp_path: Path) -> None:
    for k in range(5):
        write(_with_lut(k, "HU"), tmp_path / "in" / f"{k}")
    row, voxels = one_volume(tmp_path)
    stored = np.stack([pydicom.dcmread(tmp_path / "in" / f"{k}").pixel_array for k in range(5)])
    np.testing.assert_array_equal(voxels, np.clip(stored.astype(int) - 500, 0, 2999) * 3)
    assert row["units"] == "HU"


@pytest.mark.parametrize(("bits", "packed"), [(16, "u2"), (8, "u1")])
@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_v16_a_modality_lut_is_read_in_the_byte_order_of_its_file(
    tmp_path: Path, syntax: str, bits: int, packed: str
) -> None:
    table = (np.arange(256) * (257 if bits == 16 else 1) % 30_000).astype(packed)
    stored = np.random.default_rng(3).integers(0, 256, (5, 32, 32)).astype("<u2")
    words = table.view("<u2")
    if syntax == ExplicitVRBigEndian:
        stored, words = stored.astype(">u2"), words.astype(">u2")
    for k in range(5):
        dataset = _with_lut(k, "HU")
        item = dataset.ModalityLUTSequence[0]
        item.LUTDescriptor = [256, 0, bits]
        item["LUTData"].value = words.tobytes()
        dataset.PixelData = stored[k].tobytes()
        write(dataset, tmp_path / "in" / f"{k}", syntax)
    _, voxels = one_volume(tmp_path)
    np.testing.assert_array_equal(voxels, table[stored])


def test_v14_the_range_of_a_modality_lut_is_that_of_the_entries_used(tmp_path: Path) -> None:
    for k in range(5):
        dataset = _with_lut(k, "HU")
        table = np.arange(3000, dtype="<u2") * 3
        table[-1] = 60_000
        dataset.ModalityLUTSequence[0]["LUTData"].value = table.tobytes()
        dataset.PixelData = np.full((32, 32), 600 + k, "<u2").tobytes()
        dataset.add_new(0x00280120, "US", 602)
        write(dataset, tmp_path / "in" / f"{k}")
    row, voxels = one_volume(tmp_path)
    assert row["dtype"] == "int16"
    assert [int(each.max()) for each in voxels] == [300, 303, 306, 309, 312]
    padding = json.loads(row["detail"])["padding"]
    assert (padding["voxels"], padding["values"]) == (32 * 32, [306.0, 306.0])


def test_v17_the_group_opens_in_other_readers_and_says_where_its_voxels_lie(
    tmp_path: Path,
) -> None:
    ct_series(tmp_path / "in")
    row, voxels = one_volume(tmp_path)
    group = zarr.open_group(tmp_path / "lake" / row["path"], mode="r")
    array = group["0"]
    assert array.metadata.dimension_names == ("z", "y", "x")
    assert array.fill_value == -32_768
    scale, translation = group.attrs["ome"]["multiscales"][0]["datasets"][0][
        "coordinateTransformations"
    ]
    assert scale["scale"] == [2.5, 0.75, 0.75]
    assert translation["translation"] == [-20.0, -12.0, -12.0]
    ours = group.attrs["dicomlake"]
    assert np.array(ours["affine_lps"]).ravel().tolist() == row["affine_lps"]
    assert ours["volume"]["sha256"] == row["sha256"] == hashlib.sha256(voxels.tobytes()).hexdigest()
    assert not {"run_id", "pipeline_version"} & set(ours["volume"])
    metadata = json.loads((tmp_path / "lake" / row["path"] / "0" / "zarr.json").read_text())
    assert "consolidated_metadata" not in metadata
    (sharding,) = metadata["codecs"]
    assert [c["name"] for c in sharding["configuration"]["codecs"]] == ["bytes", "blosc"]


def test_v17_xarray_opens_the_group(tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    row, voxels = one_volume(tmp_path)
    opened = xr.open_zarr(tmp_path / "lake" / row["path"], consolidated=False)
    assert opened["0"].dims == ("z", "y", "x")
    np.testing.assert_array_equal(opened["0"].to_numpy(), voxels)


def test_v17_blank_chunks_are_written_and_a_lost_one_is_no_plausible_value(tmp_path: Path) -> None:
    blank = np.zeros((32, 32), np.uint16).tobytes()
    ct_series(tmp_path / "in", RescaleIntercept="-32767", PixelData=blank)
    row, voxels = one_volume(tmp_path)
    assert (voxels == -32_767).all()
    path = tmp_path / "lake" / row["path"]
    (shard,) = (path / "0" / "c").glob("*/*/*")
    shard.unlink()
    assert (np.asarray(open_volume(path)[:]) == -32_768).all()
    with pytest.raises(CorruptLakeError):
        volume_digest(path)


def test_v17_a_damaged_volume_is_an_error_of_its_own(tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    row, _ = one_volume(tmp_path)
    path = tmp_path / "lake" / row["path"]
    (shard,) = (path / "0" / "c").glob("*/*/*")
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(CorruptLakeError):
        volume_digest(path)
    shutil.rmtree(path)
    with pytest.raises(CorruptLakeError):
        volume_digest(path)


def tree_digest(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_v19_names_places_and_order_of_files_change_no_byte(tmp_path: Path) -> None:
    ct_series(tmp_path / "a", 9)
    for place, path in enumerate(sorted((tmp_path / "a").iterdir())[::-1]):
        target = tmp_path / "b" / f"x{place % 2}" / f"{place}.bin"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    first = volume_rows(build(tmp_path / "a", tmp_path / "lake a"))
    (job,) = jobs(tmp_path / "b", tmp_path / "lake b")
    second = volume_rows([build_series(shuffled(job, 3))])
    assert first == second
    assert tree_digest(tmp_path / "lake a" / "volumes") == tree_digest(
        tmp_path / "lake b" / "volumes"
    )


def test_v19_another_process_with_other_threads_writes_the_same_bytes(tmp_path: Path) -> None:
    ct_series(tmp_path / "in", 70, rows=200, columns=150,
              vary=lambda k: {"PixelData": pixels(k, 200, 150).tobytes()})  # fmt: skip
    here = volume_rows(build(tmp_path / "in", tmp_path / "here"))
    (job,) = jobs(tmp_path / "in", tmp_path / "there")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        first, second = pool.map(build_series, [job, job])
    assert here == volume_rows([first]) == volume_rows([second])
    assert tree_digest(tmp_path / "here" / "volumes") == tree_digest(tmp_path / "there" / "volumes")


def test_v19_a_second_build_keeps_the_first_volume_and_leaves_no_staging(tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    row, _ = one_volume(tmp_path)
    group = tmp_path / "lake" / row["path"]
    inode = group.stat().st_ino
    again, _ = one_volume(tmp_path)
    assert (again, group.stat().st_ino) == (row, inode)
    assert not list((tmp_path / "lake" / "staging" / "run" / "volumes").iterdir())


def test_v19_a_corrected_position_under_the_same_uids_stands_beside_the_first_volume(
    tmp_path: Path,
) -> None:
    ct_series(tmp_path / "in")
    before, _ = one_volume(tmp_path)
    ct_series(tmp_path / "in", origin=(0.0, 0.0, 0.0))
    after, _ = one_volume(tmp_path)
    again, _ = one_volume(tmp_path)
    assert after["path"] == again["path"] != before["path"]
    assert (after["volume_id"], after["sha256"]) == (before["volume_id"], before["sha256"])
    for row, x in ((before, -12.0), (after, 0.0)):
        group = zarr.open_group(tmp_path / "lake" / row["path"], mode="r")
        assert group.attrs["dicomlake"]["volume"]["affine_lps"] == row["affine_lps"]
        assert row["affine_lps"][3] == x


def test_a_damaged_volume_is_left_for_verify_and_the_new_one_stands_beside_it(
    tmp_path: Path,
) -> None:
    ct_series(tmp_path / "in")
    before, array = one_volume(tmp_path)
    chunk = next(path for path in (tmp_path / "lake" / before["path"]).rglob("c/*/*/*"))
    chunk.write_bytes(chunk.read_bytes()[:-1])
    after, again = one_volume(tmp_path)
    assert after["path"] != before["path"]
    assert np.array_equal(array, again)


def test_v18_every_file_is_a_row_and_slices_say_what_was_applied(tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    write(ct_slice(40, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]), tmp_path / "in" / "scout")
    shutil.copyfile(tmp_path / "in" / "IM0002", tmp_path / "in" / "copy")
    results = build(tmp_path / "in", tmp_path / "lake")
    (volume,) = volume_rows(results)
    rows = instance_rows(results)
    assert len({(row["file_id"], row["frame_number"]) for row in rows}) == len(rows) == 8
    slices = sorted((r for r in rows if r["role"] == "slice"), key=lambda r: r["slice_index"])
    assert [row["position_mm"] for row in slices] == [-20.0 + 2.5 * k for k in range(6)]
    assert {(r["slope"], r["intercept"], r["volume_id"], r["frame_number"]) for r in slices} == {
        (1.0, -1024.0, volume["volume_id"], 1)
    }
    (copy,) = (row for row in rows if row["role"] == "duplicate")
    assert (copy["reason"], copy["volume_id"], copy["frame_number"]) == (
        "DUPLICATE_SOP_INSTANCE", volume["volume_id"], None,
    )  # fmt: skip
    (scout,) = (row for row in rows if row["role"] == "excluded")
    assert (scout["reason"], scout["volume_id"], scout["frame_number"]) == (
        "LOCALIZER", None, None,
    )  # fmt: skip


def test_a_truncated_file_rejects_and_nothing_is_zero_filled(tmp_path: Path) -> None:
    paths = ct_series(tmp_path / "in")
    os.truncate(paths[3], paths[3].stat().st_size - 500)
    (row,) = volume_rows(build(tmp_path / "in", tmp_path / "lake"))
    assert (row["status"], row["reason"], row["n_slices"]) == ("rejected", "PIXEL_DATA_ERROR", 6)
    assert not list((tmp_path / "lake").rglob("zarr.json"))


def test_a_file_gone_since_the_crawl_rejects_for_now(tmp_path: Path) -> None:
    paths = ct_series(tmp_path / "in")
    (job,) = jobs(tmp_path / "in", tmp_path / "lake")
    assert count_unread([build_series(job)]) == 0
    paths[3].unlink()
    result = build_series(job)
    (row,) = result.volumes.to_pylist()
    assert count_unread([result]) == 1
    detail = json.loads(row["detail"])
    assert (row["reason"], detail["cause"], detail["retry"]) == (
        "PIXEL_DATA_ERROR", "missing", True,
    )  # fmt: skip


def test_v2_repeats_that_cannot_be_read_now_are_judged_by_another_run(tmp_path: Path) -> None:
    (first, *_) = ct_series(tmp_path / "in")
    twin = pydicom.dcmread(first)
    twin.SOPInstanceUID += ".1"
    path = write(twin, tmp_path / "in" / "twin")
    (job,) = jobs(tmp_path / "in", tmp_path / "lake")
    away = path.rename(tmp_path / "away")
    result = build_series(job)
    (row,) = result.volumes.to_pylist()
    assert (row["reason"], row["n_slices"]) == ("PIXEL_DATA_ERROR", 7)
    assert count_unread([result]) == 1
    assert result.volume_instances.num_rows == 7
    away.rename(path)
    result = build_series(job)
    assert result.volumes["status"].to_pylist() == ["accepted"]
    reasons = result.volume_instances["reason"].to_pylist()
    assert sorted(reasons, key=str) == ["DUPLICATE_POSITION", *[None] * 6]


def test_files_of_a_volume_get_the_lakes_permissions(tmp_path: Path) -> None:
    ct_series(tmp_path / "in")
    chosen = default_settings(lake={"mode": "0750"})
    (row,) = volume_rows(build(tmp_path / "in", tmp_path / "lake", chosen))
    modes = {
        (path.is_dir(), path.stat().st_mode & 0o777)
        for path in (tmp_path / "lake" / row["path"]).rglob("*")
    }
    assert modes == {(True, 0o750), (False, 0o640)}


def test_slabs_stay_small_whatever_the_size_of_a_series() -> None:
    for shape in [(5000, 512, 512), (3, 4096, 4096), (700, 2048, 2048), (1, 1, 1)]:
        for dtype in ("<i2", "<f8"):
            for wanted in [(32, 128, 128), (1, 0, 0), (0, 0, 0), (64, 64, 64)]:
                plan = layout(shape, np.dtype(dtype), wanted)
                bytes_of_slab = int(np.prod(plan.shards)) * plan.dtype.itemsize
                assert bytes_of_slab <= max(1.2 * 32 * 2**20, 4096 * 4096 * 8)
                assert all(s % c == 0 for s, c in zip(plan.shards, plan.chunks, strict=True))
                assert plan.slabs()[-1][1] == shape[0]
    assert layout((300, 512, 512), np.dtype("<i2"), (32, 128, 128)).chunks == (32, 128, 128)


@pytest.mark.parametrize(
    ("codec", "level", "shuffle", "chunks"),
    [
        ("lz4", 2, "bitshuffle", (1, 0, 0)),
        ("zstd", 5, "bitshuffle", (0, 16, 32)),
        ("zstd", 1, "shuffle", (2, 8, 8)),
    ],
)
def test_codec_and_chunks_are_those_of_the_settings_and_change_no_voxel(
    tmp_path: Path, codec: str, level: int, shuffle: str, chunks: tuple[int, int, int]
) -> None:
    ct_series(tmp_path / "in", 7)
    plain, voxels = one_volume(tmp_path)
    shutil.rmtree(tmp_path / "lake")
    row, again = one_volume(
        tmp_path, codec=codec, codec_level=level, codec_shuffle=shuffle, chunks=chunks
    )
    np.testing.assert_array_equal(voxels, again)
    assert row["volume_id"] == plain["volume_id"]
    array = open_volume(tmp_path / "lake" / row["path"])
    assert array.chunks == tuple(c or n for c, n in zip(chunks, (7, 32, 32), strict=True))
    said = array.compressors[0].to_dict()["configuration"]
    assert (said["cname"], said["clevel"], said["shuffle"]) == (codec, level, shuffle)
