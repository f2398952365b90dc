"""Small synthetic series, each one trap, and real series, against their truth."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from make.lakes import read_rows
from make.volumes import build, folder_rows, instance_rows, volume_rows

from dicomlake.pipeline.volumes.store import open_volume

CASES = [
    "c01_clean", "c02_instance_number_shuffled", "c04_double_oblique", "c07_nonsquare_pixels",
    "c08_gantry_tilt", "c10_missing_middle", "c12_duplicate_files_same_sop",
    "c14_duplicate_position_other_pixels", "c15_two_acquisitions_same_positions",
    "c17_perfusion_content_time_only", "c20_repeat_no_discriminator",
    "c21_two_acquisitions_contiguous", "c24_rgb_localizer_inside", "c25_scout_inside",
    "c27_variable_spacing_zones", "c28_jitter_within_tolerance", "c30_overlapping_slices",
    "c34_pet_varying_slope", "c37_unsigned_12bit", "c38_padding_outside_fov", "c39_float_slope",
    "c42_monochrome1", "c43_modality_lut_sequence", "c44_single_slice", "c46_mixed_matrix",
    "c47_mixed_pixel_spacing", "c49_orientation_rounding_noise", "c50_missing_ipp_one",
    "c53_truncated_pixel_data", "c55_same_sop_uid_other_content", "c57_no_rescale_ct",
    "c70_extra_non_image_objects", "c74_no_instance_number", "c75_per_slice_times_one_volume",
    "c77_acquisition_number_per_slice", "c79_slice_thickness_zero_or_absent",
    "c59_enhanced_ct_shuffled_frames", "c60_enhanced_ct_two_timepoints", "c62_rle", "c64_j2k",
    "c67_deflated",
]  # fmt: skip


@pytest.fixture(scope="module")
def truth(shared: Path) -> dict[str, Any]:
    return json.loads((shared / "cases" / "volumes" / "truth.json").read_text())


def test_every_case_is_tested(truth: dict[str, Any]) -> None:
    assert set(truth) == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_case_has_its_truth(case: str, truth: dict[str, Any], shared: Path, tmp_path: Path) -> None:
    expected = truth[case]
    results = build(shared / "cases" / "volumes" / case, tmp_path / "lake")
    rows = volume_rows(results)
    aside = Counter(r["reason"] for r in instance_rows(results) if r["role"] == "excluded")
    if expected["status"] == "reject":
        assert [row["status"] for row in rows] == ["rejected"]
        assert rows[0]["reason"] in expected["reasons"]
        return
    assert aside == {each["reason"]: each["count"] for each in expected["excluded"]}
    assert len(rows) == len(expected["volumes"])
    for row, volume in zip(rows, expected["volumes"], strict=True):
        assert row["status"] == "accepted"
        assert (row["shape"], row["dtype"]) == (volume["shape_zyx"], volume["dtype"])
        assert row["sha256"] == volume["sha256"]
        affine = np.array(row["affine_lps"]).reshape(4, 4)
        np.testing.assert_allclose(affine, volume["affine_lps"], atol=1e-3)
        assert (row["value_min"], row["value_max"]) == pytest.approx((volume["min"], volume["max"]))
        assert set(volume["flags"]) <= set(row["flags"])
        assert (row["channel_key"] is None) == (volume["channel"] is None)


def test_the_products_reader_gives_the_rows_that_these_tests_are_made_of(shared: Path) -> None:
    """The cases above are read by pydicom; what the product commits is the same."""
    folders = [*(shared / "cases" / "volumes").iterdir(), shared / "corpus" / "ct_series",
               shared / "corpus" / "mr_series_with_nifti_truth"]  # fmt: skip
    compared = 0
    for folder in filter(Path.is_dir, folders):
        expected = {row["file_id"]: row for row in folder_rows(folder).to_pylist()}
        for row in read_rows(folder).to_pylist():
            if expected[row["file_id"]]["status"] == "ingested":
                assert row == expected[row["file_id"]]
                compared += 1
    assert compared > 700


REAL_CT = {
    "philips_phantom_flat": None,
    "ge_gantry_tilt_variable_gap": "NON_UNIFORM_SPACING",
    "dicom_numpy_dupe_positions": "NON_UNIFORM_SPACING",
}


@pytest.mark.parametrize("name", REAL_CT)
def test_real_ct_has_the_voxels_independent_tools_agree_on(
    name: str, shared: Path, tmp_path: Path
) -> None:
    expected = json.loads((shared / "corpus" / "expected.json").read_text())["volumes"]
    (row,) = volume_rows(build(shared / "corpus" / "ct_series" / name, tmp_path / "lake"))
    assert row["reason"] == REAL_CT[name]
    if row["reason"] is None:
        said = expected[f"ct_series/{name}"]
        voxels = np.asarray(open_volume(tmp_path / "lake" / row["path"])[:])
        digest = hashlib.sha256(voxels.astype("<i4").tobytes()).hexdigest()
        assert digest == said["value_sha256_int32"]
        affine = np.array(row["affine_lps"]).reshape(4, 4)
        np.testing.assert_allclose(affine, said["affine_lps_ijk"], atol=1e-3)


MR = [
    "anatomical/001",
    "anatomical/001_implicit",
    "generic/anatomical/001",
    "generic/anatomical/001_implicit",
    "generic/anatomical/002_non_isotropic",
    "hitachi/anatomical/001",
    "hitachi/anatomical/001_implicit",
]


@pytest.mark.parametrize("name", MR)
def test_real_mr_has_the_voxels_and_places_of_its_nifti_truth(
    name: str, shared: Path, tmp_path: Path
) -> None:
    corpus = shared / "corpus" / "mr_series_with_nifti_truth"
    (row,) = volume_rows(build(corpus / name, tmp_path / "lake"))
    assert row["reason"] is None
    voxels = np.asarray(open_volume(tmp_path / "lake" / row["path"])[:]).transpose(2, 1, 0)
    image = sitk.ReadImage(str(corpus / f"{name}_ground_truth.nii.gz"))
    expected = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    theirs = np.eye(4)
    direction = np.array(image.GetDirection()).reshape(3, 3)
    theirs[:3, :3] = direction * image.GetSpacing()
    theirs[:3, 3] = image.GetOrigin()
    from_ours = np.linalg.inv(theirs) @ np.array(row["affine_lps"]).reshape(4, 4)
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(voxels.shape) - 1)
    placed = (from_ours @ np.c_[corners, np.ones(8)].T).T[:, :3]
    np.testing.assert_allclose(placed, np.rint(placed), atol=0.02)
    turn, shift = np.rint(from_ours[:3, :3]).astype(int), np.rint(from_ours[:3, 3]).astype(int)
    index = np.indices(voxels.shape).reshape(3, -1)
    i, j, k = turn @ index + shift[:, None]
    np.testing.assert_allclose(expected[i, j, k], voxels.ravel(), rtol=1e-6)


def test_every_file_or_frame_of_the_corpus_stands_once_in_volume_instances(
    shared: Path, tmp_path: Path
) -> None:
    for name in ("seg_sr_sm", "odd", "transfer_syntaxes", "rt"):
        rows = folder_rows(shared / "corpus" / name)
        results = build(shared / "corpus" / name, tmp_path / name, rows=rows)
        placed = Counter((row["file_id"], row["frame_number"]) for row in instance_rows(results))
        assert set(placed.values()) == {1}
        assert {file_id for file_id, _ in placed} == set(rows.column("file_id").to_pylist())
