"""V1 to V11 and V16, on rows alone: each rule, its border, and the order of reasons."""

from datetime import date, time
from typing import Any

import numpy as np
import pytest
from make.rows import default_settings
from make.volumes import judged, rows_table, shuffled_rows, slice_row, stack_rows

from dicomlake.pipeline.pixels.syntaxes import DECODABLE_SYNTAXES, DEFLATED, LOSSY_SYNTAXES
from dicomlake.pipeline.series.slices import Slice
from dicomlake.pipeline.series.verdict import SeriesVerdict, judge

SETTINGS = default_settings().volumes
MPEG2 = "1.2.840.10008.1.2.4.100"


def verdict_of(rows: list[dict[str, Any]], **changes: Any) -> SeriesVerdict:
    """Judge rows of which no two slices have equal pixels."""
    return judged(rows, **changes)


def reason_of(rows: list[dict[str, Any]], **changes: Any) -> str | None:
    """Return the reason of a series with one outcome, None when accepted."""
    found = verdict_of(rows, **changes)
    assert len(found.stacks) + len(found.rejections) == 1
    return found.rejections[0].reason if found.rejections else None


def along_z(*heights: float) -> list[dict[str, Any]]:
    return [
        slice_row(k, image_position_patient=[0.0, 0.0, float(z)]) for k, z in enumerate(heights)
    ]


def tilted(degrees: float) -> list[float]:
    angle = np.radians(degrees)
    return [1.0, 0.0, 0.0, 0.0, float(np.cos(angle)), float(np.sin(angle))]


# V1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.66.4"}, "NOT_A_SLICE_CLASS"),
        ({"pixel_offset": None, "pixel_length": None}, "NO_PIXELS"),
        ({"samples_per_pixel": 3}, "COLOR"),
        ({"photometric_interpretation": "PALETTE COLOR"}, "COLOR"),
        ({"image_type": ["ORIGINAL", "PRIMARY", "M", "MOSAIC"]}, "MOSAIC"),
        ({"image_type": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "LOCALIZER"),
        ({"sop_class_uid": "1.2.840.10008.5.1.4.1.1.88.67", "samples_per_pixel": 3},
         "NOT_A_SLICE_CLASS"),
    ],
)  # fmt: skip
def test_v1_an_object_that_is_no_slice_is_set_aside_with_one_reason(
    changes: dict[str, Any], reason: str
) -> None:
    found = verdict_of([*stack_rows(), slice_row(90, **changes)])
    assert len(found.stacks) == 1
    assert [(aside.role, aside.reason) for aside in found.set_aside] == [("excluded", reason)]


def test_v1_monochrome1_and_an_absent_photometric_interpretation_enter() -> None:
    assert reason_of(stack_rows(photometric_interpretation="MONOCHROME1")) is None
    assert reason_of(stack_rows(photometric_interpretation=None, samples_per_pixel=None)) is None


@pytest.mark.parametrize(
    "attribute", ["image_position_patient", "image_orientation_patient", "pixel_spacing"]
)
def test_v1_one_slice_without_geometry_rejects_the_series(attribute: str) -> None:
    rows = stack_rows()
    rows[3][attribute] = None
    assert reason_of(rows) == "MISSING_GEOMETRY"


@pytest.mark.parametrize("spacing", [[0.75], [0.75, None], [0.75, 0.0], [-0.75, 0.75]])
def test_v1_geometry_with_a_hole_or_without_size_is_missing(spacing: list[float]) -> None:
    rows = stack_rows()
    rows[2]["pixel_spacing"] = spacing
    assert reason_of(rows) == "MISSING_GEOMETRY"


def test_v1_malformed_geometry_is_missing_and_the_detail_says_malformed() -> None:
    rows = stack_rows()
    rows[3] |= {"image_position_patient": None, "invalid_attributes": ["ImagePositionPatient"]}
    (rejection,) = verdict_of(rows).rejections
    assert rejection.reason == "MISSING_GEOMETRY"
    assert rejection.detail["malformed"] == ["ImagePositionPatient"]


def test_v1_no_slice_with_geometry_rejects_and_imager_pixel_spacing_is_no_substitute() -> None:
    assert reason_of(stack_rows(pixel_spacing=None)) == "MISSING_GEOMETRY"


