"""The rules of volumes, V0 to V19, on every kind of series, through whole runs.

What is compared is what a user finds: the tables of the lake and the arrays. The series of
`make/traps.py` and `make/kinds.py` are drawn with their truth; those of the folder beside the
checkout have it in `truth.json`, in `expected.json` and in NIfTI files that others made.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk  # noqa: N813  (its own documentation calls it so)
from make.compressed import HTJ2K, JPEG_BASELINE, JPEG_EXTENDED, JPEG_LS_NEAR, NEAR
from make.kinds import KINDS, LOSSY, PADDED
from make.one_run import Outcome, Row, run_inline, settings
from make.oracle import Files, check_reconciled, check_volume
from make.series import uid
from make.soak import long
from make.traps import TRAPS, TrueVolume, Truth, drawn, save, stack
from make.tree import clean_environment, command
from pydicom import dcmread

pytestmark = pytest.mark.timeout(300)

EXACT = {**TRAPS, **KINDS}


# Series of our own, in one run.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Truth]]:
    """A tree with every series, each in a folder of its name."""
    root = tmp_path_factory.mktemp("made") / "tree"
    truth = {name: build(root / name, name) for name, build in {**EXACT, **LOSSY}.items()}
    return root, truth


PLAIN = settings(preview=False)


@pytest.fixture(scope="module")
def inline(
    made: tuple[Path, dict[str, Truth]], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    return run_inline(made[0], tmp_path_factory.mktemp("inline") / "lake", PLAIN)


SOME = (
    "clean", "instance_number_shuffled", "gantry_tilt", "missing_middle", "single_slice",
    "duplicate_files_same_sop", "duplicate_position_same_pixels", "content_time_only",
    "same_sop_uid_other_content", "two_orientations", "scouts_by_orientation_only", "deflated",
    "pet_varying_slope", "multi_frame_MR", "two_stacks_of_one_object", "localizer_frame_inside",
    "concatenation_of_three", "object_copied", "a_frame_twice", "syntaxes_mixed", "nothing_usable",
    "nuclear_medicine_without_geometry", "codestream_of_noise", "float_pixel_data",
)  # fmt: skip
"""Series of every way through the stages, for what is done again elsewhere."""


def scattered(root: Path, into: Path, names: Iterable[str]) -> Path:
    """Link the files of folders under other names, shuffled, into seven folders; return them."""
    paths = sorted(path for name in names for path in (root / name).rglob("*") if path.is_file())
    order = np.random.default_rng(19).permutation(len(paths))
    for number, index in enumerate(order):
        target = into / f"ward {number % 7}" / f"{number:05x}"
        target.parent.mkdir(parents=True, exist_ok=True)
        os.link(paths[index], target)
    return into


@pytest.fixture(scope="module")
def spread(
    made: tuple[Path, dict[str, Truth]], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    """The command line with two worker processes, on some of the series."""
    folder = tmp_path_factory.mktemp("spread")
    for name in SOME:
        shutil.copytree(made[0] / name, folder / "tree" / name, copy_function=os.link)
    options = ["--lake", str(folder / "lake"), "--workers", "2", "--json"]
    environment = clean_environment(DICOMLAKE_VOLUMES__PREVIEW="false")
    tree = str(folder / "tree")
    done = command("run", tree, *options, cwd=folder, environment=environment)
    assert done.returncode in {0, 3}, done.stderr
    return Outcome(folder / "tree", folder / "lake")


def is_like(row: Row, true: TrueVolume) -> bool:
    """Return whether a volume is where a true one is, of its size, and of its channel."""
    if row["status"] != "accepted" or row["shape"] != list(true.values.shape):
        return False
    key, value = true.channel or ("", None)
    affine = np.array(row["affine_lps"]).reshape(4, 4)
    return (
        (row["channel_key"] or "") in key.split("|")
        and row["channel_value"] == value
        and bool(np.abs(affine - true.affine).max() < 1e-3)
    )


def assert_verdict(outcome: Outcome, truth: Truth) -> list[tuple[Row, TrueVolume]]:
    """Check status, reason and what is set aside; return the volumes beside the true ones."""
    rows = outcome.of_series(truth.series)
    if truth.reason is not None:
        assert [(row["status"], row["reason"]) for row in rows] == [("rejected", truth.reason)]
    else:
        assert [row["reason"] for row in rows] == [None] * len(truth.volumes)
    assert Counter(row["reason"] for row in outcome.aside(truth.series)) == truth.aside
    pairs = [(row, true) for true in truth.volumes for row in rows if is_like(row, true)]
    assert len({row["volume_id"] for row, _ in pairs}) == len(pairs) == len(truth.volumes)
    for row, true in pairs:
        assert set(row["flags"]) == true.flags
        assert row["dtype"] == true.dtype
    return pairs


@pytest.mark.parametrize("name", EXACT)
def test_series_becomes_what_its_rule_says(
    name: str, made: tuple[Path, dict[str, Truth]], inline: Outcome
) -> None:
    for row, true in assert_verdict(inline, made[1][name]):
        values = true.values.astype(np.dtype(true.dtype).newbyteorder("<"))
        assert row["sha256"] == hashlib.sha256(values.tobytes()).hexdigest()
        np.testing.assert_array_equal(inline.voxels(row), values)
        assert (row["value_min"], row["value_max"]) == (values.min(), values.max())


NEARNESS = {JPEG_LS_NEAR: NEAR, JPEG_BASELINE: 8, JPEG_EXTENDED: 4, HTJ2K: 48}
"""Greatest difference that a lossy syntax makes here; JPEG 2000 at 60 dB: 32."""


@pytest.mark.parametrize("name", LOSSY)
def test_v14_lossy_pixels_are_flagged_and_what_the_decoder_says(
    name: str, made: tuple[Path, dict[str, Truth]], inline: Outcome
) -> None:
    ((row, true),) = assert_verdict(inline, made[1][name])
    voxels = check_volume(inline, row, Files())
    distance = np.abs(voxels - true.values).max()
    assert 0 < distance <= NEARNESS.get(name.removeprefix("lossy_"), 32)


def test_v0_every_accepted_volume_holds_against_its_own_files(inline: Outcome) -> None:
    files = Files()
    special = {
        uid(name, "series")
        for name in ("modality_lut_in_hu", "float_pixel_data", "double_float_pixel_data")
    } | {
        # Other bits above BitsStored than the sign: pydicom leaves them in.
        uid(name, "series")
        for name in ("unsigned_12_bit_with_an_overlay", "signed_12_bit")
    }
    checked = 0
    for row in inline.volumes:
        if row["status"] == "accepted" and row["series_instance_uid"] not in special:
            check_volume(inline, row, files)
            checked += 1
    assert checked > 60


def test_v18_every_frame_has_a_row_and_every_series_a_verdict(inline: Outcome) -> None:
    check_reconciled(inline)


@long
def test_v18_two_workers_lose_nothing_and_make_the_same(inline: Outcome, spread: Outcome) -> None:
    check_reconciled(spread)
    assert_same_volumes(spread, inline)


def test_v19_names_and_folders_change_neither_identity_nor_bytes(
    made: tuple[Path, dict[str, Truth]], inline: Outcome, tmp_path: Path
) -> None:
    root = scattered(made[0], tmp_path / "scattered", SOME)
    again = run_inline(root, tmp_path / "lake", PLAIN)
    check_reconciled(again)
    assert_same_volumes(again, inline)


def assert_same_volumes(some: Outcome, whole: Outcome) -> None:
    """Hold the volumes of some series against those of a run that had them among others."""
    series = {uid(name, "series") for name in SOME}
    expected = [row for row in told(whole) if row[0] in series]
    assert told(some) == expected
    paths = {row["path"] for row in some.volumes if row["path"]}
    wanted = {
        path: digest
        for path, digest in whole.bytes_of_volumes().items()
        if any(path.startswith(f"{each}/") for each in paths)
    }
    assert some.bytes_of_volumes() == wanted
    assert wanted


def told(outcome: Outcome) -> list[tuple[Any, ...]]:
    """Return what a lake says of its volumes, whatever their files are called."""
    names = ("series_instance_uid", "status", "reason", "volume_id", "sha256", "shape", "dtype",
             "affine_lps", "flags", "channel_key", "channel_value", "path", "n_slices")  # fmt: skip
    return sorted((tuple(row[name] for name in names) for row in outcome.volumes), key=repr)


def one(outcome: Outcome, name: str) -> Row:
    (row,) = outcome.of_series(uid(name, "series"))
    return row


def test_v15_padding_of_a_range_is_counted_on_stored_values(inline: Outcome) -> None:
    row = one(inline, "padding_range")
    stored = inline.voxels(row).astype(int) + 1024
    inside = (stored >= PADDED[0]) & (stored <= PADDED[1])
    padding = json.loads(row["detail"])["padding"]
    assert inside.sum() > 100
    assert padding["voxels"] == inside.sum()


def test_v8_the_drift_of_a_tilted_stack_is_in_the_affine(inline: Outcome) -> None:
    row = one(inline, "gantry_tilt")
    _, c, s = np.array(row["affine_lps"]).reshape(4, 4)[:3, :3].T
    assert abs(np.dot(s / np.linalg.norm(s), c / np.linalg.norm(c))) > 0.2
    assert abs(row["spacing_slice_mm"] - 2.5) < 1e-6


def test_v12_every_frame_of_an_object_stands_under_its_number(inline: Outcome) -> None:
    for name in ("multi_frame_CT", "multi_frame_legacy_PT", "frames_in_1.2.840.10008.1.2.5"):
        slices = inline.slices(one(inline, name))
        assert sorted(row["frame_number"] for row in slices) == list(range(1, 9))
        assert len({row["file_id"] for row in slices}) == 1
        # Shuffled frames: the order is that of positions, not of numbers.
        assert [row["frame_number"] for row in slices] != list(range(1, 9))
        heights = [row["position_mm"] for row in slices]
        assert heights == sorted(heights)


def test_v16_units_are_what_the_files_say(inline: Outcome) -> None:
    units = {"clean": "HU", "pet_varying_slope": "BQML", "no_rescale_mr": None,
             "modality_lut_in_hu": "HU", "multi_frame_legacy_PT": "BQML"}  # fmt: skip
    assert {name: one(inline, name)["units"] for name in units} == units


# Options.


@pytest.fixture(scope="module")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three series: a clean one, one with a hole of two, one whose step changes."""
    root = tmp_path_factory.mktemp("gaps") / "tree"
    slices = stack("hole", 12)
    save(slices[:5] + slices[7:], root / "hole")
    heights = np.cumsum([0, 2, 2, 2, 2, 3, 3, 3, 3])
    save(stack("zones", 9, vary=lambda k: {"position": (0, 0, float(heights[k]))}), root / "zones")
    save(stack("clean"), root / "clean")
    return root


