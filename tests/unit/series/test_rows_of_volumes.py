"""Rows of the tables from a verdict, and what the identity of a volume is made of."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from make.rows import default_settings
from make.volumes import frame_rows, judged, object_row, rows_table, slice_row, stack_rows

from dicomlake.config.settings import VolumeSettings
from dicomlake.pipeline.series.committed import SeriesKey
from dicomlake.pipeline.series.verdict import judge
from dicomlake.pipeline.volumes import rows as make

KEY = SeriesKey("1.1", "1.2")


def settings(**changes: Any) -> VolumeSettings:
    return VolumeSettings.model_validate(default_settings().volumes.model_dump() | changes)


def test_v19_the_default_settings_keep_the_identity_that_volumes_always_had() -> None:
    (stack,) = judged(stack_rows()).stacks
    said = {
        "instances": [[f"1.9.{k:04d}", 1] for k in range(6)],
        "channel": [None, None],
        "settings": {"padding": "keep"},
    }
    expected = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    assert make.stack_id(stack, settings()) == expected
    assert make.stack_id(stack, settings(codec="lz4", chunks="slices", on_gap="split")) == expected


@pytest.mark.parametrize(
    "changes", [{"padding": "mask"}, {"padding": "fill"}, {"hu_clip": (-1024.0, 3071.0)},
                {"on_gap": "fill"}],
)  # fmt: skip
def test_v19_settings_that_shape_voxels_are_part_of_the_identity(changes: dict[str, Any]) -> None:
    (stack,) = judged(stack_rows()).stacks
    assert make.stack_id(stack, settings(**changes)) != make.stack_id(stack, settings())


def test_v19_frames_tell_volumes_of_one_object_apart_whatever_their_order() -> None:
    frames = frame_rows(8, stack_id=lambda k: str(k // 4))
    one, two = judged([object_row(8)], frames).stacks
    assert make.stack_id(one, settings()) != make.stack_id(two, settings())
    assert make.stack_id(replace(one, slices=one.slices[::-1]), settings()) == make.stack_id(
        one, settings()
    )


def test_v18_slices_have_their_frame_and_their_place_in_the_volume() -> None:
    frames = frame_rows(6)
    del frames[4]
    for number, row in enumerate(frames, 1):
        row["frame_number"] = number
    (stack,) = judged([object_row(5)], frames, on_gap="fill").stacks
    rows = make.slice_rows(KEY, stack, settings(on_gap="fill"))
    assert [(row["frame_number"], row["slice_index"]) for row in rows] == [
        (1, 0), (2, 1), (3, 2), (4, 3), (5, 5),
    ]  # fmt: skip
    assert {row["volume_id"] for row in rows} == {make.stack_id(stack, settings(on_gap="fill"))}


def test_v18_an_object_that_was_not_taken_apart_is_one_row_without_a_frame() -> None:
    (rejection,) = judged([object_row(6)], frame_rows(5)).rejections
    (row,) = make.rejected_slice_rows(KEY, rejection)
    assert (row["role"], row["frame_number"]) == ("slice", None)
    assert row["volume_id"] == make.rejected_row(KEY, rejection)["volume_id"]


def test_v18_a_copy_goes_to_the_volume_of_its_file_and_an_exclusion_to_none() -> None:
    copy = slice_row(2, status="duplicate", file_id="c" * 32)
    scout = slice_row(50, image_type=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    found = judged([*stack_rows(), copy, scout])
    placed = make.slice_rows(KEY, found.stacks[0], settings())
    by_reason = {row["reason"]: row for row in make.aside_rows(KEY, found.set_aside, placed)}
    assert by_reason["DUPLICATE_SOP_INSTANCE"]["volume_id"] == placed[0]["volume_id"]
    assert by_reason["DUPLICATE_SOP_INSTANCE"]["frame_number"] is None
    assert by_reason["LOCALIZER"]["volume_id"] is None


def test_v18_a_repeated_frame_goes_to_the_volume_of_its_twin() -> None:
    frames = frame_rows(10, stack_id=lambda k: str(k // 5))
    frames[9]["image_position_patient"] = frames[5]["image_position_patient"]
    found = judge(rows_table([object_row(10)], frames), settings(), pixels=lambda _: "equal")
    placed = [row for stack in found.stacks for row in make.slice_rows(KEY, stack, settings())]
    (row,) = make.aside_rows(KEY, found.set_aside, placed)
    twin = next(each for each in placed if each["frame_number"] == 6)
    assert (row["frame_number"], row["volume_id"]) == (10, twin["volume_id"])
    assert len({each["volume_id"] for each in placed}) == 2