def test_v1_another_kind_of_image_without_geometry_is_set_aside() -> None:
    secondary = slice_row(
        90,
        sop_class_uid="1.2.840.10008.5.1.4.1.1.7",
        image_position_patient=None,
        image_orientation_patient=None,
        pixel_spacing=None,
    )
    found = verdict_of([*stack_rows(), secondary])
    assert len(found.stacks) == 1
    assert [aside.reason for aside in found.set_aside] == ["OTHER_GEOMETRY"]


def test_v1_a_slice_that_no_permitted_decoder_handles_rejects_the_series() -> None:
    rows = stack_rows()
    rows[1]["transfer_syntax_uid"] = MPEG2
    (rejection,) = verdict_of(rows).rejections
    assert rejection.reason == "UNSUPPORTED_TRANSFER_SYNTAX"
    assert rejection.detail == {"transfer_syntaxes": {MPEG2: 1}}


@pytest.mark.parametrize("syntax", sorted(DECODABLE_SYNTAXES))
def test_v1_every_syntax_with_a_permitted_decoder_enters(syntax: str) -> None:
    assert reason_of(stack_rows(transfer_syntax_uid=syntax)) is None


def test_v14_a_lossy_syntax_flags_the_volume_whatever_the_header_says() -> None:
    for syntax in sorted(LOSSY_SYNTAXES & DECODABLE_SYNTAXES):
        rows = stack_rows(transfer_syntax_uid=syntax, lossy_image_compression="00")
        assert verdict_of(rows).stacks[0].flags == ("lossy",)
    (stack,) = verdict_of(stack_rows(transfer_syntax_uid="1.2.840.10008.1.2.4.90")).stacks
    assert stack.flags == ()


def test_v1_a_deflated_file_has_pixels_although_no_offset_points_to_them() -> None:
    deflated = {"transfer_syntax_uid": DEFLATED, "pixel_offset": None, "pixel_length": None}
    assert reason_of(stack_rows(**deflated)) is None
    found = verdict_of([*stack_rows(), slice_row(90, **deflated, bits_allocated=None)])
    assert [aside.reason for aside in found.set_aside] == ["NO_PIXELS"]


def test_v1_a_compressed_file_without_pixel_data_has_no_pixels() -> None:
    empty = slice_row(90, transfer_syntax_uid="1.2.840.10008.1.2.4.70", pixel_offset=None)
    found = verdict_of([*stack_rows(), empty])
    assert [aside.reason for aside in found.set_aside] == ["NO_PIXELS"]


def test_v1_a_series_without_a_usable_slice_has_no_outcome_but_its_files_stand() -> None:
    found = verdict_of(stack_rows(sop_class_uid="1.2.840.10008.5.1.4.1.1.88.67"))
    assert not found.stacks
    assert not found.rejections
    assert len(found.set_aside) == 6


# V2


def copy_of(k: int, status: str) -> dict[str, Any]:
    return slice_row(k, status=status, file_id=f"{900 + k:032x}")


def test_v2_a_copy_of_a_file_is_a_duplicate_of_the_kept_one() -> None:
    found = verdict_of([*stack_rows(), copy_of(2, "duplicate")])
    (aside,) = found.set_aside
    assert (aside.role, aside.reason) == ("duplicate", "DUPLICATE_SOP_INSTANCE")
    assert aside.duplicate_of == slice_row(2)["file_id"]


def test_v2_other_content_under_one_uid_rejects_the_series() -> None:
    found = verdict_of([*stack_rows(), copy_of(2, "conflict")])
    assert [rejection.reason for rejection in found.rejections] == ["CONFLICTING_SOP_INSTANCE"]
    assert [aside.reason for aside in found.set_aside] == ["CONFLICTING_SOP_INSTANCE"]


def test_v2_a_conflict_of_a_report_does_not_touch_the_slices() -> None:
    report = slice_row(2, sop_class_uid="1.2.840.10008.5.1.4.1.1.88.67", sop_instance_uid="1.9.r",
                       file_id="r" * 32)  # fmt: skip
    other = copy_of(3, "conflict") | {"sop_instance_uid": "1.9.r"}
    assert len(verdict_of([*stack_rows(), report, other]).stacks) == 1