def by_start(outcome: Outcome, name: str) -> list[Row]:
    """Return the volumes of a series in the order of their first slices."""
    rows = outcome.of_series(uid(name, "series"))
    return sorted(rows, key=lambda row: (row["affine_lps"] or [0.0] * 16)[11])


def test_v7_on_gap_split_makes_a_volume_of_each_even_side(gaps: Path, tmp_path: Path) -> None:
    outcome = run_inline(gaps, tmp_path / "lake", settings(preview=False, on_gap="split"))
    check_reconciled(outcome)
    files = Files()
    hole, zones = by_start(outcome, "hole"), by_start(outcome, "zones")
    assert [row["n_slices"] for row in hole] == [5, 5]
    assert {row["reason"] for row in (*hole, *zones)} == {None}
    assert sum(row["n_slices"] for row in zones) == 9
    assert [round(row["spacing_slice_mm"], 6) for row in zones] == [2.0, 3.0]
    for row in (*hole, *zones):
        assert "gap_split" in row["flags"]
        check_volume(outcome, row, files)
    assert "gap_split" not in one(outcome, "clean")["flags"]


def test_v7_on_gap_fill_leaves_the_fill_value_and_a_mask(gaps: Path, tmp_path: Path) -> None:
    import zarr  # noqa: PLC0415  (the array `mask` as any reader finds it)

    chosen = settings(preview=False, on_gap="fill")
    outcome = run_inline(gaps, tmp_path / "lake", chosen)
    check_reconciled(outcome)
    row = one(outcome, "hole")
    assert (row["reason"], row["shape"][0], row["n_slices"]) == (None, 12, 10)
    assert "filled" in row["flags"]
    voxels = check_volume(outcome, row, Files(), chosen.volumes)
    assert (voxels[5:7] == -32768).all()
    mask = np.asarray(zarr.open_group(outcome.lake / row["path"], mode="r")["mask"][:])
    assert ((mask & 2) == 2).all(axis=(1, 2)).tolist() == [k in (5, 6) for k in range(12)]
    # A change of step is no gap: nothing can be filled.
    assert one(outcome, "zones")["reason"] == "NON_UNIFORM_SPACING"
    assert "filled" not in one(outcome, "clean")["flags"]


