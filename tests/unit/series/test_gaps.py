"""V7 and V8 as the settings want them: gaps rejected, split or filled; shear accepted or not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from make.rows import default_settings
from make.volumes import frame_rows, judged, object_row, slice_row, stack_rows

from dicomlake.pipeline.series.fit import Ordered
from dicomlake.pipeline.series.gaps import even_runs
from dicomlake.pipeline.series.verdict import SeriesVerdict


def along_z(heights: Sequence[float], **changes: Any) -> list[dict[str, Any]]:
    return [
        slice_row(k, image_position_patient=[0.0, 0.0, float(z)], **changes)
        for k, z in enumerate(heights)
    ]


def heights_of(found: SeriesVerdict) -> list[list[float]]:
    return [[each.position[2] for each in stack.slices if each.position] for stack in found.stacks]


GAP = [0, 2.5, 5, 7.5, 10, 17.5, 20, 22.5, 25]


def test_v7_a_gap_splits_into_the_runs_on_its_sides() -> None:
    found = judged(along_z(GAP), on_gap="split")
    assert heights_of(found) == [GAP[:5], GAP[5:]]
    assert [stack.flags for stack in found.stacks] == [("gap_split",), ("gap_split",)]
    assert [stack.affine_lps[11] for stack in found.stacks] == [0.0, 17.5]
    assert not found.rejections


def test_v7_a_change_of_step_splits_and_the_longer_side_keeps_the_slice_between() -> None:
    found = judged(along_z([0, 2.5, 5, 7.5, 10, 15, 20, 25]), on_gap="split")
    assert heights_of(found) == [[0, 2.5, 5, 7.5, 10]]
    assert [(r.reason, len(r.slices)) for r in found.rejections] == [("TOO_FEW_SLICES", 3)]
    found = judged(along_z([0, 2.5, 5, 10, 15, 20]), on_gap="split")
    assert heights_of(found) == [[5, 10, 15, 20]]
    assert [stack.spacing[0] for stack in found.stacks] == [5.0]


def test_v7_what_is_left_over_is_rejected_with_its_own_reason() -> None:
    found = judged(along_z([0, 2.5, 5, 7.5, 30, 31, 33, 36, 40]), on_gap="split")
    assert heights_of(found) == [[0, 2.5, 5, 7.5]]
    assert [(r.reason, len(r.slices)) for r in found.rejections] == [("NON_UNIFORM_SPACING", 5)]


def test_v7_without_a_run_that_is_long_enough_the_whole_is_rejected_as_it_was() -> None:
    heights = along_z([0, 2.5, 5, 12.5, 15, 17.5])
    for mode in ("reject", "split"):
        (rejection,) = judged(heights, on_gap=mode).rejections
        assert (rejection.reason, len(rejection.slices)) == ("MISSING_SLICES", 6)
    assert len(judged(heights, on_gap="split", min_slices=3).stacks) == 2


def test_v7_a_bent_line_is_not_split() -> None:
    rows = stack_rows(12, image_position_patient=lambda k: [0.1 * k * k, 0.0, 2.5 * k])
    (rejection,) = judged(rows, on_gap="split").rejections
    assert rejection.reason == "NON_COLLINEAR_POSITIONS"


def test_v7_a_gap_is_filled_with_room_for_what_is_missing() -> None:
    found = judged(along_z(GAP), on_gap="fill")
    (stack,) = found.stacks
    assert stack.indices == (0, 1, 2, 3, 4, 7, 8, 9, 10)
    assert (stack.depth, stack.shape) == (11, (11, 32, 32))
    assert stack.flags == ("filled",)
    assert stack.affine_lps[10] == pytest.approx(2.5)
    assert stack.max_position_error_mm < 1e-9


def test_v7_fill_leaves_a_change_of_step_rejected() -> None:
    (rejection,) = judged(along_z([0, 2.5, 5, 10, 15, 20]), on_gap="fill").rejections
    assert rejection.reason == "NON_UNIFORM_SPACING"


@pytest.mark.parametrize(("far", "depth"), [(20.0, 9), (22.5, 10), (25.0, None), (1e9, None)])
def test_v7_fill_never_makes_more_of_a_volume_empty_than_is_there(
    far: float, depth: int | None
) -> None:
    found = judged(along_z([0, 2.5, 5, 7.5, far]), on_gap="fill")
    assert [stack.depth for stack in found.stacks] == ([] if depth is None else [depth])
    if depth is None:
        assert found.rejections[0].reason == "MISSING_SLICES"
        assert len(found.rejections[0].detail["missing_positions_mm"]) <= 100


def test_v7_a_whole_stack_is_the_same_in_every_mode() -> None:
    rows = stack_rows(8)
    first = judged(rows)
    assert judged(rows, on_gap="split") == first
    assert judged(rows, on_gap="fill") == first


def test_v7_channels_with_a_gap_are_split_by_key_only_where_gaps_are_not_rejected() -> None:
    rows = [
        slice_row(10 * t + k, image_position_patient=[0.0, 0.0, 2.5 * k], acquisition_number=t)
        for t in range(2)
        for k in (0, 1, 2, 3, 5, 6, 7, 8)
    ]
    assert judged(rows).rejections[0].reason == "AMBIGUOUS_DUPLICATE_POSITION"
    found = judged(rows, on_gap="fill")
    assert [(s.channel_key, s.channel_value, s.depth) for s in found.stacks] == [
        ("AcquisitionNumber", "0", 9),
        ("AcquisitionNumber", "1", 9),
    ]
    assert len(judged(rows, on_gap="split").stacks) == 4


def test_v7_frames_are_split_at_gaps_too() -> None:
    frames = frame_rows(9, image_position_patient=lambda k: [0.0, 0.0, GAP[k]])
    found = judged([object_row(9)], frames, on_gap="split")
    assert [[each.frame_number for each in stack.slices] for stack in found.stacks] == [
        [1, 2, 3, 4, 5],
        [6, 7, 8, 9],
    ]


def test_v7_a_thousand_runs_are_found_without_trying_every_pair() -> None:
    heights = [10.0 * zone + k for zone in range(500) for k in range(4)]
    positions = np.array([[0.0, 0.0, z] for z in heights])
    stack = Ordered((None,) * 2000, np.array([0.0, 0.0, 1.0]), positions, positions[:, 2])  # type: ignore[arg-type]  # runs are of positions
    runs = even_runs(stack, default_settings().volumes)
    assert [(run.start, run.stop) for run in runs] == [(4 * k, 4 * k + 4) for k in range(500)]


# V8

TILTED = {"image_position_patient": lambda k: [0.0, 0.5 * k, 2.5 * k]}


def test_v8_shear_is_rejected_where_the_settings_say_so() -> None:
    rows = stack_rows(**TILTED)
    assert judged(rows).stacks[0].flags == ("sheared",)
    (rejection,) = judged(rows, on_shear="reject").rejections
    assert rejection.reason == "SHEARED"
    assert rejection.detail["drift_mm"] == 2.5
    assert judged(stack_rows(), on_shear="reject").stacks


def test_v8_the_drift_of_a_filled_stack_counts_over_its_whole_depth() -> None:
    rows = stack_rows(6, image_position_patient=lambda k: [0.0, 0.0045 * k, 2.5 * k])
    del rows[4]
    (stack,) = judged(rows, on_gap="fill", min_slices=3).stacks
    assert "sheared" not in stack.flags
    wide = stack_rows(9, image_position_patient=lambda k: [0.0, 0.0045 * k, 2.5 * k])
    del wide[4]
    (stack,) = judged(wide, on_gap="fill").stacks
    assert stack.flags == ("filled", "sheared")


def test_v8_shear_comes_before_the_corners_and_after_the_line() -> None:
    rows = stack_rows(8, **TILTED, pixel_length=1)
    assert judged(rows, on_shear="reject").rejections[0].reason == "SHEARED"
    del rows[4]
    assert judged(rows, on_shear="reject").rejections[0].reason == "MISSING_SLICES"