def repeat(k: int, **changes: Any) -> dict[str, Any]:
    twin = slice_row(k)
    return twin | {"sop_instance_uid": "1.9.9999", "file_id": "f" * 32} | changes


def judged_with_equal_pixels(rows: list[dict[str, Any]]) -> tuple[SeriesVerdict, set[str]]:
    read: set[str] = set()

    def digest(each: Slice) -> str:
        read.add(each.file_id)
        return "equal"

    return judge(rows_table(rows), SETTINGS, pixels=digest), read


def test_v2_the_same_slice_under_another_uid_keeps_the_lowest_uid() -> None:
    twin = repeat(2)
    found, read = judged_with_equal_pixels([*stack_rows(), twin])
    assert len(found.stacks) == 1
    (aside,) = found.set_aside
    assert (aside.file_id, aside.reason) == (twin["file_id"], "DUPLICATE_POSITION")
    assert read == {twin["file_id"], slice_row(2)["file_id"]}, "only colliding slices are read"


def test_v2_other_pixels_at_one_position_are_no_duplicate() -> None:
    assert reason_of([*stack_rows(), repeat(2)]) == "AMBIGUOUS_DUPLICATE_POSITION"


@pytest.mark.parametrize(
    "changes",
    [
        {"content_time": time(10, 0)},
        {"acquisition_time": time(10, 0)},
        {"trigger_time": 12.0},
        {"rescale_slope": 2.0},
        {"image_position_patient": [-11.9, -12.0, 5.0]},
    ],
)
def test_v2_a_difference_in_time_key_rescale_or_plane_needs_no_pixels_to_be_another(
    changes: dict[str, Any],
) -> None:
    found, read = judged_with_equal_pixels([*stack_rows(), repeat(2, **changes)])
    assert not read
    assert [r.reason for r in found.rejections] == ["AMBIGUOUS_DUPLICATE_POSITION"]


def test_v2_blank_slices_of_a_time_series_are_no_duplicates() -> None:
    rows = [
        slice_row(
            10 * t + k,
            image_position_patient=[0.0, 0.0, 2.5 * k],
            instance_number=10 * t + k,
            number_of_temporal_positions=2,
        )
        for t in range(2)
        for k in range(5)
    ]
    found, _ = judged_with_equal_pixels(rows)
    assert not found.set_aside
    assert [len(stack.slices) for stack in found.stacks] == [5, 5]


def test_v2_without_pixels_a_collision_is_undecided() -> None:
    found = judge(rows_table([*stack_rows(), repeat(2)]), SETTINGS)
    assert [len(group) for group in found.undecided] == [7]
    assert not found.stacks
    assert not found.rejections


# V3


@pytest.mark.parametrize(
    "orientation",
    [[1.002, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0.99, 0], [1, 0, 0, 0.0011, 1, 0], [0.0] * 6],
)
def test_v3_directions_that_are_not_orthonormal_reject(orientation: list[float]) -> None:
    rows = stack_rows()
    rows[0]["image_orientation_patient"] = [float(each) for each in orientation]
    assert reason_of(rows) == "INVALID_ORIENTATION"


def test_v3_directions_within_the_tolerance_are_normalised() -> None:
    rows = stack_rows(image_orientation_patient=[1.0009, 0.0, 0.0, 0.0, 0.9995, 0.0])
    (stack,) = verdict_of(rows).stacks
    assert stack.affine_lps[0] == 0.75
    assert stack.affine_lps[5] == 0.75


def test_v3_another_orientation_of_few_slices_far_away_is_set_aside() -> None:
    scouts = stack_rows(3, first=50, image_orientation_patient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0])
    found = verdict_of([*stack_rows(), *scouts])
    assert len(found.stacks) == 1
    assert [aside.reason for aside in found.set_aside] == ["OTHER_GEOMETRY"] * 3


def test_v3_a_slice_of_a_slightly_other_orientation_is_no_scout() -> None:
    rows = stack_rows(8)
    rows[7]["image_orientation_patient"] = tilted(0.8)
    assert reason_of(rows) == "MIXED_ORIENTATION"