def test_v8_on_shear_reject_refuses_what_drifts_only(tmp_path: Path) -> None:
    for name in ("gantry_tilt", "clean", "double_oblique"):
        TRAPS[name](tmp_path / "tree" / name, name)
    outcome = run_inline(tmp_path / "tree", tmp_path / "lake", settings(on_shear="reject"))
    assert one(outcome, "gantry_tilt")["reason"] == "SHEARED"
    assert {one(outcome, name)["reason"] for name in ("clean", "double_oblique")} == {None}


def test_v15_padding_fill_and_mask_touch_padding_only(tmp_path: Path) -> None:
    import zarr  # noqa: PLC0415  (as above)

    for name in ("padding_range", "padding_outside_field_of_view"):
        {**TRAPS, **KINDS}[name](tmp_path / "tree" / name, name)
    kept, masked, filled = (
        run_inline(tmp_path / "tree", tmp_path / how, settings(padding=how, preview=False))
        for how in ("keep", "mask", "fill")
    )
    for name in ("padding_range", "padding_outside_field_of_view"):
        plain = kept.voxels(one(kept, name))
        stored = plain.astype(int) + 1024
        low, high = PADDED if name == "padding_range" else (-2000, -2000)
        inside = (stored >= low) & (stored <= high)
        assert inside.any()
        np.testing.assert_array_equal(masked.voxels(one(masked, name)), plain)
        expected = np.where(inside, -32768, plain)
        np.testing.assert_array_equal(filled.voxels(one(filled, name)), expected)
        assert "filled" in one(filled, name)["flags"]
        for outcome in (masked, filled):
            group = zarr.open_group(outcome.lake / one(outcome, name)["path"], mode="r")
            np.testing.assert_array_equal(np.asarray(group["mask"][:]) & 1, inside)
        identities = {one(outcome, name)["volume_id"] for outcome in (kept, masked, filled)}
        assert len(identities) == 3, "the settings that shape voxels are part of the identity"


