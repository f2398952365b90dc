"""V12: frames are slices by the same rules; what an object says of all its frames, and of each."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from make.rows import default_settings
from make.volumes import (
    frame_rows,
    judged,
    object_row,
    rows_table,
    shuffled_rows,
    slice_row,
    stack_rows,
)

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.verdict import judge

SETTINGS = default_settings().volumes
MR = "1.2.840.10008.5.1.4.1.1.4.1"
NM = "1.2.840.10008.5.1.4.1.1.20"
SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


def reason_of(
    rows: list[dict[str, Any]], frames: list[dict[str, Any]], **changes: Any
) -> str | None:
    """Return the reason of a series with one outcome, None when accepted."""
    found = judged(rows, frames, **changes)
    assert len(found.stacks) + len(found.rejections) == 1
    return found.rejections[0].reason if found.rejections else None


def at(*heights: float) -> Any:
    return lambda k: [0.0, 0.0, float(heights[k])]


def test_v12_frames_are_sorted_by_position_not_by_number() -> None:
    order = [3, 0, 5, 1, 4, 2]
    frames = frame_rows(6, image_position_patient=lambda k: [0.0, 0.0, 2.5 * order[k]])
    (stack,) = judged([object_row(6)], frames).stacks
    assert [each.frame_number for each in stack.slices] == [2, 4, 6, 1, 5, 3]
    assert [each.frame.index for each in stack.slices if each.frame] == [1, 3, 5, 0, 4, 2]
    assert {each.frame.n_frames for each in stack.slices if each.frame} == {6}
    assert stack.shape == (6, 32, 32)
    assert stack.affine_lps[10] == 2.5


def test_v12_each_frame_has_its_own_geometry_rescale_and_thickness() -> None:
    frames = frame_rows(
        5,
        rescale_slope=lambda k: 1.0 + k,
        slice_thickness=lambda k: 2.0 + k,
        pixel_spacing=lambda _: [0.5, 0.25],
    )
    (stack,) = judged([object_row(5, sop_class_uid=MR, modality_raw="MR")], frames).stacks
    assert [each.rescale.slope for each in stack.slices] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert [each.thickness for each in stack.slices] == [2.0, 3.0, 4.0, 5.0, 6.0]
    assert stack.spacing == (2.5, 0.5, 0.25)


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
def test_v16_a_malformed_rescale_of_frames_is_no_absent_one(keyword: str) -> None:
    silent = {"rescale_slope": None, "rescale_intercept": None, "rescale_type": None}
    mr = object_row(5, sop_class_uid=MR, modality_raw="MR")
    assert reason_of([mr], frame_rows(5, **silent)) is None
    assert reason_of([mr], frame_rows(5, **silent, invalid_attributes=[keyword])) == (
        "INVALID_RESCALE"
    )
    one = frame_rows(5, **silent, invalid_attributes=lambda k: [keyword] if k == 3 else None)
    assert reason_of([mr], one) == "INVALID_RESCALE"
    other = frame_rows(5, invalid_attributes=["PixelSpacing"], **silent)
    assert reason_of([mr], other) is None


def test_v1_the_detail_says_which_geometry_of_frames_is_malformed() -> None:
    named = {"image_position_patient": None, "invalid_attributes": ["ImagePositionPatient"]}
    for frames in (frame_rows(5, **named), [*frame_rows(4), frame_rows(5, **named)[4]]):
        (rejection,) = judged([object_row(5)], frames).rejections
        assert rejection.reason == "MISSING_GEOMETRY"
        assert rejection.detail["malformed"] == ["ImagePositionPatient"]


def test_v12_the_top_of_an_enhanced_object_is_no_geometry_of_its_frames() -> None:
    top = {"image_position_patient": [0.0] * 3, "pixel_spacing": [1.0, 1.0],
           "image_orientation_patient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]}  # fmt: skip
    frames = frame_rows(5, image_position_patient=None)
    assert reason_of([object_row(5, **top)], frames) == "MISSING_GEOMETRY"


def test_v12_single_frames_and_objects_of_frames_share_a_series() -> None:
    frames = frame_rows(4, first=6)
    (stack,) = judged([*stack_rows(6), object_row(4)], frames).stacks
    assert [each.frame_number for each in stack.slices] == [1] * 6 + [1, 2, 3, 4]
    assert [each.many_framed for each in stack.slices] == [False] * 6 + [True] * 4


def test_v12_the_parts_of_a_concatenation_are_one_stack() -> None:
    parts = [object_row(3, p, concatenation_uid="1.9.c") for p in range(3)]
    frames = [row for p in range(3) for row in frame_rows(3, part=p, first=3 * p)]
    (stack,) = judged(parts, frames).stacks
    assert stack.shape[0] == 9
    assert stack.flags == ()


@pytest.mark.parametrize(("total", "flags"), [(2, ()), (3, ("possibly_truncated",))])
def test_v11_a_concatenation_that_lacks_a_part_is_possibly_truncated(
    total: int, flags: tuple[str, ...]
) -> None:
    said = {"concatenation_uid": "1.9.c", "in_concatenation_total_number": total}
    parts = [object_row(3, p, **said) for p in range(2)]
    frames = [row for p in range(2) for row in frame_rows(3, part=p, first=3 * p)]
    (stack,) = judged(parts, frames).stacks
    assert stack.flags == flags


def test_v11_a_part_that_came_twice_is_not_the_part_that_is_lost() -> None:
    said = {"concatenation_uid": "1.9.c", "in_concatenation_total_number": 2}
    parts = [object_row(5, p, **said, in_concatenation_number=1) for p in range(2)]
    frames = [row for p in range(2) for row in frame_rows(5, part=p)]
    rows = rows_table(parts, frames)
    (stack,) = judge(rows, SETTINGS, pixels=lambda each: str(each.position)).stacks
    assert stack.shape[0] == 5
    assert stack.flags == ("possibly_truncated",)


def test_v12_an_object_of_one_frame_with_functional_groups_is_a_slice() -> None:
    objects = [object_row(1, p) for p in range(5)]
    frames = [row for p in range(5) for row in frame_rows(1, part=p, first=p)]
    (stack,) = judged(objects, frames).stacks
    assert stack.shape[0] == 5
    assert all(each.many_framed for each in stack.slices)


def test_v12_an_object_of_one_frame_without_functional_groups_has_its_geometry_at_the_top() -> None:
    rows = stack_rows(5, sop_class_uid="1.2.840.10008.5.1.4.1.1.7.2", number_of_frames=1,
                      modality_raw="OT")  # fmt: skip
    assert reason_of(rows, []) is None


# V1


def test_v1_number_of_frames_is_held_against_the_pixel_length_before_anything_else() -> None:
    lying = object_row(5, pixel_length=2048 * 4)
    assert reason_of([lying], frame_rows(5)) == "PIXEL_DATA_ERROR"
    assert reason_of([slice_row(0, number_of_frames=1 << 30)], []) == "PIXEL_DATA_ERROR"


def test_v1_a_compressed_object_cannot_hold_more_frames_than_fragments_fit() -> None:
    rle = {"transfer_syntax_uid": "1.2.840.10008.1.2.5"}
    assert reason_of([object_row(5, **rle, pixel_length=40)], frame_rows(5)) is None
    assert reason_of([object_row(5, **rle, pixel_length=39)], frame_rows(5)) == "PIXEL_DATA_ERROR"


def test_v1_a_deflated_object_cannot_inflate_to_more_than_zlib_can() -> None:
    deflated = {"transfer_syntax_uid": "1.2.840.10008.1.2.1.99", "pixel_offset": None,
                "pixel_length": None}  # fmt: skip
    assert reason_of([object_row(5, **deflated, size=10)], frame_rows(5)) is None
    assert reason_of([object_row(6, **deflated, size=9)], frame_rows(6)) == "PIXEL_DATA_ERROR"


def test_v1_fewer_frames_described_than_declared_is_missing_geometry_of_the_object() -> None:
    found = judged([object_row(6)], frame_rows(5))
    (rejection,) = found.rejections
    assert rejection.reason == "MISSING_GEOMETRY"
    assert "fewer frames" in rejection.detail["what"]
    assert [each.frame_number for each in rejection.slices] == [0], "the object as a whole"


def test_v1_an_object_without_geometry_is_one_rejected_row() -> None:
    nm = object_row(4, sop_class_uid=NM, modality_raw="NM")
    bare = frame_rows(4, image_position_patient=None, image_orientation_patient=None)
    (rejection,) = judged([nm], bare).rejections
    assert rejection.reason == "MISSING_GEOMETRY"
    assert rejection.detail["attributes"] == ["ImageOrientationPatient", "ImagePositionPatient"]
    assert len(rejection.slices) == 1
    assert reason_of([slice_row(0, number_of_frames=2, pixel_length=4096)], []) == (
        "MISSING_GEOMETRY"
    )


def test_v1_an_object_of_another_kind_without_geometry_is_set_aside_as_a_whole() -> None:
    nm = object_row(4, sop_class_uid=NM, modality_raw="NM")
    bare = frame_rows(4, image_position_patient=None)
    found = judged([*stack_rows(), nm], bare)
    assert len(found.stacks) == 1
    (aside,) = found.set_aside
    assert (aside.reason, aside.frame_number) == ("OTHER_GEOMETRY", None)


def test_v1_one_frame_without_a_position_rejects_the_series() -> None:
    frames = frame_rows(6)
    frames[2]["image_position_patient"] = None
    (rejection,) = judged([object_row(6)], frames).rejections
    assert rejection.reason == "MISSING_GEOMETRY"
    assert rejection.detail["frames"] == 1


def test_v1_a_localizer_frame_is_set_aside_alone() -> None:
    frames = frame_rows(6)
    frames[5] |= {"frame_type": ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"],
                  "image_position_patient": None}  # fmt: skip
    found = judged([object_row(6)], frames)
    assert found.stacks[0].shape[0] == 5
    assert [(a.reason, a.frame_number) for a in found.set_aside] == [("LOCALIZER", 6)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sop_class_uid": SEGMENTATION}, "NOT_A_SLICE_CLASS"),
        ({"pixel_offset": None, "pixel_length": None}, "NO_PIXELS"),
        ({"samples_per_pixel": 3, "photometric_interpretation": "RGB"}, "COLOR"),
        ({"image_type": ["ORIGINAL", "PRIMARY", "LOCALIZER", "NONE"]}, "LOCALIZER"),
    ],
)
def test_v1_an_excluded_object_is_one_row_whatever_it_holds(
    changes: dict[str, Any], reason: str
) -> None:
    found = judged([*stack_rows(), object_row(40, 1, **changes)], frame_rows(40, part=1))
    assert [(a.reason, a.frame_number) for a in found.set_aside] == [(reason, None)]


def test_v3_frames_of_another_orientation_are_set_aside_frame_by_frame() -> None:
    frames = frame_rows(8)
    for k in (6, 7):
        frames[k]["image_orientation_patient"] = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
    found = judged([object_row(8)], frames)
    assert found.stacks[0].shape[0] == 6
    assert [(a.reason, a.frame_number) for a in found.set_aside] == [
        ("OTHER_GEOMETRY", 7),
        ("OTHER_GEOMETRY", 8),
    ]


def test_v3_stack_id_of_frames_splits() -> None:
    frames = frame_rows(8, stack_id=lambda k: "1" if k % 2 else "2")
    assert [stack.shape[0] for stack in judged([object_row(8)], frames).stacks] == [4, 4]


def test_v16_a_frame_of_a_ct_without_rescale_rejects() -> None:
    frames = frame_rows(6)
    frames[4]["rescale_intercept"] = None
    assert reason_of([object_row(6)], frames) == "NO_RESCALE_FOR_CT"


def test_v3_frames_of_other_units_reject() -> None:
    frames = frame_rows(6)
    frames[4]["rescale_type"] = "US"
    assert reason_of([object_row(6)], frames) == "MIXED_UNITS"


# V2, V5


def test_v2_a_frame_that_repeats_another_is_a_duplicate_of_that_frame() -> None:
    frames = frame_rows(7, image_position_patient=at(0, 2.5, 5, 7.5, 10, 12.5, 5))
    found = judge(rows_table([object_row(7)], frames), SETTINGS, pixels=lambda _: "equal")
    (aside,) = found.set_aside
    assert (aside.reason, aside.frame_number) == ("DUPLICATE_POSITION", 7)
    assert (aside.duplicate_of, aside.duplicate_of_frame) == (object_row(7)["file_id"], 3)
    assert found.stacks[0].shape[0] == 6


def test_v2_other_pixels_at_one_position_are_no_duplicate() -> None:
    frames = frame_rows(7, image_position_patient=at(0, 2.5, 5, 7.5, 10, 12.5, 5))
    assert reason_of([object_row(7)], frames) == "AMBIGUOUS_DUPLICATE_POSITION"


def two_phases(n: int = 5, **changes: Any) -> list[dict[str, Any]]:
    """Every position twice in one object; a change is called with phase and place."""
    return frame_rows(
        2 * n,
        image_position_patient=lambda k: [0.0, 0.0, 2.5 * (k % n)],
        **{name: (lambda k, v=value: v(k // n, k % n)) for name, value in changes.items()},
    )


@pytest.mark.parametrize(
    ("column", "key", "values", "texts"),
    [
        ("temporal_position_index", "TemporalPositionIndex", (1, 2), ["1", "2"]),
        ("frame_acquisition_number", "FrameAcquisitionNumber", (2, 10), ["2", "10"]),
        ("effective_echo_time", "EffectiveEchoTime", (4.6, 10.0), ["4.6", "10"]),
        ("echo_time", "EchoTime", (4.6, 10.0), ["4.6", "10"]),
        ("nominal_cardiac_trigger_delay_time", "NominalCardiacTriggerDelayTime", (0.0, 37.5),
         ["0", "37.5"]),
        ("trigger_time", "TriggerTime", (0.0, 37.5), ["0", "37.5"]),
        ("nominal_percentage_of_cardiac_phase", "NominalPercentageOfCardiacPhase", (30.0, 75.1),
         ["30", "75.1"]),
        ("kvp", "KVP", (80.0, 140.0), ["80", "140"]),
        ("convolution_kernel", "ConvolutionKernel", (["B30f"], ["B70f"]), ["B30f", "B70f"]),
        ("frame_type", "FrameType", (["O", "P", "V", "M"], ["O", "P", "V", "PH"]), ["M", "PH"]),
    ],
)  # fmt: skip
def test_v5_frames_are_split_by_what_they_call_the_key(
    column: str, key: str, values: tuple[Any, Any], texts: list[str]
) -> None:
    frames = two_phases(**{column: lambda t, _: values[t]})
    found = judged([object_row(10)], frames)
    assert [(stack.channel_key, stack.channel_value) for stack in found.stacks] == [
        (key, text) for text in texts
    ]


def test_v5_the_time_of_frames_is_ranked_within_each_position_under_its_own_name() -> None:
    start = datetime(2024, 1, 1, 23, 59, 30)
    frames = two_phases(
        frame_acquisition_date_time=lambda t, k: start + timedelta(seconds=10 * k + t)
    )
    found = judged([object_row(10)], frames)
    assert [(stack.channel_key, stack.channel_value) for stack in found.stacks] == [
        ("FrameAcquisitionDateTime", "0"),
        ("FrameAcquisitionDateTime", "1"),
    ]
    assert [each.frame_number for each in found.stacks[0].slices] == [1, 2, 3, 4, 5]


def test_v5_the_number_of_a_frame_never_splits() -> None:
    numbered = object_row(10, number_of_temporal_positions=2, instance_number=1)
    assert reason_of([numbered], two_phases()) == "AMBIGUOUS_DUPLICATE_POSITION"


def test_v5_one_object_a_phase_is_split_by_what_its_top_says() -> None:
    objects = [object_row(5, p, acquisition_number=p + 3) for p in range(2)]
    frames = [row for p in range(2) for row in frame_rows(5, part=p)]
    found = judged(objects, frames)
    assert {stack.channel_key for stack in found.stacks} == {"AcquisitionNumber"}
    numbered = [object_row(5, p, number_of_temporal_positions=2, instance_number=p + 1)
                for p in range(2)]  # fmt: skip
    assert {stack.channel_key for stack in judged(numbered, frames).stacks} == {"InstanceNumber"}


def test_v5_frames_and_instances_that_call_a_key_differently_are_split_by_its_own_name() -> None:
    rows = [*stack_rows(5, echo_time=5.0), object_row(5)]
    frames = frame_rows(5, effective_echo_time=10.0, image_position_patient=lambda k: [
        -12.0, -12.0, 2.5 * k])  # fmt: skip
    found = judged(rows, frames)
    assert [(s.channel_key, s.channel_value) for s in found.stacks] == [
        ("EchoTime", "5"),
        ("EchoTime", "10"),
    ]


# Settings of V5


def test_v5_the_order_of_the_settings_decides() -> None:
    said = {"echo_time": lambda t, _: 5.0 + t, "kvp": lambda t, _: 80.0 + t}
    frames = two_phases(**said)

    def key_of(*keys: str) -> set[str | None]:
        found = judged([object_row(10)], frames, split_keys=keys)
        return {stack.channel_key for stack in found.stacks}

    assert key_of("EchoTime", "KVP") == {"EchoTime"}
    assert key_of("KVP", "EchoTime") == {"KVP"}
    assert key_of("AcquisitionNumber", "KVP") == {"KVP"}
    assert reason_of([object_row(10)], frames, split_keys=("TriggerTime",)) == (
        "AMBIGUOUS_DUPLICATE_POSITION"
    )


@pytest.mark.parametrize(
    ("column", "key", "values"),
    [
        ("diffusion_b_value", "DiffusionBValue", (0.0, 1000.0)),
        ("inversion_times", "InversionTimes", ([150.0], [1200.0])),
        ("flip_angle", "FlipAngle", (5.0, 20.0)),
    ],
)
def test_v5_further_keys_split_only_where_they_are_named(
    column: str, key: str, values: tuple[Any, Any]
) -> None:
    frames = two_phases(**{column: lambda t, _: values[t]})
    assert reason_of([object_row(10)], frames) == "AMBIGUOUS_DUPLICATE_POSITION"
    named = (*SETTINGS.split_keys, "DiffusionBValue", "InversionTime", "FlipAngle")
    found = judged([object_row(10)], frames, split_keys=named)
    assert {stack.channel_key for stack in found.stacks} == {key}


def test_v5_a_time_may_stand_before_a_number() -> None:
    start = datetime(2024, 1, 1)
    frames = two_phases(
        frame_acquisition_date_time=lambda t, k: start + timedelta(seconds=10 * k + t),
        temporal_position_index=lambda t, _: t,
    )
    keys = ("AcquisitionTime", "TemporalPositionIndex")
    found = judged([object_row(10)], frames, split_keys=keys)
    assert {stack.channel_key for stack in found.stacks} == {"FrameAcquisitionDateTime"}


# Order and size


def test_the_order_of_rows_changes_nothing() -> None:
    table = rows_table(
        [object_row(10), *stack_rows(3, first=20)], two_phases(kvp=lambda t, _: 80.0 + t)
    )
    settings = VolumeSettings.model_validate(SETTINGS.model_dump())
    first = judge(table, settings, pixels=lambda each: str(each.identity))
    for seed in range(4):
        again = judge(shuffled_rows(table, seed), settings, pixels=lambda each: str(each.identity))
        assert repr(again) == repr(first)


def test_the_order_of_rows_changes_nothing_where_frame_numbers_stand_twice() -> None:
    for changes in ({}, {"image_orientation_patient": None}):
        frames = [row | {"frame_number": 1} for row in frame_rows(5, **changes)]
        rows = rows_table([object_row(5)], frames)
        found = {repr(judge(shuffled_rows(rows, seed), SETTINGS)) for seed in range(8)}
        assert len(found) == 1


def test_thousands_of_frames_at_few_positions_are_told_apart_without_comparing_all_pairs() -> None:
    """3,000 frames of 300 phases, and as many that nothing tells apart: each pair would be 10^7."""
    frames = frame_rows(
        3000,
        image_position_patient=lambda k: [0.0, 0.0, 2.5 * (k % 10)],
        temporal_position_index=lambda k: k // 10,
    )
    table = rows_table([object_row(3000)], frames)
    asked: list[Any] = []
    found = judge(table, SETTINGS, pixels=asked.append)
    assert len(found.stacks) == 300
    assert not asked, "no two of them say the same"


def test_a_fan_of_orientations_is_judged_orientation_by_orientation() -> None:
    angles = np.radians(np.arange(0, 180, 0.2))
    frames = frame_rows(
        len(angles),
        image_orientation_patient=lambda k: [
            float(np.cos(angles[k])), float(np.sin(angles[k])), 0.0, 0.0, 0.0, -1.0,
        ],
    )  # fmt: skip
    found = judged([object_row(len(angles))], frames)
    assert [rejection.reason for rejection in found.rejections] == ["MIXED_ORIENTATION"]