@pytest.mark.parametrize(("degrees", "aside"), [(9.9, False), (10.1, True)])
def test_v3_the_border_between_scout_and_slice_is_a_setting(degrees: float, aside: bool) -> None:
    rows = [*stack_rows(), slice_row(50, image_orientation_patient=tilted(degrees))]
    assert bool(verdict_of(rows).stacks) is aside
    assert not verdict_of(rows, other_orientation_degrees=20.0).stacks


def test_v3_a_slice_seen_from_behind_is_no_scout() -> None:
    flipped = slice_row(50, image_orientation_patient=[-1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    assert reason_of([*stack_rows(), flipped]) == "MIXED_ORIENTATION"


def test_v3_another_orientation_of_enough_slices_is_a_volume_of_its_own() -> None:
    coronal = stack_rows(
        4,
        first=50,
        image_orientation_patient=[1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
        image_position_patient=lambda k: [0.0, 3.0 * k, 0.0],
    )
    found = verdict_of([*stack_rows(), *coronal])
    assert sorted(stack.shape[0] for stack in found.stacks) == [4, 6]


def test_v3_rounding_noise_of_orientation_stays_in_the_group() -> None:
    noisy = stack_rows(12, image_orientation_patient=lambda k: [1.0, k * 8e-6, 0, 0, 1, 0])
    assert reason_of(noisy) is None


def test_v3_stack_id_always_splits() -> None:
    rows = stack_rows(8, stack_id=lambda k: "1" if k < 4 else "2")
    assert [stack.shape[0] for stack in verdict_of(rows).stacks] == [4, 4]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rows": 16}, "MIXED_MATRIX"),
        ({"pixel_spacing": [0.75, 0.7501]}, "MIXED_PIXEL_SPACING"),
        ({"frame_of_reference_uid": "1.4"}, "MIXED_FRAME_OF_REFERENCE"),
        ({"frame_of_reference_uid": None}, "MIXED_FRAME_OF_REFERENCE"),
        ({"rescale_type": "US"}, "MIXED_UNITS"),
    ],
)
def test_v3_slices_of_one_orientation_agree_in_matrix_spacing_reference_and_unit(
    changes: dict[str, Any], reason: str
) -> None:
    rows = stack_rows()
    rows[4] |= changes
    assert reason_of(rows) == reason


def test_v3_spacing_within_the_tolerance_and_no_frame_of_reference_anywhere_are_fine() -> None:
    rows = stack_rows(frame_of_reference_uid=None)
    rows[4]["pixel_spacing"] = [0.75, 0.75003]
    assert reason_of(rows) is None


def test_v3_an_absent_rescale_type_of_a_ct_is_hu() -> None:
    rows = stack_rows()
    rows[4]["rescale_type"] = "HU"
    assert reason_of(rows) is None


# V4, V7, V8, V9, V10, V11, V0


def test_v4_order_is_position_along_the_normal_not_number_or_name() -> None:
    rows = stack_rows(instance_number=lambda k: 50 - k)
    (stack,) = verdict_of(rows[::-1]).stacks
    assert [each.position[2] for each in stack.slices if each.position] == [
        0.0, 2.5, 5.0, 7.5, 10.0, 12.5,
    ]  # fmt: skip


def test_v4_the_normal_decides_the_direction_of_the_stack() -> None:
    rows = stack_rows(image_orientation_patient=[1.0, 0.0, 0.0, 0.0, -1.0, 0.0])
    (stack,) = verdict_of(rows).stacks
    assert stack.affine_lps[10] == -2.5
    assert stack.affine_lps[11] == 12.5
    matrix = np.array(stack.affine_lps).reshape(4, 4)
    assert np.linalg.det(matrix) > 0


def test_v7_jitter_within_the_tolerance_is_accepted_and_its_error_stored() -> None:
    (stack,) = verdict_of(along_z(0, 2.52, 5.0, 7.5, 10.0)).stacks
    assert 0.015 < stack.max_position_error_mm <= 0.025


def test_v7_jitter_beyond_the_tolerance_is_not_uniform_and_both_tolerances_are_settings() -> None:
    heights = along_z(0, 2.6, 5.0, 7.5, 10.0)
    assert reason_of(heights) == "NON_UNIFORM_SPACING"
    assert reason_of(heights, position_tolerance_fraction=0.05) is None
    assert reason_of(heights, position_tolerance_mm=0.2) is None


def test_v7_a_gap_is_missing_slices_with_their_positions() -> None:
    (rejection,) = verdict_of(along_z(0, 2.5, 5, 12.5, 15, 17.5)).rejections
    assert rejection.reason == "MISSING_SLICES"
    assert rejection.detail["missing_positions_mm"] == [7.5, 10.0]
    assert rejection.detail["residual_mm"] > 0.025


def test_v7_a_zone_of_wider_steps_is_not_missing_slices() -> None:
    assert reason_of(along_z(0, 2.5, 5, 10, 15, 20)) == "NON_UNIFORM_SPACING"
    assert reason_of(along_z(0, 2.5, 5, 10, 15)) == "MISSING_SLICES"


def test_v7_a_bent_line_is_not_collinear() -> None:
    rows = stack_rows(image_position_patient=lambda k: [0.1 * k * k, 0.0, 2.5 * k])
    assert reason_of(rows) == "NON_COLLINEAR_POSITIONS"


def test_v8_tilt_is_accepted_losslessly_and_flagged() -> None:
    rows = stack_rows(image_position_patient=lambda k: [0.0, 0.5 * k, 2.5 * k])
    (stack,) = verdict_of(rows).stacks
    assert stack.affine_lps[2:12:4] == (0.0, 0.5, 2.5)
    assert "sheared" in stack.flags
    assert stack.spacing[0] == pytest.approx(np.hypot(0.5, 2.5))


def test_v8_the_gantry_tilt_attribute_is_not_read() -> None:
    assert "gantry_detector_tilt" not in rows_table([slice_row(0)]).instances.schema.names


def test_v9_the_first_column_goes_with_the_spacing_between_columns() -> None:
    (stack,) = verdict_of(stack_rows(pixel_spacing=[2.0, 0.5])).stacks
    assert (stack.affine_lps[0], stack.affine_lps[5]) == (0.5, 2.0)
    assert stack.spacing == (2.5, 2.0, 0.5)


@pytest.mark.parametrize(
    ("thickness", "flags"),
    [(5.0, ("overlapping",)), (1.0, ("gapped",)), (2.6, ()), (0.0, ()), (None, ())],
)
def test_v10_thickness_is_a_flag_never_geometry(
    thickness: float | None, flags: tuple[str, ...]
) -> None:
    (stack,) = verdict_of(stack_rows(slice_thickness=thickness)).stacks
    assert stack.flags == flags
    assert stack.spacing[0] == 2.5


def test_v11_fewer_than_min_slices_are_too_few() -> None:
    assert reason_of(stack_rows(3)) == "TOO_FEW_SLICES"
    assert reason_of(stack_rows(3), min_slices=3) is None
    assert reason_of(stack_rows(1)) == "TOO_FEW_SLICES"


@pytest.mark.parametrize("attribute", ["number_of_slices", "images_in_acquisition"])
def test_v11_more_declared_than_there_is_possibly_truncated(attribute: str) -> None:
    assert verdict_of(stack_rows(**{attribute: 6})).stacks[0].flags == ()
    assert verdict_of(stack_rows(**{attribute: 7})).stacks[0].flags == ("possibly_truncated",)


def test_v0_positions_that_fit_with_corners_that_do_not_are_a_position_error() -> None:
    # 1e-4 of 511 x 0.9 mm is 0.046 mm at the far corner, above 1 % of the step.
    wide = {"rows": 512, "columns": 512, "pixel_length": 524_288}
    rows = stack_rows(pixel_spacing=lambda k: [0.9, 0.9 * (1 + 0.00009 * (k % 2))], **wide)
    assert reason_of(rows) == "POSITION_ERROR"
    assert reason_of(rows, position_tolerance_mm=0.05) is None


def test_v14_any_lossy_slice_flags_the_volume() -> None:
    rows = stack_rows()
    rows[1]["lossy_image_compression"] = "01"
    assert verdict_of(rows).stacks[0].flags == ("lossy",)


# V5


def two_phases(n: int = 5, **changes: Any) -> list[dict[str, Any]]:
    """Every position twice; a change is called with phase and k."""
    return [
        slice_row(
            10 * t + k,
            image_position_patient=[0.0, 0.0, 2.5 * k],
            **{name: value(t, k) for name, value in changes.items()},
        )
        for t in range(2)
        for k in range(n)
    ]


@pytest.mark.parametrize(
    ("column", "key", "values"),
    [
        ("temporal_position_identifier", "TemporalPositionIdentifier", (1, 2)),
        ("temporal_position_index", "TemporalPositionIndex", (1, 2)),
        ("acquisition_number", "AcquisitionNumber", (3, 11)),
        ("trigger_time", "TriggerTime", (0.0, 37.5)),
        ("nominal_percentage_of_cardiac_phase", "NominalPercentageOfCardiacPhase", (30.0, 75.1)),
        ("echo_time", "EchoTime", (4.6, 10.25)),
        ("kvp", "KVP", (80.0, 140.0)),
        ("convolution_kernel", "ConvolutionKernel", (["B30f"], ["B70f", "x"])),
        ("image_type", "ImageType", (["O", "P", "A", "M"], ["O", "P", "A", "PH"])),
    ],
)
def test_v5_repeated_positions_are_split_by_the_first_key_that_works(
    column: str, key: str, values: tuple[Any, Any]
) -> None:
    found = verdict_of(two_phases(**{column: lambda t, _: values[t]}))
    assert [stack.channel_key for stack in found.stacks] == [key, key]
    assert [stack.shape[0] for stack in found.stacks] == [5, 5]
    texts = [stack.channel_value for stack in found.stacks]
    expected = {
        "ConvolutionKernel": ["B30f", "B70f\\x"],
        "ImageType": ["M", "PH"],
        "NominalPercentageOfCardiacPhase": ["30", "75.1"],
        "TriggerTime": ["0", "37.5"],
        "EchoTime": ["4.6", "10.25"],
        "KVP": ["80", "140"],
    }
    assert texts == expected.get(key, [str(value) for value in values])


def test_v5_a_key_that_is_absent_once_does_not_split() -> None:
    rows = two_phases(acquisition_number=lambda t, _: t, echo_time=lambda t, _: 5.0 + t)
    rows[0]["acquisition_number"] = None
    assert {stack.channel_key for stack in verdict_of(rows).stacks} == {"EchoTime"}


def test_v5_time_is_ranked_within_each_position() -> None:
    rows = two_phases(acquisition_time=lambda t, k: time(10, 30 * t, k))
    found = verdict_of(rows)
    assert [(s.channel_key, s.channel_value) for s in found.stacks] == [
        ("AcquisitionTime", "0"),
        ("AcquisitionTime", "1"),
    ]


def test_v5_midnight_is_no_start_where_dates_say_so() -> None:
    rows = two_phases(
        acquisition_time=lambda t, k: time(23 if t == 0 else 0, 59, k),
        acquisition_date=lambda t, _: date(2024, 1, 1 + t),
    )
    first = verdict_of(rows).stacks[0]
    assert all(each.acquired[0] == date(2024, 1, 1) for each in first.slices)


def test_v5_tied_acquisition_times_leave_it_to_content_times() -> None:
    rows = two_phases(acquisition_time=lambda *_: time(10), content_time=time)
    assert {stack.channel_key for stack in verdict_of(rows).stacks} == {"ContentTime"}


def test_v5_ranks_of_time_want_the_same_count_everywhere() -> None:
    rows = two_phases(acquisition_time=lambda t, k: time(10, t, k))[:-1]
    assert reason_of(rows) == "AMBIGUOUS_DUPLICATE_POSITION"


def test_v5_instance_numbers_split_only_where_the_count_of_positions_is_stated() -> None:
    numbered = {"instance_number": lambda t, k: 5 * t + k}
    assert reason_of(two_phases(**numbered)) == "AMBIGUOUS_DUPLICATE_POSITION"
    wrong = two_phases(**numbered, number_of_temporal_positions=lambda *_: 3)
    assert reason_of(wrong) == "AMBIGUOUS_DUPLICATE_POSITION"
    found = verdict_of(two_phases(**numbered, number_of_temporal_positions=lambda *_: 2))
    assert [stack.flags for stack in found.stacks] == [("channel_from_instance_number",)] * 2


def test_v5_a_channel_with_fewer_slices_is_flagged() -> None:
    rows = two_phases(6, acquisition_number=lambda t, _: t)[:-1]
    found = verdict_of(rows)
    assert [(len(stack.slices), stack.flags) for stack in found.stacks] == [
        (6, ()),
        (5, ("incomplete_channel",)),
    ]


def test_v5_groups_of_too_few_slices_are_no_split() -> None:
    assert (
        reason_of(two_phases(3, acquisition_number=lambda t, _: t))
        == "AMBIGUOUS_DUPLICATE_POSITION"
    )


# V6


def interleaved(n: int, **changes: Any) -> list[dict[str, Any]]:
    """Two acquisitions of n slices, step 5 mm, offset by half a step."""
    return [
        slice_row(
            10 * t + k,
            image_position_patient=[0.0, 0.0, 5.0 * k + 2.5 * t],
            slice_thickness=5.0,
            **{name: value(t) for name, value in changes.items()},
        )
        for t in range(2)
        for k in range(n)
    ]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("acquisition_number", (1, 2)),
        ("convolution_kernel", (["a"], ["b"])),
        ("kvp", (80.0, 120.0)),
        ("trigger_time", (0.0, 100.0)),
    ],
)
def test_v6_two_acquisitions_in_each_others_gaps_are_two_volumes(
    column: str, values: tuple[Any, Any]
) -> None:
    found = verdict_of(interleaved(5, **{column: lambda t: values[t]}))
    assert [stack.spacing[0] for stack in found.stacks] == [5.0, 5.0]