def test_hu_clip_clips_what_is_in_hu_and_says_so(tmp_path: Path) -> None:
    for name in ("clean", "pet_varying_slope", "no_rescale_mr"):
        TRAPS[name](tmp_path / "tree" / name, name)
    plain = run_inline(tmp_path / "tree", tmp_path / "plain")
    clipped = run_inline(tmp_path / "tree", tmp_path / "clipped", settings(hu_clip=(-500, 300)))
    row = one(clipped, "clean")
    expected = plain.voxels(one(plain, "clean")).clip(-500, 300)
    np.testing.assert_array_equal(clipped.voxels(row), expected)
    assert (row["flags"], row["value_min"], row["value_max"]) == (["clipped"], -500, 300)
    for name in ("pet_varying_slope", "no_rescale_mr"):
        assert one(clipped, name)["sha256"] == one(plain, name)["sha256"]
        assert "clipped" not in one(clipped, name)["flags"]


def test_split_keys_and_their_order_are_a_setting(tmp_path: Path) -> None:
    """Two phases differ in time only: without clocks nothing tells them apart."""
    for name in ("content_time_only", "split_by_EchoTime"):
        TRAPS[name](tmp_path / "tree" / name, name)
    outcome = run_inline(tmp_path / "tree", tmp_path / "lake", settings("strict"))
    assert one(outcome, "content_time_only")["reason"] == "AMBIGUOUS_DUPLICATE_POSITION"
    rows = outcome.of_series(uid("split_by_EchoTime", "series"))
    assert [row["reason"] for row in rows] == [None, None]


def test_preset_lenient_takes_short_stacks_and_rounded_positions(tmp_path: Path) -> None:
    TRAPS["three_slices"](tmp_path / "tree" / "short", "three_slices")
    rounded = [
        drawn(k, "rounded", position=(0, 0, round(1.25 * k + 0.01, 1)), SliceThickness="1.25")
        for k in range(8)
    ]
    save(rounded, tmp_path / "tree" / "rounded")
    plain = run_inline(tmp_path / "tree", tmp_path / "plain")
    lenient = run_inline(tmp_path / "tree", tmp_path / "lenient", settings("lenient"))
    assert one(plain, "three_slices")["reason"] == "TOO_FEW_SLICES"
    assert one(plain, "rounded")["reason"] == "NON_UNIFORM_SPACING"
    assert [one(lenient, name)["reason"] for name in ("three_slices", "rounded")] == [None, None]
    assert one(lenient, "rounded")["max_position_error_mm"] <= 0.1