@pytest.mark.parametrize("n", [2, 3])
def test_v6_overlapping_groups_of_few_slices_are_ambiguous(n: int) -> None:
    assert reason_of(interleaved(n, acquisition_number=lambda t: t)) == "AMBIGUOUS_ACQUISITIONS"


def test_v6_four_slices_in_the_gaps_of_three_are_no_fine_volume() -> None:
    rows = interleaved(4, acquisition_number=lambda t: t)[:-1]
    assert reason_of(rows) == "AMBIGUOUS_ACQUISITIONS"


def test_v6_acquisitions_one_after_the_other_or_one_a_slice_are_one_volume() -> None:
    assert reason_of(stack_rows(8, acquisition_number=lambda k: k // 4)) is None
    assert reason_of(stack_rows(8, acquisition_number=lambda k: k)) is None


def test_v6_time_never_splits_where_positions_do_not_repeat() -> None:
    rows = interleaved(5, acquisition_time=lambda t: time(10 + t), content_time=time)
    (stack,) = verdict_of(rows).stacks
    assert stack.shape[0] == 10


# V16


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rescale_slope": None, "rescale_intercept": None}, "NO_RESCALE_FOR_CT"),
        ({"rescale_intercept": None}, "NO_RESCALE_FOR_CT"),
        ({"rescale_slope": 0.0}, "INVALID_RESCALE"),
        ({"rescale_slope": 1e-40}, "INVALID_RESCALE"),
        ({"rescale_slope": 1.5e38}, None),
        ({"rescale_slope": 1e308}, "INVALID_RESCALE"),
        ({"rescale_slope": 1.7e308, "rescale_intercept": 0.5}, "INVALID_RESCALE"),
        ({"rescale_slope": None, "invalid_attributes": ["RescaleSlope"]}, "INVALID_RESCALE"),
    ],
)
def test_v16_one_ct_slice_without_usable_rescale_rejects(
    changes: dict[str, Any], reason: str | None
) -> None:
    rows = stack_rows()
    rows[2] |= changes
    assert reason_of(rows) == reason


def test_v16_other_modalities_may_have_no_rescale_but_not_half_of_it() -> None:
    mr = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4", "modality_raw": "MR"}
    found = verdict_of(stack_rows(**mr, rescale_slope=None, rescale_intercept=None))
    assert found.stacks[0].slices[0].units is None
    assert reason_of(stack_rows(**mr, rescale_intercept=None)) == "INVALID_RESCALE"


def test_v16_stored_values_beside_rescaled_ones_are_no_volume() -> None:
    mr = {"sop_class_uid": "1.2.840.10008.5.1.4.1.1.4", "modality_raw": "MR"}
    rows = stack_rows(**mr, rescale_slope=2.0, rescale_intercept=0.0)
    rows[1] |= {"rescale_slope": None, "rescale_intercept": None}
    assert reason_of(rows) == "INVALID_RESCALE"
    rows = stack_rows(**mr, rescale_slope=1.0, rescale_intercept=0.0)
    rows[1] |= {"rescale_slope": None, "rescale_intercept": None}
    assert reason_of(rows) is None


def test_v16_a_modality_lut_is_used_only_when_it_gives_hu() -> None:
    lut = {"rescale_slope": None, "rescale_intercept": None}
    assert reason_of(stack_rows(modality_lut_type="US", **lut)) == "MODALITY_LUT_NOT_HU"
    assert reason_of(stack_rows(modality_lut_type="UNSPECIFIED", **lut)) == "MODALITY_LUT_NOT_HU"
    assert reason_of(stack_rows(modality_lut_type="HU", **lut)) is None