# Peers.


CLEAN = ["clean", "double_oblique", "nonsquare_pixels", "float_slope", "implicit",
         "instance_number_shuffled"]  # fmt: skip


@pytest.mark.parametrize("name", CLEAN)
def test_simpleitk_agrees_where_it_is_right(
    name: str, made: tuple[Path, dict[str, Truth]], inline: Outcome
) -> None:
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(made[0] / name))
    image = sitk.ReadImage(list(names), sitk.sitkFloat64)
    row = one(inline, name)
    np.testing.assert_allclose(
        inline.voxels(row), sitk.GetArrayFromImage(image), rtol=1e-6, atol=1e-6
    )
    theirs = placed_by(image)
    np.testing.assert_allclose(np.array(row["affine_lps"]).reshape(4, 4), theirs, atol=1e-3)


def placed_by(image: sitk.Image) -> npt.NDArray[np.float64]:
    """Return the LPS affine of an image of SimpleITK."""
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return affine


# The cases and the corpus beside the checkout.


@pytest.fixture(scope="module")
def cases(shared: Path) -> tuple[Path, dict[str, Any]]:
    root = shared / "cases" / "volumes"
    return root, json.loads((root / "truth.json").read_text())


@pytest.fixture(scope="module")
def cases_run(
    cases: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    return run_inline(cases[0], tmp_path_factory.mktemp("cases") / "lake", PLAIN)


def assert_case(rows: list[Row], aside: Counter[str], expected: dict[str, Any]) -> None:
    """Hold one case against its entry of truth.json."""
    if expected["status"] == "reject":
        assert [row["status"] for row in rows] == ["rejected"]
        assert [row["reason"] for row in rows] == expected["reasons"]
        return
    assert aside == {each["reason"]: each["count"] for each in expected["excluded"]}
    assert len(rows) == len(expected["volumes"])
    assert (expected["status"] == "split") == (len(rows) > 1)
    for row, volume in zip(rows, expected["volumes"], strict=True):
        assert (row["status"], row["reason"]) == ("accepted", None)
        assert (row["shape"], row["dtype"]) == (volume["shape_zyx"], volume["dtype"])
        assert row["sha256"] == volume["sha256"]
        affine = np.array(row["affine_lps"]).reshape(4, 4)
        np.testing.assert_allclose(affine, volume["affine_lps"], atol=1e-3)
        i, j, _ = volume["spacing_ijk"]
        spacing = [row[f"spacing_{axis}_mm"] for axis in ("column", "row", "slice")]
        np.testing.assert_allclose(spacing, [i, j, row["spacing_slice_mm"]], atol=1e-3)
        assert set(volume["flags"]) <= set(row["flags"])
        assert (row["channel_key"] is None) == (volume["channel"] is None)


def test_all_cases_of_the_folder_in_one_run(
    cases: tuple[Path, dict[str, Any]], cases_run: Outcome
) -> None:
    root, truth = cases
    found = cases_run.by_folder()
    assert found.keys() == truth.keys() == {path.name for path in root.iterdir() if path.is_dir()}
    wrong = {}
    for case, expected in truth.items():
        series = {row["series_instance_uid"] for row in found[case]}
        aside = Counter(
            row["reason"]
            for row in cases_run.placed
            if row["series_instance_uid"] in series and row["role"] == "excluded"
        )
        try:
            assert_case(found[case], aside, expected)
        except AssertionError as error:
            wrong[case] = str(error)[:300]
    assert not wrong
    check_reconciled(cases_run)


def test_all_cases_again_renamed_shuffled_and_split_over_folders(
    cases: tuple[Path, dict[str, Any]], cases_run: Outcome, tmp_path: Path
) -> None:
    paths = sorted(path for path in cases[0].rglob("*") if path.is_file())
    order = np.random.default_rng(41).permutation(len(paths))
    for number, index in enumerate(order):
        target = tmp_path / "tree" / f"{number % 11}" / f"{number:05x}.ima"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(paths[index].read_bytes())
    again = run_inline(tmp_path / "tree", tmp_path / "lake", PLAIN)
    assert told(again) == told(cases_run)
    assert again.bytes_of_volumes() == cases_run.bytes_of_volumes()
    check_reconciled(again)


@pytest.fixture(scope="module")
def ct_run(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_inline(shared / "corpus" / "ct_series", tmp_path_factory.mktemp("ct") / "lake")


def test_real_ct_has_the_voxels_and_affine_that_independent_tools_agree_on(
    shared: Path, ct_run: Outcome
) -> None:
    truth = json.loads((shared / "corpus" / "expected.json").read_text())["volumes"]
    (row,) = ct_run.by_folder()["philips_phantom_flat"]
    said = truth["ct_series/philips_phantom_flat"]
    assert (row["status"], row["shape"]) == ("accepted", said["shape"])
    voxels = ct_run.voxels(row)
    assert hashlib.sha256(voxels.astype("<i4").tobytes()).hexdigest() == said["value_sha256_int32"]
    affine = np.array(row["affine_lps"]).reshape(4, 4)
    np.testing.assert_allclose(affine, said["affine_lps_ijk"], atol=1e-3)
    uids = [each["sop_instance_uid"] for each in ct_run.slices(row)]
    assert uids == said["sop_uids_in_order"]


def test_real_ct_whose_step_changes_is_refused(shared: Path, ct_run: Outcome) -> None:
    found = ct_run.by_folder()
    for name in ("ge_gantry_tilt_variable_gap", "dicom_numpy_dupe_positions"):
        assert [row["reason"] for row in found[name]] == ["NON_UNIFORM_SPACING"]
    check_reconciled(ct_run)


MR_TRUTH = [
    "anatomical/001",
    "anatomical/001_implicit",
    "generic/anatomical/001",
    "generic/anatomical/001_implicit",
    "generic/anatomical/002_non_isotropic",
    "generic/compressed/001",
    "generic/compressed_j2k/001",
    "generic/compressed_jpeg/001",
    "generic/compressed_jpegls/001",
    "generic/compressed_rle/001",
    "hitachi/anatomical/001",
    "hitachi/anatomical/001_implicit",
    "siemens_multiframe/anatomical/001",
]


def test_every_mr_series_with_a_nifti_truth_is_tested_or_is_no_volume(shared: Path) -> None:
    corpus = shared / "corpus" / "mr_series_with_nifti_truth"
    known = {
        str(path.relative_to(corpus)).removesuffix("_ground_truth.nii.gz")
        for path in corpus.rglob("*_ground_truth.nii.gz")
    }
    assert known == {*MR_TRUTH, "generic/rgb/001", "failing/slicecount/001",
                     "failing/sliceincrement/002"}  # fmt: skip


@pytest.mark.parametrize("name", MR_TRUTH)
def test_real_mr_agrees_voxel_by_voxel_with_its_nifti_truth(
    name: str, shared: Path, tmp_path: Path
) -> None:
    corpus = shared / "corpus" / "mr_series_with_nifti_truth"
    outcome = run_inline(corpus / name, tmp_path / "lake", PLAIN)
    check_reconciled(outcome)
    (row,) = outcome.volumes
    assert row["reason"] is None
    voxels = outcome.voxels(row).transpose(2, 1, 0)
    image = sitk.ReadImage(str(corpus / f"{name}_ground_truth.nii.gz"))
    expected = sitk.GetArrayFromImage(image).transpose(2, 1, 0)
    assert sorted(expected.shape) == sorted(voxels.shape)
    from_ours = np.linalg.inv(placed_by(image)) @ np.array(row["affine_lps"]).reshape(4, 4)
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(voxels.shape) - 1)
    placed = (from_ours @ np.c_[corners, np.ones(8)].T).T[:, :3]
    np.testing.assert_allclose(placed, np.rint(placed), atol=0.02)
    turn, shift = np.rint(from_ours[:3, :3]).astype(int), np.rint(from_ours[:3, 3]).astype(int)
    i, j, k = turn @ np.indices(voxels.shape).reshape(3, -1) + shift[:, None]
    np.testing.assert_allclose(expected[i, j, k], voxels.ravel(), rtol=1e-6)
    if name != "siemens_multiframe/anatomical/001":
        check_volume(outcome, row, Files())


def test_real_color_images_are_no_volume(shared: Path, tmp_path: Path) -> None:
    root = shared / "corpus" / "mr_series_with_nifti_truth" / "generic" / "rgb" / "001"
    outcome = run_inline(root, tmp_path / "lake")
    assert outcome.volumes == []
    assert Counter(row["reason"] for row in outcome.placed) == {"COLOR": 4}


FAILING = {
    # Steps of 5, 5 and 10 mm: whole multiples, a slice is missing.
    "sliceincrement/001": ("MISSING_SLICES", {}),
    # The same, tilted: 0.75, 0.75 and 1.5 mm.
    "sliceincrement/002": ("MISSING_SLICES", {}),
    # Two slices, whatever else.
    "slicecount/001": ("TOO_FEW_SLICES", {}),
    # One place, four times: contrast monitoring.
    "notavolume/001": ("AMBIGUOUS_DUPLICATE_POSITION", {}),
    # Two and two of quite different orientations: none is enough for a volume.
    "sliceorientation/001": ("TOO_FEW_SLICES", {"OTHER_GEOMETRY": 2}),
    # A tilted gantry is no fault: exact, in the affine.
    "gantrytilting/001": (None, {}),
}


@pytest.mark.parametrize("name", FAILING)
def test_real_series_that_others_cannot_convert_have_the_fitting_verdict(
    name: str, shared: Path, tmp_path: Path
) -> None:
    root = shared / "corpus" / "mr_series_with_nifti_truth" / "failing"
    assert set(FAILING) == {
        str(path.relative_to(root)) for path in root.glob("*/*") if path.is_dir()
    }
    outcome = run_inline(root / name, tmp_path / "lake")
    check_reconciled(outcome)
    reason, aside = FAILING[name]
    (row,) = outcome.volumes
    assert row["reason"] == reason
    assert Counter(each["reason"] for each in outcome.placed if each["reason"]) == aside
    if reason is None:
        assert "sheared" in row["flags"]
        check_volume(outcome, row, Files())


@long
def test_all_of_the_corpus_reconciles(shared: Path, tmp_path: Path) -> None:
    """Objects of every other kind, too: each file has its row, each usable series its verdict."""
    for name in ("seg_sr_sm", "odd", "transfer_syntaxes", "rt"):
        check_reconciled(run_inline(shared / "corpus" / name, tmp_path / name, PLAIN))


def test_one_ct_slice_in_every_transfer_syntax_has_the_values_of_the_native_one(
    shared: Path, tmp_path: Path
) -> None:
    """One slice each: with `min_slices` of 2 and copies at steps of 5 mm they are volumes."""
    folder = shared / "corpus" / "transfer_syntaxes" / "cornerstone_ct"
    paths = sorted(folder.glob("CTImage.dcm_*"))
    lossless = ("Explicit", "Implicit", "Deflated", "LosslessOnly", "LSLossless", "RLE",
                "Process14", "BigEndian")  # fmt: skip
    native = None
    for path in paths:
        dataset = dcmread(path)
        for k in range(2):
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid(path, k)
            dataset.SeriesInstanceUID = uid(path.name, "series")
            dataset.ImagePositionPatient = ["-100", "-100", str(5 * k)]
            target = tmp_path / "tree" / path.name / f"{k}"
            target.parent.mkdir(parents=True, exist_ok=True)
            dataset.save_as(target)
    outcome = run_inline(
        tmp_path / "tree", tmp_path / "lake", settings(min_slices=2, preview=False)
    )
    refused = {}
    for path in paths:
        (row,) = outcome.of_series(uid(path.name, "series"))
        if row["reason"]:
            refused[path.name] = row["reason"]
            continue
        voxels = outcome.voxels(row)
        np.testing.assert_array_equal(voxels[0], voxels[1])
        if "LittleEndianExplicit" in path.name:
            native = voxels
    assert native is not None
    for path in paths:
        (row,) = outcome.of_series(uid(path.name, "series"))
        if row["reason"] is None and any(word in path.name for word in lossless):
            np.testing.assert_array_equal(outcome.voxels(row), native)
            assert "lossy" not in row["flags"]
    # Retired processes that no maintained decoder knows.
    assert set(refused.values()) <= {"UNSUPPORTED_TRANSFER_SYNTAX"}
    assert all("Process10_12" in name or "Process6_8" in name for name in refused)