# Order of reasons


def test_a_rejected_series_holds_the_first_reason_in_order() -> None:
    """One fault after another is added, last reason first: each time the newest shows."""
    rows = stack_rows(10)
    faults: list[tuple[str, int, dict[str, Any]]] = [
        ("MISSING_GEOMETRY", 0, {"pixel_spacing": None}),
        ("UNSUPPORTED_TRANSFER_SYNTAX", 1, {"transfer_syntax_uid": MPEG2}),
        ("INVALID_ORIENTATION", 2, {"image_orientation_patient": [2.0, 0, 0, 0, 1.0, 0]}),
        ("MIXED_ORIENTATION", 3, {"image_orientation_patient": tilted(1.0)}),
        ("MIXED_MATRIX", 4, {"columns": 16}),
        ("MIXED_PIXEL_SPACING", 5, {"pixel_spacing": [0.8, 0.75]}),
        ("MIXED_FRAME_OF_REFERENCE", 6, {"frame_of_reference_uid": "1.4"}),
        ("MIXED_UNITS", 7, {"rescale_type": "US"}),
        ("NO_RESCALE_FOR_CT", 0, {"rescale_intercept": None}),
        ("MODALITY_LUT_NOT_HU", 1, {"modality_lut_type": "US"}),
        ("INVALID_RESCALE", 2, {"rescale_slope": 0.0}),
        ("AMBIGUOUS_DUPLICATE_POSITION", 8, {"image_position_patient": [-12.0, -12.0, 17.5]}),
        ("NON_UNIFORM_SPACING", 9, {"image_position_patient": [-12.0, -12.0, 24.0]}),
        ("PIXEL_DATA_ERROR", 9, {"pixel_length": 1}),
    ]
    for reason, index, changes in reversed(faults):
        rows[index] |= changes
        assert reason_of(rows) == reason


def test_the_order_of_rows_changes_nothing() -> None:
    rows = [*two_phases(acquisition_number=lambda t, _: t), *stack_rows(
        2, first=70, image_orientation_patient=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    ), copy_of(3, "duplicate")]  # fmt: skip
    first = verdict_of(rows)
    table = rows_table(rows)
    for seed in range(5):
        mixed = shuffled_rows(table, seed)
        again = judge(mixed, SETTINGS, pixels=lambda each: each.file_id)
        assert again == first


def test_a_frame_whose_description_cannot_be_is_a_pixel_data_error_last() -> None:
    rows = stack_rows()
    rows[5]["pixel_length"] = 1024
    assert reason_of(rows) == "PIXEL_DATA_ERROR"
    rows[5]["image_position_patient"] = [0.0, 0.0, 100.0]
    assert reason_of(rows) == "NON_UNIFORM_SPACING"
